package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/vinculo/vinculo/internal/store"
)

// comparisons is how often everything stored is compared with the log at most,
// where the store goes on being written to.
const comparisons = 5

// rowID names a row of either store; the zero rowID is of no row.
type rowID struct {
	kind store.RowKind
	key  string
}

// differingRow is a row that is not as the log says, and in what.
type differingRow struct {
	rowID
	fault string
}

// differs notes what is wrong with a row.
func (v *verifier) differs(r *store.Row, format string, args ...any) error {
	d := differingRow{fault: fmt.Sprintf(format, args...)}
	if r != nil {
		d.rowID = rowID{r.Kind, r.Key}
	}
	v.differing = append(v.differing, d)
	return v.enough()
}

// records compares everything stored with the replayed log. Where the log has
// grown meanwhile, a row that differs may be one that was just written, so what
// was written is replayed too and everything is compared again. At fault is what
// differs while nothing is written; a row that was as the log says once is as it
// should be.
func (v *verifier) records(ctx context.Context) error {
	told := len(v.report.Faults) > 0
	var doubtful map[rowID]bool // the rows that differed each time; nil where that is not known of all
	for range comparisons {
		v.differing = nil
		if err := v.catchUp(ctx); err != nil {
			return err
		}
		if v.unreplayed {
			v.report.Cut = true
			return nil
		}
		whole, err := v.compareAll(ctx)
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if len(v.differing) == 0 {
			return nil
		}
		grown, failed := v.grown(ctx)
		if failed != nil {
			return failed
		}
		if !grown {
			for _, d := range v.differing {
				v.report.fault("%s", d.fault)
			}
			return err
		}
		if whole {
			doubtful = v.stillDoubtful(doubtful)
		}
		if doubtful != nil && len(doubtful) == 0 {
			return nil
		}
	}
	if told { // what the log itself has wrong does not come of writes
		v.report.Cut = true
		return nil
	}
	return ErrWritten
}

// stillDoubtful are those of the rows that differed before, where that is known,
// which differ now too.
func (v *verifier) stillDoubtful(before map[rowID]bool) map[rowID]bool {
	now := map[rowID]bool{}
	for _, d := range v.differing {
		if before == nil || before[d.rowID] {
			now[d.rowID] = true
		}
	}
	return now
}

// catchUp replays what the log has got since it was read.
func (v *verifier) catchUp(ctx context.Context) error {
	switch erased, err := v.tombstones(ctx, v.last.Sequence); {
	case err != nil:
		return err
	case erased: // of the log, as far as it was read
		return ErrWritten
	case v.unreplayed || v.until <= v.last.Sequence:
		return nil
	}
	return v.replay(ctx)
}

// grown says whether the log has more than was read.
func (v *verifier) grown(ctx context.Context) (bool, error) {
	for _, err := range v.store.Log(ctx, v.last.Sequence) {
		if isOutside(ctx, err) {
			return false, err
		}
		return true, nil
	}
	return false, nil
}

// compareAll compares everything stored in both stores, side by side; whole says
// whether it came to the end.
func (v *verifier) compareAll(ctx context.Context) (whole bool, err error) {
	v.report.Rows = 0
	stored, stopStored := newCursor(v.store.Scan(ctx))
	defer stopStored()
	wanted, stopWanted := newCursor(v.fresh.Scan(ctx))
	defer stopWanted()
	for {
		s, err := stored.peek()
		if isOutside(ctx, err) {
			return false, err
		}
		if err != nil {
			return false, v.differs(nil, "the stored records do not read any further%s: %v; what comes after is not verified", after(stored.last), err)
		}
		w, err := wanted.peek()
		if err != nil {
			return false, fmt.Errorf("reading the replayed log: %w", err)
		}
		if s == nil && w == nil {
			return true, nil
		}
		if err := v.compare(s, w, stored, wanted); err != nil {
			return false, err
		}
		v.report.Rows++
		if v.report.Rows%1000 == 0 {
			v.progress("comparing what is stored", v.report.Rows, 0)
		}
	}
}

// compare takes the next row of one store, or of both where they are of the same
// thing.
func (v *verifier) compare(s, w *store.Row, stored, wanted *cursor) error {
	order := compareRows(s, w)
	if order <= 0 {
		stored.next()
		if stored.unordered {
			stored.unordered = false
			if err := v.differs(s, "%s is stored out of its order or twice", name(s)); err != nil {
				return err
			}
		}
		if s.Kind == store.WholeRow {
			return v.differs(s, "%s", s.Fault)
		}
		if s.Fault != "" {
			if err := v.differs(s, "%s: %s", name(s), s.Fault); err != nil {
				return err
			}
		}
	}
	if order >= 0 {
		wanted.next()
	}
	switch {
	case order < 0 && s.Kind == store.CounterRow && string(s.Value) == "0":
		return nil
	case order < 0:
		return v.differs(s, "%s is stored, but the log says nothing of it", name(s))
	case order > 0:
		return v.differs(w, "%s is missing: by the log it must be there", name(w))
	}
	if what := difference(s, w, v.broken); what != "" {
		return v.differs(s, "%s is not as the log says: %s", name(s), what)
	}
	return nil
}

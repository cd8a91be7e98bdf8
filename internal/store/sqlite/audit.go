package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// audit compares what the store keeps for finding records, its lists, its words
// and what traversal reads, with all versions of the records themselves. Nothing of
// it is in the rows that every store gives, and who changed it would change answers.
type audit struct {
	g *graph
	wordAudit
	touchAudit
	// What the records call for: entries of lists, and records that traversal reads.
	places, elements int64
	block            int64     // the number of the last block read
	kept             []element // what it has
}

func (a *audit) begin(ctx context.Context) error {
	if err := a.readTouched(ctx, a.g); err != nil {
		return err
	}
	return a.readWords(ctx, a.g)
}

// record says what is wrong around one record, of which formers are the versions
// before the newest, and changed the revision that changed it last, by its row; ""
// where nothing is.
func (a *audit) record(ctx context.Context, num, changed int64, r *evidence.Record, formers []*evidence.Record) (string, error) {
	faults, err := a.listed(ctx, num, r, formers)
	if err != nil {
		return "", err
	}
	what, err := a.projected(ctx, num, r)
	if what != "" {
		faults = append(faults, what)
	}
	if what := a.indexed(num); what != "" {
		faults = append(faults, what)
	}
	if what := a.touched(num, changed); what != "" {
		faults = append(faults, what)
	}
	return strings.Join(faults, "; "), err
}

// listed checks the lists that lead to a record: those of today, and those it was
// in before.
func (a *audit) listed(ctx context.Context, num int64, r *evidence.Record, formers []*evidence.Record) (faults []string, err error) {
	wanted, err := placesOf(nil, r, num, func(id evidence.ID) (int64, error) {
		of, found, err := a.numOf(ctx, id)
		if err == nil && !found {
			faults = append(faults, fmt.Sprintf("%q, which it speaks of, is not there", id))
		}
		return of, err
	})
	if err != nil {
		return nil, err
	}
	words := standingWords(wanted)
	if wanted, err = a.formerly(ctx, wanted, num, formers); err != nil {
		return nil, err
	}
	wanted = append(wanted, raisedWords(words, r, formers)...)
	for _, p := range wanted {
		leads := int64(-1)
		_, err := a.g.conn.one(ctx, "SELECT num FROM place WHERE anchor = ? AND slot = ? AND key = ?", []any{p.anchor, p.slot, p.key}, func(r row) error {
			leads = r.int(0)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if leads != num {
			faults = append(faults, fmt.Sprintf("a list that it belongs to does not lead to it, at %q", p.key))
		}
		if !p.former() {
			a.places++
		}
	}
	return faults, nil
}

// former says whether a place is one of those that citations leave behind when
// their weight changes, which no version keeps. Nothing is found by them but what
// stands there by its version.
func (p place) former() bool {
	return p.slot == int64(evidence.Hidden) && (p.anchor == allOf(evidence.CitationRecord) || p.anchor > 0 && p.anchor%listCodes == citationsOf)
}

// formerPlaces is former in SQL.
var formerPlaces = fmt.Sprintf("slot = %d AND (anchor = %d OR anchor > 0 AND anchor %% %d = %d)",
	evidence.Hidden, allOf(evidence.CitationRecord), listCodes, citationsOf)

// formerCitations counts what stands in former places of citations and leads to no
// citation of that id and claim.
func (a *audit) formerCitations(ctx context.Context) (stray int, err error) {
	err = a.g.conn.query(ctx, "SELECT anchor, key, num FROM place WHERE "+formerPlaces, nil, func(r row) error {
		var claim int64
		_, err := a.g.conn.one(ctx, "SELECT id, content FROM record WHERE num = ? AND type = ?", []any{r.int(2), int64(evidence.CitationRecord)}, func(record row) error {
			content, err := evidence.DecodeContent(evidence.CitationRecord, record.bytes(1))
			if c, ok := content.(*evidence.Citation); err == nil && ok && idOf(r.text(1)) == evidence.ID(record.text(0)) {
				claim, _, err = a.numOf(ctx, c.Claim)
				return err
			}
			return nil
		})
		if claim == 0 || r.int(0) > 0 && r.int(0) != listOf(claim, citationsOf) {
			stray++
		}
		return err
	})
	return stray, err
}

// formerly adds to the places of a record those where it stood before and stands
// no more. What an erasure took has no lists any more.
func (a *audit) formerly(ctx context.Context, places []place, num int64, formers []*evidence.Record) ([]place, error) {
	const gone = math.MinInt32 // far below the anchors of what is listed of the whole graph
	for _, former := range formers {
		were, err := placesOf(nil, former, num, func(id evidence.ID) (int64, error) {
			of, found, err := a.numOf(ctx, id)
			if !found {
				of = gone
			}
			return of, err
		})
		if err != nil {
			return nil, err
		}
		for _, p := range were {
			stays := slices.ContainsFunc(places, func(is place) bool { return is.anchor == p.anchor && is.key == p.key })
			if stays || p.forgets() || p.anchor < listOf(gone+1, 0) {
				continue
			}
			p.slot = int64(evidence.Hidden)
			places = append(places, p)
		}
	}
	return places, nil
}

// projected checks what traversal reads of a record.
func (a *audit) projected(ctx context.Context, num int64, r *evidence.Record) (string, error) {
	wanted, err := elementOf(r, num, a.g.store.vocabulary, func(id evidence.ID) (int64, error) {
		of, _, err := a.numOf(ctx, id) // that one is not there was told of its lists
		return of, err
	})
	if err != nil || wanted.whole == nil {
		return "", err
	}
	a.elements++
	if err := a.open(ctx, num/blockRecords); err != nil {
		return "", err
	}
	at := slices.IndexFunc(a.kept, func(e element) bool { return e.num == num })
	if at < 0 || !bytes.Equal(a.kept[at].whole, wanted.whole) {
		return "what traversal reads of it is not what it says", nil
	}
	return "", nil
}

// numOf is the number of a record, where there is one.
func (a *audit) numOf(ctx context.Context, id evidence.ID) (num int64, found bool, err error) {
	found, err = a.g.conn.one(ctx, "SELECT num FROM record WHERE id = ?", []any{string(id)}, func(r row) error {
		num = r.int(0)
		return nil
	})
	return num, found, err
}

// open reads a block, unless it was the last one read. One that does not read is
// like an empty one: nothing of it is what it should be.
func (a *audit) open(ctx context.Context, block int64) error {
	if a.kept != nil && a.block == block {
		return nil
	}
	kept, err := a.g.conn.block(ctx, block)
	if errors.Is(err, errDamagedBlock) {
		kept, err = nil, nil
	}
	a.block, a.kept = block, kept
	return err
}

// blocks says which blocks do not read, and of how many records the others are.
func (a *audit) blocks(ctx context.Context) (faults []string, records int64, err error) {
	err = a.g.conn.query(ctx, "SELECT num, content FROM block", nil, func(r row) error {
		err := unblock(r.int(0), r.bytes(1), func(*element) error { records++; return nil })
		if errors.Is(err, errDamagedBlock) {
			faults, err = append(faults, err.Error()), nil
		}
		return err
	})
	return faults, records, err
}

// rest says, when all records were looked at, whether more is kept than they
// call for, whether the file is made as it should be, and whether SQLite itself finds it
// sound: its indexes say what its tables say, and full text what was indexed.
func (a *audit) rest(ctx context.Context) (faults []string, err error) {
	if faults, err = a.g.schemaFaults(ctx); err != nil {
		return nil, err
	}
	if err := a.g.conn.query(ctx, "PRAGMA integrity_check(10)", nil, func(r row) error {
		if r.text(0) != "ok" {
			faults = append(faults, "SQLite says of the file: "+r.text(0))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	more := func(n, wanted int64, what string) {
		if n > wanted {
			faults = append(faults, fmt.Sprintf("beside what belongs to records, the store keeps %d more %s", n-wanted, what))
		}
	}
	for _, kept := range []struct {
		from   string // tables and conditions
		wanted int64
		what   string
	}{
		{"place WHERE NOT (" + formerPlaces + ")", a.places, "entries of lists"},
		// A record that is made later would get the number, and with it these.
		{"version WHERE num NOT IN (SELECT num FROM record)", 0, "replaced versions"},
		{"counter WHERE of <> 0 AND of NOT IN (SELECT num FROM record)", 0, "counters"},
	} {
		if _, err := a.g.conn.one(ctx, "SELECT count(*) FROM "+kept.from, nil, func(r row) error {
			more(r.int(0), kept.wanted, kept.what)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	stray, err := a.formerCitations(ctx)
	if err != nil {
		return nil, err
	}
	more(int64(stray), 0, "entries of lists of citations")
	damaged, records, err := a.blocks(ctx)
	if err != nil {
		return nil, err
	}
	faults = append(faults, damaged...)
	more(records, a.elements, "records for traversal")
	faults = append(faults, a.unclaimed()...)
	return append(faults, a.strange()...), nil
}

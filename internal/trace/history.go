package trace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Change is one field that differs between two versions of a record; its values
// are JSON, empty where the field was absent.
type Change struct {
	Field         string
	Before, After string
}

// Step is one step in the history of a record: what one revision did to it, as
// far as the view sees it.
type Step struct {
	Revision *evidence.Revision
	// Record is the record as it stood after the revision; nil where it is gone.
	Record  *evidence.Record
	Changes []Change // by field; empty for the first and the last step
}

// History tells how a record became what it is, oldest first: every version that
// the view sees with its revision and what differed. An id that the view never
// saw has none. Versions that differ only in what the view does not see are
// neither steps nor counted against any limit.
func (s *Session) History(ctx context.Context, id evidence.ID, a PageArgs) (Page[*Step], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Step]
	l := listOf("history", id)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	h := &history{s: s, id: id, seen: map[evidence.Sequence]sight{}}
	if h.moments, err = s.moments(ctx, id); err != nil {
		return none, err
	}
	at, err := h.begin(ctx, p)
	if err != nil {
		return none, err
	}
	var found []keyed[*Step]
	more := false
	for ; at >= 0 && at < len(h.moments); at += p.by() {
		step, err := h.step(ctx, at)
		if err != nil {
			return none, err
		}
		if step == nil {
			continue
		}
		key := fmt.Sprintf("%020d", step.Revision.Numbers[s.view.Clearance])
		if p.beyond(key) {
			break
		}
		if len(found) == p.size {
			more = true
			break
		}
		found = append(found, keyed[*Step]{step, key})
	}
	return page(l, p, found, more, ""), nil
}

// by is one place further in the direction of travel.
func (s span) by() int {
	if s.reverse {
		return -1
	}
	return 1
}

// history is one record through time.
type history struct {
	s  *Session
	id evidence.ID
	// moments are the sequences, ascending, at which the record may have come to be
	// seen differently: between two of them it did not.
	moments []evidence.Sequence
	seen    map[evidence.Sequence]sight
}

// sight is a record as the view's clearance saw it at a moment.
type sight struct {
	record *evidence.Record // nil where it did not see it
	// standing is how the standing of a claim was shown, which goes by the citations
	// that were seen then.
	standing string
}

// see takes in a record as a reader is shown it.
func (s *Session) see(ctx context.Context, r store.Reader, record *evidence.Record) (sight, error) {
	seen := sight{record: record}
	cited, err := standings(ctx, r, map[evidence.ID]*evidence.Record{"": record})
	if err != nil {
		return seen, err
	}
	seen.standing, err = standingOf(record, cited)
	return seen, err
}

// standings are the citations that a reader sees of those that tell of the standing of
// records.
func standings(ctx context.Context, r store.Reader, records map[evidence.ID]*evidence.Record) (map[evidence.ID]bool, error) {
	asked := map[evidence.ID]bool{}
	for _, x := range records {
		if x == nil || x.Claim() == nil {
			continue
		}
		for _, st := range x.Claim().Standing {
			if st.Citation != "" {
				asked[st.Citation] = true
			}
		}
	}
	return seenAmong(ctx, r, asked)
}

// seenAmong are those of some records that a reader sees.
func seenAmong(ctx context.Context, r store.Reader, ids map[evidence.ID]bool) (map[evidence.ID]bool, error) {
	seen := map[evidence.ID]bool{}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(ids)), store.MaxBatch) {
		found, err := r.Get(ctx, batch)
		if err != nil {
			return nil, err
		}
		for id := range found {
			seen[id] = true
		}
	}
	return seen, nil
}

// standingOf is how the standing of a claim is shown to who sees some citations; empty
// of what has none.
func standingOf(record *evidence.Record, seen map[evidence.ID]bool) (string, error) {
	if record == nil || record.Claim() == nil || len(record.Claim().Standing) == 0 {
		return "", nil
	}
	shown := slices.DeleteFunc(slices.Clone(record.Claim().Standing), func(st evidence.StandingChange) bool {
		return st.Citation != "" && !seen[st.Citation]
	})
	b, err := json.Marshal(shown)
	return string(b), err
}

// standing is the field of a claim that its citations have a part in.
const standing = "standing"

// changed are the fields that differ, pair by pair, between a record as it was seen before
// and as it is seen after. The records that it names are shown on both sides as they are seen after,
// so that only a change of the record itself counts. A claim's standing is the
// exception: it is shown by the citations that were seen at each time, since a reader
// who lost one of them is told of another standing.
func (s *Session) changed(ctx context.Context, r store.Reader, pairs ...pair) ([][]Change, error) {
	named := map[evidence.ID]bool{}
	for _, x := range pairs {
		for _, v := range []sight{x.before, x.after} {
			if x.alike() {
				continue
			}
			for _, id := range namedIn(v.record.Content, s.view.Clearance) {
				named[id] = true
			}
		}
	}
	found, err := seenAmong(ctx, r, named)
	if err != nil {
		return nil, err
	}
	seen := func(id evidence.ID) bool { return found[id] }
	changes := make([][]Change, len(pairs))
	for i, x := range pairs {
		if x.alike() {
			continue
		}
		was, err := fieldsOf(x.before.record.Content, s.view.Clearance, seen)
		if err != nil {
			return nil, err
		}
		is, err := fieldsOf(x.after.record.Content, s.view.Clearance, seen)
		if err != nil {
			return nil, err
		}
		if x.before.record.Claim() != nil {
			was[standing], is[standing] = x.before.standing, x.after.standing
		}
		changes[i] = differences(was, is)
	}
	return changes, nil
}

// pair is a record as it was seen before and as it is seen after.
type pair struct{ before, after sight }

// alike says that nothing can differ.
func (p pair) alike() bool {
	return p.before.record.From == p.after.record.From && p.before.standing == p.after.standing
}

// begin is the index of the moment that a page begins at.
func (h *history) begin(ctx context.Context, p span) (int, error) {
	if p.after == "" {
		if p.reverse {
			return len(h.moments) - 1, nil
		}
		return 0, nil
	}
	number, err := strconv.ParseUint(p.after, 10, 64)
	if err != nil || number == 0 {
		return 0, evidence.Faulty(evidence.InvalidInput, "after", "the cursor names no revision; give one that a page of this list gave")
	}
	at := evidence.Open // a cursor of a later moment than the view's lies after all
	for rev, err := range h.s.reader.Revisions(ctx, store.RevisionQuery{After: number - 1, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		at = rev.Sequence()
	}
	i, there := slices.BinarySearch(h.moments, at)
	if p.reverse {
		return i - 1, nil
	}
	if there {
		i++
	}
	return i, nil
}

// step tells what the revision at a moment did to the record; nil for nothing
// that the view sees.
func (h *history) step(ctx context.Context, i int) (*Step, error) {
	var before sight
	if i > 0 {
		var err error
		if before, err = h.at(ctx, h.moments[i-1]); err != nil {
			return nil, err
		}
	}
	after, err := h.at(ctx, h.moments[i])
	if err != nil {
		return nil, err
	}
	step := &Step{Record: after.record}
	switch {
	case before.record == nil && after.record == nil:
		return nil, nil //nolint:nilnil // no step is the usual answer
	case before.record != nil && after.record != nil:
		err := h.s.asOf(ctx, h.moments[i], func(r store.Reader) error {
			changes, err := h.s.changed(ctx, r, pair{before, after})
			if err == nil {
				step.Changes = changes[0]
			}
			return err
		})
		if err != nil || len(step.Changes) == 0 {
			return nil, err
		}
	}
	step.Revision, err = h.s.revisionAt(ctx, h.moments[i])
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // it had no effect that this clearance sees
	}
	return step, err
}

func (h *history) at(ctx context.Context, moment evidence.Sequence) (sight, error) {
	if seen, ok := h.seen[moment]; ok {
		return seen, nil
	}
	err := h.s.asOf(ctx, moment, func(r store.Reader) error {
		records, err := r.Get(ctx, []evidence.ID{h.id})
		if err != nil {
			return err
		}
		h.seen[moment], err = h.s.see(ctx, r, records[h.id])
		return err
	})
	return h.seen[moment], err
}

// asOf reads as the view's clearance saw the graph at a sequence.
func (s *Session) asOf(ctx context.Context, at evidence.Sequence, read func(store.Reader) error) error {
	return s.reading(ctx, evidence.View{Clearance: s.view.Clearance, KnownAt: at}, read)
}

// revisionAt gives the revision of a sequence with its first leaves, ErrNotFound where
// the view's clearance sees no effect of it.
func (s *Session) revisionAt(ctx context.Context, at evidence.Sequence) (found *evidence.Revision, err error) {
	err = s.asOf(ctx, at, func(r store.Reader) error {
		for rev, err := range r.Revisions(ctx, store.RevisionQuery{Newest: true, Limit: 1, Leaves: true, MostLeaves: firstLeaves}) {
			if err != nil {
				return err
			}
			found = rev
		}
		return nil
	})
	if err == nil && (found == nil || found.Sequence() != at) {
		err = fmt.Errorf("revision: %w", store.ErrNotFound)
	}
	return found, err
}

// differences compares the fields of two versions.
func differences(x, y map[string]string) []Change {
	var changes []Change
	for field, was := range x {
		if is := y[field]; is != was {
			changes = append(changes, Change{field, was, is})
		}
	}
	for field, is := range y {
		if _, ok := x[field]; !ok {
			changes = append(changes, Change{Field: field, After: is})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Field, b.Field) })
	return changes
}

// namedIn are the records that what a clearance is shown of a content names.
func namedIn(content evidence.Content, clearance evidence.Clearance) (ids []evidence.ID) {
	switch c := content.(type) {
	case *evidence.Entity:
		for _, n := range c.VisibleNames(clearance) {
			ids = append(ids, n.Sources...)
		}
	case *evidence.Citation:
		ids = append(ids, c.AsserterEntity)
	case *evidence.Source:
		ids = slices.Clone(c.DerivedFrom)
	case *evidence.Claim:
		for _, st := range c.Standing {
			ids = append(ids, st.Citation)
		}
		ids = append(ids, c.About)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id evidence.ID) bool { return id == "" })
}

// shownOf is a content without the names that the clearance does not see, and without
// what names records that are not seen.
func shownOf(content evidence.Content, clearance evidence.Clearance, seen func(evidence.ID) bool) evidence.Content {
	unseen := func(id evidence.ID) bool { return !seen(id) }
	switch old := content.(type) {
	case *evidence.Entity:
		e := *old
		e.Names = slices.Clone(old.VisibleNames(clearance))
		for i, n := range e.Names {
			if clearance < evidence.Confidential {
				e.Names[i].Clearance = evidence.Public
			}
			e.Names[i].Sources = slices.DeleteFunc(slices.Clone(n.Sources), unseen)
		}
		return &e
	case *evidence.Citation:
		c := *old
		if unseen(c.AsserterEntity) {
			c.AsserterEntity = ""
		}
		return &c
	case *evidence.Source:
		src := *old
		src.DerivedFrom = slices.DeleteFunc(slices.Clone(old.DerivedFrom), unseen)
		return &src
	case *evidence.Claim:
		c := *old
		c.Standing = slices.DeleteFunc(slices.Clone(old.Standing), func(st evidence.StandingChange) bool {
			return st.Citation != "" && unseen(st.Citation)
		})
		if unseen(c.About) {
			c.About = ""
		}
		return &c
	}
	return content
}

// fieldsOf are a content as a clearance that sees some of the records that it names is
// shown it, each field as JSON. Below the top no clearances are among it: no revision is
// counted there for those of what is seen.
func fieldsOf(content evidence.Content, clearance evidence.Clearance, seen func(evidence.ID) bool) (map[string]string, error) {
	content = shownOf(content, clearance, seen)
	b, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	if clearance < evidence.Confidential {
		delete(raw, "clearance")
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		out[k] = string(v)
	}
	return out, nil
}

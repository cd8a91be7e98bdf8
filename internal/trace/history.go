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
	if err != nil || p.size == 0 {
		return none, err
	}
	h := &history{s: s, id: id, seen: map[evidence.Sequence]*evidence.Record{}}
	if err := h.find(ctx); err != nil {
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
	// seen is the record as the view's clearance saw it at a moment; nil where it
	// did not.
	seen map[evidence.Sequence]*evidence.Record
}

// find finds the moments: those at which a version of the record begins or ends
// and, since a claim is seen only with a support that is seen, at which one of a
// visible support does. What would be an end of the claim if nothing hidden
// supported it is one here.
func (h *history) find(ctx context.Context) error {
	known := map[evidence.Sequence]bool{}
	claim, err := h.bounds(ctx, h.id, known)
	if err != nil || claim == "" {
		h.moments = sequences(known)
		return err
	}
	if claim != h.id {
		if _, err := h.bounds(ctx, claim, known); err != nil {
			return err
		}
	}
	looked := map[evidence.ID]bool{}
	follow := func(supports []evidence.ID) error {
		for _, id := range supports {
			if looked[id] {
				continue
			}
			looked[id] = true
			if _, err := h.bounds(ctx, id, known); err != nil {
				return err
			}
		}
		return nil
	}
	now, err := supporting(ctx, h.s.reader, claim)
	if err != nil {
		return err
	}
	if err := follow(now); err != nil {
		return err
	}
	for done := map[evidence.Sequence]bool{}; len(done) < len(known); {
		for _, at := range sequences(known) {
			if done[at] {
				continue
			}
			done[at] = true
			var then []evidence.ID
			err := h.s.asOf(ctx, at, func(r store.Reader) error {
				var err error
				then, err = supporting(ctx, r, claim)
				return err
			})
			if err != nil {
				return err
			}
			if err := follow(then); err != nil {
				return err
			}
		}
	}
	h.moments = sequences(known)
	return nil
}

// bounds adds where the versions of a record begin and end, and gives the claim
// that the record is or belongs to, "" for other records.
func (h *history) bounds(ctx context.Context, id evidence.ID, into map[evidence.Sequence]bool) (claim evidence.ID, err error) {
	versions, err := h.s.reader.Versions(ctx, id)
	if err != nil {
		return "", err
	}
	for _, v := range versions {
		into[v.From] = true
		if v.To != evidence.Open && v.To <= h.s.view.KnownAt {
			into[v.To] = true
		}
		switch c := v.Content.(type) {
		case *evidence.Claim:
			claim = c.ID
		case *evidence.Citation:
			claim = c.Claim
		}
	}
	return claim, nil
}

func sequences(set map[evidence.Sequence]bool) []evidence.Sequence {
	return slices.Sorted(maps.Keys(set))
}

// supporting are the citations that support a claim, as far as a reader sees.
func supporting(ctx context.Context, r store.Reader, claim evidence.ID) ([]evidence.ID, error) {
	var ids []evidence.ID
	q := store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{claim}, Kinds: []string{evidence.Supports.String()}, Limit: store.MaxBatch}
	for f, err := range r.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, f.Record.ID())
	}
	return ids, nil
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
	var before *evidence.Record
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
	step := &Step{Record: after}
	switch {
	case before == nil && after == nil, before != nil && after != nil && before.From == after.From:
		return nil, nil //nolint:nilnil // no step is the usual answer
	case before != nil && after != nil:
		// Both are shown by what is seen after the revision, so that only what the
		// record itself says differs, not what became of records it names.
		err := h.s.asOf(ctx, h.moments[i], func(r store.Reader) error {
			x, err := fieldsOf(ctx, r, h.s.view.Clearance, before)
			if err != nil {
				return err
			}
			y, err := fieldsOf(ctx, r, h.s.view.Clearance, after)
			step.Changes = differences(x, y)
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

func (h *history) at(ctx context.Context, moment evidence.Sequence) (*evidence.Record, error) {
	if r, ok := h.seen[moment]; ok {
		return r, nil
	}
	err := h.s.asOf(ctx, moment, func(r store.Reader) error {
		records, err := r.Get(ctx, []evidence.ID{h.id})
		h.seen[moment] = records[h.id]
		return err
	})
	return h.seen[moment], err
}

// asOf reads as the view's clearance saw the graph at a sequence.
func (s *Session) asOf(ctx context.Context, at evidence.Sequence, read func(store.Reader) error) error {
	r, err := store.Read(ctx, s.tracer.store, evidence.View{Clearance: s.view.Clearance, KnownAt: at}, s.tracer.vocabulary)
	if err != nil {
		return err
	}
	return errors.Join(read(r), r.Close())
}

// revisionAt gives the revision of a sequence, ErrNotFound where the view's
// clearance sees no effect of it.
func (s *Session) revisionAt(ctx context.Context, at evidence.Sequence) (*evidence.Revision, error) {
	for rev, err := range s.tracer.store.Log(ctx, at-1) {
		if err != nil {
			return nil, err
		}
		if rev.Numbers[s.view.Clearance] == 0 {
			break
		}
		return rev, nil
	}
	return nil, fmt.Errorf("revision: %w", store.ErrNotFound)
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

// fieldsOf are a record's content as the reader's view is shown it, each as JSON.
// What names a record that the view does not see is left out.
func fieldsOf(ctx context.Context, reader store.Reader, clearance evidence.Clearance, r *evidence.Record) (map[string]string, error) {
	content := r.Content
	see := func(ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id evidence.ID) bool { return id == "" })
		if len(ids) == 0 {
			return map[evidence.ID]*evidence.Record{}, nil
		}
		return reader.Get(ctx, ids)
	}
	switch old := content.(type) {
	case *evidence.Entity:
		e := *old
		e.Names = slices.Clone(old.VisibleNames(clearance))
		var sources []evidence.ID
		for _, n := range e.Names {
			sources = append(sources, n.Sources...)
		}
		seen, err := see(sources)
		if err != nil {
			return nil, err
		}
		for i, n := range e.Names {
			e.Names[i].Sources = slices.DeleteFunc(slices.Clone(n.Sources), func(id evidence.ID) bool { return seen[id] == nil })
		}
		content = &e
	case *evidence.Citation:
		seen, err := see([]evidence.ID{old.AsserterEntity})
		if err != nil {
			return nil, err
		}
		c := *old
		if seen[c.AsserterEntity] == nil {
			c.AsserterEntity = ""
		}
		content = &c
	case *evidence.Source:
		seen, err := see(old.DerivedFrom)
		if err != nil {
			return nil, err
		}
		src := *old
		src.DerivedFrom = slices.DeleteFunc(slices.Clone(old.DerivedFrom), func(id evidence.ID) bool { return seen[id] == nil })
		content = &src
	case *evidence.Claim:
		var citations []evidence.ID
		for _, st := range old.Standing {
			citations = append(citations, st.Citation)
		}
		seen, err := see(append(citations, old.About))
		if err != nil {
			return nil, err
		}
		c := *old
		c.Standing = slices.DeleteFunc(slices.Clone(old.Standing), func(st evidence.StandingChange) bool {
			return st.Citation != "" && seen[st.Citation] == nil
		})
		if seen[c.About] == nil {
			c.About = ""
		}
		content = &c
	}
	b, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		out[k] = string(v)
	}
	return out, nil
}

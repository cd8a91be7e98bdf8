package trace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// maxVersions is how many versions of one record a history goes back over.
const maxVersions = 2000

// History tells how a record became what it is, oldest first: every version that
// the view sees with its revision and what differed. An id that the view never
// saw has none.
func (s *Session) History(ctx context.Context, id evidence.ID, a PageArgs) (Page[*Step], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Step]
	l := listOf("history", id)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	versions, err := s.reader.Versions(ctx, id)
	if err != nil {
		return none, err
	}
	if len(versions) > maxVersions {
		versions = versions[len(versions)-maxVersions:]
	}
	moments := s.moments(versions)
	var all []keyed[*Step]
	var before map[string]string // nil where there was no record
	for _, at := range moments {
		r, is, err := s.asOf(ctx, id, at)
		if err != nil {
			return none, err
		}
		step := &Step{Record: r}
		switch {
		case r == nil && before == nil:
			continue
		case r != nil && before != nil:
			if step.Changes = differences(before, is); len(step.Changes) == 0 {
				continue
			}
		}
		before = is
		if step.Revision, err = s.revisionAt(ctx, at); errors.Is(err, store.ErrNotFound) {
			continue // it had no effect that this clearance sees
		} else if err != nil {
			return none, err
		}
		all = append(all, keyed[*Step]{step, fmt.Sprintf("%020d", step.Revision.Numbers[s.reader.View().Clearance])})
	}
	return pageOf(l, p, all), nil
}

// moments are the sequences at which the versions begin and end, in order.
func (s *Session) moments(versions []*evidence.Record) []evidence.Sequence {
	var moments []evidence.Sequence
	for _, v := range versions {
		moments = append(moments, v.From)
		if v.To != evidence.Open && v.To <= s.reader.View().KnownAt {
			moments = append(moments, v.To)
		}
	}
	slices.Sort(moments)
	return slices.Compact(moments)
}

// asOf reads a record with its fields as the view's clearance saw them at a
// sequence; nil where it did not.
func (s *Session) asOf(ctx context.Context, id evidence.ID, at evidence.Sequence) (*evidence.Record, map[string]string, error) {
	view := evidence.View{Clearance: s.reader.View().Clearance, KnownAt: at}
	r, err := store.Read(ctx, s.tracer.store, view, s.tracer.vocabulary)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close() //nolint:errcheck // nothing was written
	records, err := r.Get(ctx, []evidence.ID{id})
	if err != nil || records[id] == nil {
		return nil, nil, err
	}
	fields, err := fieldsOf(ctx, r, records[id])
	return records[id], fields, err
}

// revisionAt gives the revision of a sequence, ErrNotFound where the view's
// clearance sees no effect of it.
func (s *Session) revisionAt(ctx context.Context, at evidence.Sequence) (*evidence.Revision, error) {
	for rev, err := range s.tracer.store.Log(ctx, at-1) {
		if err != nil {
			return nil, err
		}
		if rev.Numbers[s.reader.View().Clearance] == 0 {
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
func fieldsOf(ctx context.Context, reader store.Reader, r *evidence.Record) (map[string]string, error) {
	clearance := reader.View().Clearance
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

// Difference is one record that two moments of the graph show differently.
type Difference struct {
	ID            evidence.ID
	Before, After *evidence.Record // nil where the view does not see it then
	Changes       []Change
}

// maxDiffTargets is how many touched records one diff compares.
const maxDiffTargets = 50_000

// Diff lists, by id, the records that the view's clearance sees differently after
// revision `to` than after revision `from`.
func (s *Session) Diff(ctx context.Context, from, to uint64, a PageArgs) (Page[*Difference], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Difference]
	if from > to {
		return none, evidence.Faulty(evidence.InvalidInput, "from", "revision %d comes after %d; swap them", from, to)
	}
	l := listOf("diff", [2]uint64{from, to})
	p, err := l.span(a)
	if err != nil || p.size == 0 {
		return none, err
	}
	targets, err := s.targets(ctx, from, to)
	if err != nil {
		return none, err
	}
	readers := make([]store.Reader, 0, 2)
	defer func() {
		for _, r := range readers {
			_ = r.Close() // nothing was written
		}
	}()
	for _, number := range []uint64{from, to} {
		view, err := s.tracer.Moment(ctx, s.reader.View().Clearance, KnownAt{Number: &number})
		if err != nil {
			return none, err
		}
		r, err := store.Read(ctx, s.tracer.store, view, s.tracer.vocabulary)
		if err != nil {
			return none, err
		}
		readers = append(readers, r)
	}
	var all []keyed[*Difference]
	for batch := range slices.Chunk(targets, 1000) {
		was, err := readers[0].Get(ctx, batch)
		if err != nil {
			return none, err
		}
		is, err := readers[1].Get(ctx, batch)
		if err != nil {
			return none, err
		}
		for _, id := range batch {
			d := &Difference{ID: id, Before: was[id], After: is[id]}
			switch {
			case d.Before == nil && d.After == nil:
				continue
			case d.Before != nil && d.After != nil:
				x, err := fieldsOf(ctx, readers[0], d.Before)
				if err != nil {
					return none, err
				}
				y, err := fieldsOf(ctx, readers[1], d.After)
				if err != nil {
					return none, err
				}
				if d.Changes = differences(x, y); len(d.Changes) == 0 {
					continue
				}
			}
			all = append(all, keyed[*Difference]{d, string(id)})
		}
	}
	return pageOf(l, p, all), nil
}

// targets are the records that the revisions after from, up to and with to,
// touched, by id.
func (s *Session) targets(ctx context.Context, from, to uint64) ([]evidence.ID, error) {
	seen := map[evidence.ID]bool{}
	clearance := s.reader.View().Clearance
	for after := from; after < to; {
		n := 0
		for rev, err := range s.reader.Revisions(ctx, store.RevisionQuery{After: after, Before: to + 1, Limit: MaxPageSize, Leaves: true}) {
			if err != nil {
				return nil, err
			}
			n++
			after = rev.Numbers[clearance]
			outcomes, err := rev.Outcomes()
			if err != nil {
				return nil, err
			}
			for _, o := range outcomes {
				for _, e := range o.Effects {
					seen[e.Target()] = true
				}
			}
			if len(seen) > maxDiffTargets {
				return nil, evidence.Faulty(evidence.LimitExceeded, "from", "revisions %s to %s touched more than %d records; compare revisions that lie closer together",
					strconv.FormatUint(from, 10), strconv.FormatUint(to, 10), maxDiffTargets)
			}
		}
		if n == 0 {
			break
		}
	}
	return sortedIDs(seen), nil
}

package graph

import (
	"context"
	"errors"
	"io"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// JSON is a value that is written as it was kept.
type JSON struct{ text []byte }

// MarshalGQL writes the value.
func (j JSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j.text) } // a response is written to memory

// UnmarshalGQL refuses: no input takes one.
func (*JSON) UnmarshalGQL(any) error { return errors.New("no input of this schema takes any value") }

// cut says whether an answer is the whole one, and why not: for what trace did
// not look at, or else for what a window leaves out.
func cut(by trace.Cut, more bool) (truncated bool, why *Truncation) {
	if by == "" && more {
		by = trace.CutFanOut
	}
	if by == "" {
		return false, nil
	}
	t := Truncation(by)
	return true, &t
}

// looked is the cut of what only says that not everything was looked at.
func looked(truncated bool) trace.Cut {
	if truncated {
		return trace.CutLinks
	}
	return ""
}

// Limits on windows.
const (
	maxRows   = trace.MaxPageSize
	maxWindow = 1000
)

// sized checks how many rows are asked for.
func sized(path string, n int32, most int) (int, error) {
	if n < 0 {
		return 0, evidence.Faulty(evidence.InvalidInput, path, "%d cannot be asked for; give 0 to %d", n, most)
	}
	if int(n) > most {
		return 0, evidence.Faulty(evidence.LimitExceeded, path, "%d are more than can be asked for at once, %d", n, most)
	}
	return int(n), nil
}

// window is the part of a list that is asked for.
func window[T any](all []T, from, first int32, most int) (rows []T, more bool, err error) {
	n, err := sized("first", first, most)
	if err != nil {
		return nil, false, err
	}
	if from < 0 {
		return nil, false, evidence.Faulty(evidence.InvalidInput, "from", "%d is no place in a list; they are counted from 0", from)
	}
	rows = all[min(int(from), len(all)):]
	return rows[:min(n, len(rows))], n < len(rows), nil
}

// atMost is a window from the start.
func atMost[T any](all []T, first int32, most int) ([]T, bool, error) {
	return window(all, 0, first, most)
}

// limited checks how many ids an argument names.
func limited(path string, given []string, least int) ([]evidence.ID, error) {
	if len(given) < least {
		return nil, evidence.Faulty(evidence.InvalidInput, path, "%d ids are given; give at least %d", len(given), least)
	}
	if len(given) > trace.MaxPageSize {
		return nil, evidence.Faulty(evidence.LimitExceeded, path, "%d ids are more than can be named at once, %d", len(given), trace.MaxPageSize)
	}
	return mapped(given, func(s string) evidence.ID { return evidence.ID(s) }), nil
}

// withinScope says of faults that they lie inside of the input `scope`.
func withinScope(err error) error {
	var faults evidence.Faults
	if !errors.As(err, &faults) {
		return err
	}
	return evidence.Faults(mapped(faults, func(f evidence.Fault) evidence.Fault {
		f.Path = "scope." + f.Path
		return f
	}))
}

// newLinks makes siblings of claims that are links, in their order.
func newLinks(s *session, shown []*trace.Claim) []*Link {
	return mapped(newAssertions(s, shown), func(a *assertion) *Link { return &Link{a} })
}

// named reads the entities of ids as siblings, each found by its id.
func named(ctx context.Context, s *session, ids []evidence.ID) (map[evidence.ID]*Entity, error) {
	ids = distinct(ids)
	shown, err := s.Entities(ctx, ids)
	if err != nil {
		return nil, err
	}
	return entitiesByID(s, ids, shown), nil
}

// trace is the filter as package trace knows it; nil keeps all but links of
// placeholders.
func (f *TraversalFilter) trace() (trace.LinkFilter, error) {
	var out trace.LinkFilter
	if f == nil {
		return out, nil
	}
	var err error
	if out.Standing, err = parseAll(f.Standing.Value(), evidence.ParseStanding); err != nil {
		return out, err
	}
	if out.Certainty, err = certainty(f.Certainty); err != nil {
		return out, err
	}
	if n := f.MinStrength.Value(); n != nil {
		if *n < 0 || *n > 1000 {
			return out, evidence.Faulty(evidence.InvalidInput, "filter.minStrength", "%d is not a strength; write 0 to 1000", *n)
		}
		out.MinStrength = int(*n)
	}
	if out.ExcludeEntities, err = limited("filter.excludeEntities", f.ExcludeEntities.Value(), 0); err != nil {
		return out, err
	}
	if out.On, out.During, out.Throughout, err = (times{f.On, f.During, f.Throughout}).read(); err != nil {
		return out, err
	}
	out.Kinds, out.ExceptKinds = texts(f.Kinds), texts(f.ExceptKinds)
	out.ExcludeDisputed, out.Unidentified = yes(f.ExcludeDisputed.Value()), yes(f.Unidentified.Value())
	return out, nil
}

func yes(b *bool) bool { return b != nil && *b }

// query is the part of the graph as package trace knows it.
func (in *ScopeInput) query() (trace.SubgraphQuery, error) {
	around, err := limited("around", in.Around, 1)
	if err != nil {
		return trace.SubgraphQuery{}, err
	}
	return subgraphQuery(around, in.Depth, in.Direction, in.MaxEntities, in.MaxLinks, in.Filter.Value())
}

func subgraphQuery(around []evidence.ID, depth int32, direction Direction, maxEntities, maxLinks int32, filter *TraversalFilter) (trace.SubgraphQuery, error) {
	q := trace.SubgraphQuery{Around: around, Depth: int(depth), MaxEntities: int(maxEntities), MaxLinks: int(maxLinks)}
	var err error
	if q.Direction, err = direction.evidence(); err != nil {
		return q, err
	}
	q.Filter, err = filter.trace()
	return q, err
}

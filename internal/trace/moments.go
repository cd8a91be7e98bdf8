package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// moments are the sequences, ascending, at which the view may have begun to see a record
// differently. Each beginning and end of one of its versions is one.
//
// A claim and its citations are seen only together with both ends of the claim and with
// a support whose source is seen; the claim's standing is seen only with the citations
// that tell of it. So a moment at which one of these comes into the view's sight, or
// goes out of it, is one too. A claim that only a hidden support keeps standing ends, for
// the view, with its last visible support: that is a moment as well.
func (s *Session) moments(ctx context.Context, id evidence.ID) ([]evidence.Sequence, error) {
	f := &finder{s: s, moments: map[evidence.Sequence]bool{}, followed: map[evidence.ID]bool{}}
	versions, err := f.follow(ctx, id)
	if err != nil {
		return nil, err
	}
	var claim evidence.ID
	for _, v := range versions {
		f.moments[v.From] = true
		if v.To != evidence.Open && v.To <= s.view.KnownAt {
			f.moments[v.To] = true
		}
		switch c := v.Content.(type) {
		case *evidence.Claim:
			claim = c.ID
		case *evidence.Citation:
			claim = c.Claim
		}
	}
	if claim != "" {
		if err := f.around(ctx, claim, versions); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(f.moments)), nil
}

// finder finds the moments of a record.
type finder struct {
	s        *Session
	moments  map[evidence.Sequence]bool
	followed map[evidence.ID]bool
}

// around adds the moments of what a claim, the record itself or that of a citation,
// is seen with.
func (f *finder) around(ctx context.Context, id evidence.ID, of []*evidence.Record) error {
	claim, err := f.follow(ctx, id)
	if err != nil {
		return err
	}
	if claim == nil { // followed already: it is the record itself
		claim = of
	}
	standing := map[evidence.ID]bool{}
	for _, v := range claim {
		c := v.Claim()
		if c == nil {
			continue
		}
		for _, end := range []evidence.ID{c.From, c.To} {
			if _, err := f.follow(ctx, end); err != nil {
				return err
			}
		}
		for _, st := range c.Standing {
			standing[st.Citation] = true
		}
	}
	if err := f.sources(ctx, of); err != nil {
		return err
	}
	for after := evidence.ID(""); ; {
		ids, err := f.s.reader.EverCited(ctx, id, after, store.MaxBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := f.cited(ctx, id, standing[id]); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

// cited follows a citation of the claim and its sources if it supports the claim or
// tells of its standing; with others the claim is not seen otherwise.
func (f *finder) cited(ctx context.Context, id evidence.ID, standing bool) error {
	found, err := f.s.reader.Versions(ctx, []evidence.ID{id})
	if err != nil {
		return err
	}
	versions := found[id]
	if !standing && !slices.ContainsFunc(versions, func(v *evidence.Record) bool {
		return v.Citation() != nil && v.Citation().Stance == evidence.Supports
	}) {
		return nil
	}
	f.turns(versions)
	return f.sources(ctx, versions)
}

func (f *finder) sources(ctx context.Context, citations []*evidence.Record) error {
	for _, v := range citations {
		if c := v.Citation(); c != nil {
			if _, err := f.follow(ctx, c.Source); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow adds the moments at which a record comes into the sight of the view's
// clearance or goes out of it, going by its own clearance, and gives its versions;
// none where it was followed before.
func (f *finder) follow(ctx context.Context, id evidence.ID) ([]*evidence.Record, error) {
	if id == "" || f.followed[id] {
		return nil, nil
	}
	f.followed[id] = true
	found, err := f.s.reader.Versions(ctx, []evidence.ID{id})
	if err != nil {
		return nil, err
	}
	versions := found[id]
	f.turns(versions)
	return versions, nil
}

// turns adds where versions come into sight or go out of it.
func (f *finder) turns(versions []*evidence.Record) {
	seen := func(i int) bool {
		return i >= 0 && i < len(versions) && versions[i].Content.OwnClearance() <= f.s.view.Clearance
	}
	for i, v := range versions {
		if !seen(i) {
			continue
		}
		if !seen(i-1) || versions[i-1].To != v.From {
			f.moments[v.From] = true
		}
		if (!seen(i+1) || versions[i+1].From != v.To) && v.To != evidence.Open && v.To <= f.s.view.KnownAt {
			f.moments[v.To] = true
		}
	}
}

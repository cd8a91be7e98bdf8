package trace

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// moments are the sequences, ascending, at which a record may have come to be seen
// differently: those at which a version of it begins or ends. A claim and its
// citations are seen with its ends and a support in a source that is seen, and the
// claim's standing with the citations that tell of it. So those at which one of
// these comes into the sight of the view's clearance, or goes out of it, are among
// them too. What would be an end of the claim if nothing hidden supported it is one
// here.
func (s *Session) moments(ctx context.Context, id evidence.ID) ([]evidence.Sequence, error) {
	f := &finder{s: s, moments: map[evidence.Sequence]bool{}, followed: map[evidence.ID]bool{}, looks: map[evidence.Sequence]bool{}}
	versions, err := f.follow(ctx, id)
	if err != nil {
		return nil, err
	}
	f.ends(versions, f.moments)
	var claim evidence.ID
	for _, v := range versions {
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
	looks    map[evidence.Sequence]bool // at which to look for supports of the claim
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
	f.ends(claim, f.looks)
	f.looks[f.s.view.KnownAt] = true
	var cited []evidence.ID
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
			cited = append(cited, st.Citation)
		}
	}
	if err := f.cited(ctx, cited); err != nil {
		return err
	}
	if err := f.sources(ctx, of); err != nil {
		return err
	}
	for done := map[evidence.Sequence]bool{}; len(done) < len(f.looks); {
		for _, at := range slices.Sorted(maps.Keys(f.looks)) {
			if done[at] {
				continue
			}
			done[at] = true
			supports, err := f.s.supporting(ctx, id, at)
			if err != nil {
				return err
			}
			if err := f.cited(ctx, supports); err != nil {
				return err
			}
		}
	}
	return nil
}

// cited follows citations and the sources that they cite.
func (f *finder) cited(ctx context.Context, ids []evidence.ID) error {
	for _, id := range ids {
		versions, err := f.follow(ctx, id)
		if err != nil {
			return err
		}
		f.ends(versions, f.looks)
		if err := f.sources(ctx, versions); err != nil {
			return err
		}
	}
	return nil
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
	versions, err := f.s.reader.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
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
	return versions, nil
}

// ends adds where versions begin and end.
func (f *finder) ends(versions []*evidence.Record, into map[evidence.Sequence]bool) {
	for _, v := range versions {
		into[v.From] = true
		if v.To != evidence.Open && v.To <= f.s.view.KnownAt {
			into[v.To] = true
		}
	}
}

// supporting are the citations that supported a claim at a sequence, whoever may
// see them: of one that was hidden then, the source may have been shown later.
func (s *Session) supporting(ctx context.Context, claim evidence.ID, at evidence.Sequence) ([]evidence.ID, error) {
	r, err := s.tracer.store.Raw(ctx, evidence.View{Clearance: evidence.Confidential, KnownAt: at})
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // nothing was written
	var ids []evidence.ID
	for x, err := range citationsOf(ctx, r, []evidence.ID{claim}, evidence.Supports) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, x.ID())
	}
	return ids, nil
}

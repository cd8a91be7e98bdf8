package trace_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// instant is what a clearance sees of some records after a revision that it sees.
type instant struct {
	number  uint64
	records map[evidence.ID]*evidence.Record
}

// past is what a clearance sees of some records at each of its revisions, oldest
// first. The first instant lies before all of them.
type past struct {
	clearance evidence.Clearance
	ids       []evidence.ID
	instants  []instant
}

// readPast reads every record that the revisions from one sequence to another
// wrote, at each of them.
func readPast(t require.TestingT, st store.Store, c evidence.Clearance, first, last evidence.Sequence) *past {
	ctx := context.Background()
	p := &past{clearance: c}
	ids := map[evidence.ID]bool{}
	before := instant{}
	type moment struct {
		at     evidence.Sequence
		number uint64
	}
	moments := []moment{{at: first - 1}}
	for rev, err := range st.Log(ctx, first-1) {
		require.NoError(t, err)
		at, number := rev.Sequence(), rev.Numbers[c]
		if at > last {
			break
		}
		if at == first {
			moments[0].number = rev.Latest[c] - min(number, 1)
		}
		if number > 0 {
			moments = append(moments, moment{at, number})
		}
		outcomes, err := rev.Outcomes()
		require.NoError(t, err)
		for _, o := range outcomes {
			for _, e := range o.Effects {
				ids[e.Target()] = true
			}
		}
	}
	p.ids = sorted(ids)
	for _, m := range moments {
		before.number, before.records = m.number, map[evidence.ID]*evidence.Record{}
		if m.at > 0 {
			r, err := store.Read(ctx, st, evidence.View{Clearance: c, KnownAt: m.at}, vocabulary.Standard())
			require.NoError(t, err)
			before.records, err = r.Get(ctx, p.ids)
			require.NoError(t, err)
			require.NoError(t, r.Close())
		}
		p.instants = append(p.instants, before)
	}
	return p
}

// differ says whether two instants show a record differently: it is seen at one of
// them only, or it says something else itself. What became of the records that it
// names is no difference, but what became of the citation of a standing is one.
func (p *past) differ(t require.TestingT, id evidence.ID, x, y instant) bool {
	before, after := x.records[id], y.records[id]
	if before == nil || after == nil {
		return (before == nil) != (after == nil)
	}
	return p.text(t, before, x, y) != p.text(t, after, y, y)
}

// text is what a record said at one instant, with the names of the records that
// are seen at another.
func (p *past) text(t require.TestingT, r *evidence.Record, then, later instant) string {
	one := func(id evidence.ID) evidence.ID {
		if later.records[id] == nil {
			return ""
		}
		return id
	}
	all := func(ids []evidence.ID) []evidence.ID {
		return slices.DeleteFunc(slices.Clone(ids), func(id evidence.ID) bool { return later.records[id] == nil })
	}
	cleared := func(c evidence.Clearance) evidence.Clearance {
		if p.clearance < evidence.Confidential {
			return evidence.Public // no revision is counted below the top for it
		}
		return c
	}
	var shown any
	switch c := r.Content.(type) {
	case *evidence.Entity:
		e := *c
		e.Names = nil
		for _, n := range c.Names {
			if n.Clearance <= p.clearance {
				n.Sources, n.Clearance = all(n.Sources), cleared(n.Clearance)
				e.Names = append(e.Names, n)
			}
		}
		e.Clearance = cleared(e.Clearance)
		shown = e
	case *evidence.Source:
		s := *c
		s.DerivedFrom, s.Clearance = all(s.DerivedFrom), cleared(s.Clearance)
		shown = s
	case *evidence.Citation:
		x := *c
		x.AsserterEntity, x.Clearance = one(x.AsserterEntity), cleared(x.Clearance)
		shown = x
	case *evidence.Claim:
		x := *c
		x.About, x.Clearance = one(x.About), cleared(x.Clearance)
		x.Standing = nil
		for _, s := range c.Standing {
			if s.Citation == "" || then.records[s.Citation] != nil {
				x.Standing = append(x.Standing, s)
			}
		}
		shown = x
	}
	text, err := json.Marshal(shown)
	require.NoError(t, err)
	return string(text)
}

// checkPast compares the histories of all records, up to an instant, and the
// differences of two that are drawn with what reading all records at every instant
// tells.
func (p *past) checkPast(t *rapid.T, s *trace.Session, until int) {
	from := rapid.IntRange(0, until).Draw(t, "from")
	to := rapid.IntRange(from, until).Draw(t, "to")
	for _, id := range p.ids {
		var want, got []uint64
		for i := 1; i <= until; i++ {
			if p.differ(t, id, p.instants[i-1], p.instants[i]) {
				want = append(want, p.instants[i].number)
			}
		}
		for _, step := range stepsOf(t, s, id, 3) {
			got = append(got, step.Revision.Numbers[p.clearance])
		}
		require.Equal(t, want, got, "the history of %s at %s", id, p.clearance)
	}
	var want, got []evidence.ID
	a, b := p.instants[from], p.instants[to]
	for _, id := range p.ids {
		if p.differ(t, id, a, b) {
			want = append(want, id)
		}
	}
	for _, d := range differences(t, s, a.number, b.number, 3) {
		got = append(got, d.ID)
	}
	require.Equal(t, want, got, "from %d to %d at %s", a.number, b.number, p.clearance)
}

// TestThePastIsToldAsReadingItTells compares histories and differences of random
// graphs, by authors of every clearance, with what reading every record at every
// revision shows.
func TestThePastIsToldAsReadingItTells(t *testing.T) {
	trace.SetDiffWindow(t, 4)
	checkRandomly(t, 400, func(t *rapid.T) {
		st := model.New()
		storetest.History(t, st, 10)
		head, err := st.Head(context.Background())
		require.NoError(t, err)
		for c := range evidence.Clearance(evidence.Clearances) {
			p := readPast(t, st, c, 1, head.Sequence)
			last := len(p.instants) - 1
			until := rapid.IntRange(0, last).Draw(t, "until")
			now := open(t, st, evidence.Now(c))
			s := now
			if until < last {
				s, err = now.Moment(context.Background(), trace.KnownAt{Number: &p.instants[until].number})
				require.NoError(t, err)
			}
			p.checkPast(t, s, until)
			require.NoError(t, errors.Join(s.Close(), now.Close()))
		}
	})
}

package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// testFormerlyCited reads together, as they stood, the citations of claims that have few
// and of some that have many, of which some were withdrawn and others came since.
func (s *suite) testFormerlyCited(t *testing.T) {
	const many = 130 // more than a store reads with a claim
	b := s.bench(t)
	step := 40
	write := func(changes ...evidence.Change) evidence.Sequence {
		step++
		cs := &evidence.ChangeSet{Reason: "cited", Changes: changes}
		_, err := Apply(b.ctx, b.model, step, Top, cs)
		require.NoError(t, err)
		c, err := Apply(b.ctx, b.Store, step, Top, cs)
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	cite := func(claim evidence.ID, i int) evidence.Change {
		c := citation(evidence.ID(fmt.Sprintf("%s-%03d", claim, i)), []evidence.ID{"s0", "s2"}[i%2], []string{"SUPPORTS", "DISPUTES", "MENTIONS"}[i%3], 1+i%6)
		if i%7 == 1 {
			c.Clearance = "CONFIDENTIAL"
		}
		return evidence.Change{Cite: &evidence.Cite{Claim: claim, Citation: c}}
	}
	claims := []evidence.ID{"of-many", "of-few", "of-many-too"}
	var changes []evidence.Change
	for _, id := range claims {
		changes = append(changes, assertLink(id, "LINKED_TO", "e0", "e2", "2014", citation(id+"-first", "s0", "SUPPORTS", 1)))
	}
	for i := range many {
		changes = append(changes, cite("of-many", i), cite("of-many-too", i))
	}
	changes = append(changes, cite("of-few", 1), cite("of-few", 2))
	moments := []evidence.Sequence{write(changes...)}
	changes = nil
	for i := range many {
		if i%3 == 0 {
			changes = append(changes, evidence.Change{Retract: &evidence.Retract{ID: evidence.ID(fmt.Sprintf("of-many-%03d", i))}})
		}
	}
	moments = append(moments, write(append(changes, evidence.Change{Retract: &evidence.Retract{ID: "of-few-002"}})...))
	moments = append(moments, write(cite("of-few", 3), cite("of-many", many)))
	write(evidence.Change{Retract: &evidence.Retract{ID: "of-many-too"}})

	type found struct {
		id  evidence.ID
		key string
	}
	cited := func(st store.Store, view evidence.View, limit int) []found {
		r, err := st.Raw(b.ctx, view)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		all := []found{}
		for f, err := range r.Find(b.ctx, store.Query{Type: evidence.CitationRecord, Claims: claims, Limit: limit}) {
			require.NoError(t, err)
			all = append(all, found{f.Record.ID(), f.Key})
		}
		return all
	}
	for c := range evidence.Clearance(evidence.Clearances) {
		for _, known := range moments {
			view := evidence.View{Clearance: c, KnownAt: known}
			for _, limit := range []int{1, 30, plenty} {
				want := cited(b.model, view, limit)
				require.NotEmpty(t, want)
				require.Equal(t, want, cited(b.Store, view, limit), "%v, at most %d", view, limit)
			}
			want, err := store.Read(b.ctx, b.model, view, vocabulary.Standard())
			require.NoError(t, err)
			judged, err := want.Get(b.ctx, claims)
			require.NoError(t, err)
			require.NoError(t, want.Close())
			got, err := b.read(t, view).Get(b.ctx, claims)
			require.NoError(t, err)
			require.Equal(t, judged, got, "%v", view)
		}
	}
}

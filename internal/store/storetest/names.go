package storetest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// testSharedWords has a word of a name that everybody may read become one of a secret
// name alone. What was called by it still is, in the past.
func (s *suite) testSharedWords(t *testing.T) {
	o := s.empty(t)
	ctx, step := s.context(t), 0
	write := func(changes ...evidence.Change) evidence.Sequence {
		step++
		c, err := Apply(ctx, o.Store, step, Top, &evidence.ChangeSet{Reason: "names", Changes: changes})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	put := func(id evidence.ID, name string, aliases ...evidence.NewName) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(aliases)}}
	}
	identified := func(c evidence.Change, as string) evidence.Change {
		c.PutEntity.Identity = evidence.Of(as)
		return c
	}
	secret := func(clearance string) evidence.NewName {
		return evidence.NewName{Text: "Juan Otro", Clearance: clearance}
	}
	first := write(put("e", "Juan Pérez"), put("raised", "Juan Sol"), put("back", "Juan Luna"), put("class", "Juan Mar"))
	second := write(put("e", "Pedro Pérez", secret("RESTRICTED")), put("raised", "Pedro Sol", secret("RESTRICTED")),
		put("back", "Pedro Luna", secret("CONFIDENTIAL")), identified(put("class", "Pedro Mar", secret("RESTRICTED")), "CLASS"))
	third := write(put("e", "Pedro Pérez", secret("CONFIDENTIAL")), cleared(put("raised", "Pedro Sol"), "CONFIDENTIAL"),
		cleared(put("back", "Pedro Luna"), "CONFIDENTIAL"), identified(put("class", "Pedro Mar", secret("RESTRICTED")), "NAMED"))
	last := write(cleared(put("back", "Pedro Luna", secret("CONFIDENTIAL")), "PUBLIC"), evidence.Change{Retract: &evidence.Retract{ID: "class"}})
	require.Equal(t, last, write(put("e", "Pedro Pérez", secret("CONFIDENTIAL")), put("else", "Ana"))-1)
	for _, c := range []struct {
		at        evidence.Sequence
		clearance evidence.Clearance
		found     []evidence.ID
	}{
		{first, evidence.Public, []evidence.ID{"back", "class", "e"}},
		{first, evidence.Restricted, []evidence.ID{"back", "class", "e"}},
		{first, evidence.Confidential, []evidence.ID{"back", "class", "e", "raised"}},
		{second, evidence.Public, nil},
		{second, evidence.Restricted, []evidence.ID{"class"}},
		{second, evidence.Confidential, []evidence.ID{"back", "class", "e", "raised"}},
		{third, evidence.Public, nil},
		{last, evidence.Public, nil},
		{last, evidence.Restricted, nil},
		{last, evidence.Confidential, []evidence.ID{"back", "e"}},
	} {
		r, err := store.Read(ctx, o.Store, evidence.View{Clearance: c.clearance, KnownAt: c.at}, vocabulary.Standard())
		require.NoError(t, err)
		var found []evidence.ID
		for x, err := range r.Candidates(ctx, store.TokenQuery{Prefix: "juan ", Placeholders: true, Limit: plenty}) {
			require.NoError(t, err)
			found = append(found, x.Entity)
		}
		require.Equal(t, c.found, found, "at %d, to %s", c.at, c.clearance)
		require.NoError(t, r.Close())
	}
	for row, err := range o.Store.Scan(ctx) {
		require.NoError(t, err)
		require.Empty(t, row.Fault)
	}
}

// testWithdrawnNames has names that were given and withdrawn again, beside a secret one
// of the same text. In the past they are as they were, or whoever gave one would learn
// that they guessed the secret; it is kept where a name was raised.
func (s *suite) testWithdrawnNames(t *testing.T) {
	o := s.empty(t)
	ctx, step := s.context(t), 0
	put := func(names ...evidence.NewName) evidence.Sequence {
		step++
		c, err := Apply(ctx, o.Store, step, Top, &evidence.ChangeSet{Reason: "names", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{
			ID: "witness", Kind: evidence.Of("PERSON"), Name: evidence.Of("Testigo Siete"), Names: evidence.Of(names),
		}}}})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	called := func(text, language, clearance string) evidence.NewName {
		return evidence.NewName{Text: text, Language: language, Clearance: clearance}
	}
	before := func(then evidence.Sequence, c evidence.Clearance, want ...string) {
		t.Helper()
		r, err := store.Read(ctx, o.Store, evidence.View{Clearance: c, KnownAt: then}, vocabulary.Standard())
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		got, err := r.Get(ctx, []evidence.ID{"witness"})
		require.NoError(t, err)
		var names []string
		for _, n := range got["witness"].Entity().VisibleNames(c)[1:] {
			names = append(names, n.Text)
		}
		require.Equal(t, want, names, "at %d, to %s", then, c)
		for _, of := range []struct{ word, text string }{{"juan", "Juan Pérez"}, {"zurdo", "Zurdo"}} {
			found := 0
			for _, err := range r.Candidates(ctx, store.TokenQuery{Prefix: of.word, Limit: plenty}) {
				require.NoError(t, err)
				found++
			}
			require.Equal(t, slices.Contains(want, of.text), found == 1, "%s at %d, to %s", of.word, then, c)
		}
	}
	secret := called("Juan Pérez", "", "CONFIDENTIAL")
	put(secret)
	guessed := put(secret, called("Juan Pérez", "", "PUBLIC"))
	put(secret)
	before(guessed, evidence.Public, "Juan Pérez")
	before(guessed, evidence.Confidential, "Juan Pérez", "Juan Pérez")

	shared := put(secret, called("Juan Pérez", "es", "RESTRICTED"), called("Zurdo", "", "PUBLIC"))
	put(secret, called("Zurdo", "", "RESTRICTED"))
	ended := put(secret)
	before(guessed, evidence.Public, "Juan Pérez")
	before(shared, evidence.Public)
	before(shared, evidence.Restricted, "Juan Pérez", "Zurdo")
	before(ended, evidence.Restricted)

	again := put(secret, called("Juan Pérez", "es", "PUBLIC"))
	put(secret, called("Juan Pérez", "es", "CONFIDENTIAL"))
	for _, then := range []evidence.Sequence{guessed, again, ended} {
		before(then, evidence.Public)
		before(then, evidence.Restricted)
	}
	before(shared, evidence.Restricted, "Zurdo")
	before(again, evidence.Confidential, "Juan Pérez", "Juan Pérez")
}

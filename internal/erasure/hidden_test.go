package erasure_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// history is a graph to which one change set after another is written.
type history struct {
	*testing.T
	store store.Store
	step  int
}

func begin(t *testing.T) *history { t.Helper(); return &history{T: t, store: model.New()} }

func (h *history) try(by evidence.Author, changes ...evidence.Change) error {
	h.step++
	_, err := storetest.Apply(h.Context(), h.store, h.step, by, &evidence.ChangeSet{Reason: "because", Changes: changes})
	return err
}

func (h *history) must(by evidence.Author, changes ...evidence.Change) {
	h.Helper()
	require.NoError(h, h.try(by, changes...))
}

func (h *history) erase(ids ...evidence.ID) {
	h.Helper()
	h.step++
	_, err := erasure.Run(h.Context(), h.store, storetest.Planner(h.step), erasure.Order{Author: top, Ground: "order 7", IDs: ids})
	require.NoError(h, err)
}

// refused says, of each change alone, whether an author is kept from making it.
func (h *history) refused(by evidence.Author, changes ...evidence.Change) (refused []bool) {
	h.Helper()
	for _, c := range changes {
		err := h.try(by, c)
		if err != nil {
			require.Equal(h, evidence.Forbidden, evidence.CodeOf(err), "%v", err)
			require.ErrorContains(h, err, "was erased on")
		}
		refused = append(refused, err != nil)
	}
	return refused
}

func called(id evidence.ID, name string, names ...evidence.NewName) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(names)}}
}

func article(id evidence.ID, url, clearance string, from ...evidence.ID) evidence.Change {
	put := &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of(url), Clearance: evidence.Of(clearance)}
	if url == "" {
		put.Publisher, put.Published, put.Archive = evidence.Of("El Diario"), evidence.Of("2014"), evidence.Of("hemeroteca")
	}
	if len(from) > 0 {
		put.DerivedFrom = evidence.Of(from)
	}
	return evidence.Change{PutSource: put}
}

func captured(id evidence.ID) evidence.Change {
	return evidence.Change{AttachCapture: &evidence.AttachCapture{Source: id, Capture: evidence.Capture{SHA256: "aa", Length: 1, MediaType: "text/plain", Captured: "2026-01-01T00:00:00Z"}}}
}

func denial(id, citation, about evidence.ID) evidence.Change {
	return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: "DENIES", From: "a", To: "b", About: about, Summary: "niega", Citations: []evidence.NewCitation{cite(citation)}}}
}

func asserted(id, by evidence.ID) evidence.Change {
	c := cite(id)
	c.Locator, c.AssertedBy = "p. 9", &evidence.Asserter{Words: "uno", Entity: by}
	return evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: c}}
}

// TestABarTellsNothingOfWhatARecordHid erases records that everybody saw, and that
// once hid something, or a part of which was hidden. Authors are refused what they saw
// and nothing else, as in a graph in which there was no more than that.
func TestABarTellsNothingOfWhatARecordHid(t *testing.T) {
	const leak, nota = "https://drop.example/leak-77", "https://news.example/1"
	juan := func(clearance string) evidence.NewName {
		return evidence.NewName{Text: "Juan Real", Clearance: clearance}
	}
	for name, c := range map[string]struct {
		with, plain [][]evidence.Change
		tried       []evidence.Change // by who sees what is PUBLIC
		want        []bool
		secret      evidence.Change // is refused who saw all
	}{
		"an address before it was lowered": {
			[][]evidence.Change{{article("x", leak, "CONFIDENTIAL")}, {article("x", nota, "PUBLIC")}}, [][]evidence.Change{{article("x", nota, "PUBLIC")}},
			[]evidence.Change{article("l-1", leak, "PUBLIC"), article("l-2", nota, "PUBLIC")}, []bool{false, true}, article("t", leak, "PUBLIC"),
		},
		"a document before it was lowered": {
			[][]evidence.Change{{article("x", nota, "CONFIDENTIAL")}, {captured("x")}, {{Undo: &evidence.Undo{Revision: 3}}}, {article("x", nota, "PUBLIC")}}, [][]evidence.Change{{article("x", nota, "PUBLIC")}},
			[]evidence.Change{captured("s")}, []bool{false}, captured("s2"),
		},
		"a content before it was lowered": {
			[][]evidence.Change{{person("x", "Juan Real", "CONFIDENTIAL")}, {person("x", "El Testigo", "PUBLIC")}}, [][]evidence.Change{{person("x", "El Testigo", "PUBLIC")}},
			[]evidence.Change{person("l-1", "Juan Real", "PUBLIC"), person("l-2", "El Testigo", "PUBLIC")}, []bool{false, true}, person("t", "Juan Real", "PUBLIC"),
		},
		"a name that was raised": {
			[][]evidence.Change{{called("x", "El Testigo", juan("PUBLIC"))}, {called("x", "El Testigo", juan("CONFIDENTIAL"))}}, [][]evidence.Change{{called("x", "El Testigo")}},
			[]evidence.Change{called("l-1", "El Testigo", juan("PUBLIC")), called("l-2", "El Testigo")}, []bool{false, true}, called("t", "El Testigo", juan("PUBLIC")),
		},
		"a first name that was raised": {
			[][]evidence.Change{{called("x", "Juan Real")}, {called("x", "El Testigo", juan("CONFIDENTIAL"))}}, [][]evidence.Change{{called("x", "El Testigo")}},
			[]evidence.Change{called("l-1", "Juan Real"), called("l-2", "El Testigo")}, []bool{false, true}, called("t", "Juan Real"),
		},
		"a name": {
			[][]evidence.Change{{called("x", "El Testigo", juan("CONFIDENTIAL"))}}, [][]evidence.Change{{called("x", "El Testigo")}},
			[]evidence.Change{called("l-1", "El Testigo")}, []bool{true}, called("t", "El Testigo", juan("CONFIDENTIAL")),
		},
		"a name, from who edits one that has another": {
			[][]evidence.Change{{called("x", "El Testigo", juan("CONFIDENTIAL")), called("y", "Otro", juan("CONFIDENTIAL"))}}, [][]evidence.Change{{called("x", "El Testigo"), called("y", "Otro")}},
			[]evidence.Change{{PutEntity: &evidence.PutEntity{ID: "y", Name: evidence.Of("El Testigo")}}}, []bool{true}, called("t", "El Testigo", juan("CONFIDENTIAL")),
		},
		"what a source derives from": {
			[][]evidence.Change{{article("x", "", "PUBLIC", "hs")}}, [][]evidence.Change{{article("x", "", "PUBLIC")}},
			[]evidence.Change{article("l-1", "", "PUBLIC")}, []bool{true}, article("t", "", "PUBLIC", "hs"),
		},
		"what a denial is about": {
			[][]evidence.Change{{denial("x", "xc", "hl")}}, [][]evidence.Change{{denial("x", "xc", "")}},
			[]evidence.Change{denial("l-1", "l-2", "")}, []bool{true}, denial("t", "tc", "hl"),
		},
		"who asserts a citation": {
			[][]evidence.Change{{asserted("x", "hp")}}, [][]evidence.Change{{asserted("x", "")}},
			[]evidence.Change{asserted("l-1", "")}, []bool{true}, asserted("t", "hp"),
		},
		"what a name rests on": {
			[][]evidence.Change{{called("x", "Zeta", evidence.NewName{Text: "El", Sources: []evidence.ID{"hs"}})}}, [][]evidence.Change{{called("x", "Zeta", evidence.NewName{Text: "El"})}},
			[]evidence.Change{called("l-1", "Zeta", evidence.NewName{Text: "El"})}, []bool{true}, called("t", "Zeta", evidence.NewName{Text: "El", Sources: []evidence.ID{"hs"}}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hidden := range []bool{true, false} {
				h := begin(t)
				h.must(top, article("s", "https://news.example/s", "PUBLIC"), article("s2", "https://news.example/s2", "PUBLIC"), article("hs", "https://news.example/hs", "CONFIDENTIAL"),
					person("a", "Uno", "PUBLIC"), person("b", "Dos", "PUBLIC"), person("hp", "Tres", "CONFIDENTIAL"),
					evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{cite("c")}}},
					evidence.Change{AssertLink: &evidence.AssertLink{ID: "hl", Kind: "LINKED_TO", From: "a", To: "b", Summary: "oculto", Clearance: "CONFIDENTIAL", Citations: []evidence.NewCitation{cite("hc")}}})
				sets := c.plain
				if hidden {
					sets = c.with
				}
				for _, changes := range sets {
					h.must(top, changes...)
				}
				h.erase("x")
				if hidden {
					require.Equal(t, []bool{true}, h.refused(top, c.secret), "who saw it all")
				}
				require.Equal(t, c.want, h.refused(low, c.tried...), "hidden: %t", hidden)
			}
		})
	}
}

// TestAnUndoTellsNothingOfWhenARecordWasHidden has a record written beside another
// while it was hidden, and shown afterwards. To who saw it only then, it was never part
// of the first revision.
func TestAnUndoTellsNothingOfWhenARecordWasHidden(t *testing.T) {
	lowered := func(id evidence.ID, to string) evidence.Change {
		return evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: to}}
	}
	linked := evidence.Change{AssertLink: &evidence.AssertLink{ID: "e", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{{ID: "ec", Source: "hs", Locator: "p. 1"}}}}
	retracted := evidence.Change{Retract: &evidence.Retract{ID: "e"}}
	x := person("x", "Equis", "PUBLIC")
	for name, c := range map[string]struct {
		second, third []evidence.Change
		erased        evidence.ID
		undone        uint64
		told          bool
	}{
		"an entity that was hidden":                {[]evidence.Change{x, person("e", "E", "CONFIDENTIAL")}, []evidence.Change{lowered("e", "PUBLIC")}, "e", 2, false},
		"the revision that showed it":              {[]evidence.Change{x, person("e", "E", "CONFIDENTIAL")}, []evidence.Change{lowered("e", "PUBLIC")}, "e", 3, true},
		"a link that only a hidden source bore":    {[]evidence.Change{x, linked}, []evidence.Change{lowered("hs", "PUBLIC")}, "e", 2, false},
		"a citation into a hidden source":          {[]evidence.Change{x, linked}, []evidence.Change{lowered("hs", "PUBLIC")}, "ec", 2, false},
		"a record that was seen and is retracted":  {[]evidence.Change{x, person("e", "E", "PUBLIC")}, []evidence.Change{retracted}, "e", 3, true},
		"a record that was seen from the first on": {[]evidence.Change{x, person("e", "E", "PUBLIC")}, []evidence.Change{person("y", "Y", "PUBLIC")}, "e", 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := begin(t)
			h.must(top, person("a", "Uno", "PUBLIC"), person("b", "Dos", "PUBLIC"), article("hs", "https://news.example/hs", "CONFIDENTIAL"))
			h.must(top, c.second...)
			h.must(top, c.third...)
			h.erase(c.erased)
			err := h.try(low, evidence.Change{Undo: &evidence.Undo{Revision: c.undone}})
			if c.told {
				require.ErrorContains(t, err, "part of it was erased")
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// TestTheHashOfWhatWasSentGoesWithWhatItHeld has what is erased sent again, in a change
// set that recorded something else of it.
func TestTheHashOfWhatWasSentGoesWithWhatItHeld(t *testing.T) {
	noted, other := cite("c1"), cite("c2")
	noted.Note, other.Source = "secreto", "s2"
	linked := evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{noted, other}}}
	named := called("e", "Zeta", evidence.NewName{Text: "El", Sources: []evidence.ID{"s"}})
	hidden := cite("c3")
	hidden.Clearance = "CONFIDENTIAL"
	for name, c := range map[string]struct {
		sent, first, beside evidence.Change
		erased              evidence.ID
		by                  evidence.Author
		kept                bool
	}{
		"a citation of a claim":                  {sent: linked, first: linked, erased: "c1", by: top},
		"a source that a name rests on":          {sent: named, first: named, erased: "s", by: top},
		"a citation that the author did not see": {sent: evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "a", To: "b", Citations: []evidence.NewCitation{noted, other}}}, first: linked, beside: evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: hidden}}, erased: "c3", by: low, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := begin(t)
			h.must(top, article("s", "https://news.example/s", "PUBLIC"), article("s2", "https://news.example/s2", "PUBLIC"), person("a", "Uno", "PUBLIC"), person("b", "Dos", "PUBLIC"))
			h.must(top, c.first)
			if c.beside.Cite != nil {
				h.must(top, c.beside)
			}
			set := &evidence.ChangeSet{Reason: "because", IdempotencyKey: "k", Changes: []evidence.Change{c.sent, person("l-new", "Nueva", "PUBLIC")}}
			again := func() error {
				h.step++
				_, err := storetest.Apply(t.Context(), h.store, h.step, c.by, set)
				return err
			}
			require.NoError(t, again())
			head, err := h.store.Head(t.Context())
			require.NoError(t, err)
			digest := func() string {
				for r, err := range h.store.Log(t.Context(), head.Sequence-1) {
					require.NoError(t, err)
					meta, err := r.Meta()
					require.NoError(t, err)
					return meta.Digest
				}
				return ""
			}
			require.NotEmpty(t, digest())
			plan, err := erasure.Prepare(t.Context(), h.store, storetest.Planner(90), erasure.Order{Author: top, Ground: "order 7", IDs: []evidence.ID{c.erased}})
			require.NoError(t, err)
			require.Equal(t, !c.kept, slices.Contains(plan.Struck, head.Latest[evidence.Confidential]), "what was proposed goes too")
			h.erase(c.erased)
			if c.kept {
				require.NotEmpty(t, digest())
				require.NoError(t, again())
				return
			}
			require.Empty(t, digest())
			require.ErrorContains(t, again(), "of which part was erased since")
		})
	}
}

// TestWhatSaidTheSameAllAlongHasNotReturned changes other things of such a record.
func TestWhatSaidTheSameAllAlongHasNotReturned(t *testing.T) {
	h := begin(t)
	h.must(top, person("a", "Mismo", "CONFIDENTIAL"), person("b", "Mismo", "PUBLIC"), person("c", "Mismo", "PUBLIC"), person("d", "Otro", "PUBLIC"))
	returned := func() []evidence.ID {
		ids, err := erasure.Returned(t.Context(), h.store)
		require.NoError(t, err)
		return ids
	}
	h.erase("a")
	require.Empty(t, returned())
	h.must(top, evidence.Change{SetClearance: &evidence.SetClearance{ID: "b", Clearance: "RESTRICTED"}})
	h.must(top, evidence.Change{Retract: &evidence.Retract{ID: "c"}})
	h.must(top, evidence.Change{Undo: &evidence.Undo{Revision: 4}})
	require.Empty(t, returned(), "they said it before the erasure")
	h.must(low, person("d", "Mismo", "PUBLIC"))
	h.must(top, evidence.Change{SetClearance: &evidence.SetClearance{ID: "d", Clearance: "RESTRICTED"}})
	require.Equal(t, []evidence.ID{"d"}, returned())
}

package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// rung is a step of a chain as the oracle tells it.
type rung struct {
	level     int
	of, far   evidence.ID
	claim     evidence.ID
	certainty edtf.Certainty
}

// over says that a link puts its lower end under command, with both ends; ok is
// false for links that do not.
func (w *world) over(l tie) (above, below evidence.ID, ok bool) {
	kind, _ := vocabulary.Standard().Link(l.claim.Kind)
	if !kind.Hierarchical || l.from == l.to {
		return "", "", false
	}
	above, below = l.to, l.from
	if kind.Superior == vocabulary.From {
		above, below = below, above
	}
	body := w.entities[above].Kind
	force := body == "MILITARY_UNIT" || body == "POLICE_FORCE" || body == "CRIMINAL_GROUP"
	return above, below, body != "PLACE" && body != "EVENT" && (l.claim.Kind != "MEMBER_OF" || force)
}

// chain goes level by level over all links.
func (w *world) chain(start evidence.ID, on string, up bool) []rung {
	held := func(l tie) edtf.Certainty { return l.valid.HeldOn(l.aspect, date(on)) }
	heads := func(l tie) bool {
		return slices.Contains([]string{"COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF"}, l.claim.Kind)
	}
	var out []rung
	seen := map[evidence.ID]bool{start: true}
	level := []evidence.ID{start}
	own := map[evidence.ID]bool{}
	if up && w.entities[start].Kind == "PERSON" {
		for _, l := range w.links {
			if above, below, ok := w.over(l); ok && heads(l) && above == start && held(l) != edtf.No {
				out = append(out, rung{0, start, below, l.id, held(l)})
				own[below], seen[below] = true, true
				level = append(level, below)
			}
		}
	}
	byPost := map[evidence.ID]bool{}
	for depth := 1; len(level) > 0; depth++ {
		next, post, other := map[evidence.ID]bool{}, map[evidence.ID]bool{}, map[evidence.ID]bool{}
		for _, l := range w.links {
			above, below, ok := w.over(l)
			if !ok || held(l) == edtf.No {
				continue
			}
			near, far := below, above
			if !up {
				near, far = above, below
			}
			if slices.Contains(level, near) && !seen[far] && !(own[near] && heads(l)) {
				out = append(out, rung{depth, near, far, l.id, held(l)})
				if !w.placeholder(far) {
					next[far] = true
					if l.claim.Kind == "HOLDS_POST_IN" {
						post[far] = true
					} else {
						other[far] = true
					}
				}
			}
			if up && l.claim.Kind == "HOLDS_POST_IN" && slices.Contains(level, above) && !seen[below] && !own[above] && !byPost[above] {
				out = append(out, rung{depth, above, below, l.id, held(l)})
			}
		}
		byPost, own = map[evidence.ID]bool{}, nil
		for id := range next {
			seen[id], byPost[id] = true, post[id] && !other[id]
		}
		level = sorted(next)
	}
	slices.SortFunc(out, func(a, b rung) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(b.certainty, a.certainty), cmp.Compare(a.claim, b.claim), cmp.Compare(a.of, b.of))
	})
	return out
}

func told(c trace.Chain) []rung {
	var out []rung
	for _, r := range c.Rungs {
		out = append(out, rung{r.Level, r.Of, r.Entity.ID, r.Claim.Record.ID(), r.Held})
	}
	return out
}

func checkChain(t require.TestingT, s *trace.Session, w *world, of evidence.ID, on string, up bool) {
	got, err := s.CommandChain(context.Background(), of, on, up)
	require.NoError(t, err)
	require.Empty(t, got.Cut)
	if start, ok := w.shown[of]; ok {
		require.Equal(t, w.chain(start, on, up), told(got), "of %s on %q, up %t", of, on, up)
	} else {
		require.Empty(t, got.Rungs)
	}
}

// happened says how certainly an event happened on a day, Undated where it has no
// date of its own.
func (w *world) happened(event evidence.ID, on string) edtf.Certainty {
	return edtf.Valid{Since: date(w.entities[event].When)}.HeldOn(edtf.Event, date(on))
}

func (w *world) mayHaveHappened(event evidence.ID, on string) bool {
	return w.happened(event, on) != edtf.No
}

// lay says how certainly an event lay where a link has it on a day: where nobody
// dates the link, it lay there when it happened.
func (w *world) lay(l tie, on string) edtf.Certainty {
	if held := l.valid.HeldOn(l.aspect, date(on)); held != edtf.Undated {
		return held
	}
	return w.happened(l.from, on)
}

// grounds names units with the links from each to the place or event, by going
// over all links again and again.
func (w *world) grounds(of evidence.ID, on string) map[evidence.ID][]string {
	out := map[evidence.ID]map[string]bool{}
	held := func(l tie) edtf.Certainty { return l.valid.HeldOn(l.aspect, date(on)) }
	at := func(to evidence.ID, kinds ...string) (found []tie) {
		for _, l := range w.links {
			if l.to == to && l.from != l.to && slices.Contains(kinds, l.claim.Kind) && held(l) != edtf.No {
				found = append(found, l)
			}
		}
		return found
	}
	add := func(unit evidence.ID, certainty edtf.Certainty, via string) {
		kind := w.entities[unit].Kind
		if kind == "PERSON" || kind == "PLACE" || kind == "EVENT" {
			return
		}
		if out[unit] == nil {
			out[unit] = map[string]bool{}
		}
		out[unit][via+" "+certainty.String()] = true
	}
	deeds := []string{"PARTICIPATED_IN", "PRESENT_AT", "WITNESS_TO", "CAUSED"}
	type reached struct {
		certainty edtf.Certainty
		via       string
	}
	around := func(level map[evidence.ID]reached) {
		seen := map[evidence.ID]bool{}
		for len(level) > 0 {
			next := map[evidence.ID]reached{}
			for id := range level {
				seen[id] = true
			}
			for id, r := range level {
				for _, l := range at(id, "BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA", "GOVERNS") {
					add(l.from, min(held(l), r.certainty), string(l.id)+r.via)
					if l.claim.Kind == "GOVERNS" {
						for _, under := range at(l.from, "SUBORDINATE_TO", "PART_OF") {
							add(under.from, min(held(under), held(l), r.certainty), string(under.id)+" "+string(l.id)+r.via)
						}
					}
				}
			}
			links := slices.Clone(w.links)
			slices.SortFunc(links, func(a, b tie) int { return cmp.Compare(a.id, b.id) })
			for _, l := range links {
				r, here := level[l.from]
				if !here || seen[l.to] || l.from == l.to || l.claim.Kind != "LOCATED_IN" && l.claim.Kind != "PART_OF" || held(l) == edtf.No {
					continue
				}
				certainty := held(l)
				if certainty == edtf.Undated {
					certainty = edtf.Definitely
				}
				certainty = min(certainty, r.certainty)
				if old, ok := next[l.to]; !ok || certainty > old.certainty {
					next[l.to] = reached{certainty, " " + string(l.id) + r.via}
				}
			}
			level = next
		}
	}
	switch w.entities[of].Kind {
	case "EVENT":
		if !w.mayHaveHappened(of, on) {
			break
		}
		for _, l := range at(of, deeds...) {
			add(l.from, held(l), string(l.id))
		}
		places := map[evidence.ID]reached{}
		links := slices.Clone(w.links)
		slices.SortFunc(links, func(a, b tie) int { return cmp.Compare(a.id, b.id) })
		for _, l := range links {
			if l.from != of || l.to == of || l.claim.Kind != "LOCATED_IN" && l.claim.Kind != "PART_OF" || held(l) == edtf.No {
				continue
			}
			certainty := w.lay(l, on)
			if old, ok := places[l.to]; !ok || certainty > old.certainty {
				places[l.to] = reached{certainty, " " + string(l.id)}
			}
		}
		around(places)
	case "PLACE":
		around(map[evidence.ID]reached{of: {edtf.Definitely, ""}})
		for _, lies := range at(of, "LOCATED_IN", "PART_OF") {
			if w.entities[lies.from].Kind != "EVENT" || !w.mayHaveHappened(lies.from, on) {
				continue
			}
			certainty := w.lay(lies, on)
			if certainty <= edtf.Undated {
				continue
			}
			for _, l := range at(lies.from, deeds...) {
				add(l.from, min(held(l), certainty), string(l.id)+" "+string(lies.id))
			}
		}
	}
	found := map[evidence.ID][]string{}
	for unit, vias := range out {
		for via := range vias {
			found[unit] = append(found[unit], via)
		}
		slices.Sort(found[unit])
	}
	return found
}

func checkCommanders(t require.TestingT, s *trace.Session, w *world, of evidence.ID, on string) {
	got, err := s.CommandersOf(context.Background(), of, on)
	start, ok := w.shown[of]
	if !ok {
		require.NoError(t, err)
		require.Empty(t, got.Units)
		return
	}
	if kind := w.entities[start].Kind; kind != "PLACE" && kind != "EVENT" {
		var faults evidence.Faults
		require.ErrorAs(t, err, &faults)
		require.Equal(t, evidence.InvalidInput, faults[0].Code)
		return
	}
	require.NoError(t, err)
	require.Empty(t, got.Cut)
	found := map[evidence.ID][]string{}
	for _, u := range got.Units {
		require.Equal(t, w.chain(u.Unit.ID, on, true), told(u.Chain), "the chain of %s", u.Unit.ID)
		for i, g := range u.Grounds {
			via := ""
			for _, c := range g.Via {
				via += string(c.Record.ID()) + " "
			}
			found[u.Unit.ID] = append(found[u.Unit.ID], via+g.Held.String())
			require.True(t, i == 0 || u.Grounds[i-1].Held >= g.Held, "the most certain ground comes first")
		}
		slices.Sort(found[u.Unit.ID])
		found[u.Unit.ID] = slices.Compact(found[u.Unit.ID])
	}
	require.Equal(t, w.grounds(start, on), found, "of %s on %s", of, on)
}

func TestChainsAreThoseThatTryingEverythingFinds(t *testing.T) {
	checkRandomly(t, 1500, func(t *rapid.T) {
		st := model.New()
		history(t, st, sizes{entities: 8, links: 24, revisions: 2, kinds: linkKinds[2:15]})
		for range 2 {
			view := someView(t, st)
			w, s := readWorld(t, st, view), open(t, st, view)
			on := rapid.SampledFrom([]string{"2014-09-26", "2014", "2013-05", "2016-01-01?"})
			for _, id := range append(w.ids(), "e0") {
				checkChain(t, s, w, id, on.Draw(t, fmt.Sprintf("chain of %s on", id)), rapid.Bool().Draw(t, "up"))
				checkCommanders(t, s, w, id, on.Draw(t, fmt.Sprintf("commanders of %s on", id)))
			}
			require.NoError(t, s.Close())
		}
	})
}

// TestWhatAChainPassesThrough asks of a small graph in which somebody is a member
// of a party, a soldier of a battalion, and holds a post in a police force.
func TestWhatAChainPassesThrough(t *testing.T) {
	st := model.New()
	entity := func(id evidence.ID, kind, when string) evidence.Change {
		put := &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(string(id))}
		if when != "" {
			put.When = evidence.Of(when)
		}
		return evidence.Change{PutEntity: put}
	}
	changes := []evidence.Change{
		{PutSource: &evidence.PutSource{ID: "s", Kind: evidence.Of("NEWS"), Title: evidence.Of("Nota"), URL: evidence.Of("https://example.org/")}},
		entity("party", "ORGANIZATION", ""), entity("battalion", "MILITARY_UNIT", ""), entity("police", "POLICE_FORCE", ""), entity("hall", "GOVERNMENT_BODY", ""),
		entity("town", "PLACE", ""), entity("raid", "EVENT", "2014-09-26"), entity("feast", "EVENT", "2013-01-01"), entity("guard", "MILITARY_UNIT", ""),
	}
	for _, id := range []evidence.ID{"politician", "soldier", "colonel", "chief", "deputy", "clerk", "mayor"} {
		changes = append(changes, entity(id, "PERSON", ""))
	}
	for i, l := range [][3]string{
		{"politician", "MEMBER_OF", "party"}, {"soldier", "MEMBER_OF", "battalion"}, {"colonel", "COMMANDS", "battalion"}, {"chief", "LEADS", "police"},
		{"deputy", "HOLDS_POST_IN", "police"}, {"clerk", "HOLDS_POST_IN", "police"}, {"police", "PART_OF", "hall"}, {"mayor", "HOLDS_POST_IN", "hall"},
		{"raid", "LOCATED_IN", "town"}, {"feast", "LOCATED_IN", "town"}, {"battalion", "PARTICIPATED_IN", "raid"}, {"guard", "PARTICIPATED_IN", "feast"},
	} {
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprintf("l%02d", i)), Kind: l[1], From: evidence.ID(l[0]), To: evidence.ID(l[2]), Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}},
		}})
	}
	_, err := storetest.Apply(t.Context(), st, 1, storetest.Top, &evidence.ChangeSet{Reason: "a town", Changes: changes})
	require.NoError(t, err)
	s := open(t, st, evidence.Now(evidence.Public))
	for _, c := range []struct {
		of   evidence.ID
		up   bool
		want []string
	}{
		{"politician", true, nil},
		{"party", false, nil},
		{"soldier", true, []string{"1 battalion", "2 colonel"}},
		{"battalion", false, []string{"1 soldier"}},
		{"police", true, []string{"1 chief", "1 deputy", "1 clerk", "1 hall", "2 mayor"}},
		{"deputy", true, []string{"1 police", "2 chief", "2 hall", "3 mayor"}},
		{"chief", true, []string{"0 police", "1 hall", "2 mayor"}},
	} {
		got, err := s.CommandChain(t.Context(), c.of, "2014-09-26", c.up)
		require.NoError(t, err)
		var rungs []string
		for _, r := range got.Rungs {
			rungs = append(rungs, fmt.Sprintf("%d %s", r.Level, r.Entity.ID))
		}
		require.Equal(t, c.want, rungs, "of %s, up %t", c.of, c.up)
	}
	for on, want := range map[string]evidence.ID{"2014-09-26": "battalion", "2013-01-01": "guard"} {
		got, err := s.CommandersOf(t.Context(), "town", on)
		require.NoError(t, err)
		require.Len(t, got.Units, 1, "only who took part in what happened on %s", on)
		require.Equal(t, want, got.Units[0].Unit.ID)
	}
}

// TestAnEventLiesWhereItHappenedWhenItHappened asks of a place and of an event
// there, which a link without a date says: who was in the place when it happened
// is named for both alike, and on another day nobody is named for the event.
func TestAnEventLiesWhereItHappenedWhenItHappened(t *testing.T) {
	g := newGraph(t)
	put := func(id evidence.ID, kind, when string) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(string(id)), When: evidence.Of(when)}}
	}
	link := func(id evidence.ID, from evidence.ID, kind string, to evidence.ID, valid evidence.ValidTime) evidence.Change {
		return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: kind, From: from, To: to, Valid: valid, Citations: []evidence.NewCitation{{Source: "s", Locator: "p. 1"}}}}
	}
	g.write(news("s"), put("town", "PLACE", ""), put("night", "EVENT", "2014-09-26"), put("month", "EVENT", "2014-09"), put("tale", "EVENT", ""),
		put("battalion", "MILITARY_UNIT", ""), put("guard", "MILITARY_UNIT", ""),
		link("based", "battalion", "BASED_IN", "town", evidence.ValidTime{Since: "2010", Until: "2020"}),
		link("night-there", "night", "LOCATED_IN", "town", evidence.ValidTime{}),
		link("month-there", "month", "LOCATED_IN", "town", evidence.ValidTime{}),
		link("tale-there", "tale", "LOCATED_IN", "town", evidence.ValidTime{}),
		link("took-part", "guard", "PARTICIPATED_IN", "night", evidence.ValidTime{}))
	s := g.at(evidence.Public)
	named := func(of evidence.ID, on string) string {
		got, err := s.CommandersOf(t.Context(), of, on)
		require.NoError(t, err)
		var units []string
		for _, u := range got.Units {
			units = append(units, fmt.Sprint(u.Unit.ID, " ", u.Grounds[0].Held))
		}
		return strings.Join(units, ", ")
	}
	for _, c := range []struct {
		of       evidence.ID
		on, want string
	}{
		{"town", "2014-09-26", "battalion DEFINITELY, guard UNDATED"},
		{"night", "2014-09-26", "battalion DEFINITELY, guard UNDATED"},
		{"night", "2014", "battalion DEFINITELY, guard UNDATED"},
		{"night", "2014-09-27", ""},
		{"night", "2016-01-01", ""},
		{"town", "2016-01-01", "battalion DEFINITELY"},
		{"month", "2014-09-26", "battalion POSSIBLY"},
		{"month", "2016-01-01", ""},
		{"tale", "2014-09-26", "battalion UNDATED"},
	} {
		require.Equal(t, c.want, named(c.of, c.on), "of %s on %s", c.of, c.on)
	}
}

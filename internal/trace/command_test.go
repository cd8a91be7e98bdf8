package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/trace"
)

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
	is := func(id evidence.ID, kind string) bool { return w.entities[id].Kind == kind }
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
	type found struct {
		certainty edtf.Certainty
		via       string
	}
	// spread comes to sites from sites, as lies says; to one again only where that
	// is more certain than it was on any level before.
	spread := func(level map[evidence.ID]found, lies func(l tie, from map[evidence.ID]found) (evidence.ID, found, bool), tell func(evidence.ID, found)) {
		best := map[evidence.ID]edtf.Certainty{}
		links := slices.Clone(w.links)
		slices.SortFunc(links, func(a, b tie) int { return cmp.Compare(a.id, b.id) })
		for len(level) > 0 {
			next := map[evidence.ID]found{}
			for id, f := range level {
				best[id] = f.certainty
				tell(id, f)
			}
			for _, l := range links {
				if l.from == l.to || l.claim.Kind != "LOCATED_IN" && l.claim.Kind != "PART_OF" || held(l) == edtf.No {
					continue
				}
				id, f, ok := lies(l, level)
				if before, was := best[id]; !ok || was && before >= f.certainty {
					continue
				}
				if old, was := next[id]; !was || f.certainty > old.certainty {
					next[id] = f
				}
			}
			level = next
		}
	}
	certain := func(l tie) edtf.Certainty {
		if held(l) == edtf.Undated {
			return edtf.Definitely
		}
		return held(l)
	}
	around := func(level map[evidence.ID]found) {
		spread(level, func(l tie, from map[evidence.ID]found) (evidence.ID, found, bool) {
			f, ok := from[l.from]
			return l.to, found{min(f.certainty, certain(l)), " " + string(l.id) + f.via}, ok
		}, func(id evidence.ID, f found) {
			for _, l := range at(id, "BASED_IN", "LOCATED_IN", "OPERATES_IN", "RESPONSIBLE_FOR_AREA", "GOVERNS", "PRESENT_AT") {
				if l.claim.Kind == "PRESENT_AT" && !is(id, "PLACE") {
					continue
				}
				add(l.from, min(held(l), f.certainty), string(l.id)+f.via)
				if l.claim.Kind == "GOVERNS" {
					for _, under := range at(l.from, "SUBORDINATE_TO", "PART_OF") {
						add(under.from, min(held(under), held(l), f.certainty), string(under.id)+" "+string(l.id)+f.via)
					}
				}
			}
		})
	}
	// inside names who did something in what happened there, or in a part of it.
	inside := func() {
		spread(map[evidence.ID]found{of: {edtf.Definitely, ""}}, func(l tie, from map[evidence.ID]found) (evidence.ID, found, bool) {
			f, ok := from[l.to]
			certainty := certain(l)
			switch {
			case is(l.from, "PLACE"):
			case !is(l.from, "EVENT") || !w.mayHaveHappened(l.from, on):
				return "", found{}, false
			case is(l.to, "PLACE"):
				certainty = w.lay(l, on)
			case held(l) == edtf.Undated && w.happened(l.from, on) != edtf.Undated:
				certainty = w.happened(l.from, on) // a part that has no date happened when the whole did
			}
			return l.from, found{min(f.certainty, certainty), " " + string(l.id) + f.via}, ok
		}, func(id evidence.ID, f found) {
			for _, l := range at(id, "PARTICIPATED_IN", "PRESENT_AT", "WITNESS_TO", "CAUSED") {
				add(l.from, min(held(l), f.certainty), string(l.id)+f.via)
			}
		})
	}
	switch w.entities[of].Kind {
	case "EVENT":
		if !w.mayHaveHappened(of, on) {
			break
		}
		inside()
		places := map[evidence.ID]found{}
		links := slices.Clone(w.links)
		slices.SortFunc(links, func(a, b tie) int { return cmp.Compare(a.id, b.id) })
		for _, l := range links {
			if l.from != of || l.to == of || l.claim.Kind != "LOCATED_IN" && l.claim.Kind != "PART_OF" || held(l) == edtf.No {
				continue
			}
			certainty := w.lay(l, on)
			if old, ok := places[l.to]; !ok || certainty > old.certainty {
				places[l.to] = found{certainty, " " + string(l.id)}
			}
		}
		around(places)
	case "PLACE":
		around(map[evidence.ID]found{of: {edtf.Definitely, ""}})
		inside()
	}
	all := map[evidence.ID][]string{}
	for unit, vias := range out {
		for via := range vias {
			all[unit] = append(all[unit], via)
		}
		slices.Sort(all[unit])
	}
	return all
}

func checkCommanders(t require.TestingT, s *trace.Session, w *world, of evidence.ID, on string, f trace.LinkFilter) {
	got, err := s.CommandersOf(context.Background(), of, on, f)
	w = w.with(f)
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
			require.NotContains(t, found[u.Unit.ID], via+g.Held.String(), "a ground is told once")
			found[u.Unit.ID] = append(found[u.Unit.ID], via+g.Held.String())
			require.True(t, i == 0 || u.Grounds[i-1].Held >= g.Held, "the most certain ground comes first")
		}
		slices.Sort(found[u.Unit.ID])
	}
	require.Equal(t, w.grounds(start, on), found, "of %s on %s", of, on)
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
		got, err := s.CommandersOf(t.Context(), of, on, trace.LinkFilter{})
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

// commandersOf tells the units that are named, each with its most certain ground.
func (g *graph) commandersOf(of evidence.ID, on string) (units string, cut trace.Cut) {
	g.t.Helper()
	got, err := g.at(evidence.Public).CommandersOf(g.t.Context(), of, on, trace.LinkFilter{})
	require.NoError(g.t, err)
	var all []string
	for _, u := range got.Units {
		all = append(all, fmt.Sprint(u.Unit.ID, " ", u.Grounds[0].Held, " ", ids(u.Grounds[0].Via)))
	}
	return strings.Join(all, ", "), got.Cut
}

// TestWhatHappenedInAStreetHappenedInTheTown names who did something in a part of
// an event, or in a place within a place; and who was present in a place.
func TestWhatHappenedInAStreetHappenedInTheTown(t *testing.T) {
	g := drawn(t, "state PLACE", "town PLACE", "street PLACE", "night EVENT (2014-09-26/2014-09-27)", "attack EVENT (2014-09-26)", "later EVENT (2014-09-27)", "chase EVENT",
		"police POLICE_FORCE", "guard MILITARY_UNIT", "patrol MILITARY_UNIT", "escort MILITARY_UNIT",
		"l1 town PART_OF state", "l2 street LOCATED_IN town", "l3 attack LOCATED_IN street", "l4 attack PART_OF night", "l5 later PART_OF night", "l6 chase PART_OF attack",
		"d1 police PARTICIPATED_IN attack (2014-09-26)", "d2 guard PRESENT_AT town (2014-09-26)", "d3 patrol PARTICIPATED_IN later (2014-09)", "d4 escort WITNESS_TO chase (2014-09-26)")
	for of, want := range map[evidence.ID]string{
		"town":   "guard DEFINITELY [d2], police DEFINITELY [d1 l3 l2], escort DEFINITELY [d4 l6 l3 l2]",
		"street": "guard DEFINITELY [d2 l2], police DEFINITELY [d1 l3], escort DEFINITELY [d4 l6 l3]",
		"state":  "guard DEFINITELY [d2 l1], police DEFINITELY [d1 l3 l2 l1], escort DEFINITELY [d4 l6 l3 l2 l1]",
		"attack": "police DEFINITELY [d1], escort DEFINITELY [d4 l6], guard DEFINITELY [d2 l2 l3]",
		"night":  "police DEFINITELY [d1 l4], escort DEFINITELY [d4 l6 l4]",
		"later":  "",
	} {
		got, cut := g.commandersOf(of, "2014-09-26")
		require.Empty(t, cut)
		require.Equal(t, want, got, "of %s", of)
	}
	trace.LowerSpread(t, 2)
	got, cut := g.commandersOf("state", "2014-09-26")
	require.Equal(t, trace.CutLinks, cut)
	require.Equal(t, "guard DEFINITELY [d2 l1]", got, "the links of whole levels are read")
}

// TestWhatNobodyDatesIsTold where neither an event nor its place has a date.
func TestWhatNobodyDatesIsTold(t *testing.T) {
	g := drawn(t, "square PLACE", "clash EVENT", "unit MILITARY_UNIT", "l clash LOCATED_IN square", "d unit PARTICIPATED_IN clash (2014-09-26)")
	got, _ := g.commandersOf("square", "2014-09-26")
	require.Equal(t, "unit UNDATED [d l]", got)
	got, _ = g.commandersOf("square", "2015")
	require.Empty(t, got)
}

// TestAPlaceCountsAsTheMostCertainThatLeadsToIt, also where that is not the nearest.
func TestAPlaceCountsAsTheMostCertainThatLeadsToIt(t *testing.T) {
	g := drawn(t, "quarter PLACE", "town PLACE", "district PLACE", "unit MILITARY_UNIT", "b unit BASED_IN town (2010 – 2020)",
		"near quarter PART_OF town (2014)", "q quarter PART_OF district (2010 – 2020)", "t district PART_OF town (2010 – 2020)")
	got, _ := g.commandersOf("quarter", "2014-09-26")
	require.Equal(t, "unit DEFINITELY [b t q]", got)
}

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

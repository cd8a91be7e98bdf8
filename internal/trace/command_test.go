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

func checkCommanders(t require.TestingT, s *trace.Session, w *world, of evidence.ID, on string, f trace.LinkFilter) {
	got, err := s.CommandersOf(context.Background(), of, on, f)
	all := w
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
	require.Equal(t, all.grounds(start, on, f), found, "of %s on %s", of, on)
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

// restate gives a link another standing.
func (g *graph) restate(link evidence.ID, standing string) {
	g.t.Helper()
	g.write(evidence.Change{SetStanding: &evidence.SetStanding{Claim: link, Standing: standing, Citation: evidence.NewCitation{Source: "note", Locator: "p. 2"}}})
}

// TestWhoWasThereIsNamedAsAForceOnly: not an organization that was somewhere, nor who
// was harmed and did nothing, nor anybody by what is refuted.
func TestWhoWasThereIsNamedAsAForceOnly(t *testing.T) {
	g := drawn(t, "town PLACE", "raid EVENT (2014-09-26)", "school ORGANIZATION", "firm ORGANIZATION", "guards ORGANIZATION", "families ORGANIZATION",
		"station POLICE_FORCE", "patrol MILITARY_UNIT", "rumour MILITARY_UNIT",
		"r raid LOCATED_IN town", "s1 school LOCATED_IN town", "s2 school BASED_IN town", "s3 school OPERATES_IN town", "s4 school PRESENT_AT raid", "s5 school WITNESS_TO raid",
		"f firm PARTICIPATED_IN raid (2014-09-26)", "g guards RESPONSIBLE_FOR_AREA town", "m families PRESENT_AT town",
		"b station BASED_IN town", "p station PRESENT_AT raid (2014-09-26)", "v station VICTIM_OF raid",
		"t patrol PARTICIPATED_IN raid (2014-09-26)", "w patrol VICTIM_OF raid", "u rumour LOCATED_IN town (2014-09-26)")
	g.restate("u", "REFUTED")
	got, _ := g.commandersOf("raid", "2014-09-26")
	require.Equal(t, "firm DEFINITELY [f], patrol DEFINITELY [t], guards UNDATED [g r], station UNDATED [b r]", got, "who was harmed is not named for being there, but for being based there")
	got, _ = g.commandersOf("town", "2014-09-26")
	require.Equal(t, "firm DEFINITELY [f r], patrol DEFINITELY [t r], guards UNDATED [g], station UNDATED [b]", got, "who is based in the place is named for that alone")
	asked, err := g.at(evidence.Public).CommandersOf(t.Context(), "town", "2014-09-26", trace.LinkFilter{Standing: []evidence.Standing{evidence.Refuted}})
	require.NoError(t, err)
	require.Equal(t, map[evidence.ID][][]evidence.ID{"rumour": {{"u"}}}, answerable(asked), "what is refuted is told to who asks for it")
}

// TestAUnitAnswersForWhatItsPeopleDid: not a party, nor for whoever was only there, was
// harmed, was acquitted, or was of the unit on another day.
func TestAUnitAnswersForWhatItsPeopleDid(t *testing.T) {
	lines := []string{"raid EVENT (2014-09-26)", "party ORGANIZATION", "court GOVERNMENT_BODY"}
	for _, did := range []string{"soldier PARTICIPATED_IN", "colonel ORDERED", "clerk CAUSED", "recruit PARTICIPATED_IN", "witness WITNESS_TO", "passer PRESENT_AT", "cleared ORDERED", "harmed PARTICIPATED_IN"} {
		name, kind, _ := strings.Cut(did, " ")
		tie := map[string]string{"soldier": "MEMBER_OF", "colonel": "COMMANDS", "clerk": "HOLDS_POST_IN"}[name]
		valid := " (2010 – 2020)"
		switch name {
		case "recruit":
			valid = " (2015 – 2020)"
		case "clerk":
			valid = ""
		}
		lines = append(lines, name+" PERSON", "of-"+name+" MILITARY_UNIT", fmt.Sprintf("d-%s %s %s raid (2014-09-26)", name, name, kind),
			fmt.Sprintf("t-%s %s %s of-%s%s", name, name, cmp.Or(tie, "SERVES_IN"), name, valid))
	}
	g := drawn(t, append(lines, "p colonel MEMBER_OF party", "l colonel LEADS party", "c soldier MEMBER_OF court", "v harmed VICTIM_OF raid", "s colonel SUBORDINATE_TO of-passer")...)
	g.restate("d-cleared", "ACQUITTED")
	got, cut := g.commandersOf("raid", "2014-09-26")
	require.Empty(t, cut)
	require.Equal(t, "of-colonel DEFINITELY [t-colonel d-colonel], of-soldier DEFINITELY [t-soldier d-soldier], of-clerk UNDATED [t-clerk d-clerk]", got)
}

// TestAVictimOfAnEventIsOneOfItsPartsToo, and of what it is a part of: who was harmed in
// one of them is not named for having been at another, but for what was done in one.
func TestAVictimOfAnEventIsOneOfItsPartsToo(t *testing.T) {
	g := drawn(t, "town PLACE", "night EVENT (2014-09-26)", "attack EVENT (2014-09-26)", "chase EVENT (2014-09-26)",
		"in night LOCATED_IN town", "pa attack PART_OF night", "pc chase PART_OF night",
		"v MILITARY_UNIT", "vv v VICTIM_OF night", "vp v PRESENT_AT attack (2014-09-26)",
		"w MILITARY_UNIT", "wv w VICTIM_OF attack", "wp w PRESENT_AT night (2014-09-26)",
		"u MILITARY_UNIT", "uv u VICTIM_OF attack", "up u PRESENT_AT attack (2014-09-26)", "ua u PARTICIPATED_IN chase (2014-09-26)",
		"z MILITARY_UNIT", "zv z VICTIM_OF attack", "zp z PRESENT_AT chase (2014-09-26)",
		"y MILITARY_UNIT", "yv y VICTIM_OF night", "yp y PRESENT_AT attack (2014-09-26)", "ya y PARTICIPATED_IN night (2014-09-26)",
		"x POLICE_FORCE", "p PERSON", "xc p COMMANDS x (2010 – 2020)", "xa p PARTICIPATED_IN attack (2014-09-26)", "xv p VICTIM_OF night",
		"b MILITARY_UNIT", "bv b VICTIM_OF attack", "bb b BASED_IN town (2010 – 2020)", "bp b PRESENT_AT town (2014-09-26)", "bn b PRESENT_AT night (2014-09-26)")
	for of, want := range map[evidence.ID]map[evidence.ID][][]evidence.ID{
		"town":   {"u": {{"ua", "pc", "in"}}, "y": {{"ya", "in"}, {"yp", "pa", "in"}}, "b": {{"bb"}, {"bp"}}},
		"night":  {"u": {{"ua", "pc"}}, "y": {{"ya"}, {"yp", "pa"}}, "b": {{"bb", "in"}}},
		"attack": {"y": {{"yp"}}, "b": {{"bb", "in", "pa"}}},
		"chase":  {"u": {{"ua"}}, "z": {{"zp"}}, "b": {{"bb", "in", "pc"}, {"bp", "in", "pc"}}},
	} {
		got, err := g.at(evidence.Public).CommandersOf(t.Context(), of, "2014-09-26", trace.LinkFilter{})
		require.NoError(t, err)
		require.Empty(t, got.Cut)
		require.Equal(t, want, answerable(got), "of %s", of)
	}
}

// TestForcesUnderAGoverningBodyAreNamedLevelByLevel, and where there are more levels
// than are looked at, that is told.
func TestForcesUnderAGoverningBodyAreNamedLevelByLevel(t *testing.T) {
	lines := []string{"town PLACE", "u00 GOVERNMENT_BODY", "some POLICE_FORCE CLASS", "cell POLICE_FORCE", "college ORGANIZATION",
		"g u00 GOVERNS town", "x some PART_OF u00", "y cell PART_OF some", "z college PART_OF u00", "back u00 SUBORDINATE_TO u02"}
	want := "u00 UNDATED [g], some UNDATED [x g]"
	via := "g"
	for n := 1; n <= 11; n++ {
		lines = append(lines, fmt.Sprintf("u%02d POLICE_FORCE", n), fmt.Sprintf("p%02d u%02d SUBORDINATE_TO u%02d", n, n, n-1))
		via = fmt.Sprintf("p%02d %s", n, via)
		if n <= 10 {
			want += fmt.Sprintf(", u%02d UNDATED [%s]", n, via)
		}
	}
	got, cut := drawn(t, lines...).commandersOf("town", "2014-09-26")
	require.Equal(t, trace.CutDepth, cut)
	require.Equal(t, strings.Split(want, ", "), strings.Split(got, ", "))
	got, cut = drawn(t, slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "u11") })...).commandersOf("town", "2014-09-26")
	require.Empty(t, cut)
	require.Equal(t, want, got)
}

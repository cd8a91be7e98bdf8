package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	switch {
	case body == "PLACE" || body == "EVENT", l.claim.Kind == "MEMBER_OF" && !force, l.claim.Kind == "SERVES_IN" && w.entities[below].Kind != "PERSON":
		return "", "", false
	}
	return above, below, true
}

// passage is a link passed from one end to the other; beside is one to somebody who
// stands at the side of what is asked about.
type passage struct {
	tie
	near, far evidence.ID
	beside    bool
}

// passages are all ways to pass the links that may have held on a date.
func (w *world) passages(on string, up bool) (all []passage) {
	for _, l := range w.links {
		above, below, ok := w.over(l)
		if !ok || l.valid.HeldOn(l.aspect, date(on)) == edtf.No {
			continue
		}
		if up {
			all = append(all, passage{l, below, above, false})
			if l.claim.Kind == "HOLDS_POST_IN" {
				all = append(all, passage{l, above, below, true})
			}
			continue
		}
		all = append(all, passage{l, above, below, false})
		if l.claim.Kind == "SECOND_IN_COMMAND_OF" {
			all = append(all, passage{l, below, above, true})
		}
	}
	slices.SortStableFunc(all, func(a, b passage) int { return cmp.Compare(btoi(a.beside), btoi(b.beside)) })
	return all
}

// chain finds, for each way to come to an entity, the least number of links: a
// fully carried chain ("whole") passes all of its links, one that came to the head
// of a body, or to a body by a post alone, does not. Of each link it tells the first
// time that it is passed.
func (w *world) chain(start evidence.ID, on string, up bool) []rung {
	held := func(l tie) edtf.Certainty { return l.valid.HeldOn(l.aspect, date(on)) }
	is := func(l tie, kinds ...string) bool { return slices.Contains(kinds, l.claim.Kind) }
	isPerson := func(id evidence.ID) bool { return w.entities[id].Kind == "PERSON" }
	own := map[evidence.ID]bool{}
	leads, seconds := map[evidence.ID]edtf.Certainty{}, map[evidence.ID]edtf.Certainty{}
	first := map[evidence.ID]rung{} // by link
	type state struct {
		at    evidence.ID
		whole bool
	}
	depth := map[state]int{{start, up}: 0}
	if up && isPerson(start) {
		for _, l := range w.links {
			above, below, ok := w.over(l)
			if !ok || above != start || held(l) == edtf.No || !is(l, "COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF") {
				continue
			}
			first[l.id] = rung{0, start, below, l.id, held(l)}
			own[below] = true
			if is(l, "SECOND_IN_COMMAND_OF") {
				seconds[below] = max(seconds[below], held(l))
			} else {
				leads[below] = max(leads[below], held(l))
			}
			if !w.placeholder(below) {
				depth[state{below, true}] = 0
			}
		}
	}
	all := w.passages(on, up)
	for level := 1; level <= 2*len(w.entities)+1; level++ {
		for _, p := range all {
			for _, whole := range []bool{false, true} {
				if d, ok := depth[state{p.near, whole}]; !ok || d != level-1 {
					continue
				}
				if p.far == start || own[p.far] && !own[p.near] || p.beside && !whole {
					continue
				}
				to := state{p.far, true}
				if up {
					if own[p.near] && leads[p.near] >= seconds[p.near] && (p.beside || is(p.tie, "COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF")) {
						continue // his own body, and he is a head of it
					}
					if own[p.near] && is(p.tie, "SECOND_IN_COMMAND_OF") {
						continue // another deputy
					}
					if isPerson(p.near) && !whole && is(p.tie, "MEMBER_OF", "SERVES_IN", "HOLDS_POST_IN") {
						continue // of the head of a body, not of the body
					}
					if isPerson(p.far) {
						to.whole = isPerson(p.near) && whole
					} else {
						to.whole = !is(p.tie, "HOLDS_POST_IN")
					}
				} else {
					to.whole = is(p.tie, "COMMANDS", "LEADS")
				}
				if _, before := first[p.id]; !before {
					first[p.id] = rung{level, p.near, p.far, p.id, held(p.tie)}
				}
				if w.placeholder(p.far) || p.beside && up {
					continue
				}
				_, known := depth[to]
				_, better := depth[state{p.far, true}]
				if !known && !better {
					depth[to] = level
				}
			}
		}
	}
	out := slices.Collect(maps.Values(first))
	slices.SortFunc(out, func(a, b rung) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(b.certainty, a.certainty), cmp.Compare(a.claim, b.claim))
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

func checkChain(t require.TestingT, s *trace.Session, w *world, of evidence.ID, on string, up bool, f trace.LinkFilter) {
	got, err := s.CommandChain(context.Background(), of, on, up, f)
	w = w.with(f)
	if e := w.entities[w.shown[of]]; e != nil && (e.Kind == "PLACE" || e.Kind == "EVENT") {
		require.Equal(t, evidence.InvalidInput, evidence.CodeOf(err))
		return
	}
	require.NoError(t, err)
	require.Empty(t, got.Cut)
	if start, ok := w.shown[of]; ok {
		require.Equal(t, w.chain(start, on, up), told(got), "of %s on %q, up %t", of, on, up)
	} else {
		require.Empty(t, got.Rungs)
	}
}

// Random graphs that are dense where chains of command, and what ties units to
// places and events, are at stake.
var (
	ofCommand = sizes{
		entities: 7, links: 30, revisions: 1, of: []string{"PERSON", "PERSON", "PERSON", "MILITARY_UNIT", "MILITARY_UNIT", "POLICE_FORCE", "GOVERNMENT_BODY"},
		kinds: []string{"COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF", "MEMBER_OF", "SERVES_IN", "HOLDS_POST_IN", "SUBORDINATE_TO", "SUBORDINATE_TO", "PART_OF"},
	}
	ofPlaces = sizes{
		entities: 10, links: 36, revisions: 1,
		of: []string{"MILITARY_UNIT", "POLICE_FORCE", "GOVERNMENT_BODY", "ORGANIZATION", "PERSON", "PERSON", "PLACE", "PLACE", "PLACE", "EVENT", "EVENT"},
		kinds: []string{
			"PART_OF", "PART_OF", "LOCATED_IN", "LOCATED_IN", "PARTICIPATED_IN", "PARTICIPATED_IN", "PRESENT_AT", "BASED_IN", "GOVERNS", "SUBORDINATE_TO", "SUBORDINATE_TO",
			"ORDERED", "VICTIM_OF", "WITNESS_TO", "LEADS", "MEMBER_OF",
		},
	}
)

func TestChainsAreThoseThatTryingEverythingFinds(t *testing.T) {
	for name, size := range map[string]sizes{
		"of all kinds": {entities: 8, links: 24, revisions: 2, kinds: linkKinds[2:17]}, "of command": ofCommand, "of places and events": ofPlaces,
	} {
		t.Run(name, func(t *testing.T) {
			checkRandomly(t, 1500, func(t *rapid.T) {
				st := model.New()
				history(t, st, size)
				for range 2 {
					view := someView(t, st)
					w, s := readWorld(t, st, view), open(t, st, view)
					on := rapid.SampledFrom([]string{"2014-09-26", "2014", "2013-05", "2016-01-01?"})
					for _, id := range append(w.ids(), "e0") {
						checkChain(t, s, w, id, on.Draw(t, fmt.Sprintf("chain of %s on", id)), rapid.Bool().Draw(t, "up"), someFilter(t, w))
						checkCommanders(t, s, w, id, on.Draw(t, fmt.Sprintf("commanders of %s on", id)), someFilter(t, w))
					}
					require.NoError(t, s.Close())
				}
			})
		})
	}
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
		got, err := s.CommandChain(t.Context(), c.of, "2014-09-26", c.up, trace.LinkFilter{})
		require.NoError(t, err)
		var rungs []string
		for _, r := range got.Rungs {
			rungs = append(rungs, fmt.Sprintf("%d %s", r.Level, r.Entity.ID))
		}
		require.Equal(t, c.want, rungs, "of %s, up %t", c.of, c.up)
	}
	for on, want := range map[string]evidence.ID{"2014-09-26": "battalion", "2013-01-01": "guard"} {
		got, err := s.CommandersOf(t.Context(), "town", on, trace.LinkFilter{})
		require.NoError(t, err)
		require.Len(t, got.Units, 1, "only who took part in what happened on %s", on)
		require.Equal(t, want, got.Units[0].Unit.ID)
	}
}

// drawn is a graph of entities, as "id KIND" or "id KIND IDENTITY", and of links, as
// "id from KIND to" with its valid time in brackets.
func drawn(t *testing.T, lines ...string) *graph {
	t.Helper()
	g := newGraph(t)
	changes := []evidence.Change{news("note")}
	for _, line := range lines {
		said, when, dated := strings.Cut(line, " (")
		words := strings.Fields(said)
		if len(words) < 4 {
			put := &evidence.PutEntity{ID: evidence.ID(words[0]), Kind: evidence.Of(words[1]), Name: evidence.Of(words[0])}
			if dated {
				put.When = evidence.Of(strings.TrimSuffix(when, ")"))
			}
			if len(words) == 3 {
				put.Identity = evidence.Of(words[2])
			}
			changes = append(changes, evidence.Change{PutEntity: put})
			continue
		}
		since, until, _ := strings.Cut(strings.TrimSuffix(when, ")"), " – ")
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(words[0]), From: evidence.ID(words[1]), Kind: words[2], To: evidence.ID(words[3]),
			Valid: evidence.ValidTime{Since: since, Until: until}, Citations: []evidence.NewCitation{{Source: "note", Locator: "p. 1"}},
		}})
	}
	g.write(changes...)
	return g
}

// chainOf tells a chain as "level far<near by link", and why it was cut.
func (g *graph) chainOf(of evidence.ID, up bool) (rungs []string, cut trace.Cut) {
	g.t.Helper()
	got, err := g.at(evidence.Public).CommandChain(g.t.Context(), of, "2014-09-26", up, trace.LinkFilter{})
	require.NoError(g.t, err)
	for _, r := range got.Rungs {
		rungs = append(rungs, fmt.Sprintf("%d %s<%s by %s", r.Level, r.Entity.ID, r.Of, r.Claim.Record.ID()))
	}
	return rungs, got.Cut
}

// TestADeputyStandsUnderTheHead: the head of a unit stands above its deputy, and
// other deputies do not.
func TestADeputyStandsUnderTheHead(t *testing.T) {
	g := drawn(t, "bat MILITARY_UNIT", "zone MILITARY_UNIT", "colonel PERSON", "deputy PERSON", "other PERSON", "clerk PERSON", "aide PERSON",
		"c colonel COMMANDS bat (2014 – 2014)", "d deputy SECOND_IN_COMMAND_OF bat (2014 – 2014)", "o other SECOND_IN_COMMAND_OF bat", "p clerk HOLDS_POST_IN bat",
		"z bat PART_OF zone", "a aide SUBORDINATE_TO deputy", "f deputy COMMANDS zone (2010 – 2011)")
	for of, want := range map[evidence.ID][]string{
		"deputy":  {"0 bat<deputy by d", "1 colonel<bat by c", "1 clerk<bat by p", "1 zone<bat by z"},
		"colonel": {"0 bat<colonel by c", "1 zone<bat by z"},
		"bat":     {"1 colonel<bat by c", "1 deputy<bat by d", "1 other<bat by o", "1 clerk<bat by p", "1 zone<bat by z"},
	} {
		got, _ := g.chainOf(of, true)
		require.Equal(t, want, got, "up from %s", of)
	}
	for of, want := range map[evidence.ID][]string{
		"colonel": {"1 bat<colonel by c", "2 deputy<bat by d", "2 other<bat by o", "2 clerk<bat by p", "3 aide<deputy by a"},
		"deputy":  {"1 bat<deputy by d", "1 aide<deputy by a", "2 clerk<bat by p"},
		"bat":     {"1 clerk<bat by p"},
		"zone":    {"1 bat<zone by z", "2 clerk<bat by p"},
	} {
		got, _ := g.chainOf(of, false)
		require.Equal(t, want, got, "down from %s", of)
	}
}

// TestALinkIsToldWhereverItLeads: once, also to somebody whom another link led to
// before, and never back to the beginning.
func TestALinkIsToldWhereverItLeads(t *testing.T) {
	g := drawn(t, "a MILITARY_UNIT", "b MILITARY_UNIT", "c MILITARY_UNIT", "d MILITARY_UNIT",
		"ab a PART_OF b (2014 – 2014)", "bc b PART_OF c (2014 – 2014)", "ac a SUBORDINATE_TO c", "cb c PART_OF b", "ca c PART_OF a", "cd c PART_OF d")
	got, cut := g.chainOf("a", true)
	require.Empty(t, cut)
	require.Equal(t, []string{"1 b<a by ab", "1 c<a by ac", "2 c<b by bc", "2 b<c by cb", "2 d<c by cd"}, got)
}

// TestWhereAHeadIsElsewhere: that the commander of a battalion serves elsewhere,
// and that it has people posted somewhere, puts nothing above the battalion.
func TestWhereAHeadIsElsewhere(t *testing.T) {
	g := drawn(t, "bat MILITARY_UNIT", "centre GOVERNMENT_BODY", "institute GOVERNMENT_BODY", "club MILITARY_UNIT",
		"colonel PERSON", "general PERSON", "soldier PERSON", "sergeant PERSON",
		"c colonel COMMANDS bat", "s bat SERVES_IN centre", "g colonel SUBORDINATE_TO general", "i colonel HOLDS_POST_IN institute", "j general SERVES_IN institute",
		"m colonel MEMBER_OF club", "o soldier SUBORDINATE_TO sergeant", "q sergeant SERVES_IN bat")
	for of, want := range map[evidence.ID][]string{
		"bat":     {"1 colonel<bat by c", "2 general<colonel by g"},
		"soldier": {"1 sergeant<soldier by o", "2 bat<sergeant by q", "3 colonel<bat by c", "4 general<colonel by g"},
		"colonel": {"0 bat<colonel by c", "1 general<colonel by g", "1 institute<colonel by i", "1 club<colonel by m", "2 institute<general by j"},
	} {
		got, _ := g.chainOf(of, true)
		require.Equal(t, want, got, "up from %s", of)
	}
	got, _ := g.chainOf("centre", false)
	require.Empty(t, got)
}

// TestAnUnidentifiedBodyLeadsNoFurther also where somebody commands it.
func TestAnUnidentifiedBodyLeadsNoFurther(t *testing.T) {
	g := drawn(t, "boss PERSON", "cell CRIMINAL_GROUP UNIDENTIFIED", "cartel CRIMINAL_GROUP", "l boss LEADS cell", "p cell PART_OF cartel")
	got, _ := g.chainOf("boss", true)
	require.Equal(t, []string{"0 cell<boss by l"}, got)
	got, _ = g.chainOf("cell", true)
	require.Equal(t, []string{"1 boss<cell by l", "1 cartel<cell by p"}, got)
}

// TestAChainIsCutWhereThereIsMore: ten levels that are all are the whole chain.
func TestAChainIsCutWhereThereIsMore(t *testing.T) {
	lines := []string{"u00 MILITARY_UNIT"}
	for n := 1; n <= 12; n++ {
		lines = append(lines, fmt.Sprintf("u%02d MILITARY_UNIT", n), fmt.Sprintf("p%02d u%02d PART_OF u%02d", n, n-1, n))
	}
	g := drawn(t, append(lines, "back u12 PART_OF u02")...)
	for of, want := range map[evidence.ID]trace.Cut{"u00": trace.CutDepth, "u01": trace.CutDepth, "u02": "", "u03": ""} {
		got, cut := g.chainOf(of, true)
		require.Equal(t, want, cut, of)
		require.LessOrEqual(t, len(got), 11)
	}
}

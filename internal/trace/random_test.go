package trace_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/trace"
)

// checkRandomly tries a property on a number of random inputs, from a seed that
// is always the same unless -rapid.seed says otherwise. The variable
// VINCULO_TEST_THOROUGH multiplies the number.
func checkRandomly(t *testing.T, times int, property func(*rapid.T)) {
	t.Helper()
	if factor, err := strconv.Atoi(os.Getenv("VINCULO_TEST_THOROUGH")); err == nil && factor > 1 {
		times *= factor
	}
	set := func(name, value string) {
		f := flag.Lookup(name)
		old := f.Value.String()
		require.NoError(t, f.Value.Set(value))
		t.Cleanup(func() { _ = f.Value.Set(old) })
	}
	set("rapid.checks", strconv.Itoa(times))
	set("rapid.nofailfile", "true")
	set("rapid.shrinktime", "20s")
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		set("rapid.seed", "1")
	}
	rapid.Check(t, property)
}

// sizes says how big random graphs become, and of which kinds of link.
type sizes struct {
	entities, links, revisions int
	kinds                      []string
	of                         []string // kinds of entities; any where empty
}

var small = sizes{entities: 7, links: 14, revisions: 3, kinds: linkKinds}

// writer writes a random history into a store.
type writer struct {
	*rapid.T
	store    store.Store
	reversed store.Store // gets the same with each link the other way round, if set
	size     sizes
	prefix   string // of all ids, so that several graphs may lie in one store
	step     int
	entities []evidence.ID
	kinds    map[evidence.ID]string
	links    []evidence.ID
}

func (w *writer) one(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.T, label)
}

func (w *writer) in(n int, label string) bool { return rapid.IntRange(1, n).Draw(w.T, label) == n }

func (w *writer) id(format string, n int) evidence.ID {
	return evidence.ID(w.prefix + fmt.Sprintf(format, n))
}

func (w *writer) entity(label string) evidence.ID {
	return rapid.SampledFrom(w.entities).Draw(w.T, label)
}

func (w *writer) clearance() string {
	return w.one("clearance", "", "", "", "", "", "PUBLIC", "RESTRICTED", "CONFIDENTIAL")
}

// apply writes one change set; what the rules refuse is left out.
func (w *writer) apply(changes ...evidence.Change) {
	if len(changes) == 0 {
		return
	}
	w.step++
	write := func(st store.Store) {
		_, err := storetest.Apply(context.Background(), st, w.step, storetest.Top, &evidence.ChangeSet{Reason: "because", Changes: changes})
		var faults evidence.Faults
		if !errors.As(err, &faults) {
			require.NoError(w, err)
		}
	}
	write(w.store)
	if w.reversed == nil {
		return
	}
	changes = slices.Clone(changes)
	for i, c := range changes {
		if c.AssertLink != nil {
			back := *c.AssertLink
			back.From, back.To = back.To, back.From
			changes[i].AssertLink = &back
		}
	}
	write(w.reversed)
}

// history writes entities, sources and links in several revisions, with merges,
// retractions and changes of clearance and standing between them.
func history(t *rapid.T, st store.Store, size sizes) {
	(&writer{T: t, store: st, size: size, kinds: map[evidence.ID]string{}}).history()
}

func (w *writer) history() {
	t, size := w.T, w.size
	var first []evidence.Change
	for i, s := range []struct{ grade, clearance string }{{"A", ""}, {"C", ""}, {"F", ""}, {"B", "RESTRICTED"}, {"A", "CONFIDENTIAL"}} {
		put := &evidence.PutSource{
			ID: w.id("s%d", i), Kind: evidence.Of("NEWS"), Title: evidence.Of(fmt.Sprintf("Nota %d", i)),
			URL: evidence.Of("https://example.org/"), Reliability: evidence.Of(s.grade), Clearance: evidence.Of(s.clearance),
		}
		if i == 2 {
			put.DerivedFrom = evidence.Of([]evidence.ID{w.id("s%d", 0)})
		}
		if s.clearance == "" {
			put.Clearance = evidence.Optional[string]{}
		}
		first = append(first, evidence.Change{PutSource: put})
	}
	for i := range rapid.IntRange(2, size.entities).Draw(t, "entities") {
		first = append(first, evidence.Change{PutEntity: w.putEntity(i)})
	}
	w.apply(first...)
	revisions := rapid.IntRange(1, size.revisions).Draw(t, "revisions")
	for range revisions {
		var links []evidence.Change
		for range rapid.IntRange(0, size.links/revisions).Draw(t, "links") {
			if l := w.assert(); l != nil {
				links = append(links, evidence.Change{AssertLink: l})
			}
		}
		for len(links) > 0 {
			n := min(len(links), 500)
			w.apply(links[:n]...)
			links = links[n:]
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			w.change()
		}
	}
}

func (w *writer) putEntity(i int) *evidence.PutEntity {
	id := w.id("e%d", i)
	w.entities = append(w.entities, id)
	kinds := w.size.of
	if len(kinds) == 0 {
		kinds = []string{"PERSON", "PERSON", "MILITARY_UNIT", "MILITARY_UNIT", "POLICE_FORCE", "CRIMINAL_GROUP", "GOVERNMENT_BODY", "ORGANIZATION", "PLACE", "PLACE", "EVENT"}
	}
	kind := w.one("kind", kinds...)
	w.kinds[id] = kind
	put := &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of("Alguien " + strconv.Itoa(i))}
	if c := w.clearance(); c != "" {
		put.Clearance = evidence.Of(c)
	}
	if identity := w.one("identity", "", "", "", "", "", "", "ALIAS_ONLY", "UNIDENTIFIED", "CLASS"); identity != "" {
		put.Identity = evidence.Of(identity)
	}
	if kind == "EVENT" {
		put.When = evidence.Of(w.one("when", "2014-09-26", "2014-09", "2013~", ""))
	}
	return put
}

// linkKinds are tried in the order drawn until one fits the ends.
var linkKinds = []string{
	"LINKED_TO", "PAYS", "COMMANDS", "LEADS", "SECOND_IN_COMMAND_OF", "MEMBER_OF", "SERVES_IN", "HOLDS_POST_IN", "SUBORDINATE_TO", "PART_OF", "BASED_IN", "LOCATED_IN",
	"OPERATES_IN", "GOVERNS", "PARTICIPATED_IN", "WITNESS_TO", "PRESENT_AT", "ALLIED_WITH", "FAMILY_OF", "SAME_AS",
}

func (w *writer) assert() *evidence.AssertLink {
	from, to := w.entity("from"), w.entity("to")
	if from == to {
		return nil
	}
	kind := "LINKED_TO"
	for range 4 {
		wished := rapid.SampledFrom(w.size.kinds).Draw(w.T, "kind")
		if k, _ := vocabulary.Standard().Link(wished); k.AllowsEnds(w.kinds[from], w.kinds[to]) {
			kind = wished
			break
		}
	}
	id := w.id("l%d", len(w.links))
	w.links = append(w.links, id)
	l := &evidence.AssertLink{ID: id, Kind: kind, From: from, To: to, Citations: w.citations(), Role: "vínculo"}
	l.Clearance = w.clearance()
	l.Valid.Since = w.one("since", "", "", "2013", "2014", "2014-09", "2014-09-26", "../2014-09-26", "2013?", "2014~", "201X", "../..", "2014/..")
	l.Valid.Until = w.one("until", "", "", "", "2014", "2014-09-26", "2014-12", "2015?", "2016", "..", "../..", "../2015", "2014-09-26/..")
	if w.in(8, "observed") {
		l.Valid.Observed = []string{w.one("on", "2014-09-26", "2014-08", "2014-09-27?")}
	}
	if l.Valid.Since == "2014-09-26" && l.Valid.Until == "2014" {
		l.Valid.Until = ""
	}
	if w.in(5, "standing") && kind != "SAME_AS" {
		l.Standing = w.one("stands", "ALLEGED", "CHARGED", "CONVICTED", "DENIED")
	}
	return l
}

func (w *writer) citations() []evidence.NewCitation {
	cites := []evidence.NewCitation{w.citation("SUPPORTS")}
	for range rapid.IntRange(0, 2).Draw(w.T, "more") {
		cites = append(cites, w.citation(w.one("stance", "SUPPORTS", "SUPPORTS", "DISPUTES", "MENTIONS")))
	}
	return cites
}

func (w *writer) citation(stance string) evidence.NewCitation {
	source := rapid.SampledFrom([]int{0, 0, 1, 1, 2, 3, 4}).Draw(w.T, "source")
	return evidence.NewCitation{Source: w.id("s%d", source), Stance: stance, Locator: "p. 1", Credibility: rapid.IntRange(1, 6).Draw(w.T, "credibility")}
}

// change makes one change to what stands.
func (w *writer) change() {
	var c evidence.Change
	link := func() evidence.ID {
		if len(w.links) == 0 {
			return w.id("l%d", 0)
		}
		return rapid.SampledFrom(w.links).Draw(w.T, "link")
	}
	switch w.one("change", "merge", "merge", "merge", "merge", "retract", "clearance", "standing", "identity") {
	case "merge":
		absorb := w.entity("absorb")
		alike := slices.DeleteFunc(slices.Clone(w.entities), func(id evidence.ID) bool { return id == absorb || w.kinds[id] != w.kinds[absorb] })
		if len(alike) == 0 {
			return
		}
		c.MergeEntities = &evidence.MergeEntities{Absorb: absorb, Into: rapid.SampledFrom(alike).Draw(w.T, "into"), Citations: w.citations()}
	case "retract":
		c.Retract = &evidence.Retract{ID: link()}
	case "clearance":
		of := link()
		switch w.one("of", "link", "link", "link", "entity", "source") {
		case "entity":
			of = w.entity("cleared")
		case "source":
			of = w.id("s%d", rapid.IntRange(0, 4).Draw(w.T, "cleared"))
		}
		c.SetClearance = &evidence.SetClearance{ID: of, Clearance: w.one("to", "PUBLIC", "RESTRICTED", "CONFIDENTIAL")}
	case "standing":
		c.SetStanding = &evidence.SetStanding{Claim: link(), Standing: w.one("standing", "REFUTED", "OFFICIALLY_FOUND"), Citation: evidence.NewCitation{Source: w.id("s%d", 0), Locator: "p. 2"}}
	default:
		c.PutEntity = &evidence.PutEntity{ID: w.entity("named"), Identity: evidence.Of(w.one("identity", "NAMED", "CLASS"))}
	}
	w.apply(c)
}

// someView draws a clearance, and now or a moment of the past.
func someView(t *rapid.T, st store.Store) evidence.View {
	v := evidence.Now(rapid.SampledFrom([]evidence.Clearance{evidence.Public, evidence.Restricted, evidence.Confidential, evidence.Confidential}).Draw(t, "clearance"))
	if rapid.IntRange(0, 2).Draw(t, "past") == 0 {
		head, err := st.Head(context.Background())
		require.NoError(t, err)
		v.KnownAt = evidence.Sequence(rapid.Uint64Range(1, uint64(head.Sequence)).Draw(t, "known at"))
	}
	return v
}

// open opens a session that lives for one property.
func open(t require.TestingT, st store.Store, view evidence.View) *trace.Session {
	s, err := trace.New(st, vocabulary.Standard(), storetest.Planner(1)).At(context.Background(), view)
	require.NoError(t, err)
	return s
}

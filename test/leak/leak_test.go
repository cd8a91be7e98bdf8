package leak_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// effort is how much of it is done on a store.
type effort struct {
	checks, steps, askings, pages int
	// again asks everything a second time, after all that was attempted.
	again bool
	// every leaves out all attempts to write but each so many-th; 0 leaves out none.
	every int
}

func TestSQLite(t *testing.T) {
	c := load(t)
	cover := newCoverage(c.schema)
	fresh := func(tb testing.TB) store.Store {
		tb.Helper()
		s, err := sqlite.Open(tb.Context(), sqlite.Memory, sqlite.Options{})
		require.NoError(tb, err)
		return s
	}
	for level, checks := range []int{evidence.Public: 2, evidence.Restricted: 1} {
		check(t, c, cover, evidence.Clearance(level), effort{checks: checks * times(t), steps: 24, askings: 6, pages: 1}, fresh)
	}
	var empty []string
	for _, point := range reachable(c.schema) {
		of, _, _ := strings.Cut(point, ".")
		if d := c.schema.Types[of]; d.Kind != ast.Object || strings.Contains(point, "(") || cover.answered[point] || slices.Contains(unanswered, of) || slices.Contains(unanswered, point) {
			continue
		}
		empty = append(empty, point)
	}
	require.Empty(t, empty, "no case got an answer with these in it, so that nothing was compared; have the plan make them, or ask otherwise")
}

// times is by how much more is tried than what fits into a run of all tests: with
// VINCULO_LEAK_TIMES=20 some hundred plans.
func times(t *testing.T) int {
	t.Helper()
	set := os.Getenv("VINCULO_LEAK_TIMES")
	if set == "" {
		return 1
	}
	n, err := strconv.Atoi(set)
	require.NoError(t, err, "VINCULO_LEAK_TIMES")
	return n
}

// unanswered are what nobody but an administrator is answered, what only an
// erasure gives, and why a search in a graph far larger than these ends.
var unanswered = []string{
	"Paths.truncatedBy", "Duplicates.truncatedBy", "SearchHitConnection.truncatedBy",
	"Token", "TokenEdge", "TokenConnection", "CreatedToken", "Query.tokens", "Mutation.createToken", "Mutation.revokeToken", "Proposal.erased",
}

func TestNeo4j(t *testing.T) {
	uri := neo4jtest.Fresh(t)
	driver := neo4jtest.Driver(t)
	empty := func(tb testing.TB) store.Store {
		tb.Helper()
		require.NoError(tb, neo4jtest.Empty(tb.Context(), driver))
		s, err := neo4j.Open(tb.Context(), uri, neo4j.Options{})
		require.NoError(tb, err)
		return s
	}
	// What a store does not tell apart is tried on the other one.
	check(t, load(t), nil, evidence.Public, effort{checks: times(t), steps: 10, askings: 1, every: 4}, empty)
}

// check runs the property on random plans, from a set seed unless another is
// given on the command line.
func check(t *testing.T, c *cases, cover *coverage, level evidence.Clearance, much effort, empty func(testing.TB) store.Store) {
	t.Helper()
	set := func(name, value string) {
		f := flag.Lookup(name)
		old := f.Value.String()
		require.NoError(t, f.Value.Set(value))
		t.Cleanup(func() { _ = f.Value.Set(old) })
	}
	set("rapid.checks", strconv.Itoa(much.checks))
	set("rapid.nofailfile", "true")
	set("rapid.shrinktime", "8s")
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		set("rapid.seed", "20140926")
	}
	written, planned := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		p := draw(r, level, much.steps)
		fresh := func(hidden bool) *world {
			s := empty(t)
			w := newWorld(t, c, cover, s, p)
			w.play(p, hidden)
			return w
		}
		without := fresh(false)
		without.answer(p, much, false)
		require.NoError(r, without.st.Close())
		with := fresh(true)
		if !slices.Equal(without.came, with.came) {
			// Who sees everything is refused what does not go with something hidden.
			// Then the two worlds differ in what everybody sees.
			require.NoError(r, with.st.Close())
			r.Skipf("what everybody is to see came out differently\nwithout: %q\nwith:    %q", without.came, with.came)
		}
		defer func() { require.NoError(r, with.st.Close()) }()
		with.answer(p, much, true)
		compare(r, without.answers, with.answers)
		written += with.hidden
		for _, s := range p.steps {
			if s.hidden && s.undone == 0 && s.erased == "" {
				planned++
			}
		}
		with.raise(r, p, much)
		with.raiseName(r)
	})
	t.Logf("%d of %d hidden steps were written", written, planned)
	require.Greater(t, written*2, planned, "most hidden steps were refused, so that little was hidden")
}

// compare requires that two worlds answered alike; it tells of the first
// operations that do not.
func compare(r *rapid.T, without, with []answer) {
	told := map[string]bool{}
	var differ strings.Builder
	for i := range min(len(without), len(with)) {
		a, b := without[i].String(), with[i].String()
		if a == b || told[without[i].to] || len(told) == 5 {
			continue
		}
		told[without[i].to] = true
		fmt.Fprintf(&differ, "answer %d, to %s\n", i, difference(a, b))
	}
	if differ.Len() > 0 {
		r.Fatalf("what is hidden shows in these answers:\n%s", &differ)
	}
	require.Len(r, with, len(without), "how many answers there are")
}

// difference shows two texts around the place where they begin to differ.
func difference(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	asked, _, _ := strings.Cut(a, "\n")
	const before, after = 400, 600
	excerpt := func(s string) string {
		return strings.ToValidUTF8(s[max(0, at-before):at]+"▶"+s[at:min(len(s), at+after)], "")
	}
	return fmt.Sprintf("%s\n  without: %s\n  with:    %s\n", asked, excerpt(a), excerpt(b))
}

// answer asks everything there is, at the end of a plan.
func (w *world) answer(p *plan, much effort, hidden bool) {
	w.tb.Helper()
	w.at("asking", start.Add(12*time.Hour))
	pools := p.pools()
	w.questions(pools, much)
	w.probe(p)
	for i, id := range p.pub.all() {
		w.at(fmt.Sprintf("again-%d", i), w.now.Add(time.Second))
		if set := w.restated(id); set != nil && (much.every == 0 || i%much.every == 0) {
			w.ask("Apply", map[string]any{"changeSet": asVariable(w.tb, set)})
		}
	}
	for i, set := range append(specimens(), p.attempts()...) {
		w.at(fmt.Sprintf("attempt-%d", i), w.now.Add(time.Minute))
		if much.every > 0 && i%much.every > 0 {
			continue
		}
		with := map[string]any{"changeSet": asVariable(w.tb, set)}
		w.ask("Apply", with)
		if i < 4 {
			w.ask("ReaderWrites", with)
			w.ask("ReaderProposes", with)
			w.ask("ContributorApplies", with)
		}
		w.ask("Propose", with)
	}
	w.deposit(hidden)
	w.fetch(sumOf("aa"), sumOf("bb"), sumOf("cc"), "nothing")
	for i, o := range w.cases.list {
		w.at(o.Name, w.now.Add(time.Minute))
		switch {
		case o.Operation == ast.Subscription:
			for j := range 3 {
				w.follow(o, i*10+j, variables(o, pools, j), hidden)
			}
		case o.takes("document"):
			w.attach(o, p, pools)
		case o.Operation == ast.Mutation && !o.takes("changeSet"):
			w.reviews(o, pools)
		}
	}
	if much.again {
		w.questions(pools, effort{askings: 1, pages: much.pages})
	}
}

// probe has the editor do all they can with the claim of plan.prop, which only
// something hidden keeps up.
func (w *world) probe(p *plan) {
	w.tb.Helper()
	numbers := w.numbers()
	changed := func(expected uint64, c evidence.Change) *evidence.ChangeSet {
		set := &evidence.ChangeSet{Reason: "a probe", Changes: []evidence.Change{c}}
		if expected > 0 {
			set.ExpectedRevision = &expected
		}
		return set
	}
	undo := func(reason string) *evidence.ChangeSet {
		return changed(0, evidence.Change{Undo: &evidence.Undo{Revision: numbers[reason]}})
	}
	claim, support := p.probed.ID, p.probed.Citations[0]
	again, other, elsewhere := *p.probed, *p.probed, support
	other.Role, elsewhere.Locator = "otro", "p. 8"
	cited := func(c evidence.NewCitation) evidence.Change {
		return evidence.Change{Cite: &evidence.Cite{Claim: claim, Citation: c}}
	}
	charged := evidence.Change{SetStanding: &evidence.SetStanding{Claim: claim, Standing: "REFUTED", Citation: evidence.NewCitation{Source: support.Source, Locator: "p. 9"}}}
	denied := evidence.Change{AssertLink: &evidence.AssertLink{ID: editorPrefix + "denied", Kind: "DENIES", From: p.probed.From, To: p.probed.To, About: claim, Citations: []evidence.NewCitation{{Source: support.Source, Locator: "p. 3"}}}}
	for i, set := range []*evidence.ChangeSet{
		undo(propping), undo(charging), changed(0, evidence.Change{AssertLink: &again}), changed(0, evidence.Change{AssertLink: &other}),
		changed(numbers[charging], evidence.Change{AssertLink: &again}), changed(0, cited(support)), changed(0, cited(elsewhere)),
		changed(0, evidence.Change{Retract: &evidence.Retract{ID: claim}}), changed(0, evidence.Change{Retract: &evidence.Retract{ID: support.ID}}), changed(0, charged),
		changed(0, evidence.Change{PutEntity: &evidence.PutEntity{ID: claim, Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}),
		undo(unpropping), changed(numbers[unpropping], charged), undo(charging), undo(unpropping), undo(propping), changed(0, denied), changed(0, charged),
		changed(0, evidence.Change{Retract: &evidence.Retract{ID: support.ID}}), undo(unpropping), undo(propping), changed(0, evidence.Change{AssertLink: &again}),
	} {
		w.at(fmt.Sprintf("probe-%d", i), w.now.Add(time.Minute))
		w.ask("Apply", map[string]any{"changeSet": asVariable(w.tb, set)})
		for _, id := range []evidence.ID{claim, editorPrefix + "denied"} {
			w.ask("LinkByID", map[string]any{"link": string(id), "entity": string(p.probed.From)})
		}
	}
}

// numbers are those of the revisions of plan.prop, by their reasons, as the editor
// counts them.
func (w *world) numbers() map[string]uint64 {
	r, err := store.Read(w.tb.Context(), w.st, evidence.Now(w.level), w.tracer.Vocabulary())
	require.NoError(w.tb, err)
	defer r.Close() //nolint:errcheck // nothing was written
	numbers := map[string]uint64{}
	for rev, err := range r.Revisions(w.tb.Context(), store.RevisionQuery{Newest: true, Limit: 10, Leaves: true}) {
		require.NoError(w.tb, err)
		meta, err := rev.Meta()
		require.NoError(w.tb, err)
		numbers[meta.Reason] = max(numbers[meta.Reason], rev.Numbers[w.level])
	}
	return numbers
}

// attach offers documents: for a source that is seen, hidden or none, what nobody
// has, what a hidden source has, and both again.
func (w *world) attach(o *operation, p *plan, pools map[string][]any) {
	for i, source := range []evidence.ID{p.pub.sources[1], p.sec.sources[0], p.pub.sources[1], "nobody", p.pub.sources[0], p.pub.sources[2]} {
		vars := variables(o, pools, i)
		vars["source"], vars["document"], vars["type"] = string(source), pools["document"][i%3], pools["type"][i/4%2]
		w.ask(o.Name, vars)
	}
	w.fetch(sumOf("aa"), sumOf("bb"), sumOf("cc"))
}

// reviews decides on some proposals, or asks a mutation that names none once.
func (w *world) reviews(o *operation, pools map[string][]any) {
	with := variables(o, pools, 0)
	if !o.takes("proposal") {
		w.ask(o.Name, with)
		return
	}
	for i, id := range slices.Clone(w.proposed[:min(14, len(w.proposed))]) {
		vars := variables(o, pools, i)
		vars["proposal"] = id
		w.ask(o.Name, vars)
		w.answers[len(w.answers)-1].with["proposal"] = i
	}
	w.ask(o.Name, map[string]any{"proposal": w.proposed[len(w.proposed)-1], "decision": "REJECT", "reason": "no"})
	w.answers[len(w.answers)-1].with["proposal"] = "the last"
	sound := &evidence.ChangeSet{Reason: "sound", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{Kind: evidence.Of("PERSON"), Name: evidence.Of("Propuesta")}}}}
	w.ask("Propose", map[string]any{"changeSet": asVariable(w.tb, sound)})
	w.ask(o.Name, map[string]any{"proposal": w.proposed[len(w.proposed)-1], "decision": "ACCEPT", "reason": "yes"})
	w.answers[len(w.answers)-1].with["proposal"] = "a sound one"
}

// cursors find where the next page begins, and where the one before ends.
var cursors = map[string]*regexp.Regexp{
	"after":  regexp.MustCompile(`"hasNextPage":true,[^}]*"endCursor":"([^"]+)"`),
	"before": regexp.MustCompile(`"hasPreviousPage":true,"startCursor":"([^"]+)"`),
}

// questions asks every query, page by page where it takes a cursor.
func (w *world) questions(pools map[string][]any, much effort) {
	w.tb.Helper()
	for _, o := range w.cases.list {
		if o.Operation != ast.Query {
			continue
		}
		askings := much.askings
		if len(o.VariableDefinitions) == 0 {
			askings = 1
		}
		for i := range askings {
			with := variables(o, pools, i)
			data := string(w.ask(o.Name, with).Data)
			for range much.pages {
				next := map[string]any{}
				for name, value := range with {
					next[name] = value
				}
				for name, pattern := range cursors {
					if found := pattern.FindStringSubmatch(data); found != nil && o.takes(name) {
						next[name] = found[1]
						break
					}
				}
				if len(next) == len(with) && next["after"] == with["after"] && next["before"] == with["before"] {
					break
				}
				with = next
				data = string(w.ask(o.Name, with).Data)
			}
		}
	}
}

// raise raises some records that everybody saw, and requires that no answer has
// a trace of them, at any moment.
func (w *world) raise(r *rapid.T, p *plan, much effort) {
	w.tb.Helper()
	w.planner.CascadeLimit = 10_000
	var raised []evidence.ID
	for i, id := range slices.Concat(p.pub.entities[:4], p.pub.sources[:2], p.pub.links[:4], p.pub.statements[:1], p.pub.citations[4:7]) {
		if i%3 != p.limit%3 {
			continue
		}
		w.at("raise", w.now.Add(time.Minute))
		err := w.write(&evidence.ChangeSet{Reason: "raised", Changes: []evidence.Change{{SetClearance: &evidence.SetClearance{ID: id, Clearance: "CONFIDENTIAL"}}}})
		if err == nil {
			raised = append(raised, id)
		}
	}
	var gone []evidence.ID
	for _, id := range raised {
		gone = append(gone, p.gone(id)...)
	}
	w.answers = nil
	w.questions(p.pools(), effort{askings: much.askings, pages: min(1, much.pages)})
	for _, a := range w.answers {
		if a.to == "Proposals" || a.to == "ProposalsToReview" {
			continue // what their author once wrote of it
		}
		told := a.data + decoded(a.data)
		asked := a.String()[:len(a.String())-len(a.data)-len(a.errors)]
		for _, id := range gone {
			for _, trace := range []string{string(id), mark(id)} {
				if strings.Contains(told, trace) || strings.Contains(a.errors, trace) && !strings.Contains(asked, trace) {
					r.Fatalf("%s was raised (%v), and %q is still told: %s", id, raised, trace, a)
				}
			}
		}
	}
}

// raiseName has a name that was proposed and accepted raised, and requires that no
// answer tells it, nor why it was given: not to who proposed it either.
func (w *world) raiseName(r *rapid.T) {
	w.tb.Helper()
	const id, name = editorPrefix + "raised", "zqxraised"
	put := func(reason string, names ...evidence.NewName) *evidence.ChangeSet {
		return &evidence.ChangeSet{Reason: reason, Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("Nadie"), Names: evidence.Of(names)}}}}
	}
	w.at("named", w.now.Add(time.Minute))
	w.ask("Apply", map[string]any{"changeSet": asVariable(w.tb, put("somebody"))})
	w.at("renamed", w.now.Add(time.Minute))
	w.ask("Propose", map[string]any{"changeSet": asVariable(w.tb, put(name+" is their name", evidence.NewName{Text: name}))})
	w.ask("Review", map[string]any{"proposal": w.proposed[len(w.proposed)-1], "decision": "ACCEPT"})
	require.Contains(w.tb, w.answers[len(w.answers)-1].data, "ACCEPTED")
	w.at("raised name", w.now.Add(time.Minute))
	require.NoError(w.tb, w.write(put("raised", evidence.NewName{Text: name, Clearance: "CONFIDENTIAL"})))
	w.answers = nil
	for _, asked := range []struct {
		to   string
		with map[string]any
	}{
		{"Revisions", map[string]any{"newest": true}}, {"DiffOfAll", nil}, {"History", map[string]any{"node": id}}, {"Proposals", nil}, {"ProposalsToReview", nil},
		{"EntityByID", map[string]any{"entity": id}}, {"Search", map[string]any{"text": name, "unidentified": true}},
	} {
		a := w.ask(asked.to, asked.with)
		require.Empty(w.tb, a.Errors, asked.to)
		if strings.Contains(string(a.Data), name) {
			r.Fatalf("a name that was raised is still told: %s", w.answers[len(w.answers)-1])
		}
	}
}

var encoded = regexp.MustCompile(`ursor":"([A-Za-z0-9_-]+)"`)

// decoded are the cursors of an answer in plain text.
func decoded(data string) string {
	var out strings.Builder
	for _, found := range encoded.FindAllStringSubmatch(data, -1) {
		if plain, err := base64.RawURLEncoding.DecodeString(found[1]); err == nil {
			out.Write(plain)
			out.WriteByte(' ')
		}
	}
	return out.String()
}

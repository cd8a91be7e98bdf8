package leak_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	domain "github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/server"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// Who asks and who writes. The one who is cleared for everything has the name of
// the editor: one person may hold a token of each clearance.
var (
	reader      = access.Identity{Name: "lectora", Subject: "lectora"}
	contributor = access.Identity{Name: "Íñigo", Role: access.Contributor, Subject: "iñigo", IDPrefix: editorPrefix}
	editor      = access.Identity{Name: "Ana Núñez", Role: access.Editor, Subject: "ana", IDPrefix: editorPrefix}
	top         = access.Identity{Name: "Ana Núñez", Role: access.Admin, Subject: "ana, archive", Clearance: evidence.Confidential}
)

var identities = map[string]access.Identity{"reader": reader, "contributor": contributor, "editor": editor}

// who is somebody who asks, cleared as the plan says.
func (w *world) who(role string) access.Identity {
	who := identities[role]
	who.Clearance = w.level
	return who
}

// world is one graph with everything that was answered in it.
type world struct {
	tb      testing.TB
	cases   *cases
	cover   *coverage // nil: not noted
	st      store.Store
	level   evidence.Clearance
	blobs   blob.Store
	web     *server.Server
	planner *evidence.Planner
	tracer  *trace.Tracer
	shelf   *proposal.Service
	exec    *executor.Executor
	step    string
	now     time.Time
	made    int
	answers []answer
	hidden  int            // hidden steps that were written
	wrote   map[int]uint64 // the numbers of their revisions, as those count who see everything
	came    []string       // what the open steps of the one who sees everything came to
	// proposed are the ids of proposals; the first is one of somebody else's.
	proposed []string
}

// answer is one response with what it answers.
type answer struct {
	to   string
	with map[string]any
	data string
	// errors are written apart: their words repeat what was asked.
	errors string
}

func (a answer) String() string {
	with, _ := json.Marshal(a.with) //nolint:errchkjson // it came from JSON
	return fmt.Sprintf("%s %s\n%s\n%s", a.to, with, a.data, a.errors)
}

func newWorld(tb testing.TB, c *cases, cover *coverage, st store.Store, p *plan) *world {
	tb.Helper()
	w := &world{tb: tb, cases: c, cover: cover, st: st, level: p.level, now: start, wrote: map[int]uint64{}}
	var salts uint64
	w.planner = &evidence.Planner{
		Vocabulary: vocabulary.Standard(), CascadeLimit: p.limit, MaxChanges: 100,
		Now: func() time.Time { return w.now },
		NewID: func() evidence.ID {
			w.made++
			return evidence.ID(fmt.Sprintf("made-%s-%d", w.step, w.made))
		},
		NewSalt: func() (salt [16]byte) {
			salts++
			binary.BigEndian.PutUint64(salt[:], salts)
			return salt
		},
	}
	var err error
	w.blobs, err = blob.OpenDir(tb.TempDir())
	require.NoError(tb, err)
	kept := archive.New(st, w.planner, &domain.Service{Blobs: w.blobs, Extract: extractor}, zerolog.Nop())
	w.tracer = trace.New(st, vocabulary.Standard(), w.planner)
	shelf, ok := st.(store.Shelf)
	require.True(tb, ok)
	w.shelf = proposal.New(shelf, proposal.Over(st, w.planner, w.tracer.Apply))
	schema, err := graph.New(graph.Options{Tracer: w.tracer, Proposals: w.shelf, Captures: kept})
	require.NoError(tb, err)
	w.exec = executor.New(schema)
	w.exec.SetErrorPresenter(graph.ErrorPresenter)
	w.exec.SetRecoverFunc(graph.RecoverFunc)
	cache := graphql.MapCache[*ast.QueryDocument]{}
	w.exec.SetQueryCache(cache)
	w.web, err = server.New(server.Config{Schema: schema, Captures: kept, Access: w})
	require.NoError(tb, err)
	return w
}

// extractor reads the documents, which are plain text.
var extractor = extract.New(extract.Limits{})

// Authenticate implements server.Authenticator: everybody is the reader.
func (w *world) Authenticate(*http.Request) (access.Identity, error) { return w.who("reader"), nil }

// Init implements server.Authenticator.
func (w *world) Init(*http.Request, json.RawMessage) (access.Identity, error) {
	return w.who("reader"), nil
}

// Confirm implements server.Authenticator: the reader stays.
func (w *world) Confirm(*http.Request, access.Identity) error { return nil }

// Count implements server.Authenticator: the reader asks as often as they like.
func (w *world) Count(*http.Request, access.Identity) error { return nil }

// Address implements server.Authenticator: there is one reader.
func (w *world) Address(*http.Request) netip.Addr { return netip.Addr{} }

// fetch asks for captures over HTTP, and keeps all of each response but its time.
func (w *world) fetch(sums ...string) {
	w.tb.Helper()
	for _, sum := range sums {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r := httptest.NewRequestWithContext(w.tb.Context(), method, "http://127.0.0.1/captures/"+sum, http.NoBody)
			out := httptest.NewRecorder()
			w.web.ServeHTTP(out, r)
			for _, differs := range []string{"Date", "X-Request-Id"} {
				out.Header().Del(differs)
			}
			head, err := json.Marshal(out.Header())
			require.NoError(w.tb, err)
			w.answers = append(w.answers, answer{to: method + " /captures", with: map[string]any{"sha256": sum}, data: fmt.Sprintf("%d %s %s", out.Code, head, out.Body)})
		}
	}
}

// store keeps the bytes of the captures that a change set attaches.
func (w *world) store(set *evidence.ChangeSet) {
	w.tb.Helper()
	for _, c := range set.Changes {
		if c.AttachCapture == nil {
			continue
		}
		for name, text := range documents {
			if sumOf(name) == c.AttachCapture.Capture.SHA256 {
				_, _, err := w.blobs.Put(w.tb.Context(), strings.NewReader(text), 1<<20)
				require.NoError(w.tb, err)
			}
		}
	}
}

// at begins a step: its clock and the ids that it makes follow from its name.
func (w *world) at(step string, now time.Time) { w.step, w.now, w.made = step, now, 0 }

// play writes the history of a plan, with the hidden steps or without.
func (w *world) play(p *plan, hidden bool) {
	w.tb.Helper()
	for i, s := range p.steps {
		w.at(fmt.Sprint(i), s.at)
		set := s.set
		switch {
		case s.hidden && !hidden:
			continue
		case s.restate != "":
			set = w.restated(s.restate)
		case s.named != "":
			set = w.withName(s)
		case s.derived != "":
			set = w.withParent(s.derived, s.addition)
		case s.erased != "":
			w.erase(s.erased, s.hidden)
			continue
		case s.undone > 0 && w.wrote[s.undone-1] > 0:
			set = &evidence.ChangeSet{Reason: "not for everybody", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: w.wrote[s.undone-1]}}}}
		case s.undone > 0:
			continue
		case s.undoes != "":
			set = &evidence.ChangeSet{Reason: "undone", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: w.numbers()[s.undoes]}}}}
		}
		if set == nil {
			continue
		}
		w.store(set)
		if s.editor {
			w.planner.CascadeLimit = p.limit
			w.ask("Apply", map[string]any{"changeSet": asVariable(w.tb, set)})
			continue
		}
		w.planner.CascadeLimit = 10_000
		if s.more != nil && hidden {
			more := *set
			s.more(&more)
			if err := w.write(&more); err == nil {
				w.hidden++
				w.came = append(w.came, fmt.Sprintf("step %d written: %t", i, true))
				continue
			}
		}
		before := w.head()
		err := w.write(set)
		if !s.hidden {
			w.came = append(w.came, fmt.Sprintf("step %d written: %t", i, err == nil))
			continue
		}
		if after := w.head(); after.Sequence > before.Sequence { // or it said nothing new
			w.hidden++
			w.wrote[i] = after.Latest[evidence.Confidential]
		}
	}
	w.planner.CascadeLimit = p.limit
}

func (w *world) head() evidence.Head {
	w.tb.Helper()
	head, err := w.st.Head(w.tb.Context())
	require.NoError(w.tb, err)
	return head
}

// erase destroys a record, where it was written.
func (w *world) erase(id evidence.ID, hidden bool) {
	w.tb.Helper()
	_, err := erasure.Run(w.tb.Context(), w.st, w.planner, erasure.Order{Author: top.Author(), Ground: "order 7", IDs: []evidence.ID{id}})
	if evidence.CodeOf(err) != evidence.UnknownID {
		require.NoError(w.tb, err)
	}
	if err == nil && hidden {
		w.hidden++
	}
}

func (w *world) write(set *evidence.ChangeSet) error {
	_, err := w.tracer.Apply(w.tb.Context(), top.Author(), set)
	return err
}

// read gives a record as a clearance sees it; nil where it does not.
func (w *world) read(c evidence.Clearance, id evidence.ID) *evidence.Record {
	r, err := store.Read(w.tb.Context(), w.st, evidence.Now(c), vocabulary.Standard())
	require.NoError(w.tb, err)
	defer r.Close() //nolint:errcheck // nothing was written
	found, err := r.Get(w.tb.Context(), []evidence.ID{id})
	require.NoError(w.tb, err)
	return found[id]
}

// restated is the change set of an editor who writes again what they read.
func (w *world) restated(id evidence.ID) *evidence.ChangeSet {
	seen := func(ids []evidence.ID) []evidence.ID {
		var out []evidence.ID
		for _, id := range ids {
			if w.read(w.level, id) != nil {
				out = append(out, id)
			}
		}
		return out
	}
	cs := &evidence.ChangeSet{Reason: "again"}
	switch r := w.read(w.level, id); {
	case r == nil:
		return nil
	case r.Source() != nil:
		x := r.Source()
		cs.Changes = []evidence.Change{{PutSource: &evidence.PutSource{ID: id, Title: evidence.Of(x.Title), DerivedFrom: evidence.Of(seen(x.DerivedFrom))}}}
	case r.Entity() != nil:
		put := &evidence.PutEntity{ID: id, Name: evidence.Of(r.Entity().PrimaryName())}
		put.Names = evidence.Of([]evidence.NewName{})
		for _, n := range r.Entity().VisibleNames(w.level)[1:] {
			put.Names.Value = append(put.Names.Value, evidence.NewName{Text: n.Text, Type: n.Type.String(), Language: n.Language, Sources: seen(n.Sources)})
		}
		cs.Changes = []evidence.Change{{PutEntity: put}}
	case r.Claim() != nil:
		x := r.Claim()
		about := append(seen([]evidence.ID{x.About}), "")[0]
		valid := evidence.ValidTime{Since: x.Since, Until: x.Until, Observed: x.Observed}
		citations := w.citations(id)
		for i := range citations {
			citations[i].AssertedBy = asRead(citations[i].AssertedBy, seen)
		}
		if x.Of == evidence.LinkRecord {
			cs.Changes = []evidence.Change{{AssertLink: &evidence.AssertLink{
				ID: id, Kind: x.Kind, From: x.From, To: x.To, Role: x.Role, Summary: x.Summary, Valid: valid, Standing: x.Standing[0].Standing.String(), About: about, Clearance: x.Clearance.String(), Citations: citations,
			}}}
		} else {
			cs.Changes = []evidence.Change{{AssertStatement: &evidence.AssertStatement{
				ID: id, Entity: x.From, Attribute: x.Kind, Value: x.Value, Summary: x.Summary, Valid: valid, Standing: x.Standing[0].Standing.String(), About: about, Clearance: x.Clearance.String(), Citations: citations,
			}}}
		}
	case r.Citation() != nil:
		cited := newCitation(r.Citation())
		cited.AssertedBy = asRead(cited.AssertedBy, seen)
		cs.Changes = []evidence.Change{{Cite: &evidence.Cite{Claim: r.Citation().Claim, Citation: cited}}}
	}
	return cs
}

// citations are what a clearance sees of those of a claim.
func (w *world) citations(claim evidence.ID) []evidence.NewCitation {
	r, err := store.Read(w.tb.Context(), w.st, evidence.Now(w.level), vocabulary.Standard())
	require.NoError(w.tb, err)
	defer r.Close() //nolint:errcheck // nothing was written
	var cited []evidence.NewCitation
	for f, err := range r.Find(w.tb.Context(), store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{claim}, Kinds: []string{"SUPPORTS"}, Limit: 10}) {
		require.NoError(w.tb, err)
		cited = append(cited, newCitation(f.Record.Citation()))
	}
	return cited
}

func newCitation(c *evidence.Citation) evidence.NewCitation {
	out := evidence.NewCitation{
		ID: c.ID, Source: c.Source, Stance: c.Stance.String(), Locator: c.Locator, Quote: c.Quote, Credibility: c.Credibility.Grade(),
		StandingInSource: c.StandingInSource, Note: c.Note, Clearance: c.Clearance.String(),
	}
	if c.AsserterWords != "" || c.AsserterEntity != "" {
		out.AssertedBy = &evidence.Asserter{Words: c.AsserterWords, Entity: c.AsserterEntity}
	}
	return out
}

// asRead is who asserts something, without an entity that is not seen.
func asRead(by *evidence.Asserter, seen func([]evidence.ID) []evidence.ID) *evidence.Asserter {
	if by == nil || by.Entity == "" || len(seen([]evidence.ID{by.Entity})) > 0 {
		return by
	}
	if by.Words == "" {
		return nil
	}
	return &evidence.Asserter{Words: by.Words}
}

// withName adds, between the names of an entity, one that is not for everybody,
// and a source to one that is.
func (w *world) withName(s *step) *evidence.ChangeSet {
	id, source := s.named, s.addition
	r := w.read(evidence.Confidential, id)
	if r == nil || w.read(evidence.Confidential, source) == nil {
		return nil
	}
	names := []evidence.NewName{{Text: s.called, Clearance: "CONFIDENTIAL", Sources: []evidence.ID{source}}}
	for i, n := range r.Entity().Names[1:] {
		name := evidence.NewName{Text: n.Text, Type: n.Type.String(), Language: n.Language, Clearance: n.Clearance.String(), Sources: n.Sources}
		if i == 0 {
			name.Sources = append([]evidence.ID{source}, n.Sources...)
		}
		names = append(names, name)
	}
	return &evidence.ChangeSet{Reason: "a name", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Names: evidence.Of(names)}}}}
}

func (w *world) withParent(id, source evidence.ID) *evidence.ChangeSet {
	r := w.read(evidence.Confidential, id)
	if r == nil {
		return nil
	}
	return &evidence.ChangeSet{Reason: "an origin", Changes: []evidence.Change{{PutSource: &evidence.PutSource{
		ID: id, DerivedFrom: evidence.Of(append([]evidence.ID{source}, r.Source().DerivedFrom...)),
	}}}}
}

// asVariable is a change set as a client sends it.
func asVariable(tb testing.TB, cs *evidence.ChangeSet) any {
	tb.Helper()
	text, err := json.Marshal(cs)
	require.NoError(tb, err)
	decoder := json.NewDecoder(strings.NewReader(strings.ReplaceAll(string(text), `"longitude":-99.54,"source"`, `"longitude":-99.54,"readFrom"`)))
	decoder.UseNumber()
	var out any
	require.NoError(tb, decoder.Decode(&out))
	return out
}

// start begins an operation as whoever its file says asks.
func (w *world) start(ctx context.Context, o *operation, with map[string]any) (graphql.ResponseHandler, context.Context, *graphql.Response) {
	ctx = access.With(graphql.StartOperationTrace(ctx), w.who(o.by))
	vars := map[string]any{}
	for name, value := range with {
		vars[name] = value
	}
	operation, faults := w.exec.CreateOperationContext(ctx, &graphql.RawParams{Query: w.cases.text, OperationName: o.Name, Variables: vars})
	if len(faults) > 0 {
		return nil, nil, w.exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
	}
	handler, ctx := w.exec.DispatchOperation(ctx, operation)
	return handler, ctx, nil
}

// ask runs an operation and keeps its answer.
func (w *world) ask(name string, with map[string]any) *graphql.Response {
	w.tb.Helper()
	o := w.cases.byName[name]
	handler, ctx, response := w.start(w.tb.Context(), o, with)
	if handler != nil {
		response = handler(ctx)
	}
	w.keep(o, with, response)
	return response
}

func (w *world) keep(o *operation, with map[string]any, r *graphql.Response) {
	w.tb.Helper()
	a := answer{to: o.Name, with: map[string]any{}, data: w.plain(string(r.Data))}
	for name, value := range with {
		if text, ok := value.(string); ok {
			value = w.plain(text)
		}
		a.with[name] = value
	}
	if len(r.Errors) > 0 {
		var each []string // fields are resolved at once: their errors come in any order
		for _, e := range r.Errors {
			text, err := json.Marshal(e)
			require.NoError(w.tb, err)
			each = append(each, string(text))
		}
		slices.Sort(each)
		a.errors = w.plain(strings.Join(each, "\n"))
	}
	w.answers = append(w.answers, a)
	if w.cover != nil {
		root := map[ast.Operation]*ast.Definition{ast.Query: w.cases.schema.Query, ast.Mutation: w.cases.schema.Mutation, ast.Subscription: w.cases.schema.Subscription}[o.Operation]
		w.cover.answer(w.tb, root, o.SelectionSet, r.Data)
	}
}

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// when finds the times of the real clock, which proposals go by.
	when = regexp.MustCompile(`"(created|at|storedAt)":"20[0-9T:.-]+Z"`)
)

// plain puts in place of what is random in proposals, ids and times, what does
// not differ between two worlds.
func (w *world) plain(text string) string {
	for _, id := range uuids.FindAllString(text, -1) {
		w.propose(id)
	}
	for i, id := range w.proposed {
		as := fmt.Sprintf("proposal %d", i)
		text = strings.ReplaceAll(text, id, as)
		text = strings.ReplaceAll(text, base64.RawURLEncoding.EncodeToString([]byte("proposals\x00"+id)), as)
	}
	return when.ReplaceAllString(text, `"$1":"then"`)
}

func (w *world) propose(id string) {
	if !slices.Contains(w.proposed, id) {
		w.proposed = append(w.proposed, id)
	}
}

// deposit has a proposal that the editor may not know of made, or only its id.
func (w *world) deposit(hidden bool) {
	w.tb.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	if hidden {
		w.at("deposit", w.now)
		p, err := w.shelf.Propose(w.tb.Context(), top, &evidence.ChangeSet{Reason: "not for everybody", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{Kind: evidence.Of("PERSON"), Name: evidence.Of("zqxproposed"), Clearance: evidence.Of("CONFIDENTIAL")}}}})
		require.NoError(w.tb, err)
		id = p.ID
	}
	w.propose(id)
}

// follow subscribes from a revision on, has one hidden and one open revision
// written, and keeps all that it is told until the open one.
func (w *world) follow(o *operation, round int, with map[string]any, hidden bool) {
	w.tb.Helper()
	ctx, stop := context.WithTimeout(w.tb.Context(), 20*time.Second)
	defer stop()
	handler, ctx, response := w.start(ctx, o, with)
	if handler == nil {
		w.keep(o, with, response)
		return
	}
	name := fmt.Sprintf("follow-%d", round)
	if hidden {
		w.at(name+"-hidden", w.now.Add(time.Second))
		require.NoError(w.tb, w.write(&evidence.ChangeSet{Reason: "not for everybody", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{Kind: evidence.Of("PERSON"), Name: evidence.Of("zqxfollowed"), Clearance: evidence.Of((w.level + 1).String())}}}}))
	}
	w.at(name, start.Add(24*time.Hour+time.Duration(round)*time.Minute))
	require.NoError(w.tb, w.write(&evidence.ChangeSet{Reason: name, Changes: []evidence.Change{{PutSource: &evidence.PutSource{ID: evidence.ID(name), Kind: evidence.Of("NEWS"), Title: evidence.Of(name), URL: evidence.Of("https://example.org/" + name)}}}}))
	for {
		r := handler(ctx)
		require.NotNil(w.tb, r, "the subscription ended before the last revision was told")
		w.keep(o, with, r)
		if len(r.Errors) > 0 || strings.Contains(string(r.Data), `"`+name+`"`) {
			return
		}
	}
}

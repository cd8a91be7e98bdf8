package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// faults are errors as "CODE path".
func faults(errs gqlerror.List) []string {
	out := make([]string, len(errs))
	for i, e := range errs {
		out[i] = strings.TrimSpace(fmt.Sprintf("%v %v", e.Extensions["code"], e.Extensions["path"]))
		out[i] = strings.TrimSuffix(out[i], " <nil>")
	}
	return out
}

func TestEveryFaultOfAChangeSetIsTold(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	for name, c := range map[string]struct {
		vars string
		want []string
	}{
		"all at once": {`{"cs": {"reason": "many faults", "changes": [
			{"putEntity": {"id": "x", "kind": "PERSON", "name": "Equis", "when": "yesterday"}},
			{"assertLink": {"id": "l2", "kind": "COMMANDS", "from": "p1", "to": "u1", "citations": []}},
			{"assertLink": {"id": "l3", "kind": "COMMANDS", "from": "nobody", "to": "u1", "citations": [{"source": "s1", "locator": "1"}]}},
			{"assertLink": {"id": "l4", "kind": "COMMANDS", "from": "p1", "to": "u1", "valid": {"since": "2014-13"}, "citations": [{"source": "s1", "locator": "1"}]}},
			{"assertLink": {"id": "l5", "kind": "COMMANDS", "from": "u1", "to": "p1", "citations": [{"source": "s1", "locator": "1"}]}},
			{"assertLink": {"id": "l1", "kind": "COMMANDS", "from": "p1", "to": "u1", "citations": [{"source": "s1", "locator": "another"}]}},
			{"cite": {"claim": "l1", "citation": {"source": "nothing", "locator": "1"}}}]}}`,
			[]string{
				"INVALID_DATE changes[0].putEntity.when", "UNCITED_CLAIM changes[1].assertLink.citations", "UNKNOWN_ID changes[2].assertLink.from",
				"INVALID_DATE changes[3].assertLink.valid.since", "INVALID_ENDS changes[4].assertLink.kind", "DUPLICATE_ID changes[5].assertLink.id",
				"UNKNOWN_ID changes[6].cite.citation.source",
			}},
		"none given":      {`{"cs": {"reason": "r", "changes": [{}]}}`, []string{"INVALID_INPUT changes[0]"}},
		"two given":       {`{"cs": {"reason": "r", "changes": [{"retract": {"id": "l1"}, "undo": {"revision": 1}}]}}`, []string{"INVALID_INPUT changes[0]"}},
		"null beside one": {`{"cs": {"reason": "r", "changes": [{"retract": {"id": "l1"}, "undo": null}]}}`, []string{"INVALID_INPUT changes[0].undo"}},
		"no reason":       {`{"cs": {"reason": " ", "changes": [{"retract": {"id": "l1"}}]}}`, []string{"INVALID_INPUT reason"}},
		"no changes":      {`{"cs": {"reason": "r", "changes": []}}`, []string{"INVALID_INPUT changes"}},
		"key used":        {`{"cs": {"reason": "r", "idempotencyKey": "2026-11-23/1", "changes": [{"retract": {"id": "l1"}}]}}`, []string{"CONFLICT idempotencyKey"}},
		"negative":        {`{"cs": {"reason": "r", "expectedRevision": -1, "changes": [{"undo": {"revision": -7}}]}}`, []string{"INVALID_INPUT expectedRevision", "INVALID_INPUT changes[0].undo.revision"}},
		"what cannot be read among the rest": {`{"cs": {"reason": "r", "expectedRevision": -1, "changes": [{"undo": {"revision": -7}}, {"retract": null}, {"retract": {"id": "nobody"}},
			{"putEntity": {"id": "z", "kind": "PERSON", "name": "", "when": "soon"}}]}}`,
			[]string{
				"INVALID_INPUT expectedRevision", "INVALID_INPUT changes[0].undo.revision", "INVALID_INPUT changes[1].retract", "UNKNOWN_ID changes[2].retract.id",
				"INVALID_INPUT changes[3].putEntity.name", "INVALID_DATE changes[3].putEntity.when",
			}},
		"no grade of credibility": {`{"cs": {"reason": "r", "changes": [
			{"assertLink": {"id": "l2", "kind": "COMMANDS", "from": "p1", "to": "u1", "citations": [{"source": "s1", "locator": "1"}, {"source": "s1", "locator": "2", "credibility": 0}]}},
			{"assertStatement": {"id": "t2", "attribute": "RANK", "entity": "p1", "value": "Coronel", "citations": [{"source": "s1", "locator": "1", "credibility": 0}]}},
			{"cite": {"claim": "l1", "citation": {"source": "s1", "locator": "1", "credibility": 0}}},
			{"setStanding": {"claim": "l1", "standing": "DENIED", "citation": {"source": "s1", "locator": "1", "credibility": 0}}},
			{"mergeEntities": {"absorb": "p1", "into": "p1b", "citations": [{"source": "s1", "locator": "1", "credibility": 0}]}},
			{"cite": {"claim": "l1", "citation": {"source": "s1", "locator": "1", "credibility": 7}}},
			{"putEntity": {"id": "p1b", "kind": "PERSON", "name": "El Comandante"}}]}}`,
			[]string{
				"INVALID_INPUT changes[0].assertLink.citations[1].credibility", "INVALID_INPUT changes[1].assertStatement.citations[0].credibility",
				"INVALID_INPUT changes[2].cite.citation.credibility", "INVALID_INPUT changes[3].setStanding.citation.credibility",
				"INVALID_INPUT changes[4].mergeEntities.citations[0].credibility",
				"INVALID_INPUT changes[5].cite.citation.credibility",
			}},
		"asserted by nobody": {`{"cs": {"reason": "r", "changes": [{"cite": {"claim": "l1", "citation": {"source": "s1", "locator": "1", "assertedBy": {}}}}]}}`, []string{"INVALID_INPUT changes[0].cite.citation.assertedBy"}},
		"country of three":   {`{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "p1", "country": "MEX"}}]}}`, []string{"INVALID_INPUT changes[0].putEntity.country"}},
		"unknown kind":       {`{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "y", "kind": "ROBOT", "name": "R"}}]}}`, []string{"INVALID_INPUT changes[0].putEntity.kind"}},
		"kind in lower case": {`{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "y", "kind": "person", "name": "R"}}]}}`, []string{"INVALID_INPUT changes[0].putEntity.kind"}},
		"unknown field":      {`{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "y", "colour": "red"}}]}}`, []string{"INVALID_INPUT changes[0].putEntity.colour"}},
		"64-bit number":      {`{"cs": {"reason": "r", "changes": [{"undo": {"revision": 9007199254740993}}]}}`, []string{"INVALID_INPUT changes[0].undo.revision"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := s.ask(t, write, c.vars)
			got := faults(errs)
			for _, want := range c.want {
				require.Contains(t, got, want)
			}
			require.Len(t, got, len(c.want), "%v", errs)
			for _, e := range errs {
				require.NotEmpty(t, e.Message)
			}
		})
	}
	require.InDelta(t, 1, at(t, s.get(t, size, ""), "stats", "revision"), 0, "nothing was changed")
}

// TestAdviceFitsTheFault reads what a client is told to do.
func TestAdviceFitsTheFault(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	for vars, want := range map[string]string{
		`{"cs": {"reason": "r", "changes": [{"putEntity": {"kind": "PERSON", "name": ""}}]}}`: "changes[0].putEntity.name: it is empty; it cannot be left out",
		`{"cs": {"reason": "r", "changes": [{}]}}`: "changes[0]: a change is exactly one of putEntity, putSource, assertLink, assertStatement, cite, setStanding, setClearance, " +
			"retract, mergeEntities, undo; none is given",
	} {
		_, errs := s.ask(t, write, vars)
		require.Len(t, errs, 1)
		require.Equal(t, want, errs[0].Message)
	}
}

func TestOneOfInLiterals(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	for _, change := range []string{
		`{}`,
		`{retract: {id: "l1"}, undo: {revision: 1}}`,
		`{retract: null}`,
		`{retract: {id: "l1"}, undo: null}`,
	} {
		_, errs := s.ask(t, `mutation { apply(changeSet: {reason: "r", changes: [`+change+`]}) { number } }`, "")
		require.NotEmpty(t, errs, change)
		for _, e := range errs {
			require.Equal(t, "INVALID_INPUT", e.Extensions["code"], change)
		}
	}
	out := s.get(t, `mutation { apply(changeSet: {reason: "r", changes: [{putEntity: {id: "p", kind: PERSON, name: "Pía"}}]}) { number } }`, "")
	require.InDelta(t, 1, at(t, out, "apply", "number"), 0)
}

func TestAbsentKeepsAndNullClears(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	put := func(change string) {
		s.get(t, write, `{"cs": {"reason": "r", "changes": [{"putEntity": `+change+`}]}}`)
	}
	put(`{"id": "p", "kind": "PLACE", "name": "Iguala", "country": "MX", "description": "Una ciudad", "aliases": ["Iguala de la Independencia"],
		"point": {"latitude": 18.35, "longitude": -99.54, "readFrom": "OpenStreetMap"}, "notes": [{"key": "role", "value": "city"}]}`)
	put(`{"id": "p", "description": null}`)
	const look = `{ entity(id: "p") { name aliases country description point { latitude longitude readFrom } notes { key value } } }`
	require.Equal(t, object{
		"name": "Iguala", "aliases": []any{"Iguala de la Independencia"}, "country": "MX", "description": nil,
		"point": object{"latitude": 18.35, "longitude": -99.54, "readFrom": "OpenStreetMap"}, "notes": []any{object{"key": "role", "value": "city"}},
	}, at(t, s.get(t, look, ""), "entity"))
	put(`{"id": "p", "aliases": null, "point": null}`)
	e := at(t, s.get(t, look, ""), "entity")
	require.Empty(t, at(t, e, "aliases"))
	require.Nil(t, at(t, e, "point"))
}

func TestCountryInEitherCase(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, `{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "p", "kind": "PLACE", "name": "Iguala", "country": "mx"}},
		{"putEntity": {"id": "q", "kind": "PLACE", "name": "Lima", "country": "PE"}}]}}`)
	for _, country := range []string{"mx", "MX", "Mx"} {
		found := s.get(t, `query($c: String) { entities(filter: {country: $c}) { nodes { id country } totalCount } }`, `{"c": "`+country+`"}`)
		require.Equal(t, []any{object{"id": "p", "country": "MX"}}, list(t, found, "entities", "nodes"), country)
		require.InDelta(t, 1, at(t, found, "entities", "totalCount"), 0)
	}
}

func TestFaultsOfQueries(t *testing.T) {
	s := onCase(t)
	for name, c := range map[string]struct{ query, want string }{
		"syntax":             {`{ stats { `, "INVALID_INPUT"},
		"no such field":      {`{ stats { unicorns } }`, "INVALID_INPUT"},
		"page too long":      {`{ entities(first: 201) { nodes { id } } }`, "LIMIT_EXCEEDED first"},
		"negative page":      {`{ entities(first: -1) { nodes { id } } }`, "INVALID_INPUT first"},
		"both ends":          {`{ entities(first: 1, last: 1) { nodes { id } } }`, "INVALID_INPUT last"},
		"not a cursor":       {`{ links(after: "x") { nodes { id } } }`, "INVALID_INPUT after"},
		"a foreign cursor":   {`{ links(after: "` + at(t, s.get(t, `{ sources { pageInfo { endCursor } } }`, ""), "sources", "pageInfo", "endCursor").(string) + `") { nodes { id } } }`, "INVALID_INPUT after"},
		"64-bit number":      {`{ entities(first: 4294967296) { nodes { id } } }`, "INVALID_INPUT first"},
		"a bad date":         {`{ links(filter: {on: "soon"}) { nodes { id } } }`, "INVALID_DATE filter.on"},
		"no certainty":       {`{ links(filter: {on: "2014", certainty: NO}) { nodes { id } } }`, "INVALID_INPUT filter.certainty"},
		"strength":           {`{ links(filter: {minStrength: 1001}) { nodes { id } } }`, "INVALID_INPUT filter.minStrength"},
		"nothing to search":  {`{ search(text: "…") { nodes { score } } }`, "INVALID_INPUT text"},
		"too long a search":  {`{ search(text: "` + strings.Repeat("x", 501) + `") { nodes { score } } }`, "LIMIT_EXCEEDED text"},
		"too long a name":    {`{ match(name: "` + strings.Repeat("ñ", 501) + `") { truncated } }`, "LIMIT_EXCEEDED name"},
		"a future revision":  {`{ stats(knownAt: 99) { entities } }`, "INVALID_INPUT knownAt"},
		"not a moment":       {`{ stats(knownAt: "yesterday") { entities } }`, "INVALID_INPUT knownAt"},
		"too many changes":   {`{ revisions { nodes { changes(first: 1001) { index } } } }`, "LIMIT_EXCEEDED first"},
		"a deferred part":    {`{ stats { ... @defer { entities } } }`, "INVALID_INPUT"},
		"too many ends":      {`{ links(filter: {ends: [` + strings.Repeat(`"x" `, 201) + `]}) { nodes { id } } }`, "LIMIT_EXCEEDED filter.ends"},
		"too many entities":  {`{ statements(filter: {entities: [` + strings.Repeat(`"x" `, 201) + `]}) { nodes { id } } }`, "LIMIT_EXCEEDED filter.entities"},
		"no word to find":    {`{ source(id: "cannon-2022") { citations(filter: {text: "…"}) { nodes { id } } } }`, "INVALID_INPUT filter.text"},
		"none in citations":  {`{ links(first: 1) { nodes { citations(filter: {text: "…"}) { totalCount } } } }`, "INVALID_INPUT filter.text"},
		"which time is held": {`{ links(first: 1) { nodes { valid { held } } } }`, "INVALID_INPUT held"},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := s.ask(t, c.query, "")
			require.NotEmpty(t, errs)
			require.Equal(t, c.want, faults(errs)[0], "%v", errs)
		})
	}
}

func TestReadersDoNotWrite(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	_, errs := s.as(access.Identity{Name: "visitor"}).ask(t, write, firstReport)
	require.Equal(t, []string{"FORBIDDEN"}, faults(errs))
	require.InDelta(t, 0, at(t, s.get(t, size, ""), "stats", "revision"), 0)
}

// TestWhatIsHiddenDoesNotExist writes a confidential link and asks as the public.
func TestWhatIsHiddenDoesNotExist(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, strings.Replace(firstReport, `"kind": "COMMANDS"`, `"clearance": "CONFIDENTIAL", "kind": "COMMANDS"`, 1))
	public := s.as(access.Identity{Name: "visitor"})
	out := public.get(t, `{ link(id: "l1") { id } entity(id: "p1") { links { totalCount nodes { id } } } stats { links citations }
		revisions { nodes { changes { index node { id } } } } }`, "")
	require.Nil(t, at(t, out, "link"))
	require.InDelta(t, 0, at(t, out, "entity", "links", "totalCount"), 0)
	require.Empty(t, list(t, out, "entity", "links", "nodes"))
	require.InDelta(t, 0, at(t, out, "stats", "links"), 0)
	require.Len(t, list(t, out, "revisions", "nodes", 0, "changes"), 3, "the link is not told of")
	require.Len(t, list(t, s.get(t, `{ revisions { nodes { changes { index } } } }`, ""), "revisions", "nodes", 0, "changes"), 4)
}

// broken is a store of which nothing can be read.
type broken struct {
	store.Store
	err error
}

func (b broken) Head(context.Context) (evidence.Head, error)                 { return evidence.Head{}, b.err }
func (b broken) Raw(context.Context, evidence.View) (store.Reader, error)    { return nil, b.err }
func (b broken) Write(context.Context, store.Plan) (*evidence.Commit, error) { return nil, b.err }

func TestErrorsOfTheStore(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: secret detail")
	for want, err := range map[string]error{
		"UNAVAILABLE":    fmt.Errorf("%w: %w", store.ErrUnavailable, secret),
		"INTERNAL":       secret,
		"LIMIT_EXCEEDED": fmt.Errorf("reading: %w", context.DeadlineExceeded),
	} {
		s := serve(t, broken{memory(t, vocabulary.Standard()), err}, vocabulary.Standard())
		for _, query := range []string{size, `{ node(id: "x") { id } }`, `mutation { apply(changeSet: {reason: "r", changes: [{retract: {id: "x"}}]}) { number } }`} {
			_, errs := s.ask(t, query, "")
			require.Equal(t, []string{want}, faults(errs), query)
			require.NotContains(t, errs[0].Message, "secret")
		}
	}
}

// panicking is a store whose readers panic.
type panicking struct{ store.Store }

func (panicking) Head(context.Context) (evidence.Head, error) { panic("secret detail") }

func TestAPanicIsInternalAndHeld(t *testing.T) {
	s := serve(t, panicking{memory(t, vocabulary.Standard())}, vocabulary.Standard())
	out, errs := s.ask(t, `{ a: stats { entities } b: stats { entities } vocabulary { entityKinds { name } } }`, "")
	require.NotEmpty(t, errs)
	for _, e := range errs {
		require.Equal(t, "INTERNAL", e.Extensions["code"])
		require.NotContains(t, e.Message, "secret")
	}
	require.Nil(t, out)
}

func TestADeadlineIsALimit(t *testing.T) {
	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	presented := graph.ErrorPresenter(graphql.WithResponseContext(ctx, graph.ErrorPresenter, graph.RecoverFunc), errors.New("query interrupted"))
	require.Equal(t, "LIMIT_EXCEEDED", presented.Extensions["code"])
}

// TestAFullDiskIsNoFaultInside: who runs the server can mend it, and is told where.
func TestAFullDiskIsNoFaultInside(t *testing.T) {
	var log bytes.Buffer
	ctx := graphql.WithResponseContext(zerolog.New(&log).WithContext(t.Context()), graph.ErrorPresenter, graph.RecoverFunc)
	presented := graph.ErrorPresenter(ctx, fmt.Errorf("store a capture: %w", &os.PathError{Op: "write", Path: "/captures/x", Err: syscall.ENOSPC}))
	require.Equal(t, "UNAVAILABLE", presented.Extensions["code"])
	require.Contains(t, presented.Message, "a disk of the server is full")
	require.NotContains(t, presented.Message, "/captures")
	require.Contains(t, log.String(), "/captures/x")
}

// TestInputsSayTheSameAsTheDomain compares the JSON of the inputs with that of
// the domain: a field that only one of them has would be lost without a word.
func TestInputsSayTheSameAsTheDomain(t *testing.T) {
	// Not changes that a client sends, and what has no JSON.
	notInSchema := map[string]bool{"attachCapture": true, "recordChecks": true, "-": true}
	var compare func(path string, input, domain reflect.Type)
	compare = func(path string, input, domain reflect.Type) {
		if input = bare(input); input.Kind() != reflect.Struct || input == bare(domain) {
			return
		}
		theirs := jsonFields(bare(domain))
		for name, f := range jsonFields(input) {
			require.Contains(t, theirs, name, "%s.%s", path, name)
			compare(path+"."+name, f, theirs[name])
			delete(theirs, name)
		}
		for name := range theirs {
			require.True(t, notInSchema[name], "%s.%s cannot be said in the schema", path, name)
		}
	}
	compare("changeSet", reflect.TypeFor[graph.ChangeSetInput](), reflect.TypeFor[evidence.ChangeSet]())
}

// bare is the type inside of pointers, lists, graphql.Omittable and
// evidence.Optional.
func bare(t reflect.Type) reflect.Type {
	for {
		switch {
		case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
			t = t.Elem()
		case strings.HasPrefix(t.Name(), "Omittable["):
			f, _ := t.FieldByName("value")
			t = f.Type
		case strings.HasPrefix(t.Name(), "Optional["):
			f, _ := t.FieldByName("Value")
			t = f.Type
		default:
			return t
		}
	}
}

func jsonFields(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out[name] = f.Type
		}
	}
	return out
}

// failing is a store that answers until it is told not to.
type failing struct {
	store.Store
	failed atomic.Bool
}

func (f *failing) Head(ctx context.Context) (evidence.Head, error) {
	if f.failed.Load() {
		return evidence.Head{}, errors.New("secret detail")
	}
	return f.Store.Head(ctx)
}

func TestASubscriptionSaysWhyItEnds(t *testing.T) {
	st := &failing{Store: memory(t, vocabulary.Standard())}
	s := serve(t, st, vocabulary.Standard())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	told := follow(ctx, t, s, news, nil)
	st.failed.Store(true)
	last := told()["errors"]
	require.Contains(t, last, "its log says what")
	require.NotContains(t, last, "secret")
}

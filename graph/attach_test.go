package graph_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/trace"
)

// withCaptures serves an empty graph whose captures lie in a directory.
func withCaptures(t *testing.T, most int64) (_ *service, root string) {
	t.Helper()
	v := vocabulary.Standard()
	st, p := memory(t, v), planner(v)
	root = t.TempDir()
	blobs, err := blob.OpenDir(root)
	require.NoError(t, err)
	extractor := extract.New(extract.Limits{})
	t.Cleanup(func() { require.NoError(t, extractor.Close()) })
	kept := archive.New(st, p, &capture.Service{Blobs: blobs, Extract: extractor, MaxBytes: most}, zerolog.Nop())
	return serveWith(t, graph.Options{Tracer: trace.New(kept.Checking(), v, p), Captures: kept}), root
}

const attach = `mutation Attach($source: ID!, $content: String!, $type: String) { attachCapture(source: $source, content: $content, mediaType: $type, reason: "as published") {
	capture { sha256 length mediaType hasText } source { id captures { sha256 } } revision { applied reason author } unread checked verified failed } }`

func attaching(t *testing.T, source, document, mediaType string) string {
	t.Helper()
	vars, err := json.Marshal(object{"source": source, "content": base64.StdEncoding.EncodeToString([]byte(document)), "type": mediaType})
	require.NoError(t, err)
	return string(vars)
}

func TestAttachCapture(t *testing.T) {
	s, root := withCaptures(t, 0)
	s.get(t, write, strings.Replace(firstReport, `"citations": [{"source"`, `"citations": [{"id": "c2", "source": "s1", "locator": "p. 5", "quote": {"exact": "no lo estaba"}}, {"id": "c1", "source"`, 1))
	document := "<html><meta charset=utf-8><p>El coronel <b>estaba al mando</b> aquella noche.</p></html>"
	made := at(t, s.get(t, attach, attaching(t, "s1", document, "text/html")), "attachCapture")
	sum := at(t, made, "capture", "sha256").(string)
	require.Equal(t, object{"sha256": sum, "length": float64(len(document)), "mediaType": "text/html", "hasText": true}, at(t, made, "capture"))
	require.Equal(t, []any{object{"sha256": sum}}, list(t, made, "source", "captures"))
	require.Equal(t, object{"applied": true, "reason": "as published", "author": "Ana Núñez"}, at(t, made, "revision"))
	require.Equal(t, []any{nil, 2.0, 1.0, 1.0}, []any{at(t, made, "unread"), at(t, made, "checked"), at(t, made, "verified"), at(t, made, "failed")})
	checks := s.get(t, `{ c1: citation(id: "c1") { check { state capture { sha256 } start end context } } c2: citation(id: "c2") { check { state start nearest distance } } }`, "")
	require.Equal(t, "VERIFIED", at(t, checks, "c1", "check", "state"))
	require.Equal(t, sum, at(t, checks, "c1", "check", "capture", "sha256"))
	text := []rune("El coronel estaba al mando aquella noche.")
	require.Equal(t, "estaba al mando", string(text[int(at(t, checks, "c1", "check", "start").(float64)):int(at(t, checks, "c1", "check", "end").(float64))]))
	require.Contains(t, at(t, checks, "c1", "check", "context"), "aquella noche")
	require.Equal(t, "FAILED", at(t, checks, "c2", "check", "state"))
	require.Nil(t, at(t, checks, "c2", "check", "start"))
	require.NotEmpty(t, at(t, checks, "c2", "check", "nearest"))
	require.Positive(t, at(t, checks, "c2", "check", "distance"))

	again := at(t, s.get(t, attach, attaching(t, "s1", document, "text/html")), "attachCapture")
	require.Equal(t, false, at(t, again, "revision", "applied"), "the same document changes nothing")
	again = at(t, s.get(t, attach, attaching(t, "s1", document, "nonsense")), "attachCapture")
	require.Equal(t, at(t, made, "capture"), at(t, again, "capture"), "the answer tells what is recorded")
	require.Equal(t, []any{false, nil}, []any{at(t, again, "revision", "applied"), at(t, again, "unread")})
	for _, mediaType := range []string{"text/plain", "text/html"} {
		anew := at(t, s.get(t, attach, attaching(t, "s1", document, mediaType)), "attachCapture")
		require.Equal(t, []any{true, mediaType}, []any{at(t, anew, "revision", "applied"), at(t, anew, "capture", "mediaType")}, "it is read anew as what it is said to be")
	}
	picture := at(t, s.get(t, attach, attaching(t, "s1", "\x89PNG\r\n\x1a\n\x00\x00", "")), "attachCapture")
	require.Equal(t, false, at(t, picture, "capture", "hasText"))
	require.NotEmpty(t, at(t, picture, "unread"))
	require.Len(t, list(t, picture, "source", "captures"), 2)
	require.Len(t, blobtest.Kept(t, root), 3, "two documents and a text")
}

func TestWhatCannotBeAttached(t *testing.T) {
	s, root := withCaptures(t, 1000)
	s.get(t, write, strings.Replace(firstReport, `"title": "Informe"`, `"clearance": "CONFIDENTIAL", "title": "Informe"`, 1))
	before := at(t, s.get(t, size, ""), "stats", "revision")
	editor := access.Identity{Name: "Edith", Role: access.Editor, Clearance: evidence.Public, Subject: "token:Edith"}
	for name, c := range map[string]struct {
		who        access.Identity
		vars, want string
	}{
		"a reader":       {reader, attaching(t, "s1", "x", ""), "FORBIDDEN"},
		"hidden source":  {editor, attaching(t, "s1", "x", ""), "UNKNOWN_ID source"},
		"no such source": {editor, attaching(t, "s9", "x", ""), "UNKNOWN_ID source"},
		"an entity":      {s.identity, attaching(t, "p1", "x", ""), "UNKNOWN_ID source"},
		"not base64":     {s.identity, `{"source": "s1", "content": "¿qué?"}`, "INVALID_INPUT content"},
		"nothing":        {s.identity, `{"source": "s1", "content": ""}`, "INVALID_INPUT content"},
		"too long":       {s.identity, attaching(t, "s1", strings.Repeat("x", 1001), ""), "LIMIT_EXCEEDED"},
		"far too long":   {s.identity, attaching(t, "s1", strings.Repeat("x", 3<<20+3), ""), "LIMIT_EXCEEDED content"},
		"no content":     {s.identity, `{"source": "s1"}`, "INVALID_INPUT content"},
	} {
		_, errs := s.as(c.who).ask(t, attach, c.vars)
		require.Equal(t, []string{c.want}, faults(errs), name)
	}
	require.Equal(t, before, at(t, s.get(t, size, ""), "stats", "revision"))
	require.Empty(t, blobtest.Kept(t, root), "nothing is kept")
	none := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	_, errs := none.ask(t, attach, attaching(t, "s1", "x", ""))
	require.Equal(t, []string{"UNAVAILABLE"}, faults(errs))
}

package graph_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// stuck is after how long an operation that waits for others is given up.
const stuck = time.Minute

// answered asks within a time, and wants no fault.
func (s *service) answered(t *testing.T, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stuck)
	defer cancel()
	handler, ctx, faults := s.start(ctx, query, nil)
	if assert.Empty(t, faults) {
		assert.Empty(t, handler(ctx).Errors)
	}
}

// TestManyOperationsShareFewReaders asks at once for many moments, and for all that
// compares moments or clearances, in a store that has one reader for all.
func TestManyOperationsShareFewReaders(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	ana, eva := person("Ana", access.Contributor, evidence.Public), person("Eva", access.Editor, evidence.Public)
	for i := range 12 {
		id := at(t, s.as(ana).get(t, propose, proposed(ana, fmt.Sprint("Zutano", i))), "propose", "id").(string)
		s.as(eva).get(t, decide, `{"id": "`+id+`", "decision": "ACCEPT"}`)
	}
	var query strings.Builder
	for i := range 13 {
		fmt.Fprintf(&query, ` s%[1]d: search(text: "zutano", knownAt: %[1]d) { nodes { entity { name links { totalCount } } } }`, i)
	}
	query.WriteString(` proposals { nodes { changeSet revision } } diff(from: 1, to: 9) { nodes { record change node { id } } }
		revisions { nodes { author reason changes { node { id } } } } history(id: "` + ana.IDPrefix + `Zutano3") { nodes { revision { reason } } } stats { revision }`)
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() { s.as(eva).answered(t, "{"+query.String()+"}") })
	}
	asking.Wait()
}

// TestAMutationHoldsNoReaderWhileItWrites has one that writes, shows what it wrote
// and writes again, where each write reads what is to be compared with a capture.
func TestAMutationHoldsNoReaderWhileItWrites(t *testing.T) {
	s, _ := withCaptures(t, 0)
	s.get(t, write, firstReport)
	const shown = `{ source { title } revision { changes { node { id } } } }`
	content := base64.StdEncoding.EncodeToString([]byte("El coronel estaba al mando."))
	s.answered(t, `mutation { a: attachCapture(source: "s1", content: "`+content+`", mediaType: "text/plain") `+shown+`
		b: apply(changeSet: {reason: "a quote", changes: [{cite: {claim: "l1", citation: {source: "s1", quote: {exact: "al mando"}}}}]}) { changes { node { id } } }
		c: attachCapture(source: "s1", content: "`+content+`", mediaType: "text/html") `+shown+` }`)
	require.Equal(t, "VERIFIED", at(t, s.get(t, `{ link(id: "l1") { citations { nodes { quote { exact } check { state } } } } }`, ""), "link", "citations", "nodes", 1, "check", "state"))
}

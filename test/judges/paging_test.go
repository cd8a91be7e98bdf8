package judges_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/server"
)

// page is one page of a list, as the API answers it.
type page struct {
	ids                []string
	cursors            []string
	hasNext, hasBefore bool
	start, end         string
}

// pagedLists are the lists that are walked, each with the arguments that stand before those of paging.
var pagedLists = map[string]string{
	"entities":   "",
	"links":      "",
	"statements": "",
	"sources":    "",
	"dated":      `filter: {during: "2014-09", certainty: POSSIBLY}, `,
}

func readPage(t require.TestingT, address string, ask func(query string, variables any) *answer, list, paging string) page {
	field := list
	if list == "dated" {
		field = "links"
	}
	query := fmt.Sprintf(`{ list: %s(%sknownAt: 1, %s) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, field, pagedLists[list], paging)
	got := ask(query, nil)
	require.Empty(t, got.Errors, "%s: %s: %s", address, query, got.body)
	var p page
	connection, _ := got.Data["list"].(map[string]any)
	edges, _ := connection["edges"].([]any)
	for _, edge := range edges {
		e, _ := edge.(map[string]any)
		node, _ := e["node"].(map[string]any)
		id, _ := node["id"].(string)
		cursor, _ := e["cursor"].(string)
		p.ids, p.cursors = append(p.ids, id), append(p.cursors, cursor)
	}
	info, _ := connection["pageInfo"].(map[string]any)
	p.hasNext, _ = info["hasNextPage"].(bool)
	p.hasBefore, _ = info["hasPreviousPage"].(bool)
	p.start, _ = info["startCursor"].(string)
	p.end, _ = info["endCursor"].(string)
	return p
}

// A list read at one moment is the same list whatever is written between two of its pages, in pages of
// any size and from either end; and a cursor is good for the list that gave it alone.
func TestPagesWhileOthersWrite(t *testing.T) {
	tracer, _ := demonstration(t)
	address := serve(t, tracer, server.Limits{}, access.Config{LoopbackOwner: true})
	query := func(text string, variables any) *answer { return ask(t, address, text, variables) }
	whole := map[string][]string{}
	for list := range pagedLists {
		for at := `first: 200`; ; {
			p := readPage(t, address, query, list, at)
			whole[list] = append(whole[list], p.ids...)
			if !p.hasNext {
				break
			}
			at = fmt.Sprintf("first: 200, after: %q", p.end)
		}
		require.NotEmpty(t, whole[list], list)
	}
	written := 0
	write := func() {
		written++
		got := query(`mutation($cs: ChangeSetInput!) { apply(changeSet: $cs) { number } }`, map[string]any{"cs": changesOfEveryList(written)})
		require.Empty(t, got.Errors, got.body)
	}
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SampledFrom([]string{"entities", "links", "statements", "sources", "dated"}).Draw(rt, "list")
		want := whole[list]
		size := rapid.IntRange(max(1, len(want)/4), 200).Draw(rt, "size")
		backwards := rapid.Bool().Draw(rt, "backwards")
		disturbed := rapid.IntRange(0, 2).Draw(rt, "disturbed")
		var got []string
		count, side, at := "first", "after", ""
		if backwards {
			count, side = "last", "before"
		}
		for n := 0; ; n++ {
			p := readPage(rt, address, query, list, fmt.Sprintf("%s: %d%s", count, size, at))
			require.LessOrEqual(rt, len(p.ids), size)
			require.Equal(rt, p.cursors[0], p.start)
			require.Equal(rt, p.cursors[len(p.cursors)-1], p.end)
			more, cursor := p.hasNext, p.end
			if backwards {
				got, more, cursor = append(p.ids, got...), p.hasBefore, p.start
			} else {
				got = append(got, p.ids...)
			}
			if !more {
				break
			}
			at = fmt.Sprintf(", %s: %q", side, cursor)
			if n == disturbed {
				write()
			}
		}
		require.Equal(rt, want, got)
	})
	require.Positive(t, written, "something was written between pages")

	for list, foreign := range map[string]string{"entities": "sources", "links": "entities", "sources": "statements", "statements": "links"} {
		cursor := readPage(t, address, query, foreign, "first: 1").end
		got := query(fmt.Sprintf("{ %s(first: 5, after: %q) { nodes { id } } }", list, cursor), nil)
		require.Equal(t, "INVALID_INPUT", got.says(t, "code"), "a cursor of %s given to %s: %s", foreign, list, got.body)
	}
}

// changesOfEveryList adds one row to each list, near its beginning.
func changesOfEveryList(n int) map[string]any {
	id := func(kind string) string { return fmt.Sprintf("aaa-%s-%d", kind, n) }
	cited := []any{map[string]any{"source": id("source"), "locator": "p. 1", "stance": "SUPPORTS"}}
	return map[string]any{"reason": "written between two pages", "changes": []any{
		map[string]any{"putSource": map[string]any{"id": id("source"), "kind": "NEWS", "title": "Aaa", "url": "https://example.org/" + id("source")}},
		map[string]any{"putEntity": map[string]any{"id": id("person"), "kind": "PERSON", "name": "Aarón Ábalos"}},
		map[string]any{"putEntity": map[string]any{"id": id("unit"), "kind": "MILITARY_UNIT", "name": "Aaa Battalion"}},
		map[string]any{"assertLink": map[string]any{
			"id": id("link"), "kind": "COMMANDS", "from": id("person"), "to": id("unit"),
			"valid": map[string]any{"since": "2014-09", "until": "2014-10"}, "standing": "REPORTED", "citations": cited,
		}},
		map[string]any{"assertStatement": map[string]any{
			"id": id("statement"), "entity": id("person"), "attribute": "RANK", "value": "colonel", "standing": "REPORTED", "citations": cited,
		}},
	}}
}

package extract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TestHTMLJoinsAndPartsWordsAsATreeDoes goes through all short pages of some tags and
// compares where words are parted with the tree that browsers would build.
func TestHTMLJoinsAndPartsWordsAsATreeDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tags   string
		length int
	}{
		{"<p> </p> <li> </li> <ul> </ul> <b> </b> <h2> </h2> </br>", 4},
		{"<p> </p> <div> </div> <b> </b> <br> </br> <ul> </ul> <li> </li> <h2> </h2> <h3> </h3> <span> </span> <a> </a> <section> </section>", 3},
		{"<dl> </dl> <dt> </dt> <dd> </dd> <p> </p> <span> </span> <address> </address> <button> </button> <blockquote> </blockquote>", 3},
		{"<table><tr><td> </table> <p> </p> <div> </div> <li> </li> <ul> </ul> </br>", 3},
	} {
		tags := strings.Fields(c.tags)
		for n := range c.length {
			eachSequence(tags, n+1, func(sequence []string) {
				page := "a"
				for i, tag := range sequence {
					page += tag + string(rune('b'+i))
				}
				got, err := read(t, page, "text/html; charset=utf-8")
				require.NoError(t, err, page)
				require.Equal(t, wordsOfTree(t, page), strings.Fields(got.Words), page)
			})
		}
	}
}

func eachSequence(of []string, length int, do func([]string)) {
	sequence := make([]string, length)
	var fill func(int)
	fill = func(i int) {
		if i == length {
			do(sequence)
			return
		}
		for _, s := range of {
			sequence[i] = s
			fill(i + 1)
		}
	}
	fill(0)
}

// wordsOfTree are the words of a page, parted where blocks, cells and line breaks of
// its tree part them.
func wordsOfTree(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	inline := []atom.Atom{atom.B, atom.A, atom.Span, atom.Button}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		parts := n.Type == html.ElementNode && !slices.Contains(inline, n.DataAtom)
		if parts {
			b.WriteByte('\n')
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if parts {
			b.WriteByte('\n')
		}
	}
	walk(root)
	return strings.Fields(b.String())
}

func TestHTMLTagsOutOfPlace(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"que el ejército</br>participó":                             "que el ejército\nparticipó",
		"<div>Son los 43</p>No fueron</p>detenidos</div>":           "Son los 43\n\nNo fueron\n\ndetenidos",
		"a<p hidden>b</br>c</p>d":                                   "ad",
		"<p>a<table><tr><td>b</p>c</table>d":                        "a\n\nb\n\nc\n\nd",
		"<table><tr><td>a</div>b<td>c</table>":                      "ab\tc",
		"<table><td hidden>a<tr><td>b</table>":                      "b",
		"<span hidden>a<p>b</span>c</p>d":                           "",
		"<ul><li hidden>a<div>b<li>c</ul>":                          "c",
		"<p>a</p><dialog open>b</dialog>c<dialog>d</dialog>":        "a\n\nb\nc",
		"<p>a<dialog><p>b</dialog>c":                                "a\n\nc",
		"<p>a<dialog open hidden>b</dialog>c":                       "a\n\nc",
		"<table><tr><td>a<tbody hidden><tr><td>b<tbody><td>c":       "a\nc",
		"<button hidden>a<p>b<button>c</button>":                    "c",
		"<h2 hidden>a</h3>b":                                        "b",
		"<blockquote hidden><b>a</blockquote>b</b><i>c<p>d</i></p>": "bc\n\nd",
	} {
		got, err := read(t, page, "text/html; charset=utf-8")
		if want != "" {
			require.NoError(t, err, page)
		}
		require.Equal(t, want, got.Words, page)
	}
}

// TestHTMLHidesBeyondTheElementsKeptInMind, and parts words there.
func TestHTMLHidesBeyondTheElementsKeptInMind(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"a<script>var secreto='b'</script><style>c{}</style><p hidden>d</p>": "a",
		"a<p hidden>b<p>c":                                "a\n\nc",
		"a<div hidden><div>b</div>c</div>d":               "ad",
		"a<ul><li hidden>b<li>c</ul>d":                    "a\n\nc\n\nd",
		"<div>a</div>b<div>c</div>d</br>e</p>f":           "a\nb\nc\nd\ne\n\nf",
		"a<template><p>b</template>c<dialog>d</dialog>":   "ac",
		"a<svg><text>b</text></svg>c<p>d":                 "ac\n\nd",
		"<p hidden>a<br>b</p>c<div style='display:none'>": "c",
	} {
		for _, open := range []int{511, 512, 513, 5000} {
			got, err := read(t, strings.Repeat("<font>", open)+page, "text/html; charset=utf-8")
			require.NoError(t, err, page)
			require.Equal(t, want, got.Words, "%d open, %s", open, page)
		}
	}
	inside := "<div hidden>" + strings.Repeat("<font>", 600) + "a<p hidden>b</p>" + strings.Repeat("</font>", 600) + "c</div>d"
	got, err := read(t, inside, "text/html; charset=utf-8")
	require.NoError(t, err)
	require.Equal(t, "d", got.Words)
}

// TestHTMLWithMuchEmbedded reads past pictures, fonts and data of some megabytes.
func TestHTMLWithMuchEmbedded(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("A", 5<<20)
	page := "<p>antes</p><style>@font-face{src:url(data:" + data + ")}</style><script>'" + data + "'</script><img src='data:image/png;base64," + data + "'><!--" + data + "--><p>después</p>"
	got, err := read(t, page, "text/html; charset=utf-8")
	require.NoError(t, err)
	require.Equal(t, "antes\n\ndespués", got.Words)
}

package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// question is one call of a reader, with the answer as lines.
type question struct {
	name string
	ask  func(context.Context, store.Reader, style) []string
}

// either are the kinds that questions find at either end. No store knows that one
// of them says something else from there.
var either = []string{"PAYS", "SAME_AS", "LINKED_TO", "no kind"}

// plenty is a limit that no answer of the suite reaches.
const plenty = 1000

func find(name string, q store.Query) question {
	return question{"find " + name, func(ctx context.Context, r store.Reader, s style) []string {
		return lines(r.Find(ctx, q), s.found)
	}}
}

func expand(name string, x store.Expansion) question {
	return question{"expand " + name, func(ctx context.Context, r store.Reader, _ style) []string {
		return lines(r.Expand(ctx, x), edge)
	}}
}

// graphQuestions ask for what the graph says, and nothing of its history.
func graphQuestions(is ids) []question {
	all := is.all()
	qs := []question{{"get all", func(ctx context.Context, r store.Reader, s style) []string {
		m, err := r.Get(ctx, all)
		return records(s, m, err)
	}}}
	for t := evidence.EntityRecord; t <= evidence.StatementRecord; t++ {
		qs = append(qs,
			find(fmt.Sprintf("%s all", t), store.Query{Type: t, Limit: plenty}),
			find(fmt.Sprintf("%s first 2", t), store.Query{Type: t, Limit: 2}),
			find(fmt.Sprintf("%s last 2", t), store.Query{Type: t, Limit: 2, Reverse: true}),
			find(fmt.Sprintf("%s with text", t), store.Query{Type: t, Text: []string{"gue"}, Limit: plenty}),
		)
	}
	others := slices.Sorted(slices.Values(is.entities[1:]))
	e, c := is.entities, append(append([]evidence.ID{}, is.links...), is.statements...)
	but := kindsBut("LINKED_TO", "COMMANDS")
	for d := evidence.Any; d <= evidence.Incoming; d++ {
		qs = append(qs,
			expand(fmt.Sprintf("%s but for kinds", d), store.Expansion{Frontier: e, Direction: d, Either: either, Kinds: but, PerNode: 2, Total: plenty}),
			expand(fmt.Sprintf("strong %s but for kinds", d), store.Expansion{Frontier: e, Direction: d, Kinds: but, MinStrength: 300, Total: plenty}),
			expand(fmt.Sprintf("strongest %s but for kinds", d), store.Expansion{Frontier: e, Direction: d, Either: either, Kinds: but, Strongest: true, PerNode: 2, Total: plenty}),
			expand(fmt.Sprintf("%s to others but for kinds", d), store.Expansion{Frontier: e[:2], Direction: d, Kinds: but, Others: others, Total: plenty}),
			expand(fmt.Sprintf("some %s but for kinds", d), store.Expansion{Frontier: e, Direction: d, Kinds: but, Keep: func(x *store.Edge) bool { return x.Dated }, Total: plenty}),
			find(fmt.Sprintf("links of all %s but for kinds", d), store.Query{Type: evidence.LinkRecord, Entities: e, Direction: d, Either: either, Kinds: but, Limit: plenty}),
			find(fmt.Sprintf("links of one %s", d), store.Query{Type: evidence.LinkRecord, Entities: e[:1], Direction: d, Limit: plenty}),
			find(fmt.Sprintf("links of three %s, last 3", d), store.Query{Type: evidence.LinkRecord, Entities: e[:3], Direction: d, Limit: 3, Reverse: true}),
			find(fmt.Sprintf("links of all %s by kind", d), store.Query{Type: evidence.LinkRecord, Entities: e, Direction: d, Kinds: []string{"LINKED_TO", "SAME_AS"}, Limit: plenty}),
			expand(fmt.Sprintf("all %s", d), store.Expansion{Frontier: e, Direction: d, Total: plenty}),
			expand(fmt.Sprintf("strong %s", d), store.Expansion{Frontier: e, Direction: d, MinStrength: 500, Total: plenty}),
			expand(fmt.Sprintf("strongest %s", d), store.Expansion{Frontier: e, Direction: d, Strongest: true, PerNode: 2, Total: 9}),
			expand(fmt.Sprintf("%s to others", d), store.Expansion{Frontier: e[:3], Direction: d, Others: others, Total: plenty}),
			expand(fmt.Sprintf("%s or either end to others by kind", d), store.Expansion{Frontier: e[:2], Direction: d, Either: either, Kinds: []string{"PAYS", "COMMANDS"}, Others: others, PerNode: 2, Total: plenty}),
			expand(fmt.Sprintf("strongest %s to others", d), store.Expansion{Frontier: e, Direction: d, Others: others, Strongest: true, PerNode: 2, Total: plenty}),
			find(fmt.Sprintf("links of one %s or either end", d), store.Query{Type: evidence.LinkRecord, Entities: e[:1], Direction: d, Either: either, Limit: plenty}),
			find(fmt.Sprintf("links of three %s or either end, last 3", d), store.Query{Type: evidence.LinkRecord, Entities: e[:3], Direction: d, Either: either, Limit: 3, Reverse: true}),
			find(fmt.Sprintf("links of all %s or either end by kind", d), store.Query{Type: evidence.LinkRecord, Entities: e, Direction: d, Either: either, Kinds: []string{"LINKED_TO", "COMMANDS"}, Limit: plenty}),
			expand(fmt.Sprintf("all %s or either end", d), store.Expansion{Frontier: e, Direction: d, Either: either, PerNode: 3, Total: plenty}),
			expand(fmt.Sprintf("%s or either end by kind", d), store.Expansion{Frontier: e, Direction: d, Either: either, Kinds: []string{"PAYS", "COMMANDS"}, Total: plenty}),
			expand(fmt.Sprintf("some %s or either end", d), store.Expansion{Frontier: e, Direction: d, Either: either, Keep: func(x *store.Edge) bool { return x.Dated }, PerNode: 1, Total: plenty}),
			expand(fmt.Sprintf("strong %s or either end", d), store.Expansion{Frontier: e, Direction: d, Either: either, MinStrength: 300, PerNode: 2, Total: plenty}),
			expand(fmt.Sprintf("strongest %s or either end", d), store.Expansion{Frontier: e, Direction: d, Either: either, Strongest: true, PerNode: 2, Total: plenty}),
		)
	}
	return append(qs,
		expand("some that are strong kept", store.Expansion{Frontier: e, MinStrength: 400, Keep: func(x *store.Edge) bool { return x.Dated }, PerNode: 2, Total: 4}),
		expand("some that are strong to others", store.Expansion{Frontier: e, Others: others[:2], MinStrength: 300, Keep: func(x *store.Edge) bool { return !x.Disputed }, Total: 3}),
		expand("strong by kind", store.Expansion{Frontier: e, Kinds: []string{"PAYS", "LINKED_TO"}, MinStrength: 700, Total: plenty}),
		expand("strongest that are strong", store.Expansion{Frontier: e, MinStrength: 600, Strongest: true, PerNode: 3, Total: 5}),
		expand("by kind", store.Expansion{Frontier: e, Kinds: []string{"PAYS", "LINKED_TO"}, PerNode: 1, Total: plenty}),
		expand("some kept", store.Expansion{Frontier: e, Keep: func(x *store.Edge) bool { return x.Dated && !x.Disputed }, Total: 4}),
		find("statements of all", store.Query{Type: evidence.StatementRecord, Entities: e, Limit: plenty}),
		find("ranks of two", store.Query{Type: evidence.StatementRecord, Entities: e[:2], Kinds: []string{"RANK"}, Limit: 1}),
		find("citations of all", store.Query{Type: evidence.CitationRecord, Claims: c, Limit: plenty}),
		find("citations of all, 1 of a stance", store.Query{Type: evidence.CitationRecord, Claims: c, Limit: 1}),
		find("disputes of all", store.Query{Type: evidence.CitationRecord, Claims: c, Kinds: []string{"DISPUTES"}, Limit: 2}),
		find("claims about others", store.Query{Type: evidence.LinkRecord, About: c, Limit: plenty}),
		find("people", store.Query{Type: evidence.EntityRecord, Kinds: []string{"PERSON"}, Limit: plenty}),
		find("news and leaks", store.Query{Type: evidence.SourceRecord, Kinds: []string{"NEWS", "LEAK"}, Limit: plenty}),
		find("two words", store.Query{Type: evidence.SourceRecord, Text: []string{"informe", "gue"}, Limit: plenty}),
	)
}

// tokenQuestions ask for candidates of a search and for citations in the order
// of sources, whose places are kept for the present.
func tokenQuestions(is ids) []question {
	var qs []question
	for _, prefix := range []string{"j", "jose", "perez", "zzz"} {
		for _, placeholders := range []bool{false, true} {
			q := store.TokenQuery{Prefix: prefix, Placeholders: placeholders, Limit: plenty}
			qs = append(qs, question{fmt.Sprintf("candidates %+v", q), func(ctx context.Context, r store.Reader, _ style) []string {
				return lines(r.Candidates(ctx, q), candidate)
			}})
		}
	}
	qs = append(qs, question{"candidates j, 2", func(ctx context.Context, r store.Reader, _ style) []string {
		return lines(r.Candidates(ctx, store.TokenQuery{Prefix: "j", Limit: 2}), candidate)
	}})
	for _, reverse := range []bool{false, true} {
		qs = append(qs, find("citations into sources", store.Query{Type: evidence.CitationRecord, Sources: is.sources, Reverse: reverse, Limit: plenty}))
	}
	return append(qs, find("supports into sources", store.Query{Type: evidence.CitationRecord, Sources: is.sources, Kinds: []string{"SUPPORTS", "MENTIONS"}, Limit: 3}))
}

// countQuestions ask for numbers.
func countQuestions(is ids) []question {
	var qs []question
	count := func(q store.CountQuery) {
		qs = append(qs, question{fmt.Sprintf("count %+v", q), func(ctx context.Context, r store.Reader, _ style) []string {
			counts, err := r.Count(ctx, q)
			if err != nil {
				return failed(err)
			}
			of := q.Of
			if len(of) == 0 {
				of = []evidence.ID{""}
			}
			var out []string
			for _, id := range of {
				out = append(out, fmt.Sprintf("%q: %d", id, counts[id]))
			}
			return out
		}})
	}
	for t := evidence.EntityRecord; t <= evidence.CitationRecord; t++ {
		count(store.CountQuery{Type: t})
	}
	for d := evidence.Any; d <= evidence.Incoming; d++ {
		count(store.CountQuery{Of: is.entities, Type: evidence.LinkRecord, Direction: d})
		count(store.CountQuery{Of: is.entities, Type: evidence.LinkRecord, Direction: d, Either: either})
		count(store.CountQuery{Of: is.entities, Type: evidence.LinkRecord, Direction: d, Either: either, Kinds: []string{"LINKED_TO", "COMMANDS"}})
	}
	count(store.CountQuery{Of: is.entities, Type: evidence.LinkRecord, Kinds: []string{"LINKED_TO", "COMMANDS"}})
	count(store.CountQuery{Of: is.entities, Type: evidence.StatementRecord})
	count(store.CountQuery{Of: is.sources, Type: evidence.CitationRecord})
	count(store.CountQuery{Of: is.sources, Type: evidence.CitationRecord, Kinds: []string{"DISPUTES"}})
	count(store.CountQuery{Type: evidence.EntityRecord, Kinds: []string{"PERSON"}})
	return qs
}

// historyQuestions ask how the graph came to be what it is.
func historyQuestions(is ids) []question {
	var qs []question
	for _, id := range is.all() {
		qs = append(qs, question{"versions of " + string(id), func(ctx context.Context, r store.Reader, _ style) []string {
			versions, err := r.Versions(ctx, []evidence.ID{id})
			if err != nil {
				return failed(err)
			}
			var out []string
			for _, v := range versions[id] {
				out = append(out, fmt.Sprintf("[%d,%d) %s now %s", v.From, v.To, asJSON(v.Content), v.Derived.Now))
			}
			return out
		}})
	}
	for _, id := range slices.Concat(is.links, is.statements, is.entities) {
		qs = append(qs, question{"citations that " + string(id) + " ever had", func(ctx context.Context, r store.Reader, _ style) []string {
			var out []string
			for after := evidence.ID(""); ; {
				ids, err := r.EverCited(ctx, id, after, 2)
				if err != nil {
					return failed(err)
				}
				if len(ids) == 0 {
					return out
				}
				out = append(out, fmt.Sprint(ids))
				after = ids[len(ids)-1]
			}
		}})
	}
	for _, q := range []store.RevisionQuery{
		{Limit: plenty, Leaves: true}, {Limit: plenty, Leaves: true, MostLeaves: 2}, {Limit: plenty}, {After: 2, Limit: 3}, {Before: 4, Limit: 2}, {Newest: true, Limit: 3},
		{After: 1, Before: 6, Newest: true, Limit: plenty, Leaves: true}, {After: 5, Before: 3, Limit: plenty},
	} {
		qs = append(qs, question{fmt.Sprintf("revisions %+v", q), func(ctx context.Context, r store.Reader, _ style) []string {
			return lines(r.Revisions(ctx, q), revision)
		}})
	}
	return qs
}

// allQuestions are the fixed set that stores are compared by.
func allQuestions(is ids) []question {
	qs := append(graphQuestions(is), tokenQuestions(is)...)
	return slices.Concat(qs, countQuestions(is), prefetchQuestions(is), historyQuestions(is))
}

// answers puts questions to a view of a store. The first line of each answer is
// the question.
func answers(ctx context.Context, st store.Store, v evidence.View, bare bool, qs []question) ([][]string, error) {
	s := style{clearance: v.Clearance, bare: bare}
	r, err := store.Read(ctx, st, v, vocabulary.Standard())
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(qs))
	for i, q := range qs {
		out[i] = append([]string{fmt.Sprintf("%s, for %s:", q.name, v.Clearance)}, q.ask(ctx, r, s)...)
	}
	return out, r.Close()
}

// kindsBut are all kinds of links but some.
func kindsBut(except ...string) (kinds []string) {
	for _, k := range vocabulary.Standard().Links() {
		if !slices.Contains(except, k.Name) {
			kinds = append(kinds, k.Name)
		}
	}
	return kinds
}

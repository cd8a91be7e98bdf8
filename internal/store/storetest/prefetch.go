package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// prefetchQuestions ask for pages with all that hangs on them: of stores that
// read those together in that way, of the others one after another.
func prefetchQuestions(is ids) []question {
	var qs []question
	ask := func(name string, p store.Prefetch) {
		qs = append(qs, question{"prefetch " + name, func(ctx context.Context, r store.Reader, s style) []string {
			together, ok := r.(store.Prefetcher)
			if !ok {
				together = inTurn{r}
			}
			got, err := together.Prefetch(ctx, p)
			if err != nil {
				return failed(err)
			}
			out := records(s, got.Records, nil)
			for _, x := range got.Page {
				out = append(out, s.found(x))
				cited, ok := got.Cited[x.Record.ID()]
				if p.Citations > 0 && !ok {
					out = append(out, "the citations of a claim with a few are missing")
				}
				for _, c := range cited {
					out = append(out, "  "+s.found(c))
				}
			}
			if p.Count != nil {
				out = append(out, fmt.Sprint(got.Counts))
			}
			return out
		}})
	}
	e := is.entities
	ask("nothing", store.Prefetch{})
	ask("records", store.Prefetch{Get: is.all()})
	ask("the size of all", store.Prefetch{Count: &store.CountQuery{Type: evidence.LinkRecord}})
	for _, id := range e {
		ask("the card of "+string(id), store.Prefetch{
			Get: []evidence.ID{id}, Count: &store.CountQuery{Of: []evidence.ID{id}, Type: evidence.LinkRecord},
			Page: &store.Query{Type: evidence.LinkRecord, Entities: []evidence.ID{id}, Limit: 5}, Ends: true, Citations: 2,
		})
	}
	ask("the last links of two", store.Prefetch{Page: &store.Query{Type: evidence.LinkRecord, Entities: e[:2], Limit: 3, Reverse: true}, Citations: plenty})
	ask("links to one by kind", store.Prefetch{Page: &store.Query{Type: evidence.LinkRecord, Entities: e[:1], Direction: evidence.Incoming, Kinds: []string{"LINKED_TO", "PAYS"}, Limit: 3}, Ends: true})
	ask("links of one, out or either end", store.Prefetch{
		Count: &store.CountQuery{Of: e[:1], Type: evidence.LinkRecord, Direction: evidence.Outgoing, Either: either},
		Page:  &store.Query{Type: evidence.LinkRecord, Entities: e[:1], Direction: evidence.Outgoing, Either: either, Limit: 3}, Ends: true,
	})
	ask("all links", store.Prefetch{Page: &store.Query{Type: evidence.LinkRecord, Limit: 4}, Ends: true, Citations: 1})
	ask("the last statements", store.Prefetch{Page: &store.Query{Type: evidence.StatementRecord, Limit: 2, Reverse: true}, Ends: true, Citations: 1})
	ask("statements of all", store.Prefetch{Page: &store.Query{Type: evidence.StatementRecord, Entities: e, Limit: plenty}, Citations: 3})
	return qs
}

// inTurn reads by the other methods what Prefetch gives together.
type inTurn struct{ reader store.Reader }

// Prefetch implements store.Prefetcher.
func (r inTurn) Prefetch(ctx context.Context, p store.Prefetch) (*store.Prefetched, error) {
	got := &store.Prefetched{Cited: map[evidence.ID][]store.Found{}}
	wanted := slices.Clone(p.Get)
	if p.Page != nil {
		for x, err := range r.reader.Find(ctx, *p.Page) {
			if err != nil {
				return nil, err
			}
			got.Page = append(got.Page, x)
			if c := x.Record.Claim(); p.Ends {
				wanted = append(wanted, c.From, c.To)
			}
		}
	}
	for _, x := range got.Page {
		if p.Citations == 0 {
			break
		}
		id := x.Record.ID()
		got.Cited[id] = nil
		for c, err := range r.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{id}, Limit: p.Citations}) {
			if err != nil {
				return nil, err
			}
			got.Cited[id] = append(got.Cited[id], c)
			wanted = append(wanted, c.Record.Citation().Source, c.Record.Citation().AsserterEntity)
		}
	}
	var err error
	if p.Count != nil {
		if got.Counts, err = r.reader.Count(ctx, *p.Count); err != nil {
			return nil, err
		}
	}
	wanted = slices.DeleteFunc(wanted, func(id evidence.ID) bool { return id == "" })
	slices.Sort(wanted)
	got.Records, err = r.reader.Get(ctx, slices.Compact(wanted))
	return got, err
}

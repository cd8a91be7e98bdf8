package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// What a query asks of an entity or of a list of claims is known before any of
// it is read, so that a store far away can be asked for all of it at once. What
// is said here only saves round trips: each resolver still asks for what it
// needs, and finds it read.

// cardOf is what the field of one entity asks for: of several lists of claims
// the first, with what hangs on its rows.
func cardOf(ctx context.Context, id string) trace.Card {
	card := trace.Card{Entity: evidence.ID(id)}
	for _, f := range below(ctx, graphql.GetFieldContext(ctx).Field) {
		switch f.Name {
		case "links":
			a, err := (&executionContext{}).field_Entity_links_args(ctx, arguments(ctx, f))
			if err != nil {
				continue // its resolver tells
			}
			filter, _ := a["filter"].(*LinkFilter)
			claims, err := filter.trace()
			if direction, ok := a["direction"].(Direction); ok && err == nil {
				claims.Direction, err = direction.evidence()
			}
			if err != nil {
				continue
			}
			return withClaims(ctx, card, claims, argsOf(a), f)
		case "statements":
			a, err := (&executionContext{}).field_Entity_statements_args(ctx, arguments(ctx, f))
			if err != nil {
				continue
			}
			filter, _ := a["filter"].(*StatementFilter)
			claims, err := filter.trace()
			if err != nil {
				continue
			}
			return withClaims(ctx, card, claims, argsOf(a), f)
		}
	}
	return card
}

// cardOfList is what a root field that lists claims asks for.
func cardOfList(ctx context.Context, claims trace.ClaimFilter, args trace.PageArgs) trace.Card {
	return withClaims(ctx, trace.Card{}, claims, args, graphql.GetFieldContext(ctx).Field)
}

// withClaims adds a list of claims to a card, and what is asked of its rows.
func withClaims(ctx context.Context, card trace.Card, claims trace.ClaimFilter, args trace.PageArgs, connection graphql.CollectedField) trace.Card {
	card.Claims, card.Page = &claims, args
	for _, f := range below(ctx, connection) {
		rows := []graphql.CollectedField{f}
		switch f.Name {
		case "totalCount", "totalAtLeast":
			card.Total = true
			continue
		case "edges":
			rows = slices.DeleteFunc(below(ctx, f), func(f graphql.CollectedField) bool { return f.Name != "node" })
		case "nodes":
		default:
			continue
		}
		for _, row := range rows {
			for _, f := range below(ctx, row) {
				switch f.Name {
				case "from", "to", "other", "endsFit", "entity":
					card.Ends = true
				case "citations":
					card.Citations = max(card.Citations, firstOf(ctx, f))
				}
			}
		}
	}
	return card
}

// firstOf is how many citations of each claim a first page of them looks at; 0
// where it is not a first page, or where the filter looks at all.
func firstOf(ctx context.Context, f graphql.CollectedField) int {
	a, err := (&executionContext{}).field_Link_citations_args(ctx, arguments(ctx, f))
	if err != nil {
		return 0
	}
	args := argsOf(a)
	filter, _ := a["filter"].(*CitationFilter)
	kept, err := filter.trace()
	if err != nil || args.After != "" || args.Before != "" || args.Last != nil || len(kept.Sources) > 0 || kept.Text != "" {
		return 0
	}
	size := trace.DefaultPageSize
	if args.First != nil {
		size = *args.First
	}
	if size < 1 || size > trace.MaxPageSize {
		return 0
	}
	return size + 1
}

// below are the fields that are asked of what a field gives.
func below(ctx context.Context, f graphql.CollectedField) []graphql.CollectedField {
	return graphql.CollectFields(graphql.GetOperationContext(ctx), f.Selections, nil)
}

func arguments(ctx context.Context, f graphql.CollectedField) map[string]any {
	return f.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
}

// argsOf are the arguments of a page among those of a field.
func argsOf(a map[string]any) trace.PageArgs {
	first, _ := a["first"].(*int32)
	last, _ := a["last"].(*int32)
	after, _ := a["after"].(*string)
	before, _ := a["before"].(*string)
	return pageArgs(first, after, last, before)
}

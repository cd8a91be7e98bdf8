package graph

import "github.com/vinculo/vinculo/internal/trace"

// What a query costs is limited by the server (server.Limits): each field costs
// 1, and what is inside a list costs as often as the page is long. The card of an
// entity, 25 links with their ends, dates and 5 citations each, costs about 3,800;
// a page of 200 such links without citations about 5,000. Lists that are no pages
// cost as if they were as long as most are.

// totalCost is what a total costs beyond a field: it may have to be counted.
const totalCost = 10

// paging is what a page of a list costs with what is inside of it.
func paging(child int, first, last *int32) int {
	n := int64(trace.DefaultPageSize)
	switch {
	case first != nil:
		n = int64(*first)
	case last != nil:
		n = int64(*last)
	}
	// Beyond the largest page the list itself says what is wrong.
	n = min(max(n, 1), trace.MaxPageSize+1)
	return 1 + int(n)*child
}

// prices are the complexities of the fields that cost more than one.
func prices() ComplexityRoot {
	var c ComplexityRoot
	total := func(child int) int { return totalCost + child }
	citations := func(child int, _ *CitationFilter, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Link.Citations, c.Statement.Citations, c.Source.Citations = citations, citations, citations
	c.Entity.Links = func(child int, _ Direction, _ *LinkFilter, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Entity.Statements = func(child int, _ *StatementFilter, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Entities = func(child int, _ *EntityFilter, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Search = func(child int, _ string, _ []EntityKind, _ bool, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Links = func(child int, _ *LinkFilter, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Statements = func(child int, _ *StatementFilter, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Sources = func(child int, _ *SourceFilter, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Revisions = func(child int, _ *RevisionFilter, _ *KnownAt, first *int32, _ *string, last *int32, _ *string) int {
		return paging(child, first, last)
	}
	c.Query.Stats = func(child int, _ *KnownAt) int { return totalCost + child }
	c.Revision.Changes = func(child int, first, _ int32) int {
		return 1 + int(min(max(int64(first), 1), maxChanges+1))*child
	}
	c.EntityConnection.TotalCount, c.EntityConnection.TotalAtLeast = total, total
	c.LinkConnection.TotalCount, c.LinkConnection.TotalAtLeast = total, total
	c.StatementConnection.TotalCount, c.StatementConnection.TotalAtLeast = total, total
	c.SourceConnection.TotalCount, c.SourceConnection.TotalAtLeast = total, total
	c.CitationConnection.TotalCount, c.CitationConnection.TotalAtLeast = total, total
	c.RevisionConnection.TotalCount, c.RevisionConnection.TotalAtLeast = total, total
	walkPrices(&c)
	return c
}

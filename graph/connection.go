package graph

import (
	"context"
	"math"

	"github.com/vinculo/vinculo/internal/trace"
)

// page is one page of a list in the shape of Relay's cursor connections, with
// nodes N and edges E.
type page[N, E any] struct {
	Edges    []E
	Nodes    []N
	PageInfo PageInfo
}

// PageInfo tells where a page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// paged puts nodes, which are in the order of the page's items, into the shape
// of a connection.
func paged[T, N, E any](p trace.Page[T], nodes []N, edge func(cursor string, node N) E) page[N, E] {
	out := page[N, E]{
		Edges: make([]E, len(nodes)),
		Nodes: nodes,
		PageInfo: PageInfo{
			HasNextPage: p.HasNext, HasPreviousPage: p.HasPrevious,
			StartCursor: optional(p.Start), EndCursor: optional(p.End),
		},
	}
	for i, n := range nodes {
		out.Edges[i] = edge(p.Items[i].Cursor, n)
	}
	return out
}

// contents are the nodes of a page as trace gave them.
func contents[T any](p trace.Page[T]) []T {
	out := make([]T, len(p.Items))
	for i, item := range p.Items {
		out[i] = item.Node
	}
	return out
}

// totals count a list when that is asked for.
type totals struct {
	count func(context.Context) (trace.Total, error)
}

// TotalCount is how long the list is; nil where it is too long to count.
func (t totals) TotalCount(ctx context.Context) (*int32, error) {
	total, err := t.count(ctx)
	if err != nil || !total.Exact {
		return nil, err
	}
	n := toInt(total.N)
	return &n, nil
}

// TotalAtLeast is how long the list is at least.
func (t totals) TotalAtLeast(ctx context.Context) (int32, error) {
	total, err := t.count(ctx)
	return toInt(total.N), err
}

// toInt is a count as GraphQL's Int.
func toInt[N int | uint64 | uint32 | uint16](n N) int32 {
	return int32(min(uint64(n), math.MaxInt32)) //nolint:gosec // counts are not negative, and it is bounded
}

// pageArgs are the arguments of a page. Trace checks them.
func pageArgs(first *int32, after *string, last *int32, before *string) trace.PageArgs {
	var a trace.PageArgs
	if first != nil {
		n := int(*first)
		a.First = &n
	}
	if last != nil {
		n := int(*last)
		a.Last = &n
	}
	if after != nil {
		a.After = *after
	}
	if before != nil {
		a.Before = *before
	}
	return a
}

// EntityConnection is a page of entities.
type EntityConnection struct {
	page[*Entity, EntityEdge]
	totals
}

// EntityEdge is an entity of a page.
type EntityEdge struct {
	Cursor string
	Node   *Entity
}

// SearchHitConnection is a page of search hits.
type SearchHitConnection struct {
	page[*SearchHit, SearchHitEdge]
	Truncated   bool
	TruncatedBy *Truncation
}

// SearchHitEdge is a search hit of a page.
type SearchHitEdge struct {
	Cursor string
	Node   *SearchHit
}

// LinkConnection is a page of links.
type LinkConnection struct {
	page[*Link, LinkEdge]
	totals
}

// LinkEdge is a link of a page.
type LinkEdge struct {
	Cursor string
	Node   *Link
}

// StatementConnection is a page of statements.
type StatementConnection struct {
	page[*Statement, StatementEdge]
	totals
}

// StatementEdge is a statement of a page.
type StatementEdge struct {
	Cursor string
	Node   *Statement
}

// SourceConnection is a page of sources.
type SourceConnection struct {
	page[*Source, SourceEdge]
	totals
}

// SourceEdge is a source of a page.
type SourceEdge struct {
	Cursor string
	Node   *Source
}

// CitationConnection is a page of citations.
type CitationConnection struct {
	page[*Citation, CitationEdge]
	totals
}

// CitationEdge is a citation of a page.
type CitationEdge struct {
	Cursor string
	Node   *Citation
}

// RevisionConnection is a page of revisions.
type RevisionConnection struct {
	page[*Revision, RevisionEdge]
	totals
}

// RevisionEdge is a revision of a page.
type RevisionEdge struct {
	Cursor string
	Node   *Revision
}

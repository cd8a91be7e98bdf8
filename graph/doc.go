// Package graph serves the graph over GraphQL: it turns what a query asks into
// questions to package trace, and what comes back into the types of
// schema.graphqls. It decides nothing itself.
//
// # How reads are batched
//
// A page costs a fixed number of store calls however many rows it has, whatever
// fragments, aliases or directives the query uses. No look at the selection is
// needed for that: nodes that were read together are siblings and know each
// other, and the first of them that needs something more (its citations, its
// ends) reads it for all of them, while the others wait. What was read so are
// the siblings of the next level.
//
// What readers who are not cleared for everything are told of revisions and of
// accepted proposals is judged at the moment of each: that costs a few calls for
// each revision.
//
// # What is read
//
// Everything under one root field is read in one trace.Session, at the moment
// that its argument knownAt names; root fields of one query that name the same
// moment share it, and those of other moments share its reader. Sessions are
// opened when first needed and closed when the response is there, for
// subscriptions after each event, and for mutations after each field, since the
// next one writes.
package graph

//go:generate go run -C .. ./graph/generate

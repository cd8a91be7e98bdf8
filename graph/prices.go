package graph

import "github.com/vinculo/vinculo/internal/trace"

const (
	// walkCost is what a question costs that walks through the graph, beyond what
	// it shows: what it may read is bounded, and this keeps one operation from
	// asking many of them.
	walkCost = 250
	// Lists that nobody gives the size of are mostly this long.
	usualOf       = 3 // members of a set, claims of a contradiction
	usualVersions = 3
	usualGround   = 2 // links of a ground
	usualNames    = 4 // of an entity
	usualKept     = 3 // notes of an entity, standings of a claim, origins and captures of a source
	usualCited    = 2 // sources of a name
	usualFields   = 5 // that a change touched
	usualReasons  = 3 // why two entities may be the same
)

// rows is what so many rows cost with what is inside of each.
func rows(first int32, most, child int) int {
	return 1 + min(max(int(first), 1), most+1)*child
}

// walkPrices are the complexities of the questions that walk through the graph:
// as many rows as they are limited to.
func walkPrices(c *ComplexityRoot) {
	usual := func(n int) func(int) int { return func(child int) int { return 1 + n*child } }
	scope := func(in ScopeInput, child int) int {
		return walkCost + rows(in.MaxEntities, trace.MaxSubgraphEntities, child)
	}
	c.Query.Paths = func(child int, _, _ []string, maxLength, first int32, _ PathOrder, _ Direction, _ bool, _ *TraversalFilter, _ *KnownAt) int {
		// Hops are inside of paths: all of both are as many as they may be together.
		return walkCost + rows(first, trace.MaxPaths, rows(maxLength, trace.MaxPathLength, child))
	}
	c.Query.Subgraph = func(child int, _ []string, _ int32, _ Direction, maxEntities, maxLinks int32, _ *TraversalFilter, _ *KnownAt) int {
		return walkCost + rows(max(maxEntities, maxLinks), trace.MaxSubgraphLinks, child)
	}
	c.Query.LinksAmong = func(child int, _ []string, _ *TraversalFilter, first int32, _ *KnownAt) int {
		return walkCost + rows(first, trace.MaxSubgraphLinks, child)
	}
	c.Query.CommonNeighbors = func(child int, _ []string, _ int32, _ *TraversalFilter, first int32, _ *KnownAt) int {
		return walkCost + rows(first, maxRows, child)
	}
	c.CommonNeighbor.Of = usual(usualOf)
	c.Query.CommandChain = func(child int, _ string, _ *string, _ ChainDirection, first int32, _ *TraversalFilter, _ *KnownAt) int {
		return walkCost + rows(first, maxWindow, child)
	}
	c.Query.CommandersOf = func(child int, _, _ string, first int32, _ *TraversalFilter, _ *KnownAt) int {
		return walkCost + rows(first, maxUnits, child)
	}
	c.ResponsibleUnit.Grounds = func(child int, first int32) int { return rows(first, maxGrounds, child) }
	c.ResponsibleUnit.Chain = func(child int, first int32) int { return rows(first, maxWindow, child) }
	c.Ground.Links = usual(usualGround)
	c.Query.Timeline = func(child int, _, _ []string, _ *TraversalFilter, first, _ int32, _ *KnownAt) int {
		return walkCost + rows(first, maxWindow, child)
	}
	c.Query.Changes = func(child int, _, _ []string, _ *TraversalFilter, first, _ int32, _ *KnownAt) int {
		return walkCost + rows(first, maxWindow, child)
	}
	c.Query.Ranking = func(child int, in ScopeInput, _ Measure, _ bool, first int32, _ *KnownAt) int {
		return scope(in, 1) + rows(first, trace.MaxSubgraphEntities, child)
	}
	c.Query.Communities = func(child int, in ScopeInput, _ bool, _ *KnownAt) int {
		return scope(in, child) // each entity is in one of them
	}
	c.Query.Match = func(child int, _ string, _ *EntityKind, _ []string, first int32, _ *KnownAt) int {
		return walkCost + rows(first, maxRows, child)
	}
	c.Query.Duplicates = func(child int, _ *string, _ *EntityFilter, first *int32, _ *string, last *int32, _ *string, _ *KnownAt) int {
		return walkCost + paging(child, first, last)
	}
	proofPrices(c, usual)
	keptPrices(c, usual)
}

// keptPrices are those of lists that a record shows whole. Some are far longer than
// most; how large the answer may be bounds what they add up to.
func keptPrices(c *ComplexityRoot, usual func(int) func(int) int) {
	c.Entity.Names, c.Name.Sources = usual(usualNames), usual(usualCited)
	c.Entity.Aliases = func(int) int { return usualNames }
	c.Entity.Notes = usual(usualKept)
	c.Link.StandingHistory, c.Statement.StandingHistory = usual(usualKept), usual(usualKept)
	c.Source.DerivedFrom, c.Source.Captures = usual(usualKept), usual(usualKept)
	c.HistoryStep.Fields, c.Difference.Fields = usual(usualFields), usual(usualFields)
	c.MatchCandidate.Reasons, c.DuplicatePair.Reasons = usual(usualReasons), usual(usualReasons)
}

// proofPrices are those of what claims rest on and of what became of records.
func proofPrices(c *ComplexityRoot, usual func(int) func(int) int) {
	c.Query.Contradictions = func(child int, _ string, first int32, _ *KnownAt) int {
		return walkCost + rows(first, maxRows, child)
	}
	c.Contradiction.Claims, c.ClaimVersion.Claims = usual(usualOf), usual(usualOf)
	c.Contradiction.Versions = usual(usualVersions)
	c.Query.SourceImpact = func(child int, _ []string, first, _ int32, _ *KnownAt) int {
		return walkCost + rows(first, maxWindow, child)
	}
	c.Query.History = func(child int, _ string, first *int32, _ *string, last *int32, _ *string, _ *KnownAt) int {
		return walkCost + paging(child, first, last)
	}
	c.Query.Diff = func(child int, _ int32, _ *int32, first *int32, _ *string, last *int32, _ *string, _ *KnownAt) int {
		return walkCost + paging(child, first, last)
	}
	c.Query.Proposals = func(child int, _ *ProposalState, first *int32, _ *string, last *int32, _ *string, _ *KnownAt) int {
		return paging(child, first, last)
	}
	c.Query.Tokens = func(child int, first *int32, _ *string, last *int32, _ *string, _ *KnownAt) int {
		return paging(child, first, last)
	}
}

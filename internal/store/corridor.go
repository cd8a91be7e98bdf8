package store

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Corridors is what a Reader may be beside Reader where it finds out by itself,
// faster than level by level through Expand, which links can lie on the ways
// between entities. It answers nothing that Expand does not answer: which of the
// ways count, and in what order, stays with who asks. Readers of the past, and
// stores that gain nothing by it, leave it away.
type Corridors interface {
	// Corridor gives every link of those walks that meet no entity twice, and may
	// give others of walks that do. ok is false where this reader cannot tell, or not
	// within the limits; Expand can then. An error is what Expand would give. The
	// walks are only read, and not kept.
	Corridor(ctx context.Context, w *Walks) (c Corridor, ok bool, err error)
}

// Walks are ways from one set of entities to another, along links that a view
// sees. A walk begins in From, ends in To, and meets no entity of either between
// them; others it may meet more than once.
type Walks struct {
	// From and To have no id in common, and hold whole groups of Groups.
	From, To  []evidence.ID
	Direction evidence.Direction // Outgoing passes links from their from to their to
	Either    []string           // kinds that are passed both ways, whatever the Direction
	// Length is how many links a walk has at most, 1 to MaxCorridor, and Beyond how
	// many more than the shortest walk that there is.
	Length, Beyond int
	Filter         WalkFilter
	// Parallel, where above 0, lets the answer leave out those links of two entities
	// that come after so many stronger ones (of one strength: of a lesser id) that
	// pass Filter and can be passed the same way.
	Parallel int
	// Best, where Beyond is 0 and there are no Groups, asks for one of the shortest
	// walks alone, as Corridor.Way: for that of which the first link is the strongest (of
	// one strength: has the least id), then the second, and so on.
	Best bool
	// Groups are entities that count as one.
	Groups []Group
	// Looked and Total are limits: on the links that are looked at, and on those in
	// the answer.
	Looked, Total int
}

// MaxCorridor is the greatest Length of Walks.
const MaxCorridor = 12

// Group is entities that count as one, which is a placeholder or not whatever
// each of them is. A link between two of them is on no walk.
type Group struct {
	Members     []evidence.ID
	Placeholder bool
}

// WalkFilter says which links a walk may pass: those that pass all of it.
type WalkFilter struct {
	Kinds           []string            // empty: all
	Standing        []evidence.Standing // empty: all
	MinStrength     int                 // thousandths
	ExcludeDisputed bool
	// Avoid are entities that no walk meets, in From and To either; whole groups.
	Avoid []evidence.ID
	// When, where set, keeps only the links it is true for, by the Bounds, Dated and
	// Doubtful of an edge that has nothing else and is used again.
	When func(*Edge) bool
	// Placeholders lets walks meet placeholders that are not in From or To.
	Placeholders bool
}

// Corridor is the links of walks.
type Corridor struct {
	// Shortest is how many links the shortest walk has; 0 where there is none of up
	// to Walks.Length.
	Shortest int
	// Way is the best walk, where that was asked for, and there is nothing else then.
	Way []Step
	// Edges are the links, each once, in no order that means anything. At is not set.
	// Ends has, for each of them, the places in IDs of its from and its to.
	Edges []Edge
	Ends  [][2]int32
	IDs   []evidence.ID // every end, each once
}

// Step is a link as a walk passes it.
type Step struct {
	Link, From, To evidence.ID // from and to as it is passed
	Backward       bool        // passed from its to to its from
	Strength       uint16      // thousandths
}

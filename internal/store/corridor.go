package store

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Corridors is an optional ability of a Reader: it answers a whole path search in
// one call instead of level by level. Whatever it finds can be found through Expand
// too. It gives links; the caller makes paths of them, chooses and orders them.
// Readers of the past do not have it, nor do stores that gain nothing by it.
type Corridors interface {
	// Corridor gives every link that lies on a walk which meets no entity twice. It
	// may also give links that lie only on walks which do. Where ok is false the
	// reader cannot answer, or not within the limits; the caller then uses Expand. An
	// error is one that Expand would give. Corridor does not change w or keep it.
	Corridor(ctx context.Context, w *Walks) (c Corridor, ok bool, err error)
}

// Walks describes the walks that are asked for. A walk begins in From, ends in To,
// passes links that the view sees, and meets no other entity of From or To on its
// way. It may meet any other entity more than once.
type Walks struct {
	// From and To have no id in common. Each holds all members of a group or none.
	From, To []evidence.ID
	// Direction says how links may be passed. Outgoing passes links only as they were
	// asserted, Incoming only against that, Any both ways.
	Direction evidence.Direction
	Either    []string // kinds that are passed both ways, whatever the Direction
	// Length is the greatest number of links in a walk, 1 to MaxCorridor. Beyond is
	// how many links more than the shortest walk it may have.
	Length, Beyond int
	Filter         WalkFilter
	// Parallel limits links between the same two entities. Where above 0, only the
	// strongest Parallel of those that pass Filter and can be passed the same way need
	// be answered (of equal strength: those with the lowest ids).
	Parallel int
	// Best asks for only one of the shortest walks, as Corridor.Way: the one whose
	// first link is the strongest, then whose second is, and so on (of equal strength:
	// the lowest id). It needs Beyond to be 0 and Groups to be empty.
	Best bool
	// Groups are entities that count as one.
	Groups []Group
	// Looked limits the links that are looked at, of those that the view sees, and
	// Total those in the answer.
	Looked, Total int
}

// MaxCorridor is the greatest Length of Walks.
const MaxCorridor = 12

// Group is a set of entities that count as one. Its Placeholder holds in place of
// what each member is by itself. No walk passes a link between two members.
type Group struct {
	Members     []evidence.ID
	Placeholder bool
}

// WalkFilter says which links a walk may pass. A link has to meet every condition.
type WalkFilter struct {
	Kinds           []string            // empty: all
	Standing        []evidence.Standing // empty: all
	MinStrength     int                 // thousandths
	ExcludeDisputed bool
	// Avoid are entities that no walk meets, not even in From or To. It holds
	// all members of a group or none.
	Avoid []evidence.ID
	// When, where set, keeps only the links that it is true for. The edge that it is
	// given has only Bounds, Dated and Doubtful, and is reused for the next link.
	When func(*Edge) bool
	// Placeholders lets walks meet placeholders other than those in From and To.
	Placeholders bool
}

// Corridor is the answer: the links of the walks, or one walk.
type Corridor struct {
	// Shortest is the number of links of the shortest walk; 0 where no walk has
	// Walks.Length or fewer.
	Shortest int
	// Way is the best walk, where Walks.Best asks for it. Edges, Ends and IDs are then
	// empty.
	Way []Step
	// Edges are the links, each once, in no particular order. Their At is not set.
	// Ends has, for each edge, the indexes in IDs of its From and its To.
	Edges []Edge
	Ends  [][2]int32
	IDs   []evidence.ID // every end, each once
}

// Step is one link of a walk.
type Step struct {
	Link, From, To evidence.ID // the walk goes from From to To
	Backward       bool        // the walk passes the link against the direction in which it was asserted
	Strength       uint16      // thousandths
}

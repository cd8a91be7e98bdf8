package neo4j

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Expand implements store.Reader. The frontier is one query. Only where Keep
// turns away so many links of an entity that its limit is not filled from what
// that query gave are further links of such entities asked for, those of all of
// them together.
func (r *reader) Expand(ctx context.Context, x store.Expansion) iter.Seq2[store.Edge, error] {
	return func(yield func(store.Edge, error) bool) {
		if err := checkMost(store.MaxFrontier, "entities", max(len(x.Frontier), len(x.Others))); err != nil {
			yield(store.Edge{}, err)
			return
		}
		if x.Total < 1 || len(x.Frontier) == 0 {
			return
		}
		e := r.newExpansion(x)
		for len(e.open) > 0 {
			if err := e.ask(ctx); err != nil {
				yield(store.Edge{}, err)
				return
			}
		}
		given := 0
		for _, edges := range e.kept {
			for i := range edges {
				if given == x.Total || !yield(edges[i], nil) {
					return
				}
				given++
			}
		}
	}
}

// expansion is one call of Expand.
type expansion struct {
	reader *reader
	store.Expansion
	outgoing, incoming []row
	across             [2][]row       // of outgoing and incoming, those of kinds that match at either end
	kept               [][]store.Edge // by place in the frontier
	wanted             int            // edges of one entity
	each               int            // edges of one entity asked for at a time
	open               []int          // places that may have more edges
	pairs              bool           // links to Others are looked up by both ends
	after              []string       // by place: the key that the next edges come after
	among              []string       // kinds that are kept of what the lists of all kinds have; nil for all
}

// keyedEdge is an edge with the key of its link.
type keyedEdge struct {
	store.Edge
	key string
}

// unlimited is a limit that no graph reaches.
const unlimited = int64(1) << 40

// spare is how many more links are asked for than are wanted, where some may be
// turned away: about what fits into the same round trip.
const spare = 64

func (r *reader) newExpansion(x store.Expansion) *expansion {
	if r.past() { // no strength is known of it
		x.Strongest, x.MinStrength = false, 0
	}
	pairs := len(x.Others) > 0 && len(x.Frontier)*len(x.Others) <= maxPairs[r.past()] && !x.Strongest
	x.Keep = turnsAway(x, pairs)
	e := &expansion{reader: r, Expansion: x, pairs: pairs, kept: make([][]store.Edge, len(x.Frontier)), wanted: x.Total, after: make([]string, len(x.Frontier)), outgoing: []row{}, incoming: []row{}}
	if x.PerNode > 0 {
		e.wanted = min(x.PerNode, x.Total)
	}
	e.each = e.wanted
	if x.Keep != nil {
		e.each = 4*e.wanted + spare
	}
	for i := range x.Frontier {
		e.open = append(e.open, i)
	}
	// Most of the kinds that there are would be as many lists of each entity.
	if 2*len(e.Kinds) > len(r.store.vocabulary.Links()) {
		e.among, e.Kinds = e.Kinds, nil
	}
	q := store.Query{Type: evidence.LinkRecord, Entities: x.Frontier, Direction: x.Direction, Either: x.Either, Kinds: e.Kinds}
	add := func(prefix string, outgoing, incoming bool) {
		lo, hi := bounds(q, prefix)
		for _, slot := range slots(q.Type, r.view) {
			list := row{"slot": slot, "lo": lo, "hi": hi}
			if outgoing {
				e.outgoing = append(e.outgoing, list)
			}
			if incoming {
				e.incoming = append(e.incoming, list)
			}
		}
	}
	for _, kind := range q.Across() {
		add(evidence.ClaimKeyPrefix(kind), x.Direction == evidence.Incoming, x.Direction == evidence.Outgoing)
	}
	e.across = [2][]row{e.outgoing, e.incoming}
	for _, prefix := range prefixesOf(q) {
		add(prefix, x.Direction != evidence.Incoming, x.Direction != evidence.Outgoing)
	}
	return e
}

// ask reads the next edges of all entities that may have more, keeps those that
// are wanted and notes which entities are done.
func (e *expansion) ask(ctx context.Context) error {
	frontier := make([]row, len(e.open))
	for i, at := range e.open {
		frontier[i] = row{"at": int64(at), "id": string(e.Frontier[at]), "after": e.after[at]}
	}
	each, total := int64(e.each), unlimited
	switch {
	case e.Keep == nil:
		total = int64(e.Total)
	case e.Strongest:
		each = unlimited // where the strongest are turned away, no key tells where to go on
	}
	// By rank no more is read than is wanted, but of all kinds.
	ranked := len(e.Kinds) == 0 && (e.Strongest && e.Keep == nil || !e.Strongest && e.MinStrength > 0)
	// Where all are wanted, what turns some away here can put them in order as well.
	loose := e.Keep != nil && e.PerNode == 0 && len(e.Kinds) == 0 && !e.Strongest && !e.reader.past()
	shape := expandShape{past: e.reader.past(), strongest: e.Strongest, ranked: ranked, loose: loose}
	if e.pairs {
		shape = expandShape{pairs: true, past: shape.past}
	}
	params := row{
		"frontier": frontier, "outgoing": e.outgoing, "incoming": e.incoming, "each": each, "total": total, "strength": strengthAt(e.reader.view.Clearance),
	}
	if e.among != nil {
		params["kinds"] = e.among
	}
	switch {
	case shape.pairs:
		params["others"], params["slots"] = e.Others, slots(evidence.LinkRecord, e.reader.view)
	case shape.ranked:
		e.rank(params)
	}
	rows, err := e.reader.read(ctx, e.reader.store.texts.expand[shape], params)
	if err != nil {
		return err
	}
	found, err := e.edges(rows)
	if err != nil {
		return err
	}
	if shape.loose {
		found = inOrder(found)
	}
	read := make(map[int]int64, len(e.open))
	for _, edge := range found {
		if read[edge.At] == each {
			continue // a list may have been cut before it
		}
		read[edge.At]++
		e.after[edge.At] = edge.key
		if len(e.kept[edge.At]) < e.wanted && (e.Keep == nil || e.Keep(&edge.Edge)) {
			e.kept[edge.At] = append(e.kept[edge.At], edge.Edge)
		}
	}
	asked := e.open
	e.open = nil
	if e.Keep == nil {
		return nil
	}
	for _, at := range asked {
		if read[at] == each && len(e.kept[at]) < e.wanted {
			e.open = append(e.open, at)
		}
	}
	if len(e.open) > 0 && e.filled(e.open[0]) {
		e.open = nil
	}
	e.each *= 8
	return nil
}

// edges reads the rows of an answer, but for records that are no more.
func (e *expansion) edges(rows []*driver.Record) ([]*keyedEdge, error) {
	all, edges := make([]keyedEdge, len(rows)), make([]*keyedEdge, 0, len(rows))
	for i, one := range rows {
		if vanished(one, "edge") {
			continue
		}
		var err error
		if all[i].Edge, all[i].key, err = e.newEdge(one.Values); err != nil {
			return nil, err
		}
		edges = append(edges, &all[i])
	}
	return edges, nil
}

// inOrder puts edges of a loose answer in the order of the others, each once.
func inOrder(edges []*keyedEdge) []*keyedEdge {
	slices.SortFunc(edges, func(x, y *keyedEdge) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.key, y.key)) })
	return slices.CompactFunc(edges, func(x, y *keyedEdge) bool { return x.At == y.At && x.Link == y.Link })
}

// maxPairs is up to how many pairs of entities are looked up one by one, now and in the
// past; reading the links of an entity is quicker where there are more. Of the past
// each takes longer to read.
var maxPairs = map[bool]int{false: 2 * store.MaxBatch, true: 5 * store.MaxBatch}

// turnsAway is what decides on each edge that the server gives; nil keeps all. The
// server gives pairs of any kind, in both directions.
func turnsAway(x store.Expansion, pairs bool) func(*store.Edge) bool {
	switch {
	case pairs:
		return func(e *store.Edge) bool { return x.Passes(e) && x.Keeps(e) }
	case x.MinStrength > 0 || len(x.Others) > 0:
		return x.Keeps
	default:
		return x.Keep
	}
}

// rank names the lists that are in the order of their strength for the view's
// clearance, and those that have to be put in order.
func (e *expansion) rank(params row) {
	ranked, mixed := []int64{}, []int64{}
	for _, slot := range slots(evidence.LinkRecord, e.reader.view) {
		ranked = append(ranked, slot)
		if slot%placesOfType == int64(e.reader.view.Clearance) {
			ranked = append(ranked, slot+mixedSlots)
		} else {
			mixed = append(mixed, slot+mixedSlots)
		}
	}
	none := []int64{}
	params["fromSlots"], params["fromMixed"], params["toSlots"], params["toMixed"] = ranked, mixed, ranked, mixed
	params["outgoing"], params["incoming"] = e.across[0], e.across[1]
	params["weaker"] = rankBelow(e.MinStrength)
	switch e.Direction {
	case evidence.Outgoing:
		params["toSlots"], params["toMixed"] = none, none
	case evidence.Incoming:
		params["fromSlots"], params["fromMixed"] = none, none
	}
}

// filled says whether the entities before a place give all that is wanted.
func (e *expansion) filled(place int) bool {
	given := 0
	for _, edges := range e.kept[:place] {
		given += len(edges)
	}
	return given >= e.Total
}

// newEdge reads one row of edgeColumns, and the key of the link.
func (e *expansion) newEdge(values []any) (x store.Edge, key string, err error) {
	at, _ := values[0].(int64)
	packed, _ := values[1].([]byte)
	if len(values) != len(edgeColumns) || int(at) >= len(e.Frontier) {
		return x, "", errors.New("neo4j: the server answered an edge that was not asked for")
	}
	if key, err = unpackEdge(&x, packed, e.reader.view.Clearance); err != nil {
		return x, "", err
	}
	x.At = int(at)
	if e.reader.past() {
		x.Standing, x.Strength, x.Disputed = 0, 0, false
		return x, key, nil
	}
	x.FromPlaceholder, _ = values[2].(bool)
	x.ToPlaceholder, _ = values[3].(bool)
	return x, key, nil
}

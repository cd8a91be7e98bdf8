package neo4j

import (
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// bounds are the keys between which a page lies, in a list whose keys begin with
// a prefix; both excluded.
func bounds(q store.Query, prefix string) (lo, hi string) {
	lo, hi = prefix, highest
	if prefix != "" {
		hi = strings.TrimSuffix(prefix, " ") + "!" // the sign after a blank
	}
	switch {
	case q.After == "":
	case q.Reverse:
		hi = min(hi, q.After)
	default:
		lo = max(lo, q.After)
	}
	return lo, hi
}

// lists are the lists that a query merges, and the shape of the text that does it.
// Those of links to entities are incoming.
func (r *reader) lists(q store.Query) (shape listShape, lists, incoming []row) {
	shape = listShape{order: "key", reverse: q.Reverse, past: r.past(), words: len(q.Text) > 0}
	lists, incoming = []row{}, []row{}
	switch {
	case len(q.Sources) > 0:
		shape.anchor, shape.order = "source", "sourceKey"
		lists = r.citationsIn(q)
	case len(q.Kinds) > 0 && (q.Type == evidence.EntityRecord || q.Type == evidence.SourceRecord):
		shape.order = "kindKey"
		lists = r.ofKinds(q)
	case len(q.Entities) > 0 && q.Type == evidence.LinkRecord:
		shape.anchor = "from"
		lists, incoming = r.linksAt(q)
	case len(q.Entities) > 0:
		shape.anchor = "from"
		lists = r.anchored(lists, q, anything(q.Entities), prefixesOf(q))
	case len(q.About) > 0:
		shape.anchor = "about"
		lists = r.anchored(lists, q, anything(q.About), prefixesOf(q))
	default:
		lists = r.anchored(lists, q, []any{nil}, prefixesOf(q))
	}
	return shape, lists, incoming
}

// citationsIn are the lists of the citations into sources.
func (r *reader) citationsIn(q store.Query) []row {
	lists := []row{}
	lo, hi := bounds(q, "")
	for _, id := range unique(q.Sources) {
		for _, stance := range stancesOf(q.Kinds) {
			for _, slot := range slots(q.Type, r.view) {
				lists = append(lists, row{"anchor": string(id), "slot": slot, "lo": lo, "hi": hi, "stance": stance.String()})
			}
		}
	}
	return lists
}

// ofKinds are the lists of the entities, or sources, of some kinds. A key of the
// answer does not begin with the kind, and a key of the list does.
func (r *reader) ofKinds(q store.Query) []row {
	lists := []row{}
	for _, kind := range unique(q.Kinds) {
		within := q
		if q.After != "" {
			within.After = evidence.ClaimKeyPrefix(kind) + q.After
		}
		lo, hi := bounds(within, evidence.ClaimKeyPrefix(kind))
		for _, slot := range slots(q.Type, r.view) {
			lists = append(lists, row{"slot": slot, "lo": lo, "hi": hi})
		}
	}
	return lists
}

// linksAt are the lists of the links from entities, and of those to them. In the
// present those of kinds that match at either end are left to symmetric.
func (r *reader) linksAt(q store.Query) (from, to []row) {
	from, to = []row{}, []row{}
	entities, prefixes := anything(q.Entities), prefixesOf(q)
	if q.Direction != evidence.Incoming {
		from = r.anchored(from, q, entities, prefixes)
	}
	if q.Direction != evidence.Outgoing {
		to = r.anchored(to, q, entities, prefixes)
	}
	var across []string
	for _, kind := range q.Across() {
		across = append(across, evidence.ClaimKeyPrefix(kind))
	}
	switch {
	case q.Direction == evidence.Incoming:
		from = r.anchored(from, q, entities, across)
	case r.past():
		to = r.anchored(to, q, entities, across)
	}
	return from, to
}

// anchored adds the lists of anchors whose keys begin with one of the prefixes.
func (r *reader) anchored(lists []row, q store.Query, anchors []any, prefixes []string) []row {
	for _, prefix := range prefixes {
		lo, hi := bounds(q, prefix)
		for _, anchor := range anchors {
			for _, slot := range slots(q.Type, r.view) {
				lists = append(lists, row{"anchor": anchor, "slot": slot, "lo": lo, "hi": hi})
			}
		}
	}
	return lists
}

// symmetric are the lists of links to entities of kinds that match at either end,
// for each entity, beside which stands the counter of the links in the list: most
// entities have links of few kinds, and no list is sought that has none.
func (r *reader) symmetric(q store.Query) []row {
	all := []row{}
	across := q.Across()
	if r.past() || q.Direction == evidence.Incoming || len(across) == 0 {
		return all
	}
	for _, id := range unique(q.Entities) {
		var lists []row
		for _, kind := range across {
			lo, hi := bounds(q, evidence.ClaimKeyPrefix(kind))
			for _, slot := range slots(q.Type, r.view) {
				counter := counterName(evidence.CounterKey{
					Type: q.Type, Direction: evidence.Incoming, Kind: kind, Visibility: evidence.Clearance(slot % placesOfType), //nolint:gosec // a small number that slotOf made
				})
				lists = append(lists, row{"anchor": string(id), "slot": slot, "lo": lo, "hi": hi, "counter": counter})
			}
		}
		all = append(all, row{"anchor": string(id), "lists": lists})
	}
	return all
}

// prefixesOf are the beginnings of the keys that a query's kinds allow.
func prefixesOf(q store.Query) []string {
	if len(q.Kinds) == 0 {
		return []string{""}
	}
	prefixes := []string{}
	if q.Type == evidence.CitationRecord {
		for _, stance := range stancesOf(q.Kinds) {
			prefixes = append(prefixes, evidence.CitationKeyPrefix(stance))
		}
		return prefixes
	}
	for _, kind := range unique(q.Kinds) {
		prefixes = append(prefixes, evidence.ClaimKeyPrefix(kind))
	}
	return prefixes
}

// stancesOf are the stances that kinds name; all where there are none.
func stancesOf(kinds []string) []evidence.Stance {
	var stances []evidence.Stance
	for s := evidence.Supports; s <= evidence.Mentions; s++ {
		if len(kinds) == 0 || slices.Contains(kinds, s.String()) {
			stances = append(stances, s)
		}
	}
	return stances
}

func unique[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func anything(ids []evidence.ID) []any {
	var list []any
	for _, id := range unique(ids) {
		list = append(list, string(id))
	}
	return list
}

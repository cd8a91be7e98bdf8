package neo4j

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// A page of claims and what hangs on it is one query: several would each wait for
// the server, which for a question of a few milliseconds is most of its time.

var _ store.Prefetcher = (*reader)(nil)

// pageShape tells the texts of Prefetch apart.
type pageShape struct{ anchored, reverse bool }

// ownCitations is up to how many citations of a claim are read with its page,
// where fewer are asked for. Those are reached from the claim, all of them; what
// has more is read along an index.
const ownCitations = 16

// mostCitations is up to how many are, where more are asked for.
const mostCitations = 64

// wire are the properties from which newest reads a record.
func wire(n string) string {
	return fmt.Sprintf("[%[1]s.slot, %[1]s.data, %[1]s.derived, %[1]s.revision, %[1]s.key]", n)
}

// pageTexts answer one row, in which each claim is a list of what hangs on it.
func pageTexts() map[pageShape]query {
	texts := map[pageShape]query{}
	for i := range 4 {
		shape := pageShape{anchored: i&1 != 0, reverse: i&2 != 0}
		of := listShape{order: "key", reverse: shape.reverse}
		if shape.anchored {
			of.anchor = "from"
		}
		list, _, _ := strings.Cut(of.text(), "WITH n.slot")
		texts[shape] = query{name: "page" + when(shape.anchored, " of entities") + when(shape.reverse, " reversed"),
			text: "MATCH (h:Head {id: 'log'}) OPTIONAL MATCH (made:Schema {id: 'schema'}) RETURN h.sequence AS sequence, h.hash AS hash, made.version AS version, made.from AS from, " +
				"COLLECT { UNWIND $ids AS id MATCH (e:Record {id: id}) WHERE e.slot % 8 <= $clearance RETURN " + wire("e") + " } AS records, " +
				"COLLECT { UNWIND $of AS of MATCH (k:Counter {of: of}) RETURN properties(k) } AS counters, " +
				"COLLECT { " + list + "WITH n ORDER BY n.key" + when(shape.reverse, " DESC") + " LIMIT $limit RETURN [" + wire("n") + ", " +
				"CASE WHEN $ends THEN COLLECT { UNWIND [x IN [n.from, n.to] WHERE NOT x IN $ids] AS id MATCH (e:Record {id: id}) WHERE e.slot % 8 <= $clearance RETURN " + wire("e") + " } END, " +
				"CASE WHEN coalesce(n.supports, 0) + coalesce(n.disputes, 0) + coalesce(n.mentions, 0) <= $most THEN COLLECT { MATCH (n)-[:HAS_CITATION]->(x:Citation)-[:IN_SOURCE]->(s) WHERE x.slot % 8 <= $clearance " +
				"RETURN [" + wire("x") + ", CASE WHEN s.slot % 8 <= $clearance THEN " + wire("s") + " END, " +
				"CASE WHEN x.asserter IS NOT NULL THEN COLLECT { MATCH (a:Record {id: x.asserter}) WHERE a.slot % 8 <= $clearance RETURN " + wire("a") + " } END] } END] } AS claims"}
	}
	return texts
}

// Prefetch implements store.Prefetcher.
func (r *reader) Prefetch(ctx context.Context, p store.Prefetch) (*store.Prefetched, error) {
	if r.past() {
		return nil, store.ErrUncounted
	}
	kept := r.store.kept
	w, err := kept.want(p, r.view.Clearance)
	if err != nil {
		return nil, err
	}
	if w.kept != nil && !r.closed.Load() {
		// Where the head does not come, the query says why.
		head, err := r.store.newest.now(ctx)
		if err == nil && head == w.head {
			return w.kept, nil
		}
		if err := r.store.stillFit(ctx); err != nil {
			return nil, err
		}
	}
	shape, params, err := r.pageParams(p)
	if err != nil {
		return nil, err
	}
	u := &unpacking{p: p, out: &store.Prefetched{Records: map[evidence.ID]*evidence.Record{}, Cited: map[evidence.ID][]store.Found{}}}
	switch empty, err := r.empty(ctx); {
	case err != nil:
		return nil, err
	case empty:
		r.count(u, nil)
		return u.out, nil
	}
	rows, err := r.read(ctx, r.store.texts.page[shape], params)
	if err != nil {
		return nil, err
	}
	if err := r.store.fit(rows); err != nil {
		return nil, err
	}
	r.common(u, rows[0])
	for _, one := range listOf(rows[0], "claims") {
		if parts, _ := one.([]any); len(parts) == partsOfClaim {
			u.claim(parts)
		}
	}
	if u.err == nil && kept.put(w, textOf(rows[0], "hash"), keptPage{u.out, u.size}) {
		go r.store.settle(context.WithoutCancel(ctx))
	}
	return u.out, u.err
}

// The parts of a claim in the answer of pageTexts.
const (
	partRecord = iota
	partEnds
	partCited
	partsOfClaim
)

func (r *reader) pageParams(p store.Prefetch) (pageShape, row, error) {
	shape := pageShape{}
	params := row{"ids": idTexts(p.Get), "of": []string{}, "lists": []row{}, "incoming": []row{}, "symmetric": []row{}, "limit": int64(0), "ends": p.Ends, "most": int64(-1)}
	if err := checkBatch("ids", len(p.Get)); err != nil {
		return shape, nil, err
	}
	if p.Count != nil {
		params["of"] = idTexts(countedOf(*p.Count))
	}
	if p.Citations > 0 {
		params["most"] = int64(max(ownCitations, min(3*p.Citations, mostCitations)))
	}
	if q := p.Page; q != nil {
		if err := errors.Join(checkBatch("entities", len(q.Entities)), checkBatch("records", q.Limit)); err != nil {
			return shape, nil, err
		}
		if !q.Type.IsClaim() || len(q.Text) > 0 || len(q.About) > 0 {
			return shape, nil, fmt.Errorf("neo4j: a page that is prefetched has links or statements, of entities or all; ask for the others with Find")
		}
		list, lists, incoming := r.lists(*q)
		shape = pageShape{anchored: list.anchor != "", reverse: list.reverse}
		params["lists"], params["incoming"], params["symmetric"], params["limit"] = lists, incoming, r.symmetric(*q), int64(max(q.Limit, 0))
	}
	return shape, params, nil
}

// unpacking puts the rows of an answer into its parts; err is the first error.
type unpacking struct {
	p    store.Prefetch
	out  *store.Prefetched
	size int // bytes that it takes
	err  error
}

// record reads the properties that wire sent after the slot; nil where there is
// none.
func (u *unpacking) record(sent any) *evidence.Record {
	list, _ := sent.([]any)
	if u.err != nil || len(list) != 5 {
		return nil
	}
	slot, there := list[0].(int64)
	if !there {
		return nil // it was erased while it was read
	}
	data, _ := list[1].([]byte)
	derived, _ := list[2].([]byte)
	revision, _ := list[3].(int64)
	u.size += store.InMemory(len(data) + len(derived))
	r := &evidence.Record{From: evidence.Sequence(revision), To: evidence.Open} //nolint:gosec // written from a sequence
	if r.Content, u.err = evidence.DecodeContent(typeOfSlot(slot), data); u.err != nil {
		return nil
	}
	key, _ := list[4].(string)
	r.Derived, u.err = decodeDerived(slot, key, derived)
	return r
}

// keep reads a record that others than the page's rows ask for by its id.
func (u *unpacking) keep(sent any) {
	if r := u.record(sent); r != nil {
		u.out.Records[r.ID()] = r
	}
}

func (r *reader) common(u *unpacking, one *driver.Record) {
	u.out.Sequence = evidence.Sequence(numberOf(one, "sequence")) //nolint:gosec // written from a sequence
	for _, sent := range listOf(one, "records") {
		u.keep(sent)
	}
	r.count(u, listOf(one, "counters"))
}

func (r *reader) count(u *unpacking, counters []any) {
	if u.p.Count != nil {
		u.out.Counts = r.sum(*u.p.Count, counters)
	}
}

func (u *unpacking) claim(parts []any) {
	claim := u.record(parts[partRecord])
	if claim == nil {
		return
	}
	u.out.Page = append(u.out.Page, store.Found{Record: claim, Key: claim.Derived.Key})
	ends, _ := parts[partEnds].([]any)
	for _, sent := range ends {
		u.keep(sent)
	}
	cited, complete := parts[partCited].([]any)
	if !complete {
		return
	}
	type citation struct {
		store.Found
		source, asserters any
	}
	all := make([]citation, 0, len(cited))
	for _, sent := range cited {
		if parts, _ := sent.([]any); len(parts) == 3 {
			if r := u.record(parts[0]); r != nil {
				all = append(all, citation{store.Found{Record: r, Key: r.Derived.Key}, parts[1], parts[2]})
			}
		}
	}
	slices.SortFunc(all, func(a, b citation) int { return compareText(a.Key, b.Key) })
	var given [evidence.Mentions + 1]int
	found := make([]store.Found, 0, len(all))
	for _, c := range all {
		stance := c.Record.Citation().Stance
		if given[stance]++; given[stance] > u.p.Citations {
			continue
		}
		found = append(found, c.Found)
		u.keep(c.source)
		asserters, _ := c.asserters.([]any)
		for _, a := range asserters {
			u.keep(a)
		}
	}
	u.out.Cited[claim.ID()] = found
}

package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Find implements store.Reader.
func (r *reader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	return func(yield func(store.Found, error) bool) {
		if err := r.ready(ctx); err != nil {
			yield(store.Found{}, err)
			return
		}
		if err := r.find(ctx, &q, func(f store.Found) bool { return yield(f, nil) }); err != nil {
			yield(store.Found{}, r.g.store.wrap(err))
		}
	}
}

func (r *reader) find(ctx context.Context, q *store.Query, yield func(store.Found) bool) error {
	anchors := 0
	for _, n := range []int{len(q.Entities), len(q.Claims), len(q.Sources), len(q.About)} {
		if n > store.MaxBatch {
			return errTooMany("ids", n)
		}
		anchors += min(n, 1)
	}
	words := slices.DeleteFunc(slices.Clone(q.Text), func(w string) bool { return w == "" })
	if anchors+min(len(words), 1) > 1 {
		return errAnchors
	}
	switch {
	case q.Limit < 1 || q.Limit > store.MaxBatch:
		return fmt.Errorf("a limit of %d is not between 1 and %d", q.Limit, store.MaxBatch)
	case len(q.Claims) > 0:
		return r.citationsOf(ctx, q, yield)
	case len(words) > 0:
		return r.findText(ctx, q, words, yield)
	}
	of, err := r.listed(ctx, q)
	if err != nil {
		return err
	}
	return r.walk(ctx, &spans{of: of, reverse: q.Reverse, after: q.After}, q, nil, q.Limit, yield)
}

// slots are those that the view reads of a list of records of a type, or of their
// tokens. What is raised above a clearance is hidden from it in the past too, so of
// the entities and sources that are there now, those of higher slots are never
// seen; what was read of the names of others is in the list of the past, see
// raisedWords. The visibility of a claim or a citation of then says nothing of
// today's: what it had to be seen by may be withdrawn since.
func (r *reader) slots(t evidence.RecordType) []int64 {
	switch {
	case r.view.IsNow():
		return allSlots[:r.view.Clearance+1]
	case t == evidence.EntityRecord || t == evidence.SourceRecord:
		return append(allSlots[:r.view.Clearance+1:r.view.Clearance+1], int64(evidence.Hidden))
	default:
		return allSlots[:]
	}
}

var allSlots = [...]int64{0, 1, 2, 3}

// listed gives the ranges of the list that a query asks for, without its text.
func (r *reader) listed(ctx context.Context, q *store.Query) ([]span, error) {
	var of []span
	add := func(anchor int64, strip bool, prefixes []string) {
		for _, p := range prefixes {
			for _, slot := range r.slots(q.Type) {
				s := span{anchor: anchor, slot: slot, prefix: p}
				if strip {
					s.strip = len(p)
				}
				of = append(of, s)
			}
		}
	}
	prefixes := prefixesOf(q)
	across, opposite := prefixesAcross(q), directions[evidence.Outgoing+evidence.Incoming-q.Direction]
	anchored := func(ids []evidence.ID, codes ...int64) error {
		ids = slices.Clone(ids)
		slices.Sort(ids)
		nums, err := r.g.nums(ctx, slices.Compact(ids))
		for _, num := range nums {
			for _, code := range codes {
				add(listOf(num, code), false, prefixes)
			}
			for _, code := range opposite {
				add(listOf(num, code), false, across)
			}
		}
		return err
	}
	var err error
	switch {
	case len(q.Entities) > 0 && q.Type == evidence.StatementRecord:
		err = anchored(q.Entities, statementsOf)
	case len(q.Entities) > 0 && q.Type == evidence.LinkRecord:
		err = anchored(q.Entities, directions[q.Direction]...)
	case len(q.About) > 0 && q.Type.IsClaim():
		err = anchored(q.About, aboutCode(q.Type))
	case len(q.Sources) > 0 && q.Type == evidence.CitationRecord:
		codes := []int64{citationsIn, citationsIn + 1, citationsIn + 2}
		if len(q.Kinds) > 0 {
			codes = codes[:0]
			for _, s := range stancesOf(q.Kinds) {
				codes = append(codes, citationsIn+int64(s))
			}
		}
		prefixes = []string{""}
		err = anchored(q.Sources, codes...)
	case len(q.Entities)+len(q.About)+len(q.Sources) > 0:
		// Nothing of that type is listed there.
	case len(q.Kinds) > 0 && (q.Type == evidence.EntityRecord || q.Type == evidence.SourceRecord):
		add(byKind(q.Type), true, prefixes)
	default:
		add(allOf(q.Type), false, prefixes)
	}
	return of, err
}

// directions are the lists of links on each side of an entity.
var directions = map[evidence.Direction][]int64{
	evidence.Any: {linksFrom, linksTo}, evidence.Outgoing: {linksFrom}, evidence.Incoming: {linksTo},
}

// prefixesOf are the beginnings of keys that a query's kinds ask for.
func prefixesOf(q *store.Query) []string {
	if len(q.Kinds) == 0 {
		return []string{""}
	}
	var prefixes []string
	switch q.Type {
	case evidence.CitationRecord:
		for _, s := range stancesOf(q.Kinds) {
			prefixes = append(prefixes, evidence.CitationKeyPrefix(s))
		}
	case evidence.LinkRecord, evidence.StatementRecord:
		for _, k := range q.Kinds {
			prefixes = append(prefixes, evidence.ClaimKeyPrefix(k))
		}
	default:
		for _, k := range q.Kinds {
			prefixes = append(prefixes, k+" ")
		}
	}
	slices.Sort(prefixes)
	return slices.Compact(prefixes)
}

// prefixesAcross are the beginnings of the keys of links that a query finds at
// either end.
func prefixesAcross(q *store.Query) []string {
	kinds := q.Across()
	for i, k := range kinds {
		kinds[i] = evidence.ClaimKeyPrefix(k)
	}
	return kinds
}

func stancesOf(kinds []string) (stances []evidence.Stance) {
	for _, k := range kinds {
		if s, err := evidence.ParseStance(k); err == nil && !slices.Contains(stances, s) {
			stances = append(stances, s)
		}
	}
	return stances
}

// kindOf is what Query.Kinds goes by.
func kindOf(c evidence.Content) string {
	switch c := c.(type) {
	case *evidence.Entity:
		return c.Kind
	case *evidence.Source:
		return c.Kind
	case *evidence.Claim:
		return c.Kind
	case *evidence.Citation:
		return c.Stance.String()
	default:
		return ""
	}
}

// walk yields what the view sees of spans, in order. keep may leave out more.
func (r *reader) walk(ctx context.Context, s *spans, q *store.Query, keep func(*evidence.Record) bool, limit int, yield func(store.Found) bool) error {
	if len(s.of) == 0 {
		return nil
	}
	var err error
	if s.newest, err = r.newest(ctx); err != nil {
		return err
	}
	ask := limit
	if !r.view.IsNow() || keep != nil {
		ask = max(limit, 32) // some of it will be left out
	}
	for limit > 0 {
		places, more, err := r.g.take(ctx, s, min(ask, r.g.store.limits.page))
		if err != nil {
			return err
		}
		entries, err := r.g.at(ctx, places)
		if err != nil {
			return err
		}
		for i, e := range entries {
			seen, err := r.listedAs(ctx, e, q, places[i].key)
			if err != nil {
				return err
			}
			if seen == nil || keep != nil && !keep(seen) {
				continue
			}
			if limit--; !yield(store.Found{Record: seen, Key: places[i].key}) || limit == 0 {
				return nil
			}
			if err := r.ready(ctx); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
	return nil
}

// listedAs gives the record as the view sees it, if the version that the view
// sees bears out its place in the list: a version of the past may have had
// another key or kind than the row says.
func (r *reader) listedAs(ctx context.Context, e entry, q *store.Query, key string) (*evidence.Record, error) {
	seen, err := r.see(ctx, e)
	if err != nil || seen == nil || r.view.IsNow() {
		return seen, err
	}
	if len(q.Sources) == 0 && seen.Derived.Key != key || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kindOf(seen.Content)) {
		return nil, nil //nolint:nilnil // it is listed elsewhere
	}
	return seen, nil
}

// citationsOf yields citations claim by claim. Most claims have a few, so those
// of a whole batch are read at once; where they are many, each list by itself.
func (r *reader) citationsOf(ctx context.Context, q *store.Query, yield func(store.Found) bool) error {
	if q.Type != evidence.CitationRecord {
		return nil
	}
	nums, err := r.g.nums(ctx, q.Claims)
	if err != nil {
		return err
	}
	stances := []evidence.Stance{evidence.Supports, evidence.Disputes, evidence.Mentions}
	if len(q.Kinds) > 0 {
		stances = stancesOf(q.Kinds)
		slices.Sort(stances)
	}
	for batch := range slices.Chunk(q.Claims, r.g.store.limits.page) {
		lists, all, err := r.smallLists(ctx, batch, nums)
		if err != nil {
			return err
		}
		going := true
		give := func(f store.Found) bool { going = yield(f); return going }
		if all {
			err = r.giveSmall(ctx, q, batch, nums, lists, stances, give)
		} else {
			err = r.giveLong(ctx, q, batch, nums, stances, give)
		}
		if err != nil || !going {
			return err
		}
	}
	return nil
}

// smallLists reads the citations of claims, by claim and key; all is false where
// they are too many.
func (r *reader) smallLists(ctx context.Context, claims []evidence.ID, nums map[evidence.ID]int64) (lists map[int64][]place, all bool, err error) {
	var anchors []int64
	for _, id := range claims {
		if num, ok := nums[id]; ok {
			anchors = append(anchors, listOf(num, citationsOf))
		}
	}
	slices.Sort(anchors)
	anchors = slices.Compact(anchors)
	newest, err := r.newest(ctx)
	if err != nil {
		return nil, false, err
	}
	top := slices.Max(r.slots(evidence.CitationRecord))
	lists, n := map[int64][]place{}, 0
	add := func(p *place) {
		if n++; p.slot <= top && (newest == 0 || p.num <= newest) {
			lists[p.anchor/listCodes] = append(lists[p.anchor/listCodes], *p)
		}
	}
	missing := anchors[:0]
	for _, anchor := range anchors {
		list, short, _ := r.g.store.cache.list(anchor, r.g.head.Sequence)
		if !short {
			missing = append(missing, anchor)
			continue
		}
		for i := range list {
			add(&list[i])
		}
	}
	read := make(map[int64][]place, len(missing))
	err = inBatches(ctx, r.g, "SELECT anchor, slot, key, num FROM place WHERE anchor IN ", missing, func(row row) error {
		p := place{anchor: row.int(0), slot: row.int(1), key: row.text(2), num: row.int(3)}
		read[p.anchor] = append(read[p.anchor], p)
		if add(&p); n > r.g.store.limits.citations {
			return errEnough
		}
		return nil
	})
	all = n <= r.g.store.limits.citations
	for anchor, list := range read {
		if all && len(list) <= r.g.store.limits.short {
			r.g.store.cache.keepList(anchor, list, true, r.g.head.Sequence)
		}
	}
	for _, list := range lists {
		slices.SortFunc(list, func(a, b place) int { return cmp.Compare(a.key, b.key) })
	}
	return lists, all, err
}

// giveSmall gives the citations of claims from lists that smallLists read. The
// records of all of them are read at once: a query for each claim took as long as
// what it read.
func (r *reader) giveSmall(ctx context.Context, q *store.Query, claims []evidence.ID, nums map[evidence.ID]int64, lists map[int64][]place, stances []evidence.Stance, yield func(store.Found) bool) error {
	var all []place
	ends := make([]int, len(claims)) // of each claim's in all
	for i, claim := range claims {
		begin := len(all)
		for _, p := range lists[nums[claim]] {
			listed := len(all) > begin && all[len(all)-1].key == p.key
			if !listed && p.key > q.After && slices.ContainsFunc(stances, func(s evidence.Stance) bool { return strings.HasPrefix(p.key, evidence.CitationKeyPrefix(s)) }) {
				all = append(all, p)
			}
		}
		ends[i] = len(all)
	}
	entries, err := r.g.at(ctx, all)
	if err != nil {
		return err
	}
	at := 0
	for _, end := range ends {
		var given [3]int
		for ; at < end; at++ {
			seen, err := r.listedAs(ctx, entries[at], q, all[at].key)
			if err != nil {
				return err
			}
			if seen == nil || given[seen.Citation().Stance] >= q.Limit {
				continue
			}
			given[seen.Citation().Stance]++
			if !yield(store.Found{Record: seen, Key: all[at].key}) {
				return nil
			}
		}
	}
	return nil
}

// giveLong gives the citations of claims list by list.
func (r *reader) giveLong(ctx context.Context, q *store.Query, claims []evidence.ID, nums map[evidence.ID]int64, stances []evidence.Stance, yield func(store.Found) bool) error {
	going := true
	give := func(f store.Found) bool { going = yield(f); return going }
	for _, claim := range claims {
		num, ok := nums[claim]
		if !ok {
			continue
		}
		for _, stance := range stances {
			s := &spans{after: q.After}
			for _, slot := range r.slots(evidence.CitationRecord) {
				s.of = append(s.of, span{anchor: listOf(num, citationsOf), slot: slot, prefix: evidence.CitationKeyPrefix(stance)})
			}
			if err := r.walk(ctx, s, q, nil, q.Limit, give); err != nil || !going {
				return err
			}
		}
	}
	return nil
}

// Candidates implements store.Reader.
func (r *reader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	return func(yield func(store.Candidate, error) bool) {
		err := r.ready(ctx)
		if err == nil {
			err = r.candidates(ctx, q, func(c store.Candidate) bool { return yield(c, nil) })
		}
		if err != nil {
			yield(store.Candidate{}, r.g.store.wrap(err))
		}
	}
}

func (r *reader) candidates(ctx context.Context, q store.TokenQuery, yield func(store.Candidate) bool) error {
	newest, err := r.newest(ctx)
	if err != nil {
		return err
	}
	s := &spans{newest: newest}
	for _, slot := range r.slots(evidence.EntityRecord) {
		s.of = append(s.of, span{anchor: tokensNamed, slot: slot, prefix: q.Prefix})
		if q.Placeholders || !r.view.IsNow() { // in the past it may have been one or none
			s.of = append(s.of, span{anchor: tokensPlaceholder, slot: slot, prefix: q.Prefix})
		}
	}
	for left, more := q.Limit, true; left > 0 && more; {
		var places []place
		var err error
		if places, more, err = r.g.take(ctx, s, min(max(left, 32), r.g.store.limits.page)); err != nil {
			return err
		}
		entries, err := r.formerEntries(ctx, places)
		if err != nil {
			return err
		}
		for i, p := range places {
			c := store.Candidate{Token: p.key[:strings.IndexByte(p.key, ' ')], Entity: idOf(p.key)}
			if entries != nil {
				had, err := r.hadToken(ctx, entries[i], c.Token, q.Placeholders)
				if err != nil {
					return err
				}
				if !had {
					continue
				}
			}
			if left--; !yield(c) || left == 0 {
				return nil
			}
			if err := r.ready(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// formerEntries are what places lead to, for a view of the past to look at; a view
// of now needs only the places.
func (r *reader) formerEntries(ctx context.Context, places []place) ([]entry, error) {
	if r.view.IsNow() {
		return nil, nil
	}
	return r.g.at(ctx, places)
}

// hadToken says whether the entity could be found by a token in the view's past.
func (r *reader) hadToken(ctx context.Context, e entry, token string, placeholders bool) (bool, error) {
	seen, err := r.see(ctx, e)
	if err != nil || seen == nil {
		return false, err
	}
	return slices.ContainsFunc(evidence.SearchTokens(seen.Entity()), func(t evidence.Token) bool {
		return t.Text == token && t.Visibility <= r.view.Clearance && (placeholders || !t.Placeholder)
	}), nil
}

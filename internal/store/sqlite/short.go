package sqlite

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Most lists of a record, its links or its citations, are short: they are kept
// whole in memory, all slots of them, so that a page of them asks nothing of the
// file.

// keepsShort says whether the short ones of a list's kind are kept.
func keepsShort(anchor int64) bool {
	if anchor <= 0 {
		return false
	}
	code := anchor % listCodes
	return code == linksFrom || code == linksTo || code == citationsOf
}

// longList stands for a list that is not short.
const longList = 0xff

// list gives what is kept of a list as a reader of a revision sees it: its rows by
// slot and key, or that it is not short.
func (c *cache) list(anchor int64, at evidence.Sequence) (rows []place, short, ok bool) {
	// Looked at first, as in get.
	if c.lists == nil || uint64(at) > c.ready.Load() {
		return nil, false, false
	}
	buffer := c.buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer c.buffers.Put(buffer)
	b, ok := c.lists.HasGet((*buffer)[:0], listName(anchor))
	*buffer = b
	if !ok {
		return nil, false, false
	}
	read, n := binary.Uvarint(b)
	if read > uint64(at) {
		return nil, false, false // it may have been another then
	}
	if b = b[n:]; len(b) > 0 && b[0] == longList {
		return nil, false, true
	}
	text := string(b)
	for i := 0; i < len(b); {
		p := place{anchor: anchor, slot: int64(b[i])}
		i++
		num, n := binary.Uvarint(b[i:])
		p.num, i = int64(num), i+n //nolint:gosec // as it was kept
		size, n := binary.Uvarint(b[i:])
		i += n
		p.key = text[i : i+int(size)] //nolint:gosec // as it was kept
		i += int(size)                //nolint:gosec // as it was kept
		rows = append(rows, p)
	}
	return rows, true, true
}

// keepList offers a list that a reader of a revision has read, in order, or says
// that it is not short.
func (c *cache) keepList(anchor int64, rows []place, short bool, at evidence.Sequence) {
	if c.lists == nil {
		return
	}
	buffer := c.buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	b := binary.AppendUvarint((*buffer)[:0], uint64(at))
	if !short {
		b, rows = append(b, longList), nil
	}
	for i := range rows {
		b = append(b, byte(rows[i].slot))
		b = binary.AppendUvarint(b, uint64(rows[i].num)) //nolint:gosec // never negative
		b = binary.AppendUvarint(b, uint64(len(rows[i].key)))
		b = append(b, rows[i].key...)
	}
	c.storing.RLock()
	if uint64(at) == c.head.Load() {
		c.lists.Set(listName(anchor), b)
	}
	c.storing.RUnlock()
	*buffer = b
	c.buffers.Put(buffer)
}

// listName is the key of a list in the cache.
func listName(anchor int64) []byte {
	return binary.AppendVarint(make([]byte, 0, binary.MaxVarintLen64), anchor)
}

// dropLists drops lists that have changed; all of them where they are not named.
func (c *cache) dropLists(anchors []int64, all bool) {
	switch {
	case c.lists == nil:
	case all:
		c.lists.Reset()
	default:
		for _, a := range anchors {
			c.lists.Del(listName(a))
		}
	}
}

// maxShort is how many lists takeShort merges.
const maxShort = 16

// takeShort is take where all lists are short; ok is false where they are not.
func (g *graph) takeShort(ctx context.Context, s *spans, limit int) (found []place, more, ok bool, err error) {
	if g.written != nil || s.wide {
		return nil, false, false, nil // a transaction changes lists that nobody else sees yet
	}
	var anchors [maxShort]int64
	var lists [maxShort][]place
	n := 0
	for i := range s.of {
		a := s.of[i].anchor
		if slices.Contains(anchors[:n], a) {
			continue
		}
		if n == maxShort || !keepsShort(a) {
			return nil, false, false, nil
		}
		anchors[n] = a
		n++
	}
	for i, a := range anchors[:n] {
		list, short, err := g.shortList(ctx, a)
		if err != nil || !short {
			return nil, false, false, err
		}
		lists[i] = list
	}
	for _, one := range s.of {
		low, high := one.bounds(s.after, s.reverse)
		for _, p := range lists[slices.Index(anchors[:n], one.anchor)] {
			if p.slot == one.slot && low <= p.key && p.key < high && (s.newest == 0 || p.num <= s.newest) {
				found = append(found, place{key: p.key[one.strip:], num: p.num})
			}
		}
	}
	slices.SortFunc(found, func(a, b place) int {
		if s.reverse {
			a, b = b, a
		}
		return cmp.Compare(a.key, b.key)
	})
	found = slices.CompactFunc(found, func(a, b place) bool { return a.key == b.key })
	if more = len(found) > limit; more {
		found = found[:limit]
	}
	if len(found) > 0 {
		s.after = found[len(found)-1].key
	}
	return found, more, true, nil
}

// shortList gives a list from memory or from the file.
func (g *graph) shortList(ctx context.Context, anchor int64) (rows []place, short bool, err error) {
	c, at := g.store.cache, g.head.Sequence
	rows, short, ok := c.list(anchor, at)
	if ok {
		return rows, short, nil
	}
	err = g.conn.query(ctx, "SELECT slot, key, num FROM place WHERE anchor = ?"+upTo, []any{anchor, int64(g.store.limits.short + 1)}, func(r row) error {
		rows = append(rows, place{anchor: anchor, slot: r.int(0), key: r.text(1), num: r.int(2)})
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	short = len(rows) <= g.store.limits.short
	c.keepList(anchor, rows, short, at)
	return rows, short, nil
}

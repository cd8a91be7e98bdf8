package sqlite

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// TestLists compares lists in blocks with slices under random changes.
func TestLists(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var l lists
		rooms, want := make([]room, 4), make([][]spoke, 4)
		for step := range spoke(200) {
			i := rapid.IntRange(0, 3).Draw(r, "list")
			if n := len(want[i]); n > 0 && rapid.IntRange(0, 2).Draw(r, "do") == 0 {
				at := rapid.IntRange(0, n-1).Draw(r, "at")
				rooms[i] = l.remove(rooms[i], at)
				want[i] = slices.Delete(want[i], at, at+1)
			} else {
				at := rapid.IntRange(0, n).Draw(r, "at")
				rooms[i] = l.insert(rooms[i], at, step)
				want[i] = slices.Insert(want[i], at, step)
			}
			for k := range want {
				if !slices.Equal(want[k], l.of(rooms[k])) {
					r.Fatalf("list %d is %v, want %v", k, l.of(rooms[k]), want[k])
				}
			}
		}
	})
}

// TestListsReuse grows and shrinks many lists: memory stays within a few times
// of what they hold.
func TestListsReuse(t *testing.T) {
	var l lists
	rooms := make([]room, 5000)
	for n := range spoke(100) {
		for i := range rooms {
			rooms[i] = l.insert(rooms[i], int(n), n)
		}
	}
	size := 0
	for _, b := range l.blocks {
		size += len(b)
	}
	require.Less(t, size, 5*100*len(rooms))
	var long room
	for n := range spoke(3 * blockSize) { // a list of its own block
		long = l.insert(long, int(n), n)
	}
	require.EqualValues(t, 2*blockSize, l.of(long)[2*blockSize])
	require.EqualValues(t, 99, l.of(rooms[17])[99])
}

// TestListsBesideALongOne takes room for a list longer than a block before all
// others: none of them may come to lie in it.
func TestListsBesideALongOne(t *testing.T) {
	var l lists
	rooms := make([]room, 100)
	for i := range rooms {
		length := 1 + i
		if i%50 == 0 {
			length = blockSize + i
		}
		rooms[i] = l.take(length)
		rooms[i].length = uint32(length)
		for k := range l.of(rooms[i]) {
			l.of(rooms[i])[k] = spoke(i)
		}
	}
	for i, r := range rooms {
		require.Equal(t, []spoke{spoke(i)}, slices.Compact(slices.Clone(l.of(r))), "list %d", i)
	}
}

// TestBytesOfALink holds the room that links and entities take in memory to what a
// graph of 5 million links is planned with: 74 bytes a link, with an id of 9
// letters (48, a spoke at each end, and the id), and 38 an entity beside its place
// in the index.
func TestBytesOfALink(t *testing.T) {
	const id = 1 + 9
	require.LessOrEqual(t, unsafe.Sizeof(storedLink{})+2*unsafe.Sizeof(spoke(0))+id, uintptr(74))
	require.LessOrEqual(t, unsafe.Sizeof(node{})+id, uintptr(42))
	p := newProjection()
	p.clear()
	for i := range 10_000 {
		p.nodes = append(p.nodes, node{id: p.ids.add(fmt.Sprintf("e%08d", i))})
	}
	for i := range uint32(50_000) {
		l := storedLink{id: p.ids.add("l12345678"), from: i % 10_000, to: (7*i + 1) % 10_000}
		l.kind = p.kind("PAYS")
		p.links.add(l)
		p.nodes[l.from].links.length++
		p.nodes[l.to].links.length++
	}
	p.connect()
	spokes := 0
	for _, b := range p.adjacent.blocks {
		spokes += len(b)
	}
	require.LessOrEqual(t, spokes, 2*50_000+2*blockSize, "lists have the room they need and not more")
}

// TestConnect puts links of parts together and holds the lists that come of it
// against sorting them plainly.
func TestConnect(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const nodes = 12
		p := newProjection()
		p.clear()
		parts := make([]part, rapid.IntRange(1, 4).Draw(r, "parts"))
		for i := range nodes {
			t := &parts[rapid.IntRange(0, len(parts)-1).Draw(r, "part of a node")]
			t.nodes = append(t.nodes, loadedNode{record: int64(i) * numberingPage / 3, id: t.ids.add(fmt.Sprint("e", i)), placeholder: i%3 == 0})
		}
		want := map[string]int{}
		for i := range parts {
			t := &parts[i]
			filling := rapid.SampledFrom([]int{0, 0, pieceSize - 3, pieceSize, 2*pieceSize - 1}).Draw(r, "filling")
			for i := range filling + rapid.IntRange(0, 5).Draw(r, "links") {
				id := fmt.Sprint("f", len(want))
				if i >= filling {
					id = strings.Repeat("long", rapid.IntRange(0, 8).Draw(r, "prefix")) + id
				}
				end := func(i int) uint32 { return uint32(i%nodes) * numberingPage / 3 }
				l := storedLink{id: t.ids.add(id), from: end(i), to: end(i * i / 7)}
				l.sort[7], l.visibility = byte(i%3), evidence.Clearance(i%5%evidence.Clearances)
				l.kind = t.kind([]string{"PAYS", "COMMANDS", "MEMBER_OF"}[i*i%11%3])
				t.links.add(l)
				want[id] += 2
				if l.from == l.to {
					want[id]--
				}
			}
		}
		require.NoError(r, p.take(parts))
		p.connect()
		for i := range uint32(nodes) {
			id := fmt.Sprint("e", i)
			require.Equal(r, id, p.nodeID(i), "entities are in the order of their records")
			require.Equal(r, i%3 == 0, p.placeholders.has(i))
			n, ok := p.byID.find(id, p.nodeID)
			require.True(r, ok)
			require.Equal(r, i, n)
		}
		got := map[string]int{}
		for n, node := range p.nodes {
			list := p.adjacent.of(node.links)
			for c := range evidence.Clearance(evidence.Clearances) {
				seen := 0
				for _, s := range list {
					if s.visibility() <= c {
						seen++
					}
				}
				require.Equal(r, seen, node.seen(c))
			}
			for i, s := range list {
				l := p.links.at(s.link())
				got[p.ids.get(l.id)]++
				key := p.key(l)
				if s != spokeOf(s.link(), l, uint32(n)) || i > 0 && p.compare(p.links.at(list[i-1].link()), &key) >= 0 {
					r.Fatalf("the list of entity %d has %q at %d", n, key.id, i)
				}
			}
		}
		require.Equal(r, want, got)
	})
}

func TestTakeRefusesWhatLeadsNowhere(t *testing.T) {
	var numbers numbering
	require.NoError(t, numbers.add(7, 0))
	require.Error(t, numbers.add(1<<32, 1))
	for _, ends := range [][2]uint32{{7, 8}, {8, 7}, {7, 1 << 31}} {
		p := newProjection()
		p.clear()
		from := part{nodes: []loadedNode{{record: 7}}}
		from.links.add(storedLink{id: from.ids.add("l1"), from: ends[0], to: ends[1]})
		from.kinds = []string{"PAYS"}
		require.ErrorContains(t, p.take([]part{from}), "l1")
	}
}

// TestStrongest compares the choice of the strongest links with sorting them all.
func TestStrongest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		strengths := rapid.SliceOfN(rapid.Uint16Range(0, uint16(rapid.SampledFrom([]int{2, 1023}).Draw(r, "most"))), 0, 40).Draw(r, "strengths")
		var all []rankedLink
		for i, s := range strengths {
			all = append(all, rankedLink{uint32(i), s})
		}
		limit := rapid.IntRange(0, 45).Draw(r, "limit")
		want := slices.Clone(all)
		slices.SortStableFunc(want, func(a, b rankedLink) int { return int(b.strength) - int(a.strength) })
		want = want[:min(limit, len(want))]
		if got := strongest(all, limit); !slices.Equal(want, got) {
			r.Fatalf("%v, want %v", got, want)
		}
	})
}

// TestBetween compares the links between two entities with going over the list.
func TestBetween(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		far := rapid.Uint32Range(0, rapid.SampledFrom([]uint32{3, maxNodes - 1}).Draw(r, "most"))
		p := newProjection()
		p.clear()
		p.nodes = make([]node, 1)
		fars := rapid.SliceOfN(far, 0, 200).Draw(r, "fars")
		for i, to := range fars {
			l := storedLink{to: to, from: 1}
			at := &p.nodes[0].links
			*at = p.adjacent.insert(*at, i, spokeOf(uint32(i), &l, 1))
		}
		list := p.byFar(0, &usualLimits)
		for _, to := range append(fars, far.Draw(r, "other")) {
			var want []uint32
			for i, is := range fars {
				if is == to {
					want = append(want, uint32(i))
				}
			}
			var got []uint32
			for _, s := range list.between(to) {
				got = append(got, s.link())
			}
			require.Equal(r, want, got)
		}
	})
}

// TestSieve fills one again and again, as searches do.
func TestSieve(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s sieve
		for range 3 {
			numbers := rapid.SliceOfN(rapid.Uint32Range(0, maxNodes-1), 0, 200).Draw(r, "numbers")
			s.room(len(numbers))
			for _, n := range numbers {
				s.add(n)
			}
			set := 0
			for _, word := range s {
				set += bits.OnesCount64(word)
			}
			require.LessOrEqual(r, set, len(numbers), "what was in it before is gone")
			require.GreaterOrEqual(r, 64*len(s), 16*len(numbers))
			for _, n := range numbers {
				require.True(r, s.has(n), n)
			}
		}
	})
}

// TestScratchesKeepNoLongLists gives back what a search through a large graph held.
func TestScratchesKeepNoLongLists(t *testing.T) {
	var x scratches
	s, long := x.take(1), make([]uint32, keptEntries+1)
	s.queue[1], s.log[0], s.picked, s.going = long, make([]passed, len(long)), make([]passed, len(long)), long
	s.across.room(64 * keptEntries)
	x.give(s)
	s = x.take(1)
	for _, held := range []int{cap(s.queue[1]), cap(s.log[0]), cap(s.picked), cap(s.going), cap(s.across)} {
		require.LessOrEqual(t, held, keptEntries)
	}
}

func TestKeptListsAreBounded(t *testing.T) {
	k, made := keptLists[int]{}, 0
	get := func(key int) []spoke {
		return k.get(key, 10, func() *keptList { made++; return &keptList{spokes: make([]spoke, 4)} }).spokes
	}
	for _, key := range []int{1, 2, 1, 2} {
		get(key)
	}
	require.Equal(t, 2, made)
	get(3) // of 12 spokes only these are kept
	require.Equal(t, 4, k.spokes)
	k.forget(3, 4)
	require.Zero(t, k.spokes)
	get(1)
	require.Equal(t, 4, made)
	k.clear()
	require.Zero(t, k.spokes)
}

func TestIndex(t *testing.T) {
	x, kept := newIndex(), texts{}
	var refs []textRef
	text := func(n uint32) string { return kept.get(refs[n]) }
	key := func(n int) string { return strings.Repeat("x", n%100) + fmt.Sprint(n) }
	for n := range 50_000 {
		refs = append(refs, kept.add(key(n)))
		x.add(uint32(n), text)
	}
	require.Greater(t, len(kept.chunks), 1)
	for n := range 50_000 {
		got, ok := x.find(key(n), text)
		require.True(t, ok)
		require.EqualValues(t, n, got)
	}
	_, ok := x.find("absent", text)
	require.False(t, ok)
}

func TestPackedNums(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		nums := rapid.SliceOf(rapid.Int64Range(1, math.MaxInt64)).Draw(r, "nums")
		want := slices.Sorted(maps.Keys(func() map[int64]bool {
			m := map[int64]bool{}
			for _, n := range nums {
				m[n] = true
			}
			return m
		}()))
		got, err := unpackNums(packNums(nums))
		if err != nil || !slices.Equal(want, got) {
			r.Fatalf("%v, %v; want %v", got, err, want)
		}
	})
	_, err := unpackNums([]byte{0x80})
	require.Error(t, err)
}

func TestPackedLink(t *testing.T) {
	r := &evidence.Record{To: evidence.Open, Content: &evidence.Claim{
		ID: "l", Of: evidence.LinkRecord, Kind: "COMMANDS", From: "a", To: "b", Since: "2014?", Until: "../2016", Observed: []string{"2015-05-05"}, Accepted: true,
	}}
	r.Derived.Visibility = evidence.Restricted
	r.Derived.Levels = [3]evidence.Level{{}, {Standing: evidence.Charged, Strength: 812, Disputes: 2}, {Standing: evidence.Retracted, Strength: 1000}}
	want := featuresOf(r, vocabulary.Standard())
	var got features
	packed := want.pack(7, 1<<40)
	from, to, kind, err := got.unpack(packed)
	require.NoError(t, err)
	require.Equal(t, want.features, got)
	require.EqualValues(t, 7, from)
	require.EqualValues(t, 1<<40, to)
	require.Equal(t, "COMMANDS", string(kind))
	e := got.edge(evidence.Restricted)
	require.Equal(t, evidence.Charged, e.Standing)
	require.EqualValues(t, 812, e.Strength)
	require.True(t, e.Disputed && e.Accepted && e.Dated && e.Doubtful)
	require.Equal(t, r.Claim().Valid().Bounds(evidence.AspectOf(r.Claim(), vocabulary.Standard())), e.Bounds)
	_, _, _, err = got.unpack(packed[:packedSize-1])
	require.Error(t, err)
}

// TestSpans checks which keys the bounds of a range let through.
func TestSpans(t *testing.T) {
	keys := []string{"PAYS 1 a", "PAYS 1 b", "PAYS 2 a", "PAYS_TO 1 a"}
	for _, c := range []struct {
		span    span
		after   string
		reverse bool
		want    []string
	}{
		{span{}, "", false, keys},
		{span{prefix: "PAYS "}, "", false, keys[:3]},
		{span{prefix: "PAYS "}, "PAYS 1 a", false, keys[1:3]},
		{span{prefix: "PAYS "}, "PAYS 1 b", true, keys[:1]},
		{span{prefix: "PAYS "}, "A", false, keys[:3]},
		{span{prefix: "PAYS "}, "A", true, nil},
		{span{prefix: "PAYS "}, "Z", false, nil},
		{span{prefix: "PAYS ", strip: 5}, "1 b", false, keys[2:3]},
		{span{prefix: "PAYS ", strip: 5}, "1 b", true, keys[:1]},
	} {
		low, high := c.span.bounds(c.after, c.reverse)
		var got []string
		for _, k := range keys {
			if low <= k && k < high {
				got = append(got, k)
			}
		}
		require.Equal(t, c.want, got, "%+v after %q, reverse %t", c.span, c.after, c.reverse)
	}
}

// TestCache has entries found by the readers that may find them, those kept as
// they are and those kept as stored.
func TestCache(t *testing.T) {
	for name, bytes := range map[string]int64{"as they are": 1 << 20, "as stored": 4 * leastStored} {
		t.Run(name, func(t *testing.T) {
			c := newCache(bytes, 5)
			put := func(id evidence.ID, changed, at evidence.Sequence) {
				content := &evidence.Entity{ID: id, Kind: "PERSON", Description: "José " + string(id)}
				data, err := evidence.EncodeContent(content)
				require.NoError(t, err)
				derived, err := evidence.EncodeDerived(&evidence.Derived{Key: "key of " + string(id)})
				require.NoError(t, err)
				r := &evidence.Record{Content: content, From: changed, To: evidence.Open, Derived: evidence.Derived{Key: "key of " + string(id)}}
				c.pack(id, entry{num: 7, changed: changed, size: len(derived) + len(data), record: r}, row{derivedColumn: derived, contentColumn: data}, at)
			}
			has := func(id evidence.ID, at evidence.Sequence) bool {
				_, first := c.get(id, at)
				e, again := c.get(id, at)
				require.Equal(t, first, again)
				if again {
					require.Equal(t, "José "+string(id), e.record.Entity().Description)
					require.Equal(t, "key of "+string(id), e.record.Derived.Key)
					require.Equal(t, int64(7), e.num)
					require.Equal(t, e.changed, e.record.From)
					require.True(t, e.record.IsOpen())
				}
				return again
			}
			put("a", 3, 5)
			put("old", 2, 4)
			require.True(t, has("a", 5))
			require.True(t, has("a", 3), "a reader of an older revision that already had it")
			require.False(t, has("a", 2), "but not of one before it changed")
			require.False(t, has("old", 4), "what an old reader has read is not kept: it may have changed since")
			require.False(t, has("a", 6), "nor is a newer reader served before the cache was brought there")
			put("seldom", 3, 5)
			c.advance(6, []evidence.ID{"b"}, nil, false)
			require.True(t, has("a", 6))
			c.advance(7, []evidence.ID{"a", "seldom"}, nil, false)
			require.False(t, has("a", 7))
			require.False(t, has("a", 5))
			require.False(t, has("seldom", 7), "nor what was not asked for since it was put")
			put("a", 7, 7)
			c.reset(9)
			require.False(t, has("a", 9))
			put("a", 9, 9)
			c.close()
			put("b", 9, 9)
			require.False(t, has("b", 9), "a closed cache takes nothing")
		})
	}
}

// TestShortLists has lists found by the readers that may find them.
func TestShortLists(t *testing.T) {
	c := newCache(4*leastStored, 5)
	defer c.close()
	rows := []place{{anchor: 17, slot: 0, key: "PAYS 2014 l1", num: 300}, {anchor: 17, slot: 3, key: "PAYS ñ", num: 1 << 40}, {anchor: 17, slot: 3, key: "", num: 0}}
	require.True(t, keepsShort(17))
	has := func(anchor int64, at evidence.Sequence) bool {
		got, short, ok := c.list(anchor, at)
		if ok && short {
			require.Equal(t, rows, got)
		}
		return ok
	}
	c.keepList(17, rows, true, 4)
	require.False(t, has(17, 5), "what an old reader has read may have changed since")
	c.keepList(17, rows, true, 5)
	require.True(t, has(17, 5))
	require.False(t, has(17, 4), "it may have been another then")
	require.False(t, has(17, 6), "the cache was not brought there")
	c.keepList(33, rows, false, 5)
	_, short, ok := c.list(33, 5)
	require.True(t, ok)
	require.False(t, short)
	c.advance(6, nil, []int64{33}, false)
	require.True(t, has(17, 6))
	require.False(t, has(33, 6))
	c.advance(7, nil, nil, true)
	require.False(t, has(17, 7))
	c.keepList(17, rows, true, 7)
	c.reset(8)
	require.False(t, has(17, 8))
}

// TestCacheIsBounded has a cache keep no more than it may.
func TestCacheIsBounded(t *testing.T) {
	c := newCache(1<<20, 9)
	for i := range 100_000 {
		c.put(evidence.ID(fmt.Sprint(i)), entry{num: 1, changed: 1}, 9)
	}
	kept := 0
	for i := range c.shards {
		kept += len(c.shards[i].entries)
		require.GreaterOrEqual(t, c.shards[i].room, 0)
	}
	require.LessOrEqual(t, kept, (1<<20)/store.InMemory(0))
	require.Greater(t, kept, (1<<20)/store.InMemory(0)/2)
}

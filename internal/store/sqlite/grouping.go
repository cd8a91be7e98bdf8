package sqlite

import (
	"sync"

	"github.com/vinculo/vinculo/internal/store"
)

// grouping is the groups of a question by the numbers of their members. A nil one
// has none.
type grouping struct {
	byMember     map[uint32][]uint32
	members      bitset
	placeholders bitset
	nodes        int // how many entities there were
}

func (g *grouping) has(n uint32) bool { return g != nil && g.members.has(n) }

// of gives all that count as one with a member of a group, itself too; nothing
// for others.
func (g *grouping) of(n uint32) []uint32 {
	if !g.has(n) {
		return nil
	}
	return g.byMember[n]
}

func (g *grouping) same(a, b uint32) bool {
	return g.has(a) && g.has(b) && g.byMember[a][0] == g.byMember[b][0]
}

// lastGroups is the groups that were asked with last, which are those of most
// questions until the graph changes. They are told by where they are kept.
type lastGroups struct {
	mu     sync.Mutex
	first  *store.Group
	length int
	is     *grouping
}

// grouped gives the groups of a question by numbers. The projection is not
// changed meanwhile.
func (p *projection) grouped(groups []store.Group) *grouping {
	if len(groups) == 0 {
		return nil
	}
	last := &p.lastGroups
	last.mu.Lock()
	defer last.mu.Unlock()
	if last.first == &groups[0] && last.length == len(groups) && last.is.nodes == len(p.nodes) {
		return last.is
	}
	g := &grouping{byMember: map[uint32][]uint32{}, nodes: len(p.nodes)}
	for _, group := range groups {
		var members []uint32
		for _, id := range group.Members {
			if n, ok := p.byID.find(string(id), p.nodeID); ok {
				members = append(members, n)
			}
		}
		for _, n := range members {
			g.byMember[n] = members
			g.members.set(n, true)
			g.placeholders.set(n, group.Placeholder)
		}
	}
	last.first, last.length, last.is = &groups[0], len(groups), g
	return g
}

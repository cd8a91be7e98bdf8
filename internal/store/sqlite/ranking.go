package sqlite

import (
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
)

// rankings keep the strongest links of entities that have many, for each
// clearance: to find them again for each question would be most of its work. One
// is made when it is first asked for, and forgotten when a link comes to the
// entity or goes.
type rankings struct {
	mu sync.Mutex
	of map[ranked][]spoke
}

type ranked struct {
	node      uint32
	clearance evidence.Clearance
}

// strongestOf gives the strongest of the links in the list of an entity that a
// clearance sees, of all versions that the list holds, those of one strength in
// the order of the list; whole says that these are all. The projection is not
// changed meanwhile.
func (p *projection) strongestOf(n uint32, c evidence.Clearance, l *limits) (top []spoke, whole bool) {
	key := ranked{n, c}
	p.rankings.mu.Lock()
	top, ok := p.rankings.of[key]
	p.rankings.mu.Unlock()
	if !ok {
		all := []rankedLink{}
		list := p.adjacent.of(p.nodes[n].links)
		for i, s := range list {
			if s.visibility() <= c {
				all = append(all, rankedLink{uint32(i), p.links.at(s.link()).levels[c].strength()}) //nolint:gosec // bounded by the numbers of links
			}
		}
		all = strongest(all, l.ranked)
		top = make([]spoke, len(all))
		for i, one := range all {
			top[i] = list[one.link]
		}
		p.rankings.mu.Lock()
		if p.rankings.of == nil || len(p.rankings.of) >= l.rankings {
			p.rankings.of = map[ranked][]spoke{}
		}
		p.rankings.of[key] = top
		p.rankings.mu.Unlock()
	}
	return top, len(top) < l.ranked
}

// forget drops what is kept of an entity whose list changes.
func (r *rankings) forget(n uint32) {
	r.mu.Lock()
	for c := range evidence.Clearance(evidence.Clearances) {
		delete(r.of, ranked{n, c})
	}
	r.mu.Unlock()
}

func (r *rankings) clear() {
	r.mu.Lock()
	r.of = nil
	r.mu.Unlock()
}

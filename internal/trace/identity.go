package trace

import (
	"context"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// identity resolves entities that a view sees to be the same: those joined by
// accepted SAME_AS links. It is a union-find (Tarjan 1975) over their ends.
type identity struct {
	root    map[evidence.ID]evidence.ID
	members map[evidence.ID][]evidence.ID // by root, sorted
	unnamed map[evidence.ID]bool          // by root: it is shown as a placeholder
	merged  []store.Group                 // the same for stores, which tell it by where it is kept
}

// placeholder says whether the entity that an id is shown under is a placeholder;
// own is what the entity of the id itself is.
func (i *identity) placeholder(id evidence.ID, own bool) bool {
	if len(i.root) == 0 {
		return own
	}
	if root, ok := i.root[id]; ok {
		return i.unnamed[root]
	}
	return own
}

// named says whether an entity that is no placeholder has absorbed another, which may
// have been one.
func (i *identity) named() bool { return len(i.members) > len(i.unnamed) }

// resolve gives the entity under which an id is shown.
func (i *identity) resolve(id evidence.ID) evidence.ID {
	if root, ok := i.root[id]; ok {
		return root
	}
	return id
}

// group gives all ids that are the same entity, sorted; at least the id itself.
func (i *identity) group(id evidence.ID) []evidence.ID {
	if members := i.members[i.resolve(id)]; members != nil {
		return members
	}
	return []evidence.ID{id}
}

// groups gives the members of all groups that the ids belong to, each once.
func (i *identity) groups(ids []evidence.ID) []evidence.ID {
	if len(ids) == 0 || len(ids) == 1 && len(i.members) == 0 {
		return slices.Clip(ids)
	}
	all := make([]evidence.ID, 0, len(ids))
	for _, id := range ids {
		all = append(all, i.group(id)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxIdentities bounds how many accepted identities are resolved.
const maxIdentities = 1_000_000

// readIdentity reads the accepted SAME_AS links of a view. Links whose standing
// says that they are refuted or retracted join nothing.
func readIdentity(ctx context.Context, r store.Reader, clearance evidence.Clearance) (*identity, error) {
	var pairs [][2]evidence.ID
	q := store.Query{Type: evidence.LinkRecord, Kinds: []string{evidence.SameAs}, Limit: store.MaxBatch}
	for read := 0; read < maxIdentities; {
		n := 0
		for f, err := range r.Find(ctx, q) {
			if err != nil {
				return nil, err
			}
			n++
			q.After = f.Key
			c, standing := f.Record.Claim(), f.Record.Derived.At(clearance).Standing
			if c.Accepted && standing != evidence.Refuted && standing != evidence.Retracted {
				pairs = append(pairs, [2]evidence.ID{c.From, c.To})
			}
		}
		read += n
		if n < q.Limit {
			break
		}
	}
	id := newIdentity(pairs)
	roots := make([]evidence.ID, 0, len(id.members))
	for root := range id.members {
		roots = append(roots, root)
	}
	id.unnamed = map[evidence.ID]bool{}
	for batch := range slices.Chunk(roots, store.MaxBatch) {
		shown, err := r.Get(ctx, batch)
		if err != nil {
			return nil, err
		}
		for root, record := range shown {
			if e := record.Entity(); e != nil && e.Identity.IsPlaceholder() {
				id.unnamed[root] = true
			}
		}
	}
	for root, members := range id.members {
		id.merged = append(id.merged, store.Group{Members: members, Placeholder: id.unnamed[root]})
	}
	return id, nil
}

// newIdentity joins pairs (absorbed, into). A group is shown under the member
// that no other absorbs; where there are several, or none, under the least of
// those ids, so that the order of links does not matter.
func newIdentity(pairs [][2]evidence.ID) *identity {
	parent := map[evidence.ID]evidence.ID{}
	var find func(evidence.ID) evidence.ID
	find = func(id evidence.ID) evidence.ID {
		p, ok := parent[id]
		if !ok || p == id {
			parent[id] = id
			return id
		}
		root := find(p)
		parent[id] = root
		return root
	}
	absorbed := map[evidence.ID]bool{}
	for _, p := range pairs {
		absorbed[p[0]] = true
		parent[find(p[0])] = find(p[1])
	}
	groups := map[evidence.ID][]evidence.ID{}
	for id := range parent {
		root := find(id)
		groups[root] = append(groups[root], id)
	}
	out := &identity{root: map[evidence.ID]evidence.ID{}, members: map[evidence.ID][]evidence.ID{}}
	for _, members := range groups {
		slices.Sort(members)
		shown := members[0]
		if i := slices.IndexFunc(members, func(id evidence.ID) bool { return !absorbed[id] }); i >= 0 {
			shown = members[i]
		}
		out.members[shown] = members
		for _, id := range members {
			out.root[id] = shown
		}
	}
	return out
}

// identityCache keeps the identities of the views that were read last.
type identityCache struct {
	mu      sync.Mutex
	entries map[identityKey]*identity
}

type identityKey struct {
	view evidence.View
	head evidence.Sequence
}

const maxCachedIdentities = 32

// get gives the identities of a view, by a reader of it, while the log stands at head.
func (c *identityCache) get(ctx context.Context, r store.Reader, view evidence.View, head evidence.Sequence) (*identity, error) {
	key := identityKey{view, head}
	c.mu.Lock()
	id := c.entries[key]
	c.mu.Unlock()
	if id != nil {
		return id, nil
	}
	id, err := readIdentity(ctx, r, view.Clearance)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= maxCachedIdentities {
		c.entries = nil
	}
	if c.entries == nil {
		c.entries = map[identityKey]*identity{}
	}
	c.entries[key] = id
	return id, nil
}

// newest gives the identities that a view had when it was last read, by which a
// reader guesses what it will ask for; none where it was not.
func (c *identityCache) newest(view evidence.View) *identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, head := &identity{}, evidence.Sequence(0)
	for key, id := range c.entries {
		if key.view == view && key.head >= head {
			found, head = id, key.head
		}
	}
	return found
}

// Entity is an entity as a view shows it: with the identities that it sees to be
// accepted resolved.
type Entity struct {
	// Entity is the content of the entity it is shown under.
	*evidence.Entity
	// Members are the ids that are this entity, sorted; FormerIDs those of them
	// that it is not shown under.
	Members, FormerIDs []evidence.ID
	// Names are those that the view sees, the primary one first, each with the
	// entity it was given to.
	Names []AssertedName
}

// AssertedName is a name with the id of the entity it was given to.
type AssertedName struct {
	evidence.Name
	On evidence.ID
}

// entities shows entities under the ids that were asked for; the caller holds
// the lock. An absorbed id answers the entity that absorbed it.
func (s *Session) entities(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*Entity, error) {
	if err := s.read(ctx, s.identity.groups(ids)); err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]*Entity, len(ids))
	for _, id := range ids {
		shown := s.identity.resolve(id)
		if e := s.show(shown); e != nil {
			out[shown], out[id] = e, e
		}
	}
	return out, nil
}

// show shows the entity of an id that is not absorbed, whose group was read; nil
// where the view does not see it.
func (s *Session) show(id evidence.ID) *Entity {
	if e := s.shown[id]; e != nil {
		return e
	}
	r := s.records[id]
	if r == nil || r.Entity() == nil {
		return nil
	}
	e := &Entity{Entity: r.Entity(), Members: s.identity.group(id)}
	names := r.Entity().VisibleNames(s.view.Clearance)
	e.Names = make([]AssertedName, 0, len(names))
	add := func(names []evidence.Name, on evidence.ID) {
		for _, n := range names {
			e.Names = append(e.Names, AssertedName{n, on})
		}
	}
	add(names, id)
	for _, member := range e.Members {
		if member == id {
			continue
		}
		e.FormerIDs = append(e.FormerIDs, member)
		if r := s.records[member]; r != nil && r.Entity() != nil {
			add(r.Entity().VisibleNames(s.view.Clearance), member)
		}
	}
	if s.shown == nil {
		s.shown = map[evidence.ID]*Entity{}
	}
	s.shown[id] = e
	return e
}

// Entities gives the entities of ids that the view sees.
func (s *Session) Entities(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*Entity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entities(ctx, ids)
}

// Claim is a link or statement as a view shows it.
type Claim struct {
	Record *evidence.Record
	// From and To are the ends with identities resolved; Record.Claim() has those
	// it was asserted with.
	From, To evidence.ID
	// Level is what the view's clearance is told of it.
	Level evidence.Level
}

// Loop says that accepted identities make both ends of a link one entity.
func (c *Claim) Loop() bool { return c.To != "" && c.From == c.To }

func (s *Session) claim(r *evidence.Record) *Claim {
	c := r.Claim()
	shown := &Claim{Record: r, From: s.identity.resolve(c.From), Level: s.level(r)}
	if c.To != "" {
		shown.To = s.identity.resolve(c.To)
	}
	return shown
}

// Citation is a citation as a view shows it.
type Citation struct{ Record *evidence.Record }

// Source is a source as a view shows it.
type Source struct{ Record *evidence.Record }

// Claims gives the claims of ids that the view sees.
func (s *Session) Claims(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*Claim, error) {
	return nodes(ctx, s, ids, func(r *evidence.Record) *Claim {
		if r.Claim() == nil {
			return nil
		}
		return s.claim(r)
	})
}

// Citations gives the citations of ids that the view sees.
func (s *Session) Citations(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*Citation, error) {
	return nodes(ctx, s, ids, func(r *evidence.Record) *Citation {
		if r.Citation() == nil {
			return nil
		}
		return &Citation{r}
	})
}

// Sources gives the sources of ids that the view sees.
func (s *Session) Sources(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*Source, error) {
	return nodes(ctx, s, ids, func(r *evidence.Record) *Source {
		if r.Source() == nil {
			return nil
		}
		return &Source{r}
	})
}

func nodes[T any](ctx context.Context, s *Session, ids []evidence.ID, show func(*evidence.Record) *T) (map[evidence.ID]*T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.get(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]*T, len(records))
	for id, r := range records {
		if n := show(r); n != nil {
			out[id] = n
		}
	}
	return out, nil
}

// Nodes gives whatever the ids name: *Entity, *Claim, *Citation or *Source.
func (s *Session) Nodes(ctx context.Context, ids []evidence.ID) (map[evidence.ID]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.get(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]any, len(records))
	var entities []evidence.ID
	for id, r := range records {
		switch r.Content.(type) {
		case *evidence.Entity:
			entities = append(entities, id)
		case *evidence.Claim:
			out[id] = s.claim(r)
		case *evidence.Citation:
			out[id] = &Citation{r}
		case *evidence.Source:
			out[id] = &Source{r}
		}
	}
	shown, err := s.entities(ctx, entities)
	if err != nil {
		return nil, err
	}
	for _, id := range entities {
		if e := shown[id]; e != nil {
			out[id] = e
		}
	}
	return out, nil
}

package graph

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// resolver answers root fields.
type resolver struct {
	tracer    *trace.Tracer
	proposals *proposal.Service
	tokens    *access.Tokens
	captures  *archive.Archive
}

// Query implements ResolverRoot.
func (r *resolver) Query() QueryResolver { return (*queryResolver)(r) }

// Mutation implements ResolverRoot.
func (r *resolver) Mutation() MutationResolver { return (*mutationResolver)(r) }

// Subscription implements ResolverRoot.
func (r *resolver) Subscription() SubscriptionResolver { return (*subscriptionResolver)(r) }

type queryResolver resolver

func (q *queryResolver) session(ctx context.Context, at *KnownAt) (*session, error) {
	return (*resolver)(q).session(ctx, at)
}

// readNodes reads whatever ids name. Nodes of one sort are siblings.
func readNodes(ctx context.Context, s *session, ids []evidence.ID) (map[evidence.ID]Node, error) {
	ids = distinct(append([]evidence.ID{}, ids...))
	found, err := s.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Node, len(found))
	var entities []*trace.Entity
	var named []evidence.ID
	var claims []*trace.Claim
	var citations []*trace.Citation
	var sources []*trace.Source
	for _, id := range ids {
		switch n := found[id].(type) {
		case *trace.Entity:
			entities, named = append(entities, n), append(named, id)
		case *trace.Claim:
			claims = append(claims, n)
		case *trace.Citation:
			citations = append(citations, n)
		case *trace.Source:
			sources = append(sources, n)
		}
	}
	for i, e := range newEntities(s, entities) {
		out[named[i]] = e
	}
	for _, a := range newAssertions(s, claims) {
		out[a.content.ID] = a.claim()
	}
	for _, c := range newCitations(s, citations) {
		out[c.content.ID] = c
	}
	for _, x := range newSources(s, sources) {
		out[x.content.ID] = x
	}
	return out, nil
}

// listed counts a whole list once for all who ask.
func listed(count func(context.Context) (trace.Total, error)) totals {
	b := &siblings{}
	return totals{func(ctx context.Context) (trace.Total, error) {
		total, err := once(ctx, b, sharedTotal, count)
		return total, report(ctx, err)
	}}
}

func (q *queryResolver) Node(ctx context.Context, id string, knownAt *KnownAt) (Node, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	if number, ok := numberOf(id); ok {
		return q.revision(ctx, s, number)
	}
	nodes, err := readNodes(ctx, s, []evidence.ID{evidence.ID(id)})
	return nodes[evidence.ID(id)], report(ctx, err)
}

func (q *queryResolver) revision(ctx context.Context, s *session, number uint64) (Node, error) {
	logged, err := s.Revision(ctx, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // null is the answer
	}
	if err != nil {
		return nil, report(ctx, err)
	}
	revisions, err := newRevisions(ctx, []*evidence.Revision{logged}, reading(s))
	if err != nil {
		return nil, report(ctx, err)
	}
	return revisions[0], nil
}

// reading gives a session that is open.
func reading(s *session) func(context.Context) (*session, error) {
	return func(context.Context) (*session, error) { return s, nil }
}

func (q *queryResolver) Entity(ctx context.Context, id string, knownAt *KnownAt) (*Entity, error) {
	s, err := (*resolver)(q).sessionFor(ctx, knownAt, func() trace.Card { return cardOf(ctx, id) })
	if err != nil {
		return nil, report(ctx, err)
	}
	asked := []evidence.ID{evidence.ID(id)}
	shown, err := s.Entities(ctx, asked)
	if err != nil {
		return nil, report(ctx, err)
	}
	return entitiesByID(s, asked, shown)[evidence.ID(id)], nil
}

func (q *queryResolver) Entities(ctx context.Context, filter *EntityFilter, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*EntityConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := s.ListEntities(ctx, f, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes := paged(p, newEntities(s, contents(p)), func(c string, n *Entity) EntityEdge { return EntityEdge{c, n} })
	return &EntityConnection{nodes, listed(func(ctx context.Context) (trace.Total, error) { return s.TotalEntities(ctx, f) })}, nil
}

func (q *queryResolver) Search(ctx context.Context, text string, kinds []EntityKind, unidentified bool, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*SearchHitConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	query := trace.SearchQuery{Text: text, Kinds: mapped(kinds, func(k EntityKind) string { return string(k) }), Unidentified: unidentified}
	p, why, err := s.Search(ctx, query, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	entities := newEntities(s, mapped(contents(p), func(h *trace.Hit) *trace.Entity { return h.Entity }))
	hits := make([]*SearchHit, len(entities))
	for i, e := range entities {
		hits[i] = &SearchHit{Entity: e, Score: toInt(p.Items[i].Node.Score), Matched: p.Items[i].Node.Matched}
	}
	out := &SearchHitConnection{page: paged(p, hits, func(c string, n *SearchHit) SearchHitEdge { return SearchHitEdge{c, n} })}
	out.Truncated, out.TruncatedBy = cut(why, false)
	return out, nil
}

// claim reads one claim of a type; nil where there is none that the reader sees.
func (q *queryResolver) claim(ctx context.Context, id string, of evidence.RecordType, knownAt *KnownAt) (*assertion, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	shown, err := s.Claims(ctx, []evidence.ID{evidence.ID(id)})
	if err != nil {
		return nil, report(ctx, err)
	}
	c := shown[evidence.ID(id)]
	if c == nil || c.Record.Content.Type() != of {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return newAssertions(s, []*trace.Claim{c})[0], nil
}

func (q *queryResolver) Link(ctx context.Context, id string, knownAt *KnownAt) (*Link, error) {
	a, err := q.claim(ctx, id, evidence.LinkRecord, knownAt)
	if a == nil {
		return nil, err
	}
	return &Link{a}, nil
}

func (q *queryResolver) Statement(ctx context.Context, id string, knownAt *KnownAt) (*Statement, error) {
	a, err := q.claim(ctx, id, evidence.StatementRecord, knownAt)
	if a == nil {
		return nil, err
	}
	return &Statement{a}, nil
}

// listClaims reads a page of claims of the whole graph.
func listClaims[C any](ctx context.Context, s *session, f trace.ClaimFilter, args trace.PageArgs, connect func(trace.Page[*trace.Claim], []*assertion, totals) C) (C, error) {
	p, err := s.ListClaims(ctx, f, args)
	if err != nil {
		var none C
		return none, report(ctx, err)
	}
	return connect(p, newAssertions(s, contents(p)), listed(func(ctx context.Context) (trace.Total, error) {
		counts, err := s.TotalClaims(ctx, nil, f)
		return counts[""], err
	})), nil
}

func (q *queryResolver) Links(ctx context.Context, filter *LinkFilter, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*LinkConnection, error) {
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	args := pageArgs(first, after, last, before)
	s, err := (*resolver)(q).sessionFor(ctx, knownAt, func() trace.Card { return cardOfList(ctx, f, args) })
	if err != nil {
		return nil, report(ctx, err)
	}
	return listClaims(ctx, s, f, args, newLinkConnection)
}

func (q *queryResolver) Statements(ctx context.Context, filter *StatementFilter, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*StatementConnection, error) {
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	args := pageArgs(first, after, last, before)
	s, err := (*resolver)(q).sessionFor(ctx, knownAt, func() trace.Card { return cardOfList(ctx, f, args) })
	if err != nil {
		return nil, report(ctx, err)
	}
	return listClaims(ctx, s, f, args, newStatementConnection)
}

func (q *queryResolver) Source(ctx context.Context, id string, knownAt *KnownAt) (*Source, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	sources, err := readSources(ctx, s, []evidence.ID{evidence.ID(id)})
	return sources[evidence.ID(id)], report(ctx, err)
}

func (q *queryResolver) Sources(ctx context.Context, filter *SourceFilter, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*SourceConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := s.ListSources(ctx, f, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes := paged(p, newSources(s, contents(p)), func(c string, n *Source) SourceEdge { return SourceEdge{c, n} })
	return &SourceConnection{nodes, listed(func(ctx context.Context) (trace.Total, error) { return s.TotalSources(ctx, f) })}, nil
}

func (q *queryResolver) Citation(ctx context.Context, id string, knownAt *KnownAt) (*Citation, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	shown, err := s.Citations(ctx, []evidence.ID{evidence.ID(id)})
	if err != nil {
		return nil, report(ctx, err)
	}
	c := shown[evidence.ID(id)]
	if c == nil {
		return nil, nil //nolint:nilnil // null is the answer
	}
	return newCitations(s, []*trace.Citation{c})[0], nil
}

func (q *queryResolver) Revisions(ctx context.Context, filter *RevisionFilter, knownAt *KnownAt, first *int32, after *string, last *int32, before *string) (*RevisionConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	f, err := filter.trace()
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := s.Revisions(ctx, f, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	revisions, err := newRevisions(ctx, contents(p), reading(s))
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes := paged(p, revisions, func(c string, n *Revision) RevisionEdge { return RevisionEdge{c, n} })
	return &RevisionConnection{nodes, listed(func(ctx context.Context) (trace.Total, error) { return s.TotalRevisions(ctx, f) })}, nil
}

func (q *queryResolver) Vocabulary(context.Context, *KnownAt) (*Vocabulary, error) {
	return &Vocabulary{q.tracer.Vocabulary()}, nil
}

// countedTypes are the types of record that fields of Stats count.
var countedTypes = map[string]evidence.RecordType{
	"entities": evidence.EntityRecord, "links": evidence.LinkRecord, "statements": evidence.StatementRecord,
	"sources": evidence.SourceRecord, "citations": evidence.CitationRecord,
}

func (q *queryResolver) Stats(ctx context.Context, knownAt *KnownAt) (*Stats, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	var asked []evidence.RecordType
	for _, f := range graphql.CollectFieldsCtx(ctx, []string{"Stats"}) {
		if of, ok := countedTypes[f.Name]; ok {
			asked = append(asked, of)
		}
	}
	stats, err := s.Stats(ctx, asked...)
	if err != nil {
		return nil, report(ctx, err)
	}
	exact := func(t trace.Total) *int32 {
		if !t.Exact {
			return nil
		}
		n := toInt(t.N)
		return &n
	}
	return &Stats{
		Entities: exact(stats.Entities), Links: exact(stats.Links), Statements: exact(stats.Statements),
		Sources: exact(stats.Sources), Citations: exact(stats.Citations), Revision: toInt(stats.Revision),
	}, nil
}

type mutationResolver resolver

func (m *mutationResolver) Apply(ctx context.Context, changeSet ChangeSetInput) (*Revision, error) {
	who := access.From(ctx)
	if err := who.May(access.Apply); err != nil {
		return nil, report(ctx, err)
	}
	cs, err := changeSet.changeSet()
	if err != nil {
		return nil, report(ctx, err)
	}
	commit, err := m.tracer.Apply(ctx, who.Author(), cs)
	if err != nil {
		return nil, report(ctx, err)
	}
	revision, err := m.committed(ctx, commit)
	return revision, report(ctx, err)
}

// committed is the revision of a commit.
func (m *mutationResolver) committed(ctx context.Context, commit *evidence.Commit) (*Revision, error) {
	now := func(ctx context.Context) (*session, error) { return (*resolver)(m).session(ctx, nil) }
	revisions, err := newRevisions(ctx, []*evidence.Revision{commit.Revision}, now)
	if err != nil {
		return nil, err
	}
	revisions[0].Applied, revisions[0].targets = commit.New, commit.Targets
	return revisions[0], nil
}

type subscriptionResolver resolver

func (u *subscriptionResolver) Revisions(ctx context.Context, after *int32) (<-chan *Revision, error) {
	who := clearance(ctx)
	newest, err := u.newest(ctx, who)
	if err != nil {
		return nil, report(ctx, err)
	}
	from := newest
	if after != nil {
		if from, err = revisionNumber("after", *after); err != nil {
			return nil, err
		}
		if from > newest {
			return nil, evidence.Faulty(evidence.InvalidInput, "after", "revision %d does not exist; the newest is %d", from, newest)
		}
	}
	out := make(chan *Revision)
	go u.follow(ctx, who, from, out)
	return out, nil
}

// newest is the number of the newest revision that a clearance sees.
func (u *subscriptionResolver) newest(ctx context.Context, who evidence.Clearance) (uint64, error) {
	s, err := u.tracer.At(ctx, evidence.Now(who))
	if err != nil {
		return 0, err
	}
	one := 1
	p, err := s.Revisions(ctx, trace.RevisionFilter{Newest: true}, trace.PageArgs{First: &one})
	if err = errors.Join(err, s.Close()); err != nil || len(p.Items) == 0 {
		return 0, err
	}
	return p.Items[0].Node.Numbers[who], nil
}

// follow tells of revisions until the context ends. What else ends it is told in
// a last response.
func (u *subscriptionResolver) follow(ctx context.Context, who evidence.Clearance, from uint64, out chan<- *Revision) {
	defer close(out)
	ended, _ := ctx.Value(streamKey{}).(*stream)
	defer func() {
		if fault := recover(); fault != nil && ended != nil {
			ended.fail(RecoverFunc(ctx, fault))
		}
	}()
	// Each event reads in a session of its own, which its response opens.
	now := func(ctx context.Context) (*session, error) { return (*resolver)(u).session(ctx, nil) }
	for logged, err := range u.tracer.Follow(ctx, who, from) {
		var revisions []*Revision
		if err == nil {
			revisions, err = newRevisions(ctx, []*evidence.Revision{logged}, now)
		}
		if err != nil {
			if ended != nil {
				ended.fail(err)
			}
			return
		}
		select {
		case out <- revisions[0]:
		case <-ctx.Done():
			return
		}
	}
}

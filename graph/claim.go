package graph

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// Claim is what *Link and *Statement have in common.
type Claim interface {
	Node
	isClaim()
}

// assertion is what a link or a statement asserts.
type assertion struct {
	shown   *trace.Claim
	content *evidence.Claim
	batch   *claimBatch
	place   int // among the claims of the batch
}

// claimBatch are claims that were read together, links and statements alike.
type claimBatch struct {
	siblings
	claims []*assertion
}

// newAssertions makes siblings of claims, in their order.
func newAssertions(s *session, shown []*trace.Claim) []*assertion {
	b := &claimBatch{siblings: siblings{session: s}, claims: make([]*assertion, len(shown))}
	for i, c := range shown {
		b.claims[i] = &assertion{c, c.Record.Claim(), b, i}
	}
	return b.claims
}

// claim is the assertion as the link or statement that it is.
func (a *assertion) claim() Claim {
	if a.content.Of == evidence.LinkRecord {
		return &Link{a}
	}
	return &Statement{a}
}

// readClaims reads the claims of ids as siblings.
func readClaims(ctx context.Context, s *session, ids []evidence.ID) (map[evidence.ID]Claim, error) {
	ids = distinct(ids)
	shown, err := s.Claims(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Claim, len(shown))
	for _, a := range newAssertions(s, choose(shown, ids)) {
		out[a.content.ID] = a.claim()
	}
	return out, nil
}

// ids are those of the claims, each once: both ends of a link may list it, and
// several ways pass it.
func (b *claimBatch) ids() []evidence.ID {
	ids := make([]evidence.ID, len(b.claims))
	for i, a := range b.claims {
		ids[i] = a.content.ID
	}
	return distinct(ids)
}

func (*assertion) isNode()  {}
func (*assertion) isClaim() {}

// ID is the claim's id.
func (a *assertion) ID() string { return string(a.content.ID) }

// Summary is the claim in a sentence or two.
func (a *assertion) Summary() *string { return optional(a.content.Summary) }

// Standing is the standing that the reader sees.
func (a *assertion) Standing() Standing { return Standing(a.shown.Level.Standing.String()) }

// Disputed says whether a citation disputes the claim.
func (a *assertion) Disputed() bool { return a.shown.Level.Disputes > 0 }

// Supports is how many citations support the claim.
func (a *assertion) Supports() int32 { return toInt(a.shown.Level.Supports) }

// Disputes is how many citations dispute the claim.
func (a *assertion) Disputes() int32 { return toInt(a.shown.Level.Disputes) }

// Mentions is how many citations mention the claim.
func (a *assertion) Mentions() int32 { return toInt(a.shown.Level.Mentions) }

// Strength is how strong the evidence is.
func (a *assertion) Strength() *Strength { return newStrength(a.shown.Level) }

// Valid is when the claim held.
func (a *assertion) Valid() *ValidTime { return &ValidTime{claim: a} }

// StandingChange is one standing that a claim had.
type StandingChange struct {
	Standing Standing
	On       *string
	Citation *Citation
	Note     *string
}

// StandingHistory lists the standings with the citations that show them, read
// for all siblings. A step whose citation the reader does not see is left out.
func (a *assertion) StandingHistory(ctx context.Context) ([]*StandingChange, error) {
	b := a.batch
	citations, err := once(ctx, &b.siblings, sharedStandings, func(ctx context.Context) (map[evidence.ID]*Citation, error) {
		var ids []evidence.ID
		for _, c := range b.claims {
			for _, s := range c.content.Standing {
				ids = append(ids, s.Citation)
			}
		}
		ids = distinct(ids)
		shown, err := b.session.Citations(ctx, ids)
		if err != nil {
			return nil, err
		}
		out := make(map[evidence.ID]*Citation, len(shown))
		for _, c := range newCitations(b.session, choose(shown, ids)) {
			out[c.content.ID] = c
		}
		return out, nil
	})
	if err != nil {
		return nil, report(ctx, err)
	}
	history := make([]*StandingChange, 0, len(a.content.Standing))
	for _, s := range a.content.Standing {
		if s.Citation == "" || citations[s.Citation] != nil {
			history = append(history, &StandingChange{Standing(s.Standing.String()), optional(s.On), citations[s.Citation], optional(s.Note)})
		}
	}
	return history, nil
}

// About is the claim that this one speaks of, read for all siblings.
func (a *assertion) About(ctx context.Context) (Claim, error) {
	if a.content.About == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	b := a.batch
	claims, err := once(ctx, &b.siblings, sharedAbout, func(ctx context.Context) (map[evidence.ID]Claim, error) {
		var ids []evidence.ID
		for _, c := range b.claims {
			ids = append(ids, c.content.About)
		}
		return readClaims(ctx, b.session, ids)
	})
	return claims[a.content.About], report(ctx, err)
}

// Citations is a page of the claim's citations, read for all siblings.
func (a *assertion) Citations(ctx context.Context, filter *CitationFilter, first *int32, after *string, last *int32, before *string) (*CitationConnection, error) {
	b, key := a.batch, field(ctx)
	pages, err := once(ctx, &b.siblings, key, func(ctx context.Context) (map[evidence.ID]*CitationConnection, error) {
		f, err := filter.trace()
		if err != nil {
			return nil, err
		}
		ids := b.ids()
		pages, err := b.session.CitationsOf(ctx, ids, f, pageArgs(first, after, last, before))
		if err != nil {
			return nil, err
		}
		return connectCitations(b.session, ids, pages, func(ctx context.Context) (map[evidence.ID]trace.Total, error) {
			return once(ctx, &b.siblings, totalOf{key}, func(ctx context.Context) (map[evidence.ID]trace.Total, error) {
				return b.session.TotalCitationsOf(ctx, ids, f)
			})
		}), nil
	})
	return pages[a.content.ID], report(ctx, err)
}

// ends are the entities at the ends of the claims of a batch, by their places,
// read for all siblings: those at the beginnings are siblings of each other, and
// so are those at the ends. They are nil where the reader does not see them.
type ends struct{ from, to []*Entity }

func (a *assertion) ends(ctx context.Context) (ends, error) {
	b := a.batch
	return once(ctx, &b.siblings, sharedEnds, func(ctx context.Context) (ends, error) {
		ids := make([]evidence.ID, 0, 2*len(b.claims))
		for _, c := range b.claims {
			ids = append(ids, c.shown.From, c.shown.To)
		}
		shown, err := b.session.Entities(ctx, distinct(ids))
		if err != nil {
			return ends{}, err
		}
		from, to := make([]*trace.Entity, len(b.claims)), make([]*trace.Entity, len(b.claims))
		for i, c := range b.claims {
			from[i], to[i] = shown[c.shown.From], shown[c.shown.To]
		}
		return ends{newEntities(b.session, from), newEntities(b.session, to)}, nil
	})
}

func (a *assertion) from(ctx context.Context) (*Entity, error) {
	e, err := a.ends(ctx)
	if err != nil {
		return nil, report(ctx, err)
	}
	return e.from[a.place], nil
}

// Link is a link as a query shows it.
type Link struct{ *assertion }

// Kind is what the link says of its ends.
func (l *Link) Kind() LinkKind { return LinkKind(l.content.Kind) }

// Label is the kind in words.
func (l *Link) Label(lang string) string {
	kind, _ := l.batch.session.vocabulary.Link(l.content.Kind)
	return kind.Label.In(lang)
}

// Role is the capacity in which the link holds.
func (l *Link) Role() *string { return optional(l.content.Role) }

// From is the entity at the beginning.
func (l *Link) From(ctx context.Context) (*Entity, error) { return l.from(ctx) }

// To is the entity at the end.
func (l *Link) To(ctx context.Context) (*Entity, error) {
	e, err := l.ends(ctx)
	if err != nil {
		return nil, report(ctx, err)
	}
	return e.to[l.place], nil
}

// FromAsserted is the beginning as it was asserted.
func (l *Link) FromAsserted() string { return string(l.content.From) }

// ToAsserted is the end as it was asserted.
func (l *Link) ToAsserted() string { return string(l.content.To) }

// Other is the far end, seen from one end under its present id or the one it was
// asserted with.
func (l *Link) Other(ctx context.Context, than string) (*Entity, error) {
	switch evidence.ID(than) {
	case l.shown.From, l.content.From:
		return l.To(ctx)
	case l.shown.To, l.content.To:
		return l.from(ctx)
	default:
		return nil, nil //nolint:nilnil // null is the answer
	}
}

// Accepted says whether an identity was accepted.
func (l *Link) Accepted() bool { return l.content.Accepted }

// Merged says whether an end is shown as another entity than it was asserted with.
func (l *Link) Merged() bool {
	return l.shown.From != l.content.From || l.shown.To != l.content.To
}

// Loop says whether both ends are one entity.
func (l *Link) Loop() bool { return l.shown.Loop() }

// EndsFit says whether the kind joins entities of the kinds of these ends.
func (l *Link) EndsFit(ctx context.Context) (bool, error) {
	e, err := l.ends(ctx)
	if err != nil {
		return false, report(ctx, err)
	}
	from, to := e.from[l.place], e.to[l.place]
	kind, known := l.batch.session.vocabulary.Link(l.content.Kind)
	return known && from != nil && to != nil && kind.AllowsEnds(from.shown.Kind, to.shown.Kind), nil
}

// Statement is a statement as a query shows it.
type Statement struct{ *assertion }

// Entity is the entity that the statement is about.
func (s *Statement) Entity(ctx context.Context) (*Entity, error) { return s.from(ctx) }

// EntityAsserted is that entity as it was asserted.
func (s *Statement) EntityAsserted() string { return string(s.content.From) }

// Attribute is what is stated.
func (s *Statement) Attribute() StatementAttribute { return StatementAttribute(s.content.Kind) }

// Label is the attribute in words.
func (s *Statement) Label(lang string) string {
	attribute, _ := s.batch.session.vocabulary.Attribute(s.content.Kind)
	return attribute.Label.In(lang)
}

// Value is the value that is stated.
func (s *Statement) Value() string { return s.content.Value }

// newLinkConnection makes a connection of a page's claims.
func newLinkConnection(p trace.Page[*trace.Claim], claims []*assertion, t totals) *LinkConnection {
	links := make([]*Link, len(claims))
	for i, a := range claims {
		links[i] = &Link{a}
	}
	return &LinkConnection{paged(p, links, func(c string, n *Link) LinkEdge { return LinkEdge{c, n} }), t}
}

// newStatementConnection makes a connection of a page's claims.
func newStatementConnection(p trace.Page[*trace.Claim], claims []*assertion, t totals) *StatementConnection {
	statements := make([]*Statement, len(claims))
	for i, a := range claims {
		statements[i] = &Statement{a}
	}
	return &StatementConnection{paged(p, statements, func(c string, n *Statement) StatementEdge { return StatementEdge{c, n} }), t}
}

// connectClaims reads a page of claims for each entity of a batch. The claims of
// all pages are siblings.
func connectClaims[C any](ctx context.Context, b *entityBatch, f trace.ClaimFilter, args trace.PageArgs, key *ast.Field, connect func(trace.Page[*trace.Claim], []*assertion, totals) C) (map[evidence.ID]C, error) {
	ids := b.ids()
	pages, err := b.session.ClaimsOf(ctx, ids, f, args)
	if err != nil {
		return nil, err
	}
	var all []*trace.Claim
	for _, id := range ids {
		all = append(all, contents(pages[id])...)
	}
	claims := newAssertions(b.session, all)
	out := make(map[evidence.ID]C, len(ids))
	for _, id := range ids {
		n := len(pages[id].Items)
		out[id] = connect(pages[id], claims[:n:n], totals{func(ctx context.Context) (trace.Total, error) {
			counts, err := once(ctx, &b.siblings, totalOf{key}, func(ctx context.Context) (map[evidence.ID]trace.Total, error) {
				return b.session.TotalClaims(ctx, ids, f)
			})
			return counts[id], report(ctx, err)
		}})
		claims = claims[n:]
	}
	return out, nil
}

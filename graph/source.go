package graph

import (
	"context"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/trace"
)

// Source is a source as a query shows it.
type Source struct {
	content *evidence.Source
	batch   *sourceBatch
}

// sourceBatch are sources that were read together.
type sourceBatch struct {
	siblings
	sources []*Source
}

// newSources makes siblings of sources, in their order.
func newSources(s *session, shown []*trace.Source) []*Source {
	b := &sourceBatch{siblings: siblings{session: s}, sources: make([]*Source, len(shown))}
	for i, x := range shown {
		b.sources[i] = &Source{x.Record.Source(), b}
	}
	return b.sources
}

// readSources reads the sources of ids as siblings.
func readSources(ctx context.Context, s *session, ids []evidence.ID) (map[evidence.ID]*Source, error) {
	ids = distinct(ids)
	shown, err := s.Sources(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]*Source, len(shown))
	for _, x := range newSources(s, choose(shown, ids)) {
		out[x.content.ID] = x
	}
	return out, nil
}

func (*Source) isNode() {}

// ID is the source's id.
func (s *Source) ID() string { return string(s.content.ID) }

// Kind is the sort of document.
func (s *Source) Kind() SourceKind { return SourceKind(s.content.Kind) }

// Title is the source's title.
func (s *Source) Title() string { return s.content.Title }

// Author is who wrote it.
func (s *Source) Author() *string { return optional(s.content.Author) }

// Publisher is who published it.
func (s *Source) Publisher() *string { return optional(s.content.Publisher) }

// Published is when it was published.
func (s *Source) Published() *string { return optional(s.content.Published) }

// URL is where it is on the web.
func (s *Source) URL() *string { return optional(s.content.URL) }

// Archive is where it is kept.
func (s *Source) Archive() *string { return optional(s.content.Archive) }

// Language is the language it is in.
func (s *Source) Language() *string { return optional(s.content.Language) }

// Reliability is its grade.
func (s *Source) Reliability() Reliability { return Reliability(s.content.Reliability.String()) }

// DerivedFrom are the sources it draws on, read for all siblings.
func (s *Source) DerivedFrom(ctx context.Context) ([]*Source, error) {
	if len(s.content.DerivedFrom) == 0 {
		return nil, nil
	}
	b := s.batch
	origins, err := once(ctx, &b.siblings, sharedOrigins, func(ctx context.Context) (map[evidence.ID]*Source, error) {
		var ids []evidence.ID
		for _, x := range b.sources {
			ids = append(ids, x.content.DerivedFrom...)
		}
		return readSources(ctx, b.session, ids)
	})
	return choose(origins, s.content.DerivedFrom), report(ctx, err)
}

// Citations is a page of the citations into the source, read for all siblings.
func (s *Source) Citations(ctx context.Context, filter *CitationFilter, first *int32, after *string, last *int32, before *string) (*CitationConnection, error) {
	b, key := s.batch, field(ctx)
	pages, err := once(ctx, &b.siblings, key, func(ctx context.Context) (map[evidence.ID]*CitationConnection, error) {
		f, err := filter.trace()
		if err != nil {
			return nil, err
		}
		ids := make([]evidence.ID, len(b.sources))
		for i, x := range b.sources {
			ids[i] = x.content.ID
		}
		pages, err := b.session.CitationsIn(ctx, ids, f, pageArgs(first, after, last, before))
		if err != nil {
			return nil, err
		}
		return connectCitations(b.session, ids, pages, func(ctx context.Context) (map[evidence.ID]trace.Total, error) {
			return once(ctx, &b.siblings, totalOf{key}, func(ctx context.Context) (map[evidence.ID]trace.Total, error) {
				return b.session.TotalCitationsIn(ctx, ids, f)
			})
		}), nil
	})
	return pages[s.content.ID], report(ctx, err)
}

// Citation is a citation as a query shows it.
type Citation struct {
	content *evidence.Citation
	check   *evidence.QuoteCheck
	batch   *citationBatch
}

// citationBatch are citations that were read together.
type citationBatch struct {
	siblings
	citations []*Citation
}

// newCitations makes siblings of citations, in their order.
func newCitations(s *session, shown []*trace.Citation) []*Citation {
	b := &citationBatch{siblings: siblings{session: s}, citations: make([]*Citation, len(shown))}
	for i, x := range shown {
		b.citations[i] = &Citation{x.Record.Citation(), x.Record.Derived.Check, b}
	}
	return b.citations
}

// connectCitations makes connections of the pages of ids. The citations of all
// pages are siblings.
func connectCitations(s *session, ids []evidence.ID, pages map[evidence.ID]trace.Page[*trace.Citation], count func(context.Context) (map[evidence.ID]trace.Total, error)) map[evidence.ID]*CitationConnection {
	var all []*trace.Citation
	for _, id := range ids {
		all = append(all, contents(pages[id])...)
	}
	citations := newCitations(s, all)
	out := make(map[evidence.ID]*CitationConnection, len(ids))
	for _, id := range ids {
		n := len(pages[id].Items)
		out[id] = &CitationConnection{
			paged(pages[id], citations[:n:n], func(c string, n *Citation) CitationEdge { return CitationEdge{c, n} }),
			totals{func(ctx context.Context) (trace.Total, error) {
				counts, err := count(ctx)
				return counts[id], report(ctx, err)
			}},
		}
		citations = citations[n:]
	}
	return out
}

func (*Citation) isNode() {}

// ID is the citation's id.
func (c *Citation) ID() string { return string(c.content.ID) }

// Claim is the claim that is cited for, read for all siblings.
func (c *Citation) Claim(ctx context.Context) (Claim, error) {
	b := c.batch
	claims, err := once(ctx, &b.siblings, sharedClaims, func(ctx context.Context) (map[evidence.ID]Claim, error) {
		ids := make([]evidence.ID, len(b.citations))
		for i, x := range b.citations {
			ids[i] = x.content.Claim
		}
		return readClaims(ctx, b.session, ids)
	})
	return claims[c.content.Claim], report(ctx, err)
}

// Source is the source that is cited, read for all siblings.
func (c *Citation) Source(ctx context.Context) (*Source, error) {
	b := c.batch
	sources, err := once(ctx, &b.siblings, sharedSources, func(ctx context.Context) (map[evidence.ID]*Source, error) {
		ids := make([]evidence.ID, len(b.citations))
		for i, x := range b.citations {
			ids[i] = x.content.Source
		}
		return readSources(ctx, b.session, ids)
	})
	return sources[c.content.Source], report(ctx, err)
}

// Stance is what the source does to the claim.
func (c *Citation) Stance() Stance { return Stance(c.content.Stance.String()) }

// Locator is where in the source.
func (c *Citation) Locator() *string { return optional(c.content.Locator) }

// Quote is the words of the source.
func (c *Citation) Quote() *Quote {
	q := c.content.Quote
	if q == nil {
		return nil
	}
	return &Quote{Exact: q.Exact, Prefix: optional(q.Prefix), Suffix: optional(q.Suffix)}
}

// Check is what came of looking for the quote.
func (c *Citation) Check() *QuoteCheck {
	if c.check == nil {
		return &QuoteCheck{State: CheckStateUnchecked}
	}
	out := &QuoteCheck{State: CheckState(c.check.State.String()), Context: optional(c.check.Context), Nearest: optional(c.check.Nearest)}
	if at, err := time.Parse(time.RFC3339, c.check.At); err == nil {
		out.At = &at
	}
	return out
}

// Credibility is the grade of the information, 1 to 6.
func (c *Citation) Credibility() int32 { return int32(c.content.Credibility.Grade()) } //nolint:gosec // 1 to 6

// AssertedBy is who says it in the source.
func (c *Citation) AssertedBy() *Asserter {
	if c.content.AsserterWords == "" && c.content.AsserterEntity == "" {
		return nil
	}
	return &Asserter{c}
}

// StandingInSource is the standing that the source gives.
func (c *Citation) StandingInSource() *string { return optional(c.content.StandingInSource) }

// Note is a remark on the citation.
func (c *Citation) Note() *string { return optional(c.content.Note) }

// Asserter is who says something in a source.
type Asserter struct{ citation *Citation }

// Words are how the source names them.
func (a *Asserter) Words() *string { return optional(a.citation.content.AsserterWords) }

// Entity is the entity that they are, read for all citations that are siblings.
func (a *Asserter) Entity(ctx context.Context) (*Entity, error) {
	id := a.citation.content.AsserterEntity
	if id == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	b := a.citation.batch
	entities, err := once(ctx, &b.siblings, sharedAsserters, func(ctx context.Context) (map[evidence.ID]*Entity, error) {
		var ids []evidence.ID
		for _, x := range b.citations {
			ids = append(ids, x.content.AsserterEntity)
		}
		ids = distinct(ids)
		shown, err := b.session.Entities(ctx, ids)
		if err != nil {
			return nil, err
		}
		return entitiesByID(b.session, ids, shown), nil
	})
	return entities[id], report(ctx, err)
}

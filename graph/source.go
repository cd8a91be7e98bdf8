package graph

import (
	"context"
	"slices"
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

// Captures are the stored copies, oldest first.
func (s *Source) Captures() []*Capture {
	return mapped(s.content.Captures, newCapture)
}

func newCapture(c evidence.Capture) *Capture {
	stored, _ := time.Parse(time.RFC3339, c.Captured) // as it was written
	return &Capture{Sha256: c.SHA256, Length: toInt(int(c.Length)), MediaType: c.MediaType, StoredAt: stored, HasText: c.Text != ""}
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
		ids = distinct(ids)
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
func (c *Citation) Check() *QuoteCheck { return &QuoteCheck{c} }

// QuoteCheck is what came of looking for a quote in a stored copy of its source.
type QuoteCheck struct{ citation *Citation }

// found is the check that was written down; an unchecked one where none was.
func (q *QuoteCheck) found() evidence.QuoteCheck {
	if q.citation.check == nil {
		return evidence.QuoteCheck{}
	}
	return *q.citation.check
}

// located says whether the check found the words at one place.
func (q *QuoteCheck) located() bool {
	state := q.found().State
	return state == evidence.Verified || state == evidence.Ambiguous
}

// State says whether the quote was found.
func (q *QuoteCheck) State() CheckState { return CheckState(q.found().State.String()) }

// At is when it was looked for.
func (q *QuoteCheck) At() *time.Time {
	at, err := time.Parse(time.RFC3339, q.found().At)
	if err != nil {
		return nil
	}
	return &at
}

// Capture is the copy that it was looked for in.
func (q *QuoteCheck) Capture(ctx context.Context) (*Capture, error) {
	in := q.found().Capture
	if in == "" {
		return nil, nil //nolint:nilnil // null is the answer
	}
	source, err := q.citation.Source(ctx)
	if err != nil || source == nil {
		return nil, err
	}
	captures := source.Captures()
	i := slices.IndexFunc(captures, func(c *Capture) bool { return c.Sha256 == in })
	if i < 0 {
		return nil, nil //nolint:nilnil // the copy was erased
	}
	return captures[i], nil
}

// Start is where the words begin in the text of the copy, in code points.
func (q *QuoteCheck) Start() *int32 {
	if !q.located() {
		return nil
	}
	n := toInt(q.found().Start)
	return &n
}

// End is where they end.
func (q *QuoteCheck) End() *int32 {
	if !q.located() {
		return nil
	}
	n := toInt(q.found().End)
	return &n
}

// Context is the passage around words that were found.
func (q *QuoteCheck) Context() *string { return optional(q.found().Context) }

// Nearest is the passage closest to words that were not.
func (q *QuoteCheck) Nearest() *string { return optional(q.found().Nearest) }

// Distance is by how many edits that passage differs.
func (q *QuoteCheck) Distance() *int32 {
	if q.found().Nearest == "" {
		return nil
	}
	n := toInt(q.found().Distance)
	return &n
}

// Credibility is the grade of the information, 1 to 6.
func (c *Citation) Credibility() int32 { return int32(c.content.Credibility.Grade()) } //nolint:gosec // 1 to 6

// AssertedBy is who says it in the source.
//
// Where it is an entity that the reader does not see, and no words, it is nobody.
func (c *Citation) AssertedBy(ctx context.Context) (*Asserter, error) {
	a := &Asserter{c}
	if c.content.AsserterWords != "" {
		return a, nil
	}
	if e, err := a.Entity(ctx); e == nil {
		return nil, err
	}
	return a, nil
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

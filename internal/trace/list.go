package trace

import (
	"context"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// scan reads a list in the direction of travel until the page is full, the list
// ends, or the budget is spent. keep drops what the filter refuses, a batch at a
// time. It is one of several lists that are still to be read.
func (s *Session) scan(ctx context.Context, q store.Query, p span, lists int, keep func([]store.Found) ([]store.Found, error)) (found []store.Found, more bool, reached string, err error) {
	q = p.query(q)
	budget, looked := s.share(q.Type, lists), 0
	q.Limit = min(q.Limit, max(budget, MaxPageSize+1))
	defer func() {
		if !p.counted {
			looked -= len(found)
		}
		s.sift(q.Type, looked)
	}()
	for {
		var batch []store.Found
		ended := false
		n := 0
		for f, err := range s.find(ctx, q) {
			if err != nil {
				return nil, false, "", err
			}
			n++
			if p.beyond(f.Key) {
				ended = true
				break
			}
			batch = append(batch, f)
			q.After = f.Key
		}
		looked += n
		ended = ended || n < q.Limit
		kept, err := keep(batch)
		if err != nil {
			return nil, false, "", err
		}
		found = append(found, kept...)
		if len(found) > p.size {
			return found[:p.size], true, "", nil
		}
		if ended {
			return found, false, "", nil
		}
		if looked >= budget {
			return found, true, q.After, nil
		}
		q.Limit = min(max(2*q.Limit, 100), 2000, budget-looked) // the filter drops much: read more at a time
	}
}

// ListClaims pages links or statements by kind, beginning, end and id.
func (s *Session) ListClaims(ctx context.Context, f ClaimFilter, a PageArgs) (Page[*Claim], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listClaims(ctx, nil, f, a, 1)
}

func (s *Session) listClaims(ctx context.Context, entities []evidence.ID, f ClaimFilter, a PageArgs, lists int) (Page[*Claim], error) {
	var none Page[*Claim]
	t, err := s.seenTest(ctx, f)
	if err != nil {
		return none, err
	}
	l := claimsList(f, entities)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	if len(f.Sources) > 0 && len(entities) == 0 && t.from == nil && t.to == nil && t.with == nil {
		all, few, err := s.claimsCiting(ctx, f.Sources, t)
		if err != nil {
			return none, err
		}
		if few {
			return pageOf(l, p, all), nil
		}
	}
	found, more, reached, err := s.scan(ctx, t.query(entities, f.Direction), p, lists, func(batch []store.Found) ([]store.Found, error) {
		return t.keepCited(ctx, slices.DeleteFunc(batch, func(x store.Found) bool { return !t.keeps(x.Record) }))
	})
	if err != nil {
		return none, err
	}
	shown := make([]keyed[*Claim], len(found))
	for i, x := range found {
		s.keep(x.Record)
		shown[i] = keyed[*Claim]{s.claim(x.Record), x.Key}
	}
	return page(l, p, shown, more, reached), nil
}

// claimsCiting gives the claims that cite sources and pass the test, in order;
// few is false where there are too many to gather.
func (s *Session) claimsCiting(ctx context.Context, sources []evidence.ID, t *claimTest) (all []keyed[*Claim], few bool, err error) {
	limit := min(store.MaxBatch, s.share(evidence.CitationRecord, 2)) // the claims are read too
	if limit == 0 {
		return nil, false, nil
	}
	var ids []evidence.ID
	n := 0
	for f, err := range s.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Sources: sources, Limit: limit}) {
		if err != nil {
			return nil, false, err
		}
		n++
		ids = append(ids, f.Record.Citation().Claim)
	}
	s.sift(evidence.CitationRecord, n)
	if n == limit {
		return nil, false, nil
	}
	slices.Sort(ids)
	records, err := s.get(ctx, slices.Compact(ids))
	if err != nil {
		return nil, false, err
	}
	s.sift(t.filter.Of, len(records))
	for _, r := range records {
		if r.Content.Type() == t.filter.Of && t.keeps(r) {
			all = append(all, keyed[*Claim]{s.claim(r), r.Derived.Key})
		}
	}
	sortByKey(all)
	return all, true, nil
}

func sortByKey[T any](all []keyed[T]) {
	slices.SortFunc(all, func(a, b keyed[T]) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		default:
			return 0
		}
	})
}

// ListEntities pages entities in the order of evidence.OrderKey. An entity that another absorbed is
// not listed apart from it.
func (s *Session) ListEntities(ctx context.Context, f EntityFilter, a PageArgs) (Page[*Entity], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Entity]
	words := names.Tokens(f.Text)
	if f.Text != "" && len(words) == 0 {
		return none, evidence.Faulty(evidence.InvalidInput, "filter.text", "%q has no letter or digit to look for", f.Text)
	}
	l := listOf("entities", f)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	q := store.Query{Type: evidence.EntityRecord, Kinds: f.Kinds, Text: words}
	found, more, reached, err := s.scan(ctx, q, p, 1, func(batch []store.Found) ([]store.Found, error) {
		return slices.DeleteFunc(batch, func(x store.Found) bool { return !s.keepsEntity(f, x.Record.Entity()) }), nil
	})
	if err != nil {
		return none, err
	}
	ids := make([]evidence.ID, len(found))
	for i, x := range found {
		s.keep(x.Record)
		ids[i] = x.Record.ID()
	}
	entities, err := s.entities(ctx, ids)
	if err != nil {
		return none, err
	}
	shown := make([]keyed[*Entity], len(found))
	for i, x := range found {
		shown[i] = keyed[*Entity]{entities[x.Record.ID()], x.Key}
	}
	return page(l, p, shown, more, reached), nil
}

// lists says whether an entity that the view sees is in the list of a filter.
func (s *Session) lists(f EntityFilter, e *evidence.Entity) bool {
	return s.keepsEntity(f, e) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		evidence.HasWords(evidence.FullText(e), names.Tokens(f.Text))
}

func (s *Session) keepsEntity(f EntityFilter, e *evidence.Entity) bool {
	return s.identity.resolve(e.ID) == e.ID &&
		(f.Unidentified || !e.Identity.IsPlaceholder()) &&
		(len(f.Identity) == 0 || slices.Contains(f.Identity, e.Identity)) &&
		(f.Country == "" || strings.EqualFold(f.Country, e.Country))
}

// ListSources pages sources in the order of evidence.OrderKey.
func (s *Session) ListSources(ctx context.Context, f SourceFilter, a PageArgs) (Page[*Source], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none Page[*Source]
	q, keep, err := f.query()
	if err != nil {
		return none, err
	}
	l := listOf("sources", f)
	p, err := l.span(a)
	if err != nil {
		return none, err
	}
	found, more, reached, err := s.scan(ctx, q, p, 1, keep)
	if err != nil {
		return none, err
	}
	shown := make([]keyed[*Source], len(found))
	for i, x := range found {
		s.keep(x.Record)
		shown[i] = keyed[*Source]{&Source{x.Record}, x.Key}
	}
	return page(l, p, shown, more, reached), nil
}

// query is what the store is asked for, and what of it the filter keeps.
func (f SourceFilter) query() (q store.Query, keep func([]store.Found) ([]store.Found, error), err error) {
	words := names.Tokens(f.Text)
	if f.Text != "" && len(words) == 0 {
		return q, nil, evidence.Faulty(evidence.InvalidInput, "filter.text", "%q has no letter or digit to look for", f.Text)
	}
	published, err := dateOf("filter.published", f.Published)
	if err != nil {
		return q, nil, err
	}
	return store.Query{Type: evidence.SourceRecord, Kinds: f.Kinds, Text: words}, func(batch []store.Found) ([]store.Found, error) {
		return slices.DeleteFunc(batch, func(x store.Found) bool {
			src := x.Record.Source()
			return len(f.Reliability) > 0 && !slices.Contains(f.Reliability, src.Reliability) ||
				f.Language != "" && f.Language != src.Language ||
				!published.IsZero() && !publishedIn(src, published)
		}), nil
	}, nil
}

func publishedIn(src *evidence.Source, period edtf.Date) bool {
	d, err := edtf.Parse(src.Published)
	if err != nil || d.IsZero() {
		return false
	}
	return edtf.Valid{Since: d}.HeldDuring(edtf.Event, period) >= edtf.Possibly
}

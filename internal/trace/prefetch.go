package trace

import (
	"context"
	"errors"
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Card says what of one entity, or of the whole graph, will be asked for
// together: a page of its claims and what hangs on them. A store to which each
// call is a round trip is then asked once. The answers are the same without it.
type Card struct {
	Entity evidence.ID // "": the claims of the whole graph
	Claims *ClaimFilter
	Page   PageArgs
	// Total says that the number of claims is asked for, Ends that the entities at
	// their ends are, and Citations how many citations of each claim; 0 for none.
	Total, Ends bool
	Citations   int
}

// Open opens a session on a view, which the caller closes. It reads the card in
// the round trip with which every session finds out how far the log has come;
// card is called only where there is such a trip.
func (t *Tracer) Open(ctx context.Context, view evidence.View, card func() Card) (*Session, error) {
	var at evidence.Sequence
	together := view.IsNow() && t.together.Load()
	if !together {
		head, err := t.store.Head(ctx) // before the reader, which is to see all that is there now
		if err != nil {
			return nil, err
		}
		at = head.Sequence
	}
	reader, err := store.Read(ctx, t.store, view, t.vocabulary)
	if err != nil {
		return nil, err
	}
	s := &Session{tracer: t, mu: &sync.Mutex{}, view: view, reader: reader, identity: t.identities.newest(view), records: map[evidence.ID]*evidence.Record{}, sifting: newSifting()}
	if together {
		at, err = s.prefetch(ctx, card)
	} else if _, ok := reader.(store.Prefetcher); ok {
		t.together.Store(true)
	}
	if s.head = at; err == nil {
		s.identity, err = t.identities.get(ctx, reader, view, at)
	}
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return s, nil
}

// errTogether says that the store of a session does not read a card together.
var errTogether = errors.New("nothing is read together")

// Prefetch reads a card where that saves round trips.
func (s *Session) Prefetch(ctx context.Context, card func() Card) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.prefetch(ctx, card); !errors.Is(err, errTogether) {
		return err
	}
	return nil
}

// prefetch reads a card and says of which revision it is.
func (s *Session) prefetch(ctx context.Context, card func() Card) (evidence.Sequence, error) {
	reader, ok := s.reader.(store.Prefetcher)
	if !ok || !s.view.IsNow() {
		return 0, errTogether
	}
	asked := s.asking(card())
	got, err := reader.Prefetch(ctx, asked)
	if err != nil {
		return 0, err
	}
	for _, id := range asked.Get {
		s.records[id] = nil // asked for, and perhaps not seen
	}
	maps.Copy(s.records, got.Records)
	s.ahead = append(s.ahead, &prefetched{asked, got})
	return got.Sequence, nil
}

// asking is what the reads of a card will ask the store for. Where the filter is faulty,
// or is not answered from a list of claims, it asks for less: the read itself then tells
// what is wrong, or reads the rest.
func (s *Session) asking(card Card) (p store.Prefetch) {
	var group []evidence.ID
	if card.Entity != "" {
		group = s.identity.group(card.Entity)
		p.Get = group
	}
	if card.Claims == nil {
		return p
	}
	f := *card.Claims
	t, err := s.claimTest(f)
	if err != nil {
		return p
	}
	if card.Total && t.plain() && len(group) < 2 {
		count := t.count(group)
		p.Count = &count
	}
	span, err := claimsList(f, group).span(card.Page)
	if err != nil {
		return p
	}
	q := span.query(t.query(group, f.Direction))
	if len(q.Text) > 0 || len(q.About) > 0 || len(q.Entities) == 0 && len(f.Sources) > 0 {
		return p
	}
	p.Page, p.Ends, p.Citations = &q, card.Ends, card.Citations
	return p
}

// prefetched is what was read beforehand, and what was asked.
type prefetched struct {
	asked store.Prefetch
	got   *store.Prefetched
}

// find reads as the reader does, what was read beforehand from memory.
func (s *Session) find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	for _, p := range s.ahead {
		switch {
		case p.asked.Page != nil && reflect.DeepEqual(q, *p.asked.Page):
			return func(yield func(store.Found, error) bool) {
				for _, x := range p.got.Page {
					if !yield(x, nil) {
						return
					}
				}
			}
		case q.Type == evidence.CitationRecord && q.After == "" && q.Limit <= p.asked.Citations && slices.ContainsFunc(q.Claims, p.cites):
			return s.citations(ctx, q, p)
		}
	}
	return s.reader.Find(ctx, q)
}

func (p *prefetched) cites(claim evidence.ID) bool {
	_, ok := p.got.Cited[claim]
	return ok
}

// citations gives those of claims that were read beforehand, and reads those of
// the others.
func (s *Session) citations(ctx context.Context, q store.Query, p *prefetched) iter.Seq2[store.Found, error] {
	return func(yield func(store.Found, error) bool) {
		rest := q
		rest.Claims = slices.DeleteFunc(slices.Clone(q.Claims), p.cites)
		read := map[evidence.ID][]store.Found{}
		if len(rest.Claims) > 0 {
			for x, err := range s.reader.Find(ctx, rest) {
				if err != nil {
					yield(x, err)
					return
				}
				claim := x.Record.Citation().Claim
				read[claim] = append(read[claim], x)
			}
		}
		for _, id := range q.Claims {
			cited := read[id]
			if p.cites(id) {
				cited = cut(q, p.got.Cited[id])
			}
			for _, x := range cited {
				if !yield(x, nil) {
					return
				}
			}
		}
	}
}

// count counts as the reader does, what was read beforehand from memory.
func (s *Session) count(ctx context.Context, q store.CountQuery) (map[evidence.ID]int, error) {
	for _, p := range s.ahead {
		if p.asked.Count != nil && reflect.DeepEqual(q, *p.asked.Count) {
			return p.got.Counts, nil
		}
	}
	return s.reader.Count(ctx, q)
}

// cut leaves of all citations of one claim what a query for them gives.
func cut(q store.Query, all []store.Found) []store.Found {
	var given [evidence.Mentions + 1]int
	var kept []store.Found
	for _, x := range all {
		stance := x.Record.Citation().Stance
		given[stance]++
		if given[stance] <= q.Limit && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, stance.String())) {
			kept = append(kept, x)
		}
	}
	return kept
}

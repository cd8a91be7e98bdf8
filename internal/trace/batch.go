package trace

import (
	"context"
	"errors"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/names"
	"github.com/vinculo/vinculo/internal/store"
)

// ClaimsOf gives one page of claims for each of many entities. First pages cost
// a fixed number of reads for all entities together, save that an entity whose
// claims a filter drops almost all of is read on by itself.
func (s *Session) ClaimsOf(ctx context.Context, entities []evidence.ID, f ClaimFilter, a PageArgs) (map[evidence.ID]Page[*Claim], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.seenTest(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Page[*Claim], len(entities))
	left := entities
	if len(entities) > 1 && a.After == "" && a.Before == "" && a.Last == nil {
		if left, err = s.firstPages(ctx, entities, t, a, out); err != nil {
			return nil, err
		}
	}
	for i, id := range left {
		if out[id], err = s.listClaims(ctx, s.identity.group(id), f, a, len(left)-i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claimsList is the list of the claims of a group of entities.
func claimsList(f ClaimFilter, group []evidence.ID) list {
	return listOf("claims", struct {
		F ClaimFilter
		E []evidence.ID
	}{f, group})
}

// firstPages reads the first claims of many entities at once and gives those
// entities whose page is not certain yet.
func (s *Session) firstPages(ctx context.Context, entities []evidence.ID, t *claimTest, a PageArgs, out map[evidence.ID]Page[*Claim]) ([]evidence.ID, error) {
	p, err := list("").span(a)
	if err != nil {
		return nil, err
	}
	read := s.firstLinks
	if t.filter.Of == evidence.StatementRecord {
		read = s.firstStatements
	}
	found, certain, err := read(ctx, entities, t, p.size)
	if err != nil {
		return nil, err
	}
	kept := map[evidence.ID]bool{}
	if found, err = t.keepCited(ctx, slices.DeleteFunc(found, func(x store.Found) bool { return !t.keeps(x.Record) })); err != nil {
		return nil, err
	}
	of := map[evidence.ID][]keyed[*Claim]{}
	for _, x := range found {
		if kept[x.Record.ID()] {
			continue
		}
		kept[x.Record.ID()] = true
		s.keep(x.Record)
		c := s.claim(x.Record)
		for _, end := range s.stands(c, t.filter.Direction) {
			of[end] = append(of[end], keyed[*Claim]{c, x.Key})
		}
	}
	var uncertain []evidence.ID
	for _, id := range entities {
		shown := s.identity.resolve(id)
		all := of[shown]
		if last, cut := certain[shown]; cut {
			// What lies beyond was read of another member or of another end, and what
			// comes before it may not have been.
			all = slices.DeleteFunc(slices.Clone(all), func(c keyed[*Claim]) bool { return c.key > last })
			if len(all) <= p.size {
				uncertain = append(uncertain, id)
				continue
			}
		}
		sortByKey(all)
		out[id] = pageOf(claimsList(t.filter, s.identity.group(id)), p, all)
	}
	return uncertain, nil
}

// stands are the ends of a claim on which an entity that it is listed for may
// stand, each once.
func (s *Session) stands(c *Claim, d evidence.Direction) []evidence.ID {
	atFrom, atTo := s.leads(c.Record.Claim().Kind, d)
	switch {
	case c.To == "" || !atTo || c.From == c.To:
		return []evidence.ID{c.From}
	case !atFrom:
		return []evidence.ID{c.To}
	default:
		return []evidence.ID{c.From, c.To}
	}
}

// firstLinks expands all entities at once. Where the filter asks what an edge
// cannot tell, more links are read, so that a page mostly fills all the same. Of
// entities whose links were not all read, certain has the key up to which they were.
func (s *Session) firstLinks(ctx context.Context, entities []evidence.ID, t *claimTest, size int) (found []store.Found, certain map[evidence.ID]string, err error) {
	frontier := s.identity.groups(entities)
	perNode := size + 1
	if !t.plain() {
		perNode = max(2*perNode, 50)
	}
	budget := s.share(evidence.LinkRecord, 1)
	sieve := &sieve{test: t.edge, left: budget}
	x := store.Expansion{
		Frontier: frontier, Direction: t.filter.Direction, Either: s.either(t.filter.Direction), Kinds: t.kinds, Keep: sieve.keep,
		PerNode: perNode, Total: len(frontier) * perNode,
	}
	count := make([]int, len(frontier))
	var links []evidence.ID
	cut := map[evidence.ID][]evidence.ID{} // the last link that was read of each member that has more
	last := 0
	for e, err := range s.reader.Expand(ctx, x) {
		if partOnly(err) {
			for at := last; at < len(frontier); at++ {
				sieve.ends(at)
			}
			break
		}
		if err != nil {
			return nil, nil, err
		}
		last = e.At
		if !sieve.passes(&e) {
			continue
		}
		links = append(links, e.Link)
		if count[e.At]++; count[e.At] == perNode {
			shown := s.identity.resolve(frontier[e.At])
			cut[shown] = append(cut[shown], e.Link)
		}
	}
	s.sift(evidence.LinkRecord, budget-max(sieve.left, 0))
	slices.Sort(links)
	records, err := s.get(ctx, slices.Compact(links))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range records {
		found = append(found, store.Found{Record: r, Key: r.Derived.Key})
	}
	certain = make(map[evidence.ID]string, len(cut))
	for shown, last := range cut {
		certain[shown] = leastKey(records, last)
	}
	for at := range sieve.unknown {
		certain[s.identity.resolve(frontier[at])] = ""
	}
	return found, certain, nil
}

// leastKey is the least key of records; "" where one is missing.
func leastKey(records map[evidence.ID]*evidence.Record, ids []evidence.ID) string {
	var keys []string
	for _, id := range ids {
		if records[id] == nil {
			return ""
		}
		keys = append(keys, records[id].Derived.Key)
	}
	return slices.Min(keys)
}

// edge drops edges that the filter refuses by what an edge tells.
func (t *claimTest) edge(e *store.Edge) bool {
	f := t.filter
	return t.joins(e.Kind, e.From, e.To) &&
		(t.with == nil || t.with[e.From] || t.with[e.To]) &&
		(len(f.Standing) == 0 || slices.Contains(f.Standing, e.Standing)) &&
		(f.Disputed == nil || *f.Disputed == e.Disputed) &&
		(f.MinStrength == nil || int(e.Strength) >= *f.MinStrength)
}

// firstStatements reads the statements of all entities as one list; certain is as
// that of firstLinks.
func (s *Session) firstStatements(ctx context.Context, entities []evidence.ID, t *claimTest, _ int) (found []store.Found, certain map[evidence.ID]string, err error) {
	certain = map[evidence.ID]string{}
	q := store.Query{Type: evidence.StatementRecord, Entities: s.identity.groups(entities), Kinds: t.kinds, Limit: store.MaxBatch}
	for f, err := range s.reader.Find(ctx, q) {
		if err != nil {
			return nil, nil, err
		}
		found = append(found, f)
	}
	if len(found) == store.MaxBatch {
		for _, id := range entities {
			certain[s.identity.resolve(id)] = found[len(found)-1].Key
		}
	}
	return found, certain, nil
}

// cites are the citations of one claim by their stance: those that a filter
// keeps, and how many were read.
type cites struct {
	kept turns
	read [3]int
}

// cited reads, for each of many claims, citations of each stance up to a limit.
func (s *Session) cited(ctx context.Context, claims []evidence.ID, f CitationFilter, limit int) (map[evidence.ID]*cites, error) {
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	out := map[evidence.ID]*cites{}
	q := store.Query{Type: evidence.CitationRecord, Claims: claims, Kinds: stanceNames(f.Stances), Limit: limit}
	n, most := 0, s.siftable(evidence.CitationRecord)
	for x, err := range s.find(ctx, q) {
		if err != nil {
			return nil, err
		}
		if n++; limit == store.MaxBatch && n > most {
			return nil, unsifted()
		}
		c := x.Record.Citation()
		if out[c.Claim] == nil {
			out[c.Claim] = &cites{}
		}
		out[c.Claim].read[c.Stance]++
		if !f.citesOneOf(c.Source) || len(words) > 0 && !evidence.HasWords(evidence.FullText(c), words) {
			continue
		}
		s.keep(x.Record)
		out[c.Claim].kept[c.Stance] = append(out[c.Claim].kept[c.Stance], &Citation{x.Record})
	}
	if limit == store.MaxBatch {
		s.sift(evidence.CitationRecord, n)
	}
	return out, nil
}

func stanceNames(stances []evidence.Stance) []string {
	var kinds []string
	for _, s := range stances {
		kinds = append(kinds, s.String())
	}
	return kinds
}

// CitationsIn gives one page of the citations into each of many sources, by the
// claim they cite. First pages of sources with few citations are read together.
func (s *Session) CitationsIn(ctx context.Context, sources []evidence.ID, f CitationFilter, a PageArgs) (map[evidence.ID]Page[*Citation], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	keep := func(batch []store.Found) ([]store.Found, error) {
		return slices.DeleteFunc(batch, func(x store.Found) bool {
			return len(words) > 0 && !evidence.HasWords(evidence.FullText(x.Record.Content), words)
		}), nil
	}
	show := func(found []store.Found) []keyed[*Citation] {
		shown := make([]keyed[*Citation], len(found))
		for i, x := range found {
			s.keep(x.Record)
			shown[i] = keyed[*Citation]{&Citation{x.Record}, x.Key}
		}
		return shown
	}
	out := make(map[evidence.ID]Page[*Citation], len(sources))
	asked := slices.DeleteFunc(slices.Clone(sources), func(id evidence.ID) bool { return !f.citesOneOf(id) })
	together, err := s.citedLittle(ctx, asked, f, a)
	if err != nil {
		return nil, err
	}
	for i, id := range sources {
		l := listOf("source", struct {
			F CitationFilter
			S evidence.ID
		}{f, id})
		p, err := l.span(a)
		if err != nil {
			return nil, err
		}
		if !f.citesOneOf(id) {
			continue
		}
		if few, ok := together[id]; ok {
			kept, err := keep(few)
			if err != nil {
				return nil, err
			}
			out[id] = pageOf(l, p, show(kept))
			continue
		}
		q := store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{id}, Kinds: stanceNames(f.Stances)}
		found, more, reached, err := s.scan(ctx, q, p, len(sources)-i, keep)
		if err != nil {
			return nil, err
		}
		out[id] = page(l, p, show(found), more, reached)
	}
	return out, nil
}

// fewCitations is how many citations a source has at most that is read together
// with others.
const fewCitations = 500

// citedLittle reads all citations into those of many sources that have few.
func (s *Session) citedLittle(ctx context.Context, sources []evidence.ID, f CitationFilter, a PageArgs) (map[evidence.ID][]store.Found, error) {
	if len(sources) < 2 || a.After != "" || a.Before != "" {
		return nil, nil //nolint:nilnil // none is read together
	}
	counts, err := s.reader.Count(ctx, store.CountQuery{Of: sources, Type: evidence.CitationRecord, Kinds: stanceNames(f.Stances)})
	if errors.Is(err, store.ErrUncounted) {
		return nil, nil //nolint:nilnil // none is read together
	}
	if err != nil {
		return nil, err
	}
	together := map[evidence.ID][]store.Found{}
	var few []evidence.ID
	total := 0
	for _, id := range sources {
		if n := counts[id]; n <= fewCitations && total+n < store.MaxBatch {
			together[id] = nil
			few = append(few, id)
			total += n
		}
	}
	if len(few) == 0 {
		return together, nil
	}
	for x, err := range s.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Sources: few, Kinds: stanceNames(f.Stances), Limit: store.MaxBatch}) {
		if err != nil {
			return nil, err
		}
		source := x.Record.Citation().Source
		together[source] = append(together[source], x)
	}
	return together, nil
}

// Total is how long a list is. Where it is not exact there are at least N.
type Total struct {
	N     int
	Exact bool
}

// countLimit is up to where a list is counted that no counter knows the length of.
var countLimit = 10_000

// TotalClaims counts the claims of each entity, or, with no entity, all claims
// (under ""): from counters where the filter asks only kinds and direction, else
// one by one up to 10,000.
func (s *Session) TotalClaims(ctx context.Context, entities []evidence.ID, f ClaimFilter) (map[evidence.ID]Total, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.seenTest(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Total, max(len(entities), 1))
	var single, slow []evidence.ID
	for _, id := range entities {
		if group := s.identity.group(id); t.plain() && len(group) == 1 {
			single = append(single, group[0])
		} else {
			slow = append(slow, id)
		}
	}
	if len(single) > 0 || len(entities) == 0 && t.plain() {
		counts, err := s.count(ctx, t.count(single))
		switch {
		case errors.Is(err, store.ErrUncounted):
			slow = append(slow, single...)
		case err != nil:
			return nil, err
		default:
			for _, id := range single {
				out[id] = Total{counts[id], true}
			}
			if len(entities) == 0 {
				out[""] = Total{counts[""], true}
				return out, nil
			}
		}
	}
	if len(entities) == 0 {
		slow = []evidence.ID{""}
	}
	if len(slow) > 1 {
		if slow, err = s.countTogether(ctx, t, slow, out); err != nil {
			return nil, err
		}
	}
	for i, id := range slow {
		var group []evidence.ID
		if id != "" {
			group = s.identity.group(id)
		}
		if out[id], err = s.countClaims(ctx, t, group, len(slow)-i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// countTogether counts the claims of many entities in one scan and gives the
// entities for which that was not enough.
func (s *Session) countTogether(ctx context.Context, t *claimTest, entities []evidence.ID, out map[evidence.ID]Total) ([]evidence.ID, error) {
	q := t.query(s.identity.groups(entities), t.filter.Direction)
	found, more, _, err := s.scan(ctx, q, span{size: countLimit, counted: true}, 1, func(batch []store.Found) ([]store.Found, error) {
		return t.keepCited(ctx, slices.DeleteFunc(batch, func(x store.Found) bool { return !t.keeps(x.Record) }))
	})
	if err != nil || more {
		return entities, err
	}
	counts := map[evidence.ID]int{}
	for _, x := range found {
		for _, end := range s.stands(s.claim(x.Record), t.filter.Direction) {
			counts[end]++
		}
	}
	for _, id := range entities {
		out[id] = Total{counts[s.identity.resolve(id)], true}
	}
	return nil, nil
}

func (s *Session) countClaims(ctx context.Context, t *claimTest, group []evidence.ID, lists int) (Total, error) {
	if len(t.filter.Sources) > 0 && len(group) == 0 && t.from == nil && t.to == nil && t.with == nil {
		all, few, err := s.claimsCiting(ctx, t.filter.Sources, t)
		if err != nil || few {
			return Total{len(all), true}, err
		}
	}
	return s.tally(ctx, t.query(group, t.filter.Direction), lists, func(batch []store.Found) ([]store.Found, error) {
		return t.keepCited(ctx, slices.DeleteFunc(batch, func(x store.Found) bool { return !t.keeps(x.Record) }))
	})
}

// tally counts what a query finds and keep leaves, up to the limit. It is one of
// several lists that are still to be counted.
func (s *Session) tally(ctx context.Context, q store.Query, lists int, keep func([]store.Found) ([]store.Found, error)) (Total, error) {
	found, more, _, err := s.scan(ctx, q, span{size: countLimit, counted: true}, lists, keep)
	return Total{len(found), !more}, err
}

// TotalEntities counts the entities that a filter keeps.
func (s *Session) TotalEntities(ctx context.Context, f EntityFilter) (Total, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := store.Query{Type: evidence.EntityRecord, Kinds: f.Kinds, Text: names.Tokens(f.Text)}
	return s.tally(ctx, q, 1, func(batch []store.Found) ([]store.Found, error) {
		return slices.DeleteFunc(batch, func(x store.Found) bool { return !s.keepsEntity(f, x.Record.Entity()) }), nil
	})
}

// TotalSources counts the sources that a filter keeps.
func (s *Session) TotalSources(ctx context.Context, f SourceFilter) (Total, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(f.Reliability) == 0 && f.Language == "" && f.Published == "" && f.Text == "" {
		counts, err := s.reader.Count(ctx, store.CountQuery{Type: evidence.SourceRecord, Kinds: f.Kinds})
		if !errors.Is(err, store.ErrUncounted) {
			return Total{counts[""], true}, err
		}
	}
	q, keep, err := f.query()
	if err != nil {
		return Total{}, err
	}
	return s.tally(ctx, q, 1, keep)
}

// TotalCitationsOf counts the citations of each claim.
func (s *Session) TotalCitationsOf(ctx context.Context, claims []evidence.ID, f CitationFilter) (map[evidence.ID]Total, error) {
	out := make(map[evidence.ID]Total, len(claims))
	if len(f.Sources) > 0 || f.Text != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		cited, err := s.cited(ctx, claims, f, store.MaxBatch)
		if err != nil {
			return nil, err
		}
		for _, id := range claims {
			out[id] = Total{Exact: true}
			if c := cited[id]; c != nil {
				n := len(c.kept[0]) + len(c.kept[1]) + len(c.kept[2])
				out[id] = Total{min(n, countLimit), n < countLimit && slices.Max(c.read[:]) < store.MaxBatch}
			}
		}
		return out, nil
	}
	shown, err := s.Claims(ctx, claims)
	if err != nil {
		return nil, err
	}
	wants := func(stance evidence.Stance) bool { return len(f.Stances) == 0 || slices.Contains(f.Stances, stance) }
	for id, c := range shown {
		n := 0
		for stance, count := range [3]uint32{c.Level.Supports, c.Level.Disputes, c.Level.Mentions} {
			if wants(evidence.Stance(stance)) { //nolint:gosec // an index of three
				n += int(count)
			}
		}
		out[id] = Total{n, true}
	}
	return out, nil
}

// TotalCitationsIn counts the citations into each source.
func (s *Session) TotalCitationsIn(ctx context.Context, sources []evidence.ID, f CitationFilter) (map[evidence.ID]Total, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	out := make(map[evidence.ID]Total, len(sources))
	for _, id := range sources {
		out[id] = Total{Exact: true} // unless the filter keeps what cites it
	}
	sources = slices.DeleteFunc(slices.Clone(sources), func(id evidence.ID) bool { return !f.citesOneOf(id) })
	if len(sources) == 0 {
		return out, nil
	}
	if f.Text == "" {
		counts, err := s.reader.Count(ctx, store.CountQuery{Of: sources, Type: evidence.CitationRecord, Kinds: stanceNames(f.Stances)})
		if err == nil {
			for _, id := range sources {
				out[id] = Total{counts[id], true}
			}
			return out, nil
		}
		if !errors.Is(err, store.ErrUncounted) {
			return nil, err
		}
	}
	for i, id := range sources {
		q := store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{id}, Kinds: stanceNames(f.Stances)}
		total, err := s.tally(ctx, q, len(sources)-i, func(batch []store.Found) ([]store.Found, error) {
			return slices.DeleteFunc(batch, func(x store.Found) bool {
				return len(words) > 0 && !evidence.HasWords(evidence.FullText(x.Record.Content), words)
			}), nil
		})
		if err != nil {
			return nil, err
		}
		out[id] = total
	}
	return out, nil
}

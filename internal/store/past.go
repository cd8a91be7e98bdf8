package store

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Read gives a reader of a view. For now that is the store's own; the past is
// judged anew from the versions that stood then, with the clearance that records
// have now (invariant 9), so that no store has to keep derived values of the
// past and no raised clearance has to rewrite them.
func Read(ctx context.Context, s Store, view evidence.View, v *vocabulary.Vocabulary) (Reader, error) {
	raw, err := s.Raw(ctx, view)
	if err != nil {
		return nil, err
	}
	return judging(s, raw, view, v), nil
}

// judging is a raw reader of a view that judges where it is of the past.
func judging(s Store, raw Reader, view evidence.View, v *vocabulary.Vocabulary) Reader {
	if view.IsNow() {
		return raw
	}
	return pastOf(s, raw, view, v)
}

func pastOf(s Store, raw Reader, view evidence.View, v *vocabulary.Vocabulary) *past {
	return &past{Reader: raw, store: s, clearance: view.Clearance, vocabulary: v, beyond: beyond, page: MaxBatch, batch: chunk, named: &named{map[evidence.ID]naming{}}}
}

// past judges what a reader of the past gives.
type past struct {
	Reader
	store      Store
	clearance  evidence.Clearance
	vocabulary *vocabulary.Vocabulary
	beyond     int // of links
	page       int // how many citations of a claim and stance are read at a time
	// unraised has names judged by the clearances that they had then alone.
	unraised bool
	// moment is the time of the view, once something has asked for it.
	moment *time.Time
	// batch is how many claims are judged at a time.
	batch int
	// judged are claims that the reader has judged; nil for those not seen. A question
	// comes to the same links again and again.
	judged map[evidence.ID]*judgedClaim
	cited  int // citations of these
	// around are the entities and sources that claims were judged by, and what these
	// derive from, as they were read; nil for those not there. Most are those of many
	// claims.
	around map[evidence.ID]*evidence.Record
	named  *named
}

const (
	// keptJudged is how many judged claims are kept, and how many of their citations,
	// and how many records that claims were judged by.
	keptJudged = 50_000
	// chunk is how many claims are judged at first; then as many at a time as have
	// citedAtOnce citations.
	chunk       = 500
	citedAtOnce = 5_000
	// beyond is how many links are judged beyond what is asked for.
	beyond = MaxBatch / 2
)

// judgedClaim is a claim that the view sees, with the citations it sees.
type judgedClaim struct {
	claim     *evidence.Record
	citations []*evidence.Record // by key
	from, to  *evidence.Entity
}

// Get implements Reader.
func (p *past) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	records, err := p.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	var claims []*evidence.Record
	for _, r := range records {
		if r.Content.Type().IsClaim() {
			claims = append(claims, r)
		}
	}
	if err := p.addClaimsOf(ctx, records, &claims); err != nil {
		return nil, err
	}
	judged, err := p.judge(ctx, claims)
	if err != nil {
		return nil, err
	}
	if err := p.keepSecret(ctx, records, nil); err != nil {
		return nil, err
	}
	for id, r := range records {
		if seen := p.see(r, judged); seen != nil {
			records[id] = seen
		} else {
			delete(records, id)
		}
	}
	return records, nil
}

// read gives records as they stood, not yet judged but for claims that were before,
// and asks only for those that have not been read.
func (p *past) read(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	known, missing := make(map[evidence.ID]*evidence.Record, len(ids)), make([]evidence.ID, 0, len(ids))
	for _, id := range ids {
		if j, done := p.judged[id]; done && j != nil {
			known[id] = j.claim
		} else if r := p.around[id]; r != nil {
			known[id] = r
		} else if _, there := p.around[id]; !done && !there {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return known, nil
	}
	records, err := p.Reader.Get(ctx, missing)
	if err == nil {
		maps.Copy(records, known)
	}
	return records, err
}

// addClaimsOf adds the claims of the citations among records.
func (p *past) addClaimsOf(ctx context.Context, records map[evidence.ID]*evidence.Record, claims *[]*evidence.Record) error {
	var missing []evidence.ID
	for _, r := range records {
		if c := r.Citation(); c != nil && records[c.Claim] == nil {
			missing = append(missing, c.Claim)
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	for batch := range slices.Chunk(missing, MaxBatch) {
		more, err := p.read(ctx, batch)
		if err != nil {
			return err
		}
		for _, r := range more {
			*claims = append(*claims, r)
		}
	}
	return nil
}

// see gives the judged record, or nil where the view does not see it.
func (p *past) see(r *evidence.Record, judged map[evidence.ID]*judgedClaim) *evidence.Record {
	switch c := r.Content.(type) {
	case *evidence.Claim:
		if j := judged[c.ID]; j != nil {
			return j.claim
		}
	case *evidence.Citation:
		if j := judged[c.Claim]; j != nil {
			for _, x := range j.citations {
				if x.ID() == c.ID {
					return x
				}
			}
		}
	default:
		seen := *r
		seen.Derived.Visibility = max(r.Content.OwnClearance(), r.Derived.Now)
		if seen.Derived.Visibility <= p.clearance {
			return &seen
		}
	}
	return nil
}

// judge judges claims as of the view's moment; those it does not see are left
// out.
func (p *past) judge(ctx context.Context, claims []*evidence.Record) (map[evidence.ID]*judgedClaim, error) {
	judged := make(map[evidence.ID]*judgedClaim, len(claims))
	var unknown []*evidence.Record
	for _, r := range claims {
		if j, done := p.judged[r.ID()]; !done {
			unknown = append(unknown, r)
		} else if j != nil {
			judged[r.ID()] = j
		}
	}
	slices.SortFunc(unknown, func(a, b *evidence.Record) int { return cmp.Compare(a.ID(), b.ID()) })
	for len(unknown) > 0 {
		batch := unknown[:min(p.batch, len(unknown))]
		unknown = unknown[len(batch):]
		if err := p.judgeBatch(ctx, batch, judged); err != nil {
			return nil, err
		}
	}
	return judged, nil
}

// keepJudged keeps what was judged of claims for the next who asks.
func (p *past) keepJudged(claims []*evidence.Record, judged map[evidence.ID]*judgedClaim) {
	if p.judged == nil || max(len(p.judged)+len(claims), p.cited) > keptJudged {
		p.judged, p.cited = make(map[evidence.ID]*judgedClaim, len(claims)), 0
	}
	for _, r := range claims {
		j := judged[r.ID()]
		p.judged[r.ID()] = j
		if j != nil {
			p.cited += len(j.citations)
		}
	}
}

func (p *past) judgeBatch(ctx context.Context, claims []*evidence.Record, judged map[evidence.ID]*judgedClaim) error {
	around := map[evidence.ID]bool{}
	ids := make([]evidence.ID, len(claims))
	for i, r := range claims {
		c := r.Claim()
		ids[i], around[c.From] = c.ID, true
		if c.To != "" {
			around[c.To] = true
		}
	}
	citations, err := p.citing(ctx, ids)
	if err != nil {
		return err
	}
	n := 0
	for _, cited := range citations {
		n += len(cited)
		for _, x := range cited {
			around[x.Citation().Source] = true
		}
	}
	known, err := p.loadWithAncestors(ctx, around)
	if err != nil {
		return err
	}
	provenance := evidence.NewProvenance()
	for _, r := range claims {
		if j := p.judgeClaim(r, citations[r.ID()], known, provenance); j != nil {
			if err := p.keepChecks(ctx, j.citations, known); err != nil {
				return err
			}
			judged[r.ID()] = j
		}
	}
	p.keepJudged(claims, judged)
	p.batch = min(max(len(claims)*citedAtOnce/max(n, 1), chunk), MaxBatch)
	return nil
}

// citing reads all citations that claims had: a hidden one that was left out, or
// left another out, would show.
func (p *past) citing(ctx context.Context, claims []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	type list struct {
		claim  evidence.ID
		stance evidence.Stance
	}
	citations := map[evidence.ID][]*evidence.Record{}
	read := func(q Query) (map[list]int, map[list]string, error) {
		given, last := map[list]int{}, map[list]string{}
		for f, err := range p.Reader.Find(ctx, q) {
			if err != nil {
				return nil, nil, err
			}
			c := f.Record.Citation()
			citations[c.Claim] = append(citations[c.Claim], f.Record)
			of := list{c.Claim, c.Stance}
			given[of]++
			last[of] = f.Key
		}
		return given, last, nil
	}
	given, last, err := read(Query{Type: evidence.CitationRecord, Claims: claims, Limit: p.page})
	if err != nil {
		return nil, err
	}
	for of, n := range given {
		for after := last[of]; n == p.page; {
			more, end, err := read(Query{Type: evidence.CitationRecord, Claims: []evidence.ID{of.claim}, Kinds: []string{of.stance.String()}, After: after, Limit: p.page})
			if err != nil {
				return nil, err
			}
			n, after = more[of], end[of]
		}
	}
	return citations, nil
}

// loadWithAncestors loads entities and sources, and what the sources derive from, and
// gives all of these that are known.
func (p *past) loadWithAncestors(ctx context.Context, wanted map[evidence.ID]bool) (_ map[evidence.ID]*evidence.Record, err error) {
	if p.around == nil || len(p.around)+len(wanted) > keptJudged {
		p.around = make(map[evidence.ID]*evidence.Record, len(wanted))
	}
	defer func() {
		if err != nil {
			p.around = nil // what some of it derives from is not there
		}
	}()
	for len(wanted) > 0 {
		ids := make([]evidence.ID, 0, len(wanted))
		for id := range wanted {
			if _, done := p.around[id]; !done {
				ids = append(ids, id)
			}
		}
		wanted = map[evidence.ID]bool{}
		for batch := range slices.Chunk(ids, MaxBatch) {
			records, err := p.Reader.Get(ctx, batch)
			if err != nil {
				return nil, err
			}
			for _, id := range batch {
				r := records[id]
				p.around[id] = r
				if r == nil || r.Source() == nil {
					continue
				}
				for _, parent := range r.Source().DerivedFrom {
					wanted[parent] = true
				}
			}
		}
	}
	return p.around, nil
}

func (p *past) judgeClaim(r *evidence.Record, citations []*evidence.Record, known map[evidence.ID]*evidence.Record, provenance evidence.Provenance) *judgedClaim {
	claim := r.Claim()
	k := evidence.Case{Claim: claim, Visibility: max(claim.Clearance, r.Derived.Now), Provenance: provenance}
	j := &judgedClaim{}
	for i, end := range []evidence.ID{claim.From, claim.To} {
		if end == "" {
			continue
		}
		e := known[end]
		if e == nil || e.Entity() == nil {
			return nil
		}
		k.Ends = max(k.Ends, e.Entity().Clearance, e.Derived.Now)
		if i == 0 {
			j.from = e.Entity()
		} else {
			j.to = e.Entity()
		}
	}
	var cited []*evidence.Record
	for _, x := range citations {
		c := x.Citation()
		source := known[c.Source]
		if source == nil || source.Source() == nil {
			continue
		}
		visibility := max(c.Clearance, x.Derived.Now, source.Source().Clearance, source.Derived.Now)
		if visibility > p.clearance {
			continue
		}
		cited = append(cited, x)
		k.Cited = append(k.Cited, evidence.Cited{Citation: c, Source: source.Source(), Visibility: visibility})
		p.addProvenance(provenance, source, known)
	}
	derived, ofCitations := k.Judge(p.vocabulary)
	if derived.Visibility > p.clearance {
		return nil
	}
	derived.Now = r.Derived.Now
	seen := *r
	seen.Derived = derived
	j.claim = &seen
	for i, x := range cited {
		of := *x
		of.Derived = ofCitations[i]
		of.Derived.Now, of.Derived.Check = x.Derived.Now, x.Derived.Check
		j.citations = append(j.citations, &of)
	}
	slices.SortFunc(j.citations, func(a, b *evidence.Record) int { return cmp.Compare(a.Derived.Key, b.Derived.Key) })
	return j
}

func (p *past) addProvenance(into evidence.Provenance, r *evidence.Record, known map[evidence.ID]*evidence.Record) {
	s := r.Source()
	if into.Sources[s.ID] != nil {
		return
	}
	into.Add(s, max(s.Clearance, r.Derived.Now))
	for _, parent := range s.DerivedFrom {
		if up := known[parent]; up != nil && up.Source() != nil {
			p.addProvenance(into, up, known)
		}
	}
}

// Find implements Reader.
func (p *past) Find(ctx context.Context, q Query) iter.Seq2[Found, error] {
	if len(q.Claims) > 0 {
		return p.citationsOf(ctx, q)
	}
	return func(yield func(Found, error) bool) {
		for left, most := q.Limit, chunk; left > 0; most = min(4*most, MaxBatch) { // who asks may stop early
			part := q
			part.Limit = min(max(left, 50), most)
			page, err := p.judgedPage(ctx, part)
			if err != nil {
				yield(Found{}, err)
				return
			}
			for _, f := range page.seen[:min(left, len(page.seen))] {
				if left--; !yield(f, nil) {
					return
				}
			}
			if page.read < part.Limit {
				return
			}
			q.After = page.last
		}
	}
}

// judgedPage is a page of a list as it stood then.
type judgedPage struct {
	seen []Found // what the view sees of it
	read int     // how many records were read for that
	last string  // the key of the last of them
}

func (p *past) judgedPage(ctx context.Context, q Query) (page judgedPage, err error) {
	var found []Found
	records := map[evidence.ID]*evidence.Record{}
	for f, err := range p.Reader.Find(ctx, q) {
		if err != nil {
			return page, err
		}
		found = append(found, f)
		records[f.Record.ID()] = f.Record
	}
	if len(found) == 0 {
		return page, nil
	}
	page = judgedPage{seen: found[:0], read: len(found), last: found[len(found)-1].Key}
	var claims []*evidence.Record
	if q.Type.IsClaim() {
		for _, f := range found {
			claims = append(claims, f.Record)
		}
	}
	if err := p.addClaimsOf(ctx, records, &claims); err != nil {
		return page, err
	}
	judged, err := p.judge(ctx, claims)
	if err != nil {
		return page, err
	}
	renamed := map[evidence.ID]bool{}
	if err := p.keepSecret(ctx, records, renamed); err != nil {
		return page, err
	}
	for _, f := range found {
		if renamed[f.Record.ID()] {
			continue // its place in the list, and its cursor, would tell what it was called
		}
		if record := p.see(records[f.Record.ID()], judged); record != nil {
			page.seen = append(page.seen, Found{record, f.Key})
		}
	}
	return page, nil
}

func (p *past) citationsOf(ctx context.Context, q Query) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		records, err := p.Reader.Get(ctx, q.Claims)
		if err != nil {
			yield(Found{}, err)
			return
		}
		var claims []*evidence.Record
		for _, r := range records {
			if r.Claim() != nil {
				claims = append(claims, r)
			}
		}
		judged, err := p.judge(ctx, claims)
		if err != nil {
			yield(Found{}, err)
			return
		}
		for _, id := range q.Claims {
			j := judged[id]
			if j == nil {
				continue
			}
			var count [3]int
			for _, x := range j.citations {
				stance := x.Citation().Stance
				if x.Derived.Key <= q.After || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, stance.String()) || count[stance] >= q.Limit {
					continue
				}
				count[stance]++
				if !yield(Found{x, x.Derived.Key}, nil) {
					return
				}
			}
		}
	}
}

// Count implements Reader.
func (p *past) Count(context.Context, CountQuery) (map[evidence.ID]int, error) {
	return nil, ErrUncounted
}

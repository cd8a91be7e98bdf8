package trace

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Impact is what a claim would be without some sources. It names the claim alone:
// there may be very many, of which few are shown.
type Impact struct {
	Claim evidence.ID
	// Lost says that no support would be left.
	Lost bool
	// Strength and Lineages are what would be left.
	Strength, Lineages int
	// Weakening is by how much the strength would fall.
	Weakening int
}

// Impacts are the claims that sources bear, those that would be lost first, then
// those that would weaken most.
type Impacts struct {
	All       []Impact
	Lost      int
	Weakened  int
	Unchanged int
	// Truncated says that not all citations were looked at.
	Truncated bool
	// left is how many more citations by other sources may be read.
	left int
}

// SourceImpact tells what would fall if sources were withdrawn: each claim that
// cites one of them, as strong as it would be without those citations. Of the sources
// it reads as many citations as a walk does links, and of others as many again.
func (s *Session) SourceImpact(ctx context.Context, sources []evidence.ID) (Impacts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out Impacts
	if len(sources) == 0 || len(sources) > MaxPageSize {
		return out, evidence.Faulty(evidence.InvalidInput, "ids", "%d sources were named; name 1 to %d", len(sources), MaxPageSize)
	}
	sources = slices.Compact(slices.Sorted(slices.Values(sources)))
	citing := map[evidence.ID]uint32{} // claims, by how many of their citations are of the sources
	budget := s.linkBudget()
	out.left = budget
	q := store.Query{Type: evidence.CitationRecord, Sources: sources}
	for read := 0; ; {
		n := 0
		q.Limit = min(store.MaxBatch, budget-read)
		for f, err := range s.reader.Find(ctx, q) {
			if err != nil {
				return out, err
			}
			n++
			q.After = f.Key
			citing[f.Record.Citation().Claim]++
		}
		if n < q.Limit {
			break
		}
		if read += n; read >= budget {
			out.Truncated = true
			break
		}
	}
	claims := slices.Sorted(maps.Keys(citing))
	out.All = make([]Impact, 0, len(claims))
	for batch := range slices.Chunk(claims, 1000) {
		if err := s.impactOn(ctx, batch, citing, sources, &out); err != nil {
			return out, err
		}
	}
	slices.SortFunc(out.All, func(a, b Impact) int {
		if a.Lost != b.Lost {
			if a.Lost {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Weakening, a.Weakening), cmp.Compare(a.Claim, b.Claim))
	})
	return out, nil
}

// impactOn adds what becomes of some claims. Of one that has no other citations than
// those of the sources nothing is left, whatever they say: only those of others are
// read.
func (s *Session) impactOn(ctx context.Context, claims []evidence.ID, citing map[evidence.ID]uint32, without []evidence.ID, out *Impacts) error {
	records, err := s.reader.Get(ctx, claims)
	if err != nil {
		return err
	}
	var others []evidence.ID
	for _, id := range claims {
		if r := records[id]; r != nil && citing[id] < s.level(r).Citations() {
			if out.left -= int(s.level(r).Citations()); out.left < 0 {
				out.Truncated = true
				delete(records, id)
				continue
			}
			others = append(others, id)
		}
	}
	left, provenance, err := s.citedElsewhere(ctx, others, without)
	if err != nil {
		return err
	}
	for _, id := range claims {
		r := records[id]
		if r == nil {
			continue
		}
		strength, lineages := evidence.Weigh(left[id], provenance, s.view.Clearance)
		i := Impact{Claim: id, Strength: strength, Lineages: lineages, Weakening: int(s.level(r).Strength) - strength}
		i.Lost = !slices.ContainsFunc(left[id], func(c evidence.Cited) bool { return c.Citation.Stance == evidence.Supports })
		switch {
		case i.Lost:
			out.Lost++
		case i.Weakening > 0:
			out.Weakened++
		default:
			out.Unchanged++
		}
		out.All = append(out.All, i)
	}
	return nil
}

// citedElsewhere reads the citations of claims that are of other sources than some,
// and what those derive from.
func (s *Session) citedElsewhere(ctx context.Context, claims, without []evidence.ID) (map[evidence.ID][]evidence.Cited, evidence.Provenance, error) {
	if len(claims) == 0 {
		return nil, evidence.NewProvenance(), nil
	}
	var cited []*evidence.Citation
	wanted := map[evidence.ID]bool{}
	for f, err := range s.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: claims, Limit: store.MaxBatch}) {
		if err != nil {
			return nil, evidence.Provenance{}, err
		}
		c := f.Record.Citation()
		if _, is := slices.BinarySearch(without, c.Source); is {
			continue
		}
		cited = append(cited, c)
		wanted[c.Source] = true
	}
	provenance, err := s.provenance(ctx, wanted)
	if err != nil {
		return nil, provenance, err
	}
	left := map[evidence.ID][]evidence.Cited{}
	for _, c := range cited {
		if src := provenance.Sources[c.Source]; src != nil {
			left[c.Claim] = append(left[c.Claim], evidence.Cited{Citation: c, Source: src})
		}
	}
	return left, provenance, nil
}

// provenance reads sources that the view sees with all that they derive from.
func (s *Session) provenance(ctx context.Context, wanted map[evidence.ID]bool) (evidence.Provenance, error) {
	p := evidence.NewProvenance()
	for len(wanted) > 0 {
		var ids []evidence.ID
		for id := range wanted {
			ids = append(ids, id)
		}
		records, err := s.get(ctx, ids)
		if err != nil {
			return p, err
		}
		wanted = map[evidence.ID]bool{}
		for _, r := range records {
			src := r.Source()
			if src == nil {
				continue
			}
			p.Add(src, evidence.Public) // none but what the view sees is read
			for _, parent := range src.DerivedFrom {
				if p.Sources[parent] == nil {
					wanted[parent] = true
				}
			}
		}
		for id := range wanted {
			if _, asked := s.records[id]; asked && s.records[id] == nil {
				delete(wanted, id) // not seen by the view
			}
		}
	}
	return p, nil
}

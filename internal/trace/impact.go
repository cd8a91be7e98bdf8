package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Impact is what a claim would be without some sources.
type Impact struct {
	Claim *Claim
	// Lost says that no support would be left.
	Lost bool
	// Strength and Lineages are what would be left.
	Strength, Lineages int
}

// Weakening is by how much the claim's strength would fall.
func (i Impact) Weakening() int { return int(i.Claim.Level.Strength) - i.Strength }

// Impacts are the claims that sources bear, those that would be lost first, then
// those that would weaken most.
type Impacts struct {
	All       []Impact
	Lost      int
	Weakened  int
	Unchanged int
	// Truncated says that not all citations were looked at.
	Truncated bool
}

// maxImpact is how many citations one question about impact looks at.
const maxImpact = 200_000

// SourceImpact tells what would fall if sources were withdrawn: each claim that
// cites one of them, as strong as it would be without those citations.
func (s *Session) SourceImpact(ctx context.Context, sources []evidence.ID) (Impacts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out Impacts
	if len(sources) == 0 || len(sources) > MaxPageSize {
		return out, evidence.Faulty(evidence.InvalidInput, "ids", "%d sources were named; name 1 to %d", len(sources), MaxPageSize)
	}
	var claims []evidence.ID
	q := store.Query{Type: evidence.CitationRecord, Sources: sources, Limit: store.MaxBatch}
	for read := 0; ; {
		n := 0
		for f, err := range s.reader.Find(ctx, q) {
			if err != nil {
				return out, err
			}
			n++
			q.After = f.Key
			claims = append(claims, f.Record.Citation().Claim)
		}
		if n < q.Limit {
			break
		}
		if read += n; read >= maxImpact {
			out.Truncated = true
			break
		}
	}
	slices.Sort(claims)
	for batch := range slices.Chunk(slices.Compact(claims), 1000) {
		if err := s.impactOn(ctx, batch, sources, &out); err != nil {
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
		return cmp.Or(cmp.Compare(b.Weakening(), a.Weakening()), cmp.Compare(a.Claim.Record.ID(), b.Claim.Record.ID()))
	})
	return out, nil
}

func (s *Session) impactOn(ctx context.Context, claims, without []evidence.ID, out *Impacts) error {
	records, err := s.reader.Get(ctx, claims)
	if err != nil {
		return err
	}
	cited := map[evidence.ID][]*evidence.Citation{}
	wanted := map[evidence.ID]bool{}
	for f, err := range s.reader.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: claims, Limit: store.MaxBatch}) {
		if err != nil {
			return err
		}
		c := f.Record.Citation()
		cited[c.Claim] = append(cited[c.Claim], c)
		wanted[c.Source] = true
	}
	provenance, err := s.provenance(ctx, wanted)
	if err != nil {
		return err
	}
	clearance := s.view.Clearance
	for _, id := range claims {
		r := records[id]
		if r == nil {
			continue
		}
		var left []evidence.Cited
		for _, c := range cited[id] {
			if src := provenance.Sources[c.Source]; src != nil && !slices.Contains(without, c.Source) {
				left = append(left, evidence.Cited{Citation: c, Source: src})
			}
		}
		strength, lineages := evidence.Weigh(left, provenance, clearance)
		i := Impact{Claim: s.claim(r), Strength: strength, Lineages: lineages}
		i.Lost = !slices.ContainsFunc(left, func(c evidence.Cited) bool { return c.Citation.Stance == evidence.Supports })
		switch {
		case i.Lost:
			out.Lost++
		case i.Weakening() > 0:
			out.Weakened++
		default:
			out.Unchanged++
		}
		out.All = append(out.All, i)
	}
	return nil
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

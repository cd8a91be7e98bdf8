package store

import (
	"context"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
)

// keepChecks leaves to citations of the past the checks of their quotes that had been
// made by then. A store keeps the last check of each version, and not since which
// revision; so one that was made anew since, with another outcome, is not known.
func (p *past) keepChecks(ctx context.Context, citations []*evidence.Record, known map[evidence.ID]*evidence.Record) error {
	for _, x := range citations {
		check := x.Derived.Check
		if check == nil {
			continue
		}
		if p.moment == nil {
			if err := p.findMoment(ctx); err != nil {
				return err
			}
		}
		made, err := time.Parse(time.RFC3339, check.At)
		compared := check.Capture == "" || slices.ContainsFunc(known[x.Citation().Source].Source().Captures, func(c evidence.Capture) bool { return c.SHA256 == check.Capture })
		if err != nil || !compared || made.After(*p.moment) {
			x.Derived.Check = nil
		}
	}
	return nil
}

// findMoment finds when the newest revision was recorded that the view counts. A later
// one, which it does not, would tell of what is hidden.
func (p *past) findMoment(ctx context.Context) error {
	p.moment = new(time.Time)
	for r, err := range p.Reader.Revisions(ctx, RevisionQuery{Newest: true, Limit: 1}) {
		if err != nil {
			return err
		}
		*p.moment = r.Header.Time
	}
	return nil
}

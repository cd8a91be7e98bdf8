package trace

import (
	"context"
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
)

// What dates add to the score of a candidate where they agree, and take from it
// where they cannot both be right.
const (
	sameDates  = 40
	otherDates = 250
)

// dateOfEvent stands for the date that an event has by itself.
const dateOfEvent = "DATE"

// datesInWords are the attributes whose dates tell two entities apart.
var datesInWords = map[string]string{
	birthDate: "of birth", deathDate: "of death", foundingDate: "of founding", dissolutionDate: "of dissolution", dateOfEvent: "of the event",
}

// toldDate is a date that is told of an entity, as it is written.
type toldDate struct {
	date edtf.Date
	text string
}

// withDates compares the dates that identify an entity with those of the
// likeliest candidates. Of several dates of one sort, one that agrees is enough:
// the others contradict it, and not the candidate.
func (s *Session) withDates(ctx context.Context, found []Candidate, e *Entity) ([]Candidate, error) {
	compared := found[:min(len(found), MaxPageSize)]
	all := []*Entity{e}
	for _, c := range compared {
		all = append(all, c.Entity)
	}
	dates, err := s.datesOf(ctx, all)
	if err != nil {
		return nil, err
	}
	own := dates[e.ID]
	for i := range compared {
		c := &compared[i]
		for _, sort := range []string{birthDate, deathDate, foundingDate, dissolutionDate, dateOfEvent} {
			a, b := own[sort], dates[c.Entity.ID][sort]
			if len(a) == 0 || len(b) == 0 {
				continue
			}
			if x, y, agree := agreeing(a, b); agree {
				c.Score = min(c.Score+sameDates, 1000)
				c.Reasons = append(c.Reasons, Reason{"DATES", fmt.Sprintf("the dates %s agree: %s and %s", datesInWords[sort], x.text, y.text)})
			} else {
				c.Score = max(c.Score-otherDates, 0)
				c.Reasons = append(c.Reasons, Reason{"DATES", fmt.Sprintf("the dates %s differ: %s and %s", datesInWords[sort], x.text, y.text)})
			}
		}
	}
	sortCandidates(found)
	return found, nil
}

// agreeing gives two dates that may be the same, or else the first of each.
func agreeing(a, b []toldDate) (x, y toldDate, agree bool) {
	for _, x := range a {
		for _, y := range b {
			if x.date.Earliest() <= y.date.Latest() && y.date.Earliest() <= x.date.Latest() {
				return x, y, true
			}
		}
	}
	return a[0], b[0], false
}

// datesOf gives, by entity, the dates of each sort that are told of it, but for
// those that are refuted or retracted, in one round trip.
func (s *Session) datesOf(ctx context.Context, all []*Entity) (map[evidence.ID]map[string][]toldDate, error) {
	out := map[evidence.ID]map[string][]toldDate{}
	add := func(of evidence.ID, sort, text string) {
		if d, err := edtf.Parse(text); err == nil && !d.IsZero() {
			if out[of] == nil {
				out[of] = map[string][]toldDate{}
			}
			out[of][sort] = append(out[of][sort], toldDate{d, text})
		}
	}
	var members []evidence.ID
	for _, e := range all {
		add(e.ID, dateOfEvent, e.When)
		members = append(members, e.Members...)
	}
	q := store.Query{Type: evidence.StatementRecord, Entities: members[:min(len(members), store.MaxBatch)], Limit: store.MaxBatch}
	for sort := range datesInWords {
		if _, known := s.tracer.vocabulary.Attribute(sort); known {
			q.Kinds = append(q.Kinds, sort)
		}
	}
	for f, err := range s.reader.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		c, standing := f.Record.Claim(), s.level(f.Record).Standing
		if standing != evidence.Refuted && standing != evidence.Retracted {
			add(s.identity.resolve(c.From), c.Kind, c.Value)
		}
	}
	return out, nil
}

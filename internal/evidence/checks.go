package evidence

import (
	"fmt"
	"slices"
	"time"
)

// capture is the capture with a SHA-256; none where the source has it not.
func (s *Source) capture(sha256 string) (Capture, bool) {
	i := slices.IndexFunc(s.Captures, func(c Capture) bool { return c.SHA256 == sha256 })
	if i < 0 {
		return Capture{}, false
	}
	return s.Captures[i], true
}

// Holds says whether a check can stand for a quote of the source: it names no
// capture, or one that the source has.
func (s *Source) Holds(check *QuoteCheck) bool {
	if check == nil || check.Capture == "" {
		return true
	}
	_, ok := s.capture(check.Capture)
	return ok
}

// holdsStill is Holds for a check that was made when the source was as it was: the
// capture must have the same text as then.
func (s *Source) holdsStill(check *QuoteCheck, was *Source) bool {
	if check.Capture == "" {
		return true
	}
	then, had := was.capture(check.Capture)
	now, has := s.capture(check.Capture)
	return had && has && then.Text == now.Text
}

func (w *workspace) recordChecks(c *RecordChecks) (ID, error) {
	for i, check := range c.Checks {
		s := w.known(check.Citation, fmt.Sprintf("recordChecks.checks[%d].citation", i), "citation", CitationRecord)
		if s == nil {
			continue
		}
		s.checked = true
		if !s.check.Equal(&check.Check) {
			s.check = &check.Check
			w.touch(s)
		}
	}
	return "", nil
}

// withdrawChecks makes UNCHECKED what no capture of its source stands for any more:
// quotes whose source loses the capture that they were compared with, or its text,
// and those that come back after it did. It needs no bytes of captures, which may
// be elsewhere. What comes of it is logged like any check, so that a replay has
// nothing to decide.
func (w *workspace) withdrawChecks() error {
	defer func(index int) { w.index = index }(w.index)
	for _, s := range slices.Clone(w.touched) {
		is, ok := s.content.(*Source)
		if !ok || !s.open || s.base == nil || !is.lacksAnyOf(s.base.Source()) {
			continue
		}
		w.index = s.index
		if err := w.related(CitationsIn, []ID{s.id}); err != nil {
			return err
		}
		for _, x := range w.dependentOn(s.id) {
			if x.open && x.check != nil && !x.checked && !is.holdsStill(x.check, s.base.Source()) {
				w.withdraw(x)
			}
		}
	}
	return w.withdrawReturned()
}

// lacksAnyOf says whether a source has not every capture, with its text, that it had.
func (s *Source) lacksAnyOf(was *Source) bool {
	return slices.ContainsFunc(was.Captures, func(then Capture) bool {
		now, ok := s.capture(then.SHA256)
		return !ok || now.Text != then.Text
	})
}

// withdrawReturned is withdrawChecks for citations whose check this revision brings:
// those that stand again with the check that they had, and those that are checked
// against what somebody has taken from the source meanwhile.
func (w *workspace) withdrawReturned() error {
	var sources []ID
	var recorded []*slot
	returned := map[Sequence][]*slot{} // by when they were closed
	for _, s := range w.touched {
		if !s.open || s.check == nil {
			continue
		}
		switch {
		case s.checked:
			recorded = append(recorded, s)
		case s.base != nil && !s.base.IsOpen():
			returned[s.base.To] = append(returned[s.base.To], s)
		default:
			continue
		}
		sources = append(sources, s.cites())
	}
	if err := w.load(sources); err != nil {
		return err
	}
	for _, s := range recorded {
		if is, ok := w.get(s.cites()).content.(*Source); ok && !is.Holds(s.check) {
			w.withdraw(s)
		}
	}
	for _, closed := range sortedKeys(returned) {
		ids := make([]ID, len(returned[closed]))
		for i, s := range returned[closed] {
			ids[i] = s.cites()
		}
		then, err := w.snap.Newest(w.ctx, firsts(ids), closed)
		if err != nil {
			return err
		}
		for _, s := range returned[closed] {
			is, ok := w.get(s.cites()).content.(*Source)
			if was := then[s.cites()]; ok && was != nil && !is.holdsStill(s.check, was.Source()) {
				w.withdraw(s)
			}
		}
	}
	return nil
}

// cites is the source of a slot that holds a citation: nothing else has a check.
func (s *slot) cites() ID {
	return s.content.(*Citation).Source //nolint:forcetypeassert // see above
}

func (w *workspace) withdraw(s *slot) {
	s.check = &QuoteCheck{State: Unchecked, At: w.planner.Now().UTC().Format(time.RFC3339)}
	if s.base != nil && s.check.Equal(s.base.Derived.Check) {
		s.check = s.base.Derived.Check // it has been so since then, and is not logged again
	}
	if !s.touched {
		w.touch(s)
	}
}

package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Report is what a verification of captures and quotes found.
type Report struct {
	Captures int // that sources have, each counted once per source
	// Quotes counts citations with a quote by what comparing them gave.
	Quotes map[evidence.CheckState]int
	// Changed is how many checks differ from those that were recorded; they are
	// recorded anew.
	Changed int
	// Faults are sentences: captures that are missing or damaged, quotes that do
	// not occur in what was captured.
	Faults []string
}

// Verify compares the bytes of all captures with their hashes, and all quotes
// with the captures, and records the checks that changed, and nothing else. What
// is wrong with them is in the report; the error is for what keeps them from being
// verified. Progress, where set, is told how many sources are done.
func (a *Archive) Verify(ctx context.Context, progress func(done uint64)) (*Report, error) {
	report := &Report{Quotes: map[evidence.CheckState]int{}}
	done := uint64(0)
	err := a.eachSource(ctx, func(source *evidence.Source) error {
		if err := a.verifySource(ctx, source, report); err != nil {
			return err
		}
		if done++; progress != nil {
			progress(done)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

func (a *Archive) verifySource(ctx context.Context, source *evidence.Source, report *Report) error {
	for _, c := range source.Captures {
		report.Captures++
		if err := a.captures.Verify(ctx, c); err != nil {
			if ctx.Err() != nil {
				return err
			}
			report.Faults = append(report.Faults, fmt.Sprintf("source %s: %v", source.ID, err))
		}
	}
	var checks, changed []evidence.CitationCheck
	var unread error
	err := a.recording(func() (err error) {
		checks, changed, err = a.check(ctx, evidence.Confidential, source, nil)
		if unread = damage(err); err != nil && unread == nil {
			return err
		}
		return a.record(ctx, changed) // what is damaged is told below
	})
	if err != nil {
		return err
	}
	if unread != nil {
		report.Faults = append(report.Faults, fmt.Sprintf("source %s: its quotes could not all be compared: %v", source.ID, unread))
	}
	report.Changed += len(changed)
	for _, c := range checks {
		report.Quotes[c.Check.State]++
		if c.Check.State == evidence.Failed {
			report.Faults = append(report.Faults, fmt.Sprintf("citation %s: its quote is not in what was captured of source %s; nearest, at a distance of %d, is %q",
				c.Citation, source.ID, c.Check.Distance, c.Check.Nearest))
		}
	}
	return nil
}

// damage is an error that tells of a missing or damaged capture; nil for others.
func damage(err error) error {
	if errors.Is(err, blob.ErrCorrupt) || errors.Is(err, blob.ErrNotFound) {
		return err
	}
	return nil
}

// Named yields the captures that the log of a store names, each once, in the order
// in which they were attached; those that were erased are not named any more. The
// same document with another text is another.
func Named(ctx context.Context, st store.Store) iter.Seq2[evidence.Capture, error] {
	return namedAfter(ctx, st, 0)
}

// namedAfter is Named of the revisions after one.
func namedAfter(ctx context.Context, st store.Store, after evidence.Sequence) iter.Seq2[evidence.Capture, error] {
	return func(yield func(evidence.Capture, error) bool) {
		seen := map[[2]string]bool{}
		for r, err := range st.Log(ctx, after) {
			if err != nil {
				yield(evidence.Capture{}, err)
				return
			}
			outcomes, err := r.Outcomes()
			if err != nil {
				yield(evidence.Capture{}, err)
				return
			}
			for _, o := range outcomes {
				for _, e := range o.Effects {
					if e.Source == nil {
						continue
					}
					for _, c := range e.Source.Captures {
						files := [2]string{c.SHA256, c.Text}
						if seen[files] {
							continue
						}
						seen[files] = true
						if !yield(c, nil) {
							return
						}
					}
				}
			}
		}
	}
}

// VerifyBlobs compares the bytes of all captures that the log of a store names
// with their hashes. It gives how many there are, and a sentence for each that is
// missing or damaged, at most limit of them; 0 stands for all.
func VerifyBlobs(ctx context.Context, st store.Store, blobs blob.Store, limit int) (captures int, faults []string, err error) {
	service := &capture.Service{Blobs: blobs}
	for c, err := range Named(ctx, st) {
		if err != nil {
			return captures, faults, err
		}
		captures++
		if err := service.Verify(ctx, c); err != nil {
			if ctx.Err() != nil {
				return captures, faults, err
			}
			if faults = append(faults, err.Error()); len(faults) == limit {
				break
			}
		}
	}
	return captures, faults, nil
}

// Carry brings the captures that the log of a store names, and their texts, from
// one blob store to another, verified on the way, and gives how many blobs were
// not there yet. Those that cannot be carried are told, each in the error, and
// keep no other from being carried.
func Carry(ctx context.Context, st store.Store, to, from blob.Store) (carried int, err error) {
	var failed []error
	tried := map[string]bool{"": true} // a plain text is its own text
	for c, err := range Named(ctx, st) {
		if err != nil {
			return carried, err
		}
		for _, name := range []string{c.SHA256, c.Text} {
			if tried[name] {
				continue
			}
			tried[name] = true
			if _, err := to.Stat(ctx, name); err == nil {
				continue
			} else if !errors.Is(err, blob.ErrNotFound) {
				return carried, err
			}
			if err := blob.Copy(ctx, to, from, name); err != nil {
				if ctx.Err() != nil {
					return carried, err
				}
				failed = append(failed, fmt.Errorf("the capture %s was not carried: %w", c.SHA256, err))
				continue
			}
			carried++
		}
	}
	return carried, errors.Join(failed...)
}

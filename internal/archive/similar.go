package archive

import (
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Similar is what comparing the texts of all captured sources found.
type Similar struct {
	Sources int // whose text was compared
	// Suggested derivations, by source, without those that are known already.
	Suggested []capture.Derivation
	// Faults are sentences: captures that are missing or damaged.
	Faults []string
}

// Similar compares the newest text that was captured of each source with those of
// all others, and suggests which sources derive from which. Nothing is written.
// Progress, where set, is told how many sources were looked at.
func (a *Archive) Similar(ctx context.Context, progress func(done uint64)) (*Similar, error) {
	found := &Similar{}
	var dated []capture.Dated
	parents := map[evidence.ID][]evidence.ID{}
	done := uint64(0)
	err := a.eachSource(ctx, func(source *evidence.Source) error {
		if len(source.DerivedFrom) > 0 {
			parents[source.ID] = source.DerivedFrom
		}
		sketch, err := a.sketch(ctx, source)
		switch {
		case damage(err) != nil:
			found.Faults = append(found.Faults, fmt.Sprintf("source %s: its text could not be compared: %v", source.ID, err))
		case err != nil:
			return err
		case sketch != nil:
			dated = append(dated, capture.Dated{Source: source.ID, Published: source.Published, Sketch: sketch})
		}
		if done++; progress != nil {
			progress(done)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found.Sources = len(dated)
	for _, d := range capture.Derivations(dated) {
		if !derives(parents, d.Source, d.From) && !derives(parents, d.From, d.Source) {
			found.Suggested = append(found.Suggested, d)
		}
	}
	return found, nil
}

// sketch is that of the newest text captured of a source; nil where there is none.
func (a *Archive) sketch(ctx context.Context, source *evidence.Source) (*capture.Sketch, error) {
	for _, c := range slices.Backward(source.Captures) {
		if c.Text == "" {
			continue
		}
		text, err := a.captures.Text(ctx, c)
		if err != nil {
			return nil, err
		}
		return capture.SketchOf(text)
	}
	return nil, nil //nolint:nilnil // no text is no fault
}

// derives says whether a source is known to derive from another, directly or not.
func derives(parents map[evidence.ID][]evidence.ID, source, from evidence.ID) bool {
	line := []evidence.ID{source}
	for i := 0; i < len(line); i++ {
		for _, p := range parents[line[i]] {
			if p == from {
				return true
			}
			if !slices.Contains(line, p) {
				line = append(line, p)
			}
		}
	}
	return false
}

// eachSource visits all sources, some at a time, so that no reading stays open while
// their captures are read.
func (a *Archive) eachSource(ctx context.Context, visit func(*evidence.Source) error) error {
	for after, more := "", true; more; {
		var sources []*evidence.Source
		err := a.read(ctx, evidence.Confidential, func(r store.Reader) error {
			sources = nil
			for found, err := range r.Find(ctx, store.Query{Type: evidence.SourceRecord, After: after, Limit: page}) {
				if err != nil {
					return err
				}
				after = found.Key
				sources = append(sources, found.Record.Source())
			}
			return nil
		})
		if err != nil {
			return err
		}
		more = len(sources) == page
		for _, source := range sources {
			if err := visit(source); err != nil {
				return err
			}
		}
	}
	return nil
}

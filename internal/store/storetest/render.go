package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Answers are compared as lines of text, so that a difference reads plainly.

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v (%v)", v, err)
	}
	return string(b)
}

// style says what of a record is shown.
type style struct {
	// clearance is that of the reader, who is told of a claim what it sees.
	clearance evidence.Clearance
	// bare leaves out the revisions, which differ between what was always there
	// and what was brought back, and the checks of quotes, which have no past.
	bare bool
}

func (s style) record(r *evidence.Record) string {
	if r == nil {
		return "none"
	}
	d := r.Derived
	out := fmt.Sprintf("%s %s %s now %s, seen by %s, key %q, %+v", r.Content.Type(), r.ID(), asJSON(r.Content), d.Now, d.Visibility, d.Key, d.At(s.clearance))
	if s.bare {
		return out
	}
	return fmt.Sprintf("%s, [%d,%d), check %s", out, r.From, r.To, asJSON(d.Check))
}

func records[M ~map[evidence.ID]*evidence.Record](s style, m M, err error) []string {
	if err != nil {
		return failed(err)
	}
	lines := make([]string, 0, len(m))
	for id, r := range m {
		lines = append(lines, fmt.Sprintf("%s: %s", id, s.record(r)))
	}
	slices.Sort(lines)
	return lines
}

func failed(err error) []string {
	if errors.Is(err, store.ErrUncounted) {
		return []string{"uncounted"}
	}
	return []string{fmt.Sprintf("failed: %v", err)}
}

// lines shows what a sequence yields, in its order.
func lines[T any](seq iter.Seq2[T, error], show func(T) string) []string {
	out := []string{}
	for v, err := range seq {
		if err != nil {
			return append(out, failed(err)...)
		}
		out = append(out, show(v))
	}
	return out
}

func (s style) found(f store.Found) string { return f.Key + " | " + s.record(f.Record) }

func edge(e store.Edge) string { return fmt.Sprintf("%+v", e) }

func candidate(c store.Candidate) string { return c.Token + " " + string(c.Entity) }

func revision(r *evidence.Revision) string {
	shown := *r
	if len(shown.Leaves) == 0 {
		shown.Leaves = nil
	}
	return asJSON(&shown)
}

// commit shows what a commit says, but for the order of its transitions, which
// a replay need not keep.
func commit(c *evidence.Commit, err error) []string {
	if err != nil {
		var faults evidence.Faults
		if errors.As(err, &faults) {
			return []string{"faults: " + asJSON(faults)}
		}
		return failed(err)
	}
	out := []string{fmt.Sprintf("new %t, targets %v", c.New, c.Targets), "revision " + revision(c.Revision)}
	return append(out, Effects(c)...)
}

// Effects shows what a commit does to records and counters, in an order of its
// own.
func Effects(c *evidence.Commit) []string {
	var out []string
	for _, t := range c.Transitions {
		out = append(out, fmt.Sprintf("%s: %s -> %s", t.After.ID(), style{}.record(t.Before), style{}.record(t.After)))
	}
	for k, n := range c.Counters {
		out = append(out, fmt.Sprintf("counter %+v by %d", k, n))
	}
	slices.Sort(out)
	return out
}

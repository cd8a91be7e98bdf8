package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// testFormerChecks asks how a quote stood against its capture, from the revision on
// in which it was compared: also when its citation was raised and retracted since.
func (s *suite) testFormerChecks(t *testing.T) {
	o := s.empty(t)
	ctx, step := s.context(t), 0
	write := func(changes ...evidence.Change) evidence.Sequence {
		step += 10
		c, err := Apply(ctx, o.Store, step, Top, &evidence.ChangeSet{Reason: "checks", Changes: changes})
		require.NoError(t, err)
		return c.Revision.Sequence()
	}
	quoted := citation("c", "s0", "SUPPORTS", 1)
	quoted.Quote = &evidence.Quote{Exact: "hola mundo"}
	bare := write(putSource("s0", "NEWS", "Informe", "A"), putSource("s1", "NEWS", "Otro", "A"), putEntity("a", "PERSON", "Ana"), putEntity("b", "PERSON", "Blas"),
		assertLink("l", "LINKED_TO", "a", "b", "", quoted, citation("d", "s1", "SUPPORTS", 1)))
	captured := write(evidence.Change{AttachCapture: &evidence.AttachCapture{Source: "s0", Capture: evidence.Capture{SHA256: "aa", Length: 3, MediaType: "text/plain", Captured: "2026-11-23T09:00:00Z"}}})
	check := evidence.QuoteCheck{State: evidence.Verified, At: Planner(step + 5).Now().Format(time.RFC3339), Capture: "aa", Start: 1, End: 11}
	verified := write(evidence.Change{RecordChecks: &evidence.RecordChecks{Checks: []evidence.CitationCheck{{Citation: "c", Check: check}}}})
	newest := write(putEntity("a", "PERSON", "Ana Luz"))
	is := func(at evidence.Sequence, c evidence.Clearance, state evidence.CheckState) {
		t.Helper()
		r, err := store.Read(ctx, o.Store, evidence.View{Clearance: c, KnownAt: at}, vocabulary.Standard())
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		got, err := r.Get(ctx, []evidence.ID{"c"})
		require.NoError(t, err)
		require.Contains(t, got, evidence.ID("c"))
		records := []*evidence.Record{got["c"]}
		for f, err := range r.Find(ctx, store.Query{Type: evidence.CitationRecord, Claims: []evidence.ID{"l"}, Limit: plenty}) {
			require.NoError(t, err)
			if f.Record.ID() == "c" {
				records = append(records, f.Record)
			}
		}
		require.Len(t, records, 2)
		for _, record := range records {
			if state == evidence.Unchecked {
				require.Nil(t, record.Derived.Check, "at %d", at)
			} else {
				require.NotNil(t, record.Derived.Check, "at %d", at)
				require.Equal(t, check, *record.Derived.Check, "at %d", at)
			}
		}
	}
	all := func(c evidence.Clearance) {
		t.Helper()
		is(bare, c, evidence.Unchecked)
		is(captured, c, evidence.Unchecked)
		is(verified, c, evidence.Verified)
		is(newest, c, evidence.Verified)
	}
	all(evidence.Public)
	write(evidence.Change{SetClearance: &evidence.SetClearance{ID: "c", Clearance: "RESTRICTED"}})
	all(evidence.Restricted)
	write(evidence.Change{Retract: &evidence.Retract{ID: "c"}})
	all(evidence.Confidential)
}

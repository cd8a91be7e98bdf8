package verify_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/verify"
)

// untrue is a store that says another thing of its log than there is.
type untrue struct {
	store.Store
	heads []func(evidence.Head) (evidence.Head, error) // one for each call; the last one for all that follow
	log   []*evidence.Revision                         // nil where it is the true one; a nil revision does not read
	calls int
}

func (u *untrue) Head(ctx context.Context) (evidence.Head, error) {
	head, err := u.Store.Head(ctx)
	if err != nil || len(u.heads) == 0 {
		return head, err
	}
	u.calls++
	return u.heads[min(u.calls, len(u.heads))-1](head)
}

func (u *untrue) Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	if u.log == nil {
		return u.Store.Log(ctx, after)
	}
	return func(yield func(*evidence.Revision, error) bool) {
		for _, r := range u.log {
			if r == nil {
				yield(nil, errTorn)
				return
			}
			if r.Sequence() > after && !yield(r, nil) {
				return
			}
		}
	}
}

var errTorn = errors.New("torn page")

// rewrite puts a leaf of one's own into a log and makes all hashes anew, as one does
// who has the whole store in hand.
func rewrite(log []*evidence.Revision, at, leaf int, content string) {
	for i := range log[at:] {
		r := *log[at+i]
		if i == 0 {
			r.Leaves = slices.Clone(r.Leaves)
			r.Leaves[leaf] = ledger.NewLeaf([16]byte{7}, []byte(content))
			r.Header.Root = ledger.Root(r.Leaves)
		} else {
			r.Header.Previous = log[at+i-1].Hash
		}
		r.Hash = r.Header.Hash()
		log[at+i] = &r
	}
}

// TestVerifyFindsWhatIsUntrueOfTheLog takes a sound log of three revisions, of which
// the store says something else.
func TestVerifyFindsWhatIsUntrueOfTheLog(t *testing.T) {
	st := model.New()
	w := &writer{t: t, st: st}
	var heads []evidence.Head
	for range 3 {
		w.write()
		head, err := st.Head(t.Context())
		require.NoError(t, err)
		heads = append(heads, head)
	}
	var log []*evidence.Revision
	for r, err := range st.Log(t.Context(), 0) {
		require.NoError(t, err)
		log = append(log, r)
	}
	type answer = func(evidence.Head) (evidence.Head, error)
	honest := func(h evidence.Head) (evidence.Head, error) { return h, nil }
	second := func(evidence.Head) (evidence.Head, error) { return heads[1], nil }
	broken := func(evidence.Head) (evidence.Head, error) { return evidence.Head{}, errTorn }
	but := func(change func(*evidence.Head)) []answer {
		return []answer{func(h evidence.Head) (evidence.Head, error) { change(&h); return h, nil }}
	}
	other := ledger.Hash{1, 2, 3}
	rewritten := slices.Clone(log)
	rewrite(rewritten, 1, len(log[1].Leaves)-1, "nonsense")
	at := func(h evidence.Head) string { return h.Time.Format(time.RFC3339Nano) }
	for name, c := range map[string]struct {
		heads  []answer
		log    []*evidence.Revision
		kept   *ledger.Hash
		faults []string
	}{
		"nothing":                            {},
		"a hash kept elsewhere":              {kept: &heads[0].Hash},
		"written to meanwhile":               {heads: []answer{second, honest}},
		"an unknown hash kept elsewhere":     {kept: &other, faults: []string{fmt.Sprintf("no revision has the head hash %s that was kept elsewhere: the log was rewritten or cut short, or the hash is of another log", other)}},
		"a log longer than it says":          {heads: []answer{second}, faults: []string{"the store says that its log ends with revision 2, but it has 3"}},
		"a longer log, and then no head":     {heads: []answer{second, broken}, faults: []string{"the store says that its log ends with revision 2, but it has 3"}},
		"no head":                            {heads: []answer{broken}, faults: []string{"the head of the log cannot be read: torn page", "the store says that its log ends with revision 0, but it has 3"}},
		"a log shorter than it says":         {heads: but(func(h *evidence.Head) { h.Sequence = 4 }), faults: []string{"the store says that its log ends with revision 4, but it has 3"}},
		"another hash":                       {heads: but(func(h *evidence.Head) { h.Hash = other }), faults: []string{fmt.Sprintf("the store says that the head hash is %s, but revision 3, the last of its log, has %s", other, heads[2].Hash)}},
		"another hash, written to meanwhile": {heads: []answer{func(evidence.Head) (evidence.Head, error) { h := heads[1]; h.Hash = other; return h, nil }, honest}, faults: []string{fmt.Sprintf("the store says that the head hash is %s, but revision 2, the last of its log, has %s", other, heads[1].Hash)}},
		"another time":                       {heads: but(func(h *evidence.Head) { h.Time = h.Time.Add(time.Second) }), faults: []string{fmt.Sprintf("the store says that its log ends at %s with the numbers %v, but revision 3, the last of it, says %s and %v", heads[2].Time.Add(time.Second).Format(time.RFC3339Nano), heads[2].Latest, at(heads[2]), heads[2].Latest)}},
		"other numbers":                      {heads: but(func(h *evidence.Head) { h.Latest[evidence.Public] = 77 }), faults: []string{fmt.Sprintf("the store says that its log ends at %s with the numbers [77 3 3], but revision 3, the last of it, says %s and [3 3 3]", at(heads[2]), at(heads[2]))}},
		"a change that is none, hashed anew": {heads: but(func(h *evidence.Head) { h.Hash = rewritten[2].Hash }), log: rewritten, faults: []string{"revision 2 cannot be replayed, so the stored records were not compared with the log: leaf 2 of the revision at sequence 2 does not read"}},
		"a revision that does not read":      {log: []*evidence.Revision{log[0], nil}, faults: []string{"revision 2 does not read, so neither it nor what comes after it was verified: torn page"}},
		"hashed anew in part": {log: []*evidence.Revision{log[0], log[1], rewritten[2]}, faults: []string{
			fmt.Sprintf("revision 3: %s (expected %s, found %s). Compare it with another copy of the log or a backup", ledger.ErrPreviousChanged, rewritten[1].Hash, log[1].Hash),
			fmt.Sprintf("the store says that the head hash is %s, but revision 3, the last of its log, has %s", heads[2].Hash, rewritten[2].Hash),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := verify.Run(t.Context(), &untrue{Store: st, heads: c.heads, log: c.log}, model.New(), storetest.Planner(9), verify.Options{Head: c.kept})
			require.NoError(t, err)
			for i := range report.Faults { // what the decoder says is its own
				report.Faults[i], _, _ = strings.Cut(report.Faults[i], ": invalid character")
			}
			require.Equal(t, c.faults, report.Faults)
			if len(c.faults) == 0 {
				require.Equal(t, heads[2], report.Head)
				require.False(t, report.Cut)
			}
		})
	}
}

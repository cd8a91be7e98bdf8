package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// testBeside asks everything of a reader that was opened beside one of another
// view, in the midst of what that one gives.
func (s *suite) testBeside(t *testing.T) {
	b := s.bench(t)
	qs, views := allQuestions(space), b.views()
	for i, first := range views {
		beside := views[(i+4)%len(views)] // of another clearance, and another moment
		t.Run(fmt.Sprintf("%v beside %v", beside, first), func(t *testing.T) {
			want, err := answers(b.ctx, b.model, beside, false, qs)
			require.NoError(t, err)
			mine := store.Query{Type: evidence.CitationRecord, Limit: plenty}
			all := list(t, b, first, mine)
			require.Greater(t, len(all), 2)

			r := b.read(t, first)
			other, shared, err := store.Beside(b.ctx, b.Store, r, beside, vocabulary.Standard())
			require.NoError(t, err)
			next, style := 0, style{clearance: beside.Clearance}
			var given []evidence.ID
			for f, err := range r.Find(b.ctx, mine) {
				require.NoError(t, err)
				given = append(given, f.Record.ID())
				for end := len(qs) * len(given) / len(all); next < end; next++ {
					require.Equal(t, want[next], append(want[next][:1:1], qs[next].ask(b.ctx, other, style)...))
				}
			}
			require.Equal(t, all, given)
			require.Len(t, qs, next)

			third, _, err := store.RawBeside(b.ctx, b.Store, other, evidence.Now(first.Clearance))
			require.NoError(t, err, "beside one that is beside another")
			_, err = third.Get(b.ctx, all)
			require.NoError(t, err)
			require.NoError(t, third.Close())
			require.NoError(t, other.Close())
			_, err = other.Get(b.ctx, all)
			require.ErrorIs(t, err, store.ErrClosed)
			_, err = r.Get(b.ctx, all)
			require.NoError(t, err, "it outlives the one beside it")

			left, _, err := store.RawBeside(b.ctx, b.Store, r, beside)
			require.NoError(t, err)
			require.NoError(t, r.Close())
			if _, err = left.Get(b.ctx, all); shared {
				require.ErrorIs(t, err, store.ErrClosed, "it ends with the one it is beside")
			}
			require.NoError(t, left.Close())
			b.last = nil
		})
	}
}

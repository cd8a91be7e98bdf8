package projection_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/projection"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestProjectionHasTheRevisionsThatReadersAreToldOf: whose author and reason a reader
// of the service is told, and no others, are in a projection.
func TestProjectionHasTheRevisionsThatReadersAreToldOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		from, to := model.New(), model.New()
		storetest.History(t, from, 14)
		_, err := projection.Run(ctx, options(from, to, evidence.Public))
		require.NoError(t, err)
		projected := map[string]bool{}
		for r, err := range to.Log(ctx, 0) {
			require.NoError(t, err)
			meta, err := r.Meta()
			require.NoError(t, err)
			projected[meta.IdempotencyKey] = true
		}
		s, err := trace.New(from, vocabulary.Standard(), storetest.Planner(1)).At(ctx, evidence.Now(evidence.Public))
		require.NoError(t, err)
		defer s.Close() //nolint:errcheck // it has only read
		for r, err := range from.Log(ctx, 0) {
			require.NoError(t, err)
			if r.Numbers[evidence.Public] == 0 {
				continue
			}
			told, err := s.Told(ctx, []*evidence.Revision{r})
			require.NoError(t, err)
			require.Equal(t, projected[fmt.Sprintf("projection %d", r.Numbers[evidence.Public])], told[0], "revision %d", r.Numbers[evidence.Public])
		}
	})
}

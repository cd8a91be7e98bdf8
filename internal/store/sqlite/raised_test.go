package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestRaisedWords are listed as former ones for those alone who could read them once
// and see the entity still; a file that was written without them gets them.
func TestRaisedWords(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "graph.db")
	s, err := Open(ctx, path, Options{})
	require.NoError(t, err)
	step := 0
	write := func(id evidence.ID, clearance, name string, secret ...evidence.NewName) {
		step++
		_, err := storetest.Apply(ctx, s, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{
			ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of(name), Names: evidence.Of(secret), Clearance: evidence.Of(clearance),
		}}}})
		require.NoError(t, err)
	}
	juan := func(clearance string) evidence.NewName {
		return evidence.NewName{Text: "Juan Otro", Clearance: clearance}
	}
	write("seen", "PUBLIC", "Juan")
	write("seen", "PUBLIC", "Pedro", juan("RESTRICTED"))
	write("always", "PUBLIC", "Pedro", juan("RESTRICTED"))
	write("always", "PUBLIC", "Pablo", juan("RESTRICTED"))
	write("raised", "PUBLIC", "Juan")
	write("raised", "PUBLIC", "Pedro", juan("RESTRICTED"))
	write("raised", "RESTRICTED", "Pedro", juan("RESTRICTED"))
	write("lowered", "PUBLIC", "Juan")
	write("lowered", "PUBLIC", "Pedro", juan("CONFIDENTIAL"))
	write("lowered", "CONFIDENTIAL", "Pedro", juan("CONFIDENTIAL"))
	write("lowered", "PUBLIC", "Pedro", juan("CONFIDENTIAL"))
	former := func() (ids []string) {
		require.NoError(t, s.briefly(ctx, func(c *conn) error {
			return c.query(ctx, "SELECT key FROM place WHERE anchor = ? AND slot = ? AND key LIKE 'juan %' ORDER BY key", []any{tokensNamed, int64(evidence.Hidden)}, func(r row) error {
				ids = append(ids, string(idOf(r.text(0))))
				return nil
			})
		}))
		return ids
	}
	sound := func() {
		for row, err := range s.Scan(ctx) {
			require.NoError(t, err)
			require.Empty(t, row.Fault)
		}
	}
	require.Equal(t, []string{"lowered", "seen"}, former())
	sound()

	require.NoError(t, s.writer.script(ctx, fmt.Sprintf("DELETE FROM place WHERE anchor = %d AND slot = %d AND key LIKE 'juan %%'; PRAGMA user_version = 5", tokensNamed, evidence.Hidden)))
	require.NoError(t, s.Close())
	s, err = Open(ctx, path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Equal(t, []string{"lowered", "seen"}, former())
	sound()
	r, err := s.Raw(ctx, evidence.View{KnownAt: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	var found []evidence.ID
	for c, err := range r.Candidates(ctx, store.TokenQuery{Prefix: "juan", Limit: 9}) {
		require.NoError(t, err)
		found = append(found, c.Entity)
	}
	require.Equal(t, []evidence.ID{"seen"}, found)
}

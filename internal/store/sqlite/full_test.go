package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestAFullDiskIsTold to who writes and to who runs the program: which it is, and what
// to do.
func TestAFullDiskIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case.db")
	for name, told := range map[string]string{
		path:          path + " is full; make room there",
		sqlite.Memory: "temporary files, " + os.TempDir() + ", is full; make room there, or name another folder in TMPDIR",
	} {
		t.Run(name, func(t *testing.T) {
			st, err := sqlite.Open(t.Context(), name, sqlite.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, st.Close()) })
			describe := func(step int, words string) error {
				_, err := storetest.Apply(t.Context(), st, step, storetest.Top, &evidence.ChangeSet{Reason: "test", Changes: []evidence.Change{
					{PutEntity: &evidence.PutEntity{ID: "p", Kind: evidence.Of("PERSON"), Name: evidence.Of("Peña"), Description: evidence.Of(words)}},
				}})
				return err
			}
			require.NoError(t, describe(1, "x"))
			require.NoError(t, st.Set(t.Context(), "PRAGMA max_page_count = 1")) // as many as there are, it means
			long := strings.Repeat("una descripción larga ", 400)
			step := 2
			for ; err == nil && step < 1000; step++ {
				err = describe(step, long[:len(long)-step])
			}
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, told)
			require.NotContains(t, err.Error(), sqlite.Memory)
			var fault evidence.Fault
			require.ErrorAs(t, err, &fault)
			require.Equal(t, evidence.Unavailable, fault.Code)
			require.Contains(t, fault.Message, "full; nothing was written")
			require.NotContains(t, fault.Message, "/", "where it is, is for who runs the server")

			require.NoError(t, st.Set(t.Context(), "PRAGMA max_page_count = 100000"))
			require.NoError(t, describe(step, "y"), "once there is room, it goes on")
		})
	}
}

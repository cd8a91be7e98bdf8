package verify_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/verify"
)

// writer writes revisions to a store, each of which changes counters and makes and
// replaces records.
type writer struct {
	t       *testing.T
	st      store.Store
	written int
}

func (w *writer) write() {
	w.t.Helper()
	w.written++
	_, err := storetest.Apply(w.t.Context(), w.st, w.written, storetest.Top, &evidence.ChangeSet{Reason: "motivo", Changes: []evidence.Change{
		{PutEntity: &evidence.PutEntity{ID: "p", Kind: evidence.Of("PERSON"), Name: evidence.Of(fmt.Sprint("Inés Cruz ", w.written))}},
		{PutEntity: &evidence.PutEntity{ID: evidence.ID(fmt.Sprint("p", w.written)), Kind: evidence.Of("PERSON"), Name: evidence.Of("Vecino")}},
	}})
	require.NoError(w.t, err)
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// moments are when somebody writes while a store is verified.
var moments = map[string]func(write func()) (stored, replayed func(rows int), progress func(string, uint64, uint64)){
	"while the log is read": func(write func()) (stored, replayed func(int), progress func(string, uint64, uint64)) {
		return nil, nil, func(step string, done, _ uint64) {
			if step == "replaying the log" && done < 3 {
				write()
			}
		}
	},
	"before the rows are read": func(write func()) (stored, replayed func(int), progress func(string, uint64, uint64)) {
		return once(0, write), nil, nil
	},
	"twice before the rows are read": func(write func()) (stored, replayed func(int), progress func(string, uint64, uint64)) {
		n := 0
		return func(rows int) {
			if rows == 0 && n < 2 {
				n++
				write()
			}
		}, nil, nil
	},
	"while the rows are read": func(write func()) (stored, replayed func(int), progress func(string, uint64, uint64)) {
		return once(7, write), nil, nil
	},
	"when some were compared": func(write func()) (stored, replayed func(int), progress func(string, uint64, uint64)) {
		return nil, once(5, write), nil
	},
}

// once calls something before a row, the first time that it comes there.
func once(at int, call func()) func(int) {
	done := false
	return func(rows int) {
		if rows == at && !done {
			done = true
			call()
		}
	}
}

func disturbed(st store.Store, before func(int)) store.Store {
	if before == nil {
		before = func(int) {}
	}
	return storetest.Disturbed{Store: st, Before: before}
}

// TestVerifyWhileOthersWrite writes at several moments of a verification: nobody
// has tampered with the store, so that there is no fault.
func TestVerifyWhileOthersWrite(t *testing.T) {
	for when, moment := range moments {
		for of, open := range map[string]func(*testing.T) (store.Store, bool){
			"the model":       func(*testing.T) (store.Store, bool) { return model.New(), false },
			"SQLite":          func(t *testing.T) (store.Store, bool) { return open(t, sqlite.Memory), true },
			"SQLite, by rows": func(t *testing.T) (store.Store, bool) { return open(t, sqlite.Memory), false },
		} {
			t.Run(when+", of "+of, func(t *testing.T) {
				st, whole := open(t)
				w := &writer{t: t, st: st}
				for range 4 {
					w.write()
				}
				stored, replayed, progress := moment(w.write)
				verified := disturbed(st, stored)
				if whole {
					verified = st
					if replayed == nil {
						replayed = stored
					}
				}
				report, err := verify.Run(t.Context(), verified, disturbed(model.New(), replayed), storetest.Planner(9), verify.Options{Progress: progress})
				require.NoError(t, err)
				require.Empty(t, report.Faults)
				require.False(t, report.Cut)
				require.Greater(t, w.written, 4)
				require.GreaterOrEqual(t, report.Head.Sequence, evidence.Sequence(4))
			})
		}
	}
}

// TestVerifyWhileOthersWriteAllTheTime writes before all rows are read, every time.
func TestVerifyWhileOthersWriteAllTheTime(t *testing.T) {
	st := model.New()
	w := &writer{t: t, st: st}
	w.write()
	always := storetest.Disturbed{Store: st, Before: func(rows int) {
		if rows == 0 {
			w.write()
		}
	}}
	for _, limit := range []int{1, 100} {
		_, err := verify.Run(t.Context(), always, model.New(), storetest.Planner(9), verify.Options{MaxFaults: limit})
		require.ErrorIs(t, err, verify.ErrWritten)
	}
}

// TestVerifyWhileOthersErase has one erase what the log was read with.
func TestVerifyWhileOthersErase(t *testing.T) {
	st := model.New()
	w := &writer{t: t, st: st}
	w.write()
	w.write()
	erasing := storetest.Disturbed{Store: st, Before: once(0, func() {
		_, err := erasure.Run(t.Context(), st, storetest.Planner(8), erasure.Order{Author: storetest.Top, Ground: "order 7/2026", IDs: []evidence.ID{"p1"}})
		require.NoError(t, err)
	})}
	_, err := verify.Run(t.Context(), erasing, model.New(), storetest.Planner(9), verify.Options{})
	require.ErrorIs(t, err, verify.ErrWritten)
}

// TestVerifyFindsTamperingWhileOthersWrite has one write honestly and one not.
func TestVerifyFindsTamperingWhileOthersWrite(t *testing.T) {
	for when, moment := range moments {
		for _, whole := range []bool{true, false} {
			t.Run(fmt.Sprint(when, " ", whole), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "graph.db")
				st := open(t, path)
				w := &writer{t: t, st: st}
				for range 4 {
					w.write()
				}
				db, err := sql.Open("sqlite", path)
				require.NoError(t, err)
				_, err = db.ExecContext(t.Context(), "UPDATE counter SET n = n + 7 WHERE kind = 'PERSON'")
				require.NoError(t, err)
				require.NoError(t, db.Close())
				stored, replayed, progress := moment(w.write)
				verified := disturbed(st, stored)
				if whole {
					verified = st
				}
				report, err := verify.Run(t.Context(), verified, disturbed(model.New(), replayed), storetest.Planner(9), verify.Options{Progress: progress})
				require.NoError(t, err)
				require.Len(t, report.Faults, 1)
				require.Contains(t, report.Faults[0], "counter")
			})
		}
	}
}

// TestVerifyFindsWhatWasDerivedBefore changes what was derived for a version that
// was replaced, which answers of the past are made of.
func TestVerifyFindsWhatWasDerivedBefore(t *testing.T) {
	for _, derived := range []string{"x'a103656f74726f'", "x'ff'"} {
		path := filepath.Join(t.TempDir(), "graph.db")
		st := open(t, path)
		w := &writer{t: t, st: st}
		w.write()
		w.write()
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "UPDATE version SET derived = "+derived)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		report, err := verify.Run(t.Context(), st, model.New(), storetest.Planner(9), verify.Options{})
		require.NoError(t, err)
		require.NotEmpty(t, report.Faults)
		require.Contains(t, strings.Join(report.Faults, "\n"), `what was derived for record "p", as revision 1 wrote it, is not as the log says`)
	}
}

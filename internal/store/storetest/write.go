package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// The authors of the suite, one for each clearance.
var (
	// Top may see everything and choose any id.
	Top = evidence.Author{Name: "Íñigo, archive", Clearance: evidence.Confidential}
	// Middle chooses ids that begin with "r-".
	Middle = evidence.Author{Name: "Ana, desk", Clearance: evidence.Restricted, IDPrefix: "r-"}
	// Low chooses ids that begin with "p-".
	Low = evidence.Author{Name: "Público", Clearance: evidence.Public, IDPrefix: "p-"}
)

// Planner gives a planner whose ids, salts and clock follow from a step alone,
// so that two stores that are given the same steps come to the same bytes. One
// planner serves one call of Plan.
func Planner(step int) *evidence.Planner {
	var ids, salts uint64
	return &evidence.Planner{
		Vocabulary: vocabulary.Standard(),
		Now:        func() time.Time { return time.Date(2026, 11, 23, 9, 0, step, 0, time.UTC) },
		NewID: func() evidence.ID {
			ids++
			return evidence.ID(fmt.Sprintf("made-%d-%d", step, ids))
		},
		NewSalt: func() (salt [16]byte) {
			salts++
			binary.BigEndian.PutUint64(salt[:8], uint64(step)) //nolint:gosec // steps are counted from 0
			binary.BigEndian.PutUint64(salt[8:], salts)
			return salt
		},
		CascadeLimit: 10_000,
		MaxChanges:   1000,
	}
}

// Apply plans and writes one change set as a step.
func Apply(ctx context.Context, st store.Store, step int, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	return st.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return Planner(step).Plan(ctx, snap, author, cs)
	})
}

// Copy replays the log of one store into another.
func Copy(ctx context.Context, from []*evidence.Revision, to store.Store) error {
	return copyCounted(ctx, from, to, 0)
}

// copyErased is Copy for a log of which part was erased: what is left does not
// tell any more how revisions up to the last erasure were counted.
func copyErased(ctx context.Context, from []*evidence.Revision, to store.Store) error {
	var last evidence.Sequence
	for _, r := range from {
		switch e, err := r.Erasure(); {
		case err != nil:
			return err
		case e != nil:
			last = r.Sequence()
		}
	}
	return copyCounted(ctx, from, to, last)
}

func copyCounted(ctx context.Context, from []*evidence.Revision, to store.Store, counted evidence.Sequence) error {
	for _, logged := range from {
		_, err := to.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			p := Planner(0)
			p.Counted = counted
			return p.Replay(ctx, snap, logged)
		})
		if err != nil {
			return fmt.Errorf("replaying sequence %d: %w", logged.Sequence(), err)
		}
	}
	return nil
}

// log reads the whole log of a store.
func log(ctx context.Context, st store.Store) ([]*evidence.Revision, error) {
	var revisions []*evidence.Revision
	for r, err := range st.Log(ctx, 0) {
		if err != nil {
			return nil, err
		}
		revisions = append(revisions, r)
	}
	return revisions, nil
}

// scan reads all rows of a store as text.
func scan(ctx context.Context, st store.Store) ([]string, error) {
	var rows []string
	for r, err := range st.Scan(ctx) {
		if err != nil {
			return nil, err
		}
		value := fmt.Sprintf("%q", r.Value)
		if r.Kind == store.RevisionRow {
			value = string(r.Value)
		}
		rows = append(rows, fmt.Sprintf("%s %s = %s %s", r.Kind, r.Key, value, r.Fault))
	}
	return rows, nil
}

// Step is one step of a random history and what it came to.
type Step struct {
	Author evidence.Author
	Set    *evidence.ChangeSet
	Commit *evidence.Commit
	Err    error
}

// History applies random change sets, at most so many, to an empty model.
func History(t *rapid.T, m *model.Store, most int) []Step {
	g := &generator{}
	steps := make([]Step, rapid.IntRange(1, most).Draw(t, "steps"))
	for i := range steps {
		s := &steps[i]
		s.Author, s.Set = g.next(context.Background(), t, m, i)
		s.Commit, s.Err = Apply(context.Background(), m, i, s.Author, s.Set)
	}
	return steps
}

package casefile

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// salts counts the salts that a planner draws, one for each change that it plans
// and one for each revision.
func salts(p *evidence.Planner) *int {
	drawn, draw := 0, p.NewSalt
	p.NewSalt = func() [16]byte {
		drawn++
		return draw()
	}
	return &drawn
}

func TestBatchesOfAFirstImportArePlannedOnce(t *testing.T) {
	f, err := Read(data.Ayotzinapa(), Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	st, p := model.New(), planner()
	drawn := salts(p)
	result, err := f.Import(t.Context(), st, p, ImportOptions{Author: author, Batch: 100})
	require.NoError(t, err)
	require.Len(t, result.Revisions, 10)
	require.Equal(t, result.Changes+len(result.Revisions), *drawn)
	require.Equal(t, whole, totals(t, st))
}

// overtaken is a store that somebody else writes to between the rehearsal of an
// import and its first batch.
type overtaken struct {
	*model.Store
	by func()
}

func (o *overtaken) Head(ctx context.Context) (evidence.Head, error) {
	head, err := o.Store.Head(ctx)
	if o.by != nil {
		o.by()
		o.by = nil
	}
	return head, err
}

func TestRehearsedBatchesArePlannedAgainWhereSomebodyElseWrote(t *testing.T) {
	st := model.New()
	late := &overtaken{Store: st, by: func() {
		_, err := load(t, st, folder(smallCase()), ImportOptions{})
		require.NoError(t, err)
	}}
	_, err := load(t, late, data.Ayotzinapa(), ImportOptions{Batch: 100})
	require.NoError(t, err)
	require.Equal(t, evidence.Sequence(11), head(t, st).Sequence, "what was rehearsed on an empty store is planned again behind what came between")
	require.GreaterOrEqual(t, totals(t, st)[evidence.LinkRecord], whole[evidence.LinkRecord])
}

func TestARehearsalFindsRevisions(t *testing.T) {
	f, err := Read(data.Ayotzinapa(), Options{Vocabulary: vocabulary.Standard()})
	require.NoError(t, err)
	p := planner()
	p.MaxChanges = 1000
	w := writer{file: f, store: model.New(), planner: p, options: ImportOptions{Author: author, Batch: 50, Reason: "rehearsed"}}
	r, ok := w.rehearse(t.Context(), f.batches(inOrder(f.changes), w.options))
	require.True(t, ok)
	for _, c := range r.commits {
		for _, ref := range []evidence.RevisionRef{{Sequence: c.Revision.Sequence()}, {Key: c.Revision.Key}, {Number: c.Revision.Numbers[evidence.Confidential], Clearance: evidence.Confidential}} {
			found, err := r.Revision(t.Context(), ref)
			require.NoError(t, err)
			require.Same(t, c.Revision, found)
		}
	}
	for _, ref := range []evidence.RevisionRef{{Sequence: 1000}, {Key: "no such key"}, {Number: 1000}} {
		_, err := r.Revision(t.Context(), ref)
		require.ErrorIs(t, err, evidence.ErrNotFound)
	}
	_, err = r.Related(t.Context(), evidence.ClaimsOn, nil, 1)
	require.ErrorIs(t, err, errUnrehearsed)
}

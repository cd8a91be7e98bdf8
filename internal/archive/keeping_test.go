package archive_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

const page = "<html><p>El Ejército calló.</p></html>"

// stored are the names of all blobs.
func (b *bench) stored() []string {
	b.t.Helper()
	return blobtest.Kept(b.t, b.root)
}

// erase erases a record and the captures that go with it.
func (b *bench) erase(id evidence.ID) {
	b.t.Helper()
	result, err := erasure.Run(b.t.Context(), b.store, b.planner, erasure.Order{Author: top, Ground: "order 7/2026", IDs: []evidence.ID{id}})
	require.NoError(b.t, err)
	require.NoError(b.t, archive.DeleteUnnamed(b.t.Context(), b.store, b.blobs, result.Captures))
}

func (b *bench) attach(id evidence.ID, body io.Reader, mediaType string) (*archive.Added, error) {
	b.t.Helper()
	return b.Add(b.t.Context(), top, archive.Document{Source: id, Name: "nota", Body: body, MediaType: mediaType})
}

// interrupted does something before one of the writes to a store.
type interrupted struct {
	store.Store
	before func()
	number int // of the write, from 1
	writes int
}

func (i *interrupted) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	if i.writes++; i.writes == i.number {
		i.before()
	}
	return i.Store.Write(ctx, plan)
}

// interrupt is the bench's archive with something done before the write that
// attaches a document, after it was judged.
func (b *bench) interrupt(before func()) {
	extractor := extract.New(extract.Limits{})
	b.t.Cleanup(func() { require.NoError(b.t, extractor.Close()) })
	st := &interrupted{Store: b.store, before: before, number: 2}
	b.Archive = archive.New(st, b.planner, &capture.Service{Blobs: b.blobs, Extract: extractor}, zerolog.New(b.log))
}

// TestADocumentAttachedAgainIsNotDeleted: neither one that is attached between an
// erasure and the deletion of its captures, nor one just before they are deleted.
func TestADocumentAttachedAgainIsNotDeleted(t *testing.T) {
	luz := evidence.Author{Name: "Luz", Clearance: evidence.Public, IDPrefix: "l-"}
	for when, number := range map[string]int{"before it is looked for": 0, "after it was looked for": 1} {
		t.Run(when, func(t *testing.T) {
			onStores(t, func(t *testing.T, b *bench) {
				t.Helper()
				b.write(top, source("secreta", "CONFIDENTIAL"))
				b.add(top, "secreta", page)
				result, err := erasure.Run(t.Context(), b.store, b.planner, erasure.Order{Author: top, Ground: "order 7/2026", IDs: []evidence.ID{"secreta"}})
				require.NoError(t, err)
				require.Len(t, result.Captures, 2)
				attach := func() { b.add(luz, "nota", page) }
				if number == 0 {
					attach()
				}
				st := &interrupted{Store: b.store, before: attach, number: number}
				require.NoError(t, archive.DeleteUnnamed(t.Context(), st, b.blobs, result.Captures))
				require.ElementsMatch(t, result.Captures, b.stored())
			})
		})
	}
}

func TestErasedDocumentsStayErased(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		sha := b.add(top, "copia", page).Capture.SHA256
		require.Len(t, b.stored(), 2, "the document and its text")
		b.erase("copia")
		require.Empty(t, b.stored())

		_, err := b.attach("nota", strings.NewReader(page), "")
		require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
		require.ErrorContains(t, err, "the document "+sha+" was erased on ")
		require.ErrorContains(t, err, ` on the ground "order 7/2026"`)
		require.NotContains(t, err.Error(), "nota", "another record was erased")
		require.Empty(t, b.stored(), "of what is refused nothing is stored")
	})
}

func TestDocumentsErasedWhileTheyAreAddedAreNotKept(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.add(top, "copia", page)
		b.interrupt(func() { b.erase("copia") })
		_, err := b.attach("nota", strings.NewReader(page), "")
		require.Equal(t, evidence.Forbidden, evidence.CodeOf(err))
		require.Empty(t, b.stored(), "what was stored meanwhile is taken back")
	})
}

func TestRefusedDocumentsThatARecordNamesAreKept(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.add(top, "copia", page)
		b.interrupt(func() { b.erase("nota") })
		_, err := b.attach("nota", strings.NewReader(page), "")
		require.Error(t, err)
		require.Len(t, b.stored(), 2, "another source has them")
	})
}

func TestDocumentsAreThereWhenTheirRevisionIs(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.interrupt(func() { // as another process that takes back the same document
			for _, name := range b.stored() {
				require.NoError(t, b.blobs.Delete(t.Context(), name))
			}
		})
		_, err := b.attach("nota", strings.NewReader(page), "")
		require.NoError(t, err)
		report, err := b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Captures)
		require.Len(t, b.stored(), 2)
		require.NotContains(t, strings.Join(report.Faults, "\n"), "the capture")
	})
}

func TestTextsThatNoRecordNamesAreNotKept(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		first, err := b.attach("nota", strings.NewReader(page), "text/html")
		require.NoError(t, err)
		again, err := b.Add(t.Context(), top, archive.Document{Source: "nota", Name: "nota", Body: strings.NewReader(page), Hint: "text/plain"})
		require.NoError(t, err)
		require.Equal(t, first.Capture, again.Capture, "the text stays")
		var named []string
		for c, err := range archive.Named(t.Context(), b.store) {
			require.NoError(t, err)
			named = append(named, c.SHA256)
			if c.Text != "" {
				named = append(named, c.Text)
			}
		}
		require.ElementsMatch(t, named, b.stored())

		// The text that another one took the place of goes with its source, not before.
		read, err := b.attach("nota", strings.NewReader(page), "text/plain")
		require.NoError(t, err)
		require.True(t, read.Reread)
		require.Subset(t, b.stored(), named)
		b.erase("nota")
		require.Empty(t, b.stored())
	})
}

func TestDocumentsThatCannotBeReadToTheirEndAreNotKept(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		broken := errors.New("broken")
		_, err := b.attach("nota", io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), "")
		require.ErrorIs(t, err, broken)
		require.Empty(t, b.stored())
	})
}

func TestTheSameDocumentWithAnotherTextIsLookedAfterToo(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		_, err := b.attach("nota", strings.NewReader(page), "image/png")
		require.NoError(t, err)
		read, err := b.attach("copia", strings.NewReader(page), "text/html")
		require.NoError(t, err)
		to, err := blob.OpenDir(t.TempDir())
		require.NoError(t, err)
		n, err := archive.Carry(t.Context(), b.store, to, b.blobs)
		require.NoError(t, err)
		require.Equal(t, 2, n, "the document, and the text that one source has of it")
		b.damage(read.Capture.Text, true)
		_, faults, err := archive.VerifyBlobs(t.Context(), b.store, b.blobs, 10)
		require.NoError(t, err)
		require.Len(t, faults, 1)
	})
}

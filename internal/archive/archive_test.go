package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

var top = evidence.Author{Name: "Ana", Clearance: evidence.Confidential}

// bench is a graph with a claim that cites two sources.
type bench struct {
	*archive.Archive
	t       *testing.T
	store   store.Store
	planner *evidence.Planner
	blobs   blob.Store
	root    string
	log     *strings.Builder
}

// onStores runs a test on the model and on the embedded store.
func onStores(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	t.Run("model", func(t *testing.T) { test(t, newBench(t, model.New())) })
	t.Run("sqlite", func(t *testing.T) {
		st, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{Vocabulary: vocabulary.Standard()})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		test(t, newBench(t, st))
	})
}

func newBench(t *testing.T, st store.Store) *bench {
	t.Helper()
	b := &bench{t: t, store: st, root: t.TempDir(), log: &strings.Builder{}}
	b.planner = &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now,
		NewID:        func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt:      func() (salt [16]byte) { return uuid.New() },
		CascadeLimit: 1000, MaxChanges: 100,
	}
	blobs, err := blob.OpenDir(b.root)
	require.NoError(t, err)
	b.blobs = blobs
	extractor := extract.New(extract.Limits{})
	t.Cleanup(func() { require.NoError(t, extractor.Close()) })
	b.Archive = archive.New(st, b.planner, &capture.Service{Blobs: blobs, Extract: extractor}, zerolog.New(b.log))
	b.write(top,
		evidence.Change{PutEntity: &evidence.PutEntity{ID: "pena", Kind: evidence.Of("PERSON"), Name: evidence.Of("Enrique Peña Nieto")}},
		evidence.Change{PutEntity: &evidence.PutEntity{ID: "pgr", Kind: evidence.Of("GOVERNMENT_BODY"), Name: evidence.Of("PGR")}},
		source("nota", "PUBLIC"), source("copia", "RESTRICTED"),
		evidence.Change{AssertLink: &evidence.AssertLink{ID: "l", Kind: "LINKED_TO", From: "pena", To: "pgr", Citations: []evidence.NewCitation{
			{ID: "c-ok", Source: "nota", Quote: &evidence.Quote{Exact: `la "verdad histórica"`}},
			{ID: "c-two", Source: "nota", Quote: &evidence.Quote{Exact: "el Ejército"}},
			{ID: "c-no", Source: "nota", Quote: &evidence.Quote{Exact: "la verdad jurídica"}},
			{ID: "c-page", Source: "nota", Locator: "p. 3"},
			{ID: "c-secret", Source: "nota", Clearance: "CONFIDENTIAL", Quote: &evidence.Quote{Exact: "se desmoronó"}},
		}}},
	)
	return b
}

func source(id evidence.ID, clearance string) evidence.Change {
	return evidence.Change{PutSource: &evidence.PutSource{
		ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Crónica"), URL: evidence.Of("https://ejemplo.mx/" + string(id)), Clearance: evidence.Of(clearance),
	}}
}

const article = "Cayó la «verdad histórica»: el Ejército calló, y el Ejército mintió. Así se desmoronó."

func (b *bench) write(author evidence.Author, changes ...evidence.Change) *evidence.Commit {
	b.t.Helper()
	commit, err := b.Checking().Write(b.t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return b.planner.Plan(ctx, snap, author, &evidence.ChangeSet{Reason: "prueba", Changes: changes})
	})
	require.NoError(b.t, err)
	return commit
}

func (b *bench) add(author evidence.Author, id evidence.ID, text string) *archive.Added {
	b.t.Helper()
	added, err := b.Add(b.t.Context(), author, archive.Document{Source: id, Name: "nota.txt", Body: strings.NewReader(text)})
	require.NoError(b.t, err)
	return added
}

// captures are those of a source as they are recorded.
func (b *bench) captures(id evidence.ID) []evidence.Capture {
	b.t.Helper()
	r, err := store.Read(b.t.Context(), b.store, evidence.Now(evidence.Confidential), b.planner.Vocabulary)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, r.Close()) }()
	records, err := r.Get(b.t.Context(), []evidence.ID{id})
	require.NoError(b.t, err)
	return records[id].Source().Captures
}

func (b *bench) head() evidence.Head {
	b.t.Helper()
	head, err := b.store.Head(b.t.Context())
	require.NoError(b.t, err)
	return head
}

// state is what is recorded of a citation; "" where nothing is.
func (b *bench) state(id evidence.ID) string {
	b.t.Helper()
	r, err := store.Read(b.t.Context(), b.store, evidence.Now(evidence.Confidential), b.planner.Vocabulary)
	require.NoError(b.t, err)
	records, err := r.Get(b.t.Context(), []evidence.ID{id})
	require.NoError(b.t, errors.Join(err, r.Close()))
	require.NotNil(b.t, records[id])
	if check := records[id].Derived.Check; check != nil {
		return check.State.String()
	}
	return ""
}

// replay writes a revision with one effect as a log holds it, whatever the rules
// say of it today.
func (b *bench) replay(effect evidence.Effect) {
	b.t.Helper()
	var leaves []ledger.Leaf
	for _, part := range []any{evidence.Meta{Author: "Ana", Reason: "antes"}, evidence.Outcome{Change: "recordChecks", Effects: []evidence.Effect{effect}}} {
		content, err := json.Marshal(part)
		require.NoError(b.t, err)
		leaves = append(leaves, ledger.NewLeaf(uuid.New(), content))
	}
	head := b.head()
	header := ledger.Header{Sequence: uint64(head.Sequence) + 1, Previous: head.Hash, Time: head.Time, Leaves: uint32(len(leaves)), Root: ledger.Root(leaves)} //nolint:gosec // two
	_, err := b.store.Write(b.t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return b.planner.Replay(ctx, snap, &evidence.Revision{Header: header, Hash: header.Hash(), Leaves: leaves})
	})
	require.NoError(b.t, err)
}

// damage changes a byte of a stored blob, or removes it.
func (b *bench) damage(name string, remove bool) {
	b.t.Helper()
	path := filepath.Join(b.root, name[:2], name[2:4], name)
	data, err := os.ReadFile(path)
	require.NoError(b.t, err)
	require.NoError(b.t, os.Remove(path))
	if !remove {
		data[0] ^= 1
		require.NoError(b.t, os.WriteFile(path, data, 0o600))
	}
}

func (b *bench) open(c evidence.Clearance, sha string) (string, error) {
	is, body, err := b.Open(b.t.Context(), c, sha)
	if err != nil {
		return "", err
	}
	require.Equal(b.t, sha, is.SHA256)
	text, err := io.ReadAll(body)
	return string(text), errors.Join(err, body.Close())
}

func TestAddingChecksWhatIsQuoted(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		before := b.head()
		added := b.add(top, "nota", article)
		require.True(t, added.Commit.New)
		require.NoError(t, added.Unread)
		require.Len(t, added.Checks, 4, "all but the one without a quote")
		require.Equal(t, before.Sequence+1, b.head().Sequence, "the capture and the checks are one revision")
		for id, want := range map[evidence.ID]string{"c-ok": "VERIFIED", "c-two": "AMBIGUOUS", "c-no": "FAILED", "c-page": "", "c-secret": "VERIFIED"} {
			require.Equal(t, want, b.state(id), id)
		}
		again := b.add(top, "nota", article)
		require.False(t, again.Commit.New)
		require.Equal(t, before.Sequence+1, b.head().Sequence, "adding it again changes nothing")
	})
}

// TestADocumentIsReadAnew where somebody says that it is another sort of file, and
// can be read as that.
func TestADocumentIsReadAnew(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		attach := func(id evidence.ID, mediaType, hint string) *archive.Added {
			t.Helper()
			added, err := b.Add(t.Context(), top, archive.Document{
				Source: id, Name: "nota.html", MediaType: mediaType, Hint: hint, Body: strings.NewReader("<p>Así se desmoronó la &laquo;verdad histórica&raquo;</p>"),
			})
			require.NoError(t, err)
			require.Equal(t, []evidence.Capture{added.Capture}, b.captures(id), "the answer tells what is recorded")
			return added
		}
		b.write(top, source("otra", "PUBLIC"))
		first := attach("nota", "text/plain", "text/html")
		require.False(t, first.Reread)
		require.Equal(t, "FAILED", b.state("c-ok"))
		plain := b.head()
		read := attach("nota", "text/html; charset=utf-8", "")
		require.True(t, read.Commit.New)
		require.True(t, read.Reread)
		require.Equal(t, first.Capture.Captured, read.Capture.Captured, "it was captured when it was")
		require.Equal(t, "text/html", read.Capture.MediaType)
		require.Equal(t, "VERIFIED", b.state("c-ok"))
		require.Equal(t, plain.Sequence+1, b.head().Sequence, "what it says and what its quotes come to are one revision")
		for _, same := range []*archive.Added{attach("nota", "text/html", ""), attach("nota", "", "text/plain"), attach("nota", "nonsense", "")} {
			require.False(t, same.Commit.New)
			require.False(t, same.Reread)
			require.Equal(t, read.Capture, same.Capture)
			require.NoError(t, same.Unread, "its text is there")
		}
		b.write(top, evidence.Change{Undo: &evidence.Undo{Revision: b.head().Latest[evidence.Confidential]}})
		require.Equal(t, []evidence.Capture{first.Capture}, b.captures("nota"))
		require.Equal(t, "FAILED", b.state("c-ok"), "the quotes are compared with the text that stands")
		report, err := b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, report.Changed)

		// What had no text gets one as soon as it can be read.
		picture := attach("copia", "image/png", "")
		require.ErrorIs(t, picture.Unread, extract.ErrUnsupported)
		require.ErrorIs(t, attach("copia", "image/png", "").Unread, extract.ErrUnsupported)
		page := attach("copia", "", "text/html")
		require.True(t, page.Reread)
		require.NoError(t, page.Unread)
		require.NotEmpty(t, page.Capture.Text)

		// By whoever may not see all that is quoted, too.
		public := evidence.Author{Name: "Luz", Clearance: evidence.Public}
		_, err = b.Add(t.Context(), public, archive.Document{
			Source: "nota", Name: "nota", MediaType: "text/html", Body: strings.NewReader("<p>Así se desmoronó la &laquo;verdad histórica&raquo;</p>"),
		})
		require.NoError(t, err)
		require.Equal(t, "VERIFIED", b.state("c-ok"))
		require.Equal(t, "VERIFIED", b.state("c-secret"))
	})
}

func TestAddingByWhoSeesLess(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		before := b.head()
		public := evidence.Author{Name: "Luz", Clearance: evidence.Public}
		added := b.add(public, "nota", article)
		require.Len(t, added.Checks, 3, "what the author may not see is not told to them")
		require.Equal(t, "VERIFIED", b.state("c-secret"), "and is checked all the same")
		require.Equal(t, before.Latest[evidence.Public]+1, b.head().Latest[evidence.Public])
		require.Equal(t, before.Latest[evidence.Confidential]+2, b.head().Latest[evidence.Confidential])

		before = b.head()
		_, err := b.Add(t.Context(), public, archive.Document{Source: "copia", Body: strings.NewReader("otra cosa")})
		_, unknown := b.Add(t.Context(), public, archive.Document{Source: "nada", Body: strings.NewReader("otra cosa")})
		require.Equal(t, evidence.UnknownID, evidence.CodeOf(err))
		require.EqualError(t, err, strings.ReplaceAll(unknown.Error(), "nada", "copia"))
		require.Equal(t, before, b.head())
		require.Len(t, b.stored(), 1, "a plain text is its own capture; of the refused nothing was stored")
	})
}

func TestQuotesAreCheckedAsTheyAreWritten(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		added := b.add(top, "nota", article)
		before := b.head()
		cite := func(id evidence.ID, exact string) {
			b.write(top, evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: evidence.NewCitation{ID: id, Source: "nota", Quote: &evidence.Quote{Exact: exact}}}})
		}
		cite("c-new", "mintió")
		require.Equal(t, "VERIFIED", b.state("c-new"))
		require.Equal(t, before.Sequence+2, b.head().Sequence)
		b.write(top, evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: evidence.NewCitation{ID: "c-plain", Source: "nota", Locator: "p. 4"}}})
		b.write(top, evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: evidence.NewCitation{ID: "c-bare", Source: "copia", Quote: &evidence.Quote{Exact: "calló"}}}})
		require.Equal(t, before.Sequence+4, b.head().Sequence, "without a quote or a capture there is nothing to check")

		// What cannot be read stops no one from writing, and is found later.
		b.damage(added.Capture.Text, true)
		cite("c-late", "calló")
		require.Empty(t, b.state("c-late"))
		require.Contains(t, b.log.String(), "vinculo capture verify")
		report, err := b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, report.Changed)
		require.NotEmpty(t, report.Faults)
		b.add(top, "nota", article)
		require.Equal(t, "VERIFIED", b.state("c-late"), "adding the document again mends it")

		_, isShelf := b.Checking().(store.Shelf)
		require.True(t, isShelf, "tokens and proposals are kept in it as before")
	})
}

func TestWithdrawingACaptureWithdrawsItsChecks(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		added := b.add(top, "nota", article)
		number := added.Commit.Revision.Numbers[evidence.Confidential]
		b.write(top, evidence.Change{Undo: &evidence.Undo{Revision: number}})
		for _, id := range []evidence.ID{"c-ok", "c-two", "c-no", "c-secret"} {
			require.Contains(t, []string{"", "UNCHECKED"}, b.state(id), id)
		}
		_, err := b.open(evidence.Confidential, added.Capture.SHA256)
		require.ErrorIs(t, err, evidence.ErrNotFound)
	})
}

// TestWithdrawingACaptureWithoutTheCaptures takes back the checks where nobody can
// read what was captured, or what else was.
func TestWithdrawingACaptureWithoutTheCaptures(t *testing.T) {
	undoLast := func(b *bench) *evidence.ChangeSet {
		return &evidence.ChangeSet{Reason: "prueba", Changes: []evidence.Change{{Undo: &evidence.Undo{Revision: b.head().Latest[evidence.Confidential]}}}}
	}
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.add(top, "nota", article)
		require.Equal(t, "VERIFIED", b.state("c-ok"))
		_, err := b.store.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return b.planner.Plan(ctx, snap, top, undoLast(b))
		})
		require.NoError(t, err)
		require.Empty(t, b.captures("nota"))
		require.Equal(t, "UNCHECKED", b.state("c-ok"))
	})
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		old := b.add(top, "nota", "nada de eso")
		b.add(top, "nota", article)
		b.damage(old.Capture.Text, true)
		b.write(top, undoLast(b).Changes...)
		require.Len(t, b.captures("nota"), 1)
		require.Equal(t, "UNCHECKED", b.state("c-ok"))
	})
}

// TestVerifyWithADamagedText compares quotes with the other texts, and takes back
// the checks of captures that the source has not, which logs of old may hold.
func TestVerifyWithADamagedText(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		old := b.add(top, "nota", "nada de eso: la verdad jurídica")
		b.add(top, "nota", article)
		require.Equal(t, "VERIFIED", b.state("c-no"))
		b.damage(old.Capture.Text, true)
		before := b.head()
		report, err := b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, report.Changed)
		require.Equal(t, before, b.head(), "what only the damaged text could change stays")
		require.Equal(t, map[evidence.CheckState]int{evidence.Verified: 3, evidence.Ambiguous: 1}, report.Quotes)
		require.Contains(t, strings.Join(report.Faults, "\n"), "source nota: its quotes could not all be compared")

		_, err = b.store.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return b.planner.Plan(ctx, snap, top, &evidence.ChangeSet{Reason: "sin comparar", Changes: []evidence.Change{{RecordChecks: &evidence.RecordChecks{
				Checks: []evidence.CitationCheck{{Citation: "c-ok", Check: evidence.QuoteCheck{State: evidence.Unchecked, At: "2026-01-01T00:00:00Z"}}},
			}}}})
		})
		require.NoError(t, err)
		report, err = b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Changed)
		require.Equal(t, "VERIFIED", b.state("c-ok"), "a text that can be read holds it")
		b.write(top, evidence.Change{Cite: &evidence.Cite{Claim: "l", Citation: evidence.NewCitation{ID: "c-new", Source: "nota", Quote: &evidence.Quote{Exact: "mintió"}}}})
		require.Equal(t, "VERIFIED", b.state("c-new"))

		b.replay(evidence.Effect{Check: &evidence.CitationCheck{Citation: "c-no", Check: evidence.QuoteCheck{
			State: evidence.Verified, At: "2026-01-01T00:00:00Z", Capture: strings.Repeat("0", 64),
		}}})
		require.Equal(t, "VERIFIED", b.state("c-no"))
		report, err = b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Changed)
		require.Equal(t, "UNCHECKED", b.state("c-no"))
	})
}

func TestSimilarTextsSuggestThatOneDerivesFromTheOther(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		found, err := b.Similar(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, &archive.Similar{}, found)
		b.write(top, source("otra", "PUBLIC"), evidence.Change{PutSource: &evidence.PutSource{ID: "copia", Published: evidence.Of("2022-10-02")}},
			evidence.Change{PutSource: &evidence.PutSource{ID: "nota", Published: evidence.Of("2022-10-01")}})
		b.add(top, "nota", "A picture of words that are quite another text than this one will be.")
		first := b.add(top, "nota", article)
		b.add(top, "copia", "POR LA REDACCIÓN. "+strings.ToUpper(article))
		b.add(top, "otra", "Nada de lo que aquí se dice fue dicho por nadie más en ninguna parte.")
		before := b.head()
		found, err = b.Similar(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 3, found.Sources)
		require.Empty(t, found.Faults)
		require.Len(t, found.Suggested, 1)
		require.Equal(t, []evidence.ID{"copia", "nota"}, []evidence.ID{found.Suggested[0].Source, found.Suggested[0].From})
		require.Greater(t, found.Suggested[0].Similarity, 0.5)
		require.Equal(t, before, b.head(), "nothing is written")

		// What is known already, through another source too, is not suggested.
		b.write(top, evidence.Change{PutSource: &evidence.PutSource{ID: "otra", DerivedFrom: evidence.Of([]evidence.ID{"nota"})}},
			evidence.Change{PutSource: &evidence.PutSource{ID: "copia", DerivedFrom: evidence.Of([]evidence.ID{"otra"})}})
		found, err = b.Similar(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, found.Suggested)

		b.damage(first.Capture.Text, true)
		found, err = b.Similar(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 2, found.Sources)
		require.Len(t, found.Faults, 1)
		require.Contains(t, found.Faults[0], "source nota: its text could not be compared")
	})
}

func TestVerify(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		added := b.add(top, "nota", article)
		before := b.head()
		report, err := b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Captures)
		require.Equal(t, map[evidence.CheckState]int{evidence.Verified: 2, evidence.Ambiguous: 1, evidence.Failed: 1}, report.Quotes)
		require.Len(t, report.Faults, 1)
		require.Contains(t, report.Faults[0], "c-no")
		require.Contains(t, report.Faults[0], "la «verdad histórica")
		require.Equal(t, before, b.head(), "nothing changed, and nothing is written")

		// A check that was recorded wrongly is set right.
		commit, err := b.store.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
			return b.planner.Plan(ctx, snap, top, &evidence.ChangeSet{Reason: "mal", Changes: []evidence.Change{{RecordChecks: &evidence.RecordChecks{
				Checks: []evidence.CitationCheck{{Citation: "c-no", Check: evidence.QuoteCheck{State: evidence.Verified, At: "2026-01-01T00:00:00Z"}}},
			}}}})
		})
		require.NoError(t, err)
		require.True(t, commit.New)
		report, err = b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, report.Changed)
		require.Equal(t, "FAILED", b.state("c-no"))

		b.damage(added.Capture.SHA256, false)
		report, err = b.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Contains(t, strings.Join(report.Faults, "\n"), added.Capture.SHA256)
		require.Equal(t, "VERIFIED", b.state("c-ok"), "a damaged copy says nothing of a quote")
	})
}

func TestOpenIsForThoseWhoSeeASource(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		sha := b.add(top, "copia", article).Capture.SHA256
		text, err := b.open(evidence.Restricted, sha)
		require.NoError(t, err)
		require.Equal(t, article, text)
		hidden := func(what string) {
			t.Helper()
			_, err := b.open(evidence.Public, sha)
			require.ErrorIs(t, err, evidence.ErrNotFound, what)
		}
		hidden("its only source is RESTRICTED")
		b.write(top, evidence.Change{PutSource: &evidence.PutSource{ID: "falsa", Kind: evidence.Of("NEWS"), Title: evidence.Of("#" + sha + " " + sha), URL: evidence.Of("https://ejemplo.mx/f")}})
		hidden("a title that says the same is no capture")
		_, err = b.open(evidence.Restricted, sha)
		require.NoError(t, err, "and hides none")

		b.add(top, "nota", article)
		_, err = b.open(evidence.Public, sha)
		require.NoError(t, err, "a PUBLIC source has it too")
		b.write(top, evidence.Change{SetClearance: &evidence.SetClearance{ID: "nota", Clearance: "CONFIDENTIAL"}})
		hidden("the source was cleared higher since")
		b.write(top, evidence.Change{SetClearance: &evidence.SetClearance{ID: "nota", Clearance: "PUBLIC"}}, evidence.Change{Retract: &evidence.Retract{ID: "l"}})
		b.write(top, evidence.Change{Retract: &evidence.Retract{ID: "nota"}})
		hidden("the source was retracted")

		for _, name := range []string{"", sha[:63], strings.ToUpper(sha), "../../" + sha[6:], strings.Repeat("0", 64), sha + "0"} {
			_, err = b.open(evidence.Confidential, name)
			require.ErrorIs(t, err, evidence.ErrNotFound, name)
		}
		b.damage(sha, false)
		_, err = b.open(evidence.Confidential, sha)
		require.ErrorIs(t, err, blob.ErrCorrupt)
		b.damage(sha, true)
		_, err = b.open(evidence.Confidential, sha)
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.NotErrorIs(t, err, evidence.ErrNotFound, "that the bytes are gone is a fault of ours, not of the reader")
	})
}

func TestCapturesAreCarriedAndVerified(t *testing.T) {
	onStores(t, func(t *testing.T, b *bench) {
		t.Helper()
		one := b.add(top, "nota", article).Capture.SHA256
		page := b.add(top, "copia", "<html><p>El Ejército calló.</p></html>").Capture
		require.NotEqual(t, page.SHA256, page.Text)
		to, err := blob.OpenDir(t.TempDir())
		require.NoError(t, err)
		n, err := archive.Carry(t.Context(), b.store, to, b.blobs)
		require.NoError(t, err)
		require.Equal(t, 3, n, "two documents, and the text of the page")
		n, err = archive.Carry(t.Context(), b.store, to, b.blobs)
		require.NoError(t, err)
		require.Zero(t, n)
		n, faults, err := archive.VerifyBlobs(t.Context(), b.store, to, 10)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Empty(t, faults)

		b.damage(page.Text, true)
		b.damage(one, false)
		_, faults, err = archive.VerifyBlobs(t.Context(), b.store, b.blobs, 10)
		require.NoError(t, err)
		require.Len(t, faults, 2)
		empty, err := blob.OpenDir(t.TempDir())
		require.NoError(t, err)
		n, err = archive.Carry(t.Context(), b.store, empty, b.blobs)
		require.ErrorContains(t, err, one)
		require.ErrorContains(t, err, page.SHA256)
		require.Equal(t, 1, n, "what is whole is carried all the same")
	})
}

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/sqlite"
	"github.com/vinculo/vinculo/internal/verify"
)

// powerSeed names the variable that repeats what a failed run has drawn.
const powerSeed = "VINCULO_TEST_SEED"

func init() {
	children["random"] = func(ctx context.Context, path string) error { return writeAtRandom(ctx, path, oftenTidied) }
	children["careless"] = func(ctx context.Context, path string) error {
		return writeAtRandom(ctx, path, oftenTidied+"; PRAGMA synchronous = OFF")
	}
	children["first load"] = loadAndAcknowledge
	children["whole import"] = importAndAcknowledge
}

// oftenTidied has SQLite move pages from its log to the file every few commits,
// as it does in use after thousands of pages.
const oftenTidied = "PRAGMA wal_autocheckpoint = 40"

// acknowledge tells the disk that a revision was acknowledged, with its hash and
// something that must be readable for it.
func acknowledge(told *os.File, head evidence.Head, id evidence.ID) error {
	_, err := fmt.Fprintf(told, "%d %s %s\n", head.Sequence, head.Hash, id)
	return err
}

// writeAtRandom writes random revisions, and now and then closes the store and
// opens it again.
func writeAtRandom(ctx context.Context, path, settings string) error {
	told, err := os.Create(filepath.Join(filepath.Dir(path), acknowledgements))
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(os.Getenv(powerSeed), 10, 64)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var names []string
	for range 1 + random.IntN(3) {
		s, err := sqlite.Open(ctx, path, sqlite.Options{})
		if err != nil {
			return err
		}
		if err := s.Set(ctx, settings); err != nil {
			return err
		}
		for range 3 + random.IntN(8) {
			name := fmt.Sprintf("p%d-%d", seed, len(names))
			commit, err := s.Write(ctx, plan(drawn(random, name, names)))
			if err != nil {
				return err
			}
			names = append(names, name)
			if err := acknowledge(told, evidence.Head{Sequence: commit.Revision.Sequence(), Hash: commit.Revision.Hash}, evidence.ID(name+"-a")); err != nil {
				return err
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return told.Close()
}

// drawn is a pair with, at random, much more: people with long descriptions, and
// changes and retractions of what former pairs made.
func drawn(random *rand.Rand, name string, former []string) *evidence.ChangeSet {
	cs := pair(name)
	for i := range random.IntN(4) * random.IntN(12) {
		text := make([]byte, random.IntN(3000))
		for k := range text {
			text[k] = "abcdefghijklmnopqrstuvwxyz     "[random.IntN(31)]
		}
		cs.Changes = append(cs.Changes, evidence.Change{PutEntity: &evidence.PutEntity{
			ID: evidence.ID(fmt.Sprintf("%s-m%d", name, i)), Kind: evidence.Of("PERSON"), Name: evidence.Of("Otro"), Description: evidence.Of("x" + string(text) + "x"),
		}})
	}
	if len(former) > 0 {
		changed := former[random.IntN(len(former))]
		cs.Changes = append(cs.Changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: evidence.ID(changed + "-b"), Name: evidence.Of("Ahora " + name)}})
	}
	if len(former) > 2 && random.IntN(3) == 0 { // the pair before: no other has retracted its link
		cs.Changes = append(cs.Changes, evidence.Change{Retract: &evidence.Retract{ID: evidence.ID(former[len(former)-1] + "-l")}})
	}
	return cs
}

// loadAndAcknowledge loads a log that it makes elsewhere.
func loadAndAcknowledge(ctx context.Context, path string) error {
	told, err := os.Create(filepath.Join(filepath.Dir(path), acknowledgements))
	if err != nil {
		return err
	}
	from, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	if err != nil {
		return err
	}
	for i := range 12 {
		if _, err := from.Write(ctx, plan(pair(strconv.Itoa(i)))); err != nil {
			return err
		}
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	if err := s.Load(ctx, from.Log(ctx, 0), planner().Replay); err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	return errors.Join(acknowledge(told, head, "11-a"), s.Close(), from.Close(), told.Close())
}

// importAndAcknowledge imports all or nothing.
func importAndAcknowledge(ctx context.Context, path string) error {
	told, err := os.Create(filepath.Join(filepath.Dir(path), acknowledgements))
	if err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	taken, err := s.ImportWhole(ctx, func(yield func(store.Plan, error) bool) {
		for i := range 12 {
			if !yield(plan(pair(strconv.Itoa(i))), nil) {
				return
			}
		}
	}, 60)
	if err != nil || !taken {
		return fmt.Errorf("the import is taken: %t, %w", taken, err)
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	return errors.Join(acknowledge(told, head, "11-a"), s.Close(), told.Close())
}

// survived says what is wrong with a store that is all that a power failure has
// left; nil where it has what was acknowledged, whole, and goes on.
func survived(ctx context.Context, folder string, acknowledged []string) error {
	s, err := sqlite.Open(ctx, filepath.Join(folder, "graph.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	hashes := map[string]ledger.Hash{}
	var chain ledger.Chain
	for rev, err := range s.Log(ctx, 0) {
		if err != nil {
			return err
		}
		if err := chain.AppendRecorded(rev.Header, rev.Hash, rev.Leaves); err != nil {
			return err
		}
		hashes[strconv.FormatUint(rev.Header.Sequence, 10)] = rev.Hash
	}
	r, err := s.Raw(ctx, evidence.Now(evidence.Public))
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for _, line := range acknowledged {
		told := strings.Fields(line)
		if hash, ok := hashes[told[0]]; !ok || hash.String() != told[1] {
			return fmt.Errorf("revision %s was acknowledged, and is lost", told[0])
		}
		id := evidence.ID(told[2])
		if found, err := r.Get(ctx, []evidence.ID{id}); err != nil || found[id] == nil {
			return fmt.Errorf("revision %s is there and what it made, %s, does not read: %w", told[0], id, err)
		}
	}
	fresh, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = fresh.Close() }()
	report, err := verify.Run(ctx, s, fresh, planner(), verify.Options{})
	if err != nil {
		return err
	}
	if len(report.Faults) > 0 {
		return fmt.Errorf("verify finds: %s", strings.Join(report.Faults, "\n"))
	}
	commit, err := s.Write(ctx, plan(pair("afterwards")))
	if err != nil {
		return fmt.Errorf("it does not go on: %w", err)
	}
	if n := int(commit.Revision.Sequence()); n != len(hashes)+1 { //nolint:gosec // a few
		return fmt.Errorf("it goes on with revision %d after %d", n, len(hashes))
	}
	return s.Close()
}

// tried is survived of files laid into a folder, which then goes: the next needs
// its room.
func tried(t *testing.T, files map[string][]byte, acknowledged []string) error {
	t.Helper()
	folder, err := os.MkdirTemp("", "vinculo-power-") //nolint:usetesting // it goes before the test ends
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(folder)) }()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	return survived(t.Context(), folder, acknowledged)
}

// runOn has another process do its task on the disk. (This one must not: it would
// wait for itself.)
func runOn(t *testing.T, d *disk, task string, seed uint64) {
	t.Helper()
	t.Setenv(powerSeed, strconv.FormatUint(seed, 10))
	folder, unmount := d.mount(t)
	c, _ := child(t, task, filepath.Join(folder, "graph.db"))
	ended := c.Wait()
	require.NoError(t, unmount())
	require.NoError(t, ended)
	t.Log(d)
}

// quick has the files of a test kept in memory, where that can be: what is synced
// is counted by the disk above, and need not reach a real one.
func quick(t *testing.T) {
	t.Helper()
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", shared)
	}
}

func drawSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv(powerSeed); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("to draw the same again: %s=%d", powerSeed, seed)
	return seed
}

// TestPowerFails has the power fail while a store is written, between any two
// things that it asked of the disk: at what was acknowledged and at random. Of
// what was not synced nothing is left, or all, or any part. What was acknowledged
// is there, nothing is there by half, and the store goes on; in the next round
// from what one of these failures has left.
func TestPowerFails(t *testing.T) {
	const rounds, failures = 3, 16
	quick(t)
	seed := drawSeed(t)
	random := rand.New(rand.NewPCG(seed, 1))
	fates := []fate{nothingKept, nothingKept, allKept, 0.1, 0.5, 0.9, 0.99}
	var before []string
	d := &disk{}
	for round := range rounds {
		runOn(t, d, "random", seed+uint64(round))
		var moments []int
		for i, e := range d.events {
			if e.do == acknowledged && random.IntN(3) == 0 {
				moments = append(moments, i+1)
			}
		}
		for len(moments) < failures {
			moments = append(moments, random.IntN(len(d.events)+1))
		}
		for _, at := range moments {
			f := fates[random.IntN(len(fates))]
			err := tried(t, d.left(at, f, random), append(before[:len(before):len(before)], d.said(at)...))
			require.NoError(t, err, "round %d, after %d of %d events, of what was not synced %v is kept", round, at, len(d.events), f)
		}
		at := random.IntN(len(d.events) + 1)
		before = append(before, d.said(at)...)
		d = &disk{base: d.left(at, fates[random.IntN(len(fates))], random)}
	}
}

// TestPowerFailsAtAFirstLoad is the same while a log is loaded into an empty store, and
// while something is imported there as a whole.
func TestPowerFailsAtAFirstLoad(t *testing.T) {
	quick(t)
	for _, task := range []string{"first load", "whole import"} {
		t.Run(task, func(t *testing.T) {
			seed := drawSeed(t)
			random := rand.New(rand.NewPCG(seed, 1))
			d := &disk{}
			runOn(t, d, task, seed)
			last := len(d.events)
			for i, e := range d.events {
				if e.do == acknowledged {
					last = i + 1
				}
			}
			require.Len(t, d.said(last), 1)
			for _, at := range []int{random.IntN(last), random.IntN(last), random.IntN(last), random.IntN(last), last - 1, last, last, len(d.events)} {
				for _, f := range []fate{nothingKept, 0.5, allKept} {
					require.NoError(t, tried(t, d.left(at, f, random), d.said(at)), "after %d of %d events, of what was not synced %v is kept", at, len(d.events), f)
				}
			}
		})
	}
}

// TestPowerFailsUnsynced shows that the tests above would find what they look
// for: a store that does not wait for the disk loses what it has acknowledged.
func TestPowerFailsUnsynced(t *testing.T) {
	quick(t)
	seed := drawSeed(t)
	random := rand.New(rand.NewPCG(seed, 1))
	d := &disk{}
	runOn(t, d, "careless", seed)
	lost := 0
	for i, e := range d.events {
		if e.do != acknowledged || lost > 2 {
			continue
		}
		said := d.said(i + 1)
		require.NoError(t, tried(t, d.left(i+1, allKept, random), said), "with everything kept all is well")
		if err := tried(t, d.left(i+1, nothingKept, random), said); err != nil {
			require.ErrorContains(t, err, "was acknowledged, and is lost")
			lost++
		}
	}
	require.Positive(t, lost)
}

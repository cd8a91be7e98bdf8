// Package storetest is the suite that every store passes: the contract of each
// method of the seam, and the invariants of the graph as properties of random
// histories, compared with a model that answers by brute force.
//
// A store's own test calls Run with a function that opens an empty store. A
// store is exempt from nothing.
package storetest

import (
	"context"
	"flag"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/store"
)

// Opened is a store under test.
type Opened struct {
	Store store.Store
	// Again opens one more handle on the same storage, as another process would,
	// whether or not the first was closed. It is nil where storage ends with its
	// only handle.
	Again func(t testing.TB) store.Store
}

// Open opens an empty store. The suite has at most one store open at a time
// (and handles on its storage), so that an opener may wipe the storage that it
// gave before. The suite closes what it was given.
type Open func(t testing.TB) Opened

// Option changes how much the suite does.
type Option func(*config)

type config struct {
	histories int
	steps     int
	lacks     map[Ability]bool
}

// Ability is what a store may do without. What it is not said to lack it must do.
type Ability string

// The abilities that a store may lack.
const (
	// SecondHandle is to open the same storage more than once: Opened.Again.
	SecondHandle Ability = "second handle"
	// BulkLoad is to be a store.BulkLoader.
	BulkLoad Ability = "bulk load"
	// Corridors is to have readers that are store.Corridors.
	Corridors Ability = "corridors"
)

// Lacks says what a store does without; the parts of the suite that are about it
// are left out.
func Lacks(abilities ...Ability) Option {
	return func(c *config) {
		for _, a := range abilities {
			c.lacks[a] = true
		}
	}
}

// Histories sets how many random histories each property is tried with; 12
// where absent. A store behind a network asks for fewer.
func Histories(n int) Option { return func(c *config) { c.histories = n } }

// Steps sets how many change sets a random history has at most; 16 where absent.
func Steps(n int) Option { return func(c *config) { c.steps = n } }

// Thorough multiplies the number of histories. The variable
// VINCULO_TEST_THOROUGH, a whole number, does so for every store.
func Thorough(factor int) Option { return func(c *config) { c.histories *= factor } }

// patience is how long one part of the suite may take: so long that only what
// hangs comes to it, on a machine however busy.
const patience = 5 * time.Minute

// suite is one run over one kind of store.
type suite struct {
	config
	open Open
}

// Run tests a kind of store.
func Run(t *testing.T, open Open, options ...Option) {
	t.Helper()
	s := &suite{config: configured(options), open: open}
	if factor, err := strconv.Atoi(os.Getenv("VINCULO_TEST_THOROUGH")); err == nil && factor > 1 {
		s.histories *= factor
	}
	for _, part := range []struct {
		name  string
		run   func(*testing.T)
		needs Ability
	}{
		{"Empty", s.testEmpty, ""},
		{"Write", s.testWrite, ""},
		{"Durable", s.testDurable, SecondHandle},
		{"TwoHandles", s.testTwoHandles, SecondHandle},
		{"Closed", s.testClosed, ""},
		{"Cancelled", s.testCancelled, ""},
		{"Snapshot", s.testSnapshot, ""},
		{"Get", s.testGet, ""},
		{"Find", s.testFind, ""},
		{"Pages", s.testPages, ""},
		{"Expand", s.testExpand, ""},
		{"Corridors", s.testCorridors, Corridors},
		{"CorridorsBesideHiddenLinks", s.testCorridorsBesideHiddenLinks, Corridors},
		{"Candidates", s.testCandidates, ""},
		{"SecretNames", s.testSecretNames, ""},
		{"SharedWords", s.testSharedWords, ""},
		{"WithdrawnNames", s.testWithdrawnNames, ""},
		{"FormerChecks", s.testFormerChecks, ""},
		{"Count", s.testCount, ""},
		{"Versions", s.testVersions, ""},
		{"EverCited", s.testEverCited, ""},
		{"FormerlyCited", s.testFormerlyCited, ""},
		{"Revisions", s.testRevisions, ""},
		{"Beside", s.testBeside, ""},
		{"Log", s.testLog, ""},
		{"Scan", s.testScan, ""},
		{"Load", s.testLoad, BulkLoad},
		{"Erase", s.testErase, ""},
		{"Answers", s.testAnswers, ""},
		{"Histories", s.testHistories, ""},
		{"UndoGivesBack", s.testUndoGivesBack, ""},
		{"MergeGivesBack", s.testMergeGivesBack, ""},
		{"ErasedHistories", s.testErasedHistories, ""},
	} {
		if !s.lacks[part.needs] {
			t.Run(part.name, part.run)
		}
	}
}

func configured(options []Option) config {
	c := config{histories: 12, steps: 16, lacks: map[Ability]bool{}}
	for _, o := range options {
		o(&c)
	}
	return c
}

// check runs a property on random input, a set number of times, and always from the
// same seed unless -rapid.seed gives another, so that a run can be repeated.
func (s *suite) check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	set := func(name, value string) {
		f := flag.Lookup(name)
		old := f.Value.String()
		require.NoError(t, f.Value.Set(value))
		t.Cleanup(func() { _ = f.Value.Set(old) })
	}
	set("rapid.checks", strconv.Itoa(s.histories))
	set("rapid.nofailfile", "true")
	set("rapid.shrinktime", "10s")
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		set("rapid.seed", "1")
	}
	rapid.Check(t, property)
}

// empty opens an empty store and closes it when the test ends, unless the test
// does so itself.
func (s *suite) empty(t testing.TB) Opened {
	t.Helper()
	o := s.open(t)
	t.Cleanup(func() { _ = o.Store.Close() })
	return o
}

func (s *suite) context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

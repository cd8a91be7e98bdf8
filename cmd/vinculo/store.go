package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/data"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// kinds is what every command that understands claims takes.
type kinds struct {
	Vocabulary string `placeholder:"FILE" help:"A file with link kinds and attributes of your own, beside the standard ones."`
}

func (k kinds) load() (*vocabulary.Vocabulary, error) {
	if k.Vocabulary == "" {
		return vocabulary.Standard(), nil
	}
	f, err := os.Open(k.Vocabulary)
	if err != nil {
		return nil, fmt.Errorf("the vocabulary: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	v, err := vocabulary.Standard().Extend(f)
	if err != nil {
		return nil, fmt.Errorf("the vocabulary %s: %w", k.Vocabulary, err)
	}
	return v, nil
}

// The default limits on one change set.
const (
	defaultMaxChanges   = 10_000
	defaultCascadeLimit = 100_000
)

// newPlanner makes the planner of a running program.
func newPlanner(v *vocabulary.Vocabulary) *evidence.Planner {
	return &evidence.Planner{
		Vocabulary: v, Now: time.Now, MaxChanges: defaultMaxChanges, CascadeLimit: defaultCascadeLimit,
		// A random id, for one with the time in it would say when a record was made
		// that was a secret then. It costs an index nothing where people write, and a
		// mass of made ids up to twice the time.
		NewID: func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt: func() (salt [16]byte) {
			_, _ = rand.Read(salt[:]) // it never fails
			return salt
		},
	}
}

// openStore opens a store for the time of the command.
func (m *Main) openStore(ctx context.Context, name string, o open.Options) (store.Store, error) {
	st, err := open.Store(ctx, name, o)
	if errors.Is(err, open.ErrName) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, err
	}
	m.closeLater(st)
	return st, nil
}

// checkLasting refuses to write to what goes when the command ends.
func checkLasting(flag, name string) error {
	if name != "sqlite:"+sqlite.Memory {
		return nil
	}
	return usageError{fmt.Errorf("%s %s is in memory alone, and what is written there goes when the command ends; name a file, such as sqlite:case.db", flag, name)}
}

// openTemporary opens an empty store that goes when the command ends.
func (m *Main) openTemporary(ctx context.Context, v *vocabulary.Vocabulary) (store.Store, error) {
	st, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{Vocabulary: v})
	if err != nil {
		return nil, err
	}
	m.closeLater(st)
	return st, nil
}

// openDemo opens a store of its own with the demonstration case.
func (m *Main) openDemo(ctx context.Context, v *vocabulary.Vocabulary) (store.Store, error) {
	st, err := m.openTemporary(ctx, v)
	if err != nil {
		return nil, err
	}
	file, err := casefile.Read(data.Ayotzinapa(), casefile.Options{Vocabulary: v})
	if err != nil {
		return nil, fmt.Errorf("the demonstration case: %w", err)
	}
	_, err = file.Import(ctx, st, newPlanner(v), casefile.ImportOptions{Author: archivist("demo"), Reason: "the demonstration case"})
	if err != nil {
		return nil, fmt.Errorf("the demonstration case: %w", err)
	}
	return st, nil
}

// archivist is an author who may write everything.
func archivist(name string) evidence.Author {
	return evidence.Author{Name: name, Clearance: evidence.Confidential}
}

// storeOrDemo is how `serve` and `query` are told what graph to use.
type storeOrDemo struct {
	Store string `placeholder:"STORE" help:"The store: sqlite:PATH, neo4j://HOST:PORT …"`
	Demo  bool   `help:"Use the demonstration case; needs no store and no file."`
	kinds
}

// name tells people which graph it is. No address of a store holds a secret.
func (s *storeOrDemo) name() string {
	if s.Demo {
		return "the demonstration case; what is written goes when this ends"
	}
	return s.Store
}

// check wants one of the two. A flag goes before a variable, so that --demo works
// where VINCULO_STORE is set; of two variables the store goes first, so that
// VINCULO_DEMO can be what an image does where nobody names a store.
func (s *storeOrDemo) check(line *kong.Context) error {
	given := flagsOf(line)
	demo := given["demo"] && s.Demo // and not --demo=false
	switch {
	case given["store"] && demo:
		return usageError{errors.New("--store and --demo name two graphs; give one of them")}
	case given["store"], s.Store != "" && !demo:
		s.Demo = false
	case s.Store == "" && !s.Demo:
		return usageError{errors.New("no graph is named; give --store STORE, or --demo for the demonstration case")}
	}
	return nil
}

// flagsOf are the flags that stand on the command line itself.
func flagsOf(line *kong.Context) map[string]bool {
	given := map[string]bool{}
	for _, part := range line.Path {
		if part.Flag != nil {
			given[part.Flag.Name] = true
		}
	}
	return given
}

// open opens the graph; one that has to be existing is not made where it is not
// there, or a slip in its path would be answered with an empty graph.
func (s storeOrDemo) open(ctx context.Context, m *Main, v *vocabulary.Vocabulary, log zerolog.Logger, existing bool) (store.Store, error) {
	if s.Demo {
		return m.openDemo(ctx, v)
	}
	return m.openStore(ctx, s.Store, open.Options{Vocabulary: v, Logger: log, Existing: existing})
}

// openToAsk opens the graph to be asked, and for changes too unless its file cannot
// be written to, as on a medium that holds a backup.
func (s storeOrDemo) openToAsk(ctx context.Context, m *Main, v *vocabulary.Vocabulary, log zerolog.Logger) (store.Store, error) {
	st, err := s.open(ctx, m, v, log, true)
	if errors.Is(err, sqlite.ErrUnwritable) {
		return m.openStore(ctx, s.Store, open.Options{Vocabulary: v, Logger: log, ReadOnly: true})
	}
	return st, err
}

// Package open opens the store that a user names: `sqlite:PATH`, or the address
// of a Neo4j such as `neo4j://localhost:7687`.
package open

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

// The environment variables that hold the credentials for Neo4j. Each may
// instead have its name with _FILE hold the name of a file that has the value. Where
// there are two stores, _FROM and _TO before that are for one of them.
const (
	UsernameVariable = "VINCULO_NEO4J_USERNAME"
	PasswordVariable = "VINCULO_NEO4J_PASSWORD" //nolint:gosec // the name of a variable
	DatabaseVariable = "VINCULO_NEO4J_DATABASE"
)

// Options say how a store is opened.
type Options struct {
	Vocabulary *vocabulary.Vocabulary
	Logger     zerolog.Logger
	// ReadOnly refuses writes, and a graph that is not there, and changes nothing.
	ReadOnly bool
	// AsItIs is for who plans writes and makes none: a graph of an older version is
	// refused and not brought up to date, which would lock older programs out of it.
	AsItIs bool
	// Existing refuses a graph that is not there, and an empty file, instead of
	// beginning one.
	Existing bool
	// End is which of two stores it is, FROM or TO. What is set for that end alone, in a
	// variable with this behind its name, goes before what is set for both.
	End string
}

var schemes = []string{"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"}

const forms = "write sqlite:PATH, neo4j://HOST:PORT, bolt://HOST:PORT, neo4j+s://HOST or bolt+s://HOST"

// ErrName says that the name of a store makes no sense, whatever there is.
var ErrName = errors.New("the name of a store does not read")

// misnamed is an ErrName with words of its own.
type misnamed string

// Error says what is wrong with the name.
func (m misnamed) Error() string { return string(m) }

// Is says that it is an ErrName.
func (m misnamed) Is(target error) bool { return target == ErrName }

func badName(format string, args ...any) error { return misnamed(fmt.Sprintf(format, args...)) }

// ErrNoGraph says that a server, or a file, has no graph, where there has to be one.
var ErrNoGraph = neo4j.ErrNoGraph

// CutShortError is the end of a load into an empty graph of a server that broke off, and
// says what becomes of it.
type CutShortError = neo4j.CutShortError

// Store opens a store. Its errors never repeat a user name or password.
func Store(ctx context.Context, name string, o Options) (store.Store, error) {
	scheme, rest, ok := strings.Cut(name, ":")
	switch {
	case name == "":
		return nil, badName("no store is named: %s", forms)
	case ok && scheme == "sqlite":
		return file(ctx, rest, o)
	case ok && slices.Contains(schemes, scheme):
		return server(ctx, name, o)
	case ok && strings.Contains(rest, "@"):
		return nil, badName("the store begins with %q, which is no kind of store: %s", scheme+":", forms)
	default:
		return nil, badName("%q is not a store: %s", name, forms)
	}
}

func file(ctx context.Context, path string, o Options) (store.Store, error) {
	if path == "" {
		return nil, badName("sqlite: names no file; write sqlite:PATH, such as sqlite:case.db")
	}
	if (o.Existing || o.ReadOnly || o.AsItIs) && path != sqlite.Memory {
		switch info, err := os.Stat(path); {
		case errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("there is no store at %s; make one with `vinculo import --store sqlite:%s DIR`, or mend the path", path, path)
		case err == nil && info.Mode().IsRegular() && info.Size() == 0: // as a restore that was cut short leaves it
			return nil, fmt.Errorf("%w in %s, which is an empty file; put back what was in it, or make one with `vinculo import --store sqlite:%s DIR`", ErrNoGraph, path, path)
		}
	}
	return sqlite.Open(ctx, path, sqlite.Options{Vocabulary: o.Vocabulary, Logger: &o.Logger, ReadOnly: o.ReadOnly, AsItIs: o.AsItIs})
}

// Same says whether two names are of one file, as far as can be known without opening
// it: a file may have several. Of servers only [SameOpened] can tell.
func Same(a, b string) bool {
	if a == b {
		return strings.HasPrefix(a, "sqlite:")
	}
	of := func(name string) os.FileInfo {
		path, ok := strings.CutPrefix(name, "sqlite:")
		if !ok {
			return nil
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil // and so the file of no other name either
		}
		return info
	}
	return os.SameFile(of(a), of(b))
}

// SameOpened says whether two open stores are one: a server may go by several names.
func SameOpened(ctx context.Context, a, b store.Store) (bool, error) {
	one, ok := a.(*neo4j.Store)
	other, too := b.(*neo4j.Store)
	if !ok || !too {
		return false, nil
	}
	return one.Same(ctx, other)
}

func server(ctx context.Context, uri string, o Options) (store.Store, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return nil, badName("the address of the Neo4j server does not read: %s", forms)
	}
	if u.User != nil {
		return nil, badName("the address of the store holds credentials, which others can read off the list of processes; put them into %s and %s, or into files that %s_FILE and %s_FILE name", UsernameVariable, PasswordVariable, UsernameVariable, PasswordVariable)
	}
	var settings [3]string
	for i, name := range []string{UsernameVariable, PasswordVariable, DatabaseVariable} {
		if settings[i], err = settingOf(name, o.End); err != nil {
			return nil, err
		}
	}
	return neo4j.Open(ctx, uri, neo4j.Options{
		Username: settings[0], Password: settings[1], Database: settings[2], Vocabulary: o.Vocabulary, Logger: o.Logger,
		ReadOnly: o.ReadOnly, AsItIs: o.AsItIs, Existing: o.Existing,
	})
}

// settingOf reads the variable of one end, or that of both.
func settingOf(name, end string) (string, error) {
	if end == "" {
		return setting(name)
	}
	value, err := setting(name + "_" + end)
	if err != nil || value != "" {
		return value, err
	}
	return setting(name)
}

// setting reads a variable, or the file that the variable with _FILE names.
func setting(name string) (string, error) {
	if value := os.Getenv(name); value != "" { // an empty variable is as none
		return value, nil
	}
	path := os.Getenv(name + "_FILE")
	if path == "" {
		return "", nil
	}
	value, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return strings.TrimRight(string(value), "\r\n"), nil
}

package sqlite

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Version is that of the files that this program makes.
var Version = len(migrations)

// Crowd sets every limit so low that it is met all the time.
func (s *Store) Crowd() {
	s.limits = limits{page: 2, edges: 1, many: 1, ranked: 2, kept: 5, counted: 3, citations: 1, short: 1, matches: 1, followed: 1, written: 1, groupPlaces: 1, groupRevisions: 1, log: 2, logBytes: 1,
		firstRecords: 30, firstWritten: 2, firstWords: 5, firstElements: 4, runPlaces: 20, piece: 3}
}

// RankAll keeps the strongest links of all entities, but few of each.
func (s *Store) RankAll() { s.limits.many, s.limits.ranked, s.limits.wide = 1, 4, 0 }

// SpillEarly has a first load sort its lists in many small runs, read again what
// it has written, and make rows of a few records at a time.
func (s *Store) SpillEarly() {
	s.limits.runPlaces, s.limits.piece, s.limits.firstWords, s.limits.firstElements, s.limits.firstWritten = 100, 7, 50, 30, 10
}

// Schema is the SQL of everything in the file, by name.
func (s *Store) Schema(t *testing.T) map[string]string {
	t.Helper()
	made := map[string]string{}
	require.NoError(t, s.briefly(t.Context(), func(c *conn) error {
		return c.query(t.Context(), "SELECT name, sql FROM sqlite_schema", nil, func(r row) error {
			made[r.text(0)] = r.text(1)
			return nil
		})
	}))
	return made
}

// JournalMode is how the file keeps what a commit may have to take back.
func (s *Store) JournalMode(t *testing.T) (mode string) {
	t.Helper()
	require.NoError(t, s.briefly(t.Context(), func(c *conn) (err error) {
		mode, err = c.journal(t.Context(), "PRAGMA journal_mode")
		return err
	}))
	return mode
}

// KeepCold keeps the links out of memory, so that traversal reads the file.
func (s *Store) KeepCold() { s.cold.Store(true) }

// ReadAhead reads the links into memory as the store does by itself.
func (s *Store) ReadAhead() error { return s.build(s.life) }

// Answers says whether traversal of a reader is answered from memory.
func Answers(r store.Reader) bool {
	own := r.(*reader) //nolint:forcetypeassert // readers are
	p := own.g.store.links
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.answers(own.g.head.Sequence)
}

// RowsRead is how many rows the reader's connection has read so far.
func RowsRead(r store.Reader) int { return r.(*reader).g.conn.read } //nolint:forcetypeassert // readers are

// Plans gives, for every statement that the store's connections have prepared,
// the lines of its query plan.
func Plans(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	plans := map[string][]string{}
	own, err := s.dialReader()
	require.NoError(t, err)
	defer func() { _ = own.close() }()
	conns := append(append([]*conn{s.writer}, s.readers.idle...), s.brief.idle...)
	for _, c := range conns {
		for sql := range c.stmts {
			if plans[sql] != nil || strings.Contains(sql, "temp.feed") { // rows from memory, by no plan
				continue
			}
			plans[sql] = []string{}
			args := make([]any, 0)
			for _, b := range sql {
				if b == '?' {
					args = append(args, "1")
				}
			}
			err := own.query(context.Background(), "EXPLAIN QUERY PLAN "+sql, args, func(r row) error {
				plans[sql] = append(plans[sql], r.text(3))
				return nil
			})
			require.NoError(t, err, sql)
		}
	}
	return plans
}

// Versioned is how many links the projection keeps more than one version of.
func (s *Store) Versioned() int {
	s.links.mu.RLock()
	defer s.links.mu.RUnlock()
	return len(s.links.born) + len(s.links.died)
}

// Set runs settings on the connection that writes.
func (s *Store) Set(ctx context.Context, settings string) error {
	release, err := s.lockWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.writer == nil {
		if s.writer, err = s.dialWriter(); err != nil {
			return err
		}
	}
	return s.writer.script(ctx, settings)
}

// Alike gives the revisions that transactions begun to read the links see.
func (s *Store) Alike(ctx context.Context, n int) (seen []evidence.Sequence, err error) {
	graphs, hangUp, err := s.alike(ctx, n)
	for _, g := range graphs {
		seen = append(seen, g.head.Sequence)
	}
	if err == nil {
		err = hangUp()
	}
	return seen, err
}

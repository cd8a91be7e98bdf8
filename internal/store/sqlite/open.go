package sqlite

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// applicationID marks our files (PRAGMA application_id): the letters Vinc.
const applicationID = 0x56696e63

// migrations make a file of each version one of the next. The version of a file
// is its PRAGMA user_version. A migration is never changed once it was released.
var migrations = []migration{
	{script: "0001_graph.sql"},
	{script: "0002_shelf.sql"},
	{script: "0003_block.sql", then: (*conn).makeBlocks},
	{script: "0004_key.sql", then: (*conn).rekey},
	{script: "0005_block.sql", then: (*conn).renewBlocks},
	{script: "0006_key.sql", then: (*conn).rekeyErasures},
	{script: "0007_word.sql", then: (*conn).listRaisedWords},
	{script: "0008_words.sql", then: (*conn).signWords},
}

// migration is a script and what SQL cannot do, which may be nothing.
type migration struct {
	script string
	then   func(*conn, context.Context, *vocabulary.Vocabulary) error
}

func (m *migration) run(ctx context.Context, c *conn, v *vocabulary.Vocabulary) error {
	sql, err := migrationFiles.ReadFile("migrations/" + m.script)
	if err != nil {
		return err
	}
	err = c.script(ctx, string(sql))
	if err == nil && m.then != nil {
		err = m.then(c, ctx, v)
	}
	if err != nil {
		return fmt.Errorf("migration %s: %w", m.script, err)
	}
	return nil
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// settings of every connection. Figures are those that were found to pay; see
// the benchmarks.
const (
	busyTimeout = "PRAGMA busy_timeout = 4000" // an unavailable store is told of within 5 s
	untrusting  = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"
	sortMemory  = "PRAGMA temp_store = MEMORY"
	durable     = "PRAGMA synchronous = FULL"
	checkpoints = "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 134217728"
	pageSize    = "PRAGMA page_size = 16384"

	readerCache = "PRAGMA cache_size = -8192" // KiB
	writerCache = "PRAGMA cache_size = -65536"
	loaderCache = "PRAGMA cache_size = -262144"
)

func (s *Store) dialReader() (*conn, error) {
	return dial(s.dsn, busyTimeout, untrusting, sortMemory, readerCache, "PRAGMA query_only = ON")
}

func (s *Store) dialWriter() (*conn, error) {
	return dialFed(s.dsn, busyTimeout, untrusting, sortMemory, durable, checkpoints, writerCache)
}

// prepare makes the file ready: it is ours, of this version, and in WAL mode.
func (s *Store) prepare(ctx context.Context, path string) error {
	if path == "" {
		return fmt.Errorf("the path of the store is empty; give the name of a file, or %s", Memory)
	}
	if path == Memory {
		var err error
		if s.temporary, err = newTemporary(); err != nil {
			return err
		}
		path = filepath.Join(s.temporary.folder, temporaryStore)
	}
	exists, err := checkPath(path, s.readOnly || s.asItIs)
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	address := func(mode string) string {
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: "mode=" + mode}).String()
	}
	// SQLite may not make the file: where it is taken away later, an empty one in its
	// place would look like a store that knows nothing.
	s.path, s.dsn = absolute, address("rw")
	if s.readOnly {
		s.dsn = address("ro")
	}
	if !exists {
		if err := create(absolute); err != nil {
			return fmt.Errorf("store %s: %w", path, err)
		}
	}
	err = s.first(ctx)
	if s.readOnly && extendedCode(err) == lib.SQLITE_READONLY_ROLLBACK {
		if err := takeBack(ctx, address("rw")); err != nil {
			return fmt.Errorf("store %s has a journal, %s-journal, of a write that broke off, and what it wrote cannot be taken back here (%w); open it where this may write to both and to their folder", path, path, err)
		}
		err = s.first(ctx)
	}
	if s.readOnly && extendedCode(err) != lib.SQLITE_READONLY_ROLLBACK && (resultCode(err) == lib.SQLITE_READONLY || resultCode(err) == lib.SQLITE_CANTOPEN) {
		// SQLite keeps its readers and writers apart by a file beside this one, which
		// cannot be made here. Then nobody can write here either.
		if log, err := os.Stat(absolute + "-wal"); err == nil && log.Size() > 0 {
			return fmt.Errorf("store %s has a write-ahead log, %s-wal, that cannot be read in a folder that cannot be written to; copy both to another", path, path)
		}
		s.dsn += "&immutable=1"
		err = s.first(ctx)
	}
	if err == nil {
		s.file, err = os.Stat(absolute)
	}
	return err
}

// takeBack takes back what is in a file of a write that broke off: only who may write
// can, and until then nobody can read what was there.
func takeBack(ctx context.Context, dsn string) error {
	c, err := dial(dsn, busyTimeout, untrusting)
	if err != nil {
		return err
	}
	_, err = c.identity(ctx)
	return errors.Join(err, c.close())
}

// create makes an empty file that only its owner can read, and with it what SQLite
// puts beside it, which it gives the same mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another has just made it
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// first opens the first connection, and with it brings the file up to date.
func (s *Store) first(ctx context.Context) error {
	c, err := dial(s.dsn, busyTimeout, untrusting)
	if err != nil {
		return s.wrap(err)
	}
	err = s.migrate(ctx, c)
	for began := time.Now(); resultCode(err) == lib.SQLITE_BUSY && time.Since(began) < patience; err = s.migrate(ctx, c) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), c.close())
		}
	}
	return errors.Join(err, c.close())
}

// Two who make a file at once stand in each other's way where SQLite changes how
// it keeps its journal. It refuses both at once, without the wait of busyTimeout,
// since each might wait for the other.
const patience, pause = 4 * time.Second, 10 * time.Millisecond

// checkPath refuses, before SQLite touches it, a path that cannot be a store.
func checkPath(path string, existing bool) (exists bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return false, fmt.Errorf("store %s is a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return false, fmt.Errorf("store %s is not a regular file", path)
	case err == nil:
		return true, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("store %s: %w", path, err)
	case existing:
		return false, fmt.Errorf("store %s does not exist; mend the path, or open it for writing to make it", path)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return false, fmt.Errorf("store %s: there is no folder %s; make it first, or mend the path", path, folder)
	}
	return false, nil
}

// identity says whose file it is.
type identity struct {
	application, version, tables int64
}

// identity reads it in one statement, so as it was at one moment: another process
// may be making the file ours meanwhile.
func (c *conn) identity(ctx context.Context) (id identity, err error) {
	_, err = c.one(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`, nil, func(r row) error {
		id = identity{r.int(0), r.int(1), r.int(2)}
		return nil
	})
	return id, err
}

// check says what is wrong with a file for this program; nil for one that can be
// opened or made one of ours.
func (id identity) check(name string) error {
	switch {
	case id.application == 0 && id.version == 0 && id.tables == 0:
		return nil
	case id.application != applicationID:
		return fmt.Errorf("store %s is an SQLite file of another program; name another file", name)
	case id.version > int64(len(migrations)):
		return fmt.Errorf("store %s was written by a newer Vínculo (its version is %d, this program knows up to %d); use that one", name, id.version, len(migrations))
	}
	return nil
}

func (s *Store) migrate(ctx context.Context, c *conn) error {
	id, err := c.identity(ctx)
	if resultCode(err) == lib.SQLITE_NOTADB {
		return fmt.Errorf("store %s is not an SQLite file; name another file", s.name)
	}
	if err != nil {
		return s.wrap(err)
	}
	if err := id.check(s.name); err != nil {
		return err
	}
	if (s.readOnly || s.asItIs) && id.version < int64(len(migrations)) {
		return fmt.Errorf("store %s is empty or of an older version; open it once for writing, as `vinculo serve` does", s.name)
	}
	if s.readOnly {
		return nil
	}
	if id.version == 0 {
		err = c.script(ctx, pageSize) // before anything is written
	} else {
		err = c.tryWriting(ctx, id.version)
	}
	if err != nil || s.asItIs {
		return s.wrap(err)
	}
	mode, err := c.journal(ctx, writeAheadLog)
	if err != nil {
		return s.wrap(err)
	}
	if mode != "wal" {
		return fmt.Errorf("store %s: its file system cannot hold a write-ahead log; choose a local disk", s.name)
	}
	if id.version == int64(len(migrations)) {
		return nil
	}
	return s.wrap(s.upgrade(ctx, c))
}

// upgrade runs the missing migrations in one transaction. Another process may
// have done so meanwhile, so the version is read again inside it.
func (s *Store) upgrade(ctx context.Context, c *conn) (err error) {
	if err := c.script(ctx, durable); err != nil {
		return err
	}
	if err := c.await(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.exec(context.Background(), "ROLLBACK"))
		}
	}()
	id, err := c.identity(ctx)
	if err != nil {
		return err
	}
	if err := id.check(s.name); err != nil {
		return err
	}
	for v := id.version; v < int64(len(migrations)); v++ {
		m := &migrations[v]
		if err := m.run(ctx, c, s.vocabulary); err != nil {
			return err
		}
		s.log.Info().Str("store", s.name).Str("migration", m.script).Msg("store brought up to date")
	}
	if err := c.script(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations))); err != nil {
		return err
	}
	return c.exec(ctx, "COMMIT")
}

// tryWriting says that a file cannot be written to, which SQLite else says only of
// the first write. What it writes is there already, and taken back.
func (c *conn) tryWriting(ctx context.Context, version int64) error {
	err := c.script(ctx, unwaiting)
	if err != nil {
		return err
	}
	if err = c.exec(ctx, "BEGIN IMMEDIATE"); err == nil {
		err = c.script(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		err = cmp.Or(err, c.exec(ctx, "ROLLBACK"))
	}
	if resultCode(err) == lib.SQLITE_BUSY {
		err = nil // another does
	}
	return cmp.Or(err, c.script(ctx, busyTimeout))
}

// errReadOnly is why a store opened for reading does not write.
func (s *Store) errReadOnly() error {
	why := evidence.Fault{Code: evidence.Unavailable, Message: "the store was opened for reading only"}
	return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, s.name, why)
}

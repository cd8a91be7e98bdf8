// Package sqlite is the embedded store: one SQLite file that holds the log, the
// record and its lists, and a compact copy of the links in memory for traversal.
//
// The file is in WAL mode: any number of readers each see one state while one
// writer, of whichever process, writes the next. Every commit is on the disk
// when it is acknowledged. The copy in memory and the cache of decoded records
// follow the log of the file, so that they also see what other processes write.
package sqlite

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Options are how a store is opened. The zero Options are good ones.
type Options struct {
	// ReadOnly refuses writes and never changes the file.
	ReadOnly bool
	// AsItIs plans writes and changes the file by nothing else: one of an older version,
	// or that is not there, is refused, as it is for reading.
	AsItIs bool
	// Logger hears what an operator should know; by default nobody does.
	Logger *zerolog.Logger
	// Vocabulary tells events from states; the standard one by default.
	Vocabulary *vocabulary.Vocabulary
	// Readers bounds how many readers are open at once, those beside others not
	// counted; more wait. 256 by default.
	Readers int
	// Cache bounds the memory in which records are kept, in bytes; 512 MiB by
	// default.
	Cache int64
}

const (
	defaultReaders = 256 // an operation has one, whatever moments it asks for
	defaultCache   = 512 << 20
)

// Store is a graph in one file: a store.Store, store.Still, store.BulkLoader,
// store.WholeImporter, store.Scrubber and store.Shelf. Its readers are
// store.Corridors too.
type Store struct {
	name       string // the path, for messages
	dsn        string
	path       string                // that SQLite opens
	temporary  *temporary            // goes when the store is closed
	file       os.FileInfo           // of the file that is open; nil while it is being opened
	damage     atomic.Pointer[error] // the first that was found
	readOnly   bool
	asItIs     bool
	log        zerolog.Logger
	vocabulary *vocabulary.Vocabulary

	readers *pool
	brief   *pool         // for reads that hold a connection for a moment only
	writing chan struct{} // held by the one writer of this process
	writer  *conn         // nil until the first write; guarded by writing
	// undivided says that the file is the writer's alone; guarded by writing.
	undivided bool
	broken    error // why nothing is written any more; guarded by writing
	closed    atomic.Bool
	life      context.Context //nolint:containedctx // ends when the store is closed, and what it does in the background with it
	endLife   context.CancelFunc

	cache    *cache
	catching sync.Mutex // held while the cache is brought to the head
	links    *projection
	moments  moments
	limits   limits
	cold     atomic.Bool // set in tests: nothing is read into memory by itself
}

var (
	_ store.Store      = (*Store)(nil)
	_ store.BulkLoader = (*Store)(nil)
)

// Memory is the path of a store of one's own that is gone when it is closed.
const Memory = ":memory:"

// Open opens the store at a path, and makes it where there is none. The folder
// must be there. A file that is not a store, or was written by a newer version
// of this program, is refused and left as it is.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{name: path, readOnly: o.ReadOnly, asItIs: o.AsItIs, vocabulary: o.Vocabulary, log: zerolog.Nop(), limits: usualLimits, writing: make(chan struct{}, 1)}
	s.life, s.endLife = context.WithCancel(context.WithoutCancel(ctx))
	if o.Logger != nil {
		s.log = *o.Logger
	}
	if s.vocabulary == nil {
		s.vocabulary = vocabulary.Standard()
	}
	if err := s.prepare(ctx, path); err != nil {
		return nil, errors.Join(err, s.tidy())
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Cache <= 0 {
		o.Cache = defaultCache
	}
	s.readers, s.brief = newPool(o.Readers, s.dialReader), newPool(4, s.dialReader)
	s.links = newProjection()
	head, err := s.Head(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.cache = newCache(o.Cache, head.Sequence)
	return s, nil
}

// Name is the path of the store, for messages.
func (s *Store) Name() string { return s.name }

func (s *Store) tidy() error {
	if s.temporary == nil {
		return nil
	}
	return s.temporary.remove()
}

// Close implements store.Store. Connections of open readers go when these are
// closed; their reads fail with store.ErrClosed from now on.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.endLife()
	s.links.building.Lock() // whoever reads links into memory stops first
	defer s.links.building.Unlock()
	s.writing <- struct{}{} // a commit that is under way ends first
	defer func() { <-s.writing }()
	var err error
	if s.writer != nil {
		err = s.writer.close()
		s.writer = nil
	}
	if s.cache != nil {
		s.cache.close()
	}
	return errors.Join(err, s.readers.close(), s.brief.close(), s.tidy())
}

// open says whether the store may be used.
func (s *Store) open(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

// briefly runs a read on a connection that is given back at once. Nothing that
// belongs to a caller may run meanwhile, so that it never waits for long.
func (s *Store) briefly(ctx context.Context, read func(*conn) error) error {
	if err := cmp.Or(s.open(ctx), s.inPlace()); err != nil {
		return err
	}
	c, err := s.brief.take(ctx)
	if err != nil {
		return s.wrap(err)
	}
	defer s.brief.give(c)
	if err := s.fit(ctx, c); err != nil {
		return err
	}
	return s.wrap(read(c))
}

// begin opens a transaction on a connection of the reading kind and reads what
// state it sees. Where it fails there may be one: the caller ends it, or closes the
// connection.
func (s *Store) begin(ctx context.Context, c *conn) (*graph, error) {
	if err := c.exec(context.Background(), "BEGIN"); err != nil {
		return nil, s.wrap(err)
	}
	if err := s.fit(ctx, c); err != nil {
		return nil, err
	}
	head, err := c.readHead(ctx)
	if err != nil {
		return nil, s.wrap(err)
	}
	return &graph{store: s, conn: c, head: head}, nil
}

// end closes the transaction of a reading connection.
func (s *Store) end(c *conn) error { return c.exec(context.Background(), "ROLLBACK") }

// release ends the transaction of a lent connection and takes it back. One that
// stays in its transaction is closed: whoever borrowed it next could begin none.
func (s *Store) release(c *conn) error {
	if err := s.end(c); err != nil {
		s.readers.drop(c)
		return s.wrap(err)
	}
	s.readers.give(c)
	return nil
}

// Raw implements store.Store.
func (s *Store) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	if err := checkClearance(view); err != nil {
		return nil, err
	}
	if err := cmp.Or(s.open(ctx), s.inPlace()); err != nil {
		return nil, err
	}
	c, err := s.readers.take(ctx)
	if err != nil {
		return nil, s.wrap(err)
	}
	g, err := s.begin(ctx, c)
	if err == nil {
		err = s.follow(ctx, g)
	}
	if err != nil {
		_ = s.release(c) // what went wrong first is told
		return nil, err
	}
	s.links.enter(g.head.Sequence)
	return &reader{g: g, view: view}, nil
}

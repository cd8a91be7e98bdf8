// Package neo4j keeps the graph in Neo4j 5.26 or newer, Community Edition with
// no plug-in. It is the only package that imports the driver.
//
// # The shape, for people who speak Cypher
//
// What holds now, past every clearance, is drawn for reading by hand:
//
//	MATCH (p:Person)-[r:COMMANDS]->(u:MilitaryUnit) RETURN p.name, r.since, r.sources, u.name
//
// Every entity is an :Entity with the label of its kind; every link is a native
// relationship of its kind with up to five supporting sources on it. Its
// evidence is one MATCH away, in a component of its own, so that no path
// between entities runs through a newspaper:
//
//	MATCH (c:Claim {id: r.id})-[:HAS_CITATION]->(x:Citation)-[:IN_SOURCE]->(s:Source)
//
// Whoever can speak Bolt to the server sees all of it: clearance binds those
// who come through the service, not those who come through Neo4j.
//
// # The shape, for the store
//
// Every version of every record is one :Version node. The newest version of an
// id is a :Record too, and its `id` is unique; while it stands it carries the
// labels above, when it is closed :Closed in their place. A version that was
// replaced is :Superseded, and :EntityVersion, :ClaimVersion, :CitationVersion
// or :SourceVersion, and no relationship leads to it. `data` and `derived` are
// what the record says, `slot` is the list it stands in (see slotOf) and `key`
// its place there; every other property repeats `data` and `derived` for people
// and indexes, and Scan finds those that no longer agree with them. Each property
// costs a write, so none says what goes without saying (PUBLIC, 0, false), nor what
// the relationship of a link says, and `derived` is missing where `slot` and `key`
// have all of it (see plainDerived).
//
// The log is :Revision nodes, and the one :Head node that every writer locks
// first. :Counter holds counters of one entity or source, :Token the words by
// which an entity is found.
package neo4j

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/notifications"
	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
)

// Options say how to reach a server. The zero value of each field means its
// default.
type Options struct {
	// Username and Password sign in; without a username no sign-in is tried.
	Username, Password string
	// Database is the name of the database; default "neo4j".
	Database string
	// Vocabulary has the kinds that the graph may hold; default the standard one.
	Vocabulary *vocabulary.Vocabulary
	// Logger takes what the store has to say; default none.
	Logger zerolog.Logger
	// ConnectTimeout bounds the making of one connection; default 1 s.
	ConnectTimeout time.Duration
	// AcquireTimeout bounds the wait for a free connection; default 3 s.
	AcquireTimeout time.Duration
	// RetryTime is how long a call goes on trying when the server does not
	// answer or another writer is in the way; default 1 s, after which the driver
	// makes one more attempt. With the defaults a server that is down is reported
	// in under 5 s.
	RetryTime time.Duration
	// MaxConnections bounds the connections to one server; default 100.
	MaxConnections int
	// ReadOnly refuses writes and never changes the database, not even its schema, so
	// that there has to be a graph in it, of the present schema.
	ReadOnly bool
	// AsItIs plans writes and changes the database by nothing else, so that there has to
	// be a graph in it, of the present schema.
	AsItIs bool
	// Existing refuses a database without a graph instead of beginning one in it.
	Existing bool
	// Kept bounds the memory in which pages are kept, in bytes; default 128 MiB.
	Kept int
}

func (o Options) withDefaults() Options {
	fill(&o.Database, "neo4j")
	fill(&o.ConnectTimeout, time.Second)
	fill(&o.AcquireTimeout, 3*time.Second)
	fill(&o.RetryTime, time.Second)
	fill(&o.MaxConnections, 100)
	fill(&o.Kept, 128<<20)
	if o.Vocabulary == nil {
		o.Vocabulary = vocabulary.Standard()
	}
	return o
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Store is a graph in one Neo4j database: a store.Store, store.BulkLoader,
// store.Importer and store.Shelf. Its readers are store.Prefetcher too.
type Store struct {
	driver     driver.DriverWithContext
	options    Options
	vocabulary *vocabulary.Vocabulary
	texts      *texts
	life       *lifetime
	kept       *keptPages
	newest     headCheck
	first      firstLimits
	unfit      atomic.Bool  // the last query for the head found another schema, or none
	begun      atomic.Bool  // … found a revision, and nothing unfinished
	trips      atomic.Int64 // queries sent outside of transactions, for tests
}

var (
	_ store.Store      = (*Store)(nil)
	_ store.BulkLoader = (*Store)(nil)
	_ store.Importer   = (*Store)(nil)
)

// Open connects to a server, and brings its constraints and indexes up to what
// this program needs. The URI is neo4j://, neo4j+s://, bolt:// or bolt+s://
// HOST:PORT. A server that does not answer gives store.ErrUnavailable in under
// 5 s; a database that a newer program has written gives an error that says so.
// On a cluster, a revision of another process is seen as soon as the member
// that answers has it; those of this Store are always seen.
func Open(ctx context.Context, uri string, o Options) (*Store, error) {
	o = o.withDefaults()
	if u, err := url.Parse(uri); err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("the address of Neo4j does not read; write neo4j://HOST:PORT without a name or password, which come from the environment or a file")
	}
	auth := driver.NoAuth()
	if o.Username != "" {
		auth = driver.BasicAuth(o.Username, o.Password, "")
	}
	d, err := driver.NewDriverWithContext(uri, auth, func(c *config.Config) {
		c.TelemetryDisabled = true
		c.UserAgent = "vinculo"
		c.SocketConnectTimeout = o.ConnectTimeout
		c.ConnectionAcquisitionTimeout = o.AcquireTimeout
		c.MaxTransactionRetryTime = o.RetryTime
		c.MaxConnectionPoolSize = o.MaxConnections
		c.NotificationsMinSeverity = notifications.DisabledLevel
		c.ReadBufferSize = 64 << 10
	})
	if err != nil {
		return nil, fmt.Errorf("the address of Neo4j does not read: %w; write neo4j://HOST:PORT", err)
	}
	s := &Store{driver: d, options: o, vocabulary: o.Vocabulary, life: newLifetime(), first: usualFirst}
	s.texts = newTexts(s)
	s.newest.ask = s.hashOfHead
	if s.kept, err = newKeptPages(o.Kept); err != nil {
		return nil, errors.Join(err, d.Close(context.WithoutCancel(ctx)))
	}
	if err := s.migrate(ctx, uri); err != nil {
		return nil, errors.Join(err, d.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// Close implements store.Store. Calls that run are cancelled, and waited for.
func (s *Store) Close() error {
	if !s.life.end() {
		return nil
	}
	return s.driver.Close(context.Background())
}

// grace is how much longer than the caller the server waits before it ends a
// transaction by itself, should the news that the caller gave up be lost.
const grace = time.Second

// limit tells the server how long a transaction may run.
func limit(ctx context.Context) func(*driver.TransactionConfig) {
	if deadline, ok := ctx.Deadline(); ok {
		return driver.WithTxTimeout(max(time.Until(deadline), 0) + grace)
	}
	return func(*driver.TransactionConfig) {}
}

// read runs one query in a transaction of its own: one round trip for the
// caller's budget.
func (s *Store) read(ctx context.Context, q query, params map[string]any) ([]*driver.Record, error) {
	ctx, done, err := s.life.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	s.trips.Add(1)
	start := time.Now()
	rows, err := s.ask(ctx, q, params)
	if err != nil && ctx.Err() == nil && (passing(err) || lost(err) && time.Since(start) < s.options.RetryTime) {
		rows, err = s.askAgain(ctx, q, params)
	}
	return rows, s.fault(ctx, q.name, err)
}

// session is for writes. It shares its bookmarks with all reads of the store,
// so that these see what was written before them wherever they are routed.
func (s *Store) session(ctx context.Context) driver.SessionWithContext {
	return s.driver.NewSession(ctx, driver.SessionConfig{
		DatabaseName:    s.options.Database,
		AccessMode:      driver.AccessModeWrite,
		BookmarkManager: s.driver.ExecuteQueryBookmarkManager(),
	})
}

// fault gives an error of the driver the meaning it has in the seam.
func (s *Store) fault(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case s.life.ended():
		return store.ErrClosed
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && doing != readHead.name && !s.answers(ctx):
		why := evidence.Fault{Code: evidence.Unavailable, Message: "the store did not answer in time; try again in a moment"}
		return fmt.Errorf("%w: neo4j: %s: %w", store.ErrUnavailable, doing, why)
	case ctx.Err() != nil:
		return fmt.Errorf("neo4j: %s: %w", doing, ctx.Err())
	case errors.Is(err, store.ErrUnavailable), !fromDriver(err):
		return err
	case isCode(err, "Neo.TransientError.General.MemoryPoolOutOfMemoryError", "Neo.TransientError.General.OutOfMemoryError"):
		return fmt.Errorf("neo4j: %s: it takes more memory than the server allows transactions; do it in several parts, or raise dbms.memory.transaction.total.max and the heap of the server: %w", doing, err)
	case unavailable(err):
		s.options.Logger.Warn().Err(err).Str("doing", doing).Msg("Neo4j does not answer")
		return fmt.Errorf("%w: neo4j: %s: %w", store.ErrUnavailable, doing, err)
	case isCode(err, "Neo.ClientError.Security.Unauthorized", "Neo.ClientError.Security.AuthenticationRateLimit", "Neo.ClientError.Security.CredentialsExpired"):
		return fmt.Errorf("neo4j: the server refuses the name and password; check them: %w", err)
	default:
		return fmt.Errorf("neo4j: %s: %w", doing, err)
	}
}

// answersWithin is how soon a server that is well says what the head is.
const answersWithin = time.Second

// answers says whether the server answers at all: where a call took too long, either
// it asked for much or the server hangs, and nothing else tells which.
func (s *Store) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answersWithin)
	defer cancel()
	_, err := s.newest.now(ctx)
	return err == nil
}

// fromDriver says whether an error, or one that it wraps, is the driver's.
func fromDriver(err error) bool {
	var (
		server   *driver.Neo4jError
		usage    *driver.UsageError
		token    *driver.TokenExpiredError
		exceeded *driver.TransactionExecutionLimit
	)
	return lost(err) || errors.As(err, &server) || errors.As(err, &usage) || errors.As(err, &token) || errors.As(err, &exceeded)
}

// last is the last error of a series of attempts that the driver gave up.
func last(err error) error {
	var exceeded *driver.TransactionExecutionLimit
	if errors.As(err, &exceeded) && len(exceeded.Errors) > 0 {
		return exceeded.Errors[len(exceeded.Errors)-1]
	}
	return err
}

// lost says whether the connection broke or could not be made.
func lost(err error) bool {
	var connectivity *driver.ConnectivityError
	return errors.As(last(err), &connectivity) || errors.Is(last(err), io.EOF)
}

// passing says whether the server refused for a reason that passes: a deadlock, a
// change of leader, or a schema that changed each time it had planned the query, as it
// does at the end of a first load, for which the server has no code of its own.
func passing(err error) bool {
	var server *driver.Neo4jError
	return errors.As(last(err), &server) && (server.IsRetriable() || strings.Contains(server.Msg, "frequent schema changes"))
}

// unavailable says whether the same call may go through later.
func unavailable(err error) bool {
	var exceeded *driver.TransactionExecutionLimit
	return lost(err) || passing(err) || errors.As(err, &exceeded)
}

// again says whether to make one more attempt at a transaction that had reached
// the server, and waits a little where the server asks for it.
func again(ctx context.Context, err error, losses int) bool {
	if losses >= maxLosses || ctx.Err() != nil || !lost(err) && !passing(err) {
		return false
	}
	if passing(err) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Duration(losses+1) * pause):
		}
	}
	return true
}

func isCode(err error, codes ...string) bool {
	var server *driver.Neo4jError
	if !errors.As(last(err), &server) {
		return false
	}
	for _, code := range codes {
		if server.Code == code {
			return true
		}
	}
	return false
}

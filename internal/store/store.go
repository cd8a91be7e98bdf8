// Package store is the seam between the domain and what keeps it: the contract
// that the embedded store (store/sqlite) and Neo4j (store/neo4j) both pass, as
// store/storetest checks.
//
// A store persists and finds record versions, atomically, and knows no rule:
// what a change set means is decided by package evidence, and the lists that
// come out are in the order of keys that evidence computes, compared as bytes.
package store

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// Errors that every store gives alike. Causes stay reachable by Unwrap.
var (
	// ErrNotFound says that there is no such record or revision.
	ErrNotFound = evidence.ErrNotFound
	// ErrUnavailable says that the store does not answer now; the same call may
	// go through later.
	ErrUnavailable = errors.New("the store does not answer")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrUncounted says that a number is not kept and would have to be counted.
	ErrUncounted = errors.New("not counted")
)

// Store keeps one graph and its log. All methods may be called at once from
// many goroutines.
type Store interface {
	// Write runs plan on a snapshot that no other writer changes before the
	// returned commit is persisted: all of it or, on any error, nothing. It
	// returns when the commit survives a crash. A commit that is not New is
	// returned as it is and nothing is written. plan may be run again when the
	// store has to retry, so it must only read the snapshot it is given; a
	// revision is never applied twice. What Commit.Erasing names is destroyed in
	// the same step: no reader opened afterwards finds it, in the present or the
	// past, and the log has the revisions as they are given there.
	Write(ctx context.Context, plan Plan) (*evidence.Commit, error)

	// Raw gives a reader of one view that is not yet judged for the past: see
	// Reader. Callers use the function Read of this package instead. A view that
	// is now sees the newest revision when Raw is called, those of other
	// processes too. The caller closes the reader.
	Raw(ctx context.Context, view evidence.View) (Reader, error)

	// Head is the state of the log, as last written by any process.
	Head(ctx context.Context) (evidence.Head, error)

	// Log yields the revisions after a sequence, oldest first, with their leaves.
	Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error]

	// Scan yields everything that is stored, as rows that are the same in every
	// store, ordered by kind and then key. `vinculo verify` compares them with
	// those of the replayed log.
	Scan(ctx context.Context) iter.Seq2[Row, error]

	// Close ends the store; readers that are open fail with ErrClosed.
	Close() error
}

// State is what `vinculo verify` reads of a store. Of a Store itself each read may
// see what was written since the one before.
type State interface {
	Head(ctx context.Context) (evidence.Head, error)
	Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error]
	Scan(ctx context.Context) iter.Seq2[Row, error]
}

// Still is a store that can be looked at as it is at one moment.
type Still interface {
	// Still calls look with a state that stays as it is, whatever is written
	// meanwhile. Its error is that of look, or says why there is no such state.
	Still(ctx context.Context, look func(State) error) error
}

// Scrubber is a store whose files keep for a while what was deleted from them.
type Scrubber interface {
	// Scrub overwrites what was deleted, wherever the store's own files hold it. It
	// waits for readers that are open, for as long as the context lasts, and may be
	// called again.
	Scrub(ctx context.Context) error
}

// Plan decides on a snapshot what is to be written.
type Plan func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error)

// BulkLoader is a store that takes a long log faster than one Write a revision.
type BulkLoader interface {
	// Load appends logged revisions, each planned by the function on a snapshot
	// that has those before it. Revisions may be made durable in groups: after a
	// crash the log ends at a revision boundary and the rest can be loaded again.
	Load(ctx context.Context, log iter.Seq2[*evidence.Revision, error], plan func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error)) error
}

// Importer is a store that takes many plans faster than one Write each.
type Importer interface {
	// Import runs plans one after the other, each on a snapshot that has what those
	// before it gave, and writes their commits, as Write does. Revisions may be made
	// durable in groups: what was planned survives a crash when Import has
	// returned, and before that the log ends at a revision boundary and the same
	// plans can be given again. At the first error, of a plan or of the sequence
	// itself, it keeps what came before and returns it; an ended context keeps only
	// the groups that were durable by then. No commit may erase.
	Import(ctx context.Context, plans iter.Seq2[Plan, error]) error
}

// WholeImporter is an Importer that can take many plans all or nothing.
type WholeImporter interface {
	Importer
	// ImportWhole is Import, but keeps nothing at an error. It does not take the
	// plans, and asks for none of them, where it cannot promise that of so many
	// records: where there are too many, or the graph is not empty.
	ImportWhole(ctx context.Context, plans iter.Seq2[Plan, error], records int) (taken bool, err error)
}

// Import writes what plans give, in their order: at once where the store is an
// Importer, else with one Write for each. See Importer.Import.
func Import(ctx context.Context, st Store, plans iter.Seq2[Plan, error]) error {
	if importer, ok := st.(Importer); ok {
		return importer.Import(ctx, plans)
	}
	for plan, err := range plans {
		if err != nil {
			return err
		}
		if _, err := st.Write(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

// Reader reads one view. Reads of now see only what the view's clearance sees,
// with everything derived filled in. Reads of the past give the versions that
// stood at the view's KnownAt with only Derived.Now, Derived.Key and Derived.Check filled
// in, the last being what the version had last. Those whose own clearance, then or now,
// is above the view's are left out; Read wraps a Reader so that the past is judged too.
//
// A reader belongs to one goroutine at a time, sees one state of the graph (in
// Neo4j: each of its queries sees one state) and is closed by its caller.
//
// A store may bound how many readers are open, and lets the next one wait. So
// whoever has one open hands control to nobody who may take their time, such as
// the consumer of a sequence, and opens others by the function Beside alone.
type Reader interface {
	// Get gives the records of the ids that the view sees; others are left out.
	// At most MaxBatch ids.
	Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error)

	// Find yields records in the order of their keys. Its cost depends on what
	// it yields, never on how many records the anchor has.
	Find(ctx context.Context, q Query) iter.Seq2[Found, error]

	// Expand yields the links at the entities of a frontier, entity by entity in
	// the order of the frontier. One round trip for the whole of it.
	Expand(ctx context.Context, x Expansion) iter.Seq2[Edge, error]

	// Candidates yields entities with a search token that begins with a prefix,
	// ordered by token and entity; an entity may come once for each such token.
	Candidates(ctx context.Context, q TokenQuery) iter.Seq2[Candidate, error]

	// Count adds up counters for each id of q.Of (or for "" where q.Of is empty).
	// It gives ErrUncounted for views of the past.
	Count(ctx context.Context, q CountQuery) (map[evidence.ID]int, error)

	// Versions gives, by id, all versions of records up to the view's KnownAt, oldest
	// first, whoever may see them; ids without any are left out. At most MaxBatch ids.
	// Judging which of them the view sees is the caller's.
	Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error)

	// EverCited gives the ids of the citations that a claim has and of those that it
	// had, whenever that was and whoever may see them, in the order of ids: those
	// after an id, at most limit. Judging which of them the view sees, and when, is
	// the caller's.
	EverCited(ctx context.Context, claim, after evidence.ID, limit int) ([]evidence.ID, error)

	// Revisions yields revisions that have a number at the view's clearance, up
	// to the view's KnownAt.
	Revisions(ctx context.Context, q RevisionQuery) iter.Seq2[*evidence.Revision, error]

	// Close ends the reader.
	Close() error
}

// MaxBatch is how many ids one call may name.
const MaxBatch = 10_000

// MaxFrontier is how many entities an Expansion may name, in Frontier and in Others:
// all that one level of a search reaches, since each level is one round trip.
const MaxFrontier = 20 * MaxBatch

// Query asks for records of one type. At most one of the anchors (Entities,
// Claims, Sources, About, Text) is set; without one, all records of the type.
type Query struct {
	Type evidence.RecordType
	// Entities anchors links that have one of them as an end in Direction (a link
	// that has two comes once), or statements of one of them.
	Entities  []evidence.ID
	Direction evidence.Direction
	// Either are kinds of links that match at either end, whatever the Direction.
	Either []string
	// Claims anchors citations of claims. Records come claim by claim in the order
	// of Claims, in each by key; Limit then counts for each claim and stance.
	Claims []evidence.ID
	// Sources anchors citations into sources, ordered by evidence.SourceKey.
	Sources []evidence.ID
	// About anchors claims that speak of one of these claims.
	About []evidence.ID
	// Text anchors records whose evidence.FullText has, for each of these folded
	// words, a word that begins with it.
	Text []string
	// Kinds keeps entity kinds, link kinds, attributes, source kinds, or stances
	// of citations; empty keeps all.
	Kinds []string
	// After is the key that the answer begins after; "" begins at the start.
	After string
	// Reverse yields in the opposite order: After is then the key that all keys
	// of the answer lie before. Not for Claims.
	Reverse bool
	// Limit is how many records are yielded at most; 1 to MaxBatch.
	Limit int
}

// Across are the kinds of links that the query finds at the ends that its
// Direction leaves out too; sorted, each once.
func (q *Query) Across() []string {
	if q.Type != evidence.LinkRecord || len(q.Entities) == 0 || q.Direction == evidence.Any {
		return nil
	}
	across := slices.DeleteFunc(slices.Clone(q.Either), func(kind string) bool {
		return len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kind)
	})
	slices.Sort(across)
	return slices.Compact(across)
}

// Found is a record with the key of its place in the list that was asked for.
type Found struct {
	Record *evidence.Record
	Key    string
}

// Expansion asks for the links of a frontier of entities.
type Expansion struct {
	Frontier  []evidence.ID // at most MaxFrontier
	Direction evidence.Direction
	Either    []string // kinds that match at either end, as in Query
	Kinds     []string // empty: all
	// Others, where there are any, keeps only edges of which the end that is not in
	// the frontier (of a link of one entity with itself: either) is one of them,
	// before the limits. They are sorted, each once, at most MaxFrontier. Of an entity
	// with very many links, those to few others cost little to find.
	Others []evidence.ID
	// MinStrength keeps only edges of at least that strength, 0 to 1000, before the
	// limits.
	MinStrength int
	// Keep, where set, keeps only the edges it is true for, before the limits.
	Keep func(*Edge) bool
	// Strongest asks for the strongest links of each entity first, those of one
	// strength by key; else the order is by key.
	Strongest bool
	// PerNode limits the edges of each entity; 0 does not.
	PerNode int
	// Total limits the edges of the whole answer; 1 or more.
	Total int
}

// Keeps says whether Others, MinStrength and Keep keep an edge that has its At.
func (x Expansion) Keeps(e *Edge) bool {
	return x.joins(e) && int(e.Strength) >= x.MinStrength && (x.Keep == nil || x.Keep(e))
}

// Passes says whether an edge that has its At is of the Kinds, and passed in the
// Direction or of a kind that is passed in either.
func (x Expansion) Passes(e *Edge) bool {
	at := x.Frontier[e.At]
	return (len(x.Kinds) == 0 || slices.Contains(x.Kinds, e.Kind)) &&
		(x.Direction != evidence.Incoming && e.From == at || x.Direction != evidence.Outgoing && e.To == at || slices.Contains(x.Either, e.Kind))
}

// joins says whether the other end of an edge is one of Others.
func (x Expansion) joins(e *Edge) bool {
	if len(x.Others) == 0 {
		return true
	}
	other := e.To
	if other == x.Frontier[e.At] {
		other = e.From
	}
	_, among := slices.BinarySearch(x.Others, other)
	return among
}

// InMemory is about how many bytes a record takes in memory, decoded and in a map,
// that is stored in so many: 627 were measured of records of some 140.
func InMemory(stored int) int { return 400 + 2*stored }

// Edge is a link as a traversal needs it.
type Edge struct {
	Link     evidence.ID
	From, To evidence.ID
	Kind     string
	// At is the index in the frontier of the entity it was reached from.
	At int
	// Standing, Strength and Disputed are as the view's clearance sees them.
	Standing evidence.Standing
	Strength uint16
	Disputed bool
	Accepted bool // of a SAME_AS link
	// Bounds are those of the valid time; Dated is false where it has no date.
	Bounds edtf.Bounds
	Dated  bool
	// Doubtful is set where the valid time has more to it than its bounds: `?`,
	// or observed dates. Who needs certainty then reads the record.
	Doubtful bool
	// FromPlaceholder and ToPlaceholder tell ends of identity UNIDENTIFIED or CLASS.
	FromPlaceholder, ToPlaceholder bool
}

// TokenQuery asks for search tokens.
type TokenQuery struct {
	Prefix       string // folded; not empty; with a blank at its end, the whole token
	Placeholders bool   // also entities of identity UNIDENTIFIED or CLASS
	Limit        int
}

// Candidate is an entity that has a token.
type Candidate struct {
	Token  string
	Entity evidence.ID
}

// CountQuery asks for counters.
type CountQuery struct {
	Of        []evidence.ID // entities, or sources; empty: the whole graph
	Type      evidence.RecordType
	Direction evidence.Direction // of links of an entity
	Either    []string           // kinds that match at either end, as in Query
	Kinds     []string           // empty: all
}

// RevisionQuery asks for revisions by their number at the view's clearance.
type RevisionQuery struct {
	After  uint64 // only later numbers
	Before uint64 // only earlier numbers; 0: no bound
	Newest bool   // newest first
	Limit  int
	Leaves bool // with their payload
	// MostLeaves, where it is not 0, is how many leaves of each are given at the most,
	// the first ones. It costs little then to read revisions of very many.
	MostLeaves int
}

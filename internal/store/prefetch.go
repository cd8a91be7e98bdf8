package store

import (
	"context"

	"github.com/vinculo/vinculo/internal/evidence"
)

// Prefetcher is a reader of now that answers, in one round trip, what a page and
// the things that hang on its rows would take several calls for. Stores whose
// calls cost no round trip need not have it.
type Prefetcher interface {
	// Prefetch reads what p names. All of it is of one state of the graph. What an
	// answer leaves out the caller asks for by the methods of Reader, which give
	// the same; a reader of the past gives ErrUncounted.
	Prefetch(ctx context.Context, p Prefetch) (*Prefetched, error)
}

// Prefetch says what is read together. Everything is optional.
type Prefetch struct {
	// Get are ids of records; at most MaxBatch.
	Get []evidence.ID
	// Count asks for counters, as Reader.Count.
	Count *CountQuery
	// Page asks for links or statements, of entities (Query.Entities) or all of
	// them, as Reader.Find; Query.Text and Query.About are not allowed.
	Page *Query
	// Ends adds the records of the entities at the ends of the page's claims.
	Ends bool
	// Citations adds, for each claim of the page, up to so many citations of each
	// stance, with the records of their sources and of the entities that assert
	// there. A claim with a great many citations may be left out.
	Citations int
}

// Prefetched is what Prefetch gives.
type Prefetched struct {
	// Sequence is that of the newest revision, of which all the rest is.
	Sequence evidence.Sequence
	// Records has the records of Get, of ends, of sources and of asserters that the
	// view sees.
	Records map[evidence.ID]*evidence.Record
	// Counts is what Reader.Count gives, of Count.
	Counts map[evidence.ID]int
	// Page is what Reader.Find gives, of Page.
	Page []Found
	// Cited has an entry for each claim of the page whose citations were read:
	// those that Reader.Find gives for it, with Citations as the limit.
	Cited map[evidence.ID][]Found
}

package trace

import (
	"sync/atomic"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// maxSifted is how many records the lists of one request look at to find what their
// filters keep: a query may ask for such a list below each row of another one. It is
// some seconds of Neo4j. Tests lower it.
var maxSifted = 100_000

// judged is how many records are read to judge a claim of the past: what cites it and
// its ends too.
const judged = 3

// sifting is what is left of that. The sessions of a request share it.
type sifting struct{ left atomic.Int64 }

func newSifting() *sifting {
	s := &sifting{}
	s.left.Store(int64(maxSifted))
	return s
}

// share is how many records of a type one of several lists may look at, which get as
// many each.
func (s *Session) share(t evidence.RecordType, lists int) int {
	return min(scanBudget, s.siftable(t)/max(lists, 1))
}

// siftable is how many records of a type may be looked at.
func (s *Session) siftable(t evidence.RecordType) int {
	return int(max(s.sifting.left.Load(), 0)) / s.costs(t)
}

// sift notes that so many records were looked at.
func (s *Session) sift(t evidence.RecordType, looked int) {
	s.sifting.left.Add(-int64(looked * s.costs(t)))
}

// costs is what it takes to read a record of a type.
func (s *Session) costs(t evidence.RecordType) int {
	if !s.view.IsNow() && (t.IsClaim() || t == evidence.CitationRecord) {
		return judged
	}
	return 1
}

// sieve lets a test of edges look at so many that it does not keep, and notes of
// which places in a frontier it did not find out what it keeps.
type sieve struct {
	test    func(*store.Edge) bool
	left    int
	unknown map[int]bool
}

// keep is what an expansion asks. What is kept beyond the end of the budget is for
// passes to find.
func (s *sieve) keep(e *store.Edge) bool {
	if s.test(e) {
		return true
	}
	s.left--
	return s.left < 0
}

// passes leaves out again what was not to be kept.
func (s *sieve) passes(e *store.Edge) bool {
	if s.left >= 0 || s.test(e) {
		return true
	}
	s.ends(e.At)
	return false
}

// ends notes that of a place not everything was found.
func (s *sieve) ends(at int) {
	if s.unknown == nil {
		s.unknown = map[int]bool{}
	}
	s.unknown[at] = true
}

// unsifted refuses a list that can be given only whole, when nothing is left.
func unsifted() error {
	return evidence.Faulty(evidence.LimitExceeded, "filter", "to find what the filters of this query keep, %d records were looked at, as many as may be for one; ask for fewer lists at once, or without a filter", maxSifted)
}

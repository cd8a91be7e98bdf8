package trace

import "testing"

// LowerBudgets lowers, for a test, how many links one question may read and how
// many steps it may take.
func LowerBudgets(tb testing.TB, links, steps int) {
	tb.Helper()
	oldLinks, oldSteps, oldRanked, oldBest := maxWalkLinks, maxWalkSteps, maxRanked, maxBestSteps
	maxWalkLinks, maxWalkSteps, maxRanked, maxBestSteps = links, steps, 2*links, steps
	tb.Cleanup(func() { maxWalkLinks, maxWalkSteps, maxRanked, maxBestSteps = oldLinks, oldSteps, oldRanked, oldBest })
}

// LowerSifting lowers how many records the lists of one request look at, until it is
// undone.
func LowerSifting(records int) (undo func()) {
	was := maxSifted
	maxSifted = records
	return func() { maxSifted = was }
}

// LowerPast lowers, for a test, how many links one question may read of the past.
func LowerPast(tb testing.TB, links int) {
	tb.Helper()
	was := maxPastLinks
	maxPastLinks = links
	tb.Cleanup(func() { maxPastLinks = was })
}

// LowerDoubtful lowers, for a test, of how many links a search for paths reads the
// record to tell when they held.
func LowerDoubtful(tb testing.TB, links int) {
	tb.Helper()
	was := maxDoubtful
	maxDoubtful = links
	tb.Cleanup(func() { maxDoubtful = was })
}

// LowerSpread lowers, for a test, how many links are read of what lies around a
// place, and inside of it.
func LowerSpread(tb testing.TB, links int) {
	tb.Helper()
	was := maxSpreadLinks
	maxSpreadLinks = links
	tb.Cleanup(func() { maxSpreadLinks = was })
}

// OpenSmall has searches for the strongest paths, for a test, read the first level
// anew in every pass wherever it has more than so many links.
func OpenSmall(tb testing.TB, links int) {
	tb.Helper()
	was := maxOpening
	maxOpening = links
	tb.Cleanup(func() { maxOpening = was })
}

// HoldBackEarly has searches for paths, for a test, hold back entities of so many
// links wherever fewer do then, however few there are.
func HoldBackEarly(tb testing.TB, links int) {
	tb.Helper()
	wasDear, wasLookup := dear, lookup
	dear, lookup = links, 0
	tb.Cleanup(func() { dear, lookup = wasDear, wasLookup })
}

// LowerCandidates lowers, for a test, how many entities a search compares, and how
// much of the index it reads to find out which.
func LowerCandidates(tb testing.TB, compared, entries int) {
	tb.Helper()
	wasCompared, wasEntries := maxCandidates, maxEntries
	maxCandidates, maxEntries = compared, entries
	tb.Cleanup(func() { maxCandidates, maxEntries = wasCompared, wasEntries })
}

// LowerShare lowers, for a test, how many links of an entity are read at first,
// however many others there are.
func LowerShare(tb testing.TB, links int) {
	tb.Helper()
	was := leastShare
	leastShare = links
	tb.Cleanup(func() { leastShare = was })
}

// LowerMatched lowers, for a test, how many entities are compared with a name.
func LowerMatched(tb testing.TB, compared int) {
	tb.Helper()
	was := maxMatched
	maxMatched = compared
	tb.Cleanup(func() { maxMatched = was })
}

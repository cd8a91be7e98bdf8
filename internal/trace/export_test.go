package trace

import "testing"

// SetDiffWindow has a diff take in few records at a time, for the time of a test.
func SetDiffWindow(t *testing.T, n int) {
	t.Helper()
	old := diffWindow
	diffWindow = n
	t.Cleanup(func() { diffWindow = old })
}

// LowerReading lowers, for a test, how much is read for one page of duplicates.
func LowerReading(tb testing.TB, read int) {
	tb.Helper()
	was := maxRead
	maxRead = read
	tb.Cleanup(func() { maxRead = was })
}

// LowerLikeness lowers, for a test, how many bytes of names one question makes ready
// to be compared, and how many steps it compares them for.
func LowerLikeness(tb testing.TB, letters, steps int) {
	tb.Helper()
	wasSpelled, wasCompared := maxSpelled, maxCompared
	maxSpelled, maxCompared = letters, steps
	tb.Cleanup(func() { maxSpelled, maxCompared = wasSpelled, wasCompared })
}

// ShortenTimelines lowers, for a test, how many claims a timeline orders.
func ShortenTimelines(tb testing.TB, claims int) {
	tb.Helper()
	was := maxTimeline
	maxTimeline = claims
	tb.Cleanup(func() { maxTimeline = was })
}

// CountUpTo lowers, for a test, up to where is counted what no counter knows.
func CountUpTo(tb testing.TB, n int) {
	tb.Helper()
	was := countLimit
	countLimit = n
	tb.Cleanup(func() { countLimit = was })
}

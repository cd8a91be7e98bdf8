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

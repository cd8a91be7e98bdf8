package trace

import "testing"

// SetDiffWindow has a diff take in few records at a time, for the time of a test.
func SetDiffWindow(t *testing.T, n int) {
	t.Helper()
	old := diffWindow
	diffWindow = n
	t.Cleanup(func() { diffWindow = old })
}

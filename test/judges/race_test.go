//go:build race

package judges_test

// slower is how many times slower the race detector makes what is timed.
const slower = 10

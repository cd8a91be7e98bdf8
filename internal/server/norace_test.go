//go:build !race

package server_test

// slower is how many times slower the race detector makes what is timed.
const slower = 1

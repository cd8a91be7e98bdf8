//go:build race

package quote_test

// pathological is the length of a text that is hard to search: less than 50 MB,
// since the race detector makes each step ten times as long.
const pathological = 4 << 20

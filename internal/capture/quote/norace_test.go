//go:build !race

package quote_test

// pathological is the length of a text that is hard to search.
const pathological = 50 << 20

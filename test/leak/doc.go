// Package leak holds the leak test: whatever is added to a graph above a reader's
// clearance, no answer that the reader can get changes by one byte; and what is
// raised above it is gone from every moment of the past. Nor does the erasure of what
// the reader sees tell what was hidden in it.
//
// The operations that are asked lie in cases/*.graphql. Each file says in its first
// line who asks. A variable gets its values by its name (see pools in the test),
// and one named `after` or `before` has the pages of the list walked through.
// A field, an argument or a field of an input that no operation names fails the
// test with its name: add it to a case.
//
// It is done for readers of PUBLIC, with RESTRICTED and CONFIDENTIAL records
// hidden, and for readers of RESTRICTED, with CONFIDENTIAL ones. What fits into a
// run of all tests is little; VINCULO_LEAK_TIMES=20 tries twenty times as much.
package leak

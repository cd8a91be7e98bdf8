//go:build !unix

package neo4jtest

import "fmt"

// guard starts no server here: the guard process is a Unix shell. Set
// VINCULO_TEST_NEO4J_URI to test against a server of your own.
type guard struct{}

func startGuard(string, launch) (*guard, error) {
	return nil, fmt.Errorf("%w: starting one needs a Unix system; set VINCULO_TEST_NEO4J_URI", ErrUnavailable)
}

func (*guard) serverEnded() bool  { return true }
func (*guard) printed(int) string { return "" }
func (*guard) stop() error        { return nil }

func lockFile(string) (func(), error) {
	return nil, fmt.Errorf("%w: locking the database between test processes needs a Unix system", ErrUnavailable)
}

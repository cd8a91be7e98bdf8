package neo4j

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// TestOpenedAtOnce has programs open an empty database together, of which each makes the
// same indexes and constraints. The server lets nobody see one before it is made, and
// refuses to make it twice.
func TestOpenedAtOnce(t *testing.T) {
	s := open(t)
	for _, step := range s.schemaSteps() {
		what := "INDEX"
		if isConstraint(step.text) {
			what = "CONSTRAINT"
		}
		neo4jtest.Cypher(t, "DROP "+what+" `"+step.name+"` IF EXISTS", nil)
	}
	const programs = 4
	opened := make(chan error, programs)
	for range programs {
		go func() {
			s, err := Open(t.Context(), neo4jtest.URI(t), Options{})
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
	}
	var all error
	for range programs {
		all = errors.Join(all, <-opened)
	}
	require.NoError(t, all)
	steps, err := s.missing(t.Context())
	require.NoError(t, err)
	require.Empty(t, steps)
}

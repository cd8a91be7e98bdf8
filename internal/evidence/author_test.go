package evidence_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestAuthorIsJudged: the name of the author stays in the log for good, as the
// reason does.
func TestAuthorIsJudged(t *testing.T) {
	for _, name := range []string{"", " ", "x\x1b[2J", "x\ny", "x\u009b", "x\xff", strings.Repeat("ñ", 501)} {
		g := base(t)
		by := top
		by.Name = name
		require.Equal(t, []string{"INVALID_INPUT author"}, g.refuse(by, &evidence.ChangeSet{Changes: []evidence.Change{entity("p9", "PERSON", "Otra")}}), "%q", name)
		var faults evidence.Faults
		require.ErrorAs(t, evidence.CheckErasure(by, " "), &faults)
		require.Equal(t, []string{"author", "ground"}, []string{faults[0].Path, faults[1].Path})
	}
	by := top
	by.Name = strings.Repeat("ñ", 500)
	g := base(t)
	g.must(by, entity("p9", "PERSON", "Otra"))
	require.NoError(t, evidence.CheckErasure(by, "order"))
}

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLogListsWhatCouldBeRead damages a revision in the midst of a log.
func TestLogListsWhatCouldBeRead(t *testing.T) {
	name, path := storeFile(t)
	succeeds(t, "import", "--store", name, "--batch", "300", caseFolder(t))
	whole := succeeds(t, "log", "--store", name)
	alter(t, path, "UPDATE revision SET payload = x'00' WHERE seq = 3")

	for _, flags := range [][]string{{}, {"--json"}} {
		r := run(t, append([]string{"log", "--store", name}, flags...)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.errors, "sequence 3")
		require.Equal(t, 2, strings.Count(r.out, "\n"), r.out)
		if len(flags) == 0 {
			require.True(t, strings.HasPrefix(whole, r.out), r.out)
		}
	}
}

package open

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnEmptyVariableIsAsNone beside a file that holds the value.
func TestAnEmptyVariableIsAsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("s3cret\n"), 0o600))
	t.Setenv(PasswordVariable, "")
	t.Setenv(PasswordVariable+"_FILE", file)
	value, err := setting(PasswordVariable)
	require.NoError(t, err)
	require.Equal(t, "s3cret", value)
	t.Setenv(PasswordVariable, "another")
	value, err = setting(PasswordVariable)
	require.NoError(t, err)
	require.Equal(t, "another", value)
}

// TestEachEndHasItsOwn setting, or that of both.
func TestEachEndHasItsOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("of-to\n"), 0o600))
	t.Setenv(PasswordVariable, "of-both")
	t.Setenv(PasswordVariable+"_TO_FILE", file)
	for end, want := range map[string]string{"": "of-both", "FROM": "of-both", "TO": "of-to"} {
		value, err := settingOf(PasswordVariable, end)
		require.NoError(t, err)
		require.Equal(t, want, value, end)
	}
	t.Setenv(PasswordVariable+"_FROM", "of-from")
	value, err := settingOf(PasswordVariable, "FROM")
	require.NoError(t, err)
	require.Equal(t, "of-from", value)
}

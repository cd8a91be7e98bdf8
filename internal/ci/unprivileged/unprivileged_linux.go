// Package unprivileged lets tests of what somebody may not do run as root, too, who
// may do everything, as CI does.
package unprivileged

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is the user, and the group, that owns nothing.
const nobody = 65534

// Run runs the test that calls it once more, in a process that belongs to nobody,
// where this one belongs to root. The caller returns where done is true. A test that
// uses it finds no files of its package: its folder is a temporary one.
func Run(t *testing.T) (done bool) {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	// Not t.TempDir(), which only its owner may enter.
	folder, err := os.MkdirTemp("", "vinculo-unprivileged-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chown(folder, nobody, nobody))
	program := filepath.Join(folder, "test")
	copyProgram(t, program)

	command := exec.CommandContext(t.Context(), program, "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count=1")
	command.Dir = folder
	command.Env = append(os.Environ(), "HOME="+folder, "TMPDIR="+folder)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: "+t.Name(), "it is run and not skipped")
	return true
}

// copyProgram copies this program to where nobody may run it: `go test` builds it in
// a folder of root's.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	from, err := os.Open(self)
	require.NoError(t, err)
	defer func() { require.NoError(t, from.Close()) }()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // nobody is to run it
	require.NoError(t, err)
	_, err = io.Copy(file, from)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

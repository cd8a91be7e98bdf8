package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/capture/blob/blobtest"
)

// unread runs the program with a standard output whose reader has gone, as that of
// `… | true`, and gives what it said of that.
func unread(t *testing.T, args ...string) string {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	var faults bytes.Buffer
	command := program(t, args...)
	temporary := t.TempDir()
	command.Env = append(command.Env, "TMPDIR="+temporary)
	command.Stdout, command.Stderr = writer, &faults
	var ended *exec.ExitError
	require.ErrorAs(t, command.Run(), &ended)
	require.NoError(t, writer.Close())
	require.Equal(t, 1, ended.ExitCode(), "%s: %s", ended, faults.String())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left, "what is temporary goes")
	return faults.String()
}

// TestAReaderThatGoes leaves no command half done.
func TestAReaderThatGoes(t *testing.T) {
	name, path := storeFile(t)
	quotedStore(t, name)
	succeeds(t, "capture", "add", "--store", name, "nota", writeFile(t, "nota.txt", "la «verdad histórica»"))
	require.Len(t, blobtest.Kept(t, path+".captures"), 1)
	target, targetPath := storeFile(t)
	for _, args := range [][]string{
		{"verify", "--store", name},
		{"copy", "--from", name, "--to", target},
		{"erase", "--store", name, "--ground", "order 7", "--yes", "nota"},
	} {
		require.Contains(t, unread(t, args...), "what was to be read there is not whole", args[0])
	}
	require.Len(t, blobtest.Kept(t, targetPath+".captures"), 1, "it is carried")
	require.Empty(t, blobtest.Kept(t, path+".captures"), "it is deleted")
}

// TestAServerWhoseLogNobodyReads goes on serving.
func TestAServerWhoseLogNobodyReads(t *testing.T) {
	command := program(t, "serve", "--demo", "--listen", "127.0.0.1:0", "--log-level", "debug")
	command.Env = append(command.Env, "TMPDIR="+t.TempDir())
	log, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() }) // where it goes on though it should not
	var serving struct{ GraphQL string }
	for lines := bufio.NewScanner(log); serving.GraphQL == "" && lines.Scan(); {
		if strings.Contains(lines.Text(), `"serving"`) {
			require.NoError(t, json.Unmarshal(lines.Bytes(), &serving))
		}
	}
	require.NotEmpty(t, serving.GraphQL)
	require.NoError(t, log.Close())
	for range 5 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, serving.GraphQL, strings.NewReader(`{"query": "{ stats { links } }"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
	}
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.NoError(t, command.Wait())
}

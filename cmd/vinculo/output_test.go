package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var errFull = errors.New("no space left on device")

// full is an output that takes nothing, as a file on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestAFailedWriteIsNoSuccess: of no command.
func TestAFailedWriteIsNoSuccess(t *testing.T) {
	name, _ := storeFile(t)
	quotedStore(t, name)
	target := func() string { s, _ := storeFile(t); return s }
	secret := newToken(t, name, "--name", "Ana").Token.ID
	for _, args := range [][]string{
		{"--help"},
		{"version"},
		{"verify", "--store", name},
		{"verify", "--store", name, "--json"},
		{"log", "--store", name},
		{"copy", "--from", name, "--to", target()},
		{"copy", "--from", name, "--to", target(), "--clearance", "PUBLIC", "--follow"},
		{"import", "--store", target(), quotedCase(t)},
		{"import", "--store", target(), "--json", quotedCase(t)},
		{"generate", "--store", target(), "--entities", "5", "--links", "5"},
		{"generate", "--jsonl", "--entities", "5", "--links", "5"},
		{"query", "--store", name, "{ stats { links } }"},
		{"query", "--store", name, "{ nothing }"},
		{"capture", "add", "--store", name, "nota", writeFile(t, "nota.txt", "nota")},
		{"capture", "similar", "--store", name},
		{"token", "list", "--store", name},
		{"token", "revoke", "--store", name, secret},
		{"erase", "--store", name, "--ground", "order", "--yes", "nota"},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			var faults bytes.Buffer
			m := &Main{Stdin: strings.NewReader(""), Stdout: full{}, Stderr: &faults}
			err := m.Run(t.Context(), args)
			err = errors.Join(err, m.Close())
			m.Report(err)
			require.Equal(t, 1, ExitCode(err))
			require.Equal(t, 1, strings.Count(faults.String(), errFull.Error()), faults.String())
		})
	}
}

// Command gen writes what follows from the vocabulary: the enums of the schema
// (graph/vocabulary.graphqls) and the documentation page (docs/vocabulary.md).
//
//	go run ./internal/evidence/vocabulary/gen            # in the root of the project
//	go generate ./internal/evidence/vocabulary           # the same
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

func main() {
	root := flag.String("root", ".", "the root of the project")
	flag.Parse()
	if err := write(*root); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	v := vocabulary.Standard()
	for path, text := range map[string]string{
		"graph/vocabulary.graphqls": v.GraphQL(),
		"docs/vocabulary.md":        v.Markdown(),
	} {
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a source file
			return err
		}
	}
	return nil
}

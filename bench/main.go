// Command bench sets Vínculo beside what one would use instead, in one run on one
// machine, with the same data:
//
//	make bench                       # small: a few minutes
//	make bench SCALE=medium          # 100,000 entities, 500,000 links
//	make bench SCALE=full            # and 1,000,000 entities, 5,000,000 links embedded
//	go run ./bench --only path,paths # some of the questions
//	go run ./bench page              # write docs/performance.md again
//
// It generates a graph, starts everybody as a process of their own, compares
// every answer with the graph and with the others' before any is timed, and asks
// from yet another process, each contender in turn, several times over. What it
// finds is printed as tables; a whole run also goes to bench/results and into
// docs/performance.md.
//
// What is not installed (Node, Python, Java) is skipped, with a word on why.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/vinculo/vinculo/bench/report"
)

// parts are what --only may name.
var parts = append(slices.Clone(cardQuestions), report.Path, report.Paths, report.Around, "growth")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted; all processes are ended")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	page := filepath.Join(root, "docs", "performance.md")
	committed := filepath.Join(root, "bench", "results")
	if len(args) == 1 && args[0] == "page" {
		return writeAll(page, committed)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	name := flags.String("scale", "small", "how much: tiny (to try it out), small, medium or full")
	only := flags.String("only", "", "ask only these `questions`, of "+strings.Join(parts, ", ")+"; the results are then not kept with the project")
	asJSON := flags.Bool("json", false, "print the results as JSON instead of tables")
	results := flags.String("results", "", "keep results and charts in this `folder`, and leave the page alone")
	seed := flags.Uint64("seed", 1, "makes the graph and chooses what is asked about")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not understood; see go run ./bench -h", flags.Arg(0))
	}
	size, ok := sizes[*name]
	if !ok {
		return fmt.Errorf("--scale is %q; give tiny, small, medium or full", *name)
	}
	wanted, err := chosen(*only)
	if err != nil {
		return err
	}
	b := &bench{root: root, size: size, seed: *seed, wanted: wanted, began: time.Now()}
	b.found.Scale, b.found.Command = *name, "make bench SCALE="+*name
	if *only != "" {
		b.found.Command = "go run ./bench --scale " + *name + " --only " + *only
	}
	err = b.all(ctx)
	b.stopAll()
	if err != nil {
		return err
	}
	keep := *results
	if keep == "" && *only != "" {
		keep = filepath.Join(root, "build", "bench", "results")
	}
	if keep == "" {
		keep = committed
	}
	if err := b.found.Save(keep); err != nil {
		return err
	}
	if keep == committed {
		if err := report.WritePage(page, committed); err != nil {
			return err
		}
	}
	b.say("the results are in %s", filepath.Join(keep, *name+".json"))
	if *asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(b.found); err != nil {
			return err
		}
	} else {
		fmt.Print(b.found.Text())
	}
	if n := len(b.found.Failed); n > 0 {
		return fmt.Errorf("%d of the questions failed; see above", n)
	}
	return nil
}

// writeAll draws the charts of all results again and writes them into the page.
func writeAll(page, results string) error {
	files, err := filepath.Glob(filepath.Join(results, "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		r, err := report.Read(file)
		if err != nil {
			return err
		}
		if err := r.Save(results); err != nil {
			return err
		}
	}
	return report.WritePage(page, results)
}

func chosen(only string) (map[string]bool, error) {
	wanted := map[string]bool{}
	for _, part := range parts {
		wanted[part] = only == ""
	}
	if only == "" {
		return wanted, nil
	}
	for part := range strings.SplitSeq(only, ",") {
		part = strings.TrimSpace(part)
		if !slices.Contains(parts, part) {
			return nil, fmt.Errorf("--only names %q, which is none of %s", part, strings.Join(parts, ", "))
		}
		wanted[part] = true
	}
	return wanted, nil
}

// findRoot is the folder of the module, in which everything is found.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "bench", "rivals")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("neither %s nor a folder above it is Vínculo's source; run this inside of it", dir)
		}
	}
}

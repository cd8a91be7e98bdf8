package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/ingest/casefile"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/store/sqlite"
)

type importCmd struct {
	Dir         string `arg:"" help:"The folder with sources.csv, entities.csv, links.csv, statements.csv and citations.csv."`
	Store       string `required:"" placeholder:"STORE" help:"The store to write to; an sqlite file is made where there is none."`
	Batch       int    `default:"0" placeholder:"N" help:"Write a revision for every N changes, so that an import cut short can be run again; 0 writes one revision."`
	DryRun      bool   `env:"-" help:"Check everything and write nothing."`
	LimitFaults int    `default:"100" placeholder:"N" help:"How many faults to tell; 0 tells all."`
	Author      string `default:"import" placeholder:"NAME" help:"Who is named as the author in the log."`
	Reason      string `default:"import of a case file" help:"Why, as the log says."`
	JSON        bool   `name:"json" env:"-" help:"Write the result as JSON."`
	blobPlace
	kinds
}

// Help shows examples.
func (importCmd) Help() string {
	return `All of it is checked before anything is written. Each fault is told as
file:line: column: what is wrong. Running it twice changes nothing.

Examples:

    vinculo import --store sqlite:case.db data/ayotzinapa
    vinculo import --store sqlite:case.db --dry-run my-case
    vinculo import --store neo4j://localhost:7687 --batch 1000 my-case`
}

// Run imports a folder.
func (c *importCmd) Run(ctx context.Context, m *Main) error {
	defer m.loading()()
	v, err := c.load()
	if err != nil {
		return err
	}
	if c.Batch < 0 || c.LimitFaults < 0 {
		return usageError{errors.New("--batch and --limit-faults cannot be negative")}
	}
	// Whoever set it thinks that nothing is written. Taken from there and forgotten, it
	// would drop what another run is to write.
	if !c.DryRun && os.Getenv("VINCULO_DRY_RUN") != "" {
		return usageError{errors.New("VINCULO_DRY_RUN is set, and a dry run is never taken from a variable; unset it to write, or give --dry-run")}
	}
	if !c.DryRun {
		if err := checkLasting("--store", c.Store); err != nil {
			return err
		}
	}
	if info, err := os.Stat(c.Dir); err != nil {
		return fmt.Errorf("the folder to import: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a folder; name the folder that holds sources.csv and the others", c.Dir)
	}
	options := casefile.ImportOptions{Author: archivist(c.Author), Reason: c.Reason, Batch: c.Batch, DryRun: c.DryRun}
	planner := newPlanner(v)
	if err := options.Check(ctx, planner); err != nil {
		return err
	}
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, false)
	if err != nil {
		return err
	}
	// A large folder takes its time to read: what cannot be opened is told before.
	st, err := c.openExisting(ctx, m, v)
	if err != nil {
		return err
	}
	file, err := casefile.Read(os.DirFS(c.Dir), casefile.Options{Vocabulary: v, MaxFaults: c.LimitFaults})
	if err != nil {
		return err
	}
	takeBack := func() error { return nil }
	if st == nil {
		if st, takeBack, err = c.begin(ctx, m, v, c.DryRun || file.Faulty()); err != nil {
			return err
		}
	}
	if blobs != nil {
		st = m.newArchive(st, planner, blobs, m.newLogger(zerolog.WarnLevel)).Checking()
	}
	bar := m.newProgress()
	options.Progress = func(done, total int) { bar.show("importing", uint64(done), uint64(total)) }
	result, err := file.Import(ctx, st, planner, options)
	bar.finish()
	if err != nil {
		return errors.Join(c.explain(m, file, err), takeBack())
	}
	return c.tell(m, file, result)
}

// openExisting opens the store as far as there is one; nil where there is none yet.
func (c *importCmd) openExisting(ctx context.Context, m *Main, v *vocabulary.Vocabulary) (store.Store, error) {
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok && path != "" {
		if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			return nil, checkFolder(path)
		}
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, Existing: true, AsItIs: c.DryRun})
	if errors.Is(err, open.ErrNoGraph) {
		return nil, nil //nolint:nilnil // there is none
	}
	return st, err
}

// checkFolder refuses a file that is to be made where there is no folder for it.
func checkFolder(path string) error {
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("store %s: there is no folder %s; make it first, or mend the path", path, folder)
	}
	return nil
}

// begin begins a graph where there is none. Where nothing will be written, none is
// begun. What it gives beside the graph takes a file back in which nothing was written
// after all: an empty graph in it would answer every question, with nothing.
func (c *importCmd) begin(ctx context.Context, m *Main, v *vocabulary.Vocabulary, dry bool) (st store.Store, takeBack func() error, err error) {
	takeBack = func() error { return nil }
	if dry {
		st, err = m.openTemporary(ctx, v)
		return st, takeBack, err
	}
	path, isFile := strings.CutPrefix(c.Store, "sqlite:")
	_, err = os.Stat(path)
	wasThere := err == nil
	st, err = m.openStore(ctx, c.Store, open.Options{Vocabulary: v})
	if err == nil && isFile {
		takeBack = func() error {
			return errors.Join(st.Close(), sqlite.Unmake(context.WithoutCancel(ctx), path, wasThere))
		}
	}
	return st, takeBack, err
}

// explain names the files of faults as the user does.
func (c *importCmd) explain(m *Main, file *casefile.File, err error) error {
	var faults *casefile.Faults
	if !errors.As(err, &faults) {
		return err
	}
	told := &foundFaults{}
	for _, f := range faults.List {
		f.File = filepath.Join(c.Dir, f.File)
		told.lines = append(told.lines, f.Error())
	}
	all := len(faults.List) + faults.More
	told.summary = fmt.Sprintf("%s; nothing was imported", plural(all, "fault"))
	if faults.More > 0 {
		told.summary = fmt.Sprintf("%s, of which %d are told; nothing was imported", plural(all, "fault"), len(faults.List))
	}
	if c.JSON {
		rows, _ := counts(file)
		return errors.Join(c.writeJSON(m, casefile.Result{}, rows, told.lines, faults.More > 0), told)
	}
	return told
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counts are the rows of each file, and the same in words.
func counts(file *casefile.File) (rows map[string]int, counted []string) {
	rows = map[string]int{}
	for _, what := range []string{"sources", "entities", "links", "statements", "citations"} {
		rows[what] = file.Rows(what + ".csv")
		counted = append(counted, fmt.Sprintf("%d %s", rows[what], what))
	}
	return rows, counted
}

// writeJSON writes what came of an import; cut says that there are more faults.
func (c *importCmd) writeJSON(m *Main, result casefile.Result, rows map[string]int, faults []string, cut bool) error {
	revisions := result.Revisions
	if revisions == nil {
		revisions = []uint64{}
	}
	return json.NewEncoder(m.Stdout).Encode(map[string]any{
		"revisions": revisions, "new": result.New, "rows": rows, "dryRun": c.DryRun, "faults": faults, "cut": cut,
		"kept": result.Kept,
	})
}

func (c *importCmd) tell(m *Main, file *casefile.File, result casefile.Result) error {
	rows, counted := counts(file)
	if c.JSON {
		return c.writeJSON(m, result, rows, []string{}, false)
	}
	all := strings.Join(counted, ", ")
	switch n := len(result.Revisions); {
	case !result.New:
		fmt.Fprintf(m.Stdout, "%s: all of it was there already; nothing changed\n", all)
	case c.DryRun:
		fmt.Fprintf(m.Stdout, "%s: all of it is sound; nothing was written\n", all)
	case n == 1:
		fmt.Fprintf(m.Stdout, "%s: imported as revision %d\n", all, result.Revisions[0])
	case n > 1:
		fmt.Fprintf(m.Stdout, "%s: imported as revisions %d to %d\n", all, result.Revisions[0], result.Revisions[n-1])
	}
	if result.Kept > 0 {
		fmt.Fprintf(m.Stdout, "%s said what was corrected since; the graph keeps the corrections\n", plural(result.Kept, "row"))
	}
	return nil
}

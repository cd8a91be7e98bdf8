package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
)

type eraseCmd struct {
	Store    string        `required:"" placeholder:"STORE" help:"The store to erase from."`
	Ground   string        `env:"-" placeholder:"TEXT" help:"The legal ground. It stays in the log, so name the order and nobody else."`
	Revision []uint64      `env:"-" placeholder:"N" help:"Erase also the author and the reason of revision N of vinculo log; repeat it."`
	By       string        `env:"-" placeholder:"NAME" help:"Who erases, for the log; your user name where it is not given."`
	Yes      bool          `env:"-" help:"Do not ask."`
	Wait     time.Duration `default:"1m" placeholder:"TIME" help:"How long to wait for readers that hold an older state of the file."`
	Scrub    bool          `env:"-" help:"Erase nothing more; only overwrite what the file still holds of what was erased."`
	IDs      []string      `arg:"" optional:"" name:"id" help:"Ids of entities, links, statements, sources or citations."`
	blobPlace
	kinds
}

// Help shows examples.
func (eraseCmd) Help() string {
	return `What is erased is gone from every version, list, index and entry of the log, and
cannot be brought back. With an entity go its claims, with a claim its citations,
with a source the citations into it and the claims that nothing else supports.
The log keeps when, by whom and on what ground, and refuses the same content from
then on. Copies, backups and Neo4j's own transaction logs are yours to see to:
docs/erasure.md says how.

Examples:

    vinculo erase --store sqlite:case.db --ground "order 7/2026 of the district court" el-testigo
    vinculo erase --store neo4j://localhost:7687 --ground "order 8/2026" --yes --revision 12 C0412`
}

// Run erases.
func (c *eraseCmd) Run(ctx context.Context, m *Main) error {
	switch nothing := len(c.IDs)+len(c.Revision) == 0; {
	case c.Scrub && !nothing:
		return usageError{errors.New("--scrub erases nothing; give it without ids and --revision")}
	case !c.Scrub && nothing:
		return usageError{errors.New("nothing is named; give ids, or --revision N")}
	case !c.Scrub && strings.TrimSpace(c.Ground) == "":
		return usageError{errors.New("on what ground? give --ground TEXT, such as the file number of the order")}
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, Existing: true})
	if err != nil {
		return err
	}
	if c.Scrub {
		return c.scrub(ctx, m, st)
	}
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, false)
	if err != nil {
		return err
	}
	order := erasure.Order{Author: archivist(c.by()), Ground: c.Ground}
	for _, id := range c.IDs {
		order.IDs = append(order.IDs, evidence.ID(id))
	}
	for _, n := range c.Revision {
		order.Revisions = append(order.Revisions, evidence.Sequence(n))
	}
	planner := newPlanner(v)
	if !c.Yes {
		plan, err := erasure.Prepare(ctx, st, planner, order)
		if err != nil {
			return err
		}
		if err := m.confirm(fmt.Sprintf("This destroys %s for good. Type erase to go on: ", counted(plan.Count(), len(order.Revisions))), "erase"); err != nil {
			return err
		}
	}
	result, err := erasure.Run(ctx, st, planner, order)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s erased; revision %d says when and on what ground\nhead %s\n", counted(result.Records, len(order.Revisions)), result.Revision.Sequence(), result.Revision.Hash)
	for _, sha := range result.Captures {
		if blobs == nil {
			fmt.Fprintf(m.Stdout, "delete the capture %s\n", sha)
		} else if err := blobs.Delete(ctx, sha); err != nil {
			return fmt.Errorf("the capture %s: %w; delete it by hand", sha, err)
		}
	}
	return c.scrub(ctx, m, st)
}

func (c *eraseCmd) by() string {
	if c.By != "" {
		return c.By
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "administrator"
}

// scrub overwrites what the store's own files still hold.
func (c *eraseCmd) scrub(ctx context.Context, m *Main, st store.Store) error {
	scrubber, ok := st.(erasure.Scrubber)
	if !ok {
		fmt.Fprintln(m.Stdout, "Neo4j's transaction logs and backups still hold what was erased: see docs/erasure.md")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	if err := scrubber.Scrub(ctx); err != nil {
		return fmt.Errorf("it is erased, but the file still holds bytes of it: %w; then run `vinculo erase --store %s --scrub`", err, c.Store)
	}
	return nil
}

// counted says how many records of each type, in words.
func counted(records map[string]int, revisions int) string {
	var parts []string
	add := func(n int, name string) {
		if n > 0 {
			parts = append(parts, plural(n, name))
		}
	}
	for t := evidence.EntityRecord; t <= evidence.CitationRecord; t++ {
		n := records[t.String()]
		name := strings.ToLower(t.String())
		if t == evidence.EntityRecord && n != 1 {
			parts = append(parts, manyEntities(n)...)
			continue
		}
		add(n, name)
	}
	add(revisions, "author and reason")
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func manyEntities(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d entities", n)}
}

// confirm asks on the terminal; where there is none it refuses.
func (m *Main) confirm(question, word string) error {
	in, ok := m.Stdin.(*os.File)
	if !ok || !isatty.IsTerminal(in.Fd()) {
		return usageError{errors.New("there is no terminal to ask on; give --yes if this is meant")}
	}
	fmt.Fprint(m.Stderr, question)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if strings.TrimSpace(line) != word {
		return errors.New("nothing was erased")
	}
	return nil
}

package main

import (
	"context"
	"fmt"

	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store/open"
)

type copyCmd struct {
	From string `required:"" placeholder:"STORE" help:"The store to read."`
	To   string `required:"" placeholder:"STORE" help:"The store to write: an empty one, or a copy that is behind."`
	blobPlaces
	kinds
}

// Help shows examples.
func (copyCmd) Help() string {
	return `The log is replayed, so that the copy answers every question as the original
does and has the same head hash. A copy that was cut short, or that has fallen
behind, is gone on with; run it every night and it is a backup.

Examples:

    vinculo copy --from sqlite:case.db --to neo4j://localhost:7687
    vinculo copy --from neo4j://localhost:7687 --to sqlite:backup.db`
}

// Run copies a log.
func (c *copyCmd) Run(ctx context.Context, m *Main) error {
	if c.From == c.To {
		return usageError{fmt.Errorf("--from and --to are the same store, %s", c.From)}
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	from, err := m.openStore(ctx, c.From, open.Options{Vocabulary: v, ReadOnly: true})
	if err != nil {
		return err
	}
	to, err := m.openStore(ctx, c.To, open.Options{Vocabulary: v})
	if err != nil {
		return err
	}
	bar := m.newProgress()
	result, err := replay.Copy(ctx, from, to, newPlanner(v), func(done, total uint64) { bar.show("copying", done, total) })
	bar.finish()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s copied; the copy stands at revision %d\nhead %s\n",
		plural(int(result.Head.Sequence-result.Resumed), "revision"), result.Head.Sequence, result.Head.Hash) //nolint:gosec // a count of revisions
	return c.carry(ctx, m, c.From, c.To, to)
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/vinculo/vinculo/internal/replay"
	"github.com/vinculo/vinculo/internal/store/open"
)

type copyCmd struct {
	From      string `required:"" placeholder:"STORE" help:"The store to read."`
	To        string `required:"" placeholder:"STORE" help:"The store to write: an empty one, or a copy that is behind."`
	Clearance string `guards:"" placeholder:"LEVEL" help:"Write only what this clearance sees: PUBLIC or RESTRICTED. The result is a store of its own."`
	Follow    bool   `env:"-" help:"With --clearance: go on, and project again when the source has grown, until interrupted."`
	blobPlaces
	kinds
}

// Help shows examples.
func (copyCmd) Help() string {
	return `The log is replayed, so that the copy answers every question as the original
does and has the same head hash. A copy that was cut short, or that has fallen
behind, is gone on with; run it every night and it is a backup.

Examples:

    vinculo copy --from sqlite:case.db --to neo4j://localhost:7687 --blobs-to captures
    vinculo copy --from neo4j://localhost:7687 --blobs-from captures --to sqlite:backup.db

Two Neo4j servers with other credentials have them in variables with _FROM and _TO
behind their names, such as VINCULO_NEO4J_PASSWORD_TO, or VINCULO_NEO4J_PASSWORD_TO_FILE.

Captures that the log names go along, to backup.db.captures here. Where nothing says
where they are, or are to be kept, the log is copied all the same and the exit status
is 1; with --without-captures that is meant.

With --clearance the target is a projection: a log that holds nothing but what the
clearance sees now, for publication, and for those who read Neo4j themselves.
It too is gone on with. Where a clearance was raised since, or something erased, the
target shows too much: the command says so, and a new one has to be made.

    vinculo copy --from sqlite:case.db --to neo4j://localhost:7687 --clearance PUBLIC --without-captures --follow`
}

// Run copies a log.
func (c *copyCmd) Run(ctx context.Context, m *Main) error {
	defer m.loading()()
	if open.Same(c.From, c.To) {
		return c.sameStore()
	}
	if err := checkLasting("--to", c.To); err != nil {
		return err
	}
	if c.Follow && c.Clearance == "" {
		return usageError{errors.New("--follow goes with --clearance; run copy again to bring a copy up to date")}
	}
	if err := c.check(); err != nil {
		return err
	}
	clearance, err := c.clearance()
	if err != nil {
		return err
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	from, err := m.openStore(ctx, c.From, open.Options{Vocabulary: v, ReadOnly: true, End: "FROM"})
	if err != nil {
		return err
	}
	to, err := m.openStore(ctx, c.To, open.Options{Vocabulary: v, End: "TO"})
	if err != nil {
		return err
	}
	// What has nothing to copy would else be taken for a backup.
	if same, err := open.SameOpened(ctx, from, to); err != nil {
		return err
	} else if same {
		return c.sameStore()
	}
	if c.Clearance != "" {
		return c.project(ctx, m, v, from, to, clearance)
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

func (c *copyCmd) sameStore() error {
	return usageError{fmt.Errorf("--from %s and --to %s are the same store; name another to write to", c.From, c.To)}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/verify"
)

type verifyCmd struct {
	Store string `required:"" placeholder:"STORE" help:"The store to verify."`
	Head  string `guards:"" placeholder:"HASH" help:"A head hash that you kept elsewhere; the log must have it."`
	blobPlace
	LimitFaults int  `default:"100" placeholder:"N" help:"How many faults to look for; 0 looks for all."`
	JSON        bool `name:"json" env:"-" help:"Write the result as JSON."`
	kinds
}

// Help shows examples.
func (verifyCmd) Help() string {
	return `The log is replayed into a temporary store and everything stored is compared
with it, byte by byte. On success the head hash is printed: keep it where nobody
who can write to the store can change it, and give it with --head the next time.

Examples:

    vinculo verify --store sqlite:case.db
    vinculo verify --store neo4j://localhost:7687 --head "$(cat head.txt)"`
}

// Run verifies a store.
func (c *verifyCmd) Run(ctx context.Context, m *Main) error {
	v, err := c.load()
	if err != nil {
		return err
	}
	if c.LimitFaults < 0 {
		return usageError{errors.New("--limit-faults cannot be negative; 0 looks for all")}
	}
	options := verify.Options{MaxFaults: c.LimitFaults}
	if c.Head != "" {
		head, err := ledger.ParseHash(c.Head)
		if err != nil {
			return usageError{fmt.Errorf("--head: %w", err)}
		}
		options.Head = &head
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, ReadOnly: true})
	if err != nil {
		return err
	}
	fresh, err := m.openTemporary(ctx, v)
	if err != nil {
		return err
	}
	bar := m.newProgress()
	options.Progress = bar.show
	report, err := verify.Run(ctx, st, fresh, newPlanner(v), options)
	bar.finish()
	if err != nil {
		return err
	}
	captures, err := c.captures(ctx, m, st, report)
	if err != nil {
		return err
	}
	if c.JSON {
		faults := report.Faults
		if faults == nil {
			faults = []string{}
		}
		if err := json.NewEncoder(m.Stdout).Encode(map[string]any{
			"head": report.Head.Hash, "revision": report.Head.Sequence, "compared": report.Rows, "captures": captures, "faults": faults, "cut": report.Cut,
		}); err != nil {
			return err
		}
	}
	if len(report.Faults) > 0 {
		told := &foundFaults{lines: report.Faults, summary: plural(len(report.Faults), "fault") + " in " + c.Store}
		if report.Cut {
			told.summary += "; there may be more"
		}
		return told
	}
	if !c.JSON {
		if captures > 0 {
			fmt.Fprintf(m.Stdout, "%s: the bytes are those that were captured\n", plural(captures, "capture"))
		}
		fmt.Fprintf(m.Stdout, "revision %d and %d stored things are as the log says\nhead %s\n", report.Head.Sequence, report.Rows, report.Head.Hash)
	}
	return nil
}

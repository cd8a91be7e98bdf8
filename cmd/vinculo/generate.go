package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/internal/generate"
	"github.com/vinculo/vinculo/internal/store/open"
)

type generateCmd struct {
	Store     string  `placeholder:"STORE" env:"-" help:"The store to write to, of its own: one that holds anything but generated graphs is refused."`
	JSONLines bool    `name:"jsonl" env:"-" help:"Write change sets to the standard output, one a line."`
	CSV       string  `name:"csv" placeholder:"DIR" env:"-" help:"Write a native case file into a new folder."`
	Entities  int     `default:"1000" placeholder:"N" help:"How many entities."`
	Links     int     `default:"5000" placeholder:"N" help:"How many links."`
	Hub       int     `default:"0" placeholder:"N" help:"How many of the links the first entity, e00000000, has."`
	Region    int     `default:"0" placeholder:"N" help:"How many entities a region has; few links leave it. 0 makes all one region."`
	Sources   int     `default:"0" placeholder:"N" help:"How many sources; 0 makes one for every 20 entities."`
	Citations float64 `default:"1.5" placeholder:"X" help:"How many citations a link has on average."`
	Seed      uint64  `default:"1" placeholder:"S" help:"The same seed makes the same graph."`
	Batch     int     `default:"10000" placeholder:"N" help:"How many changes one revision has."`
}

// Help shows examples.
func (generateCmd) Help() string {
	return `Few entities have most of the links, as in real graphs. Nobody in it exists.

Examples:

    vinculo generate --store sqlite:big.db --entities 100000 --links 500000 --hub 100000
    vinculo generate --jsonl --entities 100 --links 300 --seed 7 > graph.jsonl
    vinculo generate --csv big-case --entities 10000 --links 50000
    vinculo generate --store sqlite:wide.db --entities 100000 --links 500000 --region 10000`
}

// Run makes a graph.
func (c *generateCmd) Run(ctx context.Context, m *Main) error {
	defer m.loading()()
	config := generate.Config{
		Seed: c.Seed, Entities: c.Entities, Links: c.Links, Hub: c.Hub, Region: c.Region, Sources: c.Sources, Citations: c.Citations,
	}
	if err := config.Check(); err != nil {
		return usageError{err}
	}
	if c.Batch < 1 {
		return usageError{fmt.Errorf("--batch is %d; give 1 or more", c.Batch)}
	}
	switch {
	case c.JSONLines && c.CSV != "" || c.Store != "" && (c.JSONLines || c.CSV != ""):
		return usageError{errors.New("--store, --jsonl and --csv are three ways to write the graph; give one of them")}
	case c.JSONLines:
		return config.JSONLines(ctx, m.Stdout, c.Batch)
	case c.CSV != "":
		return config.CSV(ctx, c.CSV)
	case c.Store == "":
		return usageError{errors.New("nothing says where to write the graph; give --store STORE, --jsonl or --csv DIR")}
	}
	v, err := kinds{}.load()
	if err != nil {
		return err
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v})
	if err != nil {
		return err
	}
	bar, begun := m.newProgress(), time.Now()
	err = config.Load(ctx, st, newPlanner(v), archivist("generate"), c.Batch, func(done int) {
		bar.show("generating", uint64(done), uint64(config.Total()))
	})
	bar.finish()
	if err != nil {
		return err
	}
	head, err := st.Head(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%d sources, %d entities and %d links; the store stands at revision %d\n", config.Total()-c.Entities-c.Links, c.Entities, c.Links, head.Sequence)
	took := time.Since(begun)
	fmt.Fprintf(m.Stdout, "%.0f cited links/s in %.1f s\n", float64(c.Links)/took.Seconds(), took.Seconds())
	return nil
}

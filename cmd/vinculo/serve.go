package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/server"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
	"github.com/vinculo/vinculo/web"
)

type serveCmd struct {
	storeOrDemo
	Listen       string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"The address to listen on; one that other machines reach needs to be told who may come in."`
	LogLevel     string `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"What to log: debug, info, warn or error."`
	MaxChanges   int    `default:"10000" placeholder:"N" help:"How many changes one change set may have."`
	CascadeLimit int    `default:"100000" placeholder:"N" help:"How many records one change set may touch beyond those that it names."`
	OpenMetrics  bool   `help:"Show /metrics to every machine that reaches the server, not only to this one. They count what is asked, not by whom, nor about what."`
	HideSchema   bool   `help:"Tell nobody the schema: neither by introspection nor by suggestions in errors."`
	blobPlace
	Access accessFlags   `embed:"" group:"Who may come in; without any of these the owner of this machine:"`
	Limits server.Limits `embed:"" prefix:"limit-" group:"Limits on what readers may ask:"`
}

// Help shows examples.
func (serveCmd) Help() string {
	return `The API is at /graphql, a page to ask questions in at /playground, signs of
life at /healthz and /readyz. Interrupt it to stop: requests that run come to
their end.

Clearances bind those who ask this server. Who speaks Bolt to the Neo4j that it
serves, or reads the SQLite file, sees everything: for them write a projection
with vinculo copy --clearance PUBLIC (docs/projection.md).

Examples:

    vinculo serve --demo
    vinculo serve --store sqlite:case.db --listen 127.0.0.1:9000
    VINCULO_NEO4J_PASSWORD_FILE=secret vinculo serve --store neo4j://localhost:7687
    vinculo serve --store sqlite:case.db --tokens --anonymous --listen 0.0.0.0:8080 --host graph.example.org`
}

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context, m *Main, line *kong.Context) error {
	if err := c.check(line); err != nil {
		return err
	}
	if err := c.Access.check(c.Demo); err != nil {
		return err
	}
	switch {
	case c.MaxChanges < 1:
		return usageError{fmt.Errorf("--max-changes %d would let nothing be written; give 1 or more", c.MaxChanges)}
	case c.CascadeLimit < 0:
		return usageError{fmt.Errorf("--cascade-limit %d would let nothing be written; give 0 or more", c.CascadeLimit)}
	}
	if err := checkLimits(line); err != nil {
		return err
	}
	if n := c.Limits.PageSize; n < trace.DefaultPageSize || n > trace.MaxPageSize {
		return usageError{fmt.Errorf("--limit-page-size %d: a page has %d rows where nobody says, and %d at most; give a number from the one to the other", n, trace.DefaultPageSize, trace.MaxPageSize)}
	}
	if err := server.CheckListen(c.Listen, c.Access.configured()); err != nil {
		return usageError{err}
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	// The address first, or one that is taken would leave a new store behind.
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server closes it, too
	defer m.roomy()()
	level, err := zerolog.ParseLevel(c.LogLevel)
	if err != nil {
		return err
	}
	log := m.newLogger(level)
	st, err := c.open(ctx, m, v, log, false)
	if err != nil {
		return err
	}
	warm(ctx, st, log)
	planner := newPlanner(v)
	planner.MaxChanges, planner.CascadeLimit = c.MaxChanges, c.CascadeLimit
	who, err := c.Access.authenticator(ctx, m, st, c.Store, log)
	if err != nil {
		return err
	}
	served, kept, err := c.withCaptures(ctx, m, st, planner, log)
	if err != nil {
		return err
	}
	schema, err := newSchema(served, planner, kept)
	if err != nil {
		return err
	}
	var captures server.Captures
	if kept != nil {
		captures = kept
	}
	srv, err := server.New(server.Config{
		Schema: schema, ErrorPresenter: graph.ErrorPresenter, Recover: graph.RecoverFunc, Limits: c.Limits,
		Logger: log, Playground: web.Handler(), Ready: ready(st), Access: who,
		Captures: captures, Hosts: c.Access.Host, Origins: c.Access.CorsOrigin, Metrics: c.OpenMetrics,
		HideSchema: c.HideSchema,
	})
	if err != nil {
		return err
	}
	if m.Listening != nil {
		m.Listening(listener.Addr())
	}
	log.Info().Str("graphql", "http://"+listener.Addr().String()+"/graphql").Str("playground", "http://"+listener.Addr().String()+"/playground/").Str("store", c.name()).Msg("serving")
	if !c.Demo && !strings.HasPrefix(c.Store, "sqlite:") {
		log.Warn().Msg("who speaks Bolt to this database sees everything, RESTRICTED and CONFIDENTIAL too; for readers write a projection with `vinculo copy --clearance PUBLIC` (docs/projection.md)")
	}
	if err := srv.Run(ctx, listener); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// checkLimits refuses a limit of nothing, which would be taken for the default.
func checkLimits(line *kong.Context) error {
	for _, f := range line.Flags() {
		if strings.HasPrefix(f.Name, "limit-") && f.Target.CanInt() && f.Target.Int() < 1 {
			return usageError{fmt.Errorf("--%s %v would let nothing be asked; give more than 0, or leave it out for the default", f.Name, f.Target)}
		}
	}
	return nil
}

// withCaptures is the store that is served, with quotes compared as they are
// written, and its captures; nil where it has none.
func (c *serveCmd) withCaptures(ctx context.Context, m *Main, st store.Store, planner *evidence.Planner, log zerolog.Logger) (store.Store, *archive.Archive, error) {
	name := c.Store
	if c.Demo {
		name = "" // its store is nowhere, and so are its captures unless --blobs says where
	}
	place := c.blobPlace
	place.create = true // captures that are added while it runs are found
	return m.checking(ctx, place, name, st, planner, log)
}

// warm begins to make a store ready, so that the first who asks need not wait for it:
// an embedded one reads its links into memory, Neo4j plans what it may be asked.
func warm(ctx context.Context, st store.Store, log zerolog.Logger) {
	cold, ok := st.(interface {
		Warm(ctx context.Context) error
	})
	if !ok {
		return
	}
	go func() {
		if err := cold.Warm(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
			log.Warn().Err(err).Msg("the store could not be made ready; what is asked first takes longer")
		}
	}()
}

// ready says whether the store answers, and nothing that it was asked so far has
// found it damaged.
func ready(st store.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		if file, ok := st.(interface{ Sound() error }); ok {
			if err := file.Sound(); err != nil {
				return err
			}
		}
		_, err := st.Head(ctx)
		return err
	}
}

package main

import (
	"context"
	"net"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/server"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/web"
)

type serveCmd struct {
	storeOrDemo
	Listen       string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"The address to listen on; only this machine reaches it."`
	LogLevel     zerolog.Level `default:"info" placeholder:"LEVEL" help:"What to log: debug, info, warn or error."`
	MaxChanges   int           `default:"10000" placeholder:"N" help:"How many changes one change set may have."`
	CascadeLimit int           `default:"100000" placeholder:"N" help:"How many records one change set may touch beyond those that it names."`
	Limits       server.Limits `embed:"" prefix:"limit-" group:"Limits on what readers may ask:"`
}

// Help shows examples.
func (serveCmd) Help() string {
	return `The API is at /graphql, a page to ask questions in at /playground, signs of
life at /healthz and /readyz. Interrupt it to stop: requests that run come to
their end.

Examples:

    vinculo serve --demo
    vinculo serve --store sqlite:case.db --listen 127.0.0.1:9000
    VINCULO_NEO4J_PASSWORD_FILE=secret vinculo serve --store neo4j://localhost:7687`
}

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context, m *Main, line *kong.Context) error {
	if err := c.check(line); err != nil {
		return err
	}
	if err := server.CheckListen(c.Listen, false); err != nil {
		return err
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	log := m.newLogger(c.LogLevel)
	st, err := c.open(ctx, m, v, log)
	if err != nil {
		return err
	}
	planner := newPlanner(v)
	planner.MaxChanges, planner.CascadeLimit = c.MaxChanges, c.CascadeLimit
	schema, err := newSchema(st, planner)
	if err != nil {
		return err
	}
	// Nobody else can reach the address, so whoever asks is who runs the program.
	who, err := access.New(access.Config{LoopbackOwner: true, Log: log})
	if err != nil {
		return err
	}
	srv, err := server.New(server.Config{
		Schema: schema, ErrorPresenter: graph.ErrorPresenter, Recover: graph.RecoverFunc, Limits: c.Limits,
		Logger: log, Playground: web.Handler(), Ready: ready(st), Access: who,
	})
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	if m.Listening != nil {
		m.Listening(listener.Addr())
	}
	log.Info().Str("graphql", "http://"+listener.Addr().String()+"/graphql").Str("playground", "http://"+listener.Addr().String()+"/playground/").Msg("serving")
	if err := srv.Run(ctx, listener); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// ready says whether the store answers.
func ready(st store.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := st.Head(ctx)
		return err
	}
}

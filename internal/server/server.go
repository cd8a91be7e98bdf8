package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/vinculo/vinculo/internal/access"
)

// cachedDocuments is how many parsed documents, and how many persisted ones, are kept.
const cachedDocuments = 500

// Config is what a server is made of. Only Schema is required.
type Config struct {
	// Schema is what is served.
	Schema graphql.ExecutableSchema
	// ErrorPresenter turns an error of the schema into what a client sees. An error that it leaves
	// without extensions.code is logged and hidden. Without one, every error but those of gqlgen's
	// scalars is.
	ErrorPresenter graphql.ErrorPresenterFunc
	// Recover turns a panic of a resolver into an error. Without one it is logged and hidden.
	Recover graphql.RecoverFunc
	// Limits bounds what readers may ask; its zero value means [DefaultLimits].
	Limits Limits
	// HideSchema switches introspection off, and with it the suggestions in errors, by which the
	// schema could be guessed name by name.
	HideSchema bool
	// Logger takes the log. Its zero value writes nothing. The context of each operation carries it
	// (see [zerolog.Ctx]) with the id of the request.
	Logger zerolog.Logger
	// Playground serves the pages under /playground/.
	Playground http.Handler
	// Ready says whether the service can answer: nil, or what is missing. It has two seconds.
	Ready func(ctx context.Context) error
	// Access finds out who asks. Without it everybody is an unnamed reader of what is public.
	Access Authenticator
	// Captures gives the captured bytes of sources, at /captures/{sha256}. Without it there are none.
	Captures Captures
	// Hosts are the host names, with or without a port, under which the server is reached besides
	// loopback. "*" stands for all of them.
	Hosts []string
	// Origins are the origins (https://example.org) of whose pages the API may be asked. "*" stands
	// for all of them. Empty, which is the default, allows the server's own pages only.
	Origins []string
	// Metrics shows /metrics to every machine, not only to this one.
	Metrics bool
}

// Authenticator says who makes a request, as [access.Authenticator] does. Its errors are of type
// [*access.Refusal].
type Authenticator interface {
	// Authenticate looks at the headers of a request.
	Authenticate(r *http.Request) (access.Identity, error)
	// Init looks at the payload of connection_init, none or a JSON object, on the websocket that a
	// request opened: a browser cannot set headers there.
	Init(r *http.Request, payload json.RawMessage) (access.Identity, error)
	// Confirm says whether somebody whom one of these let in, by a request whose connection has stayed
	// open since, may still ask and be told.
	Confirm(r *http.Request, i access.Identity) error
	// Count counts one operation on the websocket that a request opened, of somebody whom Init let in,
	// and says whether that was one too many.
	Count(r *http.Request, i access.Identity) error
	// Address is what those who are not known are counted by: the address that a request comes from.
	Address(r *http.Request) netip.Addr
}

// Server answers HTTP requests. It is an [http.Handler]; [Server.Run] serves a listener with it.
type Server struct {
	config     Config
	limits     Limits
	log        zerolog.Logger
	exec       *executor.Executor
	transports []graphql.Transport
	metrics    *metrics
	handler    http.Handler
	gates

	stopping context.Context // Ends when the server is asked to stop.
	stop     context.CancelFunc
	sockets  sync.WaitGroup
}

var _ http.Handler = (*Server)(nil)

// New makes a server. It fails where the configuration makes no sense, and says what to change.
func New(config Config) (*Server, error) {
	if config.Schema == nil {
		return nil, errors.New("server: no schema to serve")
	}
	limits, err := config.Limits.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s := &Server{config: config, limits: limits, log: config.Logger, metrics: newMetrics()}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.gates = newGates(limits)
	if err := s.assemble(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}

	mux := http.NewServeMux()
	mux.Handle("/graphql", s.sameOrigin(s.serveGraphQL, http.MethodGet, http.MethodPost))
	mux.Handle("/captures/{sha256}", s.sameOrigin(s.serveCapture, http.MethodGet, http.MethodHead))
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.Handle("GET /metrics", s.serveMetrics())
	if config.Playground != nil {
		mux.Handle("GET /playground/", config.Playground)
		mux.Handle("GET /playground", http.RedirectHandler("/playground/", http.StatusPermanentRedirect))
		mux.Handle("GET /{$}", http.RedirectHandler("/playground/", http.StatusSeeOther))
	}
	s.handler = s.observe(mux, s.guard(s.recovering(mux)))
	return s, nil
}

// assemble puts the executor and its transports together.
func (s *Server) assemble() error {
	present := s.config.ErrorPresenter
	if present == nil {
		present = graphql.DefaultErrorPresenter
	}
	s.exec = executor.New(s.config.Schema)
	s.exec.SetErrorPresenter(presenter(present, s.limits))
	s.exec.SetRecoverFunc(s.config.Recover)
	if s.config.Recover == nil {
		s.exec.SetRecoverFunc(func(ctx context.Context, recovered any) error {
			logPanic(ctx, recovered)
			return internal()
		})
	}
	s.exec.SetParserTokenLimit(s.limits.Tokens)
	if s.config.HideSchema {
		s.exec.SetDisableSuggestion(true)
		s.exec.SetDefaultRulesFn(withoutSuggestions)
	}
	validated := lru.New[*ast.QueryDocument](cachedDocuments)
	s.exec.SetQueryCache(validated)
	for _, extension := range []graphql.HandlerExtension{
		newDocuments(s.config.Schema.Schema(), validated, s.limits),
		&costLimit{limits: s.limits, introspection: !s.config.HideSchema},
	} {
		if err := extension.Validate(s.config.Schema); err != nil {
			return fmt.Errorf("extension %s: %w", extension.ExtensionName(), err)
		}
		s.exec.Use(extension)
	}
	s.transports = []graphql.Transport{sockets{s}, events{s}, post{s}, get{s}}
	return nil
}

// withoutSuggestions are the rules of validation that name nothing of the schema which a document does
// not. The executor's SetDisableSuggestion sees to its fields and selections only.
func withoutSuggestions() *rules.Rules {
	quiet := rules.NewDefaultRules()
	quiet.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	quiet.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	quiet.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return quiet
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// serveGraphQL gives a request to the first transport that takes it: post and get take all that are
// left.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	for _, transport := range s.transports {
		if !transport.Supports(r) {
			continue
		}
		// A websocket says who it is later, in its first message.
		if _, later := transport.(sockets); !later {
			ctx, refused := s.authorize(r, Authenticator.Authenticate)
			if refused != nil {
				s.refuse(w, r, refused)
				return
			}
			r = r.WithContext(ctx)
		}
		transport.Do(w, r.WithContext(graphql.StartOperationTrace(r.Context())), s.exec)
		return
	}
}

// Run serves a listener until ctx ends. Then it stops in order: it takes no new connection, closes
// websockets with 1001 and ends event streams, and lets requests that run come to their end for
// Limits.DrainTime. It gives nil when it stopped because ctx ended and everything came to its end. A
// server runs once.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	web := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.limits.HeaderTime,
		IdleTimeout:       s.limits.IdleTime,
		// Transports set narrower ones as they write.
		WriteTimeout:   s.limits.BodyTime + s.limits.QueueTime + s.limits.RequestTime + s.limits.WriteTime,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       stdlog.New(debugLog{s.log}, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	select {
	case err := <-failed:
		s.stop()
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.DrainTime)
	defer cancel()
	err := web.Shutdown(drain)
	closed := make(chan struct{})
	go func() {
		s.sockets.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-drain.Done():
		err = cmp.Or(err, drain.Err())
	}
	if err != nil {
		_ = web.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stop: some requests did not end within %s and were cut off", s.limits.DrainTime)
		}
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

const readyTime = 2 * time.Second

package browser_test

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/vinculo/vinculo/web"
)

// introspection answers the introspection query for testdata/schema.graphqls. It was written with
// graphql-js: `{data: introspectionFromSchema(buildSchema(text))}`.
//
//go:embed testdata/introspection.json
var introspection []byte

// site serves the pages as production does, beside an API that knows one card and one revision, so
// that what is tested is the page and nothing behind it.
type site struct {
	*httptest.Server

	mu      sync.Mutex
	queries []query
	stopped bool
}

// query is what a page sent to the API.
type query struct {
	OperationName string         `json:"operationName"`
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	mux := http.NewServeMux()
	mux.Handle("/playground/", web.Handler())
	mux.HandleFunc("POST /graphql", s.answer)
	mux.HandleFunc("GET /graphql", s.follow)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// host is where the site listens, as a browser names it.
func (s *site) host(t *testing.T) string {
	t.Helper()
	address, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return address.Host
}

// asked gives the queries with a name, in the order in which they came.
func (s *site) asked(operationName string) []query {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []query
	for _, q := range s.queries {
		if q.OperationName == operationName {
			found = append(found, q)
		}
	}
	return found
}

// unfollowed says whether a page has ended its subscription.
func (s *site) unfollowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

func (s *site) answer(w http.ResponseWriter, r *http.Request) {
	var q query
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.queries = append(s.queries, q)
	s.mu.Unlock()

	body := []byte(`{"data":{"entity":{"id":"abarca","name":"José Luis Abarca Velázquez"}}}`)
	if q.OperationName == "IntrospectionQuery" {
		body = introspection
	}
	w.Header().Set("Content-Type", "application/json")
	// The browser hanging up is not this handler's business.
	_, _ = w.Write(body)
}

// follow speaks as much graphql-transport-ws as one subscription needs: it acknowledges, sends one
// revision, and waits for the page to stop listening.
func (s *site) follow(w http.ResponseWriter, r *http.Request) {
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return
	}
	defer func() { _ = connection.CloseNow() }() // The end of the test either way.
	for {
		var message struct {
			ID      string `json:"id"`
			Type    string `json:"type"`
			Payload query  `json:"payload"`
		}
		if err := wsjson.Read(r.Context(), connection, &message); err != nil {
			return
		}
		var reply map[string]any
		switch message.Type {
		case "connection_init":
			reply = map[string]any{"type": "connection_ack"}
		case "ping":
			reply = map[string]any{"type": "pong"}
		case "subscribe":
			s.mu.Lock()
			s.queries = append(s.queries, message.Payload)
			s.mu.Unlock()
			reply = map[string]any{"id": message.ID, "type": "next", "payload": map[string]any{
				"data": map[string]any{"revisions": map[string]any{"number": 1, "reason": "first report"}},
			}}
		case "complete":
			s.mu.Lock()
			s.stopped = true
			s.mu.Unlock()
			continue
		default:
			continue
		}
		if err := wsjson.Write(r.Context(), connection, reply); err != nil {
			return
		}
	}
}

package browser_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
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

// revoked is a header that the API refuses, and refusal what it says then. With dropped, a page loses
// its first connection and is to call again.
const (
	revoked = "Bearer revoked"
	refusal = "this token is not valid"
	dropped = "Bearer dropped"
)

// site serves the pages as production does, beside an API that knows one card and few revisions, so
// that what is tested is the page and nothing behind it.
type site struct {
	*httptest.Server

	mu        sync.Mutex
	queries   []query
	stopped   bool
	revisions int  // How many of them the API sends to who follows them.
	away      bool // Whether websockets are turned away, as by a proxy whose server is gone.
	calls     int  // How often a page has asked for a websocket.
	refused   int  // How often the revoked token has come.
	drops     int  // How often a connection was dropped.
}

// query is what a page sent to the API.
type query struct {
	OperationName string         `json:"operationName"`
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
	Authorization string         `json:"-"`
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{revisions: 2}
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
	q.Authorization = r.Header.Get("Authorization")
	s.mu.Lock()
	s.queries = append(s.queries, q)
	s.mu.Unlock()

	w.Header().Set("Content-Type", "application/json")
	if q.Authorization == revoked {
		_, _ = w.Write([]byte(`{"errors":[{"message":"` + refusal + `"}]}`))
		return
	}
	body := []byte(`{"data":{"entity":{"id":"abarca","name":"José Luis Abarca Velázquez"}}}`)
	if q.OperationName == "IntrospectionQuery" {
		body = introspection
	}
	// The browser hanging up is not this handler's business.
	_, _ = w.Write(body)
}

// called says how often a page has asked for a websocket.
func (s *site) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// timesRefused says how often a page has come with the revoked token.
func (s *site) timesRefused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// admit gives the code with which a connection is closed that comes with a header; 0 where it stays.
func (s *site) admit(authorization string) websocket.StatusCode {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case authorization == revoked:
		s.refused++
		return 4403
	case authorization == dropped && s.drops == 0:
		s.drops++
		return 4408
	default:
		return 0
	}
}

// setAway says whether websockets are turned away from now on.
func (s *site) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// setRevisions says how many revisions who follows them gets from now on.
func (s *site) setRevisions(revisions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revisions = revisions
}

// follow speaks as much graphql-transport-ws as one subscription needs: it acknowledges, sends the
// revisions, and waits for the page to stop listening.
func (s *site) follow(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	away, revisions := s.away, s.revisions
	s.mu.Unlock()
	if away {
		http.Error(w, "nobody is here", http.StatusBadGateway)
		return
	}
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
			Payload struct {
				query
				Authorization string
			} `json:"payload"`
		}
		if err := wsjson.Read(r.Context(), connection, &message); err != nil {
			return
		}
		var replies []map[string]any
		switch message.Type {
		case "connection_init":
			if code := s.admit(message.Payload.Authorization); code != 0 {
				_ = connection.Close(code, "") // The page hanging up first is as good.
				return
			}
			replies = append(replies, map[string]any{"type": "connection_ack"})
		case "ping":
			replies = append(replies, map[string]any{"type": "pong"})
		case "subscribe":
			s.mu.Lock()
			s.queries = append(s.queries, message.Payload.query)
			s.mu.Unlock()
			for number := range revisions {
				replies = append(replies, map[string]any{"id": message.ID, "type": "next", "payload": map[string]any{
					"data": map[string]any{"revisions": map[string]any{
						"number": number + 1, "reason": fmt.Sprintf("report %d", number+1),
					}},
				}})
			}
		case "complete":
			s.mu.Lock()
			s.stopped = true
			s.mu.Unlock()
		}
		for _, reply := range replies {
			if err := wsjson.Write(r.Context(), connection, reply); err != nil {
				return
			}
		}
	}
}

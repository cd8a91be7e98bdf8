package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
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
	held      map[string]chan struct{} // What the answers to the questions of a name wait for.
	stopped   bool
	revisions int                      // How many of them the API tells of to who follows them.
	written   chan struct{}            // Closed when their number changes.
	followed  []*websocket.Conn        // Every connection so far.
	silent    map[*websocket.Conn]bool // The connections that nothing comes out of any more.
	away      bool                     // Whether websockets are turned away, as by a proxy whose server is gone.
	calls     int                      // How often a page has asked for a websocket.
	refused   int                      // How often the revoked token has come.
	drops     int                      // How often a connection was dropped.
	closed    bool                     // Whether who asks for the schema needs a token.
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
	s := &site{revisions: 2, written: make(chan struct{}), held: map[string]chan struct{}{}, silent: map[*websocket.Conn]bool{}}
	mux := http.NewServeMux()
	mux.Handle("/playground/", web.Handler())
	// A browser asks for it where it shows what names no icon of its own, and notes where there is none.
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
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
	held := s.held[q.OperationName]
	closed := s.closed && q.OperationName == "IntrospectionQuery" && q.Authorization == ""
	s.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}

	w.Header().Set("Content-Type", "application/json")
	if q.Authorization == revoked || closed {
		_, _ = w.Write([]byte(`{"errors":[{"message":"` + refusal + `"}]}`))
		return
	}
	body := []byte(`{"data":{"entity":{"id":"abarca","name":"José Luis Abarca Velázquez"}}}`)
	switch {
	case q.OperationName == "IntrospectionQuery":
		body = introspection
	case held != nil:
		body = []byte(`{"data":{"held":"` + q.OperationName + ` at last"}}`)
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

// setClosed says whether who asks for the schema needs a token from now on.
func (s *site) setClosed(closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = closed
}

// setRevisions says how many revisions there are from now on, and tells who follows them of new ones.
func (s *site) setRevisions(revisions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revisions = revisions
	close(s.written)
	s.written = make(chan struct{})
}

// hold lets the questions of a name wait for their answer until it is released.
func (s *site) hold(operationName string) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.held[operationName] = held
	return func() { close(held) }
}

// cut breaks every connection off, as a server does that falls.
func (s *site) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, connection := range s.followed {
		_ = connection.CloseNow() // Some have ended before.
	}
	s.followed = nil
}

// silence has nothing come out of any connection that there is, as where what lies between has
// forgotten it.
func (s *site) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, connection := range s.followed {
		s.silent[connection] = true
	}
}

// say writes a message to a connection, unless it has fallen silent.
func (s *site) say(ctx context.Context, connection *websocket.Conn, message map[string]any) error {
	s.mu.Lock()
	silent := s.silent[connection]
	s.mu.Unlock()
	if silent {
		return nil
	}
	return wsjson.Write(ctx, connection, message)
}

// given finds the argument of a subscription that gives it a beginning in its text.
var given = regexp.MustCompile(`after: (\d+)`)

// beginning gives the revision after which a subscription is to be told of them.
func (s *site) beginning(q query) int {
	for _, value := range q.Variables { // No question has another variable.
		if after, ok := value.(float64); ok {
			return int(after)
		}
	}
	if after := given.FindStringSubmatch(q.Query); after != nil {
		number, _ := strconv.Atoi(after[1]) // Digits, as the expression says.
		return number
	}
	return s.revisions
}

// tell sends the revisions after one to who follows them, and each new one as it is written.
func (s *site) tell(ctx context.Context, connection *websocket.Conn, id string, q query, told int) {
	for {
		s.mu.Lock()
		revisions, written := s.revisions, s.written
		s.mu.Unlock()
		for ; told < revisions; told++ {
			data := map[string]any{"revisions": map[string]any{
				"number": told + 1, "reason": fmt.Sprintf("report %d", told+1),
			}}
			switch {
			case !strings.Contains(q.Query, "number"):
				data = map[string]any{"revisions": map[string]any{"reason": fmt.Sprintf("report %d", told+1)}}
			case strings.Contains(q.Query, "news: revisions"):
				data = map[string]any{"news": map[string]any{"is": told + 1, "reason": fmt.Sprintf("report %d", told+1)}}
			}
			if err := s.say(ctx, connection, map[string]any{
				"id": id, "type": "next", "payload": map[string]any{"data": data},
			}); err != nil {
				return
			}
		}
		select {
		case <-written:
		case <-ctx.Done():
			return
		}
	}
}

// follow speaks as much graphql-transport-ws as one subscription needs: it acknowledges, tells of the
// revisions, and waits for the page to stop listening.
func (s *site) follow(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	away := s.away
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
	s.mu.Lock()
	s.followed = append(s.followed, connection)
	s.mu.Unlock()
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
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
			told := s.beginning(message.Payload.query)
			s.mu.Unlock()
			go s.tell(ctx, connection, message.ID, message.Payload.query, told)
		case "complete":
			s.mu.Lock()
			s.stopped = true
			s.mu.Unlock()
			stop()
		}
		for _, reply := range replies {
			if err := s.say(r.Context(), connection, reply); err != nil {
				return
			}
		}
	}
}

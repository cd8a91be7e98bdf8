package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/server"
)

// answer is what came back for one request.
type answer struct {
	status int
	header http.Header
	body   string
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

func (a *answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func (a *answer) limit() string {
	if len(a.Errors) == 0 {
		return ""
	}
	limit, _ := a.Errors[0].Extensions["limit"].(string)
	return limit
}

// present is a presenter as graph's: errors with a code of their own keep it.
func present(ctx context.Context, err error) *gqlerror.Error {
	presented := graphql.DefaultErrorPresenter(ctx, err)
	if coded, ok := errors.AsType[codedError](err); ok {
		presented.Extensions = map[string]any{"code": coded.code}
	}
	return presented
}

func start(t *testing.T, config server.Config) (*httptest.Server, *server.Server) {
	t.Helper()
	if config.Schema == nil {
		config.Schema = newTestSchema()
	}
	if config.ErrorPresenter == nil {
		config.ErrorPresenter = present
	}
	made, err := server.New(config)
	require.NoError(t, err)
	web := httptest.NewServer(made)
	t.Cleanup(web.Close)
	return web, made
}

func ask(t *testing.T, r *http.Request) *answer {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer closing(t, response.Body)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	got := &answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		require.NoError(t, json.Unmarshal(body, got), "%s", body)
		for _, fault := range got.Errors {
			require.NotEmpty(t, fault.Extensions["code"], "every error has a code: %s", body)
			require.NotEmpty(t, fault.Message)
		}
	}
	return got
}

// inBackground asks without waiting. What comes is the body of the answer, or the error.
func inBackground(r *http.Request) <-chan string {
	answered := make(chan string, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			answered <- err.Error()
			return
		}
		answered <- string(body)
	}()
	return answered
}

// closing closes what a test has open.
func closing(t *testing.T, open io.Closer) {
	t.Helper()
	require.NoError(t, open.Close())
}

func postRequest(t *testing.T, url, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func getRequest(t *testing.T, url string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func query(t *testing.T, url, text string) *answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": text})
	require.NoError(t, err)
	return ask(t, postRequest(t, url, string(body)))
}

const asGraphQL = "application/graphql-response+json"

package measure_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/bench/measure"
)

// server answers every question with a text, and keeps the ids that it was asked
// for in order.
func server(t *testing.T, text string) (url string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var ids []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Query     string
			Variables struct{ ID string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Query != "query" {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		mu.Lock()
		ids = append(ids, body.Variables.ID)
		mu.Unlock()
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return ids
	}
}

func pool(ids ...string) []map[string]any {
	var all []map[string]any
	for _, id := range ids {
		all = append(all, map[string]any{"id": id})
	}
	return all
}

const good = `{"data":{"entity":{"id":"e1"}}}`

func TestEveryAnswerIsCounted(t *testing.T) {
	t.Parallel()
	url, asked := server(t, good)
	f, err := measure.Run(t.Context(), measure.Job{Server: url, Query: "query", Pool: pool("a", "b"), Clients: 3, For: 50 * time.Millisecond})
	require.NoError(t, err)
	require.Len(t, asked(), f.Answers)
	require.Contains(t, asked(), "a")
	require.Contains(t, asked(), "b")
	require.Equal(t, 3, f.Clients)
	require.Equal(t, len(good), f.Bytes)
	require.Positive(t, f.P50)
	require.GreaterOrEqual(t, f.P99, f.P50)
}

func TestEachIsAskedOnce(t *testing.T) {
	t.Parallel()
	url, asked := server(t, good)
	job := measure.Job{Server: url, Query: "query", Pool: pool("a", "b", "c", "d", "e"), Once: true, Clients: 2, For: time.Minute}
	f, err := measure.Run(t.Context(), job)
	require.NoError(t, err)
	require.Equal(t, 5, f.Answers)
	require.ElementsMatch(t, []string{"a", "b", "c", "d", "e"}, asked())
	job.WarmUp = time.Second
	_, err = measure.Run(t.Context(), job)
	require.ErrorContains(t, err, "warmed up")
}

func TestWarmingUpIsNotCounted(t *testing.T) {
	t.Parallel()
	url, asked := server(t, good)
	f, err := measure.Run(t.Context(), measure.Job{
		Server: url, Query: "query", Pool: pool("a"), Clients: 1, WarmUp: 30 * time.Millisecond, For: 30 * time.Millisecond,
	})
	require.NoError(t, err)
	require.Greater(t, len(asked()), f.Answers)
}

func TestAWrongAnswerEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"errors":[{"message":"no"}],"data":null}`, `{"data":{"entity":null}}`, `{"data":{"entities":[]}}`} {
		url, _ := server(t, text)
		_, err := measure.Run(t.Context(), measure.Job{Server: url, Query: "query", Pool: pool("a"), Clients: 2, For: time.Minute})
		require.ErrorContains(t, err, text)
	}
	url, _ := server(t, good)
	_, err := measure.Run(t.Context(), measure.Job{Server: url, Query: "other", Pool: pool("a"), Clients: 1, For: time.Minute})
	require.ErrorContains(t, err, "400")
}

func TestAJobThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, j := range []measure.Job{
		{}, {Server: "http://127.0.0.1:1", Query: "query", Clients: 1, For: 1}, {Server: "http://127.0.0.1:1", Query: "query", Pool: pool("a"), For: 1},
		{Server: "http://127.0.0.1:1", Query: "query", Pool: pool("a"), Clients: 1},
	} {
		_, err := measure.Run(t.Context(), j)
		require.ErrorContains(t, err, "a run needs")
	}
}

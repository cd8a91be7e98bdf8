package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReady(t *testing.T) {
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	require.NoError(t, ready(t.Context(), srv.URL))
	status = http.StatusServiceUnavailable
	require.ErrorContains(t, ready(t.Context(), srv.URL), "503")
	srv.Close()
	require.Error(t, ready(t.Context(), srv.URL), "nobody listens")
	require.Error(t, ready(t.Context(), "::"), "not a URL")
}

func TestReadyAt(t *testing.T) {
	for listen, want := range map[string]string{
		"":               "http://127.0.0.1:8080/readyz",
		"127.0.0.1:9000": "http://127.0.0.1:9000/readyz",
		":9000":          "http://localhost:9000/readyz",
		"0.0.0.0:9000":   "http://localhost:9000/readyz",
		"[::]:9000":      "http://localhost:9000/readyz",
		"[::1]:9000":     "http://[::1]:9000/readyz",
		"10.0.0.4:80":    "http://10.0.0.4:80/readyz",
	} {
		require.Equal(t, want, readyAt(listen), listen)
	}
}

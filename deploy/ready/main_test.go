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

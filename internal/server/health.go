package server

import (
	"context"
	"errors"
	"net/http"
)

// serveHealth says that the process answers, whatever it needs.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok")
}

// serveReady says whether questions can be answered now: not while the store is away, nor once the
// server is stopping. The reason goes to the log only.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	var err error
	switch {
	case s.stopping.Err() != nil:
		err = errStopping
	case s.config.Ready != nil:
		err = s.config.Ready(ctx)
	}
	if err == nil {
		plain(w, http.StatusOK, "ready")
		return
	}
	if !errors.Is(err, errStopping) {
		s.log.Warn().Err(err).Msg("not ready")
	}
	w.Header().Set("Retry-After", "1")
	plain(w, http.StatusServiceUnavailable, CodeUnavailable)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client going away is not an error of ours.
	_, _ = w.Write([]byte(text + "\n"))
}

package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/access"
)

// guard keeps browsers from being used against the server. It sets the security headers of every
// answer and refuses
//
//   - requests under a host name that is not the server's, by which a page elsewhere could point its
//     own name at this machine (DNS rebinding);
//   - requests to the API that a page of another origin makes, unless Config.Origins allows it. The
//     content type application/json, which POST requires, already makes browsers ask first; this
//     covers GET, event streams and websockets, on which they do not.
//
// Clients that are not browsers send neither Origin nor Sec-Fetch-Site and are not concerned.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		// Those that look whether a server lives often ask by its address alone; they learn nothing else.
		if !isProbe(r.URL.Path) && !s.isOurs(r.Host) {
			s.refuse(w, r, refuse(http.StatusMisdirectedRequest, fault(CodeForbidden, "This server is not known under the host name of the request. Use its own name, or add this one to its hosts (--host).")))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" }

// isOurs says whether a request is for this server: for loopback, or one of Config.Hosts.
func (s *Server) isOurs(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(access.HostOf(host), "."))
	return access.IsLoopback(name) || slices.ContainsFunc(s.config.Hosts, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, name) || strings.EqualFold(allowed, host)
	})
}

// sameOrigin lets a part of the API, which takes some methods, answer pages of this server and of the
// allowed origins only. It answers the question that browsers ask before they let a page of another
// origin send JSON or a token.
func (s *Server) sameOrigin(next http.HandlerFunc, methods ...string) http.Handler {
	allowed := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Origin, Accept")
		origin := r.Header.Get("Origin")
		switch foreign := origin != "" && !isOriginOf(origin, r.Host); {
		case foreign && s.allows(origin):
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		case foreign:
			s.refuse(w, r, refuse(http.StatusForbidden, foreignPage()))
			return
		case origin == "" && slices.Contains([]string{"cross-site", "same-site"}, r.Header.Get("Sec-Fetch-Site")):
			s.refuse(w, r, refuse(http.StatusForbidden, foreignPage()))
			return
		}
		if slices.Contains(methods, r.Method) {
			next(w, r)
			return
		}
		w.Header().Set("Allow", allowed+", OPTIONS")
		if r.Method != http.MethodOptions {
			s.refuse(w, r, refuse(http.StatusMethodNotAllowed, fault(CodeInvalidInput, "This address takes no request of that method. Ask by %s.", strings.Join(methods, " or "))))
			return
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			w.Header().Set("Access-Control-Allow-Methods", allowed)
			w.Header().Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Apollo-Require-Preflight")
			w.Header().Set("Access-Control-Max-Age", "600")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func foreignPage() *gqlerror.Error {
	return fault(CodeForbidden, "A page of another origin may not ask this server. Add its origin to the allowed ones (--cors-origin) if it should.")
}

// isOriginOf says whether a page of an origin came from a host. The scheme is left out: a proxy may
// have taken TLS off.
func isOriginOf(origin, host string) bool {
	address, err := url.Parse(origin)
	return err == nil && address.Host != "" && strings.EqualFold(address.Host, host)
}

// allows says whether Config.Origins lists an origin.
func (s *Server) allows(origin string) bool {
	return slices.ContainsFunc(s.config.Origins, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(strings.TrimSuffix(allowed, "/"), origin)
	})
}

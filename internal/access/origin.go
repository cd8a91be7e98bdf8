package access

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// isLocal says whether a request was made by somebody at this machine, for this
// machine, with nothing in between. Each part closes a way in:
//
//   - it comes from this machine: see [IsDirect];
//   - the header Host is a name of loopback: not a page whose name was made to
//     point at 127.0.0.1 after it was loaded (DNS rebinding);
//   - the page that asks, if one does, is the server's own or one of those that are
//     allowed: not a page on the web, which may open a websocket to loopback.
func isLocal(r *http.Request, origins []string) bool {
	return IsDirect(r) && IsLoopback(HostOf(r.Host)) && isOwnPage(r, origins)
}

// IsDirect says whether a request comes from this machine itself:
//
//   - the peer is on loopback: not another machine;
//   - no header of a proxy, and HTTP/1.1 or later: not somebody elsewhere for whom
//     a proxy on this machine asks. A proxy may add no header at all; the most
//     common one then at least speaks HTTP/1.0 to what is behind it.
func IsDirect(r *http.Request) bool {
	return peer(r).IsLoopback() && r.ProtoAtLeast(1, 1) && !isForwarded(r.Header)
}

// peer is the address at the other end of the connection, or the zero address.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// forwarding are the headers by which proxies say for whom they ask, besides all
// that begin with X-Forwarded.
var forwarding = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For",
	"X-Original-Host", "X-Envoy-External-Address", "True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip",
	"X-Azure-Clientip", "Tailscale-User-Login",
}

// isForwarded says whether a request comes by way of a proxy that says so: who is
// at the other end of the connection is then not who asks.
func isForwarded(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded") || slices.Contains(forwarding, name) {
			return true
		}
	}
	return false
}

// isOwnPage says whether no page asks, or one that may act as the owner.
func isOwnPage(r *http.Request, origins []string) bool {
	given := r.Header.Values("Origin")
	switch len(given) {
	case 0:
		// Browsers leave Origin out of some requests, and say this instead. Following
		// a link from elsewhere is the reader's own doing, and only reads.
		site, mode := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Mode")
		return site != "cross-site" || mode == "navigate" && r.Method == http.MethodGet
	case 1:
	default:
		return false
	}
	if slices.Contains(origins, given[0]) {
		return true
	}
	origin, err := url.Parse(given[0])
	return err == nil && (origin.Scheme == "http" || origin.Scheme == "https") && origin.Host != "" && strings.EqualFold(origin.Host, r.Host)
}

// client is the address that requests are counted by: the peer, or, where that is
// a proxy that is believed, the last address in X-Forwarded-For that is not one.
func (a *Authenticator) client(r *http.Request) netip.Addr {
	at := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !a.isProxy(at) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // the proxy itself is all that is known
		}
		at = before.Unmap().WithZone("")
	}
	return at
}

func (a *Authenticator) isProxy(at netip.Addr) bool {
	return slices.ContainsFunc(a.config.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}

package access

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxClients is how many addresses are counted apart. When there are more, those
// that have been still for long enough are forgotten, and if that is not enough
// the rest share one count, so that a flood of addresses fills no memory.
const maxClients = 20_000

// limiter bounds how often each address asks. An IPv6 address counts by its /64,
// which is what one household has.
type limiter struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	clients map[netip.Addr]*rate.Limiter
	others  *rate.Limiter
	swept   time.Time
}

func newLimiter(perSecond float64, burst int, now func() time.Time) *limiter {
	return &limiter{
		rate: rate.Limit(perSecond), burst: burst, now: now,
		clients: map[netip.Addr]*rate.Limiter{}, others: rate.NewLimiter(rate.Limit(perSecond), burst),
	}
}

// wait takes one request from an address: 0, or how long until the next may come.
func (l *limiter) wait(client netip.Addr) time.Duration {
	now := l.now()
	one := l.of(client, now)
	reservation := one.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now) // who is refused has not asked
	}
	return wait
}

func (l *limiter) of(client netip.Addr, now time.Time) *rate.Limiter {
	client = household(client)
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.clients[client]; one != nil {
		return one
	}
	if len(l.clients) >= maxClients {
		l.sweep(now)
	}
	if len(l.clients) >= maxClients {
		return l.others
	}
	one := rate.NewLimiter(l.rate, l.burst)
	l.clients[client] = one
	return one
}

// household is the address by which a client is counted.
func household(client netip.Addr) netip.Addr {
	if client.Is6() {
		if network, err := client.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return client
}

// Address is what those who have not said who they are are counted by: the address
// that a request comes from, as proxies that are believed tell it; of IPv6 its /64.
func (a *Authenticator) Address(r *http.Request) netip.Addr { return household(a.client(r)) }

// sweep forgets the addresses that have their whole burst again: to count them
// anew makes no difference. At most once a second, as it looks at all of them.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Second {
		return
	}
	l.swept = now
	for client, one := range l.clients {
		if one.TokensAt(now) >= float64(l.burst) {
			delete(l.clients, client)
		}
	}
}

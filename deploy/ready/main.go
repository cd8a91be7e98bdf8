// Command ready asks a server whether it is ready and exits 0 if so. The image
// holds no shell and no curl, so its health check is this.
//
//	ready [URL]
//
// The URL is /readyz at the address that VINCULO_LISTEN tells the server to listen
// on, or at 127.0.0.1:8080, unless another one is given.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"
)

func main() {
	url := readyAt(os.Getenv("VINCULO_LISTEN"))
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	err := ready(ctx, url)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ready:", err)
		os.Exit(1)
	}
}

// readyAt is where a server is asked that listens on an address. One that listens on
// all addresses of the machine is asked by its loopback.
func readyAt(listen string) string {
	host, port, err := net.SplitHostPort(cmp.Or(listen, "127.0.0.1:8080"))
	if err != nil {
		return listen // of which the request says what is wrong
	}
	if at, err := netip.ParseAddr(host); host == "" || err == nil && at.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz"
}

func ready(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody) //nolint:gosec // Asking the URL given is what this is for.
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	res, err := http.DefaultClient.Do(req) //nolint:gosec // As above.
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}

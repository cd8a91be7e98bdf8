// Command ready asks a server whether it is ready and exits 0 if so. The image
// holds no shell and no curl, so its health check is this.
//
//	ready [URL]
//
// The URL is http://127.0.0.1:8080/readyz unless another one is given.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	url := "http://127.0.0.1:8080/readyz"
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

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// checkHosts refuses what no request can name as its host.
func checkHosts(names []string) error {
	for _, name := range names {
		address, err := url.Parse("//" + name)
		_, ip := netip.ParseAddr(name)
		if name != "*" && ip != nil && (err != nil || address.Host != name || !isASCII(name)) {
			return usageError{fmt.Errorf("--host %q is no host name; give one such as graph.example.org, or with its port graph.example.org:8443, without https:// and a path, and * for all", name)}
		}
	}
	return nil
}

// checkOrigins refuses what no browser sends as an origin.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		if origin == "*" || origin == "null" {
			continue
		}
		address, err := url.Parse(origin)
		switch {
		case err != nil || address.Scheme == "" || address.Host == "" || strings.TrimSuffix(origin, "/") != address.Scheme+"://"+address.Host || !isASCII(origin):
			err = errors.New("is no origin; give one such as https://example.org, without a path, and * for all")
		case address.Scheme == "https" && address.Port() == "443", address.Scheme == "http" && address.Port() == "80":
			err = errors.New("names the port that browsers leave out; leave it out, too")
		}
		if err != nil {
			return usageError{fmt.Errorf("--cors-origin %q %w", origin, err)}
		}
	}
	return nil
}

// isASCII says whether a name is as requests have it, which write México as
// xn--mxico-bsa.
func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) }) < 0
}

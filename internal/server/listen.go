package server

import (
	"fmt"
	"net"

	"github.com/vinculo/vinculo/internal/access"
)

// CheckListen refuses an address to listen on that other machines reach, as long as nothing says who
// may ask what: without access configured everyone who reaches the server is its owner. An address is
// host:port; an empty host means all of the machine's addresses.
func CheckListen(address string, accessConfigured bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the address %q to listen on is not host:port: give one such as 127.0.0.1:8080", address)
	}
	if accessConfigured || access.IsLoopback(host) {
		return nil
	}
	return fmt.Errorf("refusing to listen on %s, which other machines may reach: as long as no access is configured, whoever reaches the server may read and change everything. "+
		"Listen on loopback (--listen 127.0.0.1:8080), where a proxy or an SSH tunnel that knows its readers can take requests from; or say who may come in: --tokens for those whom `vinculo token create` makes a token, --oidc-issuer for those whom an OpenID provider knows, --anonymous to let everybody read what is PUBLIC", address)
}

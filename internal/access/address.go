package access

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// namesOfTokens are names under which clients put a token into an address.
var namesOfTokens = []string{"access_token", "api_key", "apikey", "authorization", "bearer", "id_token", "token"}

// tokenForm finds what can only be a token: a secret of ours, or a signed one of a
// provider, whose header and claims are JSON objects in base64.
var tokenForm = regexp.MustCompile(secretForm + `|\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+`)

// holdsToken says whether a token stands in what follows the "?" of an address.
func holdsToken(query string) bool {
	if query == "" {
		return false
	}
	if tokenForm.MatchString(query) {
		return true // also where the rest cannot be decoded
	}
	values, _ := url.ParseQuery(query) // what cannot be decoded is left out
	for name, given := range values {
		if slices.ContainsFunc(namesOfTokens, func(n string) bool { return strings.EqualFold(n, name) }) ||
			slices.ContainsFunc(append(given, name), tokenForm.MatchString) {
			return true
		}
	}
	return false
}

package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"
)

// TestMAC compares commitments with HMAC-SHA256 of the standard library.
func TestMAC(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var salt [16]byte
		copy(salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "salt"))
		domain, content := rapid.String().Draw(r, "domain"), rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(r, "content")
		m := hmac.New(sha256.New, salt[:])
		m.Write([]byte(domain))
		m.Write(content)
		if got := mac(salt, domain, content); string(got[:]) != string(m.Sum(nil)) {
			r.Fatalf("%x", got)
		}
	})
}

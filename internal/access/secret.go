package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A secret looks like
//
//	vinculo_k3j5h7d2a4_<52 letters of 256 random bits><7 letters of checksum>
//
// The beginning is what scanners of leaked secrets look for; the checksum tells
// them, and the server, a secret from a look-alike without asking the store. The
// id after the beginning is not secret: it names the token in lists and logs.
// Letters are those of base32 in lower case, so that a double click takes the
// whole and no two of them look alike.
const (
	secretPrefix   = "vinculo_"
	tokenIDLength  = 10
	randomBytes    = 32
	randomLength   = 52
	checksumLength = 7
	secretLength   = len(secretPrefix) + tokenIDLength + 1 + randomLength + checksumLength
)

// SecretPattern is a regular expression (RE2, and PCRE) that finds secrets, for
// scanners; docs/access.md gives it to their users.
const SecretPattern = `\b` + secretForm + `\b`

// secretForm finds secrets wherever they begin and end.
const secretForm = `vinculo_[a-z2-7]{10}_[a-z2-7]{59}` //nolint:gosec // it finds secrets and is none

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSecret makes a secret and the id in it.
func newSecret() (secret, id string) {
	var random [randomBytes + 7]byte
	_, _ = rand.Read(random[:]) // it ends the program rather than failing
	id = encoding.EncodeToString(random[randomBytes:])[:tokenIDLength]
	body := secretPrefix + id + "_" + encoding.EncodeToString(random[:randomBytes])
	return body + checksum(body), id
}

func checksum(body string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(body)))
	return encoding.EncodeToString(sum[:])
}

// idOfSecret reads the id out of a secret; ok is false where it is none.
func idOfSecret(secret string) (id string, ok bool) {
	if len(secret) != secretLength || !strings.HasPrefix(secret, secretPrefix) {
		return "", false
	}
	body, sum := secret[:secretLength-checksumLength], secret[secretLength-checksumLength:]
	id, rest := body[len(secretPrefix):len(secretPrefix)+tokenIDLength], body[len(secretPrefix)+tokenIDLength:]
	if rest[0] != '_' || !isBase32(id) || !isBase32(rest[1:]) || checksum(body) != sum {
		return "", false
	}
	return id, true
}

func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// digest is what is stored of a secret. SHA-256 once is enough: a slow hash makes
// guessing costly where people choose the secret, and nobody guesses one of 2²⁵⁶,
// while every request would pay for the slowness.
func digest(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

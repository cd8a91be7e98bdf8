package names

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLatinTable folds every character that has a short way, among others, by
// the long one too.
func TestLatinTable(t *testing.T) {
	for r := range rune(0x180) {
		for _, other := range []rune{'a', 'Z', '7', '.', '\'', '`', ' ', 'ª', 'ñ', 'ß', '´', '¨', 'İ', 'ŉ', 'ŀ', r} {
			for _, s := range []string{string([]rune{r, other}), string([]rune{other, r, 'x', other})} {
				require.Equal(t, string(plainAny(s)), string(plain(nil, s)), "%+q", s)
			}
		}
	}
	require.Equal(t, "aα", string(plain(nil, "ÁΑ")), "others take the long way together")
}

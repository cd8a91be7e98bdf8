package extract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// plain reads plain text. Its encoding is told by a byte order mark, else by the
// hint, else by what its bytes can be: UTF-8 if they are valid, UTF-16 if every
// other one is zero, else Windows-1252, as browsers take it.
func (e *Extractor) plain(ctx context.Context, r io.Reader, hinted string) (Text, error) {
	raw, err := e.readAll(ctx, r)
	if err != nil {
		return Text{}, err
	}
	name, err := charsetOf(raw, hinted)
	if err != nil {
		return Text{}, err
	}
	if name == "utf-8" {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		if i := invalidAt(raw); i >= 0 {
			return Text{}, fmt.Errorf("%w: it says that it is UTF-8, and byte %d is not", ErrMalformed, i)
		}
	}
	words, err := e.decode(raw, name)
	if err != nil {
		return Text{}, err
	}
	// Text holds no zero bytes; a picture or a program called text does.
	if i := strings.IndexByte(words, 0); i >= 0 {
		return Text{}, fmt.Errorf("%w: it is no text: there is a zero byte at %d", ErrMalformed, i)
	}
	return Text{Words: words, Charset: name}, nil
}

func charsetOf(raw []byte, hinted string) (string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return "utf-8", nil
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		return "utf-16le", nil
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return "utf-16be", nil
	}
	if hinted != "" {
		found, err := htmlindex.Get(hinted)
		if err != nil {
			return "", fmt.Errorf("%w: %q is no charset of the WHATWG Encoding standard", ErrMalformed, hinted)
		}
		return htmlindex.Name(found)
	}
	if utf8.Valid(raw) && bytes.IndexByte(raw, 0) < 0 {
		return "utf-8", nil
	}
	if name, wide := wideText(raw[:min(len(raw), sniffLength)]); wide {
		return name, nil
	}
	return "windows-1252", nil
}

// wideText says whether the bytes look like UTF-16 of a Western script without a
// byte order mark.
func wideText(head []byte) (name string, ok bool) {
	if len(head) < 4 {
		return "", false
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case zeros[1] > half*3/4 && zeros[0] == 0:
		return "utf-16le", true
	case zeros[0] > half*3/4 && zeros[1] == 0:
		return "utf-16be", true
	}
	return "", false
}

// decode brings the bytes to UTF-8, within the limit of text.
func (e *Extractor) decode(raw []byte, name string) (string, error) {
	var from encoding.Encoding
	switch name {
	case "utf-8":
		if len(raw) > e.limits.Text {
			return "", e.tooMuchText()
		}
		return string(raw), nil
	case "utf-16le":
		from = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-16be":
		from = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		found, err := htmlindex.Get(name)
		if err != nil {
			return "", fmt.Errorf("%w: %q is no charset of the WHATWG Encoding standard", ErrMalformed, name)
		}
		from = found
	}
	b, err := io.ReadAll(io.LimitReader(from.NewDecoder().Reader(bytes.NewReader(raw)), int64(e.limits.Text)+1))
	if err != nil {
		return "", fmt.Errorf("%w: it is not %s: %w", ErrMalformed, name, err)
	}
	if len(b) > e.limits.Text {
		return "", e.tooMuchText()
	}
	return string(b), nil
}

func invalidAt(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}

package server

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

var errUTF8 = errors.New("is not valid UTF-8; send it in UTF-8")

const wholePair = "half of a surrogate pair, which is no character; write the whole pair, or the character itself"

// CheckJSON finds what encoding/json would read otherwise than it is written, without a word: it puts
// another character for what is none, and of what an object has twice it takes the last. The error is a
// phrase that goes on after the name of the text.
func CheckJSON(text []byte) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	if at := loneSurrogate(text); at >= 0 {
		return fmt.Errorf("has at byte %d "+wholePair, at+1)
	}
	err := jsontext.NewDecoder(bytes.NewReader(text)).SkipValue()
	if repeated, ok := errors.AsType[*jsontext.SyntacticError](err); ok && errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("has at byte %d a name that its object has already; give each name once", repeated.ByteOffset+1)
	}
	return nil
}

// CheckQuery finds what the parser of GraphQL would put another character for, as [CheckJSON] does.
func CheckQuery(text string) error {
	if !utf8.ValidString(text) {
		return errUTF8
	}
	if loneSurrogate([]byte(text)) < 0 { // and so no string of it has one
		return nil
	}
	characters, tokens := []rune(text), lexer.New(&ast.Source{Input: text})
	for {
		token, err := tokens.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil //nolint:nilerr // the parser tells of it
		}
		if token.Kind == lexer.String && loneSurrogate([]byte(string(characters[token.Pos.Start:token.Pos.End]))) >= 0 {
			return fmt.Errorf("has in the string at line %d, column %d, "+wholePair, token.Pos.Line, token.Pos.Column-1) // the lexer counts from behind the quote
		}
	}
}

// loneSurrogate is where the first escape of half a surrogate pair without its other half begins, or -1.
// JSON and GraphQL write escapes alike.
func loneSurrogate(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		first, ok := escaped(text[i:])
		switch second, pair := escaped(text[min(i+6, len(text)):]); {
		case !ok || !utf16.IsSurrogate(first):
			i++ // what is escaped may be a backslash
		case !pair || utf16.DecodeRune(first, second) == utf8.RuneError:
			return i
		default:
			i += 11
		}
	}
	return -1
}

// escaped is what an escape such as \u00e9 at the beginning of a text stands for.
func escaped(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

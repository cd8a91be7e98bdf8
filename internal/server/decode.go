package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// refusal is an answer to a request that never became an operation.
type refusal struct {
	status    int
	err       *gqlerror.Error
	challenge string        // What WWW-Authenticate says, if anything.
	retry     time.Duration // When to ask again; 0 where nothing is said of it.
}

func refuse(status int, err *gqlerror.Error) *refusal { return &refusal{status: status, err: err} }

// final says whether who was refused is refused for good, and not because something does not answer now.
func (r *refusal) final() bool {
	return r.status == http.StatusUnauthorized || r.status == http.StatusForbidden
}

// stops says whether a response may not be told to who was refused. The one answer of a query or mutation
// was asked for by somebody who might: where they cannot be checked just now it is told all the same,
// because who does not learn that a change was made makes it again.
func (r *refusal) stops(streams bool) bool { return streams || r.final() }

// reading reads the request that was sent. It is called where few run at a time, as what is read takes
// far more memory than what was sent.
type reading func() (*graphql.RawParams, *refusal)

// readPost takes the body of a POST, of no more bytes than its reader may send.
func readPost(w http.ResponseWriter, r *http.Request, limits Limits) (reading, *refusal) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, refuse(http.StatusUnsupportedMediaType, fault(CodeInvalidInput, "Send the request as JSON in UTF-8, with the header Content-Type: application/json."))
	}
	for _, coding := range r.Header.Values("Content-Encoding") {
		if !strings.EqualFold(coding, "identity") {
			w.Header().Set("Accept-Encoding", "identity")
			return nil, refuse(http.StatusUnsupportedMediaType, fault(CodeInvalidInput, "The body of the request is compressed. Send it as it is, without the header Content-Encoding."))
		}
	}
	// Writers that have no deadlines, as those of tests, need none.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(limits.BodyTime))
	limits = limits.of(r.Context())
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limits.BodyBytes))
	if err != nil {
		w.Header().Set("Connection", "close") // What is left of the body is not waited for.
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, refuse(http.StatusRequestEntityTooLarge, overLimit("bodyBytes", "The request is larger than %d bytes. Send it in parts.", limits.BodyBytes))
		}
		return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The body of the request could not be read to its end."))
	}
	// Left standing, the deadline would end the context of a request that runs longer.
	_ = control.SetReadDeadline(time.Time{})
	return func() (*graphql.RawParams, *refusal) {
		params, fault := decodeRequest(body, limits.Values)
		if fault != nil {
			return nil, refuse(http.StatusBadRequest, fault)
		}
		return params, nil
	}, nil
}

// decodeRequest reads a GraphQL request from JSON, as bodies and messages on a websocket carry it, of at
// most so many values. Its errors say where the fault is, and never repeat the text.
func decodeRequest(body []byte, values int) (*graphql.RawParams, *gqlerror.Error) {
	switch trimmed := bytes.TrimLeft(body, " \t\r\n"); {
	case len(trimmed) == 0:
		return nil, fault(CodeInvalidInput, `The request is empty: send {"query": "…", "variables": {…}}.`)
	case trimmed[0] == '[':
		return nil, fault(CodeInvalidInput, "The request is a list: send one operation in each request.")
	case trimmed[0] != '{':
		return nil, fault(CodeInvalidInput, `The request is not a JSON object: send {"query": "…", "variables": {…}}.`)
	}
	if refusal := roomy(body, values); refusal != nil {
		return nil, refusal
	}
	if err := CheckJSON(body); err != nil {
		return nil, fault(CodeInvalidInput, "The request %s.", err)
	}
	params := &graphql.RawParams{}
	err := decodeMembers(body, map[string]any{
		"query": &params.Query, "operationName": &params.OperationName, "variables": &params.Variables, "extensions": &params.Extensions,
	})
	if err != nil {
		return nil, fault(CodeInvalidInput, "The request is not what it should be: %s.", err)
	}
	return params, complete(params)
}

// readGet reads the request that the address of a GET carries.
func readGet(r *http.Request, limits Limits) (*graphql.RawParams, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The address is not encoded as application/x-www-form-urlencoded."))
	}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		if times := len(values[name]); times > 1 {
			return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The parameter %s stands in the address %d times; give it once.", name, times))
		}
	}
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	if !utf8.ValidString(params.OperationName) {
		return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The parameter operationName %s.", errUTF8))
	}
	most := limits.of(r.Context()).Values
	for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if refusal := roomy([]byte(text), most); refusal != nil {
			return nil, refuse(http.StatusBadRequest, refusal)
		}
		if err := CheckJSON([]byte(text)); err != nil {
			return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The parameter %s %s.", name, err))
		}
		if err := decodeJSON([]byte(text), into); err != nil {
			return nil, refuse(http.StatusBadRequest, fault(CodeInvalidInput, "The parameter %s must be a JSON object: %s.", name, err))
		}
	}
	if fault := complete(params); fault != nil {
		return nil, refuse(http.StatusBadRequest, fault)
	}
	return params, nil
}

// complete says what is missing from a request, or nil.
func complete(params *graphql.RawParams) *gqlerror.Error {
	if params.Query == "" && params.Extensions["persistedQuery"] == nil {
		return fault(CodeInvalidInput, `The request has no query: send {"query": "…"}.`)
	}
	return nil
}

// roomy refuses a text of JSON that has more than so many values, before it is read.
func roomy(text []byte, values int) *gqlerror.Error {
	if valuesIn(text) <= values {
		return nil
	}
	return overLimit("values", "The variables of the request have more than %d values, lists and objects among them. Send it in parts.", values)
}

// valuesIn is how many values a text of JSON has, or a few more: one follows each sign that begins a list
// or an object or goes on with it.
func valuesIn(text []byte) int {
	count := 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[', ',':
			count++
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return count
}

// decodeMembers reads a JSON object, of which each member that is named here goes where it is said; null
// leaves that as it is, and other members are passed over. A name is meant letter by letter, for which
// encoding/json would take "Query" for "query". The error is a phrase.
func decodeMembers(text []byte, into map[string]any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	switch first, err := decoder.Token(); {
	case err != nil:
		return wrongJSON(err, "")
	case first != json.Delim('{'):
		return errors.New("a JSON object is expected")
	}
	read := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return wrongJSON(err, "")
		}
		name, _ := token.(string) // it is, or the decoder would have refused it
		member := into[name]
		switch {
		case member == nil:
			member = new(json.RawMessage)
		case read[name]:
			return fmt.Errorf("it has %s twice", name)
		default:
			read[name] = true
		}
		if err := decoder.Decode(member); err != nil {
			return wrongJSON(err, name)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return wrongJSON(err, "")
	}
	return nothingAfter(decoder)
}

// decodeJSON reads one JSON value and nothing after it. Numbers stay as they are written, so that no
// digit of an integer is lost. The error is a phrase.
func decodeJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return wrongJSON(err, "")
	}
	return nothingAfter(decoder)
}

func nothingAfter(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the JSON at byte %d", decoder.InputOffset())
	}
	return nil
}

// wrongJSON says what is wrong with a text of JSON, or with its member of a name.
func wrongJSON(err error, name string) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if name == "" {
			return fmt.Errorf("a JSON object is expected, not %s", kindOf(wrong.Value))
		}
		return fmt.Errorf("%s must be a %s, not %s", name, expected(name), kindOf(wrong.Value))
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is not JSON at byte %d", syntax.Offset)
	}
	return errors.New("the JSON ends too early")
}

// expected names the JSON type that a field of a request has.
func expected(field string) string {
	if field == "query" || field == "operationName" {
		return "string"
	}
	return "JSON object"
}

// kindOf keeps the type of what encoding/json reports, with its article, and drops the value, which may
// follow it.
func kindOf(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

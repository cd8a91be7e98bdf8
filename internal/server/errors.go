package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that this package gives in extensions.code. The schema behind it has more of its own.
const (
	// CodeInvalidInput says that the request is not one: JSON, GraphQL, a variable, a header.
	CodeInvalidInput = "INVALID_INPUT"
	// CodeForbidden says that this reader, or a page of this origin, may not ask this.
	CodeForbidden = "FORBIDDEN"
	// CodeLimitExceeded says that a limit was passed; extensions.limit says which.
	CodeLimitExceeded = "LIMIT_EXCEEDED"
	// CodeUnavailable says that what the answer needs does not answer now; trying again is right.
	CodeUnavailable = "UNAVAILABLE"
	// CodeInternal says that the fault is ours. The message says nothing more; the log does.
	CodeInternal = "INTERNAL"
	// CodePersistedQueryNotFound is what clients of automatic persisted queries wait for before they
	// send the whole document.
	CodePersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND"
)

const (
	// maxErrors is how many faults of one request are reported. The faults of a change set are
	// collected by the schema, which has its own bound.
	maxErrors = 100
	// maxMessage is the length in bytes to which messages about a document are cut, because they
	// quote it.
	maxMessage = 400
)

// Why the context of an operation ended.
var (
	errTimeLimit = errors.New("the time for one request is over")
	errStopping  = errors.New("the server is stopping")
)

// errOwn marks the errors that this package makes, which no presenter need look at.
var errOwn = errors.New("made by the server")

// fault makes an error with a code.
func fault(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Err: errOwn, Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// overLimit makes the error for a limit that was passed. The name is a field of [Limits] in the
// spelling of JSON.
func overLimit(limit, format string, args ...any) *gqlerror.Error {
	err := fault(CodeLimitExceeded, format, args...)
	err.Extensions["limit"] = limit
	return err
}

// codeOf gives the code of an error, or "".
func codeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// limitOf gives which limit an error says was passed, or "" for an error of another kind.
func limitOf(err *gqlerror.Error) string {
	if codeOf(err) != CodeLimitExceeded {
		return ""
	}
	if limit, ok := err.Extensions["limit"].(string); ok {
		return limit
	}
	return "schema"
}

// presenter wraps the schema's own presenter so that every error has a code of ours, whatever part of
// the machinery made it.
func presenter(schema graphql.ErrorPresenterFunc, limits Limits) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if own := asExecutor(err, limits); own != nil {
			return own
		}
		if errors.Is(context.Cause(ctx), errTimeLimit) && expired(err) {
			own := timeLimit(limits)
			own.Path = graphql.GetPath(ctx)
			return own
		}
		presented := schema(ctx, err)
		if presented == nil {
			presented = &gqlerror.Error{Path: graphql.GetPath(ctx)}
		}
		if ofDocument(err) || isCoercion(err) {
			return withCode(presented, CodeInvalidInput)
		}
		if codeOf(presented) != "" {
			return presented
		}
		zerolog.Ctx(ctx).Error().Err(err).Str("path", presented.Path.String()).Msg("an error without a code was hidden from the client")
		hidden := internal()
		hidden.Path = presented.Path
		hidden.Locations = presented.Locations
		return hidden
	}
}

// internal is what a client learns of a fault of ours.
func internal() *gqlerror.Error {
	return fault(CodeInternal, "The server failed on this; the fault is not yours. Its log says more.")
}

// expired says whether an error comes from a context that ended.
func expired(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, errTimeLimit)
}

func timeLimit(limits Limits) *gqlerror.Error {
	return overLimit("requestTime", "The request took longer than %s. Ask for fewer rows, or for less about each.", limits.RequestTime)
}

// isCoercion says whether an error is that of a value that a scalar of gqlgen does not take.
func isCoercion(err error) bool {
	return asType[*graphql.IntegerError](err) || asType[*graphql.NumberOverflowError](err) || asType[*graphql.UintSignError](err)
}

func asType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// asExecutor gives the errors that this package, or a limit of gqlgen's own, made; nil for others.
func asExecutor(err error, limits Limits) *gqlerror.Error {
	found, ok := errors.AsType[*gqlerror.Error](err)
	switch {
	case !ok:
		return nil
	case errors.Is(found, errOwn):
		return found
	case codeOf(found) == errcode.ParseFailed && strings.HasPrefix(found.Message, "exceeded token limit"):
		return overLimit("tokens", "The query has more than %d words and signs. Send it in parts, or use variables and fragments.", limits.Tokens)
	case IsUnclearOperation(found):
		return fault(CodeInvalidInput, "Which operation of the query is meant is not clear: give the name of one that it has in operationName.")
	case codeOf(found) == errcode.ParseFailed && found.Message == "no operation provided", codeOf(found) == errcode.ValidationFailed && found.Message == "no operation provided":
		return fault(CodeInvalidInput, "The query has no operation: write one, such as { stats { entities } }.")
	case found.Rule == "MaxIntrospectionDepth":
		return overLimit("depth", "The query nests the lists of the introspection too deep.")
	}
	return nil
}

// IsUnclearOperation says whether an error of gqlgen's executor is that a query has no operation of the
// name that was given, or several where none was.
func IsUnclearOperation(err *gqlerror.Error) bool {
	return codeOf(err) == errcode.ValidationFailed && strings.HasPrefix(err.Message, "operation ") && strings.HasSuffix(err.Message, " not found")
}

// ofDocument says whether an error is about the text of a query or its variables.
func ofDocument(err error) bool {
	found, ok := errors.AsType[*gqlerror.Error](err)
	return ok && (codeOf(found) == errcode.ParseFailed || codeOf(found) == errcode.ValidationFailed)
}

// withCode copies an error, which may be shared by requests, with another code and a message of
// bounded length.
func withCode(err *gqlerror.Error, code string) *gqlerror.Error {
	made := *err
	made.Message = cut(err.Message)
	made.Extensions = map[string]any{"code": code}
	for key, value := range err.Extensions {
		if key != "code" {
			made.Extensions[key] = value
		}
	}
	return &made
}

// cut shortens a message to maxMessage bytes.
func cut(message string) string { return cutTo(maxMessage, message) }

// cutTo shortens a text to so many bytes, at the end of a letter.
func cutTo(most int, text string) string {
	if len(text) <= most {
		return text
	}
	const left = " …"
	end := most - len(left)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + left
}

// bounded keeps the first maxErrors of a list.
func bounded(list gqlerror.List) gqlerror.List {
	if len(list) <= maxErrors {
		return list
	}
	kept := append(gqlerror.List(nil), list[:maxErrors]...)
	return append(kept, fault(CodeInvalidInput, "There are %d more faults; mend these first.", len(list)-maxErrors))
}

package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// report adds all faults of an error but the last to the response, and gives the
// last for the resolver to return: each is an error of its own to the client.
func report(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var faults evidence.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		return err
	}
	last := len(faults) - 1
	for _, f := range faults[:last] {
		graphql.AddError(ctx, f)
	}
	return faults[last]
}

// RecoverFunc makes of a panic an error without detail, and logs what it was to
// the logger of the context (see zerolog.Ctx).
func RecoverFunc(ctx context.Context, fault any) error {
	zerolog.Ctx(ctx).Error().Interface("panic", fault).Bytes("stack", debug.Stack()).Msg("a resolver panicked")
	return errPanic
}

var errPanic = evidence.Fault{Code: evidence.Internal, Message: "something is wrong in the server; its log says what"}

// ErrorPresenter gives every error extensions.code, one of the codes of package
// evidence, and where an input is at fault its path as extensions.path. What is
// wrong inside is logged to the logger of the context and not told.
func ErrorPresenter(ctx context.Context, err error) *gqlerror.Error {
	presented := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	var given *gqlerror.Error
	if errors.As(err, &given) {
		presented.Path, presented.Locations = given.Path, given.Locations
		presented.Extensions = given.Extensions
	}
	fault, extensions := faultOf(ctx, err, given), map[string]any{}
	for k, v := range presented.Extensions {
		extensions[k] = v
	}
	extensions["code"] = string(fault.Code)
	if fault.Path != "" {
		extensions["path"] = fault.Path
	}
	presented.Extensions, presented.Message = extensions, fault.Error()
	if isRequest(given) {
		presented.Path = nil // the request has not come as far as a field
	}
	return presented
}

// faultOf says what sort of thing an error is, in words for the client.
func faultOf(ctx context.Context, err error, given *gqlerror.Error) evidence.Fault {
	var faults evidence.Faults
	var fault evidence.Fault
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &faults) && len(faults) > 0:
		return faults[0]
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return evidence.Fault{Code: evidence.LimitExceeded, Message: "it took longer than a request may; ask for less at once"}
	case errors.Is(err, context.Canceled):
		return evidence.Fault{Code: evidence.Unavailable, Message: "the request was given up"}
	case errors.Is(err, blob.ErrTooLarge):
		return evidence.Fault{Code: evidence.LimitExceeded, Message: "the document is larger than this server keeps; leave out what is not cited"}
	case errors.Is(err, store.ErrChanged):
		return evidence.Fault{Code: evidence.Conflict, Message: "somebody else changed the same at the same moment; try again"}
	case errors.Is(err, syscall.ENOSPC):
		zerolog.Ctx(ctx).Error().Err(err).Msg("a disk is full")
		return evidence.Fault{Code: evidence.Unavailable, Message: "a disk of the server is full; its log says which; have who runs it make room there, and try again"}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed):
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the store does not answer")
		return evidence.Fault{Code: evidence.Unavailable, Message: "the store does not answer; try again in a moment"}
	}
	if given != nil {
		if f, ok := requestFault(ctx, given); ok {
			return f
		}
	}
	zerolog.Ctx(ctx).Error().Err(err).Msg("a field failed")
	return errPanic
}

// isRequest says whether an error is one of parsing, validation or variables,
// which have no place in the response.
func isRequest(err *gqlerror.Error) bool {
	if err == nil {
		return false
	}
	code := err.Extensions["code"]
	return code == errcode.ValidationFailed || code == errcode.ParseFailed
}

// requestFault is the fault of an error that gqlgen made: of parsing, validation,
// variables, arguments, or of an extension that set a code.
func requestFault(ctx context.Context, err *gqlerror.Error) (evidence.Fault, bool) {
	code, _ := err.Extensions["code"].(string)
	switch {
	case strings.Contains(err.Message, "exceeded token limit"):
		return evidence.Fault{Code: evidence.LimitExceeded, Message: err.Message + "; send a shorter query"}, true
	case isRequest(err):
		return evidence.Fault{Code: evidence.InvalidInput, Path: variablePath(err.Path), Message: err.Message}, true
	case strings.HasSuffix(code, "LIMIT_EXCEEDED"):
		return evidence.Fault{Code: evidence.LimitExceeded, Message: err.Message}, true
	case code != "":
		return evidence.Fault{Code: evidence.Code(code), Message: err.Message}, true
	}
	var null *graphql.InvalidNullError
	if errors.As(err, &null) {
		return evidence.Fault{}, false
	}
	// An argument that does not read: gqlgen puts its name behind the field's path.
	if at := graphql.GetPath(ctx); len(err.Path) > len(at) && at.String() == err.Path[:len(at)].String() {
		return evidence.Fault{Code: evidence.InvalidInput, Path: strings.TrimPrefix(inputPath(err.Path[len(at):]), "changeSet."), Message: err.Message}, true
	}
	return evidence.Fault{}, false
}

// variablePath is where in its variables a request is at fault. The change set
// is named by what is inside of it, as the faults of evidence are.
func variablePath(p ast.Path) string {
	if len(p) < 2 || p[0] != ast.PathName("variable") {
		return ""
	}
	if len(p) > 2 {
		return inputPath(p[2:])
	}
	return inputPath(p[1:])
}

// inputPath writes a path as changes[3].assertLink.valid.since.
func inputPath(p ast.Path) string {
	var b strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case ast.PathIndex:
			b.WriteString("[" + strconv.Itoa(int(step)) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

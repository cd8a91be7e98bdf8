package evidence

import (
	"errors"
	"fmt"
	"strings"
)

// Code tells a client what sort of thing went wrong; it stands in
// extensions.code of every GraphQL error.
type Code string

// The codes.
const (
	UncitedClaim  Code = "UNCITED_CLAIM"  // a claim without a supporting citation
	UnknownID     Code = "UNKNOWN_ID"     // no record of that id that the caller can see
	DuplicateID   Code = "DUPLICATE_ID"   // the id exists with other content
	InvalidDate   Code = "INVALID_DATE"   // not EDTF, or an end before its beginning
	InvalidEnds   Code = "INVALID_ENDS"   // the kind does not join entities of these kinds
	InvalidInput  Code = "INVALID_INPUT"  // anything else that is wrong with what was sent
	Conflict      Code = "CONFLICT"       // the graph has moved on, or the key was used
	Forbidden     Code = "FORBIDDEN"      // the caller may not do this
	LimitExceeded Code = "LIMIT_EXCEEDED" // too much was asked at once
	Unavailable   Code = "UNAVAILABLE"    // the store does not answer; try again
	Internal      Code = "INTERNAL"       // a fault of ours
)

// Fault is one thing wrong with an input: where, what, and what to do.
type Fault struct {
	Code Code `json:"code"`
	// Path of the input at fault, such as changes[3].assertLink.valid.since.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// Error implements error.
func (f Fault) Error() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// Faults are all that is wrong with one request, in the order of its input.
type Faults []Fault

// Error implements error.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Faulty makes an error of one fault.
func Faulty(code Code, path, format string, args ...any) error {
	return Faults{{Code: code, Path: path, Message: fmt.Sprintf(format, args...)}}
}

// CodeOf finds the code of an error; Internal where it carries none.
func CodeOf(err error) Code {
	var fs Faults
	if errors.As(err, &fs) && len(fs) > 0 {
		return fs[0].Code
	}
	var f Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return Internal
}

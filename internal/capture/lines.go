package capture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/capture/quote"
	"github.com/vinculo/vinculo/internal/evidence"
)

// maxLine is the most bytes of one line of quotes.
const maxLine = 64 << 20

// LineError is what is wrong with one line of quotes.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d of the quotes: %v", e.Line, e.Err) }

// Unwrap answers what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// lineResult is what CheckLines writes of one quote.
type lineResult struct {
	State       string `json:"state"`
	Start       *int   `json:"start,omitempty"` // in code points
	End         *int   `json:"end,omitempty"`   // exclusive
	Occurrences int    `json:"occurrences,omitempty"`
	Context     string `json:"context,omitempty"`
	Nearest     string `json:"nearest,omitempty"`
	Distance    int    `json:"distance,omitempty"`
	Error       string `json:"error,omitempty"`
}

// CheckLines compares quotes with a plain text. Each line of quotes is one JSON
// object with the members exact, prefix and suffix, of which the last two may be
// left out; others are ignored. For each, in order, a line of JSON is written to
// out: state, start and end (offsets into the text in code points, end exclusive;
// of a failed quote those of the nearest passage), occurrences, context, nearest
// and distance. Blank lines are skipped.
//
// A line at fault gets one with state UNCHECKED and error, and the rest is still
// checked; all such faults are then the error, each a *LineError. Other errors
// are of the text (those of package extract) or of reading and writing.
func CheckLines(ctx context.Context, text, quotes io.Reader, out io.Writer) error {
	words, err := io.ReadAll(io.LimitReader(text, quote.MaxText+1))
	if err != nil {
		return fmt.Errorf("read the text: %w", err)
	}
	if len(words) > quote.MaxText {
		return fmt.Errorf("the text has more bytes than %d: %w", quote.MaxText, extract.ErrTooLarge)
	}
	prepared, err := quote.Prepare(string(words))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	lines := bufio.NewScanner(quotes)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var faults []error
	n := 0
	for lines.Scan() {
		n++
		if err := ctx.Err(); err != nil {
			return errors.Join(err, w.Flush())
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		result, err := checkLine(prepared, lines.Bytes())
		if err != nil {
			faults = append(faults, &LineError{Line: n, Err: err})
			result = lineResult{State: evidence.Unchecked.String(), Error: err.Error()}
		}
		if err := encoder.Encode(result); err != nil {
			return fmt.Errorf("write the result of line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("it is longer than %d bytes", maxLine)
		}
		faults = append(faults, &LineError{Line: n + 1, Err: err})
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return errors.Join(faults...)
}

func checkLine(text *quote.Text, line []byte) (lineResult, error) {
	// JSON's reader would put other characters for what is not UTF-8, and the
	// quote would be said to be missing.
	if !utf8.Valid(line) {
		return lineResult{}, errors.New("it is not valid UTF-8; convert it to UTF-8 first")
	}
	var q evidence.Quote
	if err := json.Unmarshal(line, &q); err != nil {
		return lineResult{}, fmt.Errorf(`not a JSON object of "exact", "prefix" and "suffix": %w`, err)
	}
	found, err := text.Find(q)
	if err != nil {
		return lineResult{}, err
	}
	r := lineResult{
		State: found.State.String(), Occurrences: found.Occurrences,
		Context: found.Context, Nearest: found.Nearest, Distance: found.Distance,
	}
	if found.End > found.Start {
		r.Start, r.End = &found.Start, &found.End
	}
	return r, nil
}

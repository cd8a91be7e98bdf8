package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
)

type logCmd struct {
	Store string `required:"" placeholder:"STORE" help:"The store to read."`
	After uint64 `placeholder:"N" help:"Only revisions after number N."`
	JSON  bool   `name:"json" env:"-" help:"Write one JSON object for each revision, with every change."`
	kinds
}

// Help shows examples.
func (logCmd) Help() string {
	return `Everything is shown, whatever its clearance: the log is read by who keeps the
store. The oldest revision comes first.

Examples:

    vinculo log --store sqlite:case.db
    vinculo log --store sqlite:case.db --after 12 --json | jq .reason`
}

// loggedRevision is a revision as `log --json` writes it.
type loggedRevision struct {
	Number  evidence.Sequence  `json:"number"`
	Time    string             `json:"time"`
	Author  string             `json:"author"`
	Reason  string             `json:"reason"`
	Hash    string             `json:"hash"`
	Changes []evidence.Outcome `json:"changes"`
}

// Run lists the log.
func (c *logCmd) Run(ctx context.Context, m *Main) error {
	v, err := c.load()
	if err != nil {
		return err
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, ReadOnly: true})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(m.Stdout)
	err = c.list(ctx, st, out)
	// What was read before an error is good. An error of writing is told once.
	if flushed := out.Flush(); flushed != nil && !errors.Is(err, flushed) {
		err = errors.Join(err, flushed)
	}
	return err
}

func (c *logCmd) list(ctx context.Context, st store.Store, out *bufio.Writer) error {
	for r, err := range st.Log(ctx, evidence.Sequence(c.After)) {
		if err != nil {
			return err
		}
		if err := c.write(out, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *logCmd) write(out *bufio.Writer, r *evidence.Revision) error {
	meta, err := r.Meta()
	if err != nil {
		return err
	}
	at := r.Header.Time.UTC().Format(time.RFC3339)
	if !c.JSON {
		_, err = fmt.Fprintf(out, "%d  %s  %s  %s  %s  %s\n", r.Sequence(), at, r.Hash.String()[:12], oneLine(meta.Author), plural(len(r.Leaves)-1, "change"), oneLine(meta.Reason))
		return err
	}
	outcomes, err := r.Outcomes()
	if err != nil {
		return err
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(loggedRevision{r.Sequence(), at, meta.Author, meta.Reason, r.Hash.String(), outcomes}); err != nil {
		return err
	}
	_, err = out.WriteString(plainJSON(line.String()))
	return err
}

// plainJSON writes the control characters of a line of JSON, which only its strings
// may have, as JSON spells them: it leaves those above ASCII as they are.
func plainJSON(line string) string {
	if strings.IndexFunc(strings.TrimSuffix(line, "\n"), steers) < 0 {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if steers(r) && r != '\n' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

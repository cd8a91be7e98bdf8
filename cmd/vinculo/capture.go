package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/open"
)

type captureCmd struct {
	Add     captureAddCmd     `cmd:"" help:"Attach a document to a source, and compare with it what is quoted."`
	Verify  captureVerifyCmd  `cmd:"" help:"Compare all captures with their hashes, and all quotes with the captures."`
	Similar captureSimilarCmd `cmd:"" help:"Suggest which sources derive from others, by their texts."`
	Check   captureCheckCmd   `cmd:"" help:"Look for quotes in a text; needs no store."`
}

// captureStore is where the captures of a command are.
type captureStore struct {
	Store string `required:"" placeholder:"STORE" help:"The store."`
	blobPlace
	kinds
}

func (c captureStore) open(ctx context.Context, m *Main, create bool) (*archive.Archive, error) {
	place := blobsOf(c.Blobs, c.Store)
	if place == "" {
		return nil, usageError{fmt.Errorf("nothing says where the captures of %s are kept; give --blobs DIRECTORY or --blobs s3://BUCKET?endpoint=HOST", c.Store)}
	}
	v, err := c.load()
	if err != nil {
		return nil, err
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, Existing: true})
	if err != nil {
		return nil, err
	}
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, create)
	if err != nil {
		return nil, err
	}
	if blobs == nil {
		return nil, noCaptures(place)
	}
	return m.newArchive(st, newPlanner(v), blobs, m.newLogger(zerolog.WarnLevel)), nil
}

type captureAddCmd struct {
	captureStore
	Source    string `arg:"" help:"The id of the source."`
	File      string `arg:"" help:"The document: text, HTML or PDF; others are kept unread. - is the standard input."`
	MediaType string `env:"-" placeholder:"TYPE" help:"What it is, such as text/html or text/plain; charset=windows-1252. Found out where it is not given."`
	Author    string `default:"capture" placeholder:"NAME" help:"Who is named as the author in the log."`
	Reason    string `placeholder:"TEXT" help:"Why, as the log says."`
	JSON      bool   `name:"json" env:"-" help:"Write the result as JSON."`
}

// Help shows examples.
func (captureAddCmd) Help() string {
	return `The bytes are on the disk before the revision that names them is written. What
the citations of the source quote is compared with the text in the same revision.
Adding the same document again changes nothing. With --media-type, its text is read
anew as that, and the quotes are compared with it.

Examples:

    vinculo capture add --store sqlite:case.db cannon-2022 article.html
    vinculo capture add --store neo4j://localhost:7687 --blobs captures giei-2015 report.pdf
    vinculo capture add --store sqlite:case.db --media-type 'text/html; charset=utf-8' cannon-2022 article.html`
}

// Run adds a capture.
func (c *captureAddCmd) Run(ctx context.Context, m *Main) error {
	kept, err := c.open(ctx, m, true)
	if err != nil {
		return err
	}
	document := archive.Document{Source: evidence.ID(c.Source), Name: c.File, Body: m.input(ctx), MediaType: c.MediaType, Reason: c.Reason}
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("the document: %w", err)
		}
		defer f.Close() //nolint:errcheck // it is only read
		document.Body, document.Hint = f, extract.TypeByName(c.File)
	}
	added, err := kept.Add(ctx, archivist(c.Author), document)
	if err != nil {
		return err
	}
	if err := c.tell(m, added); err != nil {
		return err
	}
	switch {
	case added.IsUnreadable():
		return fmt.Errorf("the document is kept and attached, but its quotes stay UNCHECKED: %w", added.Unread)
	case added.Unread != nil:
		fmt.Fprintf(m.Stderr, "%s\n", oneLine(added.Unread.Error()))
	}
	return nil
}

// states are those of a check, in the order in which they are told.
var states = []evidence.CheckState{evidence.Verified, evidence.Ambiguous, evidence.Failed, evidence.Unchecked}

func countStates(counts map[evidence.CheckState]int) (byName map[string]int, text string) {
	byName = map[string]int{}
	for _, s := range states {
		byName[s.String()] = counts[s]
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", counts[s], s)
	}
	return byName, text
}

// checkReport is a check as --json writes it: with a name for what is a number in the
// program.
type checkReport struct {
	Citation evidence.ID `json:"citation"`
	Check    struct {
		evidence.QuoteCheck
		State string `json:"state"`
	} `json:"check"`
}

func told(checks []evidence.CitationCheck) []checkReport {
	list := make([]checkReport, len(checks))
	for i, c := range checks {
		list[i].Citation, list[i].Check.QuoteCheck, list[i].Check.State = c.Citation, c.Check, c.Check.State.String()
	}
	return list
}

func (c *captureAddCmd) tell(m *Main, added *archive.Added) error {
	counts := map[evidence.CheckState]int{}
	for _, check := range added.Checks {
		counts[check.Check.State]++
	}
	byName, text := countStates(counts)
	if c.JSON {
		return json.NewEncoder(m.Stdout).Encode(map[string]any{
			"source": c.Source, "capture": added.Capture, "new": added.Commit.New, "read": added.Unread == nil, "quotes": byName, "checks": told(added.Checks),
		})
	}
	what := "attached to"
	switch {
	case added.Reread:
		what = "was there already and was read anew, at"
	case !added.Commit.New:
		what = "was there already, at"
	}
	_, err := fmt.Fprintf(m.Stdout, "%s, %s, %s, %s source %s\n%s: %s\n",
		added.Capture.SHA256, added.Capture.MediaType, plural(int(added.Capture.Length), "byte"), what, c.Source, plural(len(added.Checks), "quote"), text)
	return err
}

type captureVerifyCmd struct {
	captureStore
	JSON bool `name:"json" env:"-" help:"Write the result as JSON."`
}

// Help shows examples.
func (captureVerifyCmd) Help() string {
	return `Checks that changed are recorded, and nothing else. Captures that are missing or
damaged, or erased and still kept, and quotes that are not in what was captured,
are faults: the exit status is then 1.

Examples:

    vinculo capture verify --store sqlite:case.db
    vinculo capture verify --store neo4j://localhost:7687 --blobs s3://captures?endpoint=s3.example.org`
}

// Run verifies the captures of a store.
func (c *captureVerifyCmd) Run(ctx context.Context, m *Main) error {
	kept, err := c.open(ctx, m, false)
	if err != nil {
		return err
	}
	bar := m.newProgress()
	report, err := kept.Verify(ctx, func(done uint64) { bar.show("sources", done, 0) })
	bar.finish()
	if err != nil {
		return err
	}
	found, err := kept.Unnamed(ctx, beingWritten)
	if err != nil {
		return err
	}
	report.Faults = append(report.Faults, erasedAndKept(found, c.Store)...)
	m.tellUnnamed(found, c.Store)
	byName, text := countStates(report.Quotes)
	quotes := 0
	for _, n := range report.Quotes {
		quotes += n
	}
	if c.JSON {
		faults := report.Faults
		if faults == nil {
			faults = []string{}
		}
		err = json.NewEncoder(m.Stdout).Encode(map[string]any{"captures": report.Captures, "quotes": byName, "changed": report.Changed, "faults": faults})
	} else {
		_, err = fmt.Fprintf(m.Stdout, "%s; %s: %s; %s changed\n", plural(report.Captures, "capture"), plural(quotes, "quote"), text, plural(report.Changed, "check"))
	}
	if err == nil && len(report.Faults) > 0 {
		err = &foundFaults{lines: report.Faults, summary: plural(len(report.Faults), "fault") + " in the captures and quotes of " + c.Store}
	}
	return err
}

type captureSimilarCmd struct {
	captureStore
	JSON bool `name:"json" env:"-" help:"Write the result as JSON."`
}

// Help shows examples.
func (captureSimilarCmd) Help() string {
	return `Sources whose captured texts are nearly the same count as independent until one
is said to derive from the other. Those that nobody said it of are listed, the
later source first, with the part of their word sequences that they share. Nothing
is written: who copied from whom is for a person to say, in derivedFrom.

Examples:

    vinculo capture similar --store sqlite:case.db
    vinculo query --store sqlite:case.db 'mutation { apply(changeSet: {reason: "a reprint",
      changes: [{putSource: {id: "copy", derivedFrom: ["original"]}}]}) { number } }'`
}

// Run compares the texts of all captured sources.
func (c *captureSimilarCmd) Run(ctx context.Context, m *Main) error {
	kept, err := c.open(ctx, m, false)
	if err != nil {
		return err
	}
	bar := m.newProgress()
	found, err := kept.Similar(ctx, func(done uint64) { bar.show("sources", done, 0) })
	bar.finish()
	if err != nil {
		return err
	}
	if c.JSON {
		type suggestion struct {
			Source      evidence.ID `json:"source"`
			DerivedFrom evidence.ID `json:"derivedFrom"`
			Similarity  float64     `json:"similarity"`
		}
		suggested := []suggestion{}
		for _, d := range found.Suggested {
			suggested = append(suggested, suggestion{d.Source, d.From, d.Similarity})
		}
		err = json.NewEncoder(m.Stdout).Encode(map[string]any{"sources": found.Sources, "suggested": suggested, "faults": append([]string{}, found.Faults...)})
	} else {
		for _, d := range found.Suggested {
			if _, err := fmt.Fprintf(m.Stdout, "%s may derive from %s: %.0f%% of their word sequences are the same\n", d.Source, d.From, 100*d.Similarity); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(m.Stdout, "%s compared; %s\n", plural(found.Sources, "captured source"), plural(len(found.Suggested), "suggestion"))
	}
	if err == nil && len(found.Faults) > 0 {
		err = &foundFaults{lines: found.Faults, summary: plural(len(found.Faults), "fault") + " in the captures of " + c.Store}
	}
	return err
}

type captureCheckCmd struct {
	Text   string `arg:"" help:"A file of plain text."`
	Quotes string `arg:"" help:"A file with one JSON object a line: exact, and perhaps prefix and suffix. - is the standard input."`
}

// Help shows examples.
func (captureCheckCmd) Help() string {
	return `One JSON object is written for each line: the state, and the offsets of the quote
in code points. Any annotated text can so be tried.

Examples:

    vinculo capture check article.txt quotes.jsonl
    echo '{"exact": "the historic truth"}' | vinculo capture check article.txt -`
}

// Run looks for quotes in a text.
func (c *captureCheckCmd) Run(ctx context.Context, m *Main) (err error) {
	text, err := os.Open(c.Text)
	if err != nil {
		return fmt.Errorf("the text: %w", err)
	}
	defer text.Close() //nolint:errcheck // it is only read
	quotes := m.input(ctx)
	if c.Quotes != "-" {
		f, err := os.Open(c.Quotes)
		if err != nil {
			return fmt.Errorf("the quotes: %w", err)
		}
		defer f.Close() //nolint:errcheck // it is only read
		quotes = f
	}
	err = capture.CheckLines(ctx, text, quotes, m.Stdout)
	if ctx.Err() != nil {
		return ctx.Err() // not a fault of the line that was waited for
	}
	var line *capture.LineError
	if !errors.As(err, &line) {
		return err
	}
	told := faultsIn(err)
	told.summary = plural(len(told.lines), "fault") + " in " + c.Quotes
	return told
}

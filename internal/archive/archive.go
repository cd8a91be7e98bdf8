// Package archive ties captures to the graph: it attaches documents to sources,
// has every quote compared with what was captured as it is written, verifies all
// of them again, and opens a capture for those who may see a source that has it.
//
// Package capture knows documents and no graph; this one knows both.
package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/extract"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

const (
	// checksAtOnce is how many checks one revision records at most.
	checksAtOnce = 5_000
	// page is how many records are read at a time.
	page = 1_000
	// followTime is how long the checks of one revision may take. They are made
	// though whoever wrote it goes away.
	followTime = 2 * time.Minute
	// tries is how often checks are made anew when a citation is retracted between
	// looking at it and writing down what was found.
	tries = 3
)

// checker is the author of revisions that record nothing but checks. It may see
// every citation; what a reader learns of them is judged as for any revision.
var checker = evidence.Author{Name: "quote check", Clearance: evidence.Confidential}

const checkReason = "quotes compared with what was captured of their sources"

// Archive is a graph with its captures. It is safe for concurrent use.
type Archive struct {
	store    store.Store
	planner  *evidence.Planner
	captures *capture.Service
	log      zerolog.Logger
}

// New ties captures to a store. The log gets a line where a quote could not be
// compared after it was written.
func New(st store.Store, planner *evidence.Planner, captures *capture.Service, log zerolog.Logger) *Archive {
	return &Archive{store: st, planner: planner, captures: captures, log: log}
}

// Document is what is to be attached to a source.
type Document struct {
	Source evidence.ID
	Name   string // in messages
	Body   io.Reader
	// MediaType is what whoever adds it says that it is, perhaps with a charset. A
	// document that the source has is read anew as that. It may be empty.
	MediaType string
	// Hint is a media type to go by where there is no MediaType, as the file's name
	// gave it. It may be empty.
	Hint   string
	Reason string // of the revision; one is made up where it is empty
}

// Added is a document that was attached.
type Added struct {
	// Capture is what is recorded: where the source had the document already, as it
	// was recorded then, unless it was read anew.
	Capture evidence.Capture
	// Reread says that the source had the document, and has another text of it now.
	Reread bool
	// Unread is why no text could be read of it; the capture is attached all the
	// same. One of extract's errors.
	Unread error
	// Checks of the citations with quotes into the source that the author sees.
	Checks []evidence.CitationCheck
	// Commit is not New where the source had the capture and the checks stood.
	Commit *evidence.Commit
}

// Add stores a document, attaches it to its source and records what its quotes
// come to, in one revision. The bytes are durable before that is written, and what
// no record names in the end is not kept. Of a document that the source has, the
// text is replaced where the author says what it is and it reads otherwise as that,
// or where it had none. Errors are evidence.Faults for a source that the author does
// not see and for a document that was erased, those of capture.Service.Read and of
// the stores; after any, the graph is as it was.
func (a *Archive) Add(ctx context.Context, author evidence.Author, d Document) (*Added, error) {
	// Before any byte is stored: who may not see the source stores nothing for it.
	if _, err := a.source(ctx, author.Clearance, d.Source); err != nil {
		return nil, err
	}
	stored, err := a.captures.Read(ctx, d.Name, d.Body, cmp.Or(d.MediaType, d.Hint))
	if err != nil {
		return nil, err
	}
	defer stored.Close() //nolint:errcheck // only read from here on
	if err := a.judge(ctx, author, d.Source, stored); err != nil {
		return nil, err
	}
	if err := stored.Keep(ctx); err != nil {
		return nil, a.takeBack(ctx, stored, err)
	}
	var added *Added
	reason := d.Reason
	if reason == "" {
		reason = "a capture of the source"
	}
	err = a.recording(func() error {
		// Anew: the source may have changed while the document was read.
		source, err := a.source(ctx, author.Clearance, d.Source)
		if err != nil {
			return err
		}
		with := *source
		added = &Added{Capture: stored.Capture, Unread: stored.Unread}
		if i := slices.IndexFunc(source.Captures, func(c evidence.Capture) bool { return c.SHA256 == stored.Capture.SHA256 }); i >= 0 {
			added.meet(source.Captures[i], d.MediaType != "")
			with.Captures = slices.Clone(source.Captures)
			with.Captures[i] = added.Capture
		} else {
			with.Captures = append(slices.Clone(source.Captures), stored.Capture)
		}
		if added.Checks, _, err = a.check(ctx, author.Clearance, &with, nil); err != nil {
			return err
		}
		changes := []evidence.Change{{AttachCapture: &evidence.AttachCapture{Source: source.ID, Capture: added.Capture, Reread: added.Reread}}}
		if len(added.Checks) > 0 {
			// Those of a very long list are left to the revisions that follow.
			changes = append(changes, evidence.Change{RecordChecks: &evidence.RecordChecks{Checks: added.Checks[:min(len(added.Checks), checksAtOnce)]}})
		}
		added.Commit, err = a.Checking().Write(ctx, withBytes(stored, a.plan(author, &evidence.ChangeSet{Reason: reason, Changes: changes})))
		return err
	})
	if err := a.letGo(ctx, d.Source, stored, err); err != nil {
		return nil, err
	}
	return added, nil
}

// meet puts what was read now in the place of what is recorded of the document, or
// the other way about. What cannot be read replaces nothing. A text stays unless the
// author said what the document is: it may be that of one who said so before.
func (a *Added) meet(recorded evidence.Capture, said bool) {
	now := recorded
	now.MediaType, now.Text = a.Capture.MediaType, a.Capture.Text
	if a.Reread = now.Text != "" && now != recorded && (said || recorded.Text == ""); a.Reread {
		recorded = now
	}
	if a.Capture = recorded; recorded.Text != "" {
		a.Unread = nil
	}
}

// IsUnreadable says whether a document of a type that text is read from could not
// be read, as apart from one of another type, such as a picture.
func (a *Added) IsUnreadable() bool {
	return a.Unread != nil && !errors.Is(a.Unread, extract.ErrUnsupported)
}

func (a *Archive) plan(author evidence.Author, cs *evidence.ChangeSet) store.Plan {
	return func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		return a.planner.Plan(ctx, snap, author, cs)
	}
}

// recording runs what reads citations and writes their checks, and runs it again
// where one of them was retracted in between.
func (a *Archive) recording(write func() error) error {
	for n := 1; ; n++ {
		err := write()
		if n >= tries || err == nil || evidence.CodeOf(err) != evidence.UnknownID {
			return err
		}
	}
}

// source reads a source that a clearance sees.
func (a *Archive) source(ctx context.Context, c evidence.Clearance, id evidence.ID) (*evidence.Source, error) {
	sources, err := a.sources(ctx, c, []evidence.ID{id})
	if err == nil && sources[id] == nil {
		err = evidence.Faulty(evidence.UnknownID, "source", "there is no source %q; mend the id", id)
	}
	return sources[id], err
}

// sources reads the sources of ids that a clearance sees, without those that it
// does not see or that are no sources.
func (a *Archive) sources(ctx context.Context, c evidence.Clearance, ids []evidence.ID) (map[evidence.ID]*evidence.Source, error) {
	found := make(map[evidence.ID]*evidence.Source, len(ids))
	err := a.read(ctx, c, func(r store.Reader) error {
		for batch := range slices.Chunk(ids, page) {
			records, err := r.Get(ctx, batch)
			if err != nil {
				return err
			}
			for id, record := range records {
				if s := record.Source(); s != nil {
					found[id] = s
				}
			}
		}
		return nil
	})
	return found, err
}

// read runs something on a reader of the present.
func (a *Archive) read(ctx context.Context, c evidence.Clearance, use func(store.Reader) error) error {
	r, err := store.Read(ctx, a.store, evidence.Now(c), a.planner.Vocabulary)
	if err != nil {
		return err
	}
	return errors.Join(use(r), r.Close())
}

// quoted is a citation with a quote, and what is recorded of it.
type quoted struct {
	citation *evidence.Citation
	recorded *evidence.QuoteCheck
}

// quotedIn reads the citations with quotes into a source, all of them or those of
// the ids.
func (a *Archive) quotedIn(ctx context.Context, c evidence.Clearance, source evidence.ID, ids []evidence.ID) ([]quoted, error) {
	var list []quoted
	keep := func(r *evidence.Record) {
		if x := r.Citation(); x != nil && x.Quote != nil && x.Source == source {
			list = append(list, quoted{x, r.Derived.Check})
		}
	}
	err := a.read(ctx, c, func(r store.Reader) error {
		if ids != nil {
			for batch := range slices.Chunk(ids, page) {
				records, err := r.Get(ctx, batch)
				if err != nil {
					return err
				}
				for _, id := range batch {
					if record := records[id]; record != nil {
						keep(record)
					}
				}
			}
			return nil
		}
		query := store.Query{Type: evidence.CitationRecord, Sources: []evidence.ID{source}, Limit: page}
		for more := true; more; {
			n := 0
			for found, err := range r.Find(ctx, query) {
				if err != nil {
					return err
				}
				n++
				query.After = found.Key
				keep(found.Record)
			}
			more = n == page
		}
		return nil
	})
	return list, err
}

// check compares quotes with the captures of their source: all quotes into it, or
// those of the ids. It gives the checks, and of these the ones that differ from
// what is recorded; nothing recorded is as good as UNCHECKED. Where a text is missing
// or damaged, they are given with the error: what only that text could change stays
// as it is recorded, unless it names a capture that the source has no longer.
func (a *Archive) check(ctx context.Context, c evidence.Clearance, source *evidence.Source, ids []evidence.ID) (checks, changed []evidence.CitationCheck, err error) {
	list, err := a.quotedIn(ctx, c, source.ID, ids)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	citations := make([]*evidence.Citation, len(list))
	for i, q := range list {
		citations[i] = q.citation
	}
	checks, err = a.captures.Check(ctx, source, citations...)
	if err != nil && damage(err) == nil {
		return nil, nil, err
	}
	for i := range checks {
		found, recorded := &checks[i].Check, list[i].recorded
		if err != nil && found.State != evidence.Verified && recorded != nil && source.Holds(recorded) {
			*found = *recorded
		}
		if !found.Equal(recorded) && (recorded != nil || found.State != evidence.Unchecked) {
			changed = append(changed, checks[i])
		}
	}
	return checks, changed, err
}

// record writes down checks as revisions of their own.
func (a *Archive) record(ctx context.Context, checks []evidence.CitationCheck) error {
	for batch := range slices.Chunk(checks, checksAtOnce) {
		if _, err := a.store.Write(ctx, a.plan(checker, &evidence.ChangeSet{
			Reason: checkReason, Changes: []evidence.Change{{RecordChecks: &evidence.RecordChecks{Checks: batch}}},
		})); err != nil {
			return err
		}
	}
	return nil
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Open opens a capture by its SHA-256 for a reader who sees a source that has it.
// For all others the error is evidence.ErrNotFound, as where there is no such
// capture. The Read that would answer io.EOF answers blob.ErrCorrupt where the
// bytes are not those that were captured. The caller closes it.
func (a *Archive) Open(ctx context.Context, c evidence.Clearance, sha256 string) (evidence.Capture, io.ReadCloser, error) {
	var is evidence.Capture
	if !hexadecimal.MatchString(sha256) {
		return is, nil, fmt.Errorf("the capture %.80q: %w", sha256, evidence.ErrNotFound)
	}
	seen := false
	err := a.read(ctx, c, func(r store.Reader) error {
		query := store.Query{Type: evidence.SourceRecord, Text: []string{evidence.CaptureWord(sha256)}, Limit: 1}
		for found, err := range r.Find(ctx, query) {
			if err != nil {
				return err
			}
			captures := found.Record.Source().Captures
			if i := slices.IndexFunc(captures, func(x evidence.Capture) bool { return x.SHA256 == sha256 }); i >= 0 {
				is, seen = captures[i], true
			}
		}
		return nil
	})
	if err == nil && !seen {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return is, nil, fmt.Errorf("the capture %s: %w", sha256, err)
	}
	body, size, err := a.captures.Blobs.Open(ctx, sha256)
	if err != nil {
		return is, nil, fmt.Errorf("the capture %s: %w", sha256, err)
	}
	is.Length = size
	return is, body, nil
}

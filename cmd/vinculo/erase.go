package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/capture/blob"
	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/proposal"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/trace"
)

type eraseCmd struct {
	Store    string        `required:"" placeholder:"STORE" help:"The store to erase from."`
	Ground   string        `env:"-" placeholder:"TEXT" help:"The legal ground. It stays in the log, so name the order and nobody else."`
	Revision []uint64      `env:"-" placeholder:"N" help:"Erase also the author and the reason of revision N of vinculo log; repeat it."`
	Proposal []string      `env:"-" placeholder:"ID" help:"Erase also the content of a proposal that names none of them; repeat it."`
	By       string        `env:"-" placeholder:"NAME" help:"Who erases, for the log; your user name where it is not given."`
	Yes      bool          `env:"-" help:"Do not ask."`
	Wait     time.Duration `default:"1m" placeholder:"TIME" help:"How long to wait for readers that hold an older state of the file."`
	Scrub    bool          `env:"-" help:"Erase no more records; only overwrite what the file still holds of what was erased, and delete such captures."`
	Unnamed  bool          `env:"-" help:"With --scrub: delete also the captures that the log does not name; not where another store keeps its own in the same place."`
	Returned bool          `env:"-" help:"Erase nothing; list what was recorded again since it was erased."`
	IDs      []string      `arg:"" optional:"" name:"id" help:"Ids of entities, links, statements, sources or citations."`
	blobPlace
	kinds
}

// Help shows examples.
func (eraseCmd) Help() string {
	return `What is erased is gone from every version, list, index and entry of the log, and
cannot be brought back. With an entity go its claims, with a claim its citations,
with a source the citations into it and the claims that nothing else supports;
with all of them the content of proposals that they came from or that name them.
The log keeps when, by whom and on what ground, and refuses the same content from
then on from whoever could see it. Copies, backups and Neo4j's own transaction logs
are yours to see to: docs/erasure.md says how.

Examples:

    vinculo erase --store sqlite:case.db --ground "order 7/2026 of the district court" el-testigo
    vinculo erase --store neo4j://localhost:7687 --ground "order 8/2026" --yes --revision 12 C0412`
}

// Run erases.
func (c *eraseCmd) Run(ctx context.Context, m *Main) error {
	if err := c.check(); err != nil {
		return err
	}
	v, err := c.load()
	if err != nil {
		return err
	}
	st, err := m.openStore(ctx, c.Store, open.Options{Vocabulary: v, Existing: true})
	if err != nil {
		return err
	}
	switch {
	case c.Scrub:
		return errors.Join(c.deleteLeft(ctx, m, st), c.scrub(ctx, m, st))
	case c.Returned:
		return c.returned(ctx, m, st)
	}
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, false)
	if err != nil {
		return err
	}
	order := erasure.Order{Author: archivist(c.by()), Ground: c.Ground}
	for _, id := range c.IDs {
		order.IDs = append(order.IDs, evidence.ID(id))
	}
	for _, n := range c.Revision {
		order.Revisions = append(order.Revisions, evidence.Sequence(n))
	}
	planner := newPlanner(v)
	// What the rules would refuse is refused before anything goes, proposals too.
	if err := evidence.CheckErasure(order.Author, order.Ground); err != nil {
		return err
	}
	goes, err := c.plan(ctx, st, planner, order)
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := m.confirm(ctx, fmt.Sprintf("This destroys %s for good. Type erase to go on: ", goes), "erase"); err != nil {
			return err
		}
	}
	// The proposals first: they are found by what is erased next.
	if err := goes.erase(ctx, m); err != nil {
		return err
	}
	var kept error
	if len(order.IDs)+len(order.Revisions) > 0 {
		result, err := erasure.Run(ctx, st, planner, order)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Stdout, "%s erased; revision %d says when and on what ground\nhead %s\n", counted(result.Records, len(order.Revisions)), result.Revision.Sequence(), result.Revision.Hash)
		kept = m.deleteCaptures(ctx, st, blobs, result.Captures)
	}
	return errors.Join(kept, c.scrub(ctx, m, st))
}

// deleteCaptures deletes all captures that it can and that nobody has attached again
// since, and tells of the others.
func (m *Main) deleteCaptures(ctx context.Context, st store.Store, blobs blob.Store, hashes []string) error {
	if blobs == nil {
		for _, sha := range hashes {
			fmt.Fprintf(m.Stdout, "delete the capture %s\n", sha)
		}
		return nil
	}
	err := archive.DeleteUnnamed(ctx, st, blobs, hashes)
	if err == nil {
		return nil
	}
	told := faultsIn(err)
	told.summary = plural(len(told.lines), "capture") + " could not be deleted; delete them by hand"
	return told
}

// deleteLeft deletes the captures that an erasure left which was cut off.
func (c *eraseCmd) deleteLeft(ctx context.Context, m *Main, st store.Store) error {
	blobs, err := openBlobs(ctx, c.Blobs, c.Store, false)
	if err != nil || blobs == nil {
		return err
	}
	found, err := archive.FindUnnamed(ctx, st, blobs, beingWritten)
	if err != nil {
		return err
	}
	names := found.Erased
	if c.Unnamed {
		names = append(names, found.Others...)
	} else {
		m.tellUnnamed(found, c.Store)
	}
	if len(names) == 0 {
		return nil
	}
	if err := m.deleteCaptures(ctx, st, blobs, names); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s of captures that the log does not name deleted\n", plural(len(names), "file"))
	return nil
}

// check finds what makes no sense together.
func (c *eraseCmd) check() error {
	switch nothing := len(c.IDs)+len(c.Revision)+len(c.Proposal) == 0; {
	case (c.Scrub || c.Returned) && !nothing, c.Scrub && c.Returned:
		return usageError{errors.New("--scrub and --returned erase nothing; give one of them, without ids, --revision and --proposal")}
	case c.Unnamed && !c.Scrub:
		return usageError{errors.New("--unnamed goes with --scrub; give both")}
	case !c.Scrub && !c.Returned && nothing:
		return usageError{errors.New("nothing is named; give ids, or --revision N, or --proposal ID")}
	case !c.Scrub && !c.Returned && strings.TrimSpace(c.Ground) == "":
		return usageError{errors.New("on what ground? give --ground TEXT, such as the file number of the order")}
	}
	return nil
}

// planned is what an erasure comes to.
type planned struct {
	who       access.Identity
	ground    string
	service   *proposal.Service
	records   map[string]int
	revisions int
	proposals []string
}

// plan finds what is to be erased, proposals too.
func (c *eraseCmd) plan(ctx context.Context, st store.Store, planner *evidence.Planner, order erasure.Order) (*planned, error) {
	p := &planned{who: access.Owner(c.by()), ground: c.Ground, revisions: len(order.Revisions), proposals: c.Proposal}
	var reach proposal.Reach
	if len(order.IDs)+len(order.Revisions) > 0 {
		plan, err := erasure.Prepare(ctx, st, planner, order)
		if err != nil {
			return nil, err
		}
		p.records = plan.Count()
		reach = proposal.Reach{IDs: slices.Collect(maps.Keys(plan.Gone)), Loses: plan.Loses}
	}
	shelf, ok := st.(store.Shelf)
	if !ok {
		return p, nil
	}
	p.service = proposal.New(shelf, proposal.Over(st, planner, trace.New(st, planner.Vocabulary, planner).Apply))
	for _, id := range c.Proposal {
		if _, err := p.service.Get(ctx, p.who, id); err != nil {
			return nil, err
		}
	}
	reached, err := p.service.Reached(ctx, p.who, reach)
	p.proposals = append(p.proposals, reached...)
	slices.Sort(p.proposals)
	p.proposals = slices.Compact(p.proposals)
	return p, err
}

// String says what goes, in words.
func (p *planned) String() string {
	text := counted(p.records, p.revisions)
	switch {
	case len(p.proposals) == 0:
		return text
	case text == "nothing":
		return plural(len(p.proposals), "proposal")
	default:
		return text + ", " + plural(len(p.proposals), "proposal")
	}
}

// erase erases the proposals.
func (p *planned) erase(ctx context.Context, m *Main) error {
	for _, id := range p.proposals {
		if _, err := p.service.Erase(ctx, p.who, id, p.ground); err != nil {
			return fmt.Errorf("proposal %s: %w", id, err)
		}
	}
	if len(p.proposals) > 0 {
		fmt.Fprintf(m.Stdout, "%s erased: %s\n", plural(len(p.proposals), "proposal"), strings.Join(p.proposals, ", "))
	}
	return nil
}

// returned lists what was recorded again.
func (c *eraseCmd) returned(ctx context.Context, m *Main, st store.Store) error {
	ids, err := erasure.Returned(ctx, st)
	if err != nil {
		return err
	}
	for _, id := range ids {
		fmt.Fprintln(m.Stdout, id)
	}
	fmt.Fprintf(m.Stderr, "%s recorded again since it was erased\n", plural(len(ids), "record"))
	return nil
}

func (c *eraseCmd) by() string {
	if c.By != "" {
		return c.By
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "administrator"
}

// scrub overwrites what the store's own files still hold.
func (c *eraseCmd) scrub(ctx context.Context, m *Main, st store.Store) error {
	var left error // no reason to leave the rest undone
	if err := c.eraseLeftovers(ctx, c.Store); err != nil {
		left = unfinishedError{fmt.Errorf("the captures may hold a document that was never stored: %w; then run `vinculo erase --store %s --scrub`", err, c.Store)}
	}
	scrubber, ok := st.(store.Scrubber)
	if !ok {
		fmt.Fprintln(m.Stdout, "Neo4j's transaction logs and backups still hold what was erased: see docs/erasure.md")
		return left
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	if err := scrubber.Scrub(ctx); err != nil {
		left = errors.Join(left, unfinishedError{fmt.Errorf("it is erased, but the file still holds bytes of it: %w; then run `vinculo erase --store %s --scrub`", err, c.Store)})
	}
	return left
}

// counted says how many records of each type, in words.
func counted(records map[string]int, revisions int) string {
	var parts []string
	add := func(n int, name string) {
		if n > 0 {
			parts = append(parts, plural(n, name))
		}
	}
	for t := evidence.EntityRecord; t <= evidence.CitationRecord; t++ {
		n := records[t.String()]
		name := strings.ToLower(t.String())
		if t == evidence.EntityRecord && n != 1 {
			parts = append(parts, manyEntities(n)...)
			continue
		}
		add(n, name)
	}
	add(revisions, "author and reason")
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func manyEntities(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d entities", n)}
}

// confirm asks on the terminal; where there is none it refuses.
func (m *Main) confirm(ctx context.Context, question, word string) error {
	in, ok := m.Stdin.(*os.File)
	if !ok || !isatty.IsTerminal(in.Fd()) {
		return usageError{errors.New("there is no terminal to ask on; give --yes if this is meant")}
	}
	fmt.Fprint(m.Stderr, question)
	line, err := bufio.NewReader(m.input(ctx)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if strings.TrimSpace(line) != word {
		return errors.New("nothing was erased")
	}
	return nil
}

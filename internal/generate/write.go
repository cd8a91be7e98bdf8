package generate

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// ErrOther says that a store holds more than generated graphs.
var ErrOther = errors.New("the store holds more than generated graphs")

// Load writes the graph into a store, one revision for each batch of changes.
// What an earlier run wrote is not written again; a store with anything else is
// ErrOther. Progress, where set, is told how many changes of Config.Total are
// planned; they are durable when Load has returned.
func (c Config) Load(ctx context.Context, st store.Store, p *evidence.Planner, author evidence.Author, batch int, progress func(done int)) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := unmixed(ctx, st); err != nil {
		return err
	}
	planner := *p
	planner.MaxChanges = max(planner.MaxChanges, batch)
	done := 0
	return store.Import(ctx, st, func(yield func(store.Plan, error) bool) {
		for set := range c.ChangeSets(batch) {
			plan := func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
				return planner.Plan(ctx, snap, author, set)
			}
			if !yield(plan, nil) {
				return
			}
			done += len(set.Changes)
			if progress != nil {
				progress(done)
			}
		}
	})
}

// unmixed refuses a store that holds anything but generated graphs: a log forgets
// nothing, so that who was invented would stay among real people for good.
func unmixed(ctx context.Context, st store.Store) error {
	for r, err := range st.Log(ctx, 0) {
		if err != nil {
			return err
		}
		meta, err := r.Meta()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(meta.IdempotencyKey, keyPrefix) {
			return fmt.Errorf("%w: its revision %d is of something else, and what is invented would stay beside it for good; give a store that is not there yet", ErrOther, r.Sequence())
		}
	}
	return nil
}

// JSONLines writes the graph as change sets, one to a line, as the mutation
// `apply` takes them. It ends with the context.
func (c Config) JSONLines(ctx context.Context, out io.Writer, batch int) error {
	if err := c.Check(); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for set := range c.ChangeSets(batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := encoder.Encode(set); err != nil {
			return fmt.Errorf("writing the change sets: %w", err)
		}
	}
	return buffered.Flush()
}

// table is one CSV file that is being written.
type table struct {
	file *os.File
	*csv.Writer
}

func (t *table) close() error {
	t.Flush()
	return errors.Join(t.Error(), t.file.Close())
}

var headers = map[string]string{
	"sources.csv":   "id,kind,title,publisher,published,url,language",
	"entities.csv":  "id,kind,name,aliases,country",
	"links.csv":     "id,kind,from,to,role,since,until,status,summary",
	"citations.csv": "claim_id,source_id,locator,fragment,stance",
}

// CSV writes the graph as a native case file into a folder, which is made. Files
// that are there are not overwritten. It ends with the context, and leaves what it
// has written.
func (c Config) CSV(ctx context.Context, dir string) (err error) {
	if err := c.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tables := map[string]*table{}
	defer func() {
		for _, t := range tables {
			err = errors.Join(err, t.close())
		}
	}()
	for name, header := range headers {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // meant to be read by others
		if err != nil {
			return err
		}
		tables[name] = &table{file, csv.NewWriter(file)}
		if err := tables[name].Write(strings.Split(header, ",")); err != nil {
			return err
		}
	}
	for change := range c.Changes() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeRow(tables, &change); err != nil {
			return err
		}
	}
	return nil
}

// statuses are the words of a case file for standings.
var statuses = map[string]string{"OFFICIALLY_FOUND": "found"}

func writeRow(tables map[string]*table, change *evidence.Change) error {
	switch {
	case change.PutSource != nil:
		s := change.PutSource
		return tables["sources.csv"].Write([]string{string(s.ID), strings.ToLower(s.Kind.Value), s.Title.Value, s.Publisher.Value, s.Published.Value, s.URL.Value, s.Language.Value})
	case change.PutEntity != nil:
		e := change.PutEntity
		return tables["entities.csv"].Write([]string{string(e.ID), e.Kind.Value, e.Name.Value, strings.Join(e.Aliases.Value, ";"), e.Country.Value})
	}
	l := change.AssertLink
	status, ok := statuses[l.Standing]
	if !ok {
		status = strings.ToLower(l.Standing)
	}
	if err := tables["links.csv"].Write([]string{string(l.ID), l.Kind, string(l.From), string(l.To), l.Role, l.Valid.Since, l.Valid.Until, status, l.Summary}); err != nil {
		return err
	}
	for i := range l.Citations {
		x := &l.Citations[i]
		fragment := ""
		if x.Quote != nil {
			fragment = x.Quote.Exact
		}
		if err := tables["citations.csv"].Write([]string{string(l.ID), string(x.Source), x.Locator, fragment, strings.ToLower(x.Stance)}); err != nil {
			return err
		}
	}
	return nil
}

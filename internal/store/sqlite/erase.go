package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// everything stands in the list of the records that a revision changed for "more
// than can be followed": an erasure takes records away that a list of numbers
// could not lead to any more.
const everything = -1

// erase destroys what an erasure takes. The transaction has written the
// revision, whose transitions still lead to what goes.
func (t *transaction) erase(ctx context.Context, e *evidence.Erasing) error {
	c := t.conn
	t.erased = true
	if err := t.flush(ctx); err != nil {
		return err
	}
	// What is freed from now on is overwritten; Scrub sees to what was freed before.
	if err := c.script(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	found, err := t.graph.nums(ctx, e.Gone)
	if err != nil {
		return err
	}
	nums := make([]int64, 0, len(found))
	for _, num := range found {
		nums = append(nums, num)
	}
	for _, num := range nums {
		for _, sql := range []string{
			"DELETE FROM record WHERE num = ?", "DELETE FROM version WHERE num = ?", "DELETE FROM counter WHERE of = ?", "DELETE FROM words WHERE rowid = ?",
		} {
			if err := c.exec(ctx, sql, num); err != nil {
				return err
			}
		}
		if err := c.exec(ctx, "DELETE FROM place WHERE anchor >= ? AND anchor < ?", listOf(num, 0), listOf(num+1, 0)); err != nil {
			return err
		}
	}
	gone := make([]element, len(nums))
	for i, num := range nums {
		gone[i].num = num
	}
	if err := c.writeBlocks(ctx, gone); err != nil {
		return err
	}
	list, err := json.Marshal(nums)
	if err != nil {
		return err
	}
	if err := c.exec(ctx, "DELETE FROM place WHERE num IN (SELECT value FROM json_each(?))", string(list)); err != nil {
		return err
	}
	// A deleted row leaves its words in the index until all of it is merged.
	if err := c.exec(ctx, "INSERT INTO words (words) VALUES ('optimize')"); err != nil {
		return err
	}
	if err := t.withoutWords(ctx, string(list)); err != nil {
		return err
	}
	for _, r := range e.Rewritten {
		if err := t.rewrite(ctx, r); err != nil {
			return fmt.Errorf("rewriting %q: %w", r.ID(), err)
		}
	}
	for _, r := range e.Revisions {
		payload, err := evidence.AppendLeaves(nil, r)
		if err != nil {
			return err
		}
		var key any
		if r.Key != "" {
			key = r.Key
		}
		if err := c.exec(ctx, "UPDATE revision SET payload = ?, key = ? WHERE seq = ?", packer.EncodeAll(payload, nil), key, int64(r.Sequence())); err != nil { //nolint:gosec // never that large
			return err
		}
	}
	return nil
}

// withoutWords says whether the index of full text has no word of deleted rows, a JSON
// list of their numbers, any more. SQLite tells nobody where it does not find what it is
// to delete.
func (t *transaction) withoutWords(ctx context.Context, rows string) error {
	if err := t.conn.script(ctx, vocabularyOfWords); err != nil {
		return err
	}
	kept := int64(0)
	if _, err := t.conn.one(ctx, "SELECT count(DISTINCT doc) FROM temp.vocabulary WHERE doc IN (SELECT value FROM json_each(?))", []any{rows}, func(r row) error {
		kept = r.int(0)
		return nil
	}); err != nil {
		return err
	}
	if kept > 0 {
		return fmt.Errorf("the index of full text of %s is damaged: it keeps the words of %d texts that were to be erased, so nothing was; copy its log into a new store (`vinculo copy`), and erase there", t.store.name, kept)
	}
	return t.conn.script(ctx, "DROP TABLE temp.vocabulary")
}

// rewrite gives one version other content. Neither its place in any list nor its
// words come of what an erasure strikes.
func (t *transaction) rewrite(ctx context.Context, r *evidence.Record) error {
	content, err := evidence.EncodeContent(r.Content)
	if err != nil {
		return err
	}
	id, from := string(r.ID()), int64(r.From) //nolint:gosec // never that large
	if err := t.conn.exec(ctx, "UPDATE record SET content = ? WHERE id = ? AND from_seq = ?", content, id, from); err != nil {
		return err
	}
	return t.conn.exec(ctx, "UPDATE version SET content = ? WHERE num = (SELECT num FROM record WHERE id = ?) AND from_seq = ?", content, id, from)
}

// forget empties what is in memory: the numbers of records that are gone lead
// nowhere, so nothing of it can be followed.
func (s *Store) forget(head evidence.Sequence) {
	s.catching.Lock()
	s.cache.reset(head)
	s.catching.Unlock()
	s.links.forget()
}

// forget drops the links; the next traversal reads them anew.
func (p *projection) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// scrubPause is how long Scrub waits before it tries again.
const scrubPause = 50 * time.Millisecond

var _ store.Scrubber = (*Store)(nil)

// Scrub implements store.Scrubber. It overwrites what was ever deleted from the file: it is written anew, and
// then its write-ahead log is emptied. That needs room for a second copy of the
// file, and waits for readers of an older state to be closed, in any process;
// store.ErrUnavailable says that they were not, while the context lasted.
func (s *Store) Scrub(ctx context.Context) error {
	release, err := s.lockWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.writer == nil {
		if s.writer, err = s.dialWriter(); err != nil {
			return s.wrap(err)
		}
	}
	if err := s.fit(ctx, s.writer); err != nil {
		return err
	}
	if err := s.writer.script(ctx, "PRAGMA secure_delete = ON; VACUUM"); err != nil {
		return s.wrap(err)
	}
	for {
		busy := true
		_, err := s.writer.one(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil, func(r row) error { busy = r.int(0) != 0; return nil })
		if err != nil || !busy {
			return s.wrap(err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%w: readers hold an older state of %s, and with it what was erased; stop them and scrub it again", store.ErrUnavailable, s.name), ctx.Err())
		case <-time.After(scrubPause):
		}
	}
}

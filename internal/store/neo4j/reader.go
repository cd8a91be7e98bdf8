package neo4j

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Keys are of ASCII signs below these bounds, and tokens of letters, digits and
// marks.
const (
	lowest  = ""
	highest = "\x7f"
)

// reader implements store.Reader. Each call is one query, which sees one state.
type reader struct {
	store  *Store
	view   evidence.View
	closed atomic.Bool
}

var _ store.Reader = (*reader)(nil)

// Raw implements store.Store.
func (s *Store) Raw(ctx context.Context, view evidence.View) (store.Reader, error) {
	if s.life.ended() {
		return nil, store.ErrClosed
	}
	if view.Clearance >= evidence.Hidden {
		return nil, fmt.Errorf("neo4j: there is no clearance %d", view.Clearance)
	}
	if err := s.stillFit(ctx); err != nil {
		return nil, err
	}
	return &reader{store: s, view: view}, ctx.Err()
}

// Close implements store.Reader.
func (r *reader) Close() error {
	r.closed.Store(true)
	return nil
}

// read asks a query with what every query of a view may want to know. There are no rows
// where there is no revision.
func (r *reader) read(ctx context.Context, q query, params row) ([]*driver.Record, error) {
	if empty, err := r.empty(ctx); err != nil || empty {
		return nil, err
	}
	params["clearance"], params["known"] = int64(r.view.Clearance), int64(r.view.KnownAt) //nolint:gosec // at most Open
	return r.store.read(ctx, q, params)
}

// empty says whether there is nothing to read.
func (r *reader) empty(ctx context.Context) (bool, error) {
	if r.closed.Load() {
		return false, store.ErrClosed
	}
	return r.store.stillEmpty(ctx)
}

func (r *reader) past() bool { return !r.view.IsNow() }

// Get implements store.Reader.
func (r *reader) Get(ctx context.Context, ids []evidence.ID) (map[evidence.ID]*evidence.Record, error) {
	found := make(map[evidence.ID]*evidence.Record, len(ids))
	if err := checkBatch("ids", len(ids)); err != nil || len(ids) == 0 {
		return found, err
	}
	rows, err := r.read(ctx, r.store.texts.get[r.past()], row{"ids": idTexts(ids)})
	if err != nil {
		return nil, err
	}
	for _, one := range rows {
		if vanished(one, "slot") {
			continue
		}
		record, err := newRecord(one, r.past())
		if err != nil {
			return nil, err
		}
		found[record.ID()] = record
	}
	return found, nil
}

func checkBatch(what string, n int) error { return checkMost(store.MaxBatch, what, n) }

func checkMost(most int, what string, n int) error {
	if n > most {
		return fmt.Errorf("neo4j: %d %s are more than the %d that one call may name; split the call", n, what, most)
	}
	return nil
}

// Find implements store.Reader.
func (r *reader) Find(ctx context.Context, q store.Query) iter.Seq2[store.Found, error] {
	return func(yield func(store.Found, error) bool) {
		if r.past() && len(q.Claims) > 0 && len(q.Kinds) == 0 && q.After == "" {
			r.cited(ctx, q, yield)
			return
		}
		r.found(ctx, q, yield)
	}
}

// found yields what a query finds, each record with its place.
func (r *reader) found(ctx context.Context, q store.Query, yield func(store.Found, error) bool) {
	rows, err := r.find(ctx, q)
	if err != nil {
		yield(store.Found{}, err)
		return
	}
	for _, one := range rows {
		if vanished(one, "slot") {
			continue
		}
		record, err := newRecord(one, r.past())
		if !yield(store.Found{Record: record, Key: textOf(one, "place")}, err) || err != nil {
			return
		}
	}
}

func (r *reader) find(ctx context.Context, q store.Query) ([]*driver.Record, error) {
	err := errors.Join(checkBatch("entities", len(q.Entities)), checkBatch("claims", len(q.Claims)), checkBatch("sources", len(q.Sources)),
		checkBatch("claims", len(q.About)), checkBatch("records", q.Limit))
	if err != nil || q.Limit < 1 {
		return nil, err
	}
	switch {
	case len(q.Claims) > 0:
		return r.ofClaims(ctx, q)
	case len(q.Text) > 0:
		return r.withWords(ctx, q)
	}
	shape, lists, incoming := r.lists(q)
	return r.read(ctx, r.store.texts.list[shape], row{"lists": lists, "incoming": incoming, "symmetric": r.symmetric(q), "limit": int64(q.Limit)})
}

func (r *reader) ofClaims(ctx context.Context, q store.Query) ([]*driver.Record, error) {
	if q.Type != evidence.CitationRecord {
		return nil, nil
	}
	stances := []row{}
	for _, stance := range stancesOf(q.Kinds) {
		lo, hi := bounds(q, evidence.CitationKeyPrefix(stance))
		stances = append(stances, row{"lo": lo, "hi": hi})
	}
	return r.read(ctx, r.store.texts.ofClaims[r.past()], row{
		"claims": idTexts(q.Claims), "stances": stances, "slots": slots(q.Type, r.view), "limit": int64(q.Limit),
	})
}

// cited yields the citations that claims had. Those of a claim with few of them, as
// most have, are read by one seek and put in order here.
func (r *reader) cited(ctx context.Context, q store.Query, yield func(store.Found, error) bool) {
	of, many, err := r.fewCited(ctx, q)
	if err != nil {
		yield(store.Found{}, err)
		return
	}
	for ids := range slices.Chunk(many, mostOfMany) {
		some := q
		some.Claims = ids
		r.found(ctx, some, func(f store.Found, e error) bool {
			if err = e; err == nil {
				claim := f.Record.Citation().Claim
				of[claim] = append(of[claim], f)
			}
			return err == nil
		})
		if err != nil {
			yield(store.Found{}, err)
			return
		}
	}
	for _, claim := range q.Claims {
		var given [evidence.Mentions + 1]int
		for _, f := range of[claim] {
			stance := f.Record.Citation().Stance
			if given[stance]++; given[stance] <= q.Limit && !yield(f, nil) {
				return
			}
		}
	}
}

// mostOfMany is of how many claims with many citations they are read at a time.
const mostOfMany = 500

// fewCited reads the citations of the claims that have few, and tells which have many.
func (r *reader) fewCited(ctx context.Context, q store.Query) (of map[evidence.ID][]store.Found, many []evidence.ID, err error) {
	if err := errors.Join(checkBatch("claims", len(q.Claims)), checkBatch("records", q.Limit)); err != nil || q.Limit < 1 || q.Type != evidence.CitationRecord {
		return nil, nil, err
	}
	slots, claims := slots(q.Type, r.view), unique(q.Claims)
	rows, err := r.read(ctx, fewCited, row{"claims": idTexts(claims), "first": slots[0], "last": slots[len(slots)-1], "few": int64(mostCitations)})
	if err != nil {
		return nil, nil, err
	}
	of = make(map[evidence.ID][]store.Found, len(q.Claims))
	for _, one := range rows {
		if has, _ := one.Get("many"); has == true {
			many = append(many, claims[numberOf(one, "at")])
			continue
		}
		if vanished(one, "slot") {
			continue
		}
		record, err := newRecord(one, true)
		if err != nil {
			return nil, nil, err
		}
		claim := record.Citation().Claim
		of[claim] = append(of[claim], store.Found{Record: record, Key: record.Derived.Key})
	}
	for _, found := range of {
		slices.SortFunc(found, func(a, b store.Found) int { return compareText(a.Key, b.Key) })
	}
	return of, many, nil
}

// Candidates implements store.Reader.
func (r *reader) Candidates(ctx context.Context, q store.TokenQuery) iter.Seq2[store.Candidate, error] {
	return func(yield func(store.Candidate, error) bool) {
		if q.Limit < 1 {
			return
		}
		lists := []int64{}
		for c := evidence.Public; c <= r.view.Clearance; c++ {
			for _, placeholder := range []bool{false, true} {
				if !placeholder || q.Placeholders {
					lists = append(lists, tokenSlot(evidence.Token{Visibility: c, Placeholder: placeholder}))
				}
			}
		}
		if r.past() {
			lists = append(lists, closedTokens)
		}
		rows, err := r.read(ctx, r.store.texts.tokens[r.past()], row{"slots": lists, "prefix": spelled(q.Prefix), "placeholders": q.Placeholders, "limit": int64(q.Limit)})
		if err != nil {
			yield(store.Candidate{}, err)
			return
		}
		for _, one := range rows {
			if !yield(store.Candidate{Token: textOf(one, "token"), Entity: evidence.ID(textOf(one, "entity"))}, nil) {
				return
			}
		}
	}
}

// Versions implements store.Reader.
func (r *reader) Versions(ctx context.Context, ids []evidence.ID) (map[evidence.ID][]*evidence.Record, error) {
	versions := make(map[evidence.ID][]*evidence.Record, len(ids))
	if err := checkBatch("ids", len(ids)); err != nil || len(ids) == 0 {
		return versions, err
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	rows, err := r.read(ctx, versionsOf, row{"ids": idTexts(slices.Compact(ids))})
	if err != nil {
		return nil, err
	}
	for _, one := range rows {
		if vanished(one, "slot") {
			continue
		}
		version, err := newRecord(one, false)
		if err != nil {
			return nil, err
		}
		versions[version.ID()] = append(versions[version.ID()], version)
	}
	return versions, nil
}

// EverCited implements store.Reader.
func (r *reader) EverCited(ctx context.Context, claim, after evidence.ID, limit int) ([]evidence.ID, error) {
	rows, err := r.read(ctx, everCited, row{"claim": string(claim), "slots": slots(evidence.CitationRecord, evidence.View{}), "after": string(after), "limit": int64(limit)})
	if err != nil {
		return nil, err
	}
	found := make([]evidence.ID, len(rows))
	for i, one := range rows {
		found[i] = evidence.ID(textOf(one, "id"))
	}
	return found, nil
}

// Revisions implements store.Reader.
func (r *reader) Revisions(ctx context.Context, q store.RevisionQuery) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		if q.Limit < 1 {
			return
		}
		before := int64(evidence.Open)
		if q.Before > 0 && q.Before < uint64(evidence.Open) {
			before = int64(q.Before) //nolint:gosec // below Open
		}
		after := int64(min(q.After, uint64(evidence.Open))) //nolint:gosec // at most Open
		rows, err := r.read(ctx, r.store.texts.revision[revisionShape{int(r.view.Clearance), q.Newest}],
			row{"after": after, "before": before, "leaves": q.Leaves, "limit": int64(q.Limit)})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, one := range rows {
			revision, err := revisionWith(one, q.MostLeaves)
			if !yield(revision, err) || err != nil {
				return
			}
		}
	}
}

// logPage is how many revisions are read at a time; the payload of one may be
// large.
const logPage = 32

// Log implements store.Store.
func (s *Store) Log(ctx context.Context, after evidence.Sequence) iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) {
		// The first page is one revision: whoever looks one up reads no further.
		for most := 1; ; most = logPage {
			rows, err := s.read(ctx, readLog, row{"after": int64(min(after, evidence.Open)), "limit": int64(most)}) //nolint:gosec // at most Open
			if err != nil {
				yield(nil, err)
				return
			}
			for _, one := range rows {
				revision, err := newRevision(one)
				if !yield(revision, err) || err != nil {
					return
				}
				after = revision.Sequence()
			}
			if len(rows) < most {
				return
			}
		}
	}
}

func mapOf(r *driver.Record, column string) map[string]any {
	v, _ := r.Get(column)
	m, _ := v.(map[string]any)
	return m
}

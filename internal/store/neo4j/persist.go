package neo4j

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// batch is how many rows one query is sent.
const batch = 5_000

// row is one row of a batch.
type row = map[string]any

// changes are what a commit comes to, sorted by the query that writes it.
type changes struct {
	store *Store
	made  map[string][][]any // new nodes, by the name of the query that makes them

	updates            []row
	relabels           map[[2]string][]row
	erase, redraw      map[string][]row // native relationships, by kind
	draw, cite, uncite []row
	underive, derive   []row
	placeholders       []row
	resource           map[evidence.ID]bool // links whose sources may read otherwise
	complete           map[evidence.ID]bool // links that were made with their sources
	retitled           []evidence.ID        // sources that read otherwise

	tokensClosed, tokensAdded []row
}

// persist writes a commit in the writer's transaction.
func (s *Store) persist(ctx context.Context, snap *snapshot, commit *evidence.Commit) error {
	c, err := s.sorted(ctx, snap, commit)
	if err != nil {
		return err
	}
	if err := c.makeNodes(ctx, snap, s.texts.makeOrder); err != nil {
		return err
	}
	if err := c.change(ctx, snap); err != nil {
		return err
	}
	if err := c.writeSources(ctx, snap); err != nil {
		return err
	}
	return c.finish(ctx, snap, commit)
}

// sorted are the changes that a commit comes to.
func (s *Store) sorted(ctx context.Context, snap *snapshot, commit *evidence.Commit) (*changes, error) {
	c := &changes{
		store: s, made: map[string][][]any{}, relabels: map[[2]string][]row{}, erase: map[string][]row{}, redraw: map[string][]row{},
		resource: map[evidence.ID]bool{}, complete: map[evidence.ID]bool{},
	}
	support, err := supportIn(ctx, commit, snap)
	if err != nil {
		return nil, err
	}
	sequence := commit.Revision.Sequence()
	for i := range commit.Transitions {
		if err := c.sort(&commit.Transitions[i], sequence, support); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// finish writes what stands beside the records, and the revision last.
func (c *changes) finish(ctx context.Context, snap *snapshot, commit *evidence.Commit) error {
	if err := c.writeTokens(ctx, snap, commit.Revision.Sequence()); err != nil {
		return err
	}
	if err := writeCounters(ctx, snap, commit.Counters); err != nil {
		return err
	}
	return enterLog(ctx, snap, commit)
}

// enterLog appends the revision of a commit to the log.
func enterLog(ctx context.Context, snap *snapshot, commit *evidence.Commit) error {
	revision, err := revisionProperties(commit.Revision)
	if err != nil {
		return err
	}
	_, err = send(ctx, snap.tx, appendRevision, map[string]any{"revision": revision, "head": headProperties(commit.Revision.Head())})
	return err
}

// sort puts one transition into the lists.
func (c *changes) sort(t *evidence.Transition, sequence evidence.Sequence, support map[evidence.ID][]any) error {
	properties, err := c.store.recordProperties(t.After, false)
	if err != nil {
		return err
	}
	labels, err := c.store.labelsOf(t.After)
	if err != nil {
		return err
	}
	if t.Before != nil && t.After.From == sequence {
		if err := c.keepOld(t.Before, sequence); err != nil {
			return err
		}
	}
	switch content := t.After.Content.(type) {
	case *evidence.Claim:
		if err := c.sortClaim(t, content, properties, support); err != nil {
			return err
		}
	case *evidence.Citation:
		c.sortCitation(t, content, properties)
	case *evidence.Source:
		c.sortSource(t, content, properties)
	case *evidence.Entity:
		c.sortEntity(t, content, labels, properties, sequence)
	}
	if t.Before == nil {
		return nil
	}
	before, err := c.store.labelsOf(t.Before)
	if err != nil {
		return err
	}
	if before != labels {
		c.relabels[[2]string{before, labels}] = append(c.relabels[[2]string{before, labels}], properties)
	} else {
		c.updates = append(c.updates, properties)
	}
	return nil
}

// keepOld keeps a version that is replaced.
func (c *changes) keepOld(r *evidence.Record, sequence evidence.Sequence) error {
	old := *r
	if old.IsOpen() {
		old.To = sequence
	}
	was, err := c.store.recordProperties(&old, true)
	if err == nil {
		c.make(keepOld(old.Content.Type()), old.Content.Type(), nil, was)
	}
	return err
}

// make notes a new node; first is the label or kind that its text asks for.
func (c *changes) make(name string, of evidence.RecordType, first any, properties row) {
	c.made[name] = append(c.made[name], values(first, properties, c.store.texts.columns[of]))
}

func (c *changes) sortClaim(t *evidence.Transition, claim *evidence.Claim, properties row, support map[evidence.ID][]any) error {
	was, is := t.Before != nil && drawn(t.Before), drawn(t.After)
	if was || is {
		if _, ok := c.store.vocabulary.Link(claim.Kind); !ok {
			return unknownKind(claim.Kind)
		}
	}
	link := linkProperties(claim, &t.After.Derived)
	way := row{"id": string(claim.ID), "from": string(claim.From), "to": string(claim.To), "kind": claim.Kind, "link": link}
	switch {
	case t.Before == nil && claim.Of == evidence.StatementRecord:
		c.make(makeStatements, claim.Of, nil, properties)
	case t.Before == nil && !is:
		c.make(makeHidden, claim.Of, nil, properties)
	case t.Before == nil:
		link["sources"] = sourceLines(support[claim.ID])
		list := values(claim.Kind, properties, c.store.texts.columns[claim.Of])
		c.made[makeLinks] = append(c.made[makeLinks], appendValues(list, link, c.store.texts.linkColumns))
		c.complete[claim.ID] = true
	case was && !is:
		c.erase[claim.Kind] = append(c.erase[claim.Kind], way)
	case is && !was:
		c.draw = append(c.draw, way)
		c.resource[claim.ID] = true
	case is:
		c.redraw[claim.Kind] = append(c.redraw[claim.Kind], way)
	}
	return nil
}

func (c *changes) sortCitation(t *evidence.Transition, citation *evidence.Citation, properties row) {
	way := row{"id": string(citation.ID), "claim": string(citation.Claim), "source": string(citation.Source)}
	was, is := t.Before.IsOpen(), t.After.IsOpen()
	switch {
	case t.Before == nil:
		c.make(makeCitations, evidence.CitationRecord, nil, properties)
	case was && !is:
		c.uncite = append(c.uncite, way)
	case is && !was:
		c.cite = append(c.cite, way)
	}
	c.resource[citation.Claim] = true
}

func (c *changes) sortSource(t *evidence.Transition, source *evidence.Source, properties row) {
	if t.Before == nil {
		c.make(makeSources, evidence.SourceRecord, nil, properties)
	}
	var was *evidence.Source
	if t.Before.IsOpen() {
		was = t.Before.Source()
	}
	var parents, before []evidence.ID
	if t.After.IsOpen() {
		parents = source.DerivedFrom
	}
	if was != nil {
		before = was.DerivedFrom
		if t.After.IsOpen() && (was.Title != source.Title || was.URL != source.URL || was.Archive != source.Archive) {
			c.retitled = append(c.retitled, source.ID)
		}
	}
	if slices.Equal(parents, before) {
		return
	}
	if len(before) > 0 {
		c.underive = append(c.underive, row{"id": string(source.ID)})
	}
	if len(parents) > 0 {
		c.derive = append(c.derive, row{"id": string(source.ID), "parents": idTexts(parents)})
	}
}

func (c *changes) sortEntity(t *evidence.Transition, entity *evidence.Entity, labels string, properties row, sequence evidence.Sequence) {
	if t.Before == nil {
		c.make(makeEntities, evidence.EntityRecord, strings.TrimPrefix(labels, "Entity:"), properties)
	} else if is := entity.Identity.IsPlaceholder(); is != t.Before.Entity().Identity.IsPlaceholder() {
		c.placeholders = append(c.placeholders, row{"id": string(entity.ID), "placeholder": is})
	}
	before, after := tokensOf(t.Before), tokensOf(t.After)
	for _, token := range before {
		if !slices.Contains(after, token) {
			c.tokensClosed = append(c.tokensClosed, row{"slot": tokenSlot(token), "key": tokenKey(token, entity.ID)})
		}
	}
	for _, token := range after {
		if !slices.Contains(before, token) {
			c.tokensAdded = append(c.tokensAdded, tokenProperties(token, entity.ID, sequence))
		}
	}
}

func tokensOf(r *evidence.Record) []evidence.Token {
	if !r.IsOpen() {
		return nil
	}
	return evidence.SearchTokens(r.Entity())
}

// closedTokens is the list of the tokens of the past; those that stand are in
// one list for each visibility and for placeholders or not.
const closedTokens = 2 * int64(evidence.Clearances)

func tokenSlot(t evidence.Token) int64 {
	slot := 2 * int64(t.Visibility)
	if t.Placeholder {
		slot++
	}
	return slot
}

// tokenKey orders by token and then entity, as bytes: a blank sorts before every
// sign of either. What is not ASCII is spelled in it, since Neo4j sorts strings
// in memory by UTF-16, in which some letters come in another order than in UTF-8.
func tokenKey(t evidence.Token, entity evidence.ID) string {
	return spelled(t.Text + " " + string(entity))
}

// spelled writes every byte from ~ on as ~ and two hexadecimal digits, which
// keeps the order of bytes and what begins with what.
func spelled(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < '~' {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "~%02x", s[i])
		}
	}
	return b.String()
}

func tokenProperties(t evidence.Token, entity evidence.ID, sequence evidence.Sequence) row {
	return row{
		"slot": tokenSlot(t), "key": tokenKey(t, entity), "token": t.Text, "entity": string(entity),
		"visibility": int64(t.Visibility), "placeholder": t.Placeholder, "revision": int64(sequence), //nolint:gosec // below Open
	}
}

// supportIn gives, for each link that a commit makes, the sources that support
// it in the order of its citations. Their records are in the commit, or were read
// to plan it; where it was planned elsewhere, they are read here.
func supportIn(ctx context.Context, commit *evidence.Commit, snap *snapshot) (map[evidence.ID][]any, error) {
	sources := map[evidence.ID]*evidence.Source{}
	made := map[evidence.ID]bool{}
	var cited []*evidence.Record
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		switch content := t.After.Content.(type) {
		case *evidence.Source:
			sources[content.ID] = content
		case *evidence.Claim:
			made[content.ID] = t.Before == nil
		case *evidence.Citation:
			if t.After.IsOpen() && content.Stance == evidence.Supports {
				cited = append(cited, t.After)
			}
		}
	}
	slices.SortFunc(cited, func(a, b *evidence.Record) int { return compareText(a.Derived.Key, b.Derived.Key) })
	var unread []evidence.ID
	for _, r := range cited {
		if id := r.Citation().Source; made[r.Citation().Claim] && sources[id] == nil && snap.newest[id] == nil {
			unread = append(unread, id)
		}
	}
	if _, err := snap.Newest(ctx, unique(unread), evidence.Open); err != nil {
		return nil, err
	}
	support := map[evidence.ID][]any{}
	for _, r := range cited {
		citation := r.Citation()
		if !made[citation.Claim] {
			continue
		}
		source := sources[citation.Source]
		if r := snap.newest[citation.Source]; source == nil && r != nil {
			source = r.Source()
		}
		if source != nil {
			support[citation.Claim] = append(support[citation.Claim], []any{string(source.ID), source.Title, source.URL, source.Archive})
		}
	}
	return support, nil
}

// each sends rows in batches.
func each[T any](ctx context.Context, snap *snapshot, q query, rows []T, more row) error {
	return chunked(rows, batch, func(part []T) error {
		params := row{"rows": part}
		for name, value := range more {
			params[name] = value
		}
		if _, err := send(ctx, snap.tx, q, params); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		return nil
	})
}

// makeNodes makes the new nodes that some of the queries make, in their order.
func (c *changes) makeNodes(ctx context.Context, snap *snapshot, names []string) error {
	for _, name := range names {
		if err := each(ctx, snap, c.store.texts.makes[name], c.made[name], nil); err != nil {
			return err
		}
	}
	return nil
}

// change writes what becomes of nodes that are there, and of what leads to them.
func (c *changes) change(ctx context.Context, snap *snapshot) error {
	texts := c.store.texts
	var err error
	send := func(q query, rows []row, more row) {
		if err == nil {
			err = each(ctx, snap, q, rows, more)
		}
	}
	send(updateRecords, c.updates, nil)
	for pair, rows := range c.relabels {
		send(texts.relabel[pair], rows, nil)
	}
	links := listsOf(hiddenPlace, evidence.LinkRecord)
	send(markFrom, c.placeholders, row{"slots": links})
	send(markTo, c.placeholders, row{"slots": links})
	for _, kind := range slices.Sorted(maps.Keys(c.erase)) {
		send(texts.erase[kind], c.erase[kind], nil)
	}
	send(draw, c.draw, nil)
	for _, kind := range slices.Sorted(maps.Keys(c.redraw)) {
		send(texts.redraw[kind], c.redraw[kind], nil)
	}
	send(uncite, c.uncite, nil)
	send(cite, c.cite, nil)
	send(underive, c.underive, nil)
	send(derive, c.derive, nil)
	return err
}

// writeSources shows on native relationships what their sources read now.
func (c *changes) writeSources(ctx context.Context, snap *snapshot) error {
	for id := range c.complete {
		delete(c.resource, id)
	}
	if len(c.retitled) > 0 {
		rows, err := send(ctx, snap.tx, linksCiting, row{"ids": idTexts(c.retitled)})
		if err != nil {
			return err
		}
		for _, r := range rows {
			c.resource[evidence.ID(textOf(r, "id"))] = true
		}
	}
	lists := map[string][]row{}
	err := chunked(slices.Sorted(maps.Keys(c.resource)), batch, func(ids []evidence.ID) error {
		rows, err := send(ctx, snap.tx, sourcesOf, row{"ids": idTexts(ids)})
		for _, r := range rows {
			kind := textOf(r, "kind")
			lists[kind] = append(lists[kind], row{"id": textOf(r, "id"), "sources": sourceLines(listOf(r, "sources"))})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(lists)) {
		if err := each(ctx, snap, c.store.texts.resource[kind], lists[kind], nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *changes) writeTokens(ctx context.Context, snap *snapshot, sequence evidence.Sequence) error {
	closed := row{"closed": closedTokens, "sequence": int64(sequence)} //nolint:gosec // below Open
	if err := each(ctx, snap, closeTokens, c.tokensClosed, closed); err != nil {
		return err
	}
	return each(ctx, snap, addTokens, c.tokensAdded, nil)
}

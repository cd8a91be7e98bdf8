package neo4j

import (
	"context"
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// batch is how many rows one query is sent.
const batch = 5_000

// row is one row of a batch.
type row = map[string]any

// changes are what a commit comes to, sorted by the query that writes it. Each
// list is written in the order in which the lists stand here.
type changes struct {
	texts      *texts
	superseded map[string][]row // by label
	entities   map[string][]row // new ones, by labels
	sources    []row
	links      map[string][]row // new ones with their native relationship, by kind
	plain      map[string][]row // other new records, by labels
	citations  []row            // new ones
	updates    []row
	relabels   map[[2]string][]row

	erase, draw, redraw map[string][]row // native relationships, by kind
	cite, uncite        []row
	underive, derive    []row
	placeholders        []row
	resource            map[evidence.ID]bool // links whose sources may read otherwise
	retitled            []evidence.ID        // sources that read otherwise

	tokensClosed, tokensAdded []row
}

// persist writes a commit in the writer's transaction.
func (s *Store) persist(ctx context.Context, snap *snapshot, commit *evidence.Commit) error {
	c := &changes{
		texts: s.texts, superseded: map[string][]row{}, entities: map[string][]row{}, links: map[string][]row{}, plain: map[string][]row{},
		relabels: map[[2]string][]row{}, erase: map[string][]row{}, draw: map[string][]row{}, redraw: map[string][]row{}, resource: map[evidence.ID]bool{},
	}
	support := supportIn(commit, snap)
	sequence := commit.Revision.Sequence()
	for i := range commit.Transitions {
		if err := s.sort(c, &commit.Transitions[i], sequence, support); err != nil {
			return err
		}
	}
	if err := c.write(ctx, snap); err != nil {
		return err
	}
	if err := c.writeSources(ctx, snap); err != nil {
		return err
	}
	if err := c.writeTokens(ctx, snap, sequence); err != nil {
		return err
	}
	if err := writeCounters(ctx, snap, commit.Counters); err != nil {
		return err
	}
	revision, err := revisionProperties(commit.Revision)
	if err != nil {
		return err
	}
	_, err = send(ctx, snap.tx, appendRevision, map[string]any{"revision": revision, "head": headProperties(commit.Revision.Head())})
	return err
}

// sort puts one transition into the lists.
func (s *Store) sort(c *changes, t *evidence.Transition, sequence evidence.Sequence, support map[evidence.ID][]any) error {
	properties, err := s.recordProperties(t.After, false)
	if err != nil {
		return err
	}
	labels, err := s.labelsOf(t.After)
	if err != nil {
		return err
	}
	if t.Before != nil && t.After.From == sequence {
		old := *t.Before
		if old.IsOpen() {
			old.To = sequence
		}
		was, err := s.recordProperties(&old, true)
		if err != nil {
			return err
		}
		label := supersededLabels[old.Content.Type()]
		c.superseded[label] = append(c.superseded[label], was)
	}
	switch content := t.After.Content.(type) {
	case *evidence.Claim:
		if err := c.sortClaim(t, content, labels, properties, support, s); err != nil {
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
	before, err := s.labelsOf(t.Before)
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

func (c *changes) sortClaim(t *evidence.Transition, claim *evidence.Claim, labels string, properties row, support map[evidence.ID][]any, s *Store) error {
	was, is := t.Before != nil && drawn(t.Before), drawn(t.After)
	kind := claim.Kind
	if was || is {
		if _, ok := s.vocabulary.Link(kind); !ok {
			return unknownKind(kind)
		}
	}
	link := row{"id": string(claim.ID), "from": string(claim.From), "to": string(claim.To)}
	if is {
		link["link"] = linkProperties(claim, &t.After.Derived)
	}
	switch {
	case t.Before == nil && is:
		link["claim"] = properties
		link["link"].(row)["sources"] = sourceLines(support[claim.ID]) //nolint:forcetypeassert // set above
		c.links[kind] = append(c.links[kind], link)
	case t.Before == nil:
		c.plain[labels] = append(c.plain[labels], properties)
	case was && !is:
		c.erase[kind] = append(c.erase[kind], link)
	case is && !was:
		c.draw[kind] = append(c.draw[kind], link)
		c.resource[claim.ID] = true
	case is:
		c.redraw[kind] = append(c.redraw[kind], link)
	}
	return nil
}

func (c *changes) sortCitation(t *evidence.Transition, citation *evidence.Citation, properties row) {
	way := row{"id": string(citation.ID), "claim": string(citation.Claim), "source": string(citation.Source)}
	was, is := t.Before.IsOpen(), t.After.IsOpen()
	switch {
	case t.Before == nil && is:
		c.citations = append(c.citations, properties)
	case t.Before == nil:
		c.plain[closedLabels] = append(c.plain[closedLabels], properties)
	case was && !is:
		c.uncite = append(c.uncite, way)
	case is && !was:
		c.cite = append(c.cite, way)
	}
	c.resource[citation.Claim] = true
}

func (c *changes) sortSource(t *evidence.Transition, source *evidence.Source, properties row) {
	if t.Before == nil {
		c.sources = append(c.sources, properties)
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
		c.entities[labels] = append(c.entities[labels], properties)
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

// tokenKey orders by token and then entity: a blank sorts before every sign of
// either.
func tokenKey(t evidence.Token, entity evidence.ID) string { return t.Text + " " + string(entity) }

func tokenProperties(t evidence.Token, entity evidence.ID, sequence evidence.Sequence) row {
	return row{
		"slot": tokenSlot(t), "key": tokenKey(t, entity), "token": t.Text, "entity": string(entity),
		"visibility": int64(t.Visibility), "placeholder": t.Placeholder, "revision": int64(sequence), //nolint:gosec // below Open
	}
}

// supportIn gives, for each link that a commit makes, the sources that support
// it in the order of its citations. Their records are in the commit or were
// read to plan it.
func supportIn(commit *evidence.Commit, snap *snapshot) map[evidence.ID][]any {
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
	return support
}

// each sends rows in batches.
func each(ctx context.Context, snap *snapshot, q query, rows []row, more row) error {
	return chunked(rows, batch, func(part []row) error {
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

// write sends what is sorted: first what others lead to.
func (c *changes) write(ctx context.Context, snap *snapshot) error {
	type step struct {
		q    query
		rows []row
		more row
	}
	var steps []step
	add := func(q query, rows []row, more row) {
		if len(rows) > 0 {
			steps = append(steps, step{q, rows, more})
		}
	}
	byName := func(texts map[string]query, lists map[string][]row) {
		for _, name := range sorted(lists) {
			add(texts[name], lists[name], nil)
		}
	}
	byName(c.texts.create, c.superseded)
	byName(c.texts.create, c.entities)
	add(c.texts.create[sourceLabels], c.sources, nil)
	add(updateRecords, c.updates, nil)
	for pair, rows := range c.relabels {
		add(c.texts.relabel[pair], rows, nil)
	}
	var links []int64
	for place := range supersededPlace {
		links = append(links, slotOf(evidence.LinkRecord, place))
	}
	add(markFrom, c.placeholders, row{"slots": links})
	add(markTo, c.placeholders, row{"slots": links})
	byName(c.texts.create, c.plain)
	byName(c.texts.create, c.links)
	byName(c.texts.erase, c.erase)
	byName(c.texts.draw, c.draw)
	byName(c.texts.redraw, c.redraw)
	add(createCitations, c.citations, nil)
	add(uncite, c.uncite, nil)
	add(cite, c.cite, nil)
	add(underive, c.underive, nil)
	add(derive, c.derive, nil)
	for _, s := range steps {
		if err := each(ctx, snap, s.q, s.rows, s.more); err != nil {
			return err
		}
	}
	return nil
}

// writeSources shows on native relationships what their sources read now.
func (c *changes) writeSources(ctx context.Context, snap *snapshot) error {
	for _, lists := range c.links { // these were made with their sources
		for _, link := range lists {
			delete(c.resource, evidence.ID(link["id"].(string))) //nolint:forcetypeassert // sortClaim set it
		}
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
	err := chunked(sorted(c.resource), batch, func(ids []evidence.ID) error {
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
	for _, kind := range sorted(lists) {
		if err := each(ctx, snap, c.texts.resource[kind], lists[kind], nil); err != nil {
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

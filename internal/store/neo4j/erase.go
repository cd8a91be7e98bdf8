package neo4j

import (
	"context"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// What an erasure runs.
var (
	linksCitedBy = query{name: "links with citations", text: "UNWIND $ids AS id MATCH (c:Link)-[:HAS_CITATION]->(x:Record {id: id}) USING INDEX SEEK x:Record(id) RETURN DISTINCT c.id AS id"}
	kindsOfLinks = query{name: "kinds of links", text: "UNWIND $ids AS id MATCH (n:Record {id: id}) USING INDEX SEEK n:Record(id) WHERE n:Link RETURN n.id AS id, n.kind AS kind"}

	eraseOlder    = query{name: "erase older versions", text: "UNWIND $ids AS id MATCH (n:Superseded {id: id}) WHERE n.revision >= 0 DETACH DELETE n"}
	eraseRecords  = query{name: "erase records", text: "UNWIND $ids AS id MATCH (n:Record {id: id}) DETACH DELETE n"}
	eraseCounters = query{name: "erase counters", text: "UNWIND $ids AS id MATCH (k:Counter {of: id}) DELETE k"}
	eraseTokens   = query{name: "erase tokens", text: "MATCH (t:Token) WHERE t.entity IN $ids DELETE t"}

	versionAt = query{name: "versions by revision", text: "UNWIND $rows AS row CALL (row) { " +
		"MATCH (n:Record {id: row.id}) WHERE n.revision = row.revision RETURN n UNION ALL " +
		"MATCH (n:Superseded {id: row.id}) WHERE n.revision = row.revision RETURN n } " +
		"WITH n, n.now AS now RETURN " + result + ", n:Superseded AS old"}
	rewriteOlder     = query{name: "rewrite older versions", text: "UNWIND $rows AS row MATCH (n:Superseded {id: row.id}) WHERE n.revision = row.revision SET n += row"}
	rewriteRevisions = query{name: "rewrite revisions", text: "UNWIND $rows AS row MATCH (v:Revision {sequence: row.sequence}) SET v += row"}
)

// destroy takes away what an erasure takes, in the writer's transaction and
// after its transitions were written.
func (s *Store) destroy(ctx context.Context, snap *snapshot, e *evidence.Erasing) error {
	s.kept.erase() // and none is kept until the lock of the head is free again
	c := &changes{store: s, resource: map[evidence.ID]bool{}, complete: map[evidence.ID]bool{}}
	links := map[string][]row{}
	err := chunked(e.Gone, batch, func(ids []evidence.ID) error {
		rows, err := send(ctx, snap.tx, linksCitedBy, row{"ids": idTexts(ids)})
		if err != nil {
			return err
		}
		for _, r := range rows {
			c.resource[evidence.ID(textOf(r, "id"))] = true
		}
		rows, err = send(ctx, snap.tx, kindsOfLinks, row{"ids": idTexts(ids)})
		for _, r := range rows {
			links[textOf(r, "kind")] = append(links[textOf(r, "kind")], row{"id": textOf(r, "id")})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(links)) {
		if err := each(ctx, snap, s.texts.erase[kind], links[kind], nil); err != nil {
			return err
		}
	}
	err = chunked(e.Gone, batch, func(ids []evidence.ID) error {
		for _, q := range []query{eraseOlder, eraseRecords, eraseCounters, eraseTokens} {
			if _, err := send(ctx, snap.tx, q, row{"ids": idTexts(ids)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.rewrite(ctx, snap, e.Rewritten); err != nil {
		return err
	}
	for _, id := range e.Gone {
		delete(c.resource, id)
	}
	if err := c.writeSources(ctx, snap); err != nil {
		return err
	}
	revisions := make([]row, len(e.Revisions))
	for i, r := range e.Revisions {
		if revisions[i], err = revisionProperties(r); err != nil {
			return err
		}
	}
	return each(ctx, snap, rewriteRevisions, revisions, nil)
}

// rewrite gives versions of records that stay the content they are left with.
func (s *Store) rewrite(ctx context.Context, snap *snapshot, versions []*evidence.Record) error {
	return chunked(versions, batch, func(part []*evidence.Record) error {
		type version struct {
			id   evidence.ID
			from evidence.Sequence
		}
		content, rows := map[version]evidence.Content{}, make([]row, len(part))
		for i, r := range part {
			content[version{r.ID(), r.From}] = r.Content
			rows[i] = row{"id": string(r.ID()), "revision": int64(r.From)} //nolint:gosec // below Open
		}
		found, err := send(ctx, snap.tx, versionAt, row{"rows": rows})
		if err != nil {
			return err
		}
		var newest, older []row
		for _, one := range found {
			r, err := newRecord(one, false)
			if err != nil {
				return err
			}
			r.Content = content[version{r.ID(), r.From}]
			old, _ := one.Get("old")
			properties, err := s.recordProperties(r, old == true)
			if err != nil {
				return err
			}
			if old == true {
				older = append(older, properties)
			} else {
				newest = append(newest, properties)
			}
		}
		if err := each(ctx, snap, updateRecords, newest, nil); err != nil {
			return err
		}
		return each(ctx, snap, rewriteOlder, older, nil)
	})
}

package neo4j

import (
	"context"
	"errors"
	"fmt"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
)

// migration is one step of the schema. Steps are never changed once released:
// what later programs need is added as a new step.
type migration []struct{ name, text string }

// migrations bring a database from each version of the schema to the next; the
// first starts from an empty one.
var migrations = []migration{{
	{"record_id", "CREATE CONSTRAINT record_id IF NOT EXISTS FOR (n:Record) REQUIRE n.id IS UNIQUE"},
	{"entity_id", "CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE"},
	{"claim_id", "CREATE CONSTRAINT claim_id IF NOT EXISTS FOR (n:Claim) REQUIRE n.id IS UNIQUE"},
	{"citation_id", "CREATE CONSTRAINT citation_id IF NOT EXISTS FOR (n:Citation) REQUIRE n.id IS UNIQUE"},
	{"source_id", "CREATE CONSTRAINT source_id IF NOT EXISTS FOR (n:Source) REQUIRE n.id IS UNIQUE"},
	{"head_id", "CREATE CONSTRAINT head_id IF NOT EXISTS FOR (n:Head) REQUIRE n.id IS UNIQUE"},
	{"schema_id", "CREATE CONSTRAINT schema_id IF NOT EXISTS FOR (n:Schema) REQUIRE n.id IS UNIQUE"},
	{"counter_of", "CREATE CONSTRAINT counter_of IF NOT EXISTS FOR (n:Counter) REQUIRE n.of IS UNIQUE"},
	{"revision_sequence", "CREATE CONSTRAINT revision_sequence IF NOT EXISTS FOR (n:Revision) REQUIRE n.sequence IS UNIQUE"},
	{"revision_hash", "CREATE CONSTRAINT revision_hash IF NOT EXISTS FOR (n:Revision) REQUIRE n.hash IS UNIQUE"},
	{"revision_key", "CREATE CONSTRAINT revision_key IF NOT EXISTS FOR (n:Revision) REQUIRE n.key IS UNIQUE"},
	{"revision_public", "CREATE CONSTRAINT revision_public IF NOT EXISTS FOR (n:Revision) REQUIRE n.publicNumber IS UNIQUE"},
	{"revision_restricted", "CREATE CONSTRAINT revision_restricted IF NOT EXISTS FOR (n:Revision) REQUIRE n.restrictedNumber IS UNIQUE"},
	{"revision_confidential", "CREATE CONSTRAINT revision_confidential IF NOT EXISTS FOR (n:Revision) REQUIRE n.confidentialNumber IS UNIQUE"},
	{"superseded_id", "CREATE INDEX superseded_id IF NOT EXISTS FOR (n:Superseded) ON (n.id, n.revision)"},
	{"version_key", "CREATE INDEX version_key IF NOT EXISTS FOR (n:Version) ON (n.slot, n.key)"},
	{"version_kind", "CREATE INDEX version_kind IF NOT EXISTS FOR (n:Version) ON (n.slot, n.kindKey)"},
	{"version_from", "CREATE INDEX version_from IF NOT EXISTS FOR (n:Version) ON (n.from, n.slot, n.key)"},
	{"version_to", "CREATE INDEX version_to IF NOT EXISTS FOR (n:Version) ON (n.to, n.slot, n.key)"},
	{"version_about", "CREATE INDEX version_about IF NOT EXISTS FOR (n:Version) ON (n.about, n.slot, n.key)"},
	{"version_claim", "CREATE INDEX version_claim IF NOT EXISTS FOR (n:Version) ON (n.claim, n.slot, n.key)"},
	{"version_source", "CREATE INDEX version_source IF NOT EXISTS FOR (n:Version) ON (n.source, n.slot, n.stance, n.sourceKey)"},
	{"token_key", "CREATE INDEX token_key IF NOT EXISTS FOR (n:Token) ON (n.slot, n.key)"},
	{"token_entity", "CREATE INDEX token_entity IF NOT EXISTS FOR (n:Token) ON (n.entity)"},
	{"shelf_item", "CREATE CONSTRAINT shelf_item IF NOT EXISTS FOR (n:Shelf) REQUIRE (n.kind, n.id) IS UNIQUE"},
	{"entity_words", wordsIndex("entity_words", "Entity")},
	{"source_words", wordsIndex("source_words", "Source")},
	{"link_words", wordsIndex("link_words", "Link")},
	{"statement_words", wordsIndex("statement_words", "Statement")},
	{"citation_words", wordsIndex("citation_words", "Citation")},
}, {
	{"version_from_rank", "CREATE INDEX version_from_rank IF NOT EXISTS FOR (n:Version) ON (n.from, n.rankSlot, n.rank)"},
	{"version_to_rank", "CREATE INDEX version_to_rank IF NOT EXISTS FOR (n:Version) ON (n.to, n.rankSlot, n.rank)"},
}, {
	// Nothing but what `edge` is of; see repack.
}, {
	{"version_pair", "CREATE INDEX version_pair IF NOT EXISTS FOR (n:Version) ON (n.from, n.to)"},
}, {
	// Nothing but what `key` of a revision is made of; see rekey.
}, {
	// Nothing but `accepted` on relationships; see tellAccepted.
}, {
	// Nothing but the `key` of erasures that lost theirs with their reasons; see rekey.
}, {
	// Nothing but the signs of the words of `text`; see sign.
}, {
	// Nothing but that a first load that broke off is taken back; see firstLoad.
}}

// wordsIndex is of folded text, so it splits at white space and does no more. It
// is brought up to date behind the writer's back, which takes a third off the
// time of a large write; whoever reads it waits for that first (see fullText).
func wordsIndex(name, label string) string {
	return "CREATE FULLTEXT INDEX " + name + " IF NOT EXISTS FOR (n:" + label + ") ON EACH [n.text] OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: true}}"
}

// wordsIndexes are the full-text indexes of each type of record.
var wordsIndexes = map[evidence.RecordType]string{
	evidence.EntityRecord: "entity_words", evidence.SourceRecord: "source_words", evidence.LinkRecord: "link_words",
	evidence.StatementRecord: "statement_words", evidence.CitationRecord: "citation_words",
}

// indexWait bounds how long Open waits for indexes that Neo4j is filling.
const indexWait = 10 * time.Minute

// schema says what was found in a database.
type schema struct {
	version int
	// unfinished says that a program began to bring it up to date, and has not ended;
	// intact, that none but those of this schema wrote since.
	unfinished, intact bool
}

func (s *Store) schemaFound(ctx context.Context) (schema, error) {
	rows, err := s.read(ctx, schemaVersion, nil)
	if err != nil || len(rows) == 0 {
		return schema{}, err
	}
	from, _ := rows[0].Get("from")
	intact, _ := rows[0].Get("intact")
	return schema{version: int(numberOf(rows[0], "version")), unfinished: from != nil, intact: intact == true}, nil
}

// current says whether there is nothing to bring up to date.
func (found schema) current() bool { return found.version == len(migrations) && !found.unfinished }

// ErrNoGraph says that a database holds no graph, where there has to be one.
var ErrNoGraph = errors.New("there is no graph")

// refusal says why a database cannot be opened as it is; nil where it can.
func (s *Store) refusal(found schema, uri string) error {
	switch o := s.options; {
	case found.version > len(migrations):
		return fmt.Errorf("the database was written by a newer program (its schema is %d, this program knows %d); use that program or a newer one", found.version, len(migrations))
	case found.version == 0 && (o.ReadOnly || o.AsItIs || o.Existing):
		return fmt.Errorf("%w at %s in the database %s; make one with `vinculo import --store %s DIR`, or mend the address or the name of the database", ErrNoGraph, uri, o.Database, uri)
	case (o.ReadOnly || o.AsItIs) && !found.current():
		return fmt.Errorf("the graph at %s is of an older version; open it once for writing, as `vinculo serve` does", uri)
	}
	return nil
}

// migrate brings the schema up to date: the steps that the database has not
// seen, and a constraint for each kind of link that the vocabulary has by now.
// Programs that start at once may do it together: every step may run twice.
// What an older program wrote after that, not having been stopped, is mended.
func (s *Store) migrate(ctx context.Context, uri string) error {
	found, err := s.schemaFound(ctx)
	if err == nil {
		err = s.refusal(found, uri)
	}
	if err != nil || s.options.ReadOnly || s.options.AsItIs {
		return err
	}
	steps, err := s.missing(ctx)
	if err != nil {
		return err
	}
	older := !found.current() || !found.intact
	if len(steps) == 0 && !older {
		return nil
	}
	if err := s.build(ctx, steps, older); err != nil {
		return fmt.Errorf("bringing the schema of Neo4j up to date: %w", err)
	}
	s.options.Logger.Info().Int("schema", len(migrations)).Int("made", len(steps)).Msg("brought the schema of Neo4j up to date")
	return nil
}

// missing are the constraints and indexes that the database has to have and has not.
func (s *Store) missing(ctx context.Context) (steps []string, err error) {
	have := map[string]bool{}
	names, err := s.read(ctx, schemaNames, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range names {
		have[textOf(r, "name")] = true
	}
	for _, m := range migrations {
		for _, step := range m {
			if !have[step.name] {
				steps = append(steps, step.text)
			}
		}
	}
	for _, k := range s.vocabulary.Links() {
		if name := "link_" + k.Name; !have[name] {
			steps = append(steps, "CREATE CONSTRAINT `"+name+"` IF NOT EXISTS FOR ()-[r:`"+k.Name+"`]-() REQUIRE r.id IS UNIQUE")
		}
	}
	return steps, nil
}

// build makes constraints and indexes in one transaction, and notes the version
// in others, since Neo4j keeps changes of schema and data apart.
func (s *Store) build(ctx context.Context, steps []string, older bool) error {
	session := s.session(ctx)
	work := func(tx driver.ManagedTransaction) (any, error) {
		for _, step := range steps {
			if _, err := send(ctx, tx, query{name: "build the schema", text: step}, nil); err != nil {
				return nil, err
			}
		}
		return nil, nil //nolint:nilnil // the transaction has no result
	}
	await := func(tx driver.ManagedTransaction) (any, error) {
		return send(ctx, tx, awaitIndexes, map[string]any{"seconds": int64(indexWait.Seconds())})
	}
	_, err := session.ExecuteWrite(ctx, work)
	if err == nil {
		// Before rank, whose query names an index: Neo4j refuses to plan by one
		// that it is still filling.
		_, err = session.ExecuteWrite(ctx, await)
	}
	if err == nil && older {
		err = s.modernise(ctx, session)
	}
	return s.fault(ctx, "build the schema", errors.Join(err, session.Close(context.WithoutCancel(ctx))))
}

// modernise brings up to date what older programs wrote.
func (s *Store) modernise(ctx context.Context, session driver.SessionWithContext) error {
	rows, err := session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		return send(ctx, tx, schemaComes, map[string]any{"version": int64(len(migrations)), "head": headProperties(evidence.Head{})})
	})
	if err != nil {
		return err
	}
	packed, broken := int64(0), any(false)
	if head, _ := rows.([]*driver.Record); len(head) > 0 {
		packed = numberOf(head[0], "sequence")
		broken, _ = head[0].Get("broken")
	}
	if broken == true {
		if err := s.takeBackLoad(ctx, session, packed); err != nil {
			return err
		}
	}
	if err := s.repack(ctx); err != nil {
		return err
	}
	if err := rank(ctx, session); err != nil {
		return err
	}
	if err := sign(ctx, session); err != nil {
		return err
	}
	if err := s.rekey(ctx, session); err != nil {
		return err
	}
	if err := tellIdentities(ctx, session); err != nil {
		return err
	}
	_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		return send(ctx, tx, schemaIs, map[string]any{"packed": packed})
	})
	return err
}

// oldEdge is how long the list of numbers was that `edge` is in an older schema:
// four days, flags, and for each clearance standing, strength and disputes.
const oldEdge = 4 + 1 + 3*evidence.Clearances

// repack turns the edges that an older program wrote into bytes, in batches.
func (s *Store) repack(ctx context.Context) (err error) {
	reading := s.session(ctx)
	defer func() { err = errors.Join(err, reading.Close(context.WithoutCancel(ctx))) }()
	old, err := reading.Run(ctx, readOldEdges.planned(), map[string]any{"slots": listsOf(supersededPlace, evidence.LinkRecord), "size": int64(oldEdge)})
	if err != nil {
		return err
	}
	var rows []row
	write := func() error {
		writing := s.session(ctx)
		_, err := writing.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			// Others may write meanwhile, where only a few links are mended.
			if _, err := send(ctx, tx, lockHead, nil); err != nil {
				return nil, err
			}
			return send(ctx, tx, writeEdges, map[string]any{"rows": rows, "size": int64(oldEdge)})
		})
		rows = rows[:0]
		return errors.Join(err, writing.Close(context.WithoutCancel(ctx)))
	}
	for old.Next(ctx) {
		rows = append(rows, row{"node": textOf(old.Record(), "node"), "edge": packOld(old.Record())})
		if len(rows) == batch {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := old.Err(); err != nil || len(rows) == 0 {
		return err
	}
	return write()
}

// packOld packs an edge that readOldEdges gave.
func packOld(r *driver.Record) []byte {
	var n [oldEdge]int64
	for i, one := range listOf(r, "edge") {
		n[i], _ = one.(int64)
	}
	day := func(i int) edtf.Day { return edtf.Day(n[i]) } //nolint:gosec // written from a day
	var levels []evidence.Level
	for l := n[5:]; len(l) > 0; l = l[3:] {
		levels = append(levels, evidence.Level{Standing: evidence.Standing(l[0]), Strength: uint16(l[1]), Disputes: uint32(l[2])}) //nolint:gosec // written from a level
	}
	return layEdge(edtf.Bounds{SinceEarliest: day(0), SinceLatest: day(1), UntilEarliest: day(2), UntilLatest: day(3)}, byte(n[4]), levels, textOf(r, "key"), textOf(r, "from"), textOf(r, "to")) //nolint:gosec // written from a byte
}

// rekey makes the keys anew by which revisions are found again: one for each author
// and clearance, where it was one for each author at first, and those of erasures that
// lost theirs.
func (s *Store) rekey(ctx context.Context, session driver.SessionWithContext) error {
	for after := int64(0); ; {
		logged, err := s.read(ctx, readLog, row{"after": after, "limit": int64(logPage)})
		if err != nil || len(logged) == 0 {
			return err
		}
		var rows []row
		for _, one := range logged {
			after = numberOf(one, "sequence")
			if textOf(one, "key") == "" && numberOf(one, "leafCount") != 2 { // as an erasure has
				continue
			}
			r, err := newRevision(one)
			if err != nil {
				return err
			}
			if key, err := r.FoundBy(); err != nil {
				return err
			} else if key != r.Key {
				rows = append(rows, row{"sequence": after, "key": key})
			}
		}
		_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			return send(ctx, tx, writeKeys, map[string]any{"rows": rows})
		})
		if err != nil {
			return err
		}
	}
}

// linksSeenNow are the lists of links that stand and that somebody sees.
func linksSeenNow() []int64 { return listsOf(int64(evidence.Confidential), evidence.LinkRecord) }

// inBatches runs a query of which Neo4j commits one batch after the other by itself.
func inBatches(ctx context.Context, session driver.SessionWithContext, q query, params row) error {
	result, err := session.Run(ctx, q.planned(), params)
	if err != nil {
		return err
	}
	_, err = result.Consume(ctx)
	return err
}

// rank gives links that an older program wrote the properties of rankOf.
func rank(ctx context.Context, session driver.SessionWithContext) error {
	return inBatches(ctx, session, rankLinks, row{"slots": linksSeenNow(), "first": strengthAt(evidence.Public), "size": int64(edgeLevelSize), "mixed": int64(mixedSlots), "most": int64(maxStrength)})
}

// identityPage is how many identities are brought up to date at a time.
const identityPage = 500

// tellIdentities has the relationships of identities say whether these were accepted,
// which an older program keeps on the claim alone.
func tellIdentities(ctx context.Context, session driver.SessionWithContext) error {
	lo, hi := bounds(store.Query{}, evidence.ClaimKeyPrefix(evidence.SameAs))
	params := row{"slots": linksSeenNow(), "after": lo, "end": hi, "limit": int64(identityPage)}
	for {
		told, err := session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			// Nobody accepts one between its being read and its being written.
			if _, err := send(ctx, tx, lockHead, nil); err != nil {
				return nil, err
			}
			return send(ctx, tx, tellAccepted, params)
		})
		if err != nil {
			return err
		}
		rows, _ := told.([]*driver.Record)
		if len(rows) < identityPage {
			return nil
		}
		params["after"] = textOf(rows[len(rows)-1], "key")
	}
}

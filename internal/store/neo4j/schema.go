package neo4j

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/store"
)

// migration is one step of the schema. Steps are never changed once released:
// what later programs need is added as a new step.
type migration []schemaStep

// schemaStep makes a constraint or an index.
type schemaStep struct{ name, text string }

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
}, {
	// Nothing but that properties and a constraint are gone; see slim and retired.
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
	// unfinished says that a program began to bring it up to date, or to load a graph
	// into it, and has not ended; intact, that none but those of this schema wrote since.
	unfinished, intact bool
	// load tells of the first load that has not ended whose it is: "" of one that broke
	// off and that somebody began to take back, nil of none. It goes on where loading.
	load    *string
	loading bool
}

// patience is how long who opens a graph waits for a first load to end. That it broke
// off a moment ago, the server may still have to find out.
const patience = 3 * time.Second

// schemaSettled gives the schema, with whether a first load goes on or broke off.
func (s *Store) schemaSettled(ctx context.Context) (schema, error) {
	for begun := time.Now(); ; {
		found, err := s.schemaFound(ctx)
		if err != nil || found.load == nil || *found.load == "" {
			return found, err
		}
		databases, err := s.lit(ctx, *found.load)
		if err != nil {
			return found, err
		}
		if len(databases) == 0 {
			// Whoever has ended it takes its mark away before the beacon goes out.
			again, err := s.schemaFound(ctx)
			if err != nil || again.load == nil || *again.load == *found.load {
				return again, err
			}
		} else if time.Since(begun) > patience {
			found.loading = true
			return found, nil
		}
		select {
		case <-ctx.Done():
			return found, s.fault(ctx, schemaVersion.name, ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (s *Store) schemaFound(ctx context.Context) (schema, error) {
	rows, err := s.read(ctx, schemaVersion, nil)
	if err != nil || len(rows) == 0 {
		return schema{}, err
	}
	from, _ := rows[0].Get("from")
	intact, _ := rows[0].Get("intact")
	found := schema{version: int(numberOf(rows[0], "version")), unfinished: from != nil, intact: intact == true}
	if by, _ := rows[0].Get("by"); by != nil {
		load := textOf(rows[0], "by")
		found.load = &load
	}
	return found, nil
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
	case found.loading:
		return fmt.Errorf("the graph at %s is being loaded by another Vínculo, as a first `vinculo import` does; try again when it has ended", uri)
	case !o.ReadOnly && !o.AsItIs || found.current():
		return nil
	case found.load != nil:
		return fmt.Errorf("the graph at %s was being loaded, as by a first `vinculo import`, and that broke off; give the same import once more, or open the graph for writing otherwise, as `vinculo serve` does, which takes back what had not come into the log", uri)
	case found.unfinished:
		return fmt.Errorf("another Vínculo is bringing the graph at %s up to date, or broke off; try again when it has ended or, where it broke off, open it once for writing, as `vinculo serve` does", uri)
	default:
		return fmt.Errorf("the graph at %s is of an older version; open it once for writing, as `vinculo serve` does", uri)
	}
}

// errLoading says that a first load began or was taken back by another program while
// the graph was being opened, which is then looked at once more.
var errLoading = errors.New("the graph is being loaded")

// migrate brings the schema up to date: the steps that the database has not
// seen, and a constraint for each kind of link that the vocabulary has by now.
// Programs that start at once may do it together: every step may run twice.
// What an older program wrote after that, not having been stopped, is mended.
func (s *Store) migrate(ctx context.Context, uri string) error {
	for {
		found, err := s.schemaSettled(ctx)
		if err == nil {
			err = s.refusal(found, uri)
		}
		if err != nil || s.options.ReadOnly || s.options.AsItIs {
			return err
		}
		if err := s.bringUp(ctx, found); !errors.Is(err, errLoading) {
			return err
		}
	}
}

// bringUp brings up to date what was found.
func (s *Store) bringUp(ctx context.Context, found schema) error {
	older := !found.current() || !found.intact
	made, err := s.complete(ctx, (*Store).build)
	if err == nil && made == 0 && !older {
		return nil
	}
	if err == nil && older {
		err = s.modernise(ctx, found)
	}
	if err != nil {
		return fmt.Errorf("bringing the schema of Neo4j up to date: %w", err)
	}
	s.options.Logger.Info().Int("schema", len(migrations)).Int("made", made).Msg("brought the schema of Neo4j up to date")
	return nil
}

// complete makes the constraints and indexes that are missing, and tells how many. Where
// another program has made one meanwhile, which the server refuses to make twice whatever
// the text says, it makes what is missing still.
func (s *Store) complete(ctx context.Context, build func(*Store, context.Context, []string) error) (made int, err error) {
	steps, err := s.missing(ctx)
	if err != nil || len(steps) == 0 {
		return 0, err
	}
	for tries := 0; ; tries++ {
		refused := build(s, ctx, steps)
		if refused == nil {
			return len(steps), nil
		}
		left, err := s.missing(ctx)
		meanwhile := madeMeanwhile(refused) && len(left) < len(steps)
		if err != nil || !meanwhile && (!passing(refused) || !again(ctx, refused, tries)) {
			return 0, refused
		}
		steps = left
	}
}

// madeMeanwhile says whether the server refused to make a constraint or index since it is
// there.
func madeMeanwhile(err error) bool {
	var server *driver.Neo4jError
	return errors.As(last(err), &server) && strings.HasPrefix(server.Code, "Neo.ClientError.Schema.") && strings.HasSuffix(server.Code, "AlreadyExists")
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
	for _, step := range s.schemaSteps() {
		if !have[step.name] {
			steps = append(steps, step.text)
		}
	}
	return steps, nil
}

// schemaSteps make all constraints and indexes that the database has to have.
func (s *Store) schemaSteps() []schemaStep {
	all := slices.DeleteFunc(slices.Concat(migrations...), func(step schemaStep) bool { return slices.Contains(retired, step.name) })
	for _, k := range s.vocabulary.Links() {
		name := "link_" + k.Name
		all = append(all, schemaStep{name, "CREATE CONSTRAINT `" + name + "` IF NOT EXISTS FOR ()-[r:`" + k.Name + "`]-() REQUIRE r.id IS UNIQUE"})
	}
	return all
}

// build makes constraints and indexes in one transaction, the constraints first. Another
// program that makes them at the same time waits at the first of these until all are
// there; in several transactions both would wait for each other, and the server does not
// always see that.
func (s *Store) build(ctx context.Context, steps []string) error {
	constraints, indexes := apart(steps)
	return s.buildParts(ctx, slices.Concat(constraints, indexes))
}

// buildAlone makes indexes in one transaction and constraints in another, since Neo4j fills
// indexes behind our back while it fills those of constraints. Nobody else may make any.
func (s *Store) buildAlone(ctx context.Context, steps []string) error {
	constraints, indexes := apart(steps)
	return s.buildParts(ctx, indexes, constraints)
}

func apart(steps []string) (constraints, indexes []string) {
	for _, step := range steps {
		if isConstraint(step) {
			constraints = append(constraints, step)
		} else {
			indexes = append(indexes, step)
		}
	}
	return constraints, indexes
}

func isConstraint(step string) bool { return strings.HasPrefix(step, "CREATE CONSTRAINT") }

// buildParts makes constraints and indexes, each part in a transaction, which hold no
// data: Neo4j keeps changes of schema and data apart.
func (s *Store) buildParts(ctx context.Context, parts ...[]string) error {
	session := s.session(ctx)
	var err error
	for _, steps := range parts {
		if err != nil {
			break
		}
		_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			for _, step := range steps {
				if _, err := send(ctx, tx, query{name: "build the schema", text: step}, nil); err != nil {
					return nil, err
				}
			}
			return nil, nil //nolint:nilnil // the transaction has no result
		})
	}
	if err == nil {
		// Neo4j refuses to plan by an index that it is still filling, where a query
		// names it, as that of rank does.
		_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
			return send(ctx, tx, awaitIndexes, map[string]any{"seconds": int64(indexWait.Seconds())})
		})
	}
	return s.fault(ctx, "build the schema", errors.Join(err, session.Close(context.WithoutCancel(ctx))))
}

// modernise brings up to date what older programs wrote, and takes back a first load
// that was found to have broken off. Where one goes on by now, or somebody else has
// taken it back meanwhile, it gives errLoading.
func (s *Store) modernise(ctx context.Context, found schema) (err error) {
	session := s.session(ctx)
	defer func() {
		err = s.fault(ctx, "bring the graph up to date", errors.Join(err, session.Close(context.WithoutCancel(ctx))))
	}()
	broken := ""
	if found.load != nil {
		broken = *found.load
	}
	rows, err := session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		return send(ctx, tx, schemaComes, map[string]any{"version": int64(len(migrations)), "head": headProperties(evidence.Head{}), "broken": broken})
	})
	if err != nil {
		return err
	}
	head, _ := rows.([]*driver.Record)
	if len(head) == 0 {
		return errLoading
	}
	packed := numberOf(head[0], "sequence")
	if left, _ := head[0].Get("broken"); left == true {
		err := s.takeBackLoad(ctx, session, "", packed)
		if errors.Is(err, errTakenOver) {
			return errLoading
		} else if err != nil {
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
	if err := slim(ctx, session); err != nil {
		return err
	}
	if err := s.inTransaction(ctx, s.retire, new(bool)); err != nil {
		return err
	}
	rows, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		return send(ctx, tx, schemaIs, map[string]any{"packed": packed})
	})
	if ended, _ := rows.([]*driver.Record); err == nil && len(ended) == 0 {
		err = errLoading
	}
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

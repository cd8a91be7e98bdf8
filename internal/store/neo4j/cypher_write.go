package neo4j

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Labels of the newest version of a record.
const (
	closedLabels    = "Closed" // of one that does not stand any more
	sourceLabels    = "Source"
	linkLabels      = "Claim:Link"
	statementLabels = "Claim:Statement"
	citationLabels  = "Citation"
)

func entityLabels(k vocabulary.EntityKind) string { return "Entity:" + k.NodeLabel }

// Labels of a version that was replaced.
var supersededLabels = map[evidence.RecordType]string{
	evidence.EntityRecord: "EntityVersion", evidence.SourceRecord: "SourceVersion", evidence.LinkRecord: "ClaimVersion",
	evidence.StatementRecord: "ClaimVersion", evidence.CitationRecord: "CitationVersion",
}

// headResult is what the queries for the head give; see newHead and fit.
const headResult = "h.sequence AS sequence, h.hash AS hash, h.time AS time, h.latest AS latest, s.version AS version, s.from AS from"

// Queries that do not depend on a kind.
var (
	readHead = query{name: "head", text: "MATCH (h:Head {id: 'log'}) OPTIONAL MATCH (s:Schema {id: 'schema'}) RETURN " + headResult}

	// lockHead waits for the writer before, of whatever process: setting a
	// property takes a lock that is held to the end of the transaction, and what
	// is read after it is what that writer left.
	lockHead = query{name: "lock the head", text: "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h OPTIONAL MATCH (s:Schema {id: 'schema'}) RETURN " + headResult}

	// appendRevision also moves `packed`, the revision up to which all is as this
	// schema has it, unless a program that knows nothing of it wrote before.
	appendRevision = query{name: "append a revision", text: "CREATE (v:Revision) SET v = $revision WITH v MATCH (h:Head {id: 'log'}) " +
		"SET h.packed = CASE WHEN h.packed = h.sequence THEN $head.sequence ELSE h.packed END SET h += $head"}

	revisionBySequence = query{name: "revision by sequence", text: "MATCH (v:Revision {sequence: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByKey      = query{name: "revision by key", text: "MATCH (v:Revision {key: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByHash     = query{name: "revision by hash", text: "MATCH (v:Revision {hash: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByNumber   = numberTexts()
	readLog            = query{name: "log", text: "MATCH (v:Revision) WHERE v.sequence > $after RETURN " + revisionResult + ", v.leaves AS leaves, v.author AS author, v.reason AS reason ORDER BY v.sequence LIMIT $limit"}

	newestOf = query{name: "newest versions", text: "UNWIND $ids AS id MATCH (n:Record {id: id}) WITH n, n.now AS now WITH " + result, columns: resultColumns}
	newestTo = query{name: "newest versions before a revision", text: "UNWIND $ids AS id MATCH (r:Record {id: id}) " +
		"CALL (id, r) { WITH r AS n WHERE n.revision < $before RETURN n UNION ALL " +
		"WITH r WHERE r.revision >= $before MATCH (n:Superseded {id: id}) WHERE n.revision < $before RETURN n ORDER BY n.revision DESC LIMIT 1 } " +
		"WITH n, r.now AS now WITH " + result, columns: resultColumns}
	versionsOf = query{name: "versions", text: "CALL () { UNWIND $ids AS id MATCH (n:Record {id: id}) WHERE n.revision <= $known RETURN n UNION ALL UNWIND $ids AS id MATCH (n:Superseded {id: id}) WHERE n.revision <= $known RETURN n } " +
		"WITH n, n.now AS now WITH " + result + " ORDER BY revision", columns: resultColumns}

	claimsOn = query{name: "claims on entities", text: "CALL () { UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(from, slot, key) WHERE n.from = id AND n.slot = slot AND n.key > '' AND n.closedBy IS NULL RETURN n " +
		"UNION UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(to, slot, key) WHERE n.to = id AND n.slot = slot AND n.key > '' AND n.closedBy IS NULL RETURN n } " +
		"WITH n ORDER BY n.id LIMIT $limit WITH n, n.now AS now WITH " + result, columns: resultColumns}
	citationsOf = query{name: "citations of claims", text: "UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(claim, slot, key) WHERE n.claim = id AND n.slot = slot AND n.key > '' AND n.closedBy IS NULL " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now WITH " + result, columns: resultColumns}
	// What is closed stands in one list.
	formerCitations = query{name: "former citations of claims", text: fmt.Sprintf("UNWIND $ids AS id MATCH (n:Version) USING INDEX SEEK n:Version(claim, slot, key) WHERE n.claim = id AND n.slot = %d AND n.key > '' AND n.closedBy IS NOT NULL ", slotOf(evidence.CitationRecord, hiddenPlace)) +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now WITH " + result, columns: resultColumns}
	everCited = query{name: "citations that a claim ever had", text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(claim, slot, key) WHERE n.claim = $claim AND n.slot = slot AND n.key > '' AND n.id > $after " +
		"WITH DISTINCT n.id AS id ORDER BY id LIMIT $limit RETURN id"}
	citationsIn = query{name: "citations into sources", text: "UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(source, slot, stance, sourceKey) WHERE n.source = id AND n.slot = slot AND n.stance > '' AND n.sourceKey > '' AND n.closedBy IS NULL " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now WITH " + result, columns: resultColumns}
	derivedSources = query{name: "sources that derive from sources", text: "UNWIND $ids AS id MATCH (s:Record {id: id})<-[:DERIVED_FROM]-(n:Source) USING INDEX SEEK s:Record(id) " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now WITH " + result, columns: resultColumns}

	// fullText answers one row without a record where there are more matches than
	// are worth ordering. It first waits until the index has all that was written.
	fullText = query{name: "find by words", text: "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh() CALL db.index.fulltext.queryNodes($index, $words, {limit: $most + 1}) YIELD node " +
		"WITH collect(node) AS matches UNWIND CASE WHEN size(matches) > $most THEN [null] ELSE matches END AS n " +
		"WITH n, 0 AS now WHERE n IS NULL OR n.slot IN $slots AND n.key > $lo AND n.key < $hi AND ($kinds IS NULL OR coalesce(n.stance, n.kind) IN $kinds) " +
		"AND all(word IN $checks WHERE " + hasWord + ") " +
		"WITH " + result + ", n.key AS place ORDER BY place LIMIT $limit", columns: placedColumns}
	fullTextReversed = query{name: "find by words, reversed", text: strings.TrimSuffix(fullText.text, " LIMIT $limit") + " DESC LIMIT $limit", columns: placedColumns}

	countersOf = query{name: "count", text: "UNWIND $of AS of MATCH (k:Counter {of: of}) WITH properties(k) AS counters", columns: []string{"counters"}}

	addToCounters = query{name: "add to counters", text: "UNWIND $rows AS row MERGE (k:Counter {of: row.of}) WITH k, row.add AS add UNWIND keys(add) AS name " +
		"WITH k, name, coalesce(k[name], 0) + add[name] AS n SET k[name] = CASE WHEN n = 0 THEN null ELSE n END"}
	makeCounters = query{name: "make counters", text: "UNWIND $rows AS row CREATE (k:Counter) SET k = row"}
	addTokens    = query{name: "add tokens", text: "UNWIND $rows AS row CREATE (:Token {slot: row.slot, key: row.key, token: row.token, entity: row.entity, visibility: row.visibility, placeholder: row.placeholder, revision: row.revision})"}
	closeTokens  = query{name: "close tokens", text: "UNWIND $rows AS row MATCH (t:Token {slot: row.slot, key: row.key}) SET t.slot = $closed, t.closedBy = $sequence"}

	updateRecords = query{name: "update records", text: "UNWIND $rows AS row MATCH (n:Record {id: row.id}) SET n += row"}

	// What a relationship leads to is matched optionally, so that Neo4j refuses to
	// draw one to a node that is missing, where a plain MATCH would pass over it.

	// cite draws the way from claims over citations to sources, and uncite takes
	// it away from citations that are closed.
	cite = query{name: "cite", text: "UNWIND $rows AS row OPTIONAL MATCH (n:Record {id: row.id}) OPTIONAL MATCH (c:Record {id: row.claim}) OPTIONAL MATCH (s:Record {id: row.source}) " +
		"CREATE (c)-[:HAS_CITATION]->(n)-[:IN_SOURCE]->(s)"}
	uncite = query{name: "uncite", text: "UNWIND $rows AS row MATCH (n:Record {id: row.id}) OPTIONAL MATCH (n)<-[h:HAS_CITATION]-() OPTIONAL MATCH (n)-[i:IN_SOURCE]->() DELETE h, i"}

	draw = query{name: "draw", text: "UNWIND $rows AS row OPTIONAL MATCH (a:Record {id: row.from}) OPTIONAL MATCH (b:Record {id: row.to}) CREATE (a)-[r:$(row.kind)]->(b) SET r = row.link"}

	underive = query{name: "forget what sources derive from", text: "UNWIND $rows AS row MATCH (n:Record {id: row.id})-[d:DERIVED_FROM]->() USING INDEX SEEK n:Record(id) DELETE d"}
	derive   = query{name: "note what sources derive from", text: "UNWIND $rows AS row MATCH (n:Record {id: row.id}) UNWIND row.parents AS parent OPTIONAL MATCH (p:Record {id: parent}) CREATE (n)-[:DERIVED_FROM]->(p)"}

	// markFrom and markTo keep on links whether their ends are placeholders.
	markFrom = query{name: "mark links from placeholders", text: "UNWIND $rows AS row MATCH (n:Version) USING INDEX SEEK n:Version(from, slot, key) WHERE n.from = row.id AND n.slot IN $slots AND n.key > '' SET n.fromPlaceholder = CASE WHEN row.placeholder THEN true END"}
	markTo   = query{name: "mark links to placeholders", text: "UNWIND $rows AS row MATCH (n:Version) USING INDEX SEEK n:Version(to, slot, key) WHERE n.to = row.id AND n.slot IN $slots AND n.key > '' SET n.toPlaceholder = CASE WHEN row.placeholder THEN true END"}

	linksCiting = query{name: "links that cite sources", text: "UNWIND $ids AS id MATCH (s:Record {id: id})<-[:IN_SOURCE]-(:Citation)<-[:HAS_CITATION]-(c:Link) USING INDEX SEEK s:Record(id) WITH DISTINCT c.id AS id", columns: []string{"id"}}
	sourcesOf   = query{name: "sources of links", text: "UNWIND $ids AS id MATCH (c:Record {id: id}) WHERE c:Link WITH c.id AS id, c.kind AS kind, " + supportOf("c") + " AS sources", columns: []string{"id", "kind", "sources"}}

	makeItem   = query{name: "put a new item", text: "MERGE (i:Shelf {kind: $kind, id: $id}) ON CREATE SET i += $next RETURN i.nonce = $next.nonce AS mine"}
	changeItem = query{name: "put an item", text: "MATCH (i:Shelf {kind: $kind, id: $id}) SET i.locked = true WITH i " +
		"SET i += CASE WHEN i.version = $version THEN $next ELSE {} END REMOVE i.locked RETURN i.nonce = $next.nonce AS mine"}
	readItem  = query{name: "item", text: "MATCH (i:Shelf {kind: $kind, id: $id}) RETURN i.id AS id, i.version AS version, i.data AS data"}
	readItems = query{name: "items", text: "MATCH (i:Shelf) WHERE i.kind = $kind AND i.id > $after RETURN i.id AS id, i.version AS version, i.data AS data ORDER BY i.kind, i.id LIMIT $limit"}

	schemaVersion = query{name: "schema version", text: "MATCH (s:Schema {id: 'schema'}) OPTIONAL MATCH (h:Head {id: 'log'}) " +
		"OPTIONAL MATCH (l:Schema {id: 'load'}) RETURN s.version AS version, s.from AS from, coalesce(h.packed = h.sequence, false) AS intact, l.by AS by"}

	// marked finds the transaction that has a mark, and its database. One that ran out of
	// time stays in the list until whoever began it hears of that.
	marked = query{name: "find a marked transaction", text: "SHOW TRANSACTIONS YIELD metaData, database, status WHERE metaData.mark = $mark AND NOT status STARTS WITH 'Terminated' RETURN database"}

	// schemaComes waits for the writer before, and has all others refuse to write from
	// then on until schemaIs says that what an older program wrote is brought up to
	// date. `from` is the schema that it began with. It does nothing where a first load
	// goes on, which is any but the one that broke off.
	schemaComes = query{name: "announce the schema version", text: "MERGE (h:Head {id: 'log'}) ON CREATE SET h += $head SET h.locked = true WITH h MERGE (s:Schema {id: 'schema'}) " +
		"WITH h, s OPTIONAL MATCH (l:Schema {id: 'load'}) WITH h, s, l WHERE l IS NULL OR l.by IN ['', $broken] " +
		"SET s.from = CASE WHEN coalesce(s.version, 0) < $version THEN coalesce(s.from, s.version, 0) ELSE s.from END SET s.version = $version " +
		"SET l.by = '' RETURN h.sequence AS sequence, l IS NOT NULL AS broken"}
	// schemaIs does nothing where a first load has begun since: another program brought the
	// graph up to date meanwhile, and its marks are those of the load by now.
	schemaIs = query{name: "record the schema version", text: "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h OPTIONAL MATCH (l:Schema {id: 'load'}) WITH h, l WHERE l IS NULL OR l.by = '' " +
		"MATCH (s:Schema {id: 'schema'}) REMOVE s.from SET h.packed = $packed DELETE l RETURN s.version AS version"}
	schemaNames     = query{name: "names of the schema", text: "SHOW INDEXES YIELD name RETURN name"}
	awaitIndexes    = query{name: "await indexes", text: "CALL db.awaitIndexes($seconds)"}
	relationshipsOf = query{name: "relationship types", text: "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS type"}

	// readOldEdges and writeEdges turn what `edge` was at first, a list of numbers, into
	// bytes.
	readOldEdges = query{name: "edges of an older schema", text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > '' AND size(n.edge) = $size " +
		"RETURN elementId(n) AS node, n.edge AS edge, n.key AS key, n.from AS from, n.to AS to"}
	writeEdges = query{name: "write edges", text: "UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.node AND size(n.edge) = $size SET n.edge = row.edge REMOVE n.rank, n.rankSlot"}

	writeKeys = query{name: "write keys", text: "UNWIND $rows AS row MATCH (v:Revision {sequence: row.sequence}) SET v.key = row.key"}

	// rankLinks writes what rankOf says; $first is the place of the lowest strength in
	// n.edge.
	rankLinks = query{name: "rank links", text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > '' AND n.rank IS NULL " +
		"CALL (n) { WITH n, [c IN range(n.slot % 8, 2) | 128 * n.edge[$first + $size * c] + n.edge[$first + $size * c + 1]] AS all WITH n, all, all[0] AS strength " +
		"SET n.rank = right('000' + toString($most - strength), 4) + ' ' + n.key, n.rankSlot = CASE WHEN any(x IN all WHERE x <> strength) THEN n.slot + $mixed ELSE n.slot END } IN TRANSACTIONS OF 5000 ROWS"}

	// signTexts writes what signed does, where an older program wrote what it takes. No
	// word has a colon.
	signTexts = query{name: "sign texts", text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > '' AND n.text <> '' AND NOT n.text CONTAINS ':' " +
		"CALL (n) { SET n.text = ltrim(replace(' ' + ltrim(n.text), ' ', ' ' + toString(n.slot % 8) + ':')) } IN TRANSACTIONS OF 5000 ROWS"}

	// tellAccepted writes what acceptance says, and gives the keys of those it came to.
	tellAccepted = query{name: "tell whether identities were accepted", text: "UNWIND $slots AS slot CALL (slot) { MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > $after AND n.key < $end RETURN n ORDER BY n.slot, n.key LIMIT $limit } " +
		"WITH n ORDER BY n.key LIMIT $limit WITH n.id AS id, n.key AS key, coalesce(n.accepted, false) AS accepted " +
		"OPTIONAL MATCH ()-[r:" + evidence.SameAs + " {id: id}]->() USING INDEX SEEK r:" + evidence.SameAs + "(id) SET r.accepted = accepted RETURN key ORDER BY key"}

	// loadBegins marks an empty graph as one that is being loaded by somebody, and as
	// unfinished with that; see firstLoad. loadGoesOn and lockLoaded have the one who
	// brings it up to date meanwhile, as one that a load broke off in, wait for what is
	// being written; `by` tells afterwards.
	loadBegins = query{name: "begin a first load", text: "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h MATCH (s:Schema {id: 'schema'}) OPTIONAL MATCH (l:Schema {id: 'load'}) " +
		"WITH h, s, l WHERE h.sequence = 0 AND s.version = $version AND (s.from IS NULL OR l.by = $by) SET s.from = s.version MERGE (m:Schema {id: 'load'}) SET m.by = $by RETURN s.version AS version"}
	loadGoesOn = query{name: "go on with a first load", text: "MATCH (l:Schema {id: 'load'}) SET l.locked = true WITH l WHERE l.by = $by RETURN l.by AS by"}
	lockLoaded = query{name: "lock the head of a first load", text: "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h OPTIONAL MATCH (s:Schema {id: 'schema'}) OPTIONAL MATCH (l:Schema {id: 'load'}) RETURN " + headResult + ", l.by AS by"}
	loadEnds   = query{name: "end a first load", text: "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h MATCH (l:Schema {id: 'load'}) WHERE l.by = $by DELETE l WITH h MATCH (s:Schema {id: 'schema'}) REMOVE s.from"}

	// takeAllBack deletes what a first load wrote of revisions that it did not end, which
	// linksAfter and recordsAfter find.
	linksAfter   = query{name: "links after a revision", text: afterRevision + "n.id AS id, n.kind AS kind", columns: []string{"id", "kind"}}
	recordsAfter = query{name: "records after a revision", text: afterRevision + "elementId(n) AS node", columns: []string{"node"}}
	takeAllBack  = query{name: "take back a first load", text: "UNWIND $nodes AS node MATCH (n) WHERE elementId(n) = node AND n.revision > $sequence DETACH DELETE n"}

	scanCounters = query{name: "scan counters", text: "MATCH (k:Counter) WHERE k.of >= $after RETURN properties(k) AS counters, labels(k) AS labels ORDER BY k.of LIMIT $limit"}
	scanLog      = query{name: "scan the log", text: strings.Replace(readLog.text, " ORDER BY", ", keys(v) AS names, labels(v) AS labels ORDER BY", 1)}
	scanHead     = query{name: "scan the head", text: "MATCH (n:Head {id: 'log'}) RETURN 'Head' AS label, keys(n) AS names, labels(n) AS labels " +
		"UNION ALL MATCH (n:Schema {id: 'schema'}) RETURN 'Schema' AS label, keys(n) AS names, labels(n) AS labels"}
	scanDerived = query{name: "scan what is derived", text: "MATCH (n:Record) WHERE n.id >= $after WITH n ORDER BY n.id LIMIT $limit RETURN n.id AS id, n.slot AS slot, n.key AS key, n.derived AS derived, " +
		"COLLECT { MATCH (v:Superseded {id: n.id}) WHERE v.revision >= 0 RETURN {revision: v.revision, derived: v.derived} ORDER BY v.revision } AS older ORDER BY n.id"}
	scanTokens = query{name: "scan tokens", text: "UNWIND $slots AS slot CALL (slot) { MATCH (t:Token) WHERE t.slot = slot AND t.key >= $after RETURN t ORDER BY t.slot, t.key LIMIT $limit } " +
		"RETURN properties(t) AS token ORDER BY t.key LIMIT $limit"}
	scanTokensOf = query{name: "scan tokens of entities", text: "UNWIND $ids AS id MATCH (t:Token) USING INDEX SEEK t:Token(entity) WHERE t.entity = id RETURN id, properties(t) AS token, labels(t) AS labels"}
	scanRecords  = query{name: "scan records", text: "MATCH (n:Record) WHERE n.id >= $after WITH n ORDER BY n.id LIMIT $limit " +
		"RETURN properties(n) AS newest, labels(n) AS labels, " +
		"COLLECT { MATCH (v:Superseded {id: n.id}) WHERE v.revision >= 0 RETURN {properties: properties(v), labels: labels(v)} ORDER BY v.revision } AS older, " +
		"COLLECT { MATCH (e:Record) WHERE e.id = n.from RETURN e.placeholder } AS fromPlaceholder, COLLECT { MATCH (e:Record) WHERE e.id = n.to RETURN e.placeholder } AS toPlaceholder, " +
		"COLLECT { MATCH (c)-[r:HAS_CITATION]->(n) RETURN [c.id, keys(r)] } AS claims, COLLECT { MATCH (n)-[r:IN_SOURCE]->(s) RETURN [s.id, keys(r)] } AS sources, " +
		"COLLECT { MATCH (n)-[r:DERIVED_FROM]->(p) RETURN [p.id, keys(r)] ORDER BY p.id } AS parents, " +
		"CASE WHEN n:Link THEN " + supportOf("n") + " END AS support ORDER BY n.id"}
)

const afterRevision = "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > '' AND n.revision > $sequence WITH "

// fixed are the queries that do not depend on a kind.
var fixed = append([]query{
	readHead, lockHead, appendRevision, revisionBySequence, revisionByKey, revisionByHash, readLog,
	newestOf, newestTo, versionsOf, claimsOn, citationsOf, formerCitations, everCited, citationsIn, derivedSources, fullText, fullTextReversed, countersOf, fewCited,
	addToCounters, makeCounters, countedInAll, countedFrom, countedTo, countedLoops, countedIn, deleteCounters, addTokens, closeTokens, updateRecords, draw, cite, uncite, underive, derive, markFrom, markTo, linksCiting, sourcesOf,
	makeItem, changeItem, readItem, readItems, schemaVersion, schemaComes, schemaIs, readOldEdges, writeEdges, writeKeys, loadBegins, loadGoesOn, lockLoaded, loadEnds, linksAfter, recordsAfter, takeAllBack, rankLinks, signTexts, tellAccepted, slimVersions, scanCounters, scanLog, scanHead, scanDerived, scanTokens, scanTokensOf, scanRecords,
	linksCitedBy, kindsOfLinks, eraseOlder, eraseRecords, eraseCounters, eraseTokens, versionAt, rewriteOlder, rewriteRevisions,
}, revisionByNumber[:]...)

func numberTexts() (q [evidence.Clearances]query) {
	for c, number := range numbers {
		q[c] = query{name: "revision by " + number, text: fmt.Sprintf("MATCH (v:Revision {%s: $ref}) RETURN %s, v.leaves AS leaves", number, revisionResult)}
	}
	return q
}

// supportOf gives id, title, URL and archive of the sources that support a link,
// in the order of its citations.
func supportOf(link string) string {
	return "COLLECT { MATCH (" + link + ")-[:HAS_CITATION]->(x:Citation)-[:IN_SOURCE]->(s:Source) WHERE x.stance = 'SUPPORTS' RETURN [s.id, s.title, s.url, s.archive] ORDER BY x.key }"
}

// The names of the queries that make nodes, in the order in which they run: what
// others lead to comes first. What a link joins and what a citation ties is
// matched optionally; see cite.
const (
	makeEntities   = "make entities"
	makeSources    = "make sources"
	makeStatements = "make statements"
	makeHidden     = "make links that nobody sees"
	makeLinks      = "make links"
	makeCitations  = "make citations"
)

func keepOld(t evidence.RecordType) string { return "keep a version of " + t.String() }

// literal is a map of columns of a row, from a place in it on. A node that is
// made with its properties costs the server less than one that gets them set,
// and a row that is a list less than one that is a map.
func literal(columns []string, first int) string { return literalBut(nil, columns, first) }

// literalBut is literal without some of the columns, which this row has not.
func literalBut(missing, columns []string, first int) string {
	var parts []string
	for i, name := range columns {
		if !slices.Contains(missing, name) {
			parts = append(parts, fmt.Sprintf("%s: row[%d]", name, first+i))
		}
	}
	return strings.Join(parts, ", ")
}

func place(columns []string, name string) int { return 1 + slices.Index(columns, name) }

// addMakes makes the texts that make nodes. The first column of their rows is
// the label of an entity's kind, or the kind of a link.
func (t *texts) addMakes(s *Store) {
	t.columns, t.makes = map[evidence.RecordType][]string{}, map[string]query{}
	for _, c := range []evidence.Content{
		&evidence.Entity{Names: []evidence.Name{{}}}, &evidence.Source{}, &evidence.Citation{},
		&evidence.Claim{Of: evidence.LinkRecord}, &evidence.Claim{Of: evidence.StatementRecord},
	} {
		properties, err := s.recordProperties(&evidence.Record{Content: c}, false)
		if err != nil {
			panic(fmt.Sprintf("neo4j: an empty %s cannot be encoded: %v", c.Type(), err)) // a fault of the program; every test finds it
		}
		t.columns[c.Type()] = slices.Sorted(maps.Keys(properties))
	}
	t.linkColumns = append(slices.Sorted(maps.Keys(linkProperties(&evidence.Claim{}, &evidence.Derived{}))), "sources")
	add := func(name, text string) { t.makes[name] = query{name: name, text: "UNWIND $rows AS row " + text} }
	node := func(labels string, of evidence.RecordType) string {
		return "(n:Version:" + labels + " {" + literal(t.columns[of], 1) + "})"
	}
	for of, label := range supersededLabels {
		add(keepOld(of), "CREATE "+node("Superseded:"+label, of))
	}
	add(makeEntities, "CREATE "+node("Record:Entity:$(row[0])", evidence.EntityRecord))
	add(makeSources, "CREATE "+node("Record:"+sourceLabels, evidence.SourceRecord))
	add(makeStatements, "CREATE "+node("Record:"+statementLabels, evidence.StatementRecord))
	links := t.columns[evidence.LinkRecord]
	ends := fmt.Sprintf("OPTIONAL MATCH (a:Record {id: row[%d]}) OPTIONAL MATCH (b:Record {id: row[%d]}) ", place(links, "from"), place(links, "to"))
	link := fmt.Sprintf("(n:Version:Record:%s {%s, fromPlaceholder: CASE WHEN a.placeholder THEN true END, toPlaceholder: CASE WHEN b.placeholder THEN true END})", linkLabels, literal(links, 1))
	add(makeHidden, ends+"CREATE "+link)
	add(makeLinks, ends+"CREATE "+link+", (a)-[:$(row[0]) {"+literal(t.linkColumns, 1+len(links))+"}]->(b)")
	citations := t.columns[evidence.CitationRecord]
	add(makeCitations, fmt.Sprintf("OPTIONAL MATCH (c:Record {id: row[%d]}) OPTIONAL MATCH (s:Record {id: row[%d]}) CREATE (c)-[:HAS_CITATION]->%s-[:IN_SOURCE]->(s)",
		place(citations, "claim"), place(citations, "source"), node("Record:"+citationLabels, evidence.CitationRecord)))
	for of := range supersededLabels {
		t.makeOrder = append(t.makeOrder, keepOld(of))
	}
	t.addFirst()
	slices.Sort(t.makeOrder)
	t.makeOrder = append(t.makeOrder, makeEntities, makeSources, makeStatements, makeHidden, makeLinks, makeCitations)
}

// firstDerive is the name of the query that draws what sources derive from in a first
// load.
const firstDerive = "derive sources"

// addFirst makes the texts of a first load, which seeks nothing in an index: it is
// given the nodes that are led to, and rows have their places among these. One that is
// missing is refused; see cite.
func (t *texts) addFirst() {
	t.first = map[string]query{}
	add := func(name, text string) { t.first[name] = query{name: name + " at first", text: text} }
	for name, of := range map[string]string{makeEntities: "Record:Entity:$(row[0])", makeSources: "Record:" + sourceLabels} {
		columns := t.columns[evidence.EntityRecord]
		if name == makeSources {
			columns = t.columns[evidence.SourceRecord]
		}
		text := fmt.Sprintf("UNWIND $rows AS row CREATE (n:Version:%s {%s}) WITH row[%d] AS id, elementId(n) AS element", of, literal(columns, 1), place(columns, "id"))
		t.first[name] = query{name: name + " at first", text: text, columns: []string{"id", "element"}}
	}
	const led = "UNWIND range(0, size($nodes) - 1) AS i OPTIONAL MATCH (e) WHERE elementId(e) = $nodes[i] WITH i, e ORDER BY i WITH collect([e]) AS nodes UNWIND $rows AS row "
	end := func(n string, place int) string { return fmt.Sprintf("nodes[row[%d]][0] AS %s", place, n) }
	add(firstDerive, led+"WITH "+end("n", 0)+", "+end("p", 1)+" CREATE (n)-[:DERIVED_FROM]->(p)")
	citation := "Version:Record:" + citationLabels + " {" + strings.ReplaceAll(literalBut([]string{"closedBy"}, t.columns[evidence.CitationRecord], 1), "row[", "cited[") + "}"
	cite := func(place int) string {
		return fmt.Sprintf(" WITH nodes, n, row[%d] AS citations UNWIND citations AS cited WITH n, cited, nodes[cited[0]][0] AS s CREATE (n)-[:HAS_CITATION]->(:%s)-[:IN_SOURCE]->(s)", place, citation)
	}
	statements := t.columns[evidence.StatementRecord]
	add(makeStatements, led+"CREATE (n:Version:Record:"+statementLabels+" {"+literal(statements, 1)+"})"+cite(1+len(statements)))
	links := t.columns[evidence.LinkRecord]
	for name, places := range map[string]int{makeHidden: 1 + len(links), makeLinks: 1 + len(links) + len(t.linkColumns)} {
		missing := []string{"closedBy"}
		if name == makeLinks {
			missing = append(missing, onRelationship...)
		}
		text := led + "WITH nodes, row, " + end("a", places) + ", " + end("b", places+1) +
			fmt.Sprintf(" CREATE (n:Version:Record:%s {%s, fromPlaceholder: row[%d], toPlaceholder: row[%d]})", linkLabels, literalBut(missing, links, 1), places+2, places+3)
		if name == makeLinks {
			text += ", (a)-[:$(row[0]) {" + literal(t.linkColumns, 1+len(links)) + "}]->(b)"
		}
		add(name, text+cite(places+4))
	}
}

// values is a row for a text of makes.
func values(first any, of row, columns []string) []any {
	list := make([]any, 1, 1+len(columns))
	list[0] = first
	return appendValues(list, of, columns)
}

func appendValues(list []any, of row, columns []string) []any {
	for _, name := range columns {
		list = append(list, of[name])
	}
	return list
}

// addWrites makes the other texts that depend on a kind.
func (t *texts) addWrites(v *vocabulary.Vocabulary) {
	t.relabel = map[[2]string]query{}
	t.redraw, t.erase, t.resource, t.drawn = map[string]query{}, map[string]query{}, map[string]query{}, map[string]query{}
	relabel := func(from, to string) {
		t.relabel[[2]string{from, to}] = query{name: "change " + from + " into " + to,
			text: "UNWIND $rows AS row MATCH (n:Record {id: row.id}) REMOVE n:" + from + " SET n:" + to + " SET n += row"}
	}
	standing := []string{sourceLabels, linkLabels, statementLabels, citationLabels}
	for _, k := range v.Entities() {
		standing = append(standing, entityLabels(k))
		for _, other := range v.Entities() {
			if other.Name != k.Name {
				relabel(entityLabels(k), entityLabels(other))
			}
		}
	}
	for _, labels := range standing {
		relabel(labels, closedLabels)
		relabel(closedLabels, labels)
	}
	for _, k := range v.Links() {
		name := "`" + k.Name + "`" // [A-Z][A-Z0-9_]*, as the vocabulary checks
		seek := "USING INDEX SEEK r:" + name + "(id) "
		found := "UNWIND $rows AS row MATCH ()-[r:" + name + " {id: row.id}]->() " + seek
		t.redraw[k.Name] = query{name: "redraw " + k.Name, text: found + "SET r += row.link"}
		t.erase[k.Name] = query{name: "erase " + k.Name, text: found + "DELETE r"}
		t.resource[k.Name] = query{name: "change the sources of " + k.Name, text: found + "SET r.sources = row.sources"}
		t.drawn[k.Name] = query{name: "scan " + k.Name, text: "UNWIND $ids AS id MATCH (a)-[r:" + name + " {id: id}]->(b) " + seek + "RETURN id, a.id AS from, b.id AS to, properties(r) AS link"}
	}
}

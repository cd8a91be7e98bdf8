package neo4j

import (
	"fmt"

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

// Queries that do not depend on a kind.
var (
	readHead = query{"head", "MATCH (h:Head {id: 'log'}) RETURN h.sequence AS sequence, h.hash AS hash, h.time AS time, h.latest AS latest"}

	// lockHead waits for the writer before, of whatever process: setting a
	// property takes a lock that is held to the end of the transaction, and what
	// is read after it is what that writer left.
	lockHead = query{"lock the head", "MATCH (h:Head {id: 'log'}) SET h.locked = true WITH h RETURN h.sequence AS sequence, h.hash AS hash, h.time AS time, h.latest AS latest"}

	appendRevision = query{"append a revision", "CREATE (v:Revision) SET v = $revision WITH v MATCH (h:Head {id: 'log'}) SET h += $head"}

	revisionBySequence = query{"revision by sequence", "MATCH (v:Revision {sequence: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByKey      = query{"revision by key", "MATCH (v:Revision {key: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByHash     = query{"revision by hash", "MATCH (v:Revision {hash: $ref}) RETURN " + revisionResult + ", v.leaves AS leaves"}
	revisionByNumber   = numberTexts()
	readLog            = query{"log", "MATCH (v:Revision) WHERE v.sequence > $after RETURN " + revisionResult + ", v.leaves AS leaves, v.author AS author, v.reason AS reason ORDER BY v.sequence LIMIT $limit"}

	newestOf = query{"newest versions", "UNWIND $ids AS id MATCH (n:Record {id: id}) WITH n, n.now AS now RETURN " + result}
	newestTo = query{"newest versions before a revision", "UNWIND $ids AS id MATCH (r:Record {id: id}) " +
		"CALL (id, r) { WITH r AS n WHERE n.revision < $before RETURN n UNION ALL " +
		"WITH r WHERE r.revision >= $before MATCH (n:Superseded {id: id}) WHERE n.revision < $before RETURN n ORDER BY n.revision DESC LIMIT 1 } " +
		"WITH n, r.now AS now RETURN " + result}
	versionsOf = query{"versions", "CALL () { MATCH (n:Record {id: $id}) RETURN n UNION ALL MATCH (n:Superseded {id: $id}) RETURN n } " +
		"WITH n, n.now AS now WHERE n.revision <= $known RETURN " + result + " ORDER BY revision"}

	claimsOn = query{"claims on entities", "CALL () { UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) WHERE n.from = id AND n.slot = slot AND n.closedBy IS NULL RETURN n " +
		"UNION UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) WHERE n.to = id AND n.slot = slot AND n.closedBy IS NULL RETURN n } " +
		"WITH n ORDER BY n.id LIMIT $limit WITH n, n.now AS now RETURN " + result}
	citationsOf = query{"citations of claims", "UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) WHERE n.claim = id AND n.slot = slot AND n.closedBy IS NULL " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now RETURN " + result}
	citationsIn = query{"citations into sources", "UNWIND $ids AS id UNWIND $slots AS slot MATCH (n:Version) WHERE n.source = id AND n.slot = slot AND n.closedBy IS NULL " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now RETURN " + result}
	derivedSources = query{"sources that derive from sources", "UNWIND $ids AS id MATCH (:Record {id: id})<-[:DERIVED_FROM]-(n:Source) " +
		"WITH DISTINCT n ORDER BY n.id LIMIT $limit WITH n, n.now AS now RETURN " + result}

	// fullText answers one row without a record where there are more matches than
	// are worth ordering.
	fullText = query{"find by words", "CALL db.index.fulltext.queryNodes($index, $words, {limit: $most + 1}) YIELD node " +
		"WITH collect(node) AS matches UNWIND CASE WHEN size(matches) > $most THEN [null] ELSE matches END AS n " +
		"WITH n, 0 AS now WHERE n IS NULL OR n.slot IN $slots AND n.key > $lo AND n.key < $hi AND ($kinds IS NULL OR coalesce(n.stance, n.kind) IN $kinds) " +
		"AND all(word IN $checks WHERE (' ' + n.text) CONTAINS word) " +
		"RETURN " + result + ", n.key AS place ORDER BY place LIMIT $limit"}
	fullTextReversed = query{"find by words, reversed", fullText.text[:len(fullText.text)-len(" LIMIT $limit")] + " DESC LIMIT $limit"}

	countersOf = query{"count", "UNWIND $of AS of MATCH (k:Counter {of: of}) RETURN properties(k) AS counters"}

	addToCounters = query{"add to counters", "UNWIND $rows AS row MERGE (k:Counter {of: row.of}) WITH k, row.add AS add UNWIND keys(add) AS name " +
		"WITH k, name, coalesce(k[name], 0) + add[name] AS n SET k[name] = CASE WHEN n = 0 THEN null ELSE n END"}
	addTokens   = query{"add tokens", "UNWIND $rows AS row CREATE (t:Token) SET t = row"}
	closeTokens = query{"close tokens", "UNWIND $rows AS row MATCH (t:Token {slot: row.slot, key: row.key}) SET t.slot = $closed, t.closedBy = $sequence"}

	updateRecords = query{"update records", "UNWIND $rows AS row MATCH (n:Record {id: row.id}) SET n += row"}

	// cite draws the way from claims over citations to sources, and uncite takes
	// it away from citations that are closed.
	cite = query{"cite", "UNWIND $rows AS row MATCH (n:Record {id: row.id}) MATCH (c:Record {id: row.claim}) MATCH (s:Record {id: row.source}) " +
		"CREATE (c)-[:HAS_CITATION]->(n)-[:IN_SOURCE]->(s)"}
	createCitations = query{"create citations", "UNWIND $rows AS row MATCH (c:Record {id: row.claim}) MATCH (s:Record {id: row.source}) " +
		"CREATE (c)-[:HAS_CITATION]->(n:Version:Record:Citation)-[:IN_SOURCE]->(s) SET n = row"}
	uncite = query{"uncite", "UNWIND $rows AS row MATCH (n:Record {id: row.id}) OPTIONAL MATCH (n)<-[h:HAS_CITATION]-() OPTIONAL MATCH (n)-[i:IN_SOURCE]->() DELETE h, i"}

	underive = query{"forget what sources derive from", "UNWIND $rows AS row MATCH (n:Record {id: row.id})-[d:DERIVED_FROM]->() DELETE d"}
	derive   = query{"note what sources derive from", "UNWIND $rows AS row MATCH (n:Record {id: row.id}) UNWIND row.parents AS parent MATCH (p:Record {id: parent}) CREATE (n)-[:DERIVED_FROM]->(p)"}

	// markFrom and markTo keep on links whether their ends are placeholders.
	markFrom = query{"mark links from placeholders", "UNWIND $rows AS row MATCH (n:Version) WHERE n.from = row.id AND n.slot IN $slots SET n.fromPlaceholder = row.placeholder"}
	markTo   = query{"mark links to placeholders", "UNWIND $rows AS row MATCH (n:Version) WHERE n.to = row.id AND n.slot IN $slots SET n.toPlaceholder = row.placeholder"}

	linksCiting = query{"links that cite sources", "UNWIND $ids AS id MATCH (:Record {id: id})<-[:IN_SOURCE]-(:Citation)<-[:HAS_CITATION]-(c:Link) RETURN DISTINCT c.id AS id"}
	sourcesOf   = query{"sources of links", "UNWIND $ids AS id MATCH (c:Record {id: id}) WHERE c:Link RETURN c.id AS id, c.kind AS kind, " + supportOf("c") + " AS sources"}

	schemaVersion   = query{"schema version", "MATCH (s:Schema {id: 'schema'}) RETURN s.version AS version"}
	schemaIs        = query{"record the schema version", "MERGE (s:Schema {id: 'schema'}) SET s.version = $version MERGE (h:Head {id: 'log'}) ON CREATE SET h += $head"}
	schemaNames     = query{"names of the schema", "SHOW INDEXES YIELD name RETURN name"}
	awaitIndexes    = query{"await indexes", "CALL db.awaitIndexes($seconds)"}
	relationshipsOf = query{"relationship types", "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS type"}

	scanCounters = query{"scan counters", "MATCH (k:Counter) WHERE k.of >= $after RETURN properties(k) AS counters ORDER BY k.of LIMIT $limit"}
	scanDerived  = query{"scan what is derived", "MATCH (n:Record) WHERE n.id >= $after RETURN n.id AS id, n.derived AS derived ORDER BY n.id LIMIT $limit"}
	scanTokens   = query{"scan tokens", "UNWIND $slots AS slot CALL (slot) { MATCH (t:Token) WHERE t.slot = slot AND t.key >= $after RETURN t ORDER BY t.slot, t.key LIMIT $limit } " +
		"RETURN properties(t) AS token ORDER BY t.key LIMIT $limit"}
	scanRecords = query{"scan records", "MATCH (n:Record) WHERE n.id >= $after WITH n ORDER BY n.id LIMIT $limit " +
		"RETURN properties(n) AS newest, labels(n) AS labels, " +
		"COLLECT { MATCH (v:Superseded {id: n.id}) RETURN {properties: properties(v), labels: labels(v)} ORDER BY v.revision } AS older, " +
		"COLLECT { MATCH (e:Record) WHERE e.id = n.from RETURN e.placeholder } AS fromPlaceholder, COLLECT { MATCH (e:Record) WHERE e.id = n.to RETURN e.placeholder } AS toPlaceholder, " +
		"COLLECT { MATCH (c)-[:HAS_CITATION]->(n) RETURN c.id } AS claims, COLLECT { MATCH (n)-[:IN_SOURCE]->(s) RETURN s.id } AS sources, " +
		"COLLECT { MATCH (n)-[:DERIVED_FROM]->(p) RETURN p.id ORDER BY p.id } AS parents, " +
		"CASE WHEN n:Link THEN " + supportOf("n") + " END AS support ORDER BY n.id"}
)

// fixed are the queries that do not depend on a kind.
var fixed = append([]query{
	readHead, lockHead, appendRevision, revisionBySequence, revisionByKey, revisionByHash, readLog,
	newestOf, newestTo, versionsOf, claimsOn, citationsOf, citationsIn, derivedSources, fullText, fullTextReversed, countersOf,
	addToCounters, addTokens, closeTokens, updateRecords, cite, createCitations, uncite, underive, derive, markFrom, markTo, linksCiting, sourcesOf,
	schemaVersion, schemaIs, scanCounters, scanDerived, scanTokens, scanRecords,
}, revisionByNumber[:]...)

func numberTexts() (q [evidence.Clearances]query) {
	for c, number := range numbers {
		q[c] = query{"revision by " + number, fmt.Sprintf("MATCH (v:Revision {%s: $ref}) RETURN %s, v.leaves AS leaves", number, revisionResult)}
	}
	return q
}

// supportOf gives id, title, URL and archive of the sources that support a link,
// in the order of its citations.
func supportOf(link string) string {
	return "COLLECT { MATCH (" + link + ")-[:HAS_CITATION]->(x:Citation)-[:IN_SOURCE]->(s:Source) WHERE x.stance = 'SUPPORTS' RETURN [s.id, s.title, s.url, s.archive] ORDER BY x.key }"
}

// addWrites makes the texts that depend on a kind.
func (t *texts) addWrites(v *vocabulary.Vocabulary) {
	t.create, t.relabel = map[string]query{}, map[[2]string]query{}
	t.draw, t.redraw, t.erase, t.resource, t.drawn = map[string]query{}, map[string]query{}, map[string]query{}, map[string]query{}, map[string]query{}
	create := func(labels string) {
		t.create[labels] = query{"create " + labels, "UNWIND $rows AS row CREATE (n:Version:Record:" + labels + ") SET n = row"}
	}
	relabel := func(from, to string) {
		t.relabel[[2]string{from, to}] = query{"change " + from + " into " + to,
			"UNWIND $rows AS row MATCH (n:Record {id: row.id}) REMOVE n:" + from + " SET n:" + to + " SET n += row"}
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
		create(labels)
		relabel(labels, closedLabels)
		relabel(closedLabels, labels)
	}
	for _, label := range supersededLabels {
		t.create[label] = query{"create " + label, "UNWIND $rows AS row CREATE (n:Version:Superseded:" + label + ") SET n = row"}
	}
	for _, k := range v.Links() {
		name := "`" + k.Name + "`" // [A-Z][A-Z0-9_]*, as the vocabulary checks
		const ends = "UNWIND $rows AS row MATCH (a:Record {id: row.from}) MATCH (b:Record {id: row.to}) "
		t.create[k.Name] = query{"create " + k.Name, ends +
			"CREATE (n:Version:Record:Claim:Link) SET n = row.claim, n.fromPlaceholder = a.placeholder, n.toPlaceholder = b.placeholder " +
			"CREATE (a)-[r:" + name + "]->(b) SET r = row.link"}
		t.draw[k.Name] = query{"draw " + k.Name, ends + "CREATE (a)-[r:" + name + "]->(b) SET r = row.link"}
		found := "UNWIND $rows AS row MATCH ()-[r:" + name + " {id: row.id}]->() "
		t.redraw[k.Name] = query{"redraw " + k.Name, found + "SET r += row.link"}
		t.erase[k.Name] = query{"erase " + k.Name, found + "DELETE r"}
		t.resource[k.Name] = query{"change the sources of " + k.Name, found + "SET r.sources = row.sources"}
		t.drawn[k.Name] = query{"scan " + k.Name, "UNWIND $ids AS id MATCH (a)-[r:" + name + " {id: id}]->(b) RETURN id, a.id AS from, b.id AS to, properties(r) AS link"}
	}
}

package neo4j

import (
	"fmt"
	"slices"
	"strings"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
)

// query is one Cypher text. Values always come as parameters; the labels and
// types that stand in a text come from the vocabulary and from this package.
type query struct {
	name, text string
	// columns, where there are any, are the variables of the text's last WITH that
	// are answered, rowsAtOnce in one: Neo4j takes some 20 µs to send a row, and much
	// less to send what is in it.
	columns []string
	// plain says that names which people gave stand in the text.
	plain bool
}

// rowsAtOnce is how many rows are sent in one. One of all would first be put
// together, on both sides; so one part is read while the next is sent.
const rowsAtOnce = 2000

// whole is the text with what it answers.
func (q query) whole() string {
	if len(q.columns) == 0 {
		return q.text
	}
	return fmt.Sprintf("%s WITH collect([%s]) AS rows UNWIND range(0, size(rows) - 1, %[3]d) AS first RETURN rows[first..first + %[3]d] AS rows", q.text, strings.Join(q.columns, ", "), rowsAtOnce)
}

// rows takes the rows of an answer apart.
func (q query) rows(sent []*driver.Record) []*driver.Record {
	if len(q.columns) == 0 {
		return sent
	}
	var rows []*driver.Record
	for _, part := range sent {
		list, _ := part.Values[0].([]any)
		each := make([]driver.Record, len(list))
		rows = slices.Grow(rows, len(list))
		for i, one := range list {
			values, _ := one.([]any)
			each[i] = driver.Record{Keys: q.columns, Values: values}
			rows = append(rows, &each[i])
		}
	}
	return rows
}

// planned is the text as it is sent. Each plan is made of seeks alone, on an empty
// database as on a full one (a test looks), so that nothing is won by planning
// anew whenever the graph has grown, which takes tens of milliseconds a query.
func (q query) planned() string {
	for _, verb := range []string{"CREATE CONSTRAINT", "CREATE INDEX", "CREATE FULLTEXT", "DROP ", "SHOW"} {
		if strings.HasPrefix(q.text, verb) {
			return q.text // changes of the schema have no plan
		}
	}
	return "CYPHER replan=skip " + q.whole()
}

// asked is the text as it is sent to be read by, with all parameters in one map. Neo4j
// plans a text anew for every order of magnitude that lists and strings among its
// parameters have, each time for a tenth of a second and more; what is in a map it
// does not measure.
func (q query) asked(params map[string]any) (string, map[string]any) {
	if q.plain { // asked once, and a name may have the sign of a parameter
		return q.planned(), params
	}
	return inOneMap.Replace(q.planned()), map[string]any{"given": params}
}

var inOneMap = strings.NewReplacer("$(", "$(", "$", "$given.") // but for types that are made of values

// texts are all queries of the package, so that a test can look at the plan of
// each. Those that depend on a kind are made once for every kind there is.
type texts struct {
	list     map[listShape]query
	ofClaims map[bool]query // by whether they read the past
	get      map[bool]query
	page     map[pageShape]query
	expand   map[expandShape]query
	tokens   map[bool]query
	revision map[revisionShape]query
	makes    map[string]query // by name
	first    map[string]query // … as a first load runs them
	redraw   map[string]query // native relationships by kind: change
	erase    map[string]query // … delete
	resource map[string]query // … change only their sources
	drawn    map[string]query // … read, for Scan
	relabel  map[[2]string]query

	makeOrder   []string
	columns     map[evidence.RecordType][]string // of the rows that makes are given
	linkColumns []string
}

// listShape tells the texts of Find apart.
type listShape struct {
	anchor  string // property that the index starts with; "" for none
	order   string // property that orders the list inside the index
	reverse bool
	past    bool
	words   bool // each record is checked for words
}

// expandShape tells the texts of Expand apart. A ranked one is of all kinds, to the
// strongest, or to those of at least a strength; pairs are between a frontier and
// few others. A loose one gives what it finds in no order, and a link of an entity
// with itself twice.
type expandShape struct{ past, strongest, ranked, pairs, loose bool }

// revisionShape tells the texts that read the log by number apart.
type revisionShape struct {
	clearance int
	newest    bool
}

// result is what texts that yield records give of `n`; see newRecord. Their
// columns are resultColumns, and those of lists placedColumns.
const result = "n.slot AS slot, n.data AS data, n.derived AS derived, n.revision AS revision, n.closedBy AS closedBy, n.key AS key, now"

// resultOf is result for views of now, or of the past, of which of all that is derived
// the check alone is read.
func resultOf(past bool) string {
	if !past {
		return result
	}
	return strings.Replace(result, "n.derived AS", "CASE WHEN n.check IS NOT NULL THEN n.derived END AS", 1)
}

var (
	resultColumns = []string{"slot", "data", "derived", "revision", "closedBy", "key", "now"}
	placedColumns = append(slices.Clone(resultColumns), "place")
)

// stood keeps versions of the past that the view may see: those that stood at
// $known, and were and are cleared for $clearance (invariant 9).
const (
	stood = "n.revision <= $known AND (n.closedBy IS NULL OR n.closedBy > $known) AND n.own <= $clearance"
	still = "CASE WHEN n:Superseded THEN EXISTS { MATCH (r:Record {id: n.id}) WHERE r.now <= $clearance } ELSE n.now <= $clearance END"
)

// nowOf is the present clearance of the record that `n` is a version of. The newest
// version has it; only what was replaced since is looked up.
const nowOf = "CASE WHEN n:Superseded THEN head(COLLECT { MATCH (r:Record {id: n.id}) RETURN r.now }) ELSE n.now END"

// seek tells Neo4j by which index to find a list. A plan that was made while the
// graph had nothing in it would else read all of an index, and stay.
func (o listShape) seek(anchor string) string {
	columns := []string{"slot", o.order}
	if o.order == "sourceKey" {
		columns = []string{"slot", "stance", o.order}
	}
	if anchor != "" {
		columns = append([]string{anchor}, columns...)
	}
	return "USING INDEX SEEK n:Version(" + strings.Join(columns, ", ") + ")"
}

// stream reads one list in the order of its index: that of the row s, with its
// anchor, slot and bounds.
func (o listShape) stream(anchor string) string {
	var where, order []string
	way := ""
	if o.reverse {
		way = " DESC"
	}
	equal := func(property string) {
		where = append(where, fmt.Sprintf("n.%[1]s = s.%[1]s", property))
		order = append(order, "n."+property+way)
	}
	if anchor != "" {
		where = append(where, fmt.Sprintf("n.%s = s.anchor", anchor))
		order = append(order, "n."+anchor+way)
	}
	equal("slot")
	if o.order == "sourceKey" {
		equal("stance")
	}
	where = append(where, fmt.Sprintf("n.%[1]s > s.lo AND n.%[1]s < s.hi", o.order))
	order = append(order, "n."+o.order+way)
	if o.words {
		where = append(where, "all(word IN $words WHERE "+hasWord+")")
	}
	match := "MATCH (n:Version) " + o.seek(anchor)
	now := "0"
	if o.past {
		where, now = append(where, stood, still), nowOf
	}
	return fmt.Sprintf("%s WHERE %s WITH n ORDER BY %s LIMIT $limit RETURN n, %s AS now", match, strings.Join(where, " AND "), strings.Join(order, ", "), now)
}

// text merges the lists of $lists (and, for links at entities, of $incoming and
// of those of $symmetric that have any links).
func (o listShape) text() string {
	key, way := "n.key", ""
	if o.order == "sourceKey" {
		key = "n.sourceKey"
	}
	if o.reverse {
		way = " DESC"
	}
	lists := "UNWIND $lists AS s CALL (s) { " + o.stream(o.anchor) + " } "
	if o.anchor == "from" {
		incoming := "CALL (s) { " + o.stream("to") + " } RETURN n, now "
		lists = "CALL () { " + lists + "RETURN n, now UNION UNWIND $incoming AS s " + incoming
		if !o.past {
			lists += "UNION UNWIND $symmetric AS e MATCH (k:Counter {of: e.anchor}) UNWIND [s IN e.lists WHERE k[s.counter] > 0] AS s " + incoming
		}
		lists += "} "
	}
	return fmt.Sprintf("%sWITH %s, %s AS place ORDER BY %s%s LIMIT $limit", lists, resultOf(o.past), key, key, way)
}

func listTexts() map[listShape]query {
	list := map[listShape]query{}
	for _, place := range []listShape{
		{order: "key"}, {order: "kindKey"}, {anchor: "from", order: "key"}, {anchor: "about", order: "key"}, {anchor: "source", order: "sourceKey"},
	} {
		for i := range 8 {
			o := place
			o.reverse, o.past, o.words = i&1 != 0, i&2 != 0, i&4 != 0
			if o.words && o.anchor != "" {
				continue // a query has one anchor
			}
			name := fmt.Sprintf("find by %s%s%s%s%s", o.anchor, o.order, when(o.reverse, " reversed"), when(o.past, " in the past"), when(o.words, " with words"))
			list[o] = query{name: name, text: o.text(), columns: placedColumns}
		}
	}
	return list
}

func when(is bool, s string) string {
	if is {
		return s
	}
	return ""
}

func ofClaimsText(past bool) query {
	o := listShape{order: "key", past: past}
	stream := strings.NewReplacer("s.anchor", "claim", "s.slot", "slot", "s.lo", "t.lo", "s.hi", "t.hi").Replace(o.stream("claim"))
	return query{name: "find citations of claims" + when(past, " in the past"),
		text: eachClaim + "UNWIND $stances AS t " +
			"CALL (claim, t) { UNWIND $slots AS slot CALL (claim, t, slot) { " + stream + " } RETURN n, now ORDER BY n.key LIMIT $limit } " +
			"WITH at, " + resultOf(past) + ", n.key AS place ORDER BY at, place", columns: placedColumns}
}

const eachClaim = "UNWIND range(0, size($claims) - 1) AS at WITH at, $claims[at] AS claim "

// fewCited reads the citations that claims had in the past, each claim by one seek
// where ofClaims takes one for each list and stance. Of a claim that has $few
// versions of citations or more it says so, and gives not all of them.
var fewCited = query{name: "find few citations of claims in the past",
	text: eachClaim + "CALL (claim) { MATCH (n:Version) USING INDEX SEEK n:Version(claim, slot, key) " +
		"WHERE n.claim = claim AND n.slot >= $first AND n.slot <= $last AND n.key > '' WITH n LIMIT $few RETURN collect(n) AS cited } " +
		"UNWIND CASE WHEN size(cited) < $few THEN cited ELSE cited[..1] END AS n WITH at, size(cited) = $few AS many, n WHERE many OR (" + stood + " AND " + still + ") " +
		"WITH at, many, " + nowOf + " AS now, n WITH at, many, " + resultOf(true), columns: append(slices.Clone(resultColumns), "at", "many")}

func getTexts() map[bool]query {
	return map[bool]query{
		false: {name: "get", text: "UNWIND $ids AS id MATCH (n:Record {id: id}) WHERE n.slot % 8 <= $clearance WITH n, n.now AS now WITH " + result, columns: resultColumns},
		true: {name: "get in the past", text: "UNWIND $ids AS id MATCH (r:Record {id: id}) WHERE r.now <= $clearance " +
			"WITH r.now AS now, CASE WHEN r.revision <= $known THEN r ELSE head(COLLECT { MATCH (n:Superseded {id: id}) WHERE " + stood + " RETURN n }) END AS n " +
			"WHERE " + stood + " WITH " + resultOf(true), columns: resultColumns},
	}
}

// edgeColumns are what newEdge reads of each edge.
var edgeColumns = []string{"at", "edge", "fromPlaceholder", "toPlaceholder"}

// strongestFirst puts links in order by their strength for the view's clearance.
const strongestFirst = "n.edge[$strength] DESC, n.edge[$strength + 1] DESC"

// atFrontier is what parts find at each entity of the frontier, in an order; "" is
// none, which takes a third less time.
func atFrontier(order string, parts []string) string {
	const (
		each = "UNWIND $frontier AS f WITH f.at AS at, f.id AS e, f.after AS after CALL (e, after) { CALL (e, after) { "
		edge = "WITH at, n.edge AS edge, n.fromPlaceholder AS fromPlaceholder, n.toPlaceholder AS toPlaceholder"
	)
	if order == "" {
		return each + strings.Join(parts, " UNION ALL ") + " } RETURN n, key } " + edge
	}
	return each + strings.Join(parts, " UNION ") + " } RETURN n, key ORDER BY " + order + " LIMIT $each } " +
		edge + " ORDER BY at, " + order + " LIMIT $total"
}

// among keeps links of some kinds, where those are so many that the lists of all kinds
// are read.
const among = " AND ($kinds IS NULL OR n.kind IN $kinds)"

// expandTexts read the links at $frontier, entity by entity; those of each begin
// after the key `after`.
func expandTexts() map[expandShape]query {
	expand := map[expandShape]query{}
	add := func(shape expandShape, name, order string, parts []string) {
		expand[shape] = query{name: "expand" + name, text: atFrontier(order, parts), columns: edgeColumns}
	}
	for _, past := range []bool{false, true} {
		for _, strongest := range []bool{false, true} {
			if past && strongest {
				continue // no strength is known of the past
			}
			at := func(end string) string {
				where := fmt.Sprintf("n.%s = e AND n.slot = s.slot AND n.key > s.lo AND n.key > after AND n.key < s.hi", end) + among
				text := "MATCH (n:Version) " + listShape{order: "key"}.seek(end) + " WHERE " + where
				if past {
					text += " AND " + stood + " AND " + still
				}
				if strongest {
					return text + " RETURN n, n.key AS key ORDER BY " + strongestFirst + ", n.key LIMIT $each"
				}
				return text + fmt.Sprintf(" WITH n ORDER BY n.%s, n.slot, n.key LIMIT $each RETURN n, n.key AS key", end)
			}
			parts := []string{
				"UNWIND $outgoing AS s CALL (e, after, s) { " + at("from") + " } RETURN n, key",
				"UNWIND $incoming AS s CALL (e, after, s) { " + at("to") + " } RETURN n, key",
			}
			order := when(strongest, strongestFirst+", ") + "key" // which is in the index, and need not be read again
			add(expandShape{past: past, strongest: strongest}, when(past, " in the past")+when(strongest, " to the strongest"), order, parts)
			if !past && !strongest {
				add(expandShape{loose: true}, " in no order", "", parts)
			}
		}
	}
	add(expandShape{strongest: true, ranked: true}, " by rank", strongestFirst+", key", strongestParts())
	add(expandShape{ranked: true}, " to the strong", "key", strongParts())
	add(expandShape{ranked: true, loose: true}, " to the strong in no order", "", strongParts())
	add(expandShape{pairs: true}, " to others", "key", pairParts(""))
	add(expandShape{pairs: true, past: true}, " to others in the past", "key", pairParts(" AND "+stood+" AND "+still))
	return expand
}

// byRank reads the lists of links that are in the order of their strength, those of
// links that others see as stronger or weaker, which are not, and those of kinds
// that match at either end, at the other one.
func byRank(ranked, mixed, other func(end string) string) (parts []string) {
	for _, end := range []string{"from", "to"} {
		match := fmt.Sprintf("MATCH (n:Version) USING INDEX SEEK n:Version(%[1]s, rankSlot, rank) WHERE n.%[1]s = e AND n.rankSlot = slot AND n.rank > ''", end) + among
		parts = append(parts,
			fmt.Sprintf("UNWIND $%sSlots AS slot CALL (e, after, slot) { %s%s } RETURN n, key", end, match, ranked(end)),
			fmt.Sprintf("UNWIND $%sMixed AS slot CALL (e, after, slot) { %s%s } RETURN n, key", end, match, mixed(end)))
	}
	for _, list := range [][2]string{{"outgoing", "from"}, {"incoming", "to"}} {
		parts = append(parts, fmt.Sprintf("UNWIND $%s AS s CALL (e, after, s) { MATCH (n:Version) %s WHERE n.%[3]s = e AND n.slot = s.slot AND n.key > s.lo AND n.key > after AND n.key < s.hi%[4]s } RETURN n, key",
			list[0], listShape{order: "key"}.seek(list[1]), list[1], among+other(list[1])))
	}
	return parts
}

// strongestParts read in the order of an index, of which they read no more than is
// wanted; only what is in other orders is put in order first.
func strongestParts() []string {
	sorted := func(string) string {
		return " RETURN n, n.key AS key ORDER BY " + strongestFirst + ", key LIMIT $each"
	}
	return byRank(func(end string) string {
		return fmt.Sprintf(" WITH n ORDER BY n.%s, n.rankSlot, n.rank LIMIT $each RETURN n, n.key AS key", end)
	}, sorted, sorted)
}

// strongParts read a range of an index, that of ranks before $weaker, and what else
// may be so strong.
func strongParts() []string {
	all := func(string) string { return " AND n.key > after RETURN n, n.key AS key" }
	return byRank(func(string) string {
		// The key is the end of the rank, which is in the index and need not be read again.
		return " AND n.rank < $weaker AND substring(n.rank, 5) > after RETURN n, substring(n.rank, 5) AS key"
	}, all, all)
}

// pairParts look links up by both of their ends, whatever their kind.
func pairParts(seen string) (parts []string) {
	for _, ends := range [][2]string{{"from", "to"}, {"to", "from"}} {
		parts = append(parts, fmt.Sprintf("MATCH (n:Version) USING INDEX SEEK n:Version(from, to) WHERE n.%s = e AND n.%s IN $others AND n.slot IN $slots AND n.key > after%s RETURN n, n.key AS key", ends[0], ends[1], seen))
	}
	return parts
}

func tokenTexts() map[bool]query {
	text := func(where, more string) string {
		return "UNWIND $slots AS slot CALL (slot) { MATCH (t:Token) WHERE t.slot = slot AND t.key STARTS WITH $prefix" + where + " " + more +
			" RETURN t ORDER BY t.slot, t.key LIMIT $limit } WITH t.token AS token, t.entity AS entity ORDER BY t.key LIMIT $limit"
	}
	columns := []string{"token", "entity"}
	return map[bool]query{
		false: {name: "candidates", text: text("", ""), columns: columns},
		true: {name: "candidates in the past", text: text(" AND t.visibility <= $clearance AND ($placeholders OR NOT t.placeholder) AND t.revision <= $known AND (t.closedBy IS NULL OR t.closedBy > $known)",
			"MATCH (r:Record {id: t.entity}) WHERE r.now <= $clearance"), columns: columns},
	}
}

// numbers are the properties that number revisions at each clearance.
var numbers = [...]string{"publicNumber", "restrictedNumber", "confidentialNumber"}

// revisionResult is what texts that yield revisions return; see newRevision.
const revisionResult = "v.sequence AS sequence, v.previous AS previous, v.hash AS hash, v.time AS time, v.leafCount AS leafCount, v.root AS root, " +
	"[v.publicNumber, v.restrictedNumber, v.confidentialNumber] AS numbers, v.latest AS latest, v.key AS key"

func revisionTexts() map[revisionShape]query {
	revisions := map[revisionShape]query{}
	for c, number := range numbers {
		for _, newest := range []bool{false, true} {
			revisions[revisionShape{c, newest}] = query{name: "revisions by " + number + when(newest, ", newest first"),
				text: fmt.Sprintf("MATCH (v:Revision) WHERE v.%[1]s > $after AND v.%[1]s < $before AND v.sequence <= $known RETURN %[2]s, CASE WHEN $leaves THEN v.leaves END AS leaves ORDER BY v.%[1]s%[3]s LIMIT $limit",
					number, revisionResult, when(newest, " DESC"))}
		}
	}
	return revisions
}

func newTexts(s *Store) *texts {
	t := &texts{
		list: listTexts(), ofClaims: map[bool]query{false: ofClaimsText(false), true: ofClaimsText(true)},
		get: getTexts(), page: pageTexts(), expand: expandTexts(), tokens: tokenTexts(), revision: revisionTexts(),
	}
	t.addMakes(s)
	t.addWrites(s.vocabulary)
	return t
}

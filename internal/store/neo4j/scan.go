package neo4j

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// scanPage is how many nodes Scan reads at a time.
const scanPage = 1_000

// Scan implements store.Store. Besides the rows that every store gives it finds
// what someone changed by hand in Neo4j: a property that no longer says what the
// record says, a label, a relationship that is missing, changed or of no claim,
// and a node of a kind that is no record.
func (s *Store) Scan(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		x := &scan{store: s, ctx: ctx, give: func(r store.Row) bool { return yield(r, nil) }, drawn: map[string]int64{}, labelled: map[string]int64{}}
		for _, part := range []func() error{x.counters, x.derived, x.revisions, x.tokens, x.versions, x.extras} {
			if err := part(); err != nil || x.stopped {
				if !x.stopped {
					yield(store.Row{}, err)
				}
				return
			}
		}
	}
}

// scan is one run of Scan.
type scan struct {
	store   *Store
	ctx     context.Context //nolint:containedctx // lives for one call of Scan
	give    func(store.Row) bool
	stopped bool
	// drawn and labelled count the relationships and nodes that records call for.
	drawn, labelled map[string]int64
}

func (x *scan) row(r store.Row) bool {
	x.stopped = x.stopped || !x.give(r)
	return !x.stopped
}

// pages reads all rows of a query that goes on from $after; place gives where a
// row stands. The row that ends a page begins the next, and is left out there.
func (x *scan) pages(q query, params row, place func(*driver.Record) string, each func(*driver.Record) error) error {
	after, first := "", true
	for {
		params["after"], params["limit"] = after, int64(scanPage)
		rows, err := x.store.read(x.ctx, q, params)
		if err != nil {
			return err
		}
		full := len(rows) == scanPage
		if !first && len(rows) > 0 && place(rows[0]) == after {
			rows = rows[1:]
		}
		for _, one := range rows {
			if err := each(one); err != nil || x.stopped {
				return err
			}
			after = place(one)
		}
		if !full || len(rows) == 0 {
			return nil
		}
		first = false
	}
}

func (x *scan) counters() error {
	return x.pages(scanCounters, row{}, func(r *driver.Record) string {
		of, _ := mapOf(r, "counters")["of"].(string)
		return of
	}, func(r *driver.Record) error {
		for _, one := range counterRows(mapOf(r, "counters")) {
			if !x.row(one) {
				break
			}
		}
		return nil
	})
}

func (x *scan) derived() error {
	id := func(r *driver.Record) string { return textOf(r, "id") }
	return x.pages(scanDerived, row{}, id, func(r *driver.Record) error {
		x.row(store.Row{Kind: store.DerivedRow, Key: id(r), Value: bytesOf(r, "derived")})
		for _, one := range listOf(r, "older") {
			former, _ := one.(map[string]any)
			revision, _ := former["revision"].(int64)
			derived, _ := former["derived"].([]byte)
			x.row(store.Row{Kind: store.DerivedRow, Key: fmt.Sprintf("%s %020d", id(r), revision), Value: derived})
		}
		return nil
	})
}

func (x *scan) revisions() error {
	after := int64(0)
	for !x.stopped {
		rows, err := x.store.read(x.ctx, readLog, row{"after": after, "limit": int64(logPage)})
		if err != nil {
			return err
		}
		for _, one := range rows {
			after = numberOf(one, "sequence")
			r, err := newRevision(one)
			result := store.Row{Kind: store.RevisionRow, Key: fmt.Sprintf("%020d", after)}
			if err == nil {
				result, err = store.RevisionToRow(r)
			}
			if err == nil {
				var meta evidence.Meta
				if meta, err = r.Meta(); err == nil && (meta.Author != textOf(one, "author") || meta.Reason != textOf(one, "reason")) {
					result.Fault = "the author or the reason on the node is not the one in the log; write the node's anew from the log"
				}
			}
			if err != nil {
				result.Fault = err.Error()
			}
			if !x.row(result) {
				return nil
			}
		}
		if len(rows) < logPage {
			break
		}
	}
	return nil
}

func (x *scan) tokens() error {
	open := make([]int64, closedTokens)
	for i := range open {
		open[i] = int64(i)
	}
	key := func(r *driver.Record) string {
		k, _ := mapOf(r, "token")["key"].(string)
		return k
	}
	return x.pages(scanTokens, row{"slots": open}, key, func(r *driver.Record) error {
		p := mapOf(r, "token")
		text, _ := p["token"].(string)
		entity, _ := p["entity"].(string)
		visibility, _ := p["visibility"].(int64)
		placeholder, _ := p["placeholder"].(bool)
		since, _ := p["revision"].(int64)
		token := evidence.Token{Text: text, Visibility: evidence.Clearance(visibility), Placeholder: placeholder} //nolint:gosec // compared below
		result := store.TokenToRow(evidence.ID(entity), token)
		result.Fault = difference(tokenProperties(token, evidence.ID(entity), evidence.Sequence(since)), p) //nolint:gosec // compared here
		x.row(result)
		return nil
	})
}

// page has the native relationships of one page of records, by id of the link.
type page map[evidence.ID]*driver.Record

func (x *scan) versions() error {
	after := ""
	for first := true; ; first = false {
		rows, err := x.store.read(x.ctx, scanRecords, row{"after": after, "limit": int64(scanPage)})
		if err != nil {
			return err
		}
		full := len(rows) == scanPage
		if !first && len(rows) > 0 && propertyID(rows[0]) == after {
			rows = rows[1:]
		}
		p, err := x.newPage(rows)
		if err != nil {
			return err
		}
		for _, one := range rows {
			after = propertyID(one)
			x.record(p, one)
			if x.stopped {
				return nil
			}
		}
		if !full {
			return nil
		}
	}
}

func propertyID(r *driver.Record) string {
	id, _ := mapOf(r, "newest")["id"].(string)
	return id
}

// newPage reads the native relationships of the links on a page.
func (x *scan) newPage(rows []*driver.Record) (page, error) {
	p := page{}
	byKind := map[string][]string{}
	for _, one := range rows {
		newest := mapOf(one, "newest")
		slot, _ := newest["slot"].(int64)
		kind, _ := newest["kind"].(string)
		if id, _ := newest["id"].(string); typeOfSlot(slot) == evidence.LinkRecord {
			byKind[kind] = append(byKind[kind], id)
		}
	}
	for _, kind := range sorted(byKind) {
		q, ok := x.store.texts.drawn[kind]
		if !ok {
			continue // the record's own row says that the kind is unknown
		}
		links, err := x.store.read(x.ctx, q, row{"ids": byKind[kind]})
		if err != nil {
			return nil, err
		}
		for _, one := range links {
			p[evidence.ID(textOf(one, "id"))] = one
		}
	}
	return p, nil
}

// record gives the rows of one record, oldest version first.
func (x *scan) record(p page, one *driver.Record) {
	for _, old := range listOf(one, "older") {
		m, _ := old.(map[string]any)
		properties, _ := m["properties"].(map[string]any)
		labels, _ := m["labels"].([]any)
		if _, result := x.version(properties, labels, true); !x.row(result) {
			return
		}
	}
	r, result := x.version(mapOf(one, "newest"), listOf(one, "labels"), false)
	if r != nil && result.Fault == "" {
		result.Fault = x.surroundings(p, r, one)
	}
	x.row(result)
}

// version reads one version and compares its node with what it says.
func (x *scan) version(properties map[string]any, labels []any, superseded bool) (*evidence.Record, store.Row) {
	get := func(name string) int64 { n, _ := properties[name].(int64); return n }
	id, _ := properties["id"].(string)
	data, _ := properties["data"].([]byte)
	derived, _ := properties["derived"].([]byte)
	of := typeOfSlot(get("slot"))
	to := evidence.Open
	if properties["closedBy"] != nil {
		to = evidence.Sequence(get("closedBy")) //nolint:gosec // compared below
	}
	result := store.Row{
		Kind: store.VersionRow, Key: fmt.Sprintf("%s %020d", id, get("revision")),
		Value: append(fmt.Appendf(nil, "%d %d ", of, to), data...),
	}
	content, err := evidence.DecodeContent(of, data)
	if err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	r := &evidence.Record{Content: content, From: evidence.Sequence(get("revision")), To: to} //nolint:gosec // compared below
	if r.Derived, err = evidence.DecodeDerived(derived); err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	expected, err := x.store.recordProperties(r, superseded)
	if err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	for _, name := range placeholders { // compared with the ends; see link
		expected[name] = properties[name]
	}
	if result.Fault = difference(expected, properties); result.Fault != "" {
		return r, result
	}
	want := "Version:Superseded:" + supersededLabels[of]
	if !superseded {
		more, err := x.store.labelsOf(r)
		if err != nil {
			result.Fault = err.Error()
			return nil, result
		}
		want = "Version:Record:" + more
		x.labelled[more]++
	}
	if have := textList(labels); !slices.Equal(have, sortedTexts(strings.Split(want, ":"))) {
		result.Fault = fmt.Sprintf("the node has the labels %v, and its record calls for %v; set the labels", have, want)
	}
	return r, result
}

func textList(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	return sortedTexts(out)
}

func sortedTexts(list []string) []string {
	slices.Sort(list)
	return list
}

// surroundings compares the relationships around a record with what it says.
func (x *scan) surroundings(p page, r *evidence.Record, one *driver.Record) string {
	cited, in, parents := textList(listOf(one, "claims")), textList(listOf(one, "sources")), textList(listOf(one, "parents"))
	switch c := r.Content.(type) {
	case *evidence.Claim:
		return x.link(p, r, c, one)
	case *evidence.Citation:
		var claim, source []string
		if r.IsOpen() {
			claim, source = []string{string(c.Claim)}, []string{string(c.Source)}
		}
		if !slices.Equal(cited, claim) || !slices.Equal(in, source) {
			return fmt.Sprintf("the citation hangs on the claims %v and leads to the sources %v, and its record says %v and %v; draw HAS_CITATION and IN_SOURCE anew", cited, in, claim, source)
		}
	case *evidence.Source:
		var from []string
		if r.IsOpen() {
			from = sortedTexts(idTexts(c.DerivedFrom))
		}
		if !slices.Equal(parents, from) {
			return fmt.Sprintf("the source derives from %v by its relationships and from %v by its record; draw DERIVED_FROM anew", parents, from)
		}
	}
	return ""
}

// placeholders are the properties of a link that repeat one of its ends.
var placeholders = []string{"fromPlaceholder", "toPlaceholder"}

// link compares a link with its ends and its native relationship.
func (x *scan) link(p page, r *evidence.Record, c *evidence.Claim, one *driver.Record) string {
	for _, name := range placeholders {
		if end := listOf(one, name); len(end) == 1 && c.Of == evidence.LinkRecord && mapOf(one, "newest")[name] != end[0] {
			return fmt.Sprintf("the property %s is %s, and the end calls for %s; set it", name, shown(mapOf(one, "newest")[name]), shown(end[0]))
		}
	}
	have := p[c.ID]
	if c.Of != evidence.LinkRecord || !drawn(r) {
		if have != nil {
			return "there is a native relationship of a link that does not stand; delete it"
		}
		return ""
	}
	x.drawn[c.Kind]++
	if have == nil {
		return fmt.Sprintf("the native relationship %s is missing; draw it anew", c.Kind)
	}
	if from, to := textOf(have, "from"), textOf(have, "to"); from != string(c.From) || to != string(c.To) {
		return fmt.Sprintf("the native relationship leads from %q to %q, and the record says from %q to %q; draw it anew", from, to, c.From, c.To)
	}
	want := linkProperties(c, &r.Derived)
	want["sources"] = sourceLines(listOf(one, "support"))
	if fault := difference(want, mapOf(have, "link")); fault != "" {
		return "on the native relationship: " + fault
	}
	return ""
}

// difference says what is wrong with the properties of a node or relationship;
// "" where nothing is.
func difference(want, have map[string]any) string {
	for _, name := range sorted(want) {
		if w, h := want[name], have[name]; !sameValue(w, h) {
			return fmt.Sprintf("the property %s is %s, and the record calls for %s; set it, or see in the log who is right", name, shown(h), shown(w))
		}
	}
	for _, name := range sorted(have) {
		if _, ok := want[name]; !ok {
			return fmt.Sprintf("there is a property %s, of which no record knows; take it away", name)
		}
	}
	return ""
}

func shown(v any) string {
	if v == nil {
		return "missing"
	}
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("%d bytes", len(b))
	}
	s := []rune(fmt.Sprintf("%v", v))
	if len(s) > 80 {
		return string(s[:80]) + "…"
	}
	return string(s)
}

// sameValue compares what was written with what the driver reads.
func sameValue(want, have any) bool {
	switch w := want.(type) {
	case []byte:
		h, ok := have.([]byte)
		return ok && slices.Equal(w, h)
	case []string:
		h, ok := have.([]any)
		return ok && slices.EqualFunc(w, h, func(a string, b any) bool { return a == b })
	case []int64:
		h, ok := have.([]any)
		return ok && slices.EqualFunc(w, h, func(a int64, b any) bool { return a == b })
	default:
		return want == have
	}
}

// extras finds nodes and relationships that no record calls for. Neo4j keeps
// their numbers, so that a clean graph is not walked for it.
func (x *scan) extras() error {
	types, err := x.store.read(x.ctx, relationshipsOf, row{})
	if err != nil {
		return err
	}
	for _, one := range types {
		name := textOf(one, "type")
		if name == "HAS_CITATION" || name == "IN_SOURCE" || name == "DERIVED_FROM" {
			continue // compared record by record
		}
		n, err := x.count("MATCH ()-[r:" + quoted(name) + "]->() RETURN count(r) AS n")
		if err != nil {
			return err
		}
		if want := x.drawn[name]; n != want && !x.row(extraRow("relationships", name, n, want)) {
			return nil
		}
	}
	for _, k := range x.store.vocabulary.Entities() {
		n, err := x.count("MATCH (n:" + k.NodeLabel + ") RETURN count(n) AS n")
		if err != nil {
			return err
		}
		if want := x.labelled[entityLabels(k)]; n != want && !x.row(extraRow("nodes", k.NodeLabel, n, want)) {
			return nil
		}
	}
	return nil
}

// extraRow comes after the rows of all records: no id begins with ~.
func extraRow(what, name string, have, want int64) store.Row {
	return store.Row{
		Kind: store.VersionRow, Key: "~ " + what + " " + name,
		Fault: fmt.Sprintf("there are %d %s %s, and the records call for %d; look for those without a claim or a record of the same id", have, name, what, want),
	}
}

func (x *scan) count(text string) (int64, error) {
	rows, err := x.store.read(x.ctx, query{name: "count", text: text}, row{})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return numberOf(rows[0], "n"), nil
}

// quoted makes a name that stands in the database fit for a text.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

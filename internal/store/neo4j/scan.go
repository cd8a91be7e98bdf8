package neo4j

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
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
		for _, part := range []func() error{x.counters, x.derived, x.revisions, x.tokens, x.versions, x.head, x.extras} {
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
	// drawn and labelled count the relationships, by type, and nodes, by label, that
	// were compared with what records call for.
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
		x.labelled["Counter"]++
		for _, one := range counterRows(mapOf(r, "counters"), listOf(r, "labels")) {
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
		derived := bytesOf(r, "derived")
		if plain, is := plainDerived(typeOfSlot(numberOf(r, "slot")), numberOf(r, "slot")%placesOfType, textOf(r, "key")); is && derived == nil {
			var err error
			if derived, err = evidence.EncodeDerived(&plain); err != nil {
				return err
			}
		}
		x.row(store.DerivedToRow(evidence.ID(id(r)), derived))
		for _, one := range listOf(r, "older") {
			former, _ := one.(map[string]any)
			revision, _ := former["revision"].(int64)
			derived, _ := former["derived"].([]byte)
			x.row(store.FormerToRow(evidence.ID(id(r)), evidence.Sequence(revision), derived)) //nolint:gosec // written from a sequence
		}
		return nil
	})
}

func (x *scan) revisions() error {
	after := int64(0)
	var known map[string]any // what a revision has, each the same
	for !x.stopped {
		rows, err := x.store.read(x.ctx, scanLog, row{"after": after, "limit": int64(logPage)})
		if err != nil {
			return err
		}
		for _, one := range rows {
			after = numberOf(one, "sequence")
			x.labelled["Revision"]++
			r, err := newRevision(one)
			result := store.Row{Kind: store.RevisionRow, Key: store.RevisionKey(evidence.Sequence(after))} //nolint:gosec // written from a sequence
			if err == nil {
				result, err = store.RevisionToRow(r)
			}
			if err == nil && known == nil {
				known, err = revisionProperties(r)
			}
			if err == nil {
				var meta evidence.Meta
				if meta, err = r.Meta(); err == nil && (meta.Author != textOf(one, "author") || meta.Reason != textOf(one, "reason")) {
					result.Fault = "the author or the reason on the node is not the one in the log; write the node's anew from the log"
				} else if name := unknownName(listOf(one, "names"), known); name != "" {
					result.Fault = fmt.Sprintf("there is a property %s, of which the log knows nothing; take it away", name)
				} else {
					result.Fault = mislabelled(listOf(one, "labels"), "Revision")
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

// page has what is around one page of records: the native relationships, by id of
// the link, and the search words, by id of the entity, with what is wrong with the
// labels of one.
type page struct {
	links       map[evidence.ID]*driver.Record
	tokens      map[evidence.ID][]map[string]any
	mislabelled map[evidence.ID]string
}

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

// newPage reads what is around the records of a page.
func (x *scan) newPage(rows []*driver.Record) (page, error) {
	p := page{links: map[evidence.ID]*driver.Record{}, tokens: map[evidence.ID][]map[string]any{}, mislabelled: map[evidence.ID]string{}}
	byKind := map[string][]string{}
	var entities []string
	for _, one := range rows {
		newest := mapOf(one, "newest")
		slot, _ := newest["slot"].(int64)
		kind, _ := newest["kind"].(string)
		switch id, _ := newest["id"].(string); typeOfSlot(slot) {
		case evidence.LinkRecord:
			byKind[kind] = append(byKind[kind], id)
		case evidence.EntityRecord:
			entities = append(entities, id)
		}
	}
	tokens, err := x.store.read(x.ctx, scanTokensOf, row{"ids": entities})
	if err != nil {
		return p, err
	}
	for _, one := range tokens {
		id := evidence.ID(textOf(one, "id"))
		p.tokens[id] = append(p.tokens[id], mapOf(one, "token"))
		x.labelled["Token"]++
		if fault := mislabelled(listOf(one, "labels"), "Token"); fault != "" {
			p.mislabelled[id] = fmt.Sprintf("of the search word %q: %s", mapOf(one, "token")["token"], fault)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		q, ok := x.store.texts.drawn[kind]
		if !ok {
			continue // the record's own row says that the kind is unknown
		}
		links, err := x.store.read(x.ctx, q, row{"ids": byKind[kind]})
		if err != nil {
			return p, err
		}
		for _, one := range links {
			if id := evidence.ID(textOf(one, "id")); p.links[id] == nil {
				p.links[id] = one
				x.drawn[kind]++
			}
		}
	}
	return p, nil
}

// record gives the rows of one record, oldest version first.
func (x *scan) record(p page, one *driver.Record) {
	var versions []*evidence.Record
	for _, old := range listOf(one, "older") {
		m, _ := old.(map[string]any)
		properties, _ := m["properties"].(map[string]any)
		labels, _ := m["labels"].([]any)
		r, result := x.version(properties, labels, true)
		versions = append(versions, r)
		if !x.row(result) {
			return
		}
	}
	r, result := x.version(mapOf(one, "newest"), listOf(one, "labels"), false)
	versions = append(versions, r)
	around := x.surroundings(p, r, one)
	if r != nil && result.Fault == "" {
		result.Fault = around
	}
	if result.Fault == "" && !slices.Contains(versions, nil) {
		result.Fault = cmp.Or(tokensDiffer(versions, p.tokens[r.ID()]), p.mislabelled[r.ID()])
	}
	x.row(result)
}

// version reads one version and compares its node with what it says.
func (x *scan) version(properties map[string]any, labels []any, superseded bool) (*evidence.Record, store.Row) {
	get := func(name string) int64 { n, _ := properties[name].(int64); return n }
	id, _ := properties["id"].(string)
	data, _ := properties["data"].([]byte)
	derived, _ := properties["derived"].([]byte)
	for _, label := range textList(labels) {
		x.labelled[label]++
	}
	of := typeOfSlot(get("slot"))
	from, to := evidence.Sequence(get("revision")), evidence.Open //nolint:gosec // compared below
	if properties["closedBy"] != nil {
		to = evidence.Sequence(get("closedBy")) //nolint:gosec // compared below
	}
	result := store.VersionToRow(evidence.ID(id), of, from, to, data)
	content, err := evidence.DecodeContent(of, data)
	if err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	r := &evidence.Record{Content: content, From: from, To: to}
	key, _ := properties["key"].(string)
	if r.Derived, err = decodeDerived(get("slot"), key, derived); err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	expected, err := x.store.recordProperties(r, superseded)
	if err != nil {
		result.Fault = err.Error()
		return nil, result
	}
	if _, old := properties["edge"].([]any); old {
		result.Fault = "a former Vínculo wrote it after the database was brought up to date; stop that program, and run `vinculo serve`, which writes it anew as it starts"
		return r, result
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
	}
	result.Fault = mislabelled(labels, strings.Split(want, ":")...)
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

// surroundings compares the relationships around a record, where it reads, with
// what it says.
func (x *scan) surroundings(p page, r *evidence.Record, one *driver.Record) string {
	cited, names := ends(listOf(one, "claims"))
	in, namesIn := ends(listOf(one, "sources"))
	parents, namesDerived := ends(listOf(one, "parents"))
	x.drawn["HAS_CITATION"] += int64(len(cited))
	x.drawn["IN_SOURCE"] += int64(len(in))
	x.drawn["DERIVED_FROM"] += int64(len(parents))
	if r == nil {
		return ""
	}
	claim, source, from := []string{}, []string{}, []string{}
	switch c := r.Content.(type) {
	case *evidence.Citation:
		if r.IsOpen() {
			claim, source = []string{string(c.Claim)}, []string{string(c.Source)}
		}
	case *evidence.Source:
		if r.IsOpen() {
			from = sortedTexts(idTexts(c.DerivedFrom))
		}
	}
	if !slices.Equal(cited, claim) || !slices.Equal(in, source) {
		return fmt.Sprintf("by its relationships it is a citation of the claims %v in the sources %v, and by its record of %v in %v; draw HAS_CITATION and IN_SOURCE anew", cited, in, claim, source)
	}
	if !slices.Equal(parents, from) {
		return fmt.Sprintf("it derives from %v by its relationships and from %v by its record; draw DERIVED_FROM anew", parents, from)
	}
	for i, found := range [][]any{names, namesIn, namesDerived} {
		if name := unknownName(found, nil); name != "" {
			return fmt.Sprintf("the relationship %s has a property %s, of which no record knows; take it away", fixedTypes[i], name)
		}
	}
	if c := r.Claim(); c != nil {
		return x.link(p, r, c, one)
	}
	return ""
}

// ends takes apart what is at the other ends of relationships: the ids, sorted, and
// the names of properties that the relationships have.
func ends(list []any) (ids []string, names []any) {
	found := make([]any, len(list))
	for i, one := range list {
		if pair, _ := one.([]any); len(pair) == 2 {
			found[i] = pair[0]
			more, _ := pair[1].([]any)
			names = append(names, more...)
		}
	}
	return textList(found), names
}

// placeholders are the properties of a link that repeat one of its ends, where that is a
// placeholder.
var placeholders = []string{"fromPlaceholder", "toPlaceholder"}

// trueOrNil leaves of a truth value what a property has that is missing where it is not.
func trueOrNil(v any) any {
	if v == false {
		return nil
	}
	return v
}

// link compares a link with its ends and its native relationship.
func (x *scan) link(p page, r *evidence.Record, c *evidence.Claim, one *driver.Record) string {
	for _, name := range placeholders {
		if end := listOf(one, name); len(end) == 1 && c.Of == evidence.LinkRecord && mapOf(one, "newest")[name] != trueOrNil(end[0]) {
			return fmt.Sprintf("the property %s is %s, and the end calls for %s; set it", name, shown(mapOf(one, "newest")[name]), shown(trueOrNil(end[0])))
		}
	}
	have := p.links[c.ID]
	if c.Of != evidence.LinkRecord || !drawn(r) {
		if have != nil {
			return "there is a native relationship of a link that does not stand; delete it"
		}
		return ""
	}
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
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if w, h := want[name], have[name]; !sameValue(w, h) {
			return fmt.Sprintf("the property %s is %s, and the record calls for %s; set it, or see in the log who is right", name, shown(h), shown(w))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
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

package casefile

import (
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/slab"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Options say how a case file is read.
type Options struct {
	Vocabulary *vocabulary.Vocabulary
	Limits     Limits
	// MaxFaults is how many faults are told; 0 tells all.
	MaxFaults int
}

// File is a case file that was read: its changes in the order of its files, and
// where each of them comes from.
type File struct {
	changes   []change
	maxFaults int
	// faults are what is wrong with the rows themselves. Rows that could be read
	// all the same are among the changes, so that what they say is checked too.
	faults collector
	lost   lost
	// rows counts the rows of each file.
	rows map[string]int
}

// change is one change with the rows that it was made of.
type change struct {
	evidence.Change
	from      origin
	citations []origin // of an asserted claim, in the order of its citations
	// bare says that the claim's citations were not all read, or belong to another
	// row with its id: that none supports it is then no fault of its own.
	bare bool
	// formerly is how earlier programs read the row of a link; see mappings.formerly.
	formerly []reading
	// formerIdentities are what earlier programs said of the entity of a row that says
	// nothing of its identity; see mappings.formerIdentity.
	formerIdentities []string
}

// origin is a row, and whether the ends of its link were swapped.
type origin struct {
	file    string
	line    int
	swapped bool
	// stance is as the row of a citation has it, which is part of its former id.
	stance string
}

// Rows is how many rows a file has, such as "links.csv".
func (f *File) Rows(name string) int { return f.rows[name] }

// Changes is how many changes the whole file makes.
func (f *File) Changes() int { return len(f.changes) }

// builder turns rows into changes.
type builder struct {
	vocabulary *vocabulary.Vocabulary
	tables     *mappings
	bare       map[string]bool // claims of which a citation could not be read
	citations  []row
	// citationIDs are the ids of citations; empty where one is to be made.
	citationIDs []evidence.ID
	named       naming
	cited       []int32 // citation rows, those of each claim side by side
	overflow    []int32 // citation rows past maxInline of their claim
	file        *File

	links        slab.Of[evidence.AssertLink]
	newCitations slab.Of[evidence.NewCitation]
	origins      slab.Of[origin]
}

// Read reads a folder. Other CSV files in it are faults: one with a slip in its name
// would be lost in silence. What is wrong with its rows is told by Import, together
// with what is wrong with what they say; see File.Faulty.
func Read(fsys fs.FS, o Options) (*File, error) {
	b := &builder{
		vocabulary: o.Vocabulary, tables: tables(),
		bare: map[string]bool{}, file: &File{maxFaults: o.MaxFaults, rows: map[string]int{}, lost: newLost()},
	}
	rows := map[string][]row{}
	there := false
	tables := readTables(fsys, o.Limits)
	for i, t := range tables {
		name := fileNames[i]
		rows[name], there = t.rows, there || t.there
		b.file.rows[name] = len(t.rows)
		b.file.faults.addAll(&t.faults)
		b.lose(name, t.left)
		if name == citationsFile {
			b.citations, b.citationIDs = t.rows, t.ids
		}
	}
	strangers, err := misnamed(fsys)
	if err != nil {
		return nil, fmt.Errorf("the folder cannot be listed: %w", err)
	}
	for _, name := range strangers {
		b.file.faults.add(name, 0, "", "%s", nameFault(name))
		for i, t := range tables { // it may be one of those that are not there
			if !t.there {
				b.file.lost.files[fileNames[i]] = true
			}
		}
	}
	if !there && len(strangers) == 0 {
		return nil, fmt.Errorf("the folder holds none of %s; name the folder of a case file", strings.Join(fileNames, ", "))
	}
	ids := b.name(rows)
	indexed := make(chan collector)
	go func() { indexed <- b.indexCitations(ids[citationsFile]) }() // beside all that does not ask for citations
	build := func(file string, build func(*row, number)) {
		for i := range rows[file] {
			build(&rows[file][i], ids[file][i])
		}
	}
	build(sourcesFile, b.source)
	build(entitiesFile, b.entity)
	ofCitations := <-indexed
	b.file.faults.addAll(&ofCitations)
	b.buildLinks(rows[linksFile], ids[linksFile])
	build(statementsFile, b.statement)
	b.furtherCitations(ids[citationsFile])
	return b.file, nil
}

// name numbers the ids that rows give, and those of the claims that citations cite,
// each list in the order of its rows. What grows to hundreds of thousands it makes as
// long as that will be: to have it grow takes longer than to fill it.
func (b *builder) name(rows map[string][]row) map[string][]number {
	made := 0
	for name, n := range b.file.rows {
		if name != citationsFile {
			made += n
		}
	}
	b.named, b.file.changes = newNaming(made), make([]change, 0, made)
	ids := map[string][]number{}
	for _, file := range fileNames {
		column := "id"
		if file == citationsFile {
			column = "claim_id"
		}
		numbers := make([]number, len(rows[file]))
		last := nameless
		for i := range numbers {
			last = b.named.number(rows[file][i].get(column), last)
			numbers[i] = last
			if last == nameless {
				continue
			}
			switch is := &b.named.are[last]; file {
			case entitiesFile:
				is.entity = true
			case linksFile, statementsFile:
				is.claim = true
			}
		}
		ids[file] = numbers
	}
	return ids
}

// Faulty says whether anything is wrong with the rows themselves; Import then
// tells all that is wrong and writes nothing.
func (f *File) Faulty() bool { return len(f.faults.found) > 0 }

// lose notes what the rows that could not be read would have made.
func (b *builder) lose(name string, u unread) {
	if u.rest {
		b.file.lost.files[name] = true
	}
	for _, r := range u.rows {
		if name == citationsFile {
			b.bare[r.get("claim_id")] = true
		} else if id := r.get("id"); id != "" {
			b.file.lost.ids[evidence.ID(id)] = true
		}
	}
}

// id takes an id for a row; a row of the folder may not use that of another. One
// that has none of its own is checked under an id that is made for it.
func (b *builder) id(r *row, n number) evidence.ID {
	if n == nameless {
		b.file.faults.add(r.file, r.line, "id", "it is empty; give an id that stays the same in every import")
		return ""
	}
	is := &b.named.are[n]
	if is.by != nil {
		b.file.faults.add(r.file, r.line, "id", "%q is the id of %s:%d already; choose another", is.id, is.by.file, is.by.line)
		return ""
	}
	is.by = r
	return evidence.ID(is.id)
}

// given is a column as a field of an upsert: an empty one keeps what is there.
func given(r *row, column string) evidence.Optional[string] {
	if text := r.get(column); text != "" {
		return evidence.Of(text)
	}
	return evidence.Optional[string]{}
}

func upper(o evidence.Optional[string]) evidence.Optional[string] {
	o.Value = strings.ToUpper(o.Value)
	return o
}

func (b *builder) add(r *row, c evidence.Change, swapped bool, citations ...origin) {
	made := change{Change: c, from: origin{file: r.file, line: r.line, swapped: swapped, stance: r.get("stance")}, citations: citations}
	if c.AssertLink != nil || c.AssertStatement != nil {
		id := made.claimID()
		made.bare = id == "" || b.bare[string(id)] || b.file.lost.files[citationsFile]
	}
	b.file.changes = append(b.file.changes, made)
}

func (b *builder) source(r *row, n number) {
	b.add(r, evidence.Change{PutSource: &evidence.PutSource{
		ID: b.id(r, n), Kind: upper(given(r, "kind")), Title: given(r, "title"), Author: given(r, "author"),
		Publisher: given(r, "publisher"), Published: given(r, "published"), URL: given(r, "url"), Archive: given(r, "archive"), Language: given(r, "language"),
	}}, false)
}

func (b *builder) entity(r *row, n number) {
	put := &evidence.PutEntity{
		ID: b.id(r, n), Kind: given(r, "kind"), Name: given(r, "name"), Description: given(r, "description"), Country: given(r, "country"),
	}
	if kind, ok := b.vocabulary.EntityByNodeLabel(put.Kind.Value); ok {
		put.Kind = evidence.Of(kind.Name)
	}
	if aliases := split(r.get("aliases")); len(aliases) > 0 {
		put.Aliases = evidence.Of(aliases)
	}
	b.extra(r, put)
	b.add(r, evidence.Change{PutEntity: put}, false)
	if !put.Identity.Set {
		b.file.changes[len(b.file.changes)-1].formerIdentities = b.tables.formerIdentity(r)
	}
}

// split takes a list apart at its semicolons, leaving out what is empty or was
// there before.
func split(list string) []string {
	var parts []string
	seen := map[string]bool{}
	for part := range strings.SplitSeq(list, ";") {
		if part = strings.TrimSpace(part); part != "" && !seen[part] {
			seen[part] = true
			parts = append(parts, part)
		}
	}
	return parts
}

// identityKeys of the extra column, with what "true" under each makes of an entity.
var identityKeys = map[string]evidence.Identity{
	"alias_only": evidence.AliasOnly, "unnamed": evidence.Unidentified, "class": evidence.Class,
}

// extra reads the `key=value;…` of an entity: identity, the place and the time
// of an event have fields of their own, the rest are notes.
func (b *builder) extra(r *row, put *evidence.PutEntity) {
	fault := func(format string, args ...any) { b.file.faults.add(r.file, r.line, "extra", format, args...) }
	var notes []evidence.Note
	point := map[string]string{}
	own := map[string]bool{} // keys with a field of their own, which holds one value
	for part := range strings.SplitSeq(r.get("extra"), ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			fault("%q is not of the form key=value", part)
			continue
		}
		identity, isIdentity := identityKeys[key]
		isPoint := key == "lat" || key == "lon" || key == "geo_source"
		if key == "date" && !put.Kind.Set {
			fault("date is the time of an event, and a note of all else; write the kind of the entity too")
			continue
		}
		isWhen := key == "date" && put.Kind.Value == "EVENT"
		if isIdentity || isPoint || isWhen {
			if own[key] {
				fault("%s is there twice; leave one out", key)
				continue
			}
			own[key] = true
		}
		switch {
		case isIdentity && value == "true" && !put.Identity.Set:
			put.Identity = evidence.Of(identity.String())
		case isIdentity && value == "true":
			fault("only one of alias_only, unnamed and class can be true")
		case isIdentity && value != "false":
			fault("%s is %q; write true or false", key, value)
		case isIdentity:
		case isPoint:
			point[key] = value
		case isWhen:
			put.When = evidence.Of(value)
		default:
			notes = append(notes, evidence.Note{Key: key, Value: value})
		}
	}
	if len(notes) > 0 {
		put.Notes = evidence.Of(notes)
	}
	if len(point) > 0 {
		latitude, ok1 := degrees(point["lat"])
		longitude, ok2 := degrees(point["lon"])
		if !ok1 || !ok2 {
			fault("lat=%s and lon=%s are not both degrees, such as lat=17.55;lon=-99.5", point["lat"], point["lon"])
			return
		}
		put.Point = evidence.Of(evidence.Point{Latitude: latitude, Longitude: longitude, Source: point["geo_source"]})
	}
}

// degrees reads a number; what stands for none, such as NaN, is no degree of
// anything, and no change could be written down with it.
func degrees(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// status reads the status column.
func (b *builder) status(r *row, procedural bool) string {
	standing, err := b.tables.standing(procedural, r.get("status"))
	if err != nil {
		b.file.faults.add(r.file, r.line, "status", "%v", err)
		return ""
	}
	return standing.String()
}

// partLinks is how many links are worth a goroutine.
const partLinks = 10_000

// buildLinks builds all links, which mostly are the most of all rows: parts of them at
// once, each as a builder of its own does that writes its changes where they belong.
func (b *builder) buildLinks(rows []row, numbers []number) {
	ids := make([]evidence.ID, len(rows))
	for i := range rows {
		ids[i] = b.id(&rows[i], numbers[i])
	}
	before := len(b.file.changes)
	changes := slices.Grow(b.file.changes, len(rows))[:before+len(rows)]
	parts := make([]builder, max(1, min(runtime.GOMAXPROCS(0), len(rows)/partLinks)))
	var building sync.WaitGroup
	for n := range parts {
		first, end := len(rows)*n/len(parts), len(rows)*(n+1)/len(parts)
		part := &parts[n]
		*part = builder{
			vocabulary: b.vocabulary, tables: b.tables, bare: b.bare, citations: b.citations, citationIDs: b.citationIDs, named: b.named, cited: b.cited,
			file: &File{lost: b.file.lost, changes: changes[before+first : before+first : before+end]},
		}
		building.Go(func() {
			for i := first; i < end; i++ {
				part.link(&rows[i], numbers[i], ids[i])
			}
		})
	}
	building.Wait()
	b.file.changes = changes
	for n := range parts {
		b.file.faults.addAll(&parts[n].file.faults)
		b.overflow = append(b.overflow, parts[n].overflow...)
	}
}

func (b *builder) link(r *row, n number, id evidence.ID) {
	rule := b.tables.mapKind(b.vocabulary, r.get("kind"), r.get("role"))
	kind, _ := b.vocabulary.Link(rule.target) // what is unknown, evidence refuses
	as := rule.read(r)
	cited, origins := b.citationsOf(id, n)
	link := b.links.New()
	*link = evidence.AssertLink{
		ID: id, Kind: as.kind, From: as.from, To: as.to, Role: as.role, Summary: r.get("summary"),
		Valid:    evidence.ValidTime{Since: r.get("since"), Until: r.get("until")},
		Standing: b.status(r, kind.Procedural), About: evidence.ID(r.get("about")), Citations: cited,
	}
	b.add(r, evidence.Change{AssertLink: link}, rule.swap, origins...)
	b.file.changes[len(b.file.changes)-1].formerly = b.tables.formerly(r, as)
}

func (b *builder) statement(r *row, n number) {
	id := b.id(r, n)
	cited, origins := b.citationsOf(id, n)
	b.add(r, evidence.Change{AssertStatement: &evidence.AssertStatement{
		ID: id, Entity: evidence.ID(r.get("entity")), Attribute: strings.ToUpper(r.get("attribute")), Value: r.get("value"), Summary: r.get("summary"),
		Valid:    evidence.ValidTime{Since: r.get("since"), Until: r.get("until")},
		Standing: b.status(r, false), About: evidence.ID(r.get("about")), Citations: cited,
	}}, false, origins...)
}

// indexCitations puts the citation rows under their claims. A row that says the
// same as another is a fault. Of rows that differ only in who asserts them, the
// first has the id that all of them would have, and the others are given one when
// they are written: a place among them would tell of one that is hidden.
func (b *builder) indexCitations(claims []number) (faults collector) {
	b.cited = b.named.sideBySide(claims)
	alike := map[evidence.ID][]int32{} // the rows of one claim
	for n := range b.named.are {
		is := &b.named.are[n]
		rows := b.cited[is.cited : is.cited+is.citations]
		distinct := rows[:0]
		clear(alike)
		for _, i := range rows {
			r := &b.citations[i]
			if len(rows) > 1 {
				id := b.citationIDs[i]
				before := alike[id]
				same := slices.IndexFunc(before, func(j int32) bool { return b.citations[j].get("attributed_to") == r.get("attributed_to") })
				if same >= 0 {
					faults.add(r.file, r.line, "", "the line says the same as line %d; leave one out", b.citations[before[same]].line)
					continue
				}
				if alike[id] = append(before, i); len(before) > 0 {
					b.citationIDs[i] = ""
				}
			}
			distinct = append(distinct, i)
			if _, err := evidence.ParseStance(stance(r)); err != nil && stance(r) != "" {
				b.bare[is.id] = true // it may have been meant to support
			}
		}
		is.citations = int32(len(distinct)) //nolint:gosec // fewer than rows
	}
	for i, claim := range claims {
		if claim == nameless {
			faults.add(citationsFile, b.citations[i].line, "claim_id", "it is empty; give the id of a link or statement")
		}
	}
	return faults
}

// citationsOf are the citations of a claim with a number; none where its row could not
// have its id.
func (b *builder) citationsOf(claim evidence.ID, n number) ([]evidence.NewCitation, []origin) {
	if claim == "" {
		return nil, nil
	}
	is := &b.named.are[n]
	rows := b.cited[is.cited : is.cited+is.citations]
	if len(rows) > maxInline {
		rows = b.withSupport(rows)
		b.overflow = append(b.overflow, rows[maxInline:]...)
		rows = rows[:maxInline]
	}
	citations, origins := b.newCitations.Take(len(rows)), b.origins.Take(len(rows))
	for i, at := range rows {
		r := &b.citations[at]
		citations[i], origins[i] = b.citation(at), origin{file: r.file, line: r.line, stance: r.get("stance")}
	}
	return citations, origins
}

// withSupport gives the rows of a claim with one that supports it among those that
// it is asserted with, if any does: no claim is asserted without.
func (b *builder) withSupport(rows []int32) []int32 {
	supports := func(at int32) bool {
		text := stance(&b.citations[at])
		is, err := evidence.ParseStance(text)
		return text == "" || err == nil && is == evidence.Supports
	}
	if slices.ContainsFunc(rows[:maxInline], supports) {
		return rows
	}
	first := slices.IndexFunc(rows, supports)
	if first < 0 {
		return rows
	}
	moved := slices.Delete(slices.Clone(rows), first, first+1)
	return slices.Insert(moved, maxInline-1, rows[first])
}

func (b *builder) citation(at int32) evidence.NewCitation {
	r := &b.citations[at]
	c := evidence.NewCitation{
		ID: b.citationIDs[at], Source: evidence.ID(r.get("source_id")), Stance: stance(r), Locator: r.get("locator"),
		StandingInSource: r.get("status_in_source"), Note: r.get("note"),
	}
	if fragment := r.get("fragment"); fragment != "" {
		c.Quote = &evidence.Quote{Exact: fragment}
	}
	switch who := r.get("attributed_to"); {
	case who == "": // also where an entity has no id
	case b.named.isEntity(who):
		c.AssertedBy = &evidence.Asserter{Entity: evidence.ID(who)}
	default:
		c.AssertedBy = &evidence.Asserter{Words: who}
	}
	return c
}

// stance is that of a citation as the rules write it.
func stance(r *row) string {
	given := r.get("stance")
	for _, known := range []evidence.Stance{evidence.Supports, evidence.Disputes, evidence.Mentions} {
		if strings.EqualFold(given, known.String()) {
			return known.String()
		}
	}
	return strings.ToUpper(given)
}

// maxInline is how many citations a claim is asserted with; more are added after.
const maxInline = 1000

// furtherCitations adds the citations of claims that are not in the folder but
// may be in the graph, and those that a claim had too many of.
func (b *builder) furtherCitations(claims []number) {
	for _, i := range b.overflow {
		r := &b.citations[i]
		b.add(r, evidence.Change{Cite: &evidence.Cite{Claim: evidence.ID(r.get("claim_id")), Citation: b.citation(i)}}, false)
	}
	for i, n := range claims {
		if n != nameless && !b.named.are[n].claim {
			r := &b.citations[i]
			b.add(r, evidence.Change{Cite: &evidence.Cite{Claim: evidence.ID(b.named.are[n].id), Citation: b.citation(int32(i))}}, false) //nolint:gosec // fewer than rows
		}
	}
}

package casefile

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

var (
	changePath   = regexp.MustCompile(`^changes\[(\d+)\](?:\.(\w+)(?:\.(.*))?)?$`)
	citationPath = regexp.MustCompile(`^citations\[(\d+)\](?:\.(.*))?$`)
)

// The column that each field of a change is read from, by the beginning of the
// field's path.
var (
	sourceColumns = map[string]string{
		"id": "id", "kind": "kind", "title": "title", "author": "author", "publisher": "publisher",
		"published": "published", "url": "url", "archive": "archive", "language": "language",
	}
	entityColumns = map[string]string{
		"id": "id", "kind": "kind", "name": "name", "names": "aliases", "aliases": "aliases", "description": "description",
		"country": "country", "identity": "extra", "when": "extra", "point": "extra", "notes": "extra",
	}
	linkColumns = map[string]string{
		"id": "id", "kind": "kind", "from": "from", "to": "to", "role": "role", "summary": "summary",
		"valid": "since", "valid.since": "since", "valid.until": "until", "standing": "status", "about": "about",
	}
	statementColumns = map[string]string{
		"id": "id", "entity": "entity", "attribute": "attribute", "value": "value", "summary": "summary",
		"valid": "since", "valid.since": "since", "valid.until": "until", "standing": "status", "about": "about",
	}
	citationColumns = map[string]string{
		"source": "source_id", "stance": "stance", "locator": "locator", "quote": "fragment", "assertedBy": "attributed_to",
		"standingInSource": "status_in_source", "note": "note",
	}
)

// located is where a fault of a change set comes from.
type located struct {
	place
	change *change
	// citation of the change that the fault speaks of; nil where it speaks of
	// another part of it.
	citation *evidence.NewCitation
}

// locate finds the row and column that a fault of a change set comes from.
func locate(changes []change, f evidence.Fault) (located, bool) {
	m := changePath.FindStringSubmatch(f.Path)
	if m == nil {
		return located{}, false
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= len(changes) {
		return located{}, false
	}
	c := &changes[i]
	at, field := c.from, m[3]
	var citation *evidence.NewCitation
	columns := sourceColumns
	switch {
	case c.PutEntity != nil:
		columns = entityColumns
	case c.AssertLink != nil:
		columns = linkColumns
	case c.AssertStatement != nil:
		columns = statementColumns
	case c.Cite != nil:
		columns = citationColumns
		field = strings.TrimPrefix(field, "citation.")
		if field == "claim" {
			return located{place{at.file, at.line, "claim_id"}, c, nil}, true
		}
		citation = &c.Cite.Citation
	}
	if of := citationPath.FindStringSubmatch(field); of != nil {
		if n, err := strconv.Atoi(of[1]); err == nil && n < len(c.citations) {
			citation = &c.newCitations()[n]
			at, columns, field = c.citations[n], citationColumns, of[2]
		}
	}
	column := columnOf(columns, field)
	if at.swapped && (column == "from" || column == "to") {
		column = map[string]string{"from": "to", "to": "from"}[column]
	}
	return located{place{at.file, at.line, column}, c, citation}, true
}

// refersTo is the record that the column at a place names, and the files whose
// rows make such records.
func (l located) refersTo() (evidence.ID, []string) {
	c := l.change
	switch {
	case l.citation != nil && l.column == "source_id":
		return l.citation.Source, []string{sourcesFile}
	case l.citation != nil && l.column == "attributed_to" && l.citation.AssertedBy != nil:
		return l.citation.AssertedBy.Entity, []string{entitiesFile}
	case c.Cite != nil && l.column == "claim_id":
		return c.Cite.Claim, []string{linksFile, statementsFile}
	case l.column == "about":
		return c.about(), []string{linksFile, statementsFile}
	case c.AssertStatement != nil && l.column == "entity":
		return c.AssertStatement.Entity, []string{entitiesFile}
	case c.AssertLink != nil && (l.column == "from" || l.column == "to"):
		if (l.column == "from") != c.from.swapped {
			return c.AssertLink.From, []string{entitiesFile}
		}
		return c.AssertLink.To, []string{entitiesFile}
	default:
		return "", nil
	}
}

// follows says whether a fault only follows from another that is told.
func (l lost) follows(f evidence.Fault, at located) bool {
	switch f.Code { //nolint:exhaustive // others speak of the row itself
	case evidence.UncitedClaim:
		return at.change.bare
	case evidence.UnknownID:
		id, files := at.refersTo()
		return l.ids[id] || slices.ContainsFunc(files, func(name string) bool { return l.files[name] })
	default:
		return false
	}
}

// columnOf finds the longest beginning of the path that has a column.
func columnOf(columns map[string]string, path string) string {
	for path != "" {
		if column, ok := columns[path]; ok {
			return column
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	return ""
}

// explain turns the faults of a change set into faults of the files it was made
// of, beside those of the rows themselves. What only follows from another fault is
// left out. Claims that the graph has as an earlier program read their rows are told
// as such. An error of another sort stays as it is.
func (f *File) explain(changes []change, err error, before map[evidence.ID]reading) error {
	var faults evidence.Faults
	if !errors.As(err, &faults) {
		return err
	}
	missing := lost{maps.Clone(f.lost.ids), f.lost.files}
	at := make([]located, len(faults))
	for i, fault := range faults {
		var ok bool
		if at[i], ok = locate(changes, fault); !ok {
			return err
		}
		if at[i].column == "id" { // what is refused under its id cannot be spoken of
			missing.ids[at[i].change.putID()] = true
		}
	}
	var c collector
	for _, fault := range f.faults.found {
		c.add(fault.File, fault.Line, fault.Column, "%s", fault.Message)
	}
	told := c.places()
	for i, fault := range faults {
		// Of a column that was faulted as the row was read, what the rules say is
		// said of something else than stands there; the parts of the extra column
		// stand for themselves.
		if (at[i].column == "extra" || !told[at[i].place]) && !missing.follows(fault, at[i]) {
			message := fault.Message
			if of := at[i].citation; of != nil && of.ID != "" { // whose id no file has
				message = strings.ReplaceAll(message, strconv.Quote(string(of.ID)), "the citation")
			}
			id := at[i].change.claimID()
			if was, ok := before[id]; ok && fault.Code == evidence.DuplicateID && at[i].column == "id" {
				message = was.refusal(id)
			}
			c.add(at[i].file, at[i].line, at[i].column, "%s", message)
		}
	}
	return c.err(f.maxFaults)
}

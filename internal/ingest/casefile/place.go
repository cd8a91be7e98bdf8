package casefile

import (
	"errors"
	"regexp"
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
		"published": "published", "url": "url", "language": "language",
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

// locate puts a fault of a change set at the row and column that it comes from.
func locate(changes []change, f evidence.Fault, into *collector) bool {
	m := changePath.FindStringSubmatch(f.Path)
	if m == nil {
		return false
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= len(changes) {
		return false
	}
	c := &changes[i]
	at, field := c.from, m[3]
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
			into.add(at.file, at.line, "claim_id", "%s", f.Message)
			return true
		}
	}
	if of := citationPath.FindStringSubmatch(field); of != nil {
		if n, err := strconv.Atoi(of[1]); err == nil && n < len(c.citations) {
			at, columns, field = c.citations[n], citationColumns, of[2]
		}
	}
	column := columnOf(columns, field)
	if at.swapped && (column == "from" || column == "to") {
		column = map[string]string{"from": "to", "to": "from"}[column]
	}
	into.add(at.file, at.line, column, "%s", f.Message)
	return true
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
// of. An error of another sort stays as it is.
func (f *File) explain(changes []change, err error) error {
	var faults evidence.Faults
	if !errors.As(err, &faults) {
		return err
	}
	var c collector
	for _, fault := range faults {
		if !locate(changes, fault, &c) {
			return err
		}
	}
	return c.err(f.maxFaults)
}

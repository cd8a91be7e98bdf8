package casefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
)

// cell is one thing that a row says of an entity or source.
type cell struct {
	field string // of the put
	says  string
	in    func(evidence.Content) string // what a version of the record says there
}

// puts is the type of the record that the change puts; 0 where it puts none.
func (c *change) puts() evidence.RecordType {
	switch {
	case c.PutEntity != nil:
		return evidence.EntityRecord
	case c.PutSource != nil:
		return evidence.SourceRecord
	default:
		return 0
	}
}

// field is the path of a field of what the change puts.
func (c *change) field(name string) string {
	if c.PutSource != nil {
		return "putSource." + name
	}
	return "putEntity." + name
}

// differing are the cells of the change that say something else than a record.
func (w *writer) differing(c *change, there evidence.Content) []cell {
	var cells []cell
	if c.PutSource != nil {
		cells = sourceCells(c.PutSource)
	} else {
		cells = entityCells(c.PutEntity, w.options.Author.Clearance)
	}
	return slices.DeleteFunc(cells, func(one cell) bool { return one.in(there) == one.says })
}

// sourceTexts are the fields of a source that rows give, and where they are kept.
var sourceTexts = []struct {
	field string
	put   func(*evidence.PutSource) *evidence.Optional[string]
	in    func(*evidence.Source) string
}{
	{"kind", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Kind }, func(s *evidence.Source) string { return s.Kind }},
	{"title", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Title }, func(s *evidence.Source) string { return s.Title }},
	{"author", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Author }, func(s *evidence.Source) string { return s.Author }},
	{"publisher", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Publisher }, func(s *evidence.Source) string { return s.Publisher }},
	{"published", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Published }, func(s *evidence.Source) string { return s.Published }},
	{"url", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.URL }, func(s *evidence.Source) string { return s.URL }},
	{"archive", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Archive }, func(s *evidence.Source) string { return s.Archive }},
	{"language", func(p *evidence.PutSource) *evidence.Optional[string] { return &p.Language }, func(s *evidence.Source) string { return s.Language }},
}

func sourceCells(put *evidence.PutSource) []cell {
	var cells []cell
	for _, text := range sourceTexts {
		if given := text.put(put); given.Set {
			cells = append(cells, cell{text.field, given.Value, func(c evidence.Content) string {
				s, _ := c.(*evidence.Source)
				return text.in(s)
			}})
		}
	}
	return cells
}

// entityTexts are the fields of an entity that rows give as one text.
var entityTexts = []struct {
	field string
	put   func(*evidence.PutEntity) *evidence.Optional[string]
	in    func(*evidence.Entity) string
}{
	{"kind", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.Kind }, func(e *evidence.Entity) string { return e.Kind }},
	{"name", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.Name }, (*evidence.Entity).PrimaryName},
	{"description", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.Description }, func(e *evidence.Entity) string { return e.Description }},
	{"country", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.Country }, func(e *evidence.Entity) string { return e.Country }},
	{"identity", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.Identity }, func(e *evidence.Entity) string { return e.Identity.String() }},
	{"when", func(p *evidence.PutEntity) *evidence.Optional[string] { return &p.When }, func(e *evidence.Entity) string { return e.When }},
}

// entityCells are what a row says of an entity to an author, who sees the names up to
// their clearance.
func entityCells(put *evidence.PutEntity, sees evidence.Clearance) []cell {
	var cells []cell
	add := func(field, says string, in func(*evidence.Entity) string) {
		cells = append(cells, cell{field, says, func(c evidence.Content) string {
			e, _ := c.(*evidence.Entity)
			return in(e)
		}})
	}
	for _, text := range entityTexts {
		given := text.put(put)
		if !given.Set {
			continue
		}
		says := given.Value
		if text.field == "country" { // the rules write it so
			says = strings.ToUpper(says)
		}
		add(text.field, says, text.in)
	}
	if put.Aliases.Set {
		add("aliases", list(put.Aliases.Value), func(e *evidence.Entity) string { return list(aliases(e, sees)) })
	}
	if put.Point.Set {
		add("point", point(&put.Point.Value), func(e *evidence.Entity) string { return point(e.Point) })
	}
	if put.Notes.Set {
		add("notes", notes(put.Notes.Value), func(e *evidence.Entity) string { return notes(e.Notes) })
	}
	return cells
}

// aliases are the names of an entity that the column has.
func aliases(e *evidence.Entity, sees evidence.Clearance) []string {
	var texts []string
	for _, n := range e.VisibleNames(sees) {
		if n.Type == evidence.AliasName {
			texts = append(texts, n.Text)
		}
	}
	return texts
}

// list is a list as the file writes it, in an order of its own: that of aliases means
// nothing.
func list(texts []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(texts))), ";")
}

func point(p *evidence.Point) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("lat=%v;lon=%v;geo_source=%s", p.Latitude, p.Longitude, p.Source)
}

func notes(all []evidence.Note) string {
	sorted := slices.SortedStableFunc(slices.Values(all), func(a, b evidence.Note) int { return cmp.Compare(a.Key, b.Key) })
	texts := make([]string, len(sorted))
	for i, n := range sorted {
		texts[i] = n.Key + "=" + n.Value
	}
	return strings.Join(texts, ";")
}

// leaveOut takes cells out of what the change puts, so that the record keeps what it
// says there.
func (c *change) leaveOut(cells []cell) {
	if c.PutSource != nil {
		put := *c.PutSource
		for _, text := range sourceTexts {
			if among(cells, text.field) {
				*text.put(&put) = evidence.Optional[string]{}
			}
		}
		c.PutSource = &put
		return
	}
	put := *c.PutEntity
	for _, text := range entityTexts {
		if among(cells, text.field) {
			*text.put(&put) = evidence.Optional[string]{}
		}
	}
	if among(cells, "aliases") {
		put.Aliases = evidence.Optional[[]string]{}
	}
	if among(cells, "point") {
		put.Point = evidence.Optional[evidence.Point]{}
	}
	if among(cells, "notes") {
		put.Notes = evidence.Optional[[]evidence.Note]{}
	}
	c.PutEntity = &put
}

func among(cells []cell, field string) bool {
	return slices.ContainsFunc(cells, func(c cell) bool { return c.field == field })
}

// refusal says that somebody else made the cell what it is, in a revision.
func (one *cell) refusal(c *change, is string, revision uint64) string {
	here, keep := "", "write it here or leave the cell empty"
	if entityColumns[one.field] == "extra" && c.PutEntity != nil {
		here, keep = " the "+one.field, "write it here or leave it out"
	}
	did := fmt.Sprintf("made%s %q", cmp.Or(here, " this"), cut(is))
	if is == "" {
		did = "took out what stood here"
		keep = "leave the cell empty"
		if here != "" {
			did, keep = "took out"+here+" that stood here", "leave it out"
		}
	}
	by := "an edit"
	if revision > 0 {
		by = fmt.Sprintf("revision %d", revision)
	}
	put, _, _ := strings.Cut(c.field(""), ".")
	return fmt.Sprintf("%s %s, and the row says something new; to keep that, %s, else change the record with %s first", by, did, keep, put)
}

// cut shortens what is only shown.
func cut(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

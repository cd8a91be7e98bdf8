package vocabulary

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxFileSize is the size of the largest vocabulary file, in bytes.
const MaxFileSize = 256 << 10

// maxNesting bounds how deep brackets and indentation may nest before the file
// is given to the parser, which recurses. The format itself needs six levels.
const maxNesting = 64

// Fault is one thing wrong with a vocabulary file.
type Fault struct {
	Line, Column int // counted from 1; 0 where the whole file is at fault
	Message      string
}

// Error is the fault with its place.
func (f Fault) Error() string {
	if f.Line == 0 {
		return f.Message
	}
	return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message)
}

// Faults is everything wrong with a vocabulary file, in the order of the file.
type Faults []Fault

// Error is the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Extend answers the vocabulary with the link kinds and statement attributes of
// a deployment's own file added behind its own. The file has the format of
// vocabulary.yaml with the keys `links` and `attributes` alone; a Spanish label
// may be left out (the English one stands in), and so may follow_the_money and
// popolo. A kind may be opposed to a standard one, and is then so both ways.
//
// The receiver is unchanged. The error is a [Faults] with everything that is
// wrong with the file, or what reading it answered; the vocabulary is then nil.
func (v *Vocabulary) Extend(r io.Reader) (*Vocabulary, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the vocabulary file: %w", err)
	}
	return parse(text, v)
}

// parse reads a file: the standard one if base is nil, else an extension.
func parse(text []byte, base *Vocabulary) (*Vocabulary, error) {
	if len(text) > MaxFileSize {
		return nil, Faults{{Message: fmt.Sprintf("the file is larger than %d KiB; split off what is not a vocabulary", MaxFileSize>>10)}}
	}
	if !utf8.Valid(text) {
		return nil, Faults{{Message: "the file is not UTF-8; save it as UTF-8"}}
	}
	if line := tooDeep(text); line > 0 {
		return nil, Faults{{Line: line, Column: 1, Message: fmt.Sprintf("nested deeper than %d levels; a vocabulary is a list of kinds", maxNesting)}}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, Faults{syntaxFault(err)}
	}
	r := &reader{base: base, v: &Vocabulary{}}
	r.start()
	for _, doc := range file.Docs {
		r.document(doc)
	}
	r.finish()
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, r.faults
	}
	return r.v, nil
}

// tooDeep answers the first line that nests deeper than maxNesting, or 0. It
// counts brackets, and block collections by their indentation and dashes,
// without knowing of quotes: a quoted text with that many brackets is no label.
func tooDeep(text []byte) int {
	line, open, dashes, leading := 1, 0, 0, true
	for _, c := range text {
		switch c {
		case '\n', '\r':
			if c == '\n' {
				line++
			}
			dashes, leading = 0, true
			continue
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case ' ', '\t':
			if leading {
				dashes++
			}
			continue
		case '-', '?', ':':
			if leading {
				dashes += 2
			}
			if open > maxNesting || dashes > 2*maxNesting {
				return line
			}
			continue
		}
		leading = false
		if open > maxNesting || dashes > 2*maxNesting {
			return line
		}
	}
	return 0
}

func syntaxFault(err error) Fault {
	if at, ok := errors.AsType[yaml.Error](err); ok {
		f := Fault{Message: at.GetMessage()}
		if t := at.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
		return f
	}
	return Fault{Message: err.Error()}
}

// reader builds a vocabulary from a file and gathers what is wrong with it.
type reader struct {
	base   *Vocabulary
	v      *Vocabulary
	faults Faults
	// linkNode and opposedNode are where each link kind, and each name that it
	// is opposed to, stands in the file.
	linkNode    map[string]ast.Node
	opposedNode map[string][]ast.Node
}

func (r *reader) fault(at ast.Node, format string, args ...any) {
	f := Fault{Message: fmt.Sprintf(format, args...)}
	if at != nil {
		if t := at.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
	}
	r.faults = append(r.faults, f)
}

func (r *reader) start() {
	r.linkNode, r.opposedNode = map[string]ast.Node{}, map[string][]ast.Node{}
	v := r.v
	if b := r.base; b != nil {
		v.groups, v.entities, v.sources = b.groups, b.entities, b.sources
		v.entityAt, v.sourceAt = b.entityAt, b.sourceAt
		v.links, v.attributes = slices.Clone(b.links), slices.Clone(b.attributes)
		v.linkAt, v.attributeAt = maps.Clone(b.linkAt), maps.Clone(b.attributeAt)
		return
	}
	v.groups = map[string][]string{}
	v.entityAt, v.linkAt = map[string]int{}, map[string]int{}
	v.attributeAt, v.sourceAt = map[string]int{}, map[string]int{}
}

func (r *reader) document(doc *ast.DocumentNode) {
	if doc.Body == nil || isNull(doc.Body) {
		return
	}
	top := r.mapping(doc.Body, "the file")
	keys := []string{"links", "attributes"}
	if r.base == nil {
		keys = []string{"groups", "entities", "links", "attributes", "sources"}
	}
	r.known(top, "the file", keys...)
	if r.base == nil {
		r.each(top, "entities", r.entity)
		if n, ok := top.get("groups"); ok {
			for _, f := range r.mapping(n, "groups").fields {
				r.v.groups[f.name] = r.kinds(f.value, f.name)
			}
		}
		r.each(top, "sources", r.source)
	}
	r.each(top, "links", r.link)
	r.each(top, "attributes", r.attribute)
}

func (r *reader) entity(n ast.Node) {
	m := r.mapping(n, "an entity kind")
	r.known(m, "an entity kind", "name", "label", "meaning", "follow_the_money", "popolo")
	name := r.name(m, r.v.entityAt, "entity kind")
	k := EntityKind{
		Name: name, NodeLabel: nodeLabel(name), Label: r.label(m, "label"), Meaning: r.required(m, "meaning"),
		FollowTheMoney: r.required(m, "follow_the_money"), Popolo: r.required(m, "popolo"),
	}
	if followTheMoney().kinds[k.FollowTheMoney] == nil {
		r.fault(m.at("follow_the_money"), "%s is not a schema of FollowTheMoney that followthemoney.csv knows", k.FollowTheMoney)
	}
	r.v.entityAt[name] = len(r.v.entities)
	r.v.entities = append(r.v.entities, k)
}

func (r *reader) source(n ast.Node) {
	m := r.mapping(n, "a source kind")
	r.known(m, "a source kind", "name", "label", "meaning")
	name := r.name(m, r.v.sourceAt, "source kind")
	r.v.sourceAt[name] = len(r.v.sources)
	r.v.sources = append(r.v.sources, SourceKind{Name: name, Label: r.label(m, "label"), Meaning: r.required(m, "meaning")})
}

func (r *reader) attribute(n ast.Node) {
	m := r.mapping(n, "an attribute")
	r.known(m, "an attribute", "name", "label", "meaning", "exclusive")
	name := r.name(m, r.v.attributeAt, "attribute")
	a := Attribute{
		Name: name, Label: r.label(m, "label"), Meaning: r.required(m, "meaning"),
		Exclusive: r.flag(m, "exclusive"), Custom: r.base != nil,
	}
	if _, ok := r.v.attributeAt[name]; !ok {
		r.v.attributeAt[name] = len(r.v.attributes)
		r.v.attributes = append(r.v.attributes, a)
	}
}

func (r *reader) link(n ast.Node) {
	m := r.mapping(n, "a link kind")
	r.known(m, "a link kind", "name", "label", "inverse", "meaning", "from", "to", "ends", "aspect", "symmetric",
		"hierarchical", "exclusive", "procedural", "about", "opposed", "follow_the_money", "popolo")
	k := LinkKind{
		Name:    r.name(m, r.v.linkAt, "link kind"),
		Label:   r.label(m, "label"),
		Meaning: r.required(m, "meaning"), Popolo: r.optional(m, "popolo"),
		Symmetric: r.flag(m, "symmetric"), Exclusive: r.flag(m, "exclusive"),
		Procedural: r.flag(m, "procedural"), About: r.flag(m, "about"),
		Custom: r.base != nil,
	}
	if slices.Contains(reserved, k.Name) {
		r.fault(m.at("name"), "%s is a relationship type that the Neo4j store keeps for citations; choose another name", k.Name)
	}
	r.linkEnds(m, &k)
	r.linkNature(m, &k)
	r.linkMapping(m, &k)
	if n, ok := m.get("opposed"); ok {
		for _, item := range r.list(n, "opposed") {
			if name, ok := r.text(item, "opposed"); ok && !slices.Contains(k.Opposed, name) {
				k.Opposed = append(k.Opposed, name)
				r.opposedNode[k.Name] = append(r.opposedNode[k.Name], item)
			}
		}
	}
	if _, ok := r.v.linkAt[k.Name]; !ok {
		r.v.linkAt[k.Name] = len(r.v.links)
		r.v.links = append(r.v.links, k)
		r.linkNode[k.Name] = m.node
	}
}

func (r *reader) linkEnds(m fields, k *LinkKind) {
	ends, hasEnds := m.get("ends")
	if hasEnds {
		for _, key := range []string{"from", "to"} {
			if _, ok := m.get(key); ok {
				r.fault(m.at(key), "%s beside ends: write either from and to, or ends", key)
			}
		}
		for _, item := range r.list(ends, "ends") {
			p := r.mapping(item, "a pair of ends")
			r.known(p, "a pair of ends", "from", "to")
			k.Ends = append(k.Ends, r.pair(p))
		}
		if len(k.Ends) == 0 {
			r.fault(ends, "ends is empty; list at least one pair {from: […], to: […]}, or leave it out for any")
		}
	} else {
		k.Ends = []Pair{r.pair(m)}
	}
	var from, to [][]string
	for _, p := range k.Ends {
		from, to = append(from, p.From), append(to, p.To)
	}
	k.From, k.To = r.union(from), r.union(to)
	if k.Symmetric {
		for _, a := range r.v.entities {
			for _, b := range r.v.entities {
				if k.AllowsEnds(a.Name, b.Name) != k.AllowsEnds(b.Name, a.Name) {
					r.fault(m.node, "%s is symmetric, but allows %s to %s in one direction only; give both ends the same kinds", k.Name, a.Name, b.Name)
					return
				}
			}
		}
	}
}

func (r *reader) pair(m fields) Pair {
	var p Pair
	if n, ok := m.get("from"); ok {
		p.From = r.kinds(n, "from")
	}
	if n, ok := m.get("to"); ok {
		p.To = r.kinds(n, "to")
	}
	return p
}

// union answers the kinds of several lists in the order of the file; nil, which
// is any, if one of them is.
func (r *reader) union(lists [][]string) []string {
	var out []string
	for _, k := range r.v.entities {
		for _, l := range lists {
			if l == nil {
				return nil
			}
			if slices.Contains(l, k.Name) && !slices.Contains(out, k.Name) {
				out = append(out, k.Name)
			}
		}
	}
	return out
}

func (r *reader) linkNature(m fields, k *LinkKind) {
	switch aspect := r.required(m, "aspect"); Aspect(aspect) {
	case Event, State:
		k.Aspect = Aspect(aspect)
	case "":
	default:
		r.fault(m.at("aspect"), "aspect is %q; write EVENT (happens at a moment) or STATE (holds for a while)", aspect)
	}
	switch superior := r.optional(m, "hierarchical"); superior {
	case "":
	case "from", "to":
		k.Hierarchical, k.Superior = true, End(strings.ToUpper(superior))
		if k.Symmetric {
			r.fault(m.at("hierarchical"), "%s is symmetric, so that neither end can stand above the other; drop one of the two", k.Name)
		}
	default:
		r.fault(m.at("hierarchical"), "hierarchical is %q; write the end that stands above the other: from or to", superior)
	}
	_, hasInverse := m.get("inverse")
	switch {
	case k.Symmetric && hasInverse:
		r.fault(m.at("inverse"), "%s is symmetric and reads the same from either end; leave inverse out", k.Name)
	case k.Symmetric:
		k.Inverse = k.Label
	default:
		k.Inverse = r.label(m, "inverse")
	}
}

func (r *reader) linkMapping(m fields, k *LinkKind) {
	k.FollowTheMoney = unknownLink
	n, ok := m.get("follow_the_money")
	if !ok {
		if r.base == nil {
			r.fault(m.node, "%s has no follow_the_money", k.Name)
		}
		return
	}
	f := r.mapping(n, "follow_the_money")
	r.known(f, "follow_the_money", "schema", "from", "to")
	k.FollowTheMoney = Mapping{Schema: r.required(f, "schema"), From: r.required(f, "from"), To: r.required(f, "to")}
	properties := followTheMoney().ranges[k.FollowTheMoney.Schema]
	if properties == nil {
		r.fault(f.at("schema"), "%q is not a schema that links can be mapped to; write one of %s", k.FollowTheMoney.Schema,
			strings.Join(slices.Sorted(maps.Keys(followTheMoney().ranges)), ", "))
		return
	}
	for key, property := range map[string]string{"from": k.FollowTheMoney.From, "to": k.FollowTheMoney.To} {
		if properties[property] == "" {
			r.fault(f.at(key), "%q is not a property of %s that holds an end; write one of %s", property, k.FollowTheMoney.Schema,
				strings.Join(slices.Sorted(maps.Keys(properties)), ", "))
		}
	}
}

// finish checks what can only be checked once every kind is known.
func (r *reader) finish() {
	for name, nodes := range r.opposedNode {
		i, ok := r.v.linkAt[name]
		if !ok {
			continue
		}
		for j, other := range r.v.links[i].Opposed {
			at, ok := r.v.linkAt[other]
			switch {
			case j >= len(nodes):
			case !ok:
				r.fault(nodes[j], "%s is opposed to %q, which is no link kind", name, other)
			case other == name:
				r.fault(nodes[j], "%s is opposed to itself", name)
			case slices.Contains(r.v.links[at].Opposed, name):
			case r.base != nil && r.linkNode[other] == nil:
				// A standard kind: the opposition of the new one is made mutual.
				k := &r.v.links[at]
				k.Opposed = append(slices.Clone(k.Opposed), name)
				slices.Sort(k.Opposed)
			default:
				r.fault(nodes[j], "%s is opposed to %s, but not the other way round; add it there too", name, other)
			}
		}
	}
}

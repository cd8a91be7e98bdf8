package vocabulary

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// field is one key of a mapping with its value.
type field struct {
	name  string
	key   ast.Node
	value ast.Node
}

// fields is a mapping of the file, each key once.
type fields struct {
	node   ast.Node
	fields []field
}

func (f fields) get(name string) (ast.Node, bool) {
	for _, x := range f.fields {
		if x.name == name {
			return x.value, true
		}
	}
	return nil, false
}

// at answers where a key stands, or the whole mapping if it is missing.
func (f fields) at(name string) ast.Node {
	for _, x := range f.fields {
		if x.name == name {
			return x.key
		}
	}
	return f.node
}

func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return n == nil || ok
}

// mapping reads a mapping; anything else is a fault, and an empty mapping.
// Anchors, aliases, tags and merge keys are not part of the format.
func (r *reader) mapping(n ast.Node, what string) fields {
	out := fields{node: n}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.fault(n, "%s must be a mapping of keys to values", what)
		return out
	}
	if len(values) > 0 {
		out.node = values[0].Key // a block mapping's own token is its first colon
	}
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			r.fault(v.Key, "a key of %s is not plain text", what)
			continue
		}
		if _, twice := out.get(key.Value); twice {
			r.fault(key, "%s has the key %s twice", what, key.Value)
			continue
		}
		out.fields = append(out.fields, field{name: key.Value, key: key, value: v.Value})
	}
	return out
}

func (r *reader) known(m fields, what string, keys ...string) {
	for _, f := range m.fields {
		if !slices.Contains(keys, f.name) {
			r.fault(f.key, "%s has no key %s; it may have %s", what, f.name, strings.Join(keys, ", "))
		}
	}
}

func (r *reader) list(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(n, "%s must be a list", what)
		return nil
	}
	return s.Values
}

func (r *reader) each(m fields, key string, read func(ast.Node)) {
	n, ok := m.get(key)
	if !ok || isNull(n) {
		return
	}
	for _, item := range r.list(n, key) {
		read(item)
	}
}

func (r *reader) text(n ast.Node, what string) (string, bool) {
	var s string
	switch n := n.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	default:
		r.fault(n, "%s must be text; put quotes around it", what)
		return "", false
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		r.fault(n, "%s is empty", what)
		return "", false
	case !isPlain(s):
		r.fault(n, "%s has a line break or a control character; write it on one line", what)
		return "", false
	}
	return s, true
}

func (r *reader) optional(m fields, key string) string {
	n, ok := m.get(key)
	if !ok {
		return ""
	}
	s, _ := r.text(n, key)
	return s
}

func (r *reader) required(m fields, key string) string {
	if _, ok := m.get(key); !ok {
		r.fault(m.node, "%s is missing", key)
		return ""
	}
	return r.optional(m, key)
}

func (r *reader) flag(m fields, key string) bool {
	n, ok := m.get(key)
	if !ok {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.fault(n, "%s must be true or false", key)
		return false
	}
	return b.Value
}

// label reads a text in both languages; an extension may leave out Spanish.
func (r *reader) label(m fields, key string) Text {
	n, ok := m.get(key)
	if !ok {
		r.fault(m.node, "%s is missing; write %s: {en: …, es: …}", key, key)
		return Text{}
	}
	f := r.mapping(n, key)
	r.known(f, key, "en", "es")
	t := Text{EN: r.required(f, "en"), ES: r.optional(f, "es")}
	if _, ok := f.get("es"); !ok {
		if r.base == nil {
			r.fault(f.node, "%s has no Spanish text", key)
		}
		t.ES = t.EN
	}
	return t
}

// name reads the name of a kind and says whether it is free.
func (r *reader) name(m fields, taken map[string]int, what string) string {
	name := r.required(m, "name")
	switch _, exists := taken[name]; {
	case name == "":
	case !namePattern.MatchString(name):
		r.fault(m.at("name"), "%q is no name for a kind; write capital letters, digits and _, beginning with a letter", name)
	case len(name) > MaxNameLength:
		r.fault(m.at("name"), "the name is %d bytes long; the most is %d", len(name), MaxNameLength)
	case exists && r.base != nil && isStandard(r.base, what, name):
		r.fault(m.at("name"), "%s is a standard %s, which cannot be defined anew; choose another name", name, what)
	case exists:
		r.fault(m.at("name"), "the %s %s is defined twice; drop one", what, name)
	}
	return name
}

func isStandard(base *Vocabulary, what, name string) bool {
	if what == "attribute" {
		a, ok := base.Attribute(name)
		return ok && !a.Custom
	}
	k, ok := base.Link(name)
	return ok && !k.Custom
}

// kinds reads a list of entity kinds and groups; nil is any.
func (r *reader) kinds(n ast.Node, what string) []string {
	if s, ok := n.(*ast.StringNode); ok && s.Value == "any" {
		return nil
	}
	named := map[string]bool{}
	for _, item := range r.list(n, what) {
		name, ok := r.text(item, what)
		if !ok {
			continue
		}
		group, isGroup := r.v.groups[name]
		_, isKind := r.v.entityAt[name]
		switch {
		case isGroup:
			for _, k := range group {
				named[k] = true
			}
		case isKind:
			named[name] = true
		default:
			r.fault(item, "%s is no entity kind; write any, or a list of %s", name, strings.Join(r.kindNames(), ", "))
		}
	}
	out := []string{}
	for _, k := range r.v.entities {
		if named[k.Name] {
			out = append(out, k.Name)
		}
	}
	if len(out) == 0 {
		r.fault(n, "%s names no entity kind; leave it out for any", what)
	}
	return out
}

// kindNames is what may stand in a list of ends.
func (r *reader) kindNames() []string {
	var out []string
	for _, k := range r.v.entities {
		out = append(out, k.Name)
	}
	var groups []string
	for g := range r.v.groups {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	return append(out, groups...)
}

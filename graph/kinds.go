package graph

import (
	"fmt"
	"io"
	"regexp"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// EntityKind is a kind of entity of the vocabulary.
type EntityKind string

// LinkKind is a kind of link: one of the standard vocabulary, or one that the
// deployment added to the schema that is served.
type LinkKind string

// StatementAttribute is an attribute of a statement: one of the standard
// vocabulary, or one that the deployment added.
type StatementAttribute string

// SourceKind is a kind of source of the vocabulary.
type SourceKind string

// Validation against the schema that is served has looked the kind up already,
// but takes lower case for upper case.
var kindName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

func unmarshalKind(v any, what string) (string, error) {
	s, ok := v.(string)
	if !ok || !kindName.MatchString(s) {
		return "", fmt.Errorf("%.40q is not %s; write it in capital letters, as the vocabulary does", fmt.Sprint(v), what)
	}
	return s, nil
}

func marshalKind(w io.Writer, s string) { graphql.MarshalString(s).MarshalGQL(w) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (k *EntityKind) UnmarshalGQL(v any) error {
	s, err := unmarshalKind(v, "a kind of entity")
	*k = EntityKind(s)
	return err
}

// MarshalGQL implements graphql.Marshaler.
func (k EntityKind) MarshalGQL(w io.Writer) { marshalKind(w, string(k)) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (k *LinkKind) UnmarshalGQL(v any) error {
	s, err := unmarshalKind(v, "a kind of link")
	*k = LinkKind(s)
	return err
}

// MarshalGQL implements graphql.Marshaler.
func (k LinkKind) MarshalGQL(w io.Writer) { marshalKind(w, string(k)) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (k *StatementAttribute) UnmarshalGQL(v any) error {
	s, err := unmarshalKind(v, "an attribute")
	*k = StatementAttribute(s)
	return err
}

// MarshalGQL implements graphql.Marshaler.
func (k StatementAttribute) MarshalGQL(w io.Writer) { marshalKind(w, string(k)) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (k *SourceKind) UnmarshalGQL(v any) error {
	s, err := unmarshalKind(v, "a kind of source")
	*k = SourceKind(s)
	return err
}

// MarshalGQL implements graphql.Marshaler.
func (k SourceKind) MarshalGQL(w io.Writer) { marshalKind(w, string(k)) }

// Vocabulary is the vocabulary as a query shows it.
type Vocabulary struct{ v *vocabulary.Vocabulary }

// EntityKinds are the kinds of entity.
func (v *Vocabulary) EntityKinds() []*EntityKindDefinition {
	return mapped(v.v.Entities(), func(k vocabulary.EntityKind) *EntityKindDefinition { return &EntityKindDefinition{k} })
}

// LinkKinds are the kinds of link.
func (v *Vocabulary) LinkKinds() []*LinkKindDefinition {
	return mapped(v.v.Links(), func(k vocabulary.LinkKind) *LinkKindDefinition { return &LinkKindDefinition{k} })
}

// Attributes are the attributes of statements.
func (v *Vocabulary) Attributes() []*AttributeDefinition {
	return mapped(v.v.Attributes(), func(a vocabulary.Attribute) *AttributeDefinition { return &AttributeDefinition{a} })
}

// SourceKinds are the kinds of source.
func (v *Vocabulary) SourceKinds() []*SourceKindDefinition {
	return mapped(v.v.SourceKinds(), func(k vocabulary.SourceKind) *SourceKindDefinition { return &SourceKindDefinition{k} })
}

func mapped[T, U any](in []T, f func(T) U) []U {
	out := make([]U, len(in))
	for i, x := range in {
		out[i] = f(x)
	}
	return out
}

// EntityKindDefinition is what a kind of entity means.
type EntityKindDefinition struct{ k vocabulary.EntityKind }

// Name is the kind.
func (d *EntityKindDefinition) Name() EntityKind { return EntityKind(d.k.Name) }

// Label is the kind in words.
func (d *EntityKindDefinition) Label(lang string) string { return d.k.Label.In(lang) }

// Meaning is what it means.
func (d *EntityKindDefinition) Meaning() string { return d.k.Meaning }

// LinkKindDefinition is what a kind of link means.
type LinkKindDefinition struct{ k vocabulary.LinkKind }

// Name is the kind.
func (d *LinkKindDefinition) Name() LinkKind { return LinkKind(d.k.Name) }

// Label is the kind in words.
func (d *LinkKindDefinition) Label(lang string) string { return d.k.Label.In(lang) }

// Inverse is the kind in words, read backwards.
func (d *LinkKindDefinition) Inverse(lang string) string { return d.k.Inverse.In(lang) }

// Meaning is what it means.
func (d *LinkKindDefinition) Meaning() string { return d.k.Meaning }

// From are the kinds of entity at the beginning.
func (d *LinkKindDefinition) From() []EntityKind { return entityKinds(d.k.From) }

// To are the kinds of entity at the end.
func (d *LinkKindDefinition) To() []EntityKind { return entityKinds(d.k.To) }

func entityKinds(names []string) []EntityKind {
	return mapped(names, func(n string) EntityKind { return EntityKind(n) })
}

// Aspect says whether it happens or lasts.
func (d *LinkKindDefinition) Aspect() Aspect { return Aspect(d.k.Aspect) }

// Symmetric says whether it reads the same from either end.
func (d *LinkKindDefinition) Symmetric() bool { return d.k.Symmetric }

// Superior is the end that stands above.
func (d *LinkKindDefinition) Superior() *LinkEnd {
	if d.k.Superior == vocabulary.NoEnd {
		return nil
	}
	end := LinkEnd(d.k.Superior)
	return &end
}

// Exclusive says whether two holders at once contradict each other.
func (d *LinkKindDefinition) Exclusive() bool { return d.k.Exclusive }

// Procedural says whether it is a step of a procedure.
func (d *LinkKindDefinition) Procedural() bool { return d.k.Procedural }

// About says whether it may name the claim that it speaks of.
func (d *LinkKindDefinition) About() bool { return d.k.About }

// Opposed are the kinds that say the opposite.
func (d *LinkKindDefinition) Opposed() []LinkKind {
	return mapped(d.k.Opposed, func(n string) LinkKind { return LinkKind(n) })
}

// Custom says whether the deployment added it.
func (d *LinkKindDefinition) Custom() bool { return d.k.Custom }

// AttributeDefinition is what an attribute means.
type AttributeDefinition struct{ a vocabulary.Attribute }

// Name is the attribute.
func (d *AttributeDefinition) Name() StatementAttribute { return StatementAttribute(d.a.Name) }

// Label is the attribute in words.
func (d *AttributeDefinition) Label(lang string) string { return d.a.Label.In(lang) }

// Meaning is what it means.
func (d *AttributeDefinition) Meaning() string { return d.a.Meaning }

// Exclusive says whether two values at once contradict each other.
func (d *AttributeDefinition) Exclusive() bool { return d.a.Exclusive }

// Custom says whether the deployment added it.
func (d *AttributeDefinition) Custom() bool { return d.a.Custom }

// SourceKindDefinition is what a kind of source means.
type SourceKindDefinition struct{ k vocabulary.SourceKind }

// Name is the kind.
func (d *SourceKindDefinition) Name() SourceKind { return SourceKind(d.k.Name) }

// Label is the kind in words.
func (d *SourceKindDefinition) Label(lang string) string { return d.k.Label.In(lang) }

// Meaning is what it means.
func (d *SourceKindDefinition) Meaning() string { return d.k.Meaning }

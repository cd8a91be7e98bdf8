package vocabulary

import (
	"fmt"
	"strings"
)

// GraphQL answers the enums of the schema: EntityKind, LinkKind,
// StatementAttribute and SourceKind, each value with its meaning as its
// description. Kinds that a deployment added come with the others, so that the
// schema that is served can be built from it.
func (v *Vocabulary) GraphQL() string {
	var b strings.Builder
	b.WriteString("# Generated from internal/evidence/vocabulary/vocabulary.yaml. DO NOT EDIT;\n" +
		"# change that file and run: go generate ./internal/evidence/vocabulary\n")
	enum := func(name, description string) {
		fmt.Fprintf(&b, "\n%s\nenum %s {\n", quote(description), name)
	}
	value := func(name, description string) {
		fmt.Fprintf(&b, "  %s\n  %s\n", quote(description), name)
	}
	enum("EntityKind", "What an entity is.")
	for _, k := range v.entities {
		value(k.Name, k.Meaning)
	}
	b.WriteString("}\n")
	enum("LinkKind", "What a link says of the entities at its ends.")
	for _, k := range v.links {
		value(k.Name, k.Meaning)
	}
	b.WriteString("}\n")
	enum("StatementAttribute", "What a statement says of its entity.")
	for _, a := range v.attributes {
		value(a.Name, a.Meaning)
	}
	b.WriteString("}\n")
	enum("SourceKind", "What sort of document a source is.")
	for _, s := range v.sources {
		value(s.Name, s.Meaning)
	}
	b.WriteString("}\n")
	return b.String()
}

// quote writes a description as a GraphQL string.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Markdown answers the documentation page of the vocabulary: one table for the
// entities, one for each link kind, one for the attributes and one for the
// source kinds.
func (v *Vocabulary) Markdown() string {
	var b strings.Builder
	b.WriteString(`<!-- Generated from internal/evidence/vocabulary/vocabulary.yaml; change that file and run: go generate ./internal/evidence/vocabulary -->

# The vocabulary

Every entity, link, statement and source is of one of the kinds on this page. The names in capitals are the values of the enums in the GraphQL schema and, for links, the relationship types in Neo4j.

- An **EVENT** happens at a moment: without an end it ends when it began. A **STATE** holds for a while: without an end it is not known until when.
- A **symmetric** kind says the same from either end and is found from both. The direction it was asserted in is kept.
- A **hierarchical** kind puts one end above the other; chains of command follow it.
- Two different holders of an **exclusive** kind at one time contradict each other.
- A **procedural** kind is a step of a procedure or an utterance. Its standing is REPORTED, OFFICIALLY_FOUND, REFUTED or RETRACTED: a charge is not itself charged.
- **Opposed** kinds on one entity are shown as a contradiction.
- The FollowTheMoney counterpart is used where its properties can point to both ends; otherwise the link becomes an UnknownLink with the kind as its role.

A deployment adds link kinds and attributes in a file of its own; the format is at the end of this page.

## Entities

| kind | in Neo4j | label | etiqueta | meaning | FollowTheMoney | Popolo |
|---|---|---|---|---|---|---|
`)
	for _, k := range v.entities {
		row(&b, code(k.Name), code(k.NodeLabel), k.Label.EN, k.Label.ES, k.Meaning, k.FollowTheMoney, k.Popolo)
	}
	b.WriteString("\n## Links\n")
	for _, k := range v.links {
		linkTable(&b, k)
	}
	b.WriteString("\n## Attributes of statements\n\n| attribute | label | etiqueta | meaning | exclusive |\n|---|---|---|---|---|\n")
	for _, a := range v.attributes {
		row(&b, code(a.Name), a.Label.EN, a.Label.ES, a.Meaning, yesNo(a.Exclusive))
	}
	b.WriteString("\n## Sources\n\n| kind | label | etiqueta | meaning |\n|---|---|---|---|\n")
	for _, s := range v.sources {
		row(&b, code(s.Name), s.Label.EN, s.Label.ES, s.Meaning)
	}
	b.WriteString(`
## Kinds of your own

` + "```yaml" + `
links:
  - name: EXTORTS
    label: {en: extorts, es: extorsiona a}
    inverse: {en: is extorted by, es: es extorsionado por}
    meaning: Takes money or favours from the other by threats.
    from: [PERSON, CRIMINAL_GROUP]
    to: [AGENT]            # a group: every kind but places and events
    aspect: STATE          # or EVENT
    opposed: [PROTECTS]
attributes:
  - name: CALL_SIGN
    label: {en: call sign, es: indicativo}
    meaning: The name that the person or unit uses on the radio.
` + "```" + `

A kind needs a name, a label, a meaning and an aspect, and an inverse label unless it is symmetric. ` +
		"`from`, `to`" + ` (left out: any) or ` + "`ends`" + ` (a list of pairs) say what may stand at its ends. ` +
		"`symmetric`, `exclusive`, `procedural` and `about`" + ` (it may name the claim that it speaks of) are false unless set; ` +
		"`hierarchical`" + ` names the end that stands above. Standard kinds cannot be defined anew. Every fault of the file is reported with its line and column.
`)
	return b.String()
}

func linkTable(b *strings.Builder, k LinkKind) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| | |\n|---|---|\n", k.Name, k.Meaning)
	row(b, "reads", k.Label.EN+" / "+k.Label.ES)
	if !k.Symmetric {
		row(b, "inverse", k.Inverse.EN+" / "+k.Inverse.ES)
	}
	var ends []string
	for _, p := range k.Ends {
		ends = append(ends, kindList(p.From)+" → "+kindList(p.To))
	}
	row(b, "ends", strings.Join(ends, "; "))
	row(b, "aspect", string(k.Aspect))
	var nature []string
	if k.Symmetric {
		nature = append(nature, "symmetric")
	}
	if k.Hierarchical {
		nature = append(nature, "hierarchical ("+strings.ToLower(string(k.Superior))+" stands above)")
	}
	if k.Exclusive {
		nature = append(nature, "exclusive")
	}
	if k.Procedural {
		nature = append(nature, "procedural")
	}
	if k.About {
		nature = append(nature, "may name the claim it is about")
	}
	if len(nature) > 0 {
		row(b, "nature", strings.Join(nature, ", "))
	}
	if len(k.Opposed) > 0 {
		row(b, "opposed to", code(strings.Join(k.Opposed, "`, `")))
	}
	row(b, "FollowTheMoney", fmt.Sprintf("%s (%s → %s)", k.FollowTheMoney.Schema, k.FollowTheMoney.From, k.FollowTheMoney.To))
	if k.Popolo != "" {
		row(b, "Popolo", k.Popolo)
	}
}

func row(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}

func code(s string) string { return "`" + s + "`" }

func kindList(kinds []string) string {
	if kinds == nil {
		return "any"
	}
	return strings.Join(kinds, ", ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// Package vocabulary holds the kinds of entity, link, statement and source that
// claims are made of, read from one embedded file.
//
// Everything that needs to know a kind reads it from here: validation, the
// enums of the schema, the documentation page and the relationship types of
// Neo4j. A deployment adds link kinds and statement attributes of its own with
// [Vocabulary.Extend]; it cannot change or remove those of the standard file.
package vocabulary

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./gen -root ../../..

// Aspect says how a link of a kind relates to time.
type Aspect string

// The aspects. For an EVENT an empty end of the valid time is its beginning;
// for a STATE it is unknown.
const (
	Event Aspect = "EVENT"
	State Aspect = "STATE"
)

// End names one end of a link.
type End string

// The ends of a link; NoEnd is the zero value, for "neither".
const (
	NoEnd End = ""
	From  End = "FROM"
	To    End = "TO"
)

// LastResort is the name of the link kind for documented ties that no other
// kind fits.
const LastResort = "LINKED_TO"

// Identity is the name of the link kind that says of two entities that they
// are the same.
const Identity = "SAME_AS"

// Text is a short text in the languages of the project.
type Text struct {
	EN string // English
	ES string // Spanish
}

// In answers the text in a language given by its tag ("es", "es-MX", "en");
// English for any other.
func (t Text) In(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if base == "es" {
		return t.ES
	}
	return t.EN
}

// EntityKind is a kind of entity.
type EntityKind struct {
	Name           string // as in the API and the stores: MILITARY_UNIT
	NodeLabel      string // as in Neo4j and in case files: MilitaryUnit
	Label          Text   // for people: "military unit"
	Meaning        string // one or two plain sentences
	FollowTheMoney string // schema
	Popolo         string // class
}

// Pair is one allowed combination of ends: any kind of From with any of To.
// An empty list allows every entity kind.
type Pair struct{ From, To []string }

// Mapping is a FollowTheMoney schema with the properties of it that hold the
// two ends of a link.
type Mapping struct{ Schema, From, To string }

// LinkKind is a kind of link.
type LinkKind struct {
	Name    string // COMMANDS; also the relationship type in Neo4j
	Label   Text   // read from `from` to `to`: "commands"
	Inverse Text   // read from `to` to `from`: "is commanded by"
	Meaning string // one or two plain sentences

	// From and To are the entity kinds that may stand at each end, in the
	// order of Entities; nil allows any. Ends holds the exact combinations:
	// ask AllowsEnds.
	From, To []string
	Ends     []Pair

	Aspect       Aspect
	Symmetric    bool // says the same from either end
	Hierarchical bool // one end stands above the other
	Superior     End  // which one; NoEnd if not hierarchical
	Exclusive    bool // two different holders (from) of one `to` at once contradict each other
	Procedural   bool // a step of a procedure or an utterance; see evidence.Standing.FitsProcedure
	About        bool // may name the claim that it speaks of

	Opposed        []string // kinds that say the opposite of the same entity; mutual
	FollowTheMoney Mapping  // use FollowTheMoneyFor for two given ends
	Popolo         string   // nearest class or property, empty if there is none
	Custom         bool     // added by the deployment
}

// AllowsEnds says whether a link of the kind may go from an entity of one kind
// to an entity of another.
func (k LinkKind) AllowsEnds(from, to string) bool {
	for _, p := range k.Ends {
		if allows(p.From, from) && allows(p.To, to) {
			return true
		}
	}
	return false
}

func allows(kinds []string, kind string) bool {
	return kinds == nil || slices.Contains(kinds, kind)
}

// Attribute is a kind of statement.
type Attribute struct {
	Name      string // RANK
	Label     Text
	Meaning   string
	Exclusive bool // two different values at once contradict each other
	Custom    bool // added by the deployment
}

// SourceKind is a kind of source.
type SourceKind struct {
	Name    string // OFFICIAL_REPORT
	Label   Text
	Meaning string
}

// Vocabulary is an immutable set of kinds; it is safe for concurrent use. What
// its methods answer is shared: do not write to it.
type Vocabulary struct {
	groups     map[string][]string
	entities   []EntityKind
	links      []LinkKind
	attributes []Attribute
	sources    []SourceKind

	entityAt, linkAt, attributeAt, sourceAt map[string]int
}

//go:embed vocabulary.yaml
var standardFile []byte

var standard = sync.OnceValue(func() *Vocabulary {
	v, err := parse(standardFile, nil)
	if err != nil {
		panic(fmt.Sprintf("the embedded vocabulary.yaml: %v", err)) // a fault of the build; TestStandard finds it
	}
	return v
})

// Standard answers the vocabulary that the program is built with.
func Standard() *Vocabulary { return standard() }

// Entities answers the entity kinds in the order of the file.
func (v *Vocabulary) Entities() []EntityKind { return v.entities }

// Links answers the link kinds in the order of the file, a deployment's own last.
func (v *Vocabulary) Links() []LinkKind { return v.links }

// Attributes answers the statement attributes in the order of the file, a
// deployment's own last.
func (v *Vocabulary) Attributes() []Attribute { return v.attributes }

// SourceKinds answers the source kinds in the order of the file.
func (v *Vocabulary) SourceKinds() []SourceKind { return v.sources }

// Entity finds an entity kind by its name, PERSON.
func (v *Vocabulary) Entity(name string) (EntityKind, bool) {
	i, ok := v.entityAt[name]
	if !ok {
		return EntityKind{}, false
	}
	return v.entities[i], true
}

// EntityByNodeLabel finds an entity kind by its label in Neo4j and in case
// files, MilitaryUnit.
func (v *Vocabulary) EntityByNodeLabel(label string) (EntityKind, bool) {
	i := slices.IndexFunc(v.entities, func(k EntityKind) bool { return k.NodeLabel == label })
	if i < 0 {
		return EntityKind{}, false
	}
	return v.entities[i], true
}

// Link finds a link kind by its name.
func (v *Vocabulary) Link(name string) (LinkKind, bool) {
	i, ok := v.linkAt[name]
	if !ok {
		return LinkKind{}, false
	}
	return v.links[i], true
}

// Attribute finds a statement attribute by its name.
func (v *Vocabulary) Attribute(name string) (Attribute, bool) {
	i, ok := v.attributeAt[name]
	if !ok {
		return Attribute{}, false
	}
	return v.attributes[i], true
}

// SourceKind finds a source kind by its name.
func (v *Vocabulary) SourceKind(name string) (SourceKind, bool) {
	i, ok := v.sourceAt[name]
	if !ok {
		return SourceKind{}, false
	}
	return v.sources[i], true
}

// Opposed says whether two link kinds say the opposite of one entity.
func (v *Vocabulary) Opposed(a, b string) bool {
	k, ok := v.Link(a)
	return ok && slices.Contains(k.Opposed, b)
}

// nodeLabel turns MILITARY_UNIT into MilitaryUnit.
func nodeLabel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}

// MaxNameLength is the length of the longest name of a kind, in bytes.
const MaxNameLength = 64

var namePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// reserved are relationship types that the Neo4j store uses between claims,
// citations and sources: a link kind of the same name would join entities to
// sources in hand-written queries.
var reserved = []string{"HAS_CITATION", "IN_SOURCE"}

// isPlain says whether a text is fit to be shown on one line.
func isPlain(s string) bool {
	return !bytes.ContainsFunc([]byte(s), func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' })
}

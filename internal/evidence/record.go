package evidence

import (
	"slices"
	"strings"
	"unicode"

	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// Content is what one version of a record says: *Entity, *Source, *Claim or
// *Citation. Content is never changed in place once a store has it.
type Content interface {
	// RecordID is the id of the record whose content it is.
	RecordID() ID
	// Type is the record's type.
	Type() RecordType
	// OwnClearance is the lowest clearance that may see the record, apart from
	// what it depends on.
	OwnClearance() Clearance
}

// Record is one version of a record with what is derived from the graph.
type Record struct {
	Content Content
	// From is the revision that wrote this version; To the one that replaced or
	// closed it, or Open.
	From, To Sequence
	// Derived is computed from the graph; see Derived. On a version of the past
	// it is computed as of that revision.
	Derived Derived
}

// IsOpen says whether the version still stands.
func (r *Record) IsOpen() bool { return r != nil && r.To == Open }

// ID is the record's id.
func (r *Record) ID() ID { return r.Content.RecordID() }

// Entity returns the content of an entity's record; nil for other types.
func (r *Record) Entity() *Entity { e, _ := r.Content.(*Entity); return e }

// Source returns the content of a source's record; nil for other types.
func (r *Record) Source() *Source { s, _ := r.Content.(*Source); return s }

// Claim returns the content of a link's or statement's record; nil for others.
func (r *Record) Claim() *Claim { c, _ := r.Content.(*Claim); return c }

// Citation returns the content of a citation's record; nil for other types.
func (r *Record) Citation() *Citation { c, _ := r.Content.(*Citation); return c }

// Entity is a person, unit, force, group, body, organization, place or event.
// Its own fields identify it and accuse nobody; whatever asserts something of
// it is a Claim.
type Entity struct {
	ID          ID        `json:"id" cbor:"1,keyasint"`
	Kind        string    `json:"kind" cbor:"2,keyasint"` // an entity kind of the vocabulary
	Identity    Identity  `json:"identity,omitempty" cbor:"3,keyasint,omitempty"`
	Names       []Name    `json:"names" cbor:"4,keyasint"` // the first is the primary one
	Description string    `json:"description,omitempty" cbor:"5,keyasint,omitempty"`
	Country     string    `json:"country,omitempty" cbor:"6,keyasint,omitempty"` // ISO 3166-1 alpha-2, or International
	When        string    `json:"when,omitempty" cbor:"7,keyasint,omitempty"`    // EDTF; of an event
	Point       *Point    `json:"point,omitempty" cbor:"8,keyasint,omitempty"`
	Notes       []Note    `json:"notes,omitempty" cbor:"9,keyasint,omitempty"` // by key, sorted
	Clearance   Clearance `json:"clearance,omitempty" cbor:"10,keyasint,omitempty"`
}

// Name is one name of an entity, cleared on its own.
type Name struct {
	Text      string    `json:"text" cbor:"1,keyasint"`
	Type      NameType  `json:"type,omitempty" cbor:"2,keyasint,omitempty"`
	Language  string    `json:"language,omitempty" cbor:"3,keyasint,omitempty"` // BCP 47
	Clearance Clearance `json:"clearance,omitempty" cbor:"4,keyasint,omitempty"`
	Sources   []ID      `json:"sources,omitempty" cbor:"5,keyasint,omitempty"`
}

// NameType says what sort of name it is.
type NameType uint8

// The types of name.
const (
	PrimaryName NameType = iota
	AliasName
	TransliterationName
	AcronymName
	FormerName
)

var nameTypeNames = [...]string{"PRIMARY", "ALIAS", "TRANSLITERATION", "ACRONYM", "FORMER"}

// String is the type's name as the API writes it.
func (t NameType) String() string { return nameOf(nameTypeNames[:], int(t)) }

// ParseNameType reads a name type.
func ParseNameType(s string) (NameType, error) {
	i, err := indexOf("a name type", nameTypeNames[:], s)
	return NameType(i), err //nolint:gosec // an index into five names
}

// Point is a place on the Earth in WGS 84 degrees, with where it was read.
type Point struct {
	Latitude  float64 `json:"latitude" cbor:"1,keyasint"`
	Longitude float64 `json:"longitude" cbor:"2,keyasint"`
	Source    string  `json:"source,omitempty" cbor:"3,keyasint,omitempty"`
}

// Note is an editorial remark under a key, such as role or rank; it identifies
// and asserts nothing.
type Note struct {
	Key   string `json:"key" cbor:"1,keyasint"`
	Value string `json:"value" cbor:"2,keyasint"`
}

// VisibleNames are the names that a reader of the clearance sees, the primary
// one first.
func (e *Entity) VisibleNames(c Clearance) []Name {
	hidden := slices.ContainsFunc(e.Names, func(n Name) bool { return n.Clearance > c })
	if !hidden {
		return e.Names
	}
	return slices.DeleteFunc(slices.Clone(e.Names), func(n Name) bool { return n.Clearance > c })
}

// PrimaryName is the text of the primary name. Whoever sees the entity may see
// it: validation keeps it at or below the entity's own clearance.
func (e *Entity) PrimaryName() string { return e.Names[0].Text }

// Source is a document that a reader can open.
type Source struct {
	ID          ID          `json:"id" cbor:"1,keyasint"`
	Kind        string      `json:"kind" cbor:"2,keyasint"` // a source kind of the vocabulary
	Title       string      `json:"title" cbor:"3,keyasint"`
	Author      string      `json:"author,omitempty" cbor:"4,keyasint,omitempty"`
	Publisher   string      `json:"publisher,omitempty" cbor:"5,keyasint,omitempty"`
	Published   string      `json:"published,omitempty" cbor:"6,keyasint,omitempty"` // EDTF
	URL         string      `json:"url,omitempty" cbor:"7,keyasint,omitempty"`
	Archive     string      `json:"archive,omitempty" cbor:"8,keyasint,omitempty"` // archived URL or shelf mark
	Language    string      `json:"language,omitempty" cbor:"9,keyasint,omitempty"`
	Reliability Reliability `json:"reliability,omitempty" cbor:"10,keyasint,omitempty"`
	DerivedFrom []ID        `json:"derivedFrom,omitempty" cbor:"11,keyasint,omitempty"` // sorted
	Captures    []Capture   `json:"captures,omitempty" cbor:"12,keyasint,omitempty"`    // oldest first
	Clearance   Clearance   `json:"clearance,omitempty" cbor:"13,keyasint,omitempty"`
}

// Capture describes the stored bytes of a source.
type Capture struct {
	SHA256    string `json:"sha256" cbor:"1,keyasint"` // hexadecimal, lower case
	Length    int64  `json:"length" cbor:"2,keyasint"` // bytes
	MediaType string `json:"mediaType" cbor:"3,keyasint"`
	Captured  string `json:"captured" cbor:"4,keyasint"` // RFC 3339, UTC
	// Text is the SHA-256 of the extracted text, which is stored like a capture;
	// empty where none could be extracted.
	Text string `json:"text,omitempty" cbor:"5,keyasint,omitempty"`
}

// Reliability is the Admiralty grade of a source (NATO AJP-2.1), A to F.
// The zero value is F: reliability cannot be judged.
type Reliability uint8

// The grades of reliability.
const (
	ReliabilityF Reliability = iota // cannot be judged
	ReliabilityA                    // completely reliable
	ReliabilityB                    // usually reliable
	ReliabilityC                    // fairly reliable
	ReliabilityD                    // not usually reliable
	ReliabilityE                    // unreliable
)

var reliabilityNames = [...]string{"F", "A", "B", "C", "D", "E"}

// String is the grade's letter.
func (r Reliability) String() string { return nameOf(reliabilityNames[:], int(r)) }

// ParseReliability reads a grade's letter.
func ParseReliability(s string) (Reliability, error) {
	i, err := indexOf("a reliability", reliabilityNames[:], s)
	return Reliability(i), err //nolint:gosec // an index into six names
}

// Claim is one asserted relation (a link) or attribute (a statement) with valid
// time and standing. The ends are those it was asserted with, for ever.
type Claim struct {
	ID       ID               `json:"id" cbor:"1,keyasint"`
	Of       RecordType       `json:"of" cbor:"2,keyasint"`   // LinkRecord or StatementRecord
	Kind     string           `json:"kind" cbor:"3,keyasint"` // link kind, or attribute of a statement
	From     ID               `json:"from" cbor:"4,keyasint"` // the entity of a statement
	To       ID               `json:"to,omitempty" cbor:"5,keyasint,omitempty"`
	Value    string           `json:"value,omitempty" cbor:"6,keyasint,omitempty"` // of a statement
	Role     string           `json:"role,omitempty" cbor:"7,keyasint,omitempty"`
	Summary  string           `json:"summary,omitempty" cbor:"8,keyasint,omitempty"`
	Since    string           `json:"since,omitempty" cbor:"9,keyasint,omitempty"` // EDTF
	Until    string           `json:"until,omitempty" cbor:"10,keyasint,omitempty"`
	Observed []string         `json:"observed,omitempty" cbor:"11,keyasint,omitempty"`
	About    ID               `json:"about,omitempty" cbor:"12,keyasint,omitempty"` // the claim a denial speaks of
	Standing []StandingChange `json:"standing" cbor:"13,keyasint"`                  // oldest first, never empty
	Accepted bool             `json:"accepted,omitempty" cbor:"14,keyasint,omitempty"`
	// Clearance is the claim's own; what it depends on may demand more.
	Clearance Clearance `json:"clearance,omitempty" cbor:"15,keyasint,omitempty"`
}

// StandingChange is one step in a claim's standing. The first is the one it was
// asserted with; every later one is shown by a citation of the claim.
type StandingChange struct {
	Standing Standing `json:"standing" cbor:"1,keyasint"`
	On       string   `json:"on,omitempty" cbor:"2,keyasint,omitempty"` // EDTF
	Citation ID       `json:"citation,omitempty" cbor:"3,keyasint,omitempty"`
	Note     string   `json:"note,omitempty" cbor:"4,keyasint,omitempty"`
}

// SameAs is the kind of link that says two entities are one.
const SameAs = "SAME_AS"

// Valid is the claim's valid time, parsed. The expressions of a stored claim
// always parse: Plan refuses others.
func (c *Claim) Valid() edtf.Valid {
	v := edtf.Valid{Since: parsed(c.Since), Until: parsed(c.Until)}
	for _, o := range c.Observed {
		v.Observed = append(v.Observed, parsed(o))
	}
	return v
}

func parsed(s string) edtf.Date {
	d, err := edtf.Parse(s)
	if err != nil {
		return edtf.Date{}
	}
	return d
}

// Citation ties a claim to a place in a source.
type Citation struct {
	ID               ID          `json:"id" cbor:"1,keyasint"`
	Claim            ID          `json:"claim" cbor:"2,keyasint"`
	Source           ID          `json:"source" cbor:"3,keyasint"`
	Stance           Stance      `json:"stance,omitempty" cbor:"4,keyasint,omitempty"`
	Locator          string      `json:"locator,omitempty" cbor:"5,keyasint,omitempty"`
	Quote            *Quote      `json:"quote,omitempty" cbor:"6,keyasint,omitempty"`
	Credibility      Credibility `json:"credibility,omitempty" cbor:"7,keyasint,omitempty"`
	AsserterWords    string      `json:"asserterWords,omitempty" cbor:"8,keyasint,omitempty"`
	AsserterEntity   ID          `json:"asserterEntity,omitempty" cbor:"9,keyasint,omitempty"`
	StandingInSource string      `json:"standingInSource,omitempty" cbor:"10,keyasint,omitempty"`
	Note             string      `json:"note,omitempty" cbor:"11,keyasint,omitempty"`
	Clearance        Clearance   `json:"clearance,omitempty" cbor:"12,keyasint,omitempty"`
}

// Quote is a W3C TextQuoteSelector (Web Annotation Data Model, 4.2.4).
type Quote struct {
	Exact  string `json:"exact" cbor:"1,keyasint"`
	Prefix string `json:"prefix,omitempty" cbor:"2,keyasint,omitempty"`
	Suffix string `json:"suffix,omitempty" cbor:"3,keyasint,omitempty"`
}

// HasWords says whether there is anything to look for in the exact words: a
// character that is seen, and no dash. Others can be found nowhere.
func (q Quote) HasWords() bool {
	return strings.ContainsFunc(q.Exact, func(r rune) bool {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), strings.ContainsRune(dashes, r):
			return false
		case r == 0x34f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef: // grapheme joiner, variation selectors
			return false
		}
		return !unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	})
}

// dashes are those that quotes are compared without; docs/quotes.md lists them.
const dashes = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"

// Credibility is the Admiralty grade of one piece of information, 1 (confirmed)
// to 6 (truth cannot be judged). The zero value stands for 6.
type Credibility uint8

// Grade is the number 1 to 6.
func (c Credibility) Grade() int {
	if c == 0 {
		return 6
	}
	return int(c)
}

// RecordID implements Content.
func (e *Entity) RecordID() ID { return e.ID }

// RecordID implements Content.
func (s *Source) RecordID() ID { return s.ID }

// RecordID implements Content.
func (c *Claim) RecordID() ID { return c.ID }

// RecordID implements Content.
func (c *Citation) RecordID() ID { return c.ID }

// Type implements Content.
func (e *Entity) Type() RecordType { return EntityRecord }

// Type implements Content.
func (s *Source) Type() RecordType { return SourceRecord }

// Type implements Content.
func (c *Claim) Type() RecordType { return c.Of }

// Type implements Content.
func (c *Citation) Type() RecordType { return CitationRecord }

// OwnClearance implements Content.
func (e *Entity) OwnClearance() Clearance { return e.Clearance }

// OwnClearance implements Content.
func (s *Source) OwnClearance() Clearance { return s.Clearance }

// OwnClearance implements Content.
func (c *Claim) OwnClearance() Clearance { return c.Clearance }

// OwnClearance implements Content.
func (c *Citation) OwnClearance() Clearance { return c.Clearance }

package evidence

import (
	"fmt"
	"strings"
)

// ID names one record for ever. Entities, sources, claims and citations share
// one space of ids, so that a reader can ask for a node by its id alone.
type ID string

// MaxIDLength is the length of the longest id, in bytes.
const MaxIDLength = 128

// Valid says whether the id may be given to a record: 1 to 128 ASCII letters,
// digits and the signs . _ : ~ -, beginning with a letter or a digit.
func (id ID) Valid() bool {
	if len(id) == 0 || len(id) > MaxIDLength {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case i > 0 && strings.IndexByte("._:~-", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// Sequence is a store's own position in the log of revisions; 0 stands before
// the first one. Readers never see it: they see Revision numbers, which count
// per clearance.
type Sequence uint64

// Open is the end of a version that still stands.
const Open = Sequence(1<<63 - 1)

// Clearance says who may know of a record. A reader cleared for one level sees
// that level and all below it.
type Clearance uint8

// The levels of clearance, lowest first.
const (
	Public Clearance = iota
	Restricted
	Confidential
)

// Clearances is the number of levels.
const Clearances = 3

// Hidden is the visibility of a record that nobody sees now: a closed one.
const Hidden Clearance = Clearances

var clearanceNames = [...]string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL"}

// String is the level's name as the API writes it.
func (c Clearance) String() string { return nameOf(clearanceNames[:], int(c)) }

// ParseClearance reads a level's name.
func ParseClearance(s string) (Clearance, error) {
	i, err := indexOf("a clearance", clearanceNames[:], s)
	return Clearance(i), err //nolint:gosec // an index into three names
}

// View is what one reader may see at one moment.
type View struct {
	Clearance Clearance
	// KnownAt is the last revision the reader knows of; Open means the newest.
	KnownAt Sequence
}

// Now is the view of the newest revision at a clearance.
func Now(c Clearance) View { return View{Clearance: c, KnownAt: Open} }

// IsNow says whether the view follows the newest revision.
func (v View) IsNow() bool { return v.KnownAt == Open }

// RecordType tells the four sorts of record apart; claims are of two types.
type RecordType uint8

// The types of record.
const (
	EntityRecord RecordType = iota + 1
	SourceRecord
	LinkRecord
	StatementRecord
	CitationRecord
)

var recordTypeNames = [...]string{"", "ENTITY", "SOURCE", "LINK", "STATEMENT", "CITATION"}

// String is the type's name.
func (t RecordType) String() string { return nameOf(recordTypeNames[:], int(t)) }

// IsClaim says whether records of the type are claims.
func (t RecordType) IsClaim() bool { return t == LinkRecord || t == StatementRecord }

// Identity says how far an entity is identified.
type Identity uint8

// The grades of identity.
const (
	Named        Identity = iota // known by its own name
	AliasOnly                    // known only by an alias, such as "El Chucky"
	Unidentified                 // one particular unknown, such as "an unnamed colonel"
	Class                        // a class, such as "Mexican cartels"
)

var identityNames = [...]string{"NAMED", "ALIAS_ONLY", "UNIDENTIFIED", "CLASS"}

// String is the grade's name as the API writes it.
func (i Identity) String() string { return nameOf(identityNames[:], int(i)) }

// ParseIdentity reads a grade's name.
func ParseIdentity(s string) (Identity, error) {
	i, err := indexOf("an identity", identityNames[:], s)
	return Identity(i), err //nolint:gosec // an index into four names
}

// IsPlaceholder says whether the entity stands for something not identified;
// such entities are found and carry paths only when asked for.
func (i Identity) IsPlaceholder() bool { return i == Unidentified || i == Class }

// Stance is what a source does to a claim at the place that is cited.
type Stance uint8

// The stances.
const (
	Supports Stance = iota
	Disputes
	Mentions
)

var stanceNames = [...]string{"SUPPORTS", "DISPUTES", "MENTIONS"}

// String is the stance's name as the API writes it.
func (s Stance) String() string { return nameOf(stanceNames[:], int(s)) }

// ParseStance reads a stance's name.
func ParseStance(s string) (Stance, error) {
	i, err := indexOf("a stance", stanceNames[:], s)
	return Stance(i), err //nolint:gosec // an index into three names
}

// Standing is the public and legal state of the conduct that is claimed, apart
// from how strong its evidence is.
type Standing uint8

// The standings.
const (
	Reported Standing = iota
	Alleged
	Investigated
	Charged
	Convicted
	Acquitted
	Dismissed
	OfficiallyFound
	Denied
	Refuted
	Retracted
)

var standingNames = [...]string{
	"REPORTED", "ALLEGED", "INVESTIGATED", "CHARGED", "CONVICTED", "ACQUITTED",
	"DISMISSED", "OFFICIALLY_FOUND", "DENIED", "REFUTED", "RETRACTED",
}

// String is the standing's name as the API writes it.
func (s Standing) String() string { return nameOf(standingNames[:], int(s)) }

// ParseStanding reads a standing's name.
func ParseStanding(s string) (Standing, error) {
	i, err := indexOf("a standing", standingNames[:], s)
	return Standing(i), err //nolint:gosec // an index into eleven names
}

// FitsProcedure says whether the standing makes sense on a procedural kind
// (CHARGED_BY, ACQUITTED_BY …), whose links are themselves acts of a procedure.
func (s Standing) FitsProcedure() bool {
	return s == Reported || s == OfficiallyFound || s == Refuted || s == Retracted
}

// Direction says on which end of a link an entity stands.
type Direction uint8

// The directions, seen from the entity.
const (
	Any Direction = iota
	Outgoing
	Incoming
)

var directionNames = [...]string{"ANY", "OUT", "IN"}

// String is the direction's name as the API writes it.
func (d Direction) String() string { return nameOf(directionNames[:], int(d)) }

func nameOf(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("unknown(%d)", i)
	}
	return names[i]
}

func indexOf(what string, names []string, s string) (int, error) {
	for i, n := range names {
		if n == s && n != "" {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is not %s; write one of %s", s, what, strings.Join(names, ", "))
}

package evidence

import (
	"encoding/json"
	"slices"
)

// ChangeSet is what a client asks to be changed, all of it or nothing.
type ChangeSet struct {
	Reason         string `json:"reason"`
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
	// ExpectedRevision is the number (at the author's clearance) that the client
	// last saw; a record named here that has changed since is a CONFLICT.
	ExpectedRevision *uint64  `json:"expectedRevision,omitempty"`
	Changes          []Change `json:"changes"`
	// Unreadable is what whoever read the set could not put into it. Such a set is
	// refused, and these faults are told with all others.
	Unreadable []UnreadableInput `json:"-"`

	digest string // once it was made for good
}

// UnreadableInput is a part of a change set that its types cannot hold.
type UnreadableInput struct {
	Index int // of the change; -1 for the set itself
	Fault
}

// Change is exactly one of its fields.
type Change struct {
	PutEntity       *PutEntity       `json:"putEntity,omitempty"`
	PutSource       *PutSource       `json:"putSource,omitempty"`
	AssertLink      *AssertLink      `json:"assertLink,omitempty"`
	AssertStatement *AssertStatement `json:"assertStatement,omitempty"`
	Cite            *Cite            `json:"cite,omitempty"`
	SetStanding     *SetStanding     `json:"setStanding,omitempty"`
	SetClearance    *SetClearance    `json:"setClearance,omitempty"`
	Retract         *Retract         `json:"retract,omitempty"`
	MergeEntities   *MergeEntities   `json:"mergeEntities,omitempty"`
	AttachCapture   *AttachCapture   `json:"attachCapture,omitempty"`
	RecordChecks    *RecordChecks    `json:"recordChecks,omitempty"`
	Undo            *Undo            `json:"undo,omitempty"`
}

// Optional is a field of an upsert: absent keeps what is there, null clears it.
type Optional[T any] struct {
	Set   bool // the field was given
	Null  bool // it was given as null
	Value T
}

// Of is a given value.
func Of[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

// Null is a given null.
func Null[T any]() Optional[T] { return Optional[T]{Set: true, Null: true} }

// IsZero lets an absent field be left out of JSON.
func (o Optional[T]) IsZero() bool { return !o.Set }

// MarshalJSON writes null or the value.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.Null || !o.Set {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// UnmarshalJSON reads null or the value; an absent field is not read at all.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	if string(data) == "null" {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// or is the value to keep: the old one where the field is absent, the zero
// value where it is null.
func (o Optional[T]) or(old T) T {
	if !o.Set {
		return old
	}
	return o.Value
}

// PutEntity makes an entity or changes the fields that are given.
type PutEntity struct {
	ID          ID                  `json:"id,omitempty"`
	Kind        Optional[string]    `json:"kind,omitzero"`
	Identity    Optional[string]    `json:"identity,omitzero"`
	Name        Optional[string]    `json:"name,omitzero"`
	Aliases     Optional[[]string]  `json:"aliases,omitzero"` // shorthand for names of type ALIAS
	Names       Optional[[]NewName] `json:"names,omitzero"`   // all other names, in place of aliases
	Description Optional[string]    `json:"description,omitzero"`
	Country     Optional[string]    `json:"country,omitzero"`
	When        Optional[string]    `json:"when,omitzero"`
	Point       Optional[Point]     `json:"point,omitzero"`
	Notes       Optional[[]Note]    `json:"notes,omitzero"`
	Clearance   Optional[string]    `json:"clearance,omitzero"`
}

// Given are the names that it gives.
func (c *PutEntity) Given() []string {
	given := slices.Clone(c.Aliases.Value)
	if c.Name.Value != "" {
		given = append(given, c.Name.Value)
	}
	for _, n := range c.Names.Value {
		given = append(given, n.Text)
	}
	return given
}

// NewName is a name beside the primary one.
type NewName struct {
	Text      string `json:"text"`
	Type      string `json:"type,omitempty"`
	Language  string `json:"language,omitempty"`
	Clearance string `json:"clearance,omitempty"`
	Sources   []ID   `json:"sources,omitempty"`
}

// PutSource makes a source or changes the fields that are given.
type PutSource struct {
	ID          ID               `json:"id,omitempty"`
	Kind        Optional[string] `json:"kind,omitzero"`
	Title       Optional[string] `json:"title,omitzero"`
	Author      Optional[string] `json:"author,omitzero"`
	Publisher   Optional[string] `json:"publisher,omitzero"`
	Published   Optional[string] `json:"published,omitzero"`
	URL         Optional[string] `json:"url,omitzero"`
	Archive     Optional[string] `json:"archive,omitzero"`
	Language    Optional[string] `json:"language,omitzero"`
	Reliability Optional[string] `json:"reliability,omitzero"`
	DerivedFrom Optional[[]ID]   `json:"derivedFrom,omitzero"`
	Clearance   Optional[string] `json:"clearance,omitzero"`
}

// ValidTime is a valid time as a client writes it.
type ValidTime struct {
	Since    string   `json:"since,omitempty"`
	Until    string   `json:"until,omitempty"`
	Observed []string `json:"observed,omitempty"`
}

// AssertLink asserts a link between two entities.
type AssertLink struct {
	ID        ID            `json:"id,omitempty"`
	Kind      string        `json:"kind"`
	From      ID            `json:"from"`
	To        ID            `json:"to"`
	Role      string        `json:"role,omitempty"`
	Summary   string        `json:"summary,omitempty"`
	Valid     ValidTime     `json:"valid,omitzero"`
	Standing  string        `json:"standing,omitempty"` // REPORTED where absent
	About     ID            `json:"about,omitempty"`
	Clearance string        `json:"clearance,omitempty"`
	Citations []NewCitation `json:"citations"`
}

// AssertStatement asserts an attribute of an entity.
type AssertStatement struct {
	ID        ID            `json:"id,omitempty"`
	Entity    ID            `json:"entity"`
	Attribute string        `json:"attribute"`
	Value     string        `json:"value"`
	Summary   string        `json:"summary,omitempty"`
	Valid     ValidTime     `json:"valid,omitzero"`
	Standing  string        `json:"standing,omitempty"`
	About     ID            `json:"about,omitempty"`
	Clearance string        `json:"clearance,omitempty"`
	Citations []NewCitation `json:"citations"`
}

// NewCitation is a citation to be made.
type NewCitation struct {
	ID               ID        `json:"id,omitempty"`
	Source           ID        `json:"source"`
	Stance           string    `json:"stance,omitempty"` // SUPPORTS where absent
	Locator          string    `json:"locator,omitempty"`
	Quote            *Quote    `json:"quote,omitempty"`
	Credibility      int       `json:"credibility,omitempty"` // 1 to 6; 6 where absent
	AssertedBy       *Asserter `json:"assertedBy,omitempty"`
	StandingInSource string    `json:"standingInSource,omitempty"`
	Note             string    `json:"note,omitempty"`
	Clearance        string    `json:"clearance,omitempty"`
}

// Asserter is who asserts a claim in a source: words, an entity, or both.
type Asserter struct {
	Words  string `json:"words,omitempty"`
	Entity ID     `json:"entity,omitempty"`
}

// Cite adds a citation to a claim.
type Cite struct {
	Claim    ID          `json:"claim"`
	Citation NewCitation `json:"citation"`
}

// SetStanding adds a change of standing, shown by a citation that it adds.
type SetStanding struct {
	Claim    ID          `json:"claim"`
	Standing string      `json:"standing"`
	On       string      `json:"on,omitempty"`
	Note     string      `json:"note,omitempty"`
	Citation NewCitation `json:"citation"` // MENTIONS where its stance is absent
}

// SetClearance changes the clearance of any record, closed ones too.
type SetClearance struct {
	ID        ID     `json:"id"`
	Clearance string `json:"clearance"`
}

// Retract closes a record and what cannot stand without it.
type Retract struct {
	ID ID `json:"id"`
}

// MergeEntities asserts and accepts that two entities are the same, or accepts
// a candidate SAME_AS link that is already there.
type MergeEntities struct {
	Link      ID            `json:"link,omitempty"`   // a candidate to accept, or the id of the link to make
	Absorb    ID            `json:"absorb,omitempty"` // the entity whose id becomes a former id
	Into      ID            `json:"into,omitempty"`
	Summary   string        `json:"summary,omitempty"`
	Clearance string        `json:"clearance,omitempty"`
	Citations []NewCitation `json:"citations,omitempty"`
}

// AttachCapture adds a capture to a source. Its bytes are already stored. A source
// that has the document keeps what is recorded of it, unless it is read anew.
type AttachCapture struct {
	Source  ID      `json:"source"`
	Capture Capture `json:"capture"`
	// Reread puts the media type and the text in the place of those recorded.
	Reread bool `json:"reread,omitempty"`
}

// RecordChecks writes down what comparing quotes with captures gave.
type RecordChecks struct {
	Checks []CitationCheck `json:"checks"`
}

// CitationCheck is the outcome for one citation.
type CitationCheck struct {
	Citation ID         `json:"citation"`
	Check    QuoteCheck `json:"check"`
}

// Undo writes the inverse of what a revision opened and closed.
type Undo struct {
	Revision uint64 `json:"revision"` // number at the author's clearance
}

package neo4j

import (
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
)

// The places in the list of a type: a record that stands has its visibility.
const (
	hiddenPlace     = int64(evidence.Hidden) // newest version, seen by nobody now
	supersededPlace = hiddenPlace + 1
	placesOfType    = 8
)

// slotOf is the list that a version stands in: 8 times the number of its record
// type, plus its visibility (3 where it is closed), or 4 where it was replaced.
func slotOf(t evidence.RecordType, place int64) int64 { return int64(t)*placesOfType + place }

func typeOfSlot(slot int64) evidence.RecordType {
	return evidence.RecordType(slot / placesOfType) //nolint:gosec // a small number that slotOf made
}

var recordTypes = []evidence.RecordType{evidence.EntityRecord, evidence.SourceRecord, evidence.LinkRecord, evidence.StatementRecord, evidence.CitationRecord}

// listsOf are the lists of some types, in the order of these, up to a place.
func listsOf(last int64, types ...evidence.RecordType) []int64 {
	lists := make([]int64, 0, len(types)*int(last+1))
	for _, t := range types {
		for place := range last + 1 {
			lists = append(lists, slotOf(t, place))
		}
	}
	return lists
}

// slots are the lists of a type that a view reads.
func slots(t evidence.RecordType, view evidence.View) []int64 {
	last := int64(view.Clearance)
	if !view.IsNow() {
		last = supersededPlace
	}
	var all []int64
	for place := int64(0); place <= last; place++ {
		// What is raised above a clearance is hidden from it in the past too, so of the
		// entities and sources that are there now, those of higher places are never
		// seen. A claim may have been seen by what is withdrawn since.
		if raised := place > int64(view.Clearance) && place <= int64(evidence.Confidential); raised && (t == evidence.EntityRecord || t == evidence.SourceRecord) {
			continue
		}
		all = append(all, slotOf(t, place))
	}
	return all
}

// recordProperties are what the node of a version has. Every property that a
// record of the type can have is in it, nil where this one has not, so that
// adding the map to a node takes away what is gone.
func (s *Store) recordProperties(r *evidence.Record, superseded bool) (map[string]any, error) {
	data, err := evidence.EncodeContent(r.Content)
	if err != nil {
		return nil, err
	}
	place := int64(r.Derived.Visibility)
	if superseded {
		place = supersededPlace
	}
	derived, err := derivedProperty(r, superseded)
	if err != nil {
		return nil, err
	}
	p := map[string]any{
		"id": string(r.ID()), "slot": slotOf(r.Content.Type(), place), "key": r.Derived.Key,
		"revision": int64(r.From), "closedBy": nil, //nolint:gosec // sequences stay below Open
		"own": int64(r.Content.OwnClearance()), "now": int64(r.Derived.Now), "clearance": nil,
		"text": signed(evidence.FullText(r.Content), place), "data": data, "derived": derived,
	}
	if own := r.Content.OwnClearance(); own > evidence.Public {
		p["clearance"] = own.String()
	}
	if r.To != evidence.Open {
		p["closedBy"] = int64(r.To) //nolint:gosec // as above
	}
	switch c := r.Content.(type) {
	case *evidence.Entity:
		entityProperties(p, c)
	case *evidence.Source:
		sourceProperties(p, c)
	case *evidence.Claim:
		s.claimProperties(p, c, &r.Derived)
		if drawn(r) && !superseded {
			for _, name := range onRelationship {
				p[name] = nil
			}
		}
	case *evidence.Citation:
		citationProperties(p, c, &r.Derived)
	}
	return p, nil
}

// onRelationship are properties of a claim that the node of a link that is drawn lacks,
// since its relationship has them.
var onRelationship = []string{"role", "summary", "since", "until", "standing", "strength"}

// derivedProperty is the property `derived` of a version. Most of what cites nothing and
// is not replaced has none: what is derived for it is in its other properties, as
// plainDerived reads it.
func derivedProperty(r *evidence.Record, superseded bool) (any, error) {
	if plain, is := plainDerived(r.Content.Type(), int64(r.Derived.Visibility), r.Derived.Key); is && !superseded && r.Derived == plain {
		return nil, nil //nolint:nilnil // no property
	}
	return evidence.EncodeDerived(&r.Derived)
}

// plainDerived is what is derived for a version without the property `derived`, by its
// place and key. No claim is without, nor what does not stand.
func plainDerived(of evidence.RecordType, place int64, key string) (d evidence.Derived, is bool) {
	if of == evidence.LinkRecord || of == evidence.StatementRecord || place >= hiddenPlace {
		return d, false
	}
	c := evidence.Clearance(place) //nolint:gosec // 0 to 2
	return evidence.Derived{Now: c, Visibility: c, Key: key}, true
}

// decodeDerived reads what derivedProperty made.
func decodeDerived(slot int64, key string, derived []byte) (evidence.Derived, error) {
	if derived == nil {
		if plain, is := plainDerived(typeOfSlot(slot), slot%placesOfType, key); is {
			return plain, nil
		}
	}
	return evidence.DecodeDerived(derived)
}

func orNil[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

func texted[T any](list []T, text func(T) string) any {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = text(v)
	}
	return out
}

func entityProperties(p map[string]any, e *evidence.Entity) {
	p["kind"], p["kindKey"] = e.Kind, evidence.ClaimKeyPrefix(e.Kind)+p["key"].(string) //nolint:forcetypeassert // set by the caller
	p["name"] = e.PrimaryName()
	p["aliases"] = texted(e.Names[1:], func(n evidence.Name) string { return n.Text })
	p["identity"], p["placeholder"] = e.Identity.String(), e.Identity.IsPlaceholder()
	p["description"], p["country"], p["when"] = orNil(e.Description), orNil(e.Country), orNil(e.When)
	p["latitude"], p["longitude"] = nil, nil
	if e.Point != nil {
		p["latitude"], p["longitude"] = e.Point.Latitude, e.Point.Longitude
	}
	p["notes"] = texted(e.Notes, func(n evidence.Note) string { return n.Key + ": " + n.Value })
}

func sourceProperties(p map[string]any, s *evidence.Source) {
	p["kind"], p["kindKey"] = s.Kind, evidence.ClaimKeyPrefix(s.Kind)+p["key"].(string) //nolint:forcetypeassert // set by the caller
	p["title"], p["author"], p["publisher"], p["published"] = s.Title, orNil(s.Author), orNil(s.Publisher), orNil(s.Published)
	p["url"], p["archive"], p["language"], p["reliability"] = orNil(s.URL), orNil(s.Archive), orNil(s.Language), s.Reliability.String()
	p["captures"] = texted(s.Captures, func(c evidence.Capture) string { return c.SHA256 })
}

func (s *Store) claimProperties(p map[string]any, c *evidence.Claim, d *evidence.Derived) {
	p["kind"], p["from"], p["to"], p["about"] = c.Kind, string(c.From), orNil(string(c.To)), orNil(string(c.About))
	p["value"], p["role"], p["summary"], p["since"], p["until"] = orNil(c.Value), orNil(c.Role), orNil(c.Summary), orNil(c.Since), orNil(c.Until)
	p["observed"] = texted(c.Observed, func(s string) string { return s })
	p["accepted"] = orNil(c.Accepted)
	p["standing"], p["strength"], p["supports"], p["disputes"], p["mentions"] = nil, nil, nil, nil, nil
	if d.Visibility < evidence.Hidden {
		all := d.At(evidence.Confidential)
		p["standing"], p["strength"] = all.Standing.String(), int64(all.Strength)
		p["supports"], p["disputes"], p["mentions"] = orNil(int64(all.Supports)), orNil(int64(all.Disputes)), orNil(int64(all.Mentions))
	}
	if c.Of == evidence.LinkRecord {
		p["edge"] = packEdge(c, d, s.vocabulary)
		p["rank"], p["rankSlot"] = rankOf(p["slot"].(int64), d) //nolint:forcetypeassert // set by the caller
	}
}

// mixedSlots is what is added to the slot of links that are not equally strong
// for all who see them.
const mixedSlots = 100

// rankOf is the place of a link that is seen now among those of its ends by
// strength: the strongest first, those of one strength by key. It counts for all
// who see the link, or, where what only some see makes it weaker or stronger, for
// the lowest clearance that sees it; the list that it is in tells which.
func rankOf(slot int64, d *evidence.Derived) (rank, rankSlot any) {
	if d.Visibility >= evidence.Hidden || slot%placesOfType > int64(evidence.Confidential) {
		return nil, nil
	}
	strength := d.At(d.Visibility).Strength
	for c := d.Visibility; c <= evidence.Confidential; c++ {
		if d.At(c).Strength != strength {
			slot += mixedSlots
			break
		}
	}
	return fmt.Sprintf("%04d %s", maxStrength-strength, d.Key), slot
}

// rankBelow is what ranks of links of at least a strength come before, and those of
// weaker ones do not.
func rankBelow(least int) string { return fmt.Sprintf("%04d", maxStrength-least+1) }

// maxStrength is that of the strongest link.
const maxStrength = 1000

func citationProperties(p map[string]any, c *evidence.Citation, d *evidence.Derived) {
	p["claim"], p["source"], p["stance"], p["sourceKey"] = string(c.Claim), string(c.Source), c.Stance.String(), evidence.SourceKey(c)
	p["locator"], p["note"], p["assertedBy"], p["asserter"] = orNil(c.Locator), orNil(c.Note), orNil(c.AsserterWords), orNil(string(c.AsserterEntity))
	p["standingInSource"], p["credibility"] = orNil(c.StandingInSource), int64(c.Credibility.Grade())
	p["quote"], p["check"] = nil, nil
	if c.Quote != nil {
		p["quote"] = c.Quote.Exact
	}
	if d.Check != nil {
		p["check"] = d.Check.State.String()
	}
}

// acceptance says of an identity whether it was accepted, in so many words: Cypher
// finds nothing by `NOT r.accepted` where the property is missing. Nil of others.
func acceptance(c *evidence.Claim) any {
	if c.Kind != evidence.SameAs {
		return nil
	}
	return c.Accepted
}

// linkProperties are what the native relationship of a link has, at full
// clearance.
func linkProperties(c *evidence.Claim, d *evidence.Derived) map[string]any {
	all := d.At(evidence.Confidential)
	return map[string]any{
		"id": string(c.ID), "role": orNil(c.Role), "summary": orNil(c.Summary), "since": orNil(c.Since), "until": orNil(c.Until),
		"standing": all.Standing.String(), "strength": int64(all.Strength), "supports": int64(all.Supports), "disputes": int64(all.Disputes),
		"clearance": d.Visibility.String(), "accepted": acceptance(c),
	}
}

// maxSourceLines is how many sources a native relationship shows.
const maxSourceLines = 5

// sourceLine shows a source so that a click in Neo4j Browser opens it.
func sourceLine(title, url, archive string) string {
	switch {
	case url != "":
		return title + " — " + url
	case archive != "":
		return title + " — " + archive
	default:
		return title
	}
}

// sourceLines shows the first sources of a list, each once. Each is its id,
// title, URL and archive.
func sourceLines(list []any) []string {
	seen := map[string]bool{}
	lines := []string{}
	for _, one := range list {
		parts, ok := one.([]any)
		if !ok || len(parts) != 4 {
			continue
		}
		var texts [4]string
		for i := range parts {
			texts[i], _ = parts[i].(string)
		}
		if !seen[texts[0]] && len(lines) < maxSourceLines {
			seen[texts[0]] = true
			lines = append(lines, sourceLine(texts[1], texts[2], texts[3]))
		}
	}
	return lines
}

// drawn says whether the record is a link that stands and so is a native
// relationship.
func drawn(r *evidence.Record) bool {
	return r.IsOpen() && r.Content.Type() == evidence.LinkRecord && r.Derived.Visibility < evidence.Hidden
}

// labelsOf are the labels of a record's newest version beside Version and Record.
func (s *Store) labelsOf(r *evidence.Record) (string, error) {
	if !r.IsOpen() {
		return closedLabels, nil
	}
	switch c := r.Content.(type) {
	case *evidence.Entity:
		k, ok := s.vocabulary.Entity(c.Kind)
		if !ok {
			return "", unknownKind(c.Kind)
		}
		return entityLabels(k), nil
	case *evidence.Source:
		return sourceLabels, nil
	case *evidence.Claim:
		if c.Of == evidence.LinkRecord {
			return linkLabels, nil
		}
		return statementLabels, nil
	default:
		return citationLabels, nil
	}
}

func unknownKind(kind string) error {
	return fmt.Errorf("the kind %q is not in the vocabulary that the store was opened with; open it with the vocabulary file of the deployment that uses it", kind)
}

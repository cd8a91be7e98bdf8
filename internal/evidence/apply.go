package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// apply takes one change into the workspace and gives the id it concerns. Faults
// are noted, not returned: the error is the snapshot's or a limit's.
func (w *workspace) apply(c *Change) (ID, error) {
	switch {
	case c.PutEntity != nil:
		return w.putEntity(c.PutEntity)
	case c.PutSource != nil:
		return w.putSource(c.PutSource)
	case c.AssertLink != nil:
		return w.assertLink(c.AssertLink)
	case c.AssertStatement != nil:
		return w.assertStatement(c.AssertStatement)
	case c.Cite != nil:
		return w.cite(c.Cite)
	case c.SetStanding != nil:
		return w.setStanding(c.SetStanding)
	case c.SetClearance != nil:
		return w.setClearance(c.SetClearance)
	case c.Retract != nil:
		return w.retract(c.Retract)
	case c.MergeEntities != nil:
		return w.mergeEntities(c.MergeEntities)
	case c.AttachCapture != nil:
		return w.attachCapture(c.AttachCapture)
	case c.RecordChecks != nil:
		return w.recordChecks(c.RecordChecks)
	default:
		return w.undo(c.Undo)
	}
}

// choose gives the slot of an id that the client chose, or of one that is made.
// Where the id cannot be had, the fault is noted and the slot is void, so that
// the rest of the change is checked all the same.
func (w *workspace) choose(id ID, at, field string) *slot {
	if id == "" {
		return w.get(w.planner.NewID())
	}
	if !id.Valid() {
		w.fault(InvalidInput, at+field, "%q is not an id; use 1 to %d letters, digits and . _ : ~ -, beginning with a letter or digit", id, MaxIDLength)
		return void(id)
	}
	s := w.get(id)
	if w.sees(s) {
		w.mention(s, at, field)
		return s
	}
	if !hasPrefix(id, w.author.IDPrefix) {
		w.fault(Forbidden, at+field, "ids that you choose begin with %q; put it before %q, or leave the id out", w.author.IDPrefix, id)
		return void(id)
	}
	if was := w.wasClosed(s); was != nil {
		w.mention(was, at, field)
		return was
	}
	if s.content != nil && (s.open || s.now > w.author.Clearance) {
		w.fault(DuplicateID, at+field, "%q cannot be used; choose another id", id)
		return void(id)
	}
	w.mention(s, at, field)
	return s
}

// wasClosed is a record that stands, out of the author's sight, as they know it:
// closed. Else nil.
func (w *workspace) wasClosed(s *slot) *slot {
	if s.left {
		return &slot{id: s.id, base: s.base, content: s.content, now: s.now, void: true}
	}
	if !s.open || s.touched || s.base == nil || s.now > w.author.Clearance {
		return nil
	}
	gone, err := w.goneAt(s)
	if gone == Open && err == nil {
		return nil
	}
	there := false
	if err == nil {
		there, err = w.stoodUntil(s, gone)
	}
	if err != nil {
		w.later(func() error { return err })
	}
	if !there {
		return nil
	}
	was := *s.base
	was.To = gone
	return &slot{id: s.id, base: &was, content: s.content, now: s.now, void: true}
}

func void(id ID) *slot { return &slot{id: id, void: true} }

// chooseFor is choose for a record that is put: one of another type that has the
// id already is a fault.
func (w *workspace) chooseFor(id ID, at, field string, t RecordType) *slot {
	s := w.choose(id, at, field)
	if s.content != nil && s.content.Type() != t {
		w.fault(DuplicateID, at+field, "%q is the id of a %s; choose another", s.id, s.content.Type())
		return void(id)
	}
	return s
}

func hasPrefix(id ID, prefix string) bool {
	return len(id) >= len(prefix) && string(id[:len(prefix)]) == prefix
}

// known gives the slot of a record that the change speaks of, which must be
// open and visible.
func (w *workspace) known(id ID, path, what string, types ...RecordType) *slot {
	return w.knownIn(w.place(id), path, "", what, types...)
}

// knownIn is known for the slot of an id, nil for none, in a field of what stands at a
// path.
func (w *workspace) knownIn(s *slot, at, field, what string, types ...RecordType) *slot {
	if s == nil {
		w.fault(InvalidInput, at+field, "it is empty; give the id of %s", what)
		return nil
	}
	s.asked = true
	if !w.sees(s) || len(types) > 0 && !slices.Contains(types, s.content.Type()) {
		w.fault(UnknownID, at+field, "there is no %s %q; make it first, or mend the id", what, s.id)
		return nil
	}
	w.mention(s, at, field)
	return s
}

// refer checks, when all changes are applied, that a record is there.
func (w *workspace) refer(id ID, path, what string, types ...RecordType) {
	if id != "" {
		w.later(func() error { w.known(id, path, what, types...); return nil })
	}
}

// short gives a list, or none where too many are given for one record. A list that
// is kept from before there was a limit may be longer.
func short[T any](w *workspace, path, what string, given []T) []T {
	if len(given) <= maxList {
		return given
	}
	w.fault(LimitExceeded, path, "%d are given, and %s; leave some out", len(given), fmt.Sprintf(what, maxList))
	return nil
}

func (w *workspace) putEntity(c *PutEntity) (ID, error) {
	const at = "putEntity."
	s := w.chooseFor(c.ID, at, "id", EntityRecord)
	old, ok := s.content.(*Entity)
	e := Entity{ID: s.id}
	if ok {
		e = *old
		e.Clearance = s.now // of a closed record it may have been changed since
	}
	e.Kind = c.Kind.or(e.Kind)
	if _, known := w.planner.Vocabulary.Entity(e.Kind); !known {
		w.fault(InvalidInput, at+"kind", "%q is not a kind of entity; see the vocabulary", e.Kind)
		if w.kindless == nil {
			w.kindless = map[ID]bool{}
		}
		w.kindless[s.id] = true
	}
	if c.Identity.Set {
		e.Identity = parse(w, at, "identity", c.Identity.Value, Named, ParseIdentity)
	}
	e.Clearance = w.clearance(at+"clearance", c.Clearance, e.Clearance)
	w.putNames(&e, c, old)
	e.Description = c.Description.or(e.Description)
	w.text(at+"description", e.Description, maxText, false)
	if c.Country.Set { // what is kept may be from before countries were checked
		e.Country = w.country(at+"country", c.Country.Value)
	}
	e.When = c.When.or(e.When)
	w.date(at+"when", e.When)
	if c.Point.Set {
		e.Point = nil
		if p := c.Point.Value; !c.Point.Null {
			if !(p.Latitude >= -90 && p.Latitude <= 90 && p.Longitude >= -180 && p.Longitude <= 180) {
				w.fault(InvalidInput, at+"point", "latitude %v, longitude %v is not a place on Earth; give degrees, -90 to 90 and -180 to 180", p.Latitude, p.Longitude)
			}
			w.text(at+"point.source", p.Source, maxReason, false)
			e.Point = &p
		}
	}
	if c.Notes.Set {
		e.Notes = sortNotes(short(w, at+"notes", "an entity has at most %d notes", c.Notes.Value))
		for i, n := range e.Notes {
			w.text(fmt.Sprintf("%snotes[%d].key", at, i), n.Key, maxShort, true)
			w.text(fmt.Sprintf("%snotes[%d].value", at, i), n.Value, maxText, false)
		}
	}
	if ok && (c.Names.Set || c.Aliases.Set) {
		e = *w.keepHidden(&e, old).(*Entity) //nolint:forcetypeassert // the same type
	}
	if ok && old.Kind != e.Kind {
		if err := w.checkEndsOf(s, e.Kind); err != nil {
			return s.id, err
		}
	}
	w.put(s, &e)
	return s.id, nil
}

// International stands for the country of what belongs to none, such as a
// commission of several.
const International = "INT"

// countryCode is a code of ISO 3166-1 alpha-2 by its form, or International.
var countryCode = regexp.MustCompile(`^([A-Za-z]{2}|[Ii][Nn][Tt])$`)

// country reads the code of a country in either case.
func (w *workspace) country(path, code string) string {
	if code != "" && !countryCode.MatchString(code) {
		w.fault(InvalidInput, path, "%.40q is not the code of a country; give two letters (ISO 3166-1 alpha-2), such as MX, or %s for what belongs to no one country", code, International)
	}
	return strings.ToUpper(code)
}

func sortNotes(notes []Note) []Note {
	sorted := slices.Clone(notes)
	slices.SortStableFunc(sorted, func(a, b Note) int {
		if a.Key < b.Key {
			return -1
		}
		if a.Key > b.Key {
			return 1
		}
		return 0
	})
	return sorted
}

// checkEndsOf makes sure that an entity's new kind still fits its links.
func (w *workspace) checkEndsOf(s *slot, kind string) error {
	if err := w.related(ClaimsOn, []ID{s.id}); err != nil {
		return err
	}
	var ends []ID
	for _, claim := range w.dependentOn(s.id) {
		c := claim.content.(*Claim) //nolint:forcetypeassert // the index holds claims
		ends = append(ends, c.From, c.To)
	}
	if err := w.load(ends); err != nil {
		return err
	}
	w.later(func() error {
		for _, claim := range w.dependentOn(s.id) {
			c := claim.content.(*Claim) //nolint:forcetypeassert // the index holds claims
			if !claim.open || c.Of != LinkRecord || !w.sees(claim) {
				continue
			}
			if w.misfits(c) {
				w.fault(InvalidEnds, "putEntity.kind", "%q cannot become a %s while it is an end of %s link %q; retract the link first", s.id, kind, c.Kind, c.ID)
			} else if w.isAccepted(c.ID) && w.mixesKinds(c) { // of what is accepted only now, that change is at fault
				w.fault(InvalidEnds, "putEntity.kind", "%q cannot become a %s while link %q says that %q and %q are the same; change both in one change set, or retract the link first", s.id, kind, c.ID, c.From, c.To)
			}
		}
		return nil
	})
	return nil
}

// endsFit says whether a link's kind joins entities of the kinds its ends have.
func (w *workspace) endsFit(c *Claim) bool {
	kind, ok := w.planner.Vocabulary.Link(c.Kind)
	from, fromOK := w.get(c.From).content.(*Entity)
	to, toOK := w.get(c.To).content.(*Entity)
	return ok && fromOK && toOK && kind.AllowsEnds(from.Kind, to.Kind)
}

// misfits says that the ends of a link do not fit its kind, where that is not only
// because a kind that an end was given was refused.
func (w *workspace) misfits(c *Claim) bool {
	return !w.kindless[c.From] && !w.kindless[c.To] && !w.endsFit(c)
}

// mixesKinds says that a link is an accepted identity of entities of two kinds.
func (w *workspace) mixesKinds(c *Claim) bool {
	from, fromOK := w.get(c.From).content.(*Entity)
	to, toOK := w.get(c.To).content.(*Entity)
	return c.Kind == SameAs && c.Accepted && fromOK && toOK && from.Kind != to.Kind && !w.kindless[c.From] && !w.kindless[c.To]
}

func (w *workspace) putSource(c *PutSource) (ID, error) {
	const at = "putSource."
	s := w.chooseFor(c.ID, at, "id", SourceRecord)
	old, ok := s.content.(*Source)
	src := Source{ID: s.id}
	if ok {
		src = *old
		src.Clearance = s.now // of a closed record it may have been changed since
	}
	src.Kind = c.Kind.or(src.Kind)
	if _, known := w.planner.Vocabulary.SourceKind(src.Kind); !known {
		w.fault(InvalidInput, at+"kind", "%q is not a kind of source; see the vocabulary", src.Kind)
	}
	src.Title = c.Title.or(src.Title)
	w.text(at+"title", src.Title, maxReason, true)
	src.Author, src.Publisher = c.Author.or(src.Author), c.Publisher.or(src.Publisher)
	w.text(at+"author", src.Author, maxReason, false)
	w.text(at+"publisher", src.Publisher, maxReason, false)
	src.Published = c.Published.or(src.Published)
	w.date(at+"published", src.Published)
	src.URL, src.Archive, src.Language = c.URL.or(src.URL), c.Archive.or(src.Archive), c.Language.or(src.Language)
	if what := urlFault(src.URL); what != "" {
		w.fault(InvalidInput, at+"url", "%s; give an http or https address", what)
	}
	w.text(at+"archive", src.Archive, maxReason, false)
	w.text(at+"language", src.Language, maxShort, false)
	if c.Reliability.Set {
		src.Reliability = ReliabilityF
		if !c.Reliability.Null {
			src.Reliability = parse(w, at, "reliability", c.Reliability.Value, ReliabilityF, ParseReliability)
		}
	}
	src.Clearance = w.clearance(at+"clearance", c.Clearance, src.Clearance)
	if c.DerivedFrom.Set {
		src.DerivedFrom = slices.Clone(c.DerivedFrom.Value)
		slices.Sort(src.DerivedFrom)
		src.DerivedFrom = short(w, at+"derivedFrom", "a source derives from at most %d others", slices.Compact(src.DerivedFrom))
		for i, id := range src.DerivedFrom {
			if id == s.id {
				w.fault(InvalidInput, fmt.Sprintf("%sderivedFrom[%d]", at, i), "a source cannot derive from itself; name the source it derives from")
				continue
			}
			w.refer(id, fmt.Sprintf("%sderivedFrom[%d]", at, i), "source", SourceRecord)
		}
		if ok {
			src = *w.keepHidden(&src, old).(*Source) //nolint:forcetypeassert // the same type
		}
	}
	if src.URL == "" && len(src.Captures) == 0 && (src.Publisher == "" || src.Published == "" || src.Archive == "") {
		w.fault(InvalidInput, at+"url", "nobody could open this source; give a url, or publisher, published and archive together")
	}
	w.put(s, &src)
	return s.id, nil
}

func (w *workspace) assertLink(c *AssertLink) (ID, error) {
	claim := w.claims.New()
	*claim = Claim{
		Of: LinkRecord, Kind: c.Kind, From: c.From, To: c.To, Role: c.Role, Summary: c.Summary,
		Since: c.Valid.Since, Until: c.Valid.Until, Observed: c.Valid.Observed, About: c.About,
	}
	const at = "assertLink."
	kind, known := w.planner.Vocabulary.Link(c.Kind)
	if !known {
		w.fault(InvalidInput, at+"kind", "%q is not a kind of link; see the vocabulary, or LINKED_TO as a last resort", c.Kind)
	}
	from, to := w.place(c.From), w.place(c.To)
	w.later(func() error { w.checkEnds(at, c.Kind, from, to); return nil })
	if c.About != "" && known && !kind.About {
		w.fault(InvalidInput, at+"about", "a link of kind %s speaks of no other claim; leave it out, or use a kind such as DENIES", c.Kind)
	}
	return w.assert(at, "id", c.ID, claim, c.Standing, c.Clearance, c.Citations, known && kind.Procedural)
}

// checkEnds checks the ends of a link of a kind.
func (w *workspace) checkEnds(at, kind string, from, to *slot) {
	from = w.knownIn(from, at, "from", "entity", EntityRecord)
	to = w.knownIn(to, at, "to", "entity", EntityRecord)
	is, known := w.planner.Vocabulary.Link(kind)
	if from == nil || to == nil || !known {
		return
	}
	if from == to {
		w.fault(InvalidEnds, at+"to", "a link joins two entities; %q is given for both ends", from.id)
		return
	}
	f, t := from.content.(*Entity), to.content.(*Entity) //nolint:forcetypeassert // knownIn checked the type
	if !is.AllowsEnds(f.Kind, t.Kind) && !w.kindless[from.id] && !w.kindless[to.id] {
		w.fault(InvalidEnds, at+"kind", "%s does not lead from a %s to a %s; choose another kind, or swap the ends", kind, f.Kind, t.Kind)
	}
}

func (w *workspace) assertStatement(c *AssertStatement) (ID, error) {
	const at = "assertStatement."
	claim := Claim{
		Of: StatementRecord, Kind: c.Attribute, From: c.Entity, Value: c.Value, Summary: c.Summary,
		Since: c.Valid.Since, Until: c.Valid.Until, Observed: c.Valid.Observed, About: c.About,
	}
	if _, known := w.planner.Vocabulary.Attribute(c.Attribute); !known {
		w.fault(InvalidInput, at+"attribute", "%q is not an attribute; see the vocabulary", c.Attribute)
	}
	w.text(at+"value", c.Value, maxText, true)
	w.later(func() error { w.known(c.Entity, at+"entity", "entity", EntityRecord); return nil })
	return w.assert(at, "id", c.ID, &claim, c.Standing, c.Clearance, c.Citations, false)
}

// assert makes a claim with its citations, or finds that it is there already.
// Field is the one that gives the id.
func (w *workspace) assert(at, field string, id ID, claim *Claim, standing, clearance string, citations []NewCitation, procedural bool) (ID, error) {
	w.textIn(at, "role", claim.Role, maxText, false)
	w.textIn(at, "summary", claim.Summary, maxText, false)
	w.validTime(at, claim)
	first := StandingChange{Standing: Reported}
	if standing != "" {
		first.Standing = parse(w, at, "standing", standing, Reported, ParseStanding)
	}
	if procedural && !first.Standing.FitsProcedure() {
		w.fault(InvalidInput, at+"standing", "%s is itself an act of a procedure: its standing is one of REPORTED, OFFICIALLY_FOUND, REFUTED, RETRACTED, not %s", claim.Kind, standing)
	}
	claim.Standing = w.standings.Take(1)
	claim.Standing[0] = first
	if clearance != "" {
		claim.Clearance = w.clearance(at+"clearance", Of(clearance), Public)
	}
	if claim.About != "" && claim.About == id {
		w.fault(InvalidInput, at+"about", "a claim cannot speak of itself; give the id of the claim that %q speaks of, or leave it out", id)
	} else {
		w.refer(claim.About, at+"about", "claim", LinkRecord, StatementRecord)
	}
	s := w.choose(id, at, field)
	claim.ID = s.id
	if s.content != nil {
		if clearance == "" { // it may have been raised since
			claim.Clearance = s.content.OwnClearance()
		}
		return s.id, w.assertAgain(at, field, s, claim, citations)
	}
	if !slices.ContainsFunc(citations, func(c NewCitation) bool { return c.Stance == "" || c.Stance == Supports.String() }) {
		w.fault(UncitedClaim, at+"citations", "no citation supports the claim; give at least one of stance SUPPORTS")
	}
	if len(citations) > maxList {
		w.fault(LimitExceeded, at+"citations", "%d citations are more than the %d that a claim may be asserted with; add the others with `cite`", len(citations), maxList)
		return s.id, nil
	}
	w.put(s, claim)
	for i := range citations {
		if _, err := w.addCitation(citationPath(at, i), s.id, &citations[i], Supports); err != nil {
			return s.id, err
		}
	}
	return s.id, nil
}

// firstCitations are the paths of the citations of most links.
var firstCitations = [...]string{"assertLink.citations[0].", "assertLink.citations[1].", "assertLink.citations[2]."}

// citationPath is the path of a citation of what is asserted at another.
func citationPath(at string, i int) string {
	if at == "assertLink." && i < len(firstCitations) {
		return firstCitations[i]
	}
	return at + "citations[" + strconv.Itoa(i) + "]."
}

// assertAgain checks that a claim asserted under a taken id is the one that has
// it, with citations that it has and the author sees.
func (w *workspace) assertAgain(at, field string, s *slot, claim *Claim, citations []NewCitation) error {
	old, ok := s.content.(*Claim)
	if !ok {
		w.fault(DuplicateID, at+field, "%q is the id of a %s; choose another", s.id, s.content.Type())
		w.readCitations(at, s.id, citations)
		return nil
	}
	if !s.open {
		w.fault(DuplicateID, at+field, "claim %q was retracted; undo that revision, or choose another id", s.id)
		w.readCitations(at, s.id, citations)
		return nil
	}
	asserted := *old
	asserted.Standing, asserted.Accepted = old.Standing[:1], claim.Accepted
	there, err := w.asRead(&asserted)
	if err != nil {
		return err
	}
	if !sameContent(there, claim) {
		w.fault(DuplicateID, at+field, "claim %q exists with other content; choose another id, or retract it first", s.id)
		w.readCitations(at, s.id, citations)
		return nil
	}
	if err := w.related(CitationsOf, []ID{s.id}); err != nil {
		return err
	}
	for i := range citations {
		path := fmt.Sprintf("%scitations[%d].", at, i)
		c := w.newCitation(path, s.id, &citations[i], Supports)
		there := false
		for _, other := range w.citationsOf(s.id) {
			if there || !w.sees(other) {
				continue
			}
			read, err := w.asRead(other.content)
			if err != nil {
				return err
			}
			o := *read.(*Citation) //nolint:forcetypeassert // the index holds citations
			if citations[i].ID == "" {
				o.ID = c.ID
			}
			if citations[i].Clearance == "" {
				o.Clearance = c.Clearance
			}
			there = sameContent(&o, c)
		}
		if !there {
			w.fault(DuplicateID, path+"id", "claim %q exists without this citation; add it with `cite`", s.id)
		}
	}
	if claim.Accepted && !old.Accepted { // a candidate that is merged by its ends
		accepted := *old
		accepted.Accepted = true
		w.put(s, &accepted)
	}
	return nil
}

// readCitations finds what is wrong with the citations of a claim that is refused.
func (w *workspace) readCitations(at string, claim ID, citations []NewCitation) {
	for i := range citations {
		w.newCitation(fmt.Sprintf("%scitations[%d].", at, i), claim, &citations[i], Supports)
	}
}

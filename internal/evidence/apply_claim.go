package evidence

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// newCitation reads a citation's input. Its id is empty where none was chosen.
func (w *workspace) newCitation(at string, claim ID, in *NewCitation, stance Stance) *Citation {
	c := w.citations.New()
	*c = Citation{
		ID: in.ID, Claim: claim, Source: in.Source, Stance: stance, Locator: in.Locator, Quote: in.Quote,
		StandingInSource: in.StandingInSource, Note: in.Note,
	}
	if in.Stance != "" {
		c.Stance = parse(w, at, "stance", in.Stance, stance, ParseStance)
	}
	w.textIn(at, "locator", c.Locator, maxReason, false)
	w.textIn(at, "note", c.Note, maxText, false)
	w.textIn(at, "standingInSource", c.StandingInSource, maxShort, false)
	if c.Quote != nil {
		w.textIn(at, "quote.exact", c.Quote.Exact, maxText, true)
		if textFault(c.Quote.Exact, maxText, true) == "" && !c.Quote.HasWords() {
			w.fault(InvalidInput, at+"quote.exact", "it has no words to look for; give the exact words of the source")
		}
		w.textIn(at, "quote.prefix", c.Quote.Prefix, maxReason, false)
		w.textIn(at, "quote.suffix", c.Quote.Suffix, maxReason, false)
	}
	if c.Locator == "" && c.Quote == nil {
		w.fault(InvalidInput, at+"locator", "the citation names no place in the source; give a locator, a quote, or both")
	}
	switch {
	case in.Credibility < 0 || in.Credibility > 6:
		w.fault(InvalidInput, at+"credibility", "%d is not a grade of credibility; give 1 (confirmed) to 6 (cannot be judged)", in.Credibility)
	case in.Credibility != 6:
		c.Credibility = Credibility(in.Credibility) //nolint:gosec // 0 to 5
	}
	if in.AssertedBy != nil {
		c.AsserterWords, c.AsserterEntity = in.AssertedBy.Words, in.AssertedBy.Entity
		if strings.TrimSpace(c.AsserterWords) == "" && c.AsserterEntity == "" {
			w.fault(InvalidInput, at+"assertedBy", "it names nobody; give words, an entity, or both, or leave it out")
		}
		w.text(at+"assertedBy.words", c.AsserterWords, maxReason, false)
		w.refer(c.AsserterEntity, at+"assertedBy.entity", "entity", EntityRecord)
	}
	if in.Clearance != "" {
		c.Clearance = w.clearance(at+"clearance", Of(in.Clearance), Public)
	}
	source := w.place(in.Source)
	w.later(func() error { w.knownIn(source, at, "source", "source", SourceRecord); return nil })
	return c
}

// addCitation makes a citation of a claim, or finds that it is there already.
func (w *workspace) addCitation(at string, claim ID, in *NewCitation, stance Stance) (*slot, error) {
	c := w.newCitation(at, claim, in, stance)
	s := w.choose(in.ID, at, "id")
	c.ID = s.id
	if s.content == nil {
		w.put(s, c)
		return s, nil
	}
	if in.Clearance == "" { // it may have been raised since
		c.Clearance = s.content.OwnClearance()
	}
	there, err := w.asRead(s.content)
	switch {
	case err != nil:
		return nil, err
	case !s.open:
		w.fault(DuplicateID, at+"id", "%q was retracted; undo that revision, or choose another id", s.id)
	case !sameContent(there, c):
		w.fault(DuplicateID, at+"id", "%q exists with other content; choose another id", s.id)
	}
	return s, nil
}

func (w *workspace) cite(c *Cite) (ID, error) {
	w.known(c.Claim, "cite.claim", "claim", LinkRecord, StatementRecord)
	s, err := w.addCitation("cite.citation.", c.Claim, &c.Citation, Supports)
	if err != nil {
		return "", err
	}
	return s.id, nil
}

func (w *workspace) setStanding(c *SetStanding) (ID, error) {
	const at = "setStanding."
	s := w.known(c.Claim, at+"claim", "claim", LinkRecord, StatementRecord)
	if s == nil {
		s = &slot{id: c.Claim, content: &Claim{ID: c.Claim}, void: true}
	}
	old := s.content.(*Claim) //nolint:forcetypeassert // known checked the type
	standing := parse(w, at, "standing", c.Standing, Reported, ParseStanding)
	if kind, ok := w.planner.Vocabulary.Link(old.Kind); ok && kind.Procedural && old.Of == LinkRecord && !standing.FitsProcedure() {
		w.fault(InvalidInput, at+"standing", "%s is itself an act of a procedure: its standing is one of REPORTED, OFFICIALLY_FOUND, REFUTED, RETRACTED, not %s", old.Kind, standing)
	}
	w.date(at+"on", c.On)
	w.text(at+"note", c.Note, maxText, false)
	shown, err := w.addCitation(at+"citation.", c.Claim, &c.Citation, Mentions)
	if err != nil {
		return "", err
	}
	change := StandingChange{Standing: standing, On: c.On, Citation: shown.id, Note: c.Note}
	if slices.Contains(old.Standing, change) {
		return s.id, nil
	}
	claim := *old
	claim.Standing = append(slices.Clone(old.Standing), change)
	w.put(s, &claim)
	return s.id, nil
}

func (w *workspace) setClearance(c *SetClearance) (ID, error) {
	const at = "setClearance."
	s := w.get(c.ID)
	// A closed record is named by those who may see everything, so that its past
	// can be hidden too.
	if !w.sees(s) && (s.content == nil || s.open || w.author.Clearance < Confidential) {
		w.fault(UnknownID, at+"id", "there is no record %q; mend the id", c.ID)
		w.clearance(at+"clearance", Of(c.Clearance), Public)
		return c.ID, nil
	}
	w.mention(s, at, "id")
	clearance := w.clearance(at+"clearance", Of(c.Clearance), s.now)
	if !s.open {
		if s.now != clearance {
			s.now = clearance
			w.touch(s)
		}
		return s.id, nil
	}
	if s.content.OwnClearance() != clearance {
		w.put(s, withClearance(s.content, clearance))
	}
	return s.id, nil
}

// withClearance is a copy of a content at another clearance.
func withClearance(content Content, clearance Clearance) Content {
	switch old := content.(type) {
	case *Entity:
		e := *old
		e.Clearance = clearance
		if e.Names[0].Clearance > clearance {
			e.Names = slices.Clone(e.Names)
			e.Names[0].Clearance = clearance
		}
		return &e
	case *Source:
		src := *old
		src.Clearance = clearance
		return &src
	case *Claim:
		claim := *old
		claim.Clearance = clearance
		return &claim
	case *Citation:
		citation := *old
		citation.Clearance = clearance
		return &citation
	default:
		return content
	}
}

func (w *workspace) retract(c *Retract) (ID, error) {
	s := w.known(c.ID, "retract.id", "record")
	if s == nil {
		return c.ID, nil
	}
	w.close(s)
	return s.id, nil
}

func (w *workspace) mergeEntities(c *MergeEntities) (ID, error) {
	const at = "mergeEntities."
	if c.Absorb == "" && c.Into == "" {
		s := w.known(c.Link, at+"link", "SAME_AS link", LinkRecord)
		if s == nil {
			return c.Link, nil
		}
		old := s.content.(*Claim) //nolint:forcetypeassert // known checked the type
		if old.Kind != SameAs {
			w.fault(InvalidInput, at+"link", "link %q is of kind %s; only a SAME_AS link can be accepted", c.Link, old.Kind)
			return c.Link, nil
		}
		if !old.Accepted {
			if err := w.load([]ID{old.From, old.To}); err != nil {
				return s.id, err
			}
			w.later(func() error { w.checkSameKind(at+"link", old.From, old.To); return nil })
			claim := *old
			claim.Accepted = true
			w.put(s, &claim)
		}
		return s.id, nil
	}
	w.later(func() error {
		absorbed := w.known(c.Absorb, at+"absorb", "entity", EntityRecord)
		into := w.known(c.Into, at+"into", "entity", EntityRecord)
		if absorbed == nil || into == nil {
			return nil
		}
		if c.Absorb == c.Into {
			w.fault(InvalidEnds, at+"into", "an entity cannot be merged with itself; %q is given twice", c.Absorb)
		} else if !w.isAccepted(c.Link) {
			w.checkSameKind(at+"into", c.Absorb, c.Into)
		}
		return nil
	})
	claim := Claim{Of: LinkRecord, Kind: SameAs, From: c.Absorb, To: c.Into, Summary: c.Summary, Accepted: true}
	return w.assert(at, "link", c.Link, &claim, "", c.Clearance, c.Citations, false)
}

// isAccepted says whether a link stood before as an accepted identity.
func (w *workspace) isAccepted(link ID) bool {
	s := w.slots.of[link]
	return s != nil && s.base != nil && s.base.IsOpen() && s.base.Claim() != nil && s.base.Claim().Accepted
}

// checkSameKind faults an identity of entities of two kinds: it would lay on a
// person what a unit did. That they may be the same can be asserted all the same.
// Of an end that the author does not see, it tells nothing.
func (w *workspace) checkSameKind(path string, one, other ID) {
	var kinds [2]string
	for i, id := range []ID{one, other} {
		e, ok := w.get(id).content.(*Entity)
		if !ok || !w.sees(w.get(id)) || w.kindless[id] {
			return
		}
		kinds[i] = e.Kind
	}
	if kinds[0] != kinds[1] {
		w.fault(InvalidInput, path, "%q is of kind %s and %q of kind %s, so they cannot be the same; correct the kind of one of them with putEntity first", one, kinds[0], other, kinds[1])
	}
}

func (w *workspace) attachCapture(c *AttachCapture) (ID, error) {
	s := w.known(c.Source, "attachCapture.source", "source", SourceRecord)
	if s == nil {
		return c.Source, nil
	}
	old := s.content.(*Source) //nolint:forcetypeassert // known checked the type
	src := *old
	src.Captures = slices.Clone(old.Captures)
	if i := slices.IndexFunc(old.Captures, func(have Capture) bool { return have.SHA256 == c.Capture.SHA256 }); i < 0 {
		src.Captures = append(src.Captures, c.Capture)
	} else if have := &src.Captures[i]; c.Reread {
		have.MediaType, have.Text = c.Capture.MediaType, c.Capture.Text
	}
	if !slices.Equal(old.Captures, src.Captures) {
		w.put(s, &src)
	}
	return s.id, nil
}

// clearance reads a level that the author may set: none above their own.
func (w *workspace) clearance(path string, in Optional[string], old Clearance) Clearance {
	if !in.Set {
		return old
	}
	if in.Null {
		return Public
	}
	c := parse(w, path, "", in.Value, old, ParseClearance)
	if c > w.author.Clearance {
		w.fault(Forbidden, path, "%s is above your own clearance, %s; set that or a lower one", c, w.author.Clearance)
	}
	return c
}

// parse reads an enumerated value, noting the fault where it is none.
func parse[T any](w *workspace, at, field, s string, otherwise T, read func(string) (T, error)) T {
	v, err := read(s)
	if err != nil {
		w.fault(InvalidInput, at+field, "%v", err)
		return otherwise
	}
	return v
}

func (w *workspace) date(path, s string) { w.dateIn(path, "", s) }

// dateIn is date for a field of what stands at a path.
func (w *workspace) dateIn(at, field, s string) edtf.Date {
	date, err := edtf.Parse(s)
	if err != nil {
		w.fault(InvalidDate, at+field, "%v", err)
	}
	return date
}

func (w *workspace) validTime(at string, c *Claim) {
	before := len(w.faults)
	valid := edtf.Valid{Since: w.dateIn(at, "valid.since", c.Since), Until: w.dateIn(at, "valid.until", c.Until)}
	for i, o := range c.Observed {
		valid.Observed = append(valid.Observed, w.dateIn(at, fmt.Sprintf("valid.observed[%d]", i), o))
	}
	if len(c.Observed) > maxList {
		w.fault(LimitExceeded, at+"valid.observed", "a claim has at most %d observed dates; leave some out", maxList)
	}
	if len(w.faults) > before {
		return
	}
	if err := valid.Check(AspectOf(c, w.planner.Vocabulary)); err != nil {
		w.fault(InvalidDate, at+"valid", "%v", err)
	}
}

func urlFault(s string) string {
	if s == "" {
		return ""
	}
	if what := textFault(s, maxReason, false); what != "" {
		return what
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Sprintf("%q is not an address that a browser opens", s)
	}
	return ""
}

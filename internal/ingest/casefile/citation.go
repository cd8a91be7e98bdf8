package casefile

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// nameCitations makes the ids of citations, which share one piece of memory.
func nameCitations(rows []row, ids []evidence.ID) {
	const size = len(madeID{})
	text := make([]byte, 0, len(rows)*size)
	for i := range rows {
		id := citationID(&rows[i])
		text = append(text, id[:]...)
	}
	all := evidence.ID(text)
	for i := range rows {
		ids[i] = all[i*size : (i+1)*size]
	}
}

// citationID is made of what everybody is told who sees the citation, so that the
// same row is the same citation in every import, and a changed one is another. Who
// asserts it is left out: that entity may be hidden, or erased, and who reads the
// id could find it by trying.
func citationID(r *row) madeID {
	return idOf(r.get("claim_id"), r.get("source_id"), r.get("locator"), r.get("fragment"), r.get("stance"), r.get("status_in_source"), r.get("note"))
}

// formerID is the id that a citation had from programs before this one, which did
// not leave out who asserts it. Stores that they wrote keep it.
func formerID(claim evidence.ID, c *evidence.NewCitation, stance string) evidence.ID {
	words, fragment := "", ""
	if c.AssertedBy != nil {
		words = asserter(*c.AssertedBy)
	}
	if c.Quote != nil {
		fragment = c.Quote.Exact
	}
	id := idOf(string(claim), string(c.Source), c.Locator, fragment, stance, words, c.StandingInSource, c.Note)
	return evidence.ID(id[:])
}

// idLetters write an id: base 32 (RFC 4648) in lower case.
var idLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// madeID is the text of an id that is made of what is said.
type madeID [26]byte

func idOf(columns ...string) madeID {
	var short [512]byte
	b := short[:0]
	for _, text := range columns {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(text))), text...)
	}
	sum := sha256.Sum256(b)
	id := madeID{'c', '-'}
	idLetters.Encode(id[2:], sum[:15])
	return id
}

// asserter is who asserts a citation, as the column has it.
func asserter(a evidence.Asserter) string {
	if a.Entity != "" {
		return string(a.Entity)
	}
	return a.Words
}

// cites are the claim that the change cites or asserts, a copy of its citations,
// and where they come from.
func (c *change) cites() (evidence.ID, []evidence.NewCitation, []origin) {
	if c.Cite != nil {
		return c.Cite.Claim, []evidence.NewCitation{c.Cite.Citation}, []origin{c.from}
	}
	return c.claimID(), slices.Clone(c.newCitations()), c.citations
}

// cite gives the change other citations.
func (c *change) cite(citations []evidence.NewCitation) {
	switch {
	case c.AssertLink != nil:
		assert := *c.AssertLink
		assert.Citations = citations
		c.AssertLink = &assert
	case c.AssertStatement != nil:
		assert := *c.AssertStatement
		assert.Citations = citations
		c.AssertStatement = &assert
	case c.Cite != nil:
		c.Cite = &evidence.Cite{Claim: c.Cite.Claim, Citation: citations[0]}
	}
}

// former are the changes with the former ids of their citations.
func former(changes []change) []change {
	as := slices.Clone(changes)
	for i := range as {
		c := &as[i]
		claim, citations, from := c.cites()
		for j := range citations {
			citations[j].ID = formerID(claim, &citations[j], from[j].stance)
		}
		c.cite(citations)
	}
	return as
}

// recognise gives the citations of changes that the graph has, or had, the ids that
// they have there, whichever program gave them. One that it does not have is not
// given the id of another, which differs from it in who asserts it.
func (w *writer) recognise(ctx context.Context, changes []change) ([]change, error) {
	var claims []evidence.ID
	for i := range changes {
		if claim, citations, _ := changes[i].cites(); len(citations) > 0 {
			claims = append(claims, claim)
		}
	}
	slices.Sort(claims)
	there, err := w.everCited(ctx, slices.Compact(claims))
	if err != nil || len(there) == 0 {
		return changes, err
	}
	as := slices.Clone(changes)
	lists, known := make([][]evidence.NewCitation, len(as)), make([][]bool, len(as))
	taken := map[evidence.ID]bool{}
	for _, key := range []func(saying) saying{exactly, loosely} {
		ids := map[saying][]evidence.ID{}
		for _, c := range there {
			if !taken[c.ID] {
				says := key(sayingOf(c))
				ids[says] = append(ids[says], c.ID)
			}
		}
		for i := range as {
			claim, citations, _ := as[i].cites()
			if lists[i] == nil {
				lists[i], known[i] = citations, make([]bool, len(citations))
			}
			for j := range lists[i] {
				c := &lists[i][j]
				says := key(sayingOfRow(claim, c))
				if left := ids[says]; !known[i][j] && len(left) > 0 {
					c.ID, ids[says] = left[0], left[1:]
					known[i][j], taken[c.ID] = true, true
				}
			}
		}
	}
	others := map[evidence.ID]bool{}
	for _, c := range there {
		others[c.ID] = true
	}
	for i := range as {
		for j := range lists[i] {
			if c := &lists[i][j]; !known[i][j] && others[c.ID] {
				c.ID = ""
			}
		}
		as[i].cite(lists[i])
	}
	return as, nil
}

// everCited are the citations that claims have, and then those that they had.
func (w *writer) everCited(ctx context.Context, claims []evidence.ID) ([]*evidence.Citation, error) {
	var there []*evidence.Citation
	err := w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) error {
		for _, relation := range []evidence.Relation{evidence.CitationsOf, evidence.FormerCitations} {
			for batch := range slices.Chunk(claims, store.MaxBatch) {
				records, err := snap.Related(ctx, relation, batch, math.MaxInt32)
				if err != nil {
					return err
				}
				for _, r := range records {
					there = append(there, r.Citation())
				}
			}
		}
		return nil
	})
	return there, err
}

// saying is what a citation says that a row can say.
type saying struct {
	claim, source                   evidence.ID
	stance                          string
	locator, standingInSource, note string
	quote                           evidence.Quote
	by                              evidence.Asserter
	credibility                     evidence.Credibility
}

func sayingOf(c *evidence.Citation) saying {
	says := saying{
		claim: c.Claim, source: c.Source, stance: c.Stance.String(), locator: c.Locator, standingInSource: c.StandingInSource, note: c.Note,
		by: evidence.Asserter{Words: c.AsserterWords, Entity: c.AsserterEntity}, credibility: c.Credibility,
	}
	if c.Quote != nil {
		says.quote = *c.Quote
	}
	return says
}

func sayingOfRow(claim evidence.ID, c *evidence.NewCitation) saying {
	says := saying{claim: claim, source: c.Source, stance: c.Stance, locator: c.Locator, standingInSource: c.StandingInSource, note: c.Note}
	if says.stance == "" {
		says.stance = evidence.Supports.String()
	}
	if c.Quote != nil {
		says.quote = *c.Quote
	}
	if c.AssertedBy != nil {
		says.by = *c.AssertedBy
	}
	return says
}

func exactly(s saying) saying { return s }

// loosely takes an entity that asserts something for the same words, as which a
// folder has it that does not have the entity. The rules then refuse the row.
func loosely(s saying) saying {
	s.by = evidence.Asserter{Words: asserter(s.by)}
	return s
}

// separate takes citations that a claim of the graph does not have yet out of
// the assertion of the claim, and adds them to it instead.
func separate(changes []change, err error) ([]change, bool) {
	var faults evidence.Faults
	if !errors.As(err, &faults) {
		return nil, false
	}
	missing := map[int]map[int]bool{} // change → citations
	for _, fault := range faults {
		i, n, ok := missingCitation(changes, fault)
		if !ok {
			continue
		}
		if missing[i] == nil {
			missing[i] = map[int]bool{}
		}
		missing[i][n] = true
	}
	if len(missing) == 0 {
		return nil, false
	}
	moved := make([]change, 0, len(changes))
	for i, c := range changes {
		if missing[i] == nil {
			moved = append(moved, c)
			continue
		}
		moved = append(moved, c.without(missing[i])...)
	}
	return moved, true
}

// missingCitation finds the citation of an assertion that a fault says is not
// there yet.
func missingCitation(changes []change, fault evidence.Fault) (at, citation int, ok bool) {
	if fault.Code != evidence.DuplicateID {
		return 0, 0, false
	}
	var rest string
	if _, err := fmt.Sscanf(fault.Path, "changes[%d].%s", &at, &rest); err != nil || at >= len(changes) {
		return 0, 0, false
	}
	_, rest, ok = strings.Cut(rest, ".citations[")
	if !ok {
		return 0, 0, false
	}
	if _, err := fmt.Sscanf(rest, "%d].id", &citation); err != nil || citation >= len(changes[at].citations) {
		return 0, 0, false
	}
	return at, citation, true
}

// without gives the assertion without some of its citations, followed by those
// as changes of their own.
func (c change) without(moved map[int]bool) []change {
	all := c.newCitations()
	asserted, apart := c, []change(nil)
	asserted.citations = nil
	var kept []evidence.NewCitation
	for i, citation := range all {
		if !moved[i] {
			kept = append(kept, citation)
			asserted.citations = append(asserted.citations, c.citations[i])
			continue
		}
		apart = append(apart, change{Change: evidence.Change{Cite: &evidence.Cite{Claim: c.claimID(), Citation: citation}}, from: c.citations[i]})
	}
	asserted.cite(kept)
	return append([]change{asserted}, apart...)
}

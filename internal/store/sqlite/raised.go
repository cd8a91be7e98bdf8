package sqlite

import (
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// A word of an entity is listed in the slot of who may read a name that has it. Where
// it was once in a name that more might read than today, those still find the entity by
// it in the past, and do not read the slot that it is in now. They would learn from the
// time it took how much is in there. So such a word is listed as a former one too.

// isWord says whether a place is one of a word of an entity.
func (p place) isWord() bool { return p.anchor == tokensNamed || p.anchor == tokensPlaceholder }

// standingWords are the places of an entity's words, if they are in the lists that stand.
func standingWords(places []place) []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool { return !p.isWord() || p.slot == int64(evidence.Hidden) })
}

// raisedWords are the places of the past of words that stand, of an entity that was
// called by them when more might read them. Who does not see the entity today never
// finds it.
func raisedWords(words []place, is *evidence.Record, formers []*evidence.Record) (raised []place) {
	for _, p := range words {
		lowest := p.slot
		for _, former := range formers {
			for _, was := range wordPlaces(nil, former.Entity(), int64(evidence.Public), p.num) {
				if was.anchor == p.anchor && was.key == p.key {
					lowest = min(lowest, was.slot)
				}
			}
		}
		if max(lowest, int64(is.Derived.Visibility)) < p.slot {
			p.slot = int64(evidence.Hidden)
			raised = append(raised, p)
		}
	}
	return raised
}

// placeWords notes which words of a changed entity are listed as former ones too.
func (b *batch) placeWords(ctx context.Context, t *evidence.Transition, before, after []place, e entry) error {
	words := standingWords(after)
	if t.After.Derived.Visibility == t.Before.Derived.Visibility && slices.Equal(words, standingWords(before)) {
		return nil
	}
	secret := false
	for _, p := range words {
		secret = secret || p.slot > int64(t.After.Derived.Visibility)
		p.slot = int64(evidence.Hidden)
		b.places = append(b.places, placeChange{place: p, gone: true})
	}
	if !secret {
		return nil
	}
	formers, err := b.g.replaced(ctx, e)
	for _, p := range raisedWords(words, t.After, formers) {
		b.places = append(b.places, placeChange{place: p})
	}
	return err
}

// listRaisedWords lists the raised words of a file that was written without them.
func (c *conn) listRaisedWords(ctx context.Context, _ *vocabulary.Vocabulary) error {
	var changed []int64
	if err := c.query(ctx, "SELECT num FROM record WHERE type = ? AND EXISTS (SELECT 1 FROM version WHERE version.num = record.num) ORDER BY num", []any{int64(evidence.EntityRecord)}, func(r row) error {
		changed = append(changed, r.int(0))
		return nil
	}); err != nil {
		return err
	}
	for _, num := range changed {
		var is *evidence.Record
		var formers []*evidence.Record
		// A version that does not decode finds nothing: who reads it is told.
		read := func(r row) error {
			version, err := recordOf(evidence.EntityRecord, r.int(0), r.int(1), r.bytes(2), r.bytes(3))
			if is = version; err == nil {
				formers = append(formers, version)
			}
			return nil
		}
		for _, from := range []string{"version", "record"} {
			is = nil
			if err := c.query(ctx, "SELECT from_seq, to_seq, derived, content FROM "+from+" WHERE num = ? ORDER BY from_seq", []any{num}, read); err != nil {
				return err
			}
		}
		if is == nil {
			continue
		}
		places, err := placesOf(nil, is, num, nil)
		if err != nil {
			return err
		}
		for _, p := range raisedWords(standingWords(places), is, formers) {
			if err := c.exec(ctx, "INSERT OR REPLACE INTO place (anchor, slot, key, num) VALUES (?, ?, ?, ?)", p.anchor, p.slot, p.key, p.num); err != nil {
				return err
			}
		}
	}
	return nil
}

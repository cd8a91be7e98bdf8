package graph

import (
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// ValidTime is when a claim held.
type ValidTime struct {
	claim  *assertion
	read   bool
	valid  edtf.Valid
	aspect edtf.Aspect
}

// parsed is the valid time, read from its expressions when first needed. The
// fields of one object are resolved one after another.
func (v *ValidTime) parsed() (edtf.Valid, edtf.Aspect) {
	if !v.read {
		v.valid = v.claim.content.Valid()
		v.aspect = evidence.AspectOf(v.claim.content, v.claim.batch.session.vocabulary)
		v.read = true
	}
	return v.valid, v.aspect
}

// Since is when it began.
func (v *ValidTime) Since() *string { return optional(v.claim.content.Since) }

// Until is when it ended.
func (v *ValidTime) Until() *string { return optional(v.claim.content.Until) }

// Observed are dates on which it held.
func (v *ValidTime) Observed() []string { return v.claim.content.Observed }

// Label is the whole in words.
func (v *ValidTime) Label(lang string) string {
	valid, aspect := v.parsed()
	return valid.Label(aspect, lang)
}

// Bounds are the days between which it began and ended.
func (v *ValidTime) Bounds() *Bounds {
	valid, aspect := v.parsed()
	b := valid.Ends(aspect)
	return &Bounds{
		SinceEarliest: optional(b.SinceEarliest.String()), SinceLatest: optional(b.SinceLatest.String()),
		UntilEarliest: optional(b.UntilEarliest.String()), UntilLatest: optional(b.UntilLatest.String()),
	}
}

// Held says whether it held at a time.
func (v *ValidTime) Held(on, during, throughout *string) (Certainty, error) {
	valid, aspect := v.parsed()
	given, path, said := 0, "", (*string)(nil)
	for name, arg := range map[string]*string{"on": on, "during": during, "throughout": throughout} {
		if arg != nil {
			given, path, said = given+1, name, arg
		}
	}
	if given != 1 {
		return "", evidence.Faulty(evidence.InvalidInput, "held", "%d of on, during and throughout are given; give exactly one", given)
	}
	written, err := dated(path, said)
	if err != nil {
		return "", err
	}
	date, err := edtf.Parse(written)
	if err != nil {
		return "", evidence.Faulty(evidence.InvalidDate, path, "%v", err)
	}
	if path == "throughout" {
		return Certainty(valid.HeldThroughout(aspect, date).String()), nil
	}
	return Certainty(valid.HeldDuring(aspect, date).String()), nil
}

// Strength is how strong the evidence of a claim is.
type Strength struct {
	Score    int32
	Grade    StrengthGrade
	Lineages int32
	Supports int32
	Disputes int32
}

func newStrength(l evidence.Level) *Strength {
	return &Strength{
		Score: toInt(l.Strength), Grade: StrengthGrade(evidence.Grade(int(l.Strength))),
		Lineages: toInt(l.Lineages), Supports: toInt(l.Supports), Disputes: toInt(l.Disputes),
	}
}

// Explanation says what the score rests on.
func (s *Strength) Explanation(lang string) string {
	if len(lang) >= 2 && lang[:2] == "es" {
		return fmt.Sprintf("%s (%d de 1000): %s de %s; %s.", gradesES[s.Grade], s.Score,
			many(s.Supports, "una cita a favor", "%d citas a favor"),
			many(s.Lineages, "un solo origen independiente", "%d orígenes independientes"),
			many(s.Disputes, "una cita en contra", "%d citas en contra"))
	}
	return fmt.Sprintf("%s (%d of 1000): %s from %s; %s.", gradesEN[s.Grade], s.Score,
		many(s.Supports, "1 supporting citation", "%d supporting citations"),
		many(s.Lineages, "1 independent origin", "%d independent origins"),
		many(s.Disputes, "1 disputing citation", "%d disputing citations"))
}

var (
	gradesEN = map[StrengthGrade]string{"STRONG": "Strong", "MODERATE": "Moderate", "WEAK": "Weak", "THIN": "Thin"}
	gradesES = map[StrengthGrade]string{"STRONG": "Fuerte", "MODERATE": "Moderada", "WEAK": "Débil", "THIN": "Escasa"}
)

func many(n int32, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(more, n)
}

package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

// TestPairsAreThoseOfTryingAll compares the pairs that contradict each other by their
// kinds or dates with those that trying every two claims finds, of each entity and of
// each claim.
func TestPairsAreThoseOfTryingAll(t *testing.T) {
	checkRandomly(t, 300, func(r *rapid.T) {
		one := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(r, what) }
		g := newGraph(t)
		people := []string{"p1", "p2", "p3", "p4"}
		changes := []evidence.Change{news("s1")}
		for _, p := range people {
			changes = append(changes, person(evidence.ID(p), "Persona "+p))
		}
		for n := range rapid.IntRange(2, 10).Draw(r, "claims") {
			id, from := evidence.ID(fmt.Sprint("c", n)), evidence.ID(one("from", people...))
			cites := []evidence.NewCitation{cited("", "s1", "SUPPORTS")}
			if one("type", "link", "statement") == "statement" {
				changes = append(changes, evidence.Change{AssertStatement: &evidence.AssertStatement{
					ID: id, Attribute: one("attribute", "BIRTH_DATE", "DEATH_DATE", "RANK"), Entity: from,
					Value: one("value", "2000", "2008-05", "2010", "2014?", "../2014", "not known"), Citations: cites,
				}})
				continue
			}
			to := evidence.ID(one("to", slices.DeleteFunc(slices.Clone(people), func(p string) bool { return p == string(from) })...))
			l := &evidence.AssertLink{
				ID: id, Kind: one("kind", "CHARGED_BY", "CONVICTED_BY", "ACQUITTED_BY", "ALLIED_WITH", "RIVAL_OF", "COLLUDES_WITH", "SUBORDINATE_TO", "FAMILY_OF", "PAYS"),
				From: from, To: to, Citations: cites,
			}
			l.Valid.Since = one("since", "", "2005", "2009-03", "2011", "2012?")
			l.Valid.Until = one("until", "", "2012", "..", "2015~")
			if on := one("on", "", "", "2007", "2016-02-01"); on != "" {
				l.Valid.Observed = []string{on}
			}
			changes = append(changes, evidence.Change{AssertLink: l})
		}
		if one("same", "no", "yes") == "yes" {
			changes = append(changes, evidence.Change{MergeEntities: &evidence.MergeEntities{Absorb: "p4", Into: "p1", Citations: []evidence.NewCitation{cited("", "s1", "SUPPORTS")}}})
		}
		_, err := g.tracer.Apply(t.Context(), evidence.Author{Name: "test", Clearance: evidence.Confidential}, &evidence.ChangeSet{Reason: "test", Changes: changes})
		require.NoError(r, err)
		s := g.at(evidence.Public)
		asked := []evidence.ID{"p1", "p2", "p3", "p4"}
		var named []evidence.ID
		for n := range 10 {
			named = append(named, evidence.ID(fmt.Sprint("c", n)))
		}
		seen, err := s.Claims(t.Context(), named)
		require.NoError(r, err)
		all := slices.SortedFunc(maps.Values(seen), func(a, b *trace.Claim) int { return cmp.Compare(a.Record.ID(), b.Record.ID()) })
		for _, c := range all {
			asked = append(asked, c.Record.ID())
		}
		shown, err := s.Entities(t.Context(), asked[:4])
		require.NoError(r, err)
		for _, of := range asked {
			want := []string{}
			on := of
			if e := shown[of]; e != nil {
				on = e.ID
			}
			for i, a := range all {
				for _, b := range all[i+1:] {
					about := a.Record.ID() == of || b.Record.ID() == of || touches(a, on) && touches(b, on)
					if about && opposedPair(a, b) {
						want = append(want, fmt.Sprintf("OPPOSED_KINDS [%s %s]", a.Record.ID(), b.Record.ID()))
					}
					if about && (misdatedPair(a, b) || misdatedPair(b, a)) {
						want = append(want, fmt.Sprintf("INCOMPATIBLE_DATES [%s %s]", a.Record.ID(), b.Record.ID()))
					}
				}
			}
			slices.Sort(want)
			got, err := s.Contradictions(t.Context(), of)
			require.NoError(r, err)
			require.False(r, got.Truncated)
			found := []string{}
			for _, c := range got.All {
				if c.Rule == trace.OpposedKinds || c.Rule == trace.IncompatibleDates {
					found = append(found, fmt.Sprint(c.Rule, " ", ids(c.Claims)))
				}
			}
			require.Equal(r, want, found, "of %s", of)
		}
	})
}

func touches(c *trace.Claim, id evidence.ID) bool { return c.From == id || c.To == id }

func opposedPair(a, b *trace.Claim) bool {
	x, y := a.Record.Claim(), b.Record.Claim()
	if !vocabulary.Standard().Opposed(x.Kind, y.Kind) {
		return false
	}
	if kind, _ := vocabulary.Standard().Link(x.Kind); kind.Procedural {
		return a.From == b.From
	}
	if !(a.From == b.From && a.To == b.To || a.From == b.To && a.To == b.From) {
		return false
	}
	v, w := x.Valid(), y.Valid()
	return v.IsZero() || w.IsZero() || len(edtf.Meet(v.MayHold(edtf.State), w.MayHold(edtf.State))) > 0
}

// misdatedPair says whether a statement dates an entity so that another claim cannot
// be right.
func misdatedPair(statement, other *trace.Claim) bool {
	st, x := statement.Record.Claim(), other.Record.Claim()
	date, err := edtf.Parse(st.Value)
	birth, death := st.Kind == "BIRTH_DATE", st.Kind == "DEATH_DATE"
	if err != nil || date.Uncertain() || !birth && !death || !touches(other, statement.From) {
		return false
	}
	if x.Of == evidence.StatementRecord {
		end, err := edtf.Parse(x.Value)
		return err == nil && !end.Uncertain() && birth && x.Kind == "DEATH_DATE" && end.Latest() < date.Earliest()
	}
	kind, _ := vocabulary.Standard().Link(x.Kind)
	if kind.Procedural {
		return false
	}
	v := x.Valid()
	told := append([]edtf.Date{v.Since, v.Until}, v.Observed...)
	if birth {
		return slices.ContainsFunc(told, func(d edtf.Date) bool { return !d.Uncertain() && d.Latest() < date.Earliest() })
	}
	if x.Kind == "FAMILY_OF" {
		told = told[:1]
	}
	there := other.From == statement.From || kind.Hierarchical || kind.Symmetric
	return there && slices.ContainsFunc(told, func(d edtf.Date) bool { return !d.Uncertain() && d.Earliest() > date.Latest() })
}

// manyPairs writes a person with so many births, payments before them, charges and
// acquittals.
func manyPairs(t *testing.T, n int) *graph {
	t.Helper()
	g := newGraph(t)
	cites := []evidence.NewCitation{cited("", "s1", "SUPPORTS")}
	changes := []evidence.Change{news("s1"), person("p1", "Uno"), person("p2", "Dos")}
	add := func(id, kind, since string) {
		l := &evidence.AssertLink{ID: evidence.ID(id), Kind: kind, From: "p1", To: "p2", Citations: cites}
		l.Valid.Since = since
		changes = append(changes, evidence.Change{AssertLink: l})
	}
	for i := range n {
		add(fmt.Sprintf("a%03d", i), "ACQUITTED_BY", "2014")
		add(fmt.Sprintf("c%03d", i), "CHARGED_BY", "2012")
		add(fmt.Sprintf("l%03d", i), "PAYS", "1980")
	}
	for i := range n {
		changes = append(changes, evidence.Change{AssertStatement: &evidence.AssertStatement{
			ID: evidence.ID(fmt.Sprintf("t%03d", i)), Attribute: "BIRTH_DATE", Entity: "p1", Value: "1990", Citations: cites,
		}})
	}
	g.write(changes...)
	return g
}

// TestTooManyPairs tells the first of more pairs than an answer holds, says that there
// are more, and tells all of one claim.
func TestTooManyPairs(t *testing.T) {
	g := manyPairs(t, 120) // 14,400 pairs by each rule
	s := g.at(evidence.Public)
	got, err := s.Contradictions(t.Context(), "p1")
	require.NoError(t, err)
	require.True(t, got.Truncated)
	byRule := map[trace.Rule][]trace.Contradiction{}
	for _, c := range got.All {
		byRule[c.Rule] = append(byRule[c.Rule], c)
	}
	for rule, letters := range map[trace.Rule]string{trace.OpposedKinds: "ac", trace.IncompatibleDates: "lt"} {
		require.Len(t, byRule[rule], 10_000, rule)
		for i, c := range byRule[rule] {
			want := []evidence.ID{evidence.ID(fmt.Sprintf("%c%03d", letters[0], i/120)), evidence.ID(fmt.Sprintf("%c%03d", letters[1], i%120))}
			require.Equal(t, want, ids(c.Claims))
		}
	}
	for _, of := range []evidence.ID{"a119", "c119", "l119", "t119"} {
		got, err := s.Contradictions(t.Context(), of)
		require.NoError(t, err)
		require.False(t, got.Truncated, of)
		require.Len(t, got.All, 120, of)
	}
}

// TestPairsOfAGivenUpQuestion gives a question up when its claims have been read, and
// sees that it neither compares them nor asks for more.
func TestPairsOfAGivenUpQuestion(t *testing.T) {
	st := model.New()
	g := &graph{t, trace.New(st, vocabulary.Standard(), storetest.Planner(1))}
	cites := []evidence.NewCitation{cited("", "s1", "SUPPORTS")}
	changes := []evidence.Change{news("s1"), person("p1", "Uno"), person("p2", "Dos")}
	for i := range 20 {
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(fmt.Sprint("l", i)), Kind: []string{"CHARGED_BY", "ACQUITTED_BY"}[i%2], From: "p1", To: "p2", Citations: cites,
		}})
	}
	changes = append(changes, evidence.Change{AssertStatement: &evidence.AssertStatement{ // what is read last
		ID: "t1", Attribute: "BIRTH_DATE", Entity: "p1", Value: "1990", Citations: cites,
	}})
	g.write(changes...)
	whole := &hasty{Store: st}
	s := open(t, whole, evidence.Now(evidence.Public))
	_, err := s.Contradictions(t.Context(), "p1")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	ctx, cancel := context.WithCancel(t.Context())
	h := &hasty{Store: st, giveUp: cancel, after: whole.read}
	s = open(t, h, evidence.Now(evidence.Public))
	defer s.Close() //nolint:errcheck // nothing was written
	_, err = s.Contradictions(ctx, "p1")
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, h.calls, "it asked for more")
}

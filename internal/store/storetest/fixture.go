package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

func putEntity(id evidence.ID, kind, name string, aliases ...string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(name), Aliases: evidence.Of(aliases)}}
}

func putSource(id evidence.ID, kind, title, grade string, parents ...evidence.ID) evidence.Change {
	return evidence.Change{PutSource: &evidence.PutSource{
		ID: id, Kind: evidence.Of(kind), Title: evidence.Of(title), URL: evidence.Of("https://example.org/" + string(id)),
		Reliability: evidence.Of(grade), DerivedFrom: evidence.Of(parents),
	}}
}

func citation(id, source evidence.ID, stance string, grade int) evidence.NewCitation {
	return evidence.NewCitation{ID: id, Source: source, Stance: stance, Locator: "p. 4", Credibility: grade}
}

func assertLink(id evidence.ID, kind string, from, to evidence.ID, since string, citations ...evidence.NewCitation) evidence.Change {
	return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: kind, From: from, To: to, Valid: evidence.ValidTime{Since: since}, Citations: citations}}
}

func cleared(c evidence.Change, level string) evidence.Change {
	switch {
	case c.PutEntity != nil:
		c.PutEntity.Clearance = evidence.Of(level)
	case c.PutSource != nil:
		c.PutSource.Clearance = evidence.Of(level)
	case c.AssertLink != nil:
		c.AssertLink.Clearance = level
	}
	return c
}

// fixture is a small graph with something of everything: e0 is a hub with a link
// to each of the others.
func fixture() []*evidence.ChangeSet {
	sets := []*evidence.ChangeSet{
		{Reason: "first report", IdempotencyKey: "fixture/1", Changes: []evidence.Change{
			putSource("s0", "NEWS", "Informe Guerrero", "A"),
			putSource("s1", "LEAK", "Zócalo", "C"),
			putSource("s2", "NEWS", "Áurea", "F", "s0"),
			putEntity("e0", "PERSON", "José Pérez", "El Pepe"),
			putEntity("e1", "MILITARY_UNIT", "27 Batallón de Infantería"),
			putEntity("e2", "PERSON", "Josefina O'Reilly", "La Güera"),
			putEntity("e3", "CRIMINAL_GROUP", "Joyeros Unidos"),
			{PutEntity: &evidence.PutEntity{ID: "r-e4", Kind: evidence.Of("PERSON"), Name: evidence.Of("joven sin nombre"), Identity: evidence.Of("UNIDENTIFIED")}},
			cleared(putEntity("p-e5", "PERSON", "Joaquín"), "CONFIDENTIAL"),
		}},
		{Reason: "links", Changes: []evidence.Change{
			assertLink("l0", "COMMANDS", "e0", "e1", "2014", citation("c0", "s0", "SUPPORTS", 1)),
			assertLink("l1", "PAYS", "e3", "e0", "2013", citation("c1", "s1", "SUPPORTS", 3), citation("c2", "s0", "DISPUTES", 2)),
			assertLink("l2", "LINKED_TO", "e0", "e2", "", citation("c3", "s2", "SUPPORTS", 2)),
			assertLink("l3", "LINKED_TO", "e0", "r-e4", "2012-03", citation("c4", "s1", "SUPPORTS", 2)),
			assertLink("l4", "LINKED_TO", "p-e5", "e0", "2011", citation("c5", "s0", "SUPPORTS", 2)),
			cleared(assertLink("r-l5", "LINKED_TO", "e2", "e3", "2010?", citation("r-c6", "s0", "SUPPORTS", 2)), "RESTRICTED"),
		}},
		{Reason: "statements", Changes: []evidence.Change{
			{AssertStatement: &evidence.AssertStatement{ID: "t0", Entity: "e0", Attribute: "RANK", Value: "General de Guerrero", Citations: []evidence.NewCitation{citation("r-c7", "s0", "", 2)}}},
			{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "e0", Attribute: "OCCUPATION", Value: "policía", Citations: []evidence.NewCitation{citation("p-c8", "s1", "", 0)}}},
		}},
		{Reason: "a denial", Changes: []evidence.Change{
			{AssertLink: &evidence.AssertLink{ID: "p-l6", Kind: "DENIES", From: "e0", To: "e3", About: "l1", Summary: "negó todo en Guerrero", Citations: []evidence.NewCitation{citation("p-c9", "s1", "", 2)}}},
			{SetStanding: &evidence.SetStanding{Claim: "l0", Standing: "CHARGED", On: "2016", Citation: citation("", "s1", "", 2)}},
		}},
		{Reason: "a better name", Changes: []evidence.Change{
			{PutEntity: &evidence.PutEntity{ID: "e2", Name: evidence.Of("Ángela O'Reilly")}},
		}},
		{Reason: "withdrawn", Changes: []evidence.Change{{Retract: &evidence.Retract{ID: "l2"}}}},
		{Reason: "protected", Changes: []evidence.Change{{SetClearance: &evidence.SetClearance{ID: "s1", Clearance: "RESTRICTED"}}}},
	}
	many := &evidence.ChangeSet{Reason: "many"}
	for i := range 12 {
		id := evidence.ID(fmt.Sprintf("many-%02d", i))
		many.Changes = append(many.Changes, assertLink(id, []string{"LINKED_TO", "PAYS"}[i%2], "e0", []evidence.ID{"e2", "e3"}[i%2], fmt.Sprintf("20%02d", 20-i),
			citation(id+"-a", []evidence.ID{"s0", "s1", "s2"}[i%3], "SUPPORTS", 1+i%6), citation(id+"-b", "s0", []string{"MENTIONS", "SUPPORTS"}[i%2], 3)))
	}
	return append(sets, many)
}

// bench is a store under test with the fixture, beside a model with the same.
type bench struct {
	Opened
	ctx   context.Context //nolint:containedctx // lives for one test
	model *model.Store
	head  evidence.Head
	last  store.Reader // the reader that read opened last
}

func (s *suite) bench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Opened: s.empty(t), ctx: s.context(t), model: model.New()}
	for i, cs := range fixture() {
		want, err := Apply(b.ctx, b.model, i, Top, cs)
		require.NoError(t, err)
		got, err := Apply(b.ctx, b.Store, i, Top, cs)
		require.NoError(t, err)
		require.Equal(t, commit(want, nil), commit(got, nil), "what the change set %q came to", cs.Reason)
	}
	var err error
	b.head, err = b.model.Head(b.ctx)
	require.NoError(t, err)
	return b
}

// read opens a reader of a view, which is closed when the next is opened or the
// test ends: a store need not have many open at a time.
func (b *bench) read(t *testing.T, v evidence.View) store.Reader {
	t.Helper()
	if b.last != nil {
		require.NoError(t, b.last.Close())
		b.last = nil
	}
	r, err := store.Read(b.ctx, b.Store, v, vocabulary.Standard())
	require.NoError(t, err)
	b.last = r
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// views are all clearances, now and at two moments of the past.
func (b *bench) views() []evidence.View {
	var views []evidence.View
	for c := range evidence.Clearance(evidence.Clearances) {
		views = append(views, evidence.Now(c), evidence.View{Clearance: c, KnownAt: 4}, evidence.View{Clearance: c, KnownAt: b.head.Sequence})
	}
	return views
}

// list is the ids that a query lists.
func list(t *testing.T, b *bench, v evidence.View, q store.Query) []evidence.ID {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = plenty
	}
	got := []evidence.ID{}
	for f, err := range b.read(t, v).Find(b.ctx, q) {
		require.NoError(t, err)
		got = append(got, f.Record.ID())
	}
	return got
}

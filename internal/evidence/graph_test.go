package evidence_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// graph is a model to which a test gives change sets, step by step.
type graph struct {
	*testing.T
	*model.Store
	step int
}

var (
	top, middle, low = storetest.Top, storetest.Middle, storetest.Low
)

func empty(t *testing.T) *graph {
	t.Helper()
	return &graph{T: t, Store: model.New()}
}

// base is a graph with two sources, four entities, and a claim of each type.
func base(t *testing.T) *graph {
	t.Helper()
	g := empty(t)
	g.must(top,
		source("s1", nil), source("s2", nil),
		entity("p1", "PERSON", "José Pérez"), entity("p2", "PERSON", "Ana Ruiz"), entity("u1", "MILITARY_UNIT", "27 Batallón"), entity("o1", "ORGANIZATION", "Otra"),
		link("l1", "COMMANDS", "p1", "u1", cited("c1", "s1")),
		evidence.Change{AssertStatement: &evidence.AssertStatement{ID: "t1", Entity: "p1", Attribute: "RANK", Value: "coronel", Citations: []evidence.NewCitation{cited("c2", "s2")}}},
	)
	return g
}

func (g *graph) try(by evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	g.step++
	if cs.Reason == "" {
		cs.Reason = "because"
	}
	return storetest.Apply(context.Background(), g.Store, g.step, by, cs)
}

func (g *graph) must(by evidence.Author, changes ...evidence.Change) *evidence.Commit {
	g.Helper()
	c, err := g.try(by, &evidence.ChangeSet{Changes: changes})
	require.NoError(g, err)
	return c
}

// refuse gives the faults of a change set, each as "CODE path", after checking
// that each says what to do and that nothing was written.
func (g *graph) refuse(by evidence.Author, cs *evidence.ChangeSet) []string {
	g.Helper()
	before, err := g.Head(context.Background())
	require.NoError(g, err)
	_, err = g.try(by, cs)
	var faults evidence.Faults
	require.ErrorAs(g, err, &faults)
	var got []string
	for _, f := range faults {
		require.NotEmpty(g, f.Message)
		got = append(got, string(f.Code)+" "+f.Path)
	}
	after, err := g.Head(context.Background())
	require.NoError(g, err)
	require.Equal(g, before, after)
	return got
}

func (g *graph) newest(id evidence.ID) *evidence.Record {
	g.Helper()
	found, err := g.Snapshot().Newest(context.Background(), []evidence.ID{id}, evidence.Open)
	require.NoError(g, err)
	return found[id]
}

// stands says of each id whether it is open.
func (g *graph) stands(ids ...evidence.ID) []bool {
	g.Helper()
	var open []bool
	for _, id := range ids {
		open = append(open, g.newest(id).IsOpen())
	}
	return open
}

// seen says of each id whether a clearance sees it.
func (g *graph) seen(c evidence.Clearance, ids ...evidence.ID) []bool {
	g.Helper()
	var seen []bool
	for _, id := range ids {
		r := g.newest(id)
		seen = append(seen, r.IsOpen() && r.Derived.Visibility <= c)
	}
	return seen
}

func entity(id evidence.ID, kind, name string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of(kind), Name: evidence.Of(name)}}
}

func source(id evidence.ID, change func(*evidence.PutSource)) evidence.Change {
	s := &evidence.PutSource{ID: id, Kind: evidence.Of("NEWS"), Title: evidence.Of("Informe " + string(id)), URL: evidence.Of("https://example.org/" + string(id))}
	if change != nil {
		change(s)
	}
	return evidence.Change{PutSource: s}
}

func link(id evidence.ID, kind string, from, to evidence.ID, citations ...evidence.NewCitation) evidence.Change {
	return evidence.Change{AssertLink: &evidence.AssertLink{ID: id, Kind: kind, From: from, To: to, Citations: citations}}
}

func cited(id, source evidence.ID) evidence.NewCitation {
	return evidence.NewCitation{ID: id, Source: source, Locator: "p. 4", Credibility: 2}
}

func retract(id evidence.ID) evidence.Change {
	return evidence.Change{Retract: &evidence.Retract{ID: id}}
}

func undo(n uint64) evidence.Change {
	return evidence.Change{Undo: &evidence.Undo{Revision: n}}
}

func raise(id evidence.ID, level string) evidence.Change {
	return evidence.Change{SetClearance: &evidence.SetClearance{ID: id, Clearance: level}}
}

func set(changes ...evidence.Change) *evidence.ChangeSet {
	return &evidence.ChangeSet{Changes: changes}
}

// secret is a change with what it writes CONFIDENTIAL.
func secret(c evidence.Change) evidence.Change {
	switch {
	case c.PutEntity != nil:
		c.PutEntity.Clearance = evidence.Of("CONFIDENTIAL")
	case c.PutSource != nil:
		c.PutSource.Clearance = evidence.Of("CONFIDENTIAL")
	case c.AssertLink != nil:
		c.AssertLink.Clearance = "CONFIDENTIAL"
	}
	return c
}

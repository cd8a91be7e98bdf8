package graph

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/trace"
)

// HistoryStepConnection is a page of a history.
type HistoryStepConnection struct {
	page[*HistoryStep, HistoryStepEdge]
}

// HistoryStepEdge is a step of a page.
type HistoryStepEdge struct {
	Cursor string
	Node   *HistoryStep
}

// DifferenceConnection is a page of differences.
type DifferenceConnection struct {
	page[*Difference, DifferenceEdge]
}

// DifferenceEdge is a difference of a page.
type DifferenceEdge struct {
	Cursor string
	Node   *Difference
}

func (q *queryResolver) History(ctx context.Context, id string, first *int32, after *string, last *int32, before *string, knownAt *KnownAt) (*HistoryStepConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := s.History(ctx, evidence.ID(id), pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	steps := contents(p)
	revisions, err := newRevisions(ctx, mapped(steps, func(x *trace.Step) *evidence.Revision { return x.Revision }), reading(s))
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes := make([]*HistoryStep, len(steps))
	for i, x := range steps {
		nodes[i] = &HistoryStep{Revision: revisions[i], Change: recordChange(len(x.Changes) > 0, x.Record != nil)}
		if nodes[i].Fields, err = fieldChanges(x.Changes); err != nil {
			return nil, report(ctx, err)
		}
	}
	return &HistoryStepConnection{paged(p, nodes, func(c string, n *HistoryStep) HistoryStepEdge { return HistoryStepEdge{c, n} })}, nil
}

func recordChange(changed, there bool) RecordChange {
	switch {
	case changed:
		return RecordChangeChanged
	case there:
		return RecordChangeMade
	default:
		return RecordChangeWithdrawn
	}
}

func (q *queryResolver) Diff(ctx context.Context, from int32, to *int32, first *int32, after *string, last *int32, before *string, knownAt *KnownAt) (*DifferenceConnection, error) {
	s, err := q.session(ctx, knownAt)
	if err != nil {
		return nil, report(ctx, err)
	}
	earlier, err := revisionNumber("from", from)
	if err != nil {
		return nil, report(ctx, err)
	}
	later, err := q.laterRevision(ctx, s, to)
	if err != nil {
		return nil, report(ctx, err)
	}
	p, err := s.Diff(ctx, earlier, later, pageArgs(first, after, last, before))
	if err != nil {
		return nil, report(ctx, err)
	}
	found := contents(p)
	now, err := readNodes(ctx, s, mapped(found, func(d *trace.Difference) evidence.ID { return d.ID }))
	if err != nil {
		return nil, report(ctx, err)
	}
	nodes := make([]*Difference, len(found))
	for i, d := range found {
		nodes[i] = &Difference{Record: string(d.ID), Change: recordChange(d.Before != nil && d.After != nil, d.After != nil), Node: now[d.ID]}
		if nodes[i].Fields, err = fieldChanges(d.Changes); err != nil {
			return nil, report(ctx, err)
		}
	}
	return &DifferenceConnection{paged(p, nodes, func(c string, n *Difference) DifferenceEdge { return DifferenceEdge{c, n} })}, nil
}

// laterRevision is the number that `to` names at the session's moment; the newest
// there where it is nil.
func (q *queryResolver) laterRevision(ctx context.Context, s *session, to *int32) (uint64, error) {
	if to == nil {
		one := 1
		p, err := s.Revisions(ctx, trace.RevisionFilter{Newest: true}, trace.PageArgs{First: &one})
		if err != nil || len(p.Items) == 0 {
			return 0, err
		}
		return p.Items[0].Node.Numbers[clearance(ctx)], nil
	}
	later, err := revisionNumber("to", *to)
	if err != nil || later == 0 {
		return later, err
	}
	_, err = s.Revision(ctx, later)
	if errors.Is(err, store.ErrNotFound) {
		return 0, evidence.Faulty(evidence.InvalidInput, "to", "revision %d does not exist at the moment that is read; leave it out for the newest", later)
	}
	return later, err
}

// fieldChanges are the fields of a record that differ, with the names of what
// the domain counts.
func fieldChanges(changes []trace.Change) ([]*FieldChange, error) {
	out := make([]*FieldChange, len(changes))
	for i, c := range changes {
		before, err := fieldValue(c.Field, c.Before)
		if err != nil {
			return nil, err
		}
		after, err := fieldValue(c.Field, c.After)
		if err != nil {
			return nil, err
		}
		out[i] = &FieldChange{Field: c.Field, Before: before, After: after}
	}
	return out, nil
}

// counted are the fields that the domain writes as a number and the schema by a
// name. A field that is left out is the first of its names.
var counted = map[string]func(n int) string{
	"identity":    func(n int) string { return evidence.Identity(n).String() },    //nolint:gosec // checked by nameOf
	"clearance":   func(n int) string { return evidence.Clearance(n).String() },   //nolint:gosec // checked by nameOf
	"reliability": func(n int) string { return evidence.Reliability(n).String() }, //nolint:gosec // checked by nameOf
	"stance":      func(n int) string { return evidence.Stance(n).String() },      //nolint:gosec // checked by nameOf
}

// countedWithin are those within what lists of a record hold.
var countedWithin = map[string]map[string]func(n int) string{
	"standing": {"standing": func(n int) string { return evidence.Standing(n).String() }}, //nolint:gosec // checked by nameOf
	"names": {
		"type":      func(n int) string { return evidence.NameType(n).String() }, //nolint:gosec // checked by nameOf
		"clearance": counted["clearance"],
	},
}

// fieldValue writes one value of a field; nil where there is none.
func fieldValue(field, written string) (*JSON, error) {
	name, isCounted := counted[field]
	if written == "" {
		switch {
		case isCounted:
			return encoded(name(0))
		case field == "credibility":
			return encoded(evidence.Credibility(0).Grade())
		}
		return nil, nil //nolint:nilnil // null is the answer
	}
	inner, isList := countedWithin[field]
	if !isCounted && !isList {
		return &JSON{[]byte(written)}, nil
	}
	if isCounted {
		var n float64
		if err := json.Unmarshal([]byte(written), &n); err != nil {
			return nil, err
		}
		return encoded(name(int(n)))
	}
	var items []map[string]any
	if err := json.Unmarshal([]byte(written), &items); err != nil {
		return nil, err
	}
	for _, item := range items {
		for key, name := range inner {
			n, _ := item[key].(float64) // left out where it is the first
			item[key] = name(int(math.Round(n)))
		}
	}
	return encoded(items)
}

func encoded(v any) (*JSON, error) {
	text, err := json.Marshal(v)
	return &JSON{text}, err
}

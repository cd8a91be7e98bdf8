package model

import (
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
)

// snapshot implements evidence.Snapshot.
type snapshot struct{ *state }

// Head implements evidence.Snapshot.
func (s snapshot) Head(context.Context) (evidence.Head, error) { return s.head(), nil }

// Newest implements evidence.Snapshot.
func (s snapshot) Newest(_ context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	found := map[evidence.ID]*evidence.Record{}
	for _, id := range ids {
		for _, r := range s.versions[id] {
			if r.From < before {
				found[id] = &r
			}
		}
	}
	return found, nil
}

// Related implements evidence.Snapshot.
func (s snapshot) Related(_ context.Context, relation evidence.Relation, ids []evidence.ID, limit int) ([]*evidence.Record, error) {
	var found []*evidence.Record
	for _, id := range s.ids() {
		r := s.newest(id)
		if len(found) < limit && r.IsOpen() != (relation == evidence.FormerCitations) && slices.ContainsFunc(dependsOn(relation, r.Content), func(on evidence.ID) bool { return slices.Contains(ids, on) }) {
			found = append(found, r)
		}
	}
	return found, nil
}

// dependsOn are the ids from which the relation leads to the content.
func dependsOn(relation evidence.Relation, content evidence.Content) []evidence.ID {
	switch c := content.(type) {
	case *evidence.Claim:
		if relation == evidence.ClaimsOn {
			return []evidence.ID{c.From, c.To}
		}
	case *evidence.Citation:
		switch relation {
		case evidence.CitationsOf, evidence.FormerCitations:
			return []evidence.ID{c.Claim}
		case evidence.CitationsIn:
			return []evidence.ID{c.Source}
		}
	case *evidence.Source:
		if relation == evidence.DerivedSources {
			return c.DerivedFrom
		}
	}
	return nil
}

// Revision implements evidence.Snapshot.
func (s snapshot) Revision(_ context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	for _, r := range s.revisions {
		var is bool
		switch {
		case ref.Sequence != 0:
			is = r.Sequence() == ref.Sequence
		case ref.Key != "":
			is = r.Key == ref.Key
		default:
			is = ref.Number != 0 && r.Numbers[ref.Clearance] == ref.Number
		}
		if is {
			copied := *r
			return &copied, nil
		}
	}
	return nil, evidence.ErrNotFound
}

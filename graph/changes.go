package graph

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/evidence"
)

// changeSet is the input as the domain knows it. Both have the same JSON: fields
// are named alike, an absent field is left out and a null one is null. What
// cannot be said in the domain's types is left out and noted as unreadable, so
// that it is told with everything else that is wrong.
func (in *ChangeSetInput) changeSet() (*evidence.ChangeSet, error) {
	var unreadable []evidence.UnreadableInput
	fault := func(index int, path, format string, args ...any) {
		f := evidence.Fault{Code: evidence.InvalidInput, Path: path, Message: fmt.Sprintf(format, args...)}
		unreadable = append(unreadable, evidence.UnreadableInput{Index: index, Fault: f})
	}
	readable := *in
	if n := in.ExpectedRevision.Value(); n != nil && *n < 0 {
		fault(-1, "expectedRevision", "%d is not the number of a revision; give the newest that you have seen", *n)
		readable.ExpectedRevision = graphql.Omittable[*int32]{}
	}
	readable.Changes = slices.Clone(in.Changes)
	for i, c := range in.Changes {
		for _, name := range c.nulls() {
			fault(i, indexed("changes", i)+"."+name, "it is null; a change is exactly one of its fields, so leave the others out")
		}
		if undo := c.Undo.Value(); undo != nil && undo.Revision < 0 {
			fault(i, indexed("changes", i)+".undo.revision", "%d is not the number of a revision; they are counted from 1", undo.Revision)
			readable.Changes[i] = &ChangeInput{}
		}
		for _, path := range c.ungraded() {
			fault(i, indexed("changes", i)+"."+path+".credibility", "0 is not a grade of credibility; give 1 (confirmed) to 6 (cannot be judged), or leave it out")
		}
	}
	encoded, err := json.Marshal(&readable)
	if err != nil {
		return nil, fmt.Errorf("encoding the change set: %w", err)
	}
	cs := &evidence.ChangeSet{}
	if err := json.Unmarshal(encoded, cs); err != nil {
		return nil, fmt.Errorf("the inputs of the schema and the domain differ: %w", err)
	}
	cs.Unreadable = unreadable
	return cs, nil
}

// nulls names the fields that are given as null.
func (c *ChangeInput) nulls() []string {
	var names []string
	add := func(name string, set, null bool) {
		if set && null {
			names = append(names, name)
		}
	}
	add("putEntity", c.PutEntity.IsSet(), c.PutEntity.Value() == nil)
	add("putSource", c.PutSource.IsSet(), c.PutSource.Value() == nil)
	add("assertLink", c.AssertLink.IsSet(), c.AssertLink.Value() == nil)
	add("assertStatement", c.AssertStatement.IsSet(), c.AssertStatement.Value() == nil)
	add("cite", c.Cite.IsSet(), c.Cite.Value() == nil)
	add("setStanding", c.SetStanding.IsSet(), c.SetStanding.Value() == nil)
	add("setClearance", c.SetClearance.IsSet(), c.SetClearance.Value() == nil)
	add("retract", c.Retract.IsSet(), c.Retract.Value() == nil)
	add("mergeEntities", c.MergeEntities.IsSet(), c.MergeEntities.Value() == nil)
	add("undo", c.Undo.IsSet(), c.Undo.Value() == nil)
	return names
}

// ungraded are the paths of the citations whose credibility is given as 0, which
// the domain cannot tell from one that is left out.
func (c *ChangeInput) ungraded() []string {
	var paths []string
	look := func(path string, citation *CitationInput) {
		if citation == nil {
			return
		}
		if grade := citation.Credibility.Value(); grade != nil && *grade == 0 {
			paths = append(paths, path)
		}
	}
	all := func(change string, citations []*CitationInput) {
		for i, citation := range citations {
			look(change+indexed(".citations", i), citation)
		}
	}
	if x := c.AssertLink.Value(); x != nil {
		all("assertLink", x.Citations.Value())
	}
	if x := c.AssertStatement.Value(); x != nil {
		all("assertStatement", x.Citations.Value())
	}
	if x := c.MergeEntities.Value(); x != nil {
		all("mergeEntities", x.Citations.Value())
	}
	if x := c.Cite.Value(); x != nil {
		look("cite.citation", x.Citation)
	}
	if x := c.SetStanding.Value(); x != nil {
		look("setStanding.citation", x.Citation)
	}
	return paths
}

package evidence_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
)

// TestListsOfARecordAreBounded: each is shown whole.
func TestListsOfARecordAreBounded(t *testing.T) {
	ids := func(n int) (list []evidence.ID) {
		for i := range n {
			list = append(list, evidence.ID(fmt.Sprintf("o%d", i)))
		}
		return list
	}
	notes := func(n int) evidence.Change {
		return evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Notes: evidence.Of(make([]evidence.Note, n))}}
	}
	for name, c := range map[string]struct {
		change evidence.Change
		path   string
	}{
		"notes":   {notes(1001), "putEntity.notes"},
		"parents": {evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of(ids(1001))}}, "putSource.derivedFrom"},
		"sources of a name": {
			evidence.Change{PutEntity: &evidence.PutEntity{ID: "p1", Names: evidence.Of([]evidence.NewName{{Text: "P", Sources: ids(1001)}})}},
			"putEntity.names[0].sources",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{"LIMIT_EXCEEDED changes[0]." + c.path}, base(t).refuse(top, set(c.change)))
		})
	}
	got := base(t).refuse(top, set(evidence.Change{PutSource: &evidence.PutSource{ID: "s1", DerivedFrom: evidence.Of(ids(1000))}}))
	require.Contains(t, got, "UNKNOWN_ID changes[0].putSource.derivedFrom[0]", "so many may be given")
	require.NotContains(t, got, "LIMIT_EXCEEDED changes[0].putSource.derivedFrom")
}

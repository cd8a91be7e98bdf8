package vocabulary

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// root is the root of the project, seen from this package.
const root = "../../.."

func TestStandard(t *testing.T) {
	v, err := parse(standardFile, nil)
	require.NoError(t, err)
	require.Len(t, v.Entities(), 8)
	require.Len(t, v.Links(), 63)

	labels := map[string]string{}
	for _, k := range v.Links() {
		require.Regexp(t, namePattern, k.Name)
		require.NotContains(t, labels, k.Label.EN, "two kinds read alike")
		labels[k.Label.EN] = k.Name
		require.NotEmpty(t, k.Label.ES)
		require.True(t, strings.HasSuffix(k.Meaning, "."), "the meaning of %s is a sentence", k.Name)
		require.NotEmpty(t, k.Ends)
		require.False(t, k.Custom)
		for _, other := range k.Opposed {
			o, ok := v.Link(other)
			require.True(t, ok, "%s is opposed to %s", k.Name, other)
			require.Contains(t, o.Opposed, k.Name)
			require.True(t, v.Opposed(other, k.Name))
		}
		if k.Symmetric {
			require.Equal(t, k.Label, k.Inverse)
		} else {
			require.NotEqual(t, k.Label.EN, k.Inverse.EN, k.Name)
			require.NotEqual(t, k.Label.ES, k.Inverse.ES, k.Name)
		}
	}
	names := func() (out []string) {
		for _, a := range v.Attributes() {
			out = append(out, a.Name)
		}
		for _, s := range v.SourceKinds() {
			out = append(out, "source "+s.Name)
		}
		return out
	}()
	slices.Sort(names)
	require.Equal(t, slices.Compact(slices.Clone(names)), names)
}

func TestLookups(t *testing.T) {
	v := Standard()
	for _, c := range []struct{ name, label string }{
		{"PERSON", "Person"}, {"MILITARY_UNIT", "MilitaryUnit"}, {"POLICE_FORCE", "PoliceForce"},
		{"CRIMINAL_GROUP", "CriminalGroup"}, {"GOVERNMENT_BODY", "GovernmentBody"},
		{"ORGANIZATION", "Organization"}, {"PLACE", "Place"}, {"EVENT", "Event"},
	} {
		k, ok := v.Entity(c.name)
		require.True(t, ok)
		require.Equal(t, c.label, k.NodeLabel)
		back, ok := v.EntityByNodeLabel(c.label)
		require.True(t, ok)
		require.Equal(t, c.name, back.Name)
	}
	_, ok := v.Entity("Person")
	require.False(t, ok)
	_, ok = v.EntityByNodeLabel("PERSON")
	require.False(t, ok)
	_, ok = v.Link("KNOWS")
	require.False(t, ok)
	rank, ok := v.Attribute("RANK")
	require.True(t, ok)
	require.True(t, rank.Exclusive)
	count, ok := v.Attribute("COUNT")
	require.True(t, ok)
	require.False(t, count.Exclusive, "83 warrants and 16 of them for soldiers are no contradiction")
	leak, ok := v.SourceKind("LEAK")
	require.True(t, ok)
	require.Equal(t, "filtración", leak.Label.In("es-MX"))
	require.Equal(t, "leak", leak.Label.In("fr"))
}

func TestAllowsEnds(t *testing.T) {
	for _, c := range []struct {
		kind, from, to string
		want           bool
	}{
		{"COMMANDS", "PERSON", "MILITARY_UNIT", true},
		{"COMMANDS", "MILITARY_UNIT", "PERSON", false},
		{"COMMANDS", "PLACE", "MILITARY_UNIT", false},
		{"PART_OF", "PLACE", "PLACE", true},
		{"PART_OF", "EVENT", "EVENT", true},
		{"PART_OF", "MILITARY_UNIT", "PLACE", false},
		{"SUCCEEDED", "PERSON", "GOVERNMENT_BODY", false},
		{"LOCATED_IN", "EVENT", "PLACE", true},
		{"LOCATED_IN", "PLACE", "EVENT", false},
		{"LINKED_TO", "EVENT", "PLACE", true},
		{"FAMILY_OF", "PERSON", "ORGANIZATION", true},
		{"CHARGED_BY", "PERSON", "CRIMINAL_GROUP", false},
	} {
		k, ok := Standard().Link(c.kind)
		require.True(t, ok)
		require.Equal(t, c.want, k.AllowsEnds(c.from, c.to), "%s %s %s", c.from, c.kind, c.to)
	}
	partOf, _ := Standard().Link("PART_OF")
	require.NotContains(t, partOf.From, "PERSON")
	require.Contains(t, partOf.From, "PLACE")
	located, _ := Standard().Link("LOCATED_IN")
	require.Nil(t, located.From, "any")
}

// TestProcedural fixes which kinds are steps of a procedure or utterances: to
// take one off the list is to let a charge be charged.
func TestProcedural(t *testing.T) {
	var got []string
	for _, k := range Standard().Links() {
		if k.Procedural {
			got = append(got, k.Name)
		}
	}
	require.Equal(t, []string{
		"TESTIFIED_FOR", "INVESTIGATES", "PROSECUTES", "WARRANT_ISSUED_BY", "ARRESTED_BY", "RELEASED_BY", "EXTRADITED_TO",
		"CHARGED_BY", "CONVICTED_BY", "ACQUITTED_BY", "ACCUSES", "DENIES", "DISPUTES",
	}, got)
}

func TestHierarchy(t *testing.T) {
	above := map[End][]string{}
	for _, k := range Standard().Links() {
		require.Equal(t, k.Hierarchical, k.Superior != NoEnd, k.Name)
		above[k.Superior] = append(above[k.Superior], k.Name)
	}
	require.Equal(t, []string{"COMMANDS", "SECOND_IN_COMMAND_OF", "LEADS"}, above[From])
	require.Equal(t, []string{"MEMBER_OF", "SERVES_IN", "HOLDS_POST_IN", "SUBORDINATE_TO", "PART_OF"}, above[To])
}

// TestFollowTheMoney checks every pair of ends that the vocabulary allows: what
// an export would write is a schema whose properties may point to both ends.
func TestFollowTheMoney(t *testing.T) {
	v, facts := Standard(), followTheMoney()
	used := map[string]bool{}
	for _, k := range v.Links() {
		own := false
		for _, from := range v.Entities() {
			for _, to := range v.Entities() {
				if !k.AllowsEnds(from.Name, to.Name) {
					continue
				}
				m := v.FollowTheMoneyFor(k, from.Name, to.Name)
				require.True(t, facts.fits(m.Schema, m.From, from.FollowTheMoney), "%s %s %v", k.Name, from.Name, m)
				require.True(t, facts.fits(m.Schema, m.To, to.FollowTheMoney), "%s %s %v", k.Name, to.Name, m)
				own = own || m == k.FollowTheMoney
				used[m.Schema] = true
			}
		}
		if k.Name != "OWNS" { // FollowTheMoney has companies as assets, which a CSV row may still be read from
			require.True(t, own, "the counterpart of %s fits no pair of ends that it allows", k.Name)
		}
	}
	require.True(t, used["Payment"] && used["Membership"] && used["Family"] && used["Succession"])
	pays, _ := v.Link("PAYS")
	require.Equal(t, Mapping{"Payment", "payer", "beneficiary"}, v.FollowTheMoneyFor(pays, "CRIMINAL_GROUP", "PERSON"))
	partOf, _ := v.Link("PART_OF")
	require.Equal(t, unknownLink, v.FollowTheMoneyFor(partOf, "PLACE", "PLACE"))
}

// TestGenerated fails when the enums or the page were not generated anew.
func TestGenerated(t *testing.T) {
	for path, want := range map[string]string{
		"graph/vocabulary.graphqls": Standard().GraphQL(),
		"docs/vocabulary.md":        Standard().Markdown(),
	} {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		require.NoError(t, err)
		require.Equal(t, want, string(got), "%s has drifted from vocabulary.yaml; run: go generate ./internal/evidence/vocabulary", path)
	}
}

func TestGraphQLIsASchema(t *testing.T) {
	v, err := Standard().Extend(strings.NewReader(extorts))
	require.NoError(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "vocabulary", Input: v.GraphQL() + "\ntype Query { kind: LinkKind }"})
	require.NoError(t, err)
	value := schema.Types["LinkKind"].EnumValues.ForName("EXTORTS")
	require.NotNil(t, value)
	require.Equal(t, `Takes "la cuota" from the other \ by threats.`, value.Description)
	require.Len(t, schema.Types["LinkKind"].EnumValues, 64)
	for _, name := range []string{"EntityKind", "LinkKind", "StatementAttribute", "SourceKind"} {
		for _, e := range schema.Types[name].EnumValues {
			require.NotEmpty(t, e.Description, "%s.%s", name, e.Name)
		}
	}
}

// TestMarkdownExample reads the example on the page as a deployment would.
func TestMarkdownExample(t *testing.T) {
	_, rest, ok := strings.Cut(Standard().Markdown(), "```yaml\n")
	require.True(t, ok)
	example, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	v, err := Standard().Extend(strings.NewReader(example))
	require.NoError(t, err)
	require.True(t, v.Opposed("PROTECTS", "EXTORTS"))
	_, ok = v.Attribute("CALL_SIGN")
	require.True(t, ok)
}

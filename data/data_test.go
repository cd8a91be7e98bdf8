package data

import (
	"encoding/csv"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

const tables = "../internal/ingest/casefile/"

type record map[string]string

func read(t *testing.T, fsys fs.FS, name string) []record {
	t.Helper()
	f, err := fsys.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var out []record
	for _, row := range rows[1:] {
		r := record{}
		for i, column := range rows[0] {
			r[column] = row[i]
		}
		out = append(out, r)
	}
	return out
}

func caseFile(t *testing.T, name string) []record { return read(t, Ayotzinapa(), name) }

// nodes answers the kind of each entity by its id, as the stores name it.
func nodes(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, e := range caseFile(t, "entities.csv") {
		k, ok := vocabulary.Standard().EntityByNodeLabel(e["kind"])
		require.True(t, ok, "entity %s is a %s", e["id"], e["kind"])
		require.NotContains(t, out, e["id"])
		out[e["id"]] = k.Name
	}
	return out
}

// mapped answers a link of the file as the committed table maps it.
func mapped(t *testing.T, table []record, l record) (kind vocabulary.LinkKind, from, to string) {
	t.Helper()
	name, from, to := l["kind"], l["from"], l["to"]
	i := slices.IndexFunc(table, func(r record) bool { return r["kind"] == name })
	if i >= 0 {
		row := table[i]
		name = row["vocabulary_kind"]
		if row["swap"] == "true" {
			from, to = to, from
		}
	}
	kind, ok := vocabulary.Standard().Link(name)
	require.True(t, ok, "link %s is a %s, which neither the vocabulary nor kinds.csv knows", l["id"], name)
	return kind, from, to
}

func TestCounts(t *testing.T) {
	for name, want := range map[string]int{
		"sources.csv": 227, "entities.csv": 203, "links.csv": 473, "statements.csv": 27, "citations.csv": 902,
	} {
		require.Len(t, caseFile(t, name), want, name)
	}
}

// TestLinksFit checks every link against the vocabulary: its kind, mapped by
// the table where need be, allows what stands at its ends; its standing, by the
// table of standings, makes sense on that kind.
func TestLinksFit(t *testing.T) {
	kindOf, table := nodes(t), read(t, os.DirFS(tables), "kinds.csv")
	standings := map[[2]string]string{}
	for _, s := range read(t, os.DirFS(tables), "standings.csv") {
		standings[[2]string{s["kind_class"], s["status"]}] = s["standing"]
	}
	lastResort, ids := 0, map[string]bool{}
	for _, l := range caseFile(t, "links.csv") {
		ids[l["id"]] = true
		kind, from, to := mapped(t, table, l)
		require.True(t, kind.AllowsEnds(kindOf[from], kindOf[to]), "%s: %s (%s) %s %s (%s)", l["id"], from, kindOf[from], kind.Name, to, kindOf[to])
		if kind.Name == vocabulary.LastResort {
			lastResort++
		}
		class := "other"
		if kind.Procedural {
			class = "procedural"
		}
		standing, err := evidence.ParseStanding(standings[[2]string{class, l["status"]}])
		require.NoError(t, err, "%s: status %s on a kind of class %s", l["id"], l["status"], class)
		require.True(t, !kind.Procedural || standing.FitsProcedure(), l["id"])
		switch l["status"] {
		case "found":
			require.Equal(t, evidence.OfficiallyFound, standing)
		case "disputed":
			require.Equal(t, evidence.Reported, standing)
		}
		if l["about"] != "" {
			require.True(t, kind.About, "%s is about a claim, which %s cannot say", l["id"], kind.Name)
		}
	}
	require.LessOrEqual(t, lastResort, 10)
	for _, s := range caseFile(t, "statements.csv") {
		ids[s["id"]] = true
		_, ok := vocabulary.Standard().Attribute(s["attribute"])
		require.True(t, ok, s["id"])
		require.Contains(t, kindOf, s["entity"])
		require.Contains(t, standings, [2]string{"other", s["status"]}, s["id"])
	}
	for _, l := range caseFile(t, "links.csv") {
		if l["about"] != "" {
			require.True(t, ids[l["about"]], l["id"])
		}
	}
}

// TestKindsTable checks the table itself: it maps only kinds that the vocabulary
// has not, and swaps the ends of exactly the inverses.
func TestKindsTable(t *testing.T) {
	var swapped []string
	for _, r := range read(t, os.DirFS(tables), "kinds.csv") {
		_, known := vocabulary.Standard().Link(r["kind"])
		require.False(t, known, "%s is of the vocabulary and needs no mapping", r["kind"])
		target, ok := vocabulary.Standard().Link(r["vocabulary_kind"])
		require.True(t, ok, r["kind"])
		require.NotEmpty(t, r["reason"])
		if r["vocabulary_kind"] == vocabulary.LastResort {
			require.NotEmpty(t, r["role_prefix"], "%s: LINKED_TO says nothing without a role", r["kind"])
		}
		if r["swap"] == "true" {
			require.False(t, target.Symmetric, "swapping the ends of a symmetric kind says nothing")
			swapped = append(swapped, r["kind"])
		} else {
			require.Equal(t, "false", r["swap"], r["kind"])
		}
	}
	require.Equal(t, []string{"SUCCEEDED_BY", "ISSUED_WARRANT_FOR"}, swapped)
}

// TestCited checks that every claim has a citation that supports it, every
// disputed one a citation that disputes it, and that all ids resolve.
func TestCited(t *testing.T) {
	sources := map[string]bool{}
	for _, s := range caseFile(t, "sources.csv") {
		sources[s["id"]] = true
	}
	stances := map[string]map[string]bool{}
	for _, c := range caseFile(t, "citations.csv") {
		require.True(t, sources[c["source_id"]], c["source_id"])
		if stances[c["claim_id"]] == nil {
			stances[c["claim_id"]] = map[string]bool{}
		}
		stances[c["claim_id"]][c["stance"]] = true
	}
	claims := append(caseFile(t, "links.csv"), caseFile(t, "statements.csv")...)
	require.Len(t, claims, 500)
	for _, c := range claims {
		require.True(t, stances[c["id"]]["supports"], c["id"])
		if c["status"] == "disputed" {
			require.True(t, stances[c["id"]]["disputes"], c["id"])
		}
		delete(stances, c["id"])
	}
	require.Empty(t, stances, "citations of claims that are not there")
}

// TestDescriptionsAccuseNobody looks for words of accusation and of legal
// standing in what is editorial about people and bodies: such things are claims
// and belong in links, where they are cited and can be disputed.
func TestDescriptionsAccuseNobody(t *testing.T) {
	for _, e := range caseFile(t, "entities.csv") {
		if e["kind"] == "Event" || e["kind"] == "Place" {
			continue
		}
		require.NotRegexp(t, `(?i)\b(accused|acquitted|alleged|armed arm|charged|convicted|fled|founder|gunman|leader of|operator|refus\w+|sentenced|suspect\w*|wanted)\b`,
			e["description"], e["id"])
	}
}

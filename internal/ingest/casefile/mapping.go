package casefile

import (
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// The mapping tables say how what any case file may write becomes what the
// vocabulary has, and add no word to it that is not in the kind itself. Each of
// their rows gives its reason. What a kind was mapped to by an earlier program stays
// in former_kinds.csv, and what one said of entities that it knew by id and name in
// former_identities.csv, to know again what that imported.
//
//go:embed kinds.csv former_kinds.csv former_identities.csv standings.csv
var tableFiles embed.FS

// kindRule maps one link kind of a case file.
type kindRule struct {
	kind   string
	begins []string // for links whose role begins with one of these words alone, where set
	target string   // the kind of the vocabulary
	swap   bool     // the ends change places: the kind is the inverse of the target
	prefix string   // begins the role; where the ends change places, tells of which end a role speaks
	until  string   // the day on which another rule came in its place, where one did
}

// identityRule says what an earlier program took an entity of an id and a name for.
type identityRule struct {
	id, name string
	identity evidence.Identity
	until    string // the day on which the rule ended
}

// standingKey is a status with whether the link's kind is procedural.
type standingKey struct {
	procedural bool
	status     string
}

type mappings struct {
	kinds []kindRule
	// formerKinds and formerIdentities are the rules of earlier programs, and changed the
	// days on which any of them ended, the latest first.
	formerKinds      []kindRule
	formerIdentities []identityRule
	changed          []string
	standings        map[standingKey]evidence.Standing
	statuses         []string // in the order of the table
}

var tables = sync.OnceValue(func() *mappings {
	m := &mappings{standings: map[standingKey]evidence.Standing{}}
	m.kinds, m.formerKinds = kindRules("kinds.csv"), kindRules("former_kinds.csv")
	for _, r := range m.formerKinds {
		m.changed = append(m.changed, r.until)
	}
	for _, r := range tableRows("former_identities.csv") {
		m.formerIdentities = append(m.formerIdentities, identityRule{r["id"], r["name"], must(evidence.ParseIdentity(r["identity"])), r["until"]})
		m.changed = append(m.changed, r["until"])
	}
	slices.Sort(m.changed)
	m.changed = slices.Compact(m.changed)
	slices.Reverse(m.changed)
	for _, r := range tableRows("standings.csv") {
		m.standings[standingKey{r["kind_class"] == "procedural", r["status"]}] = must(evidence.ParseStanding(r["standing"]))
		if !slices.Contains(m.statuses, r["status"]) {
			m.statuses = append(m.statuses, r["status"])
		}
	}
	return m
})

func kindRules(table string) []kindRule {
	var rules []kindRule
	for _, r := range tableRows(table) {
		var begins []string
		if words := r["role_begins"]; words != "" {
			begins = strings.Split(words, ";")
		}
		rules = append(rules, kindRule{r["kind"], begins, r["vocabulary_kind"], r["swap"] == "true", r["role_prefix"], r["until"]})
	}
	return rules
}

// must panics: the tables are part of the program and the tests read them.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("casefile: a mapping table: %v", err))
	}
	return v
}

func tableRows(name string) []map[string]string {
	lines := must(csv.NewReader(must(tableFiles.Open(name))).ReadAll())
	var rows []map[string]string
	for _, line := range lines[1:] {
		r := map[string]string{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	return rows
}

// mapKind gives the kind of the vocabulary for a link of the file. A kind that
// the vocabulary has stays as it is.
func (m *mappings) mapKind(v *vocabulary.Vocabulary, kind, role string) kindRule {
	if _, known := v.Link(kind); !known {
		for i := range m.kinds {
			if r := &m.kinds[i]; r.kind == kind && r.fits(role) {
				return *r
			}
		}
	}
	return kindRule{kind: kind, target: kind}
}

// fits tells whether the rule is for links of that role.
func (r *kindRule) fits(role string) bool {
	if r.begins == nil {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimSpace(role), " ")
	return slices.Contains(r.begins, strings.ToLower(strings.TrimRight(first, ",;:.")))
}

// role is the link's role under the rule.
func (r *kindRule) role(given string) string {
	switch {
	case r.prefix == "":
		return given
	case given == "" && r.swap:
		return ""
	case given == "":
		return r.prefix
	default:
		return r.prefix + ": " + given
	}
}

// standing gives the standing for a status; an empty status is "reported".
func (m *mappings) standing(procedural bool, status string) (evidence.Standing, error) {
	if status == "" {
		status = "reported"
	}
	s, ok := m.standings[standingKey{procedural, strings.ToLower(status)}]
	if !ok {
		return s, fmt.Errorf("%q is not a status; write one of %s", status, strings.Join(m.statuses, ", "))
	}
	return s, nil
}

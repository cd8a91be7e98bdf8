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

// The mapping tables say how what a case file may write becomes what the
// vocabulary has. Each of their rows gives its reason.
//
//go:embed kinds.csv standings.csv identities.csv
var tableFiles embed.FS

// kindRule maps one link kind of a case file.
type kindRule struct {
	kind   string
	link   string   // for this link alone, where set
	begins []string // for links whose role begins with one of these words alone, where set
	target string   // the kind of the vocabulary
	swap   bool     // the ends change places: the kind is the inverse of the target
	prefix string   // begins the role; where the ends change places, tells of which end a role speaks
}

// standingKey is a status with whether the link's kind is procedural.
type standingKey struct {
	procedural bool
	status     string
}

// placeholder is an entity known by id and name to stand for what is not named.
type placeholder struct{ id, name string }

type mappings struct {
	kinds      []kindRule
	standings  map[standingKey]evidence.Standing
	statuses   []string // in the order of the table
	identities map[placeholder]evidence.Identity
}

var tables = sync.OnceValue(func() *mappings {
	m := &mappings{standings: map[standingKey]evidence.Standing{}, identities: map[placeholder]evidence.Identity{}}
	for _, r := range tableRows("kinds.csv") {
		var begins []string
		if words := r["role_begins"]; words != "" {
			begins = strings.Split(words, ";")
		}
		m.kinds = append(m.kinds, kindRule{r["kind"], r["link_id"], begins, r["vocabulary_kind"], r["swap"] == "true", r["role_prefix"]})
	}
	for _, r := range tableRows("standings.csv") {
		m.standings[standingKey{r["kind_class"] == "procedural", r["status"]}] = must(evidence.ParseStanding(r["standing"]))
		if !slices.Contains(m.statuses, r["status"]) {
			m.statuses = append(m.statuses, r["status"])
		}
	}
	for _, r := range tableRows("identities.csv") {
		m.identities[placeholder{r["id"], r["name"]}] = must(evidence.ParseIdentity(r["identity"]))
	}
	return m
})

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
// the vocabulary has stays as it is, unless a rule is for that very link.
func (m *mappings) mapKind(v *vocabulary.Vocabulary, kind, link, role string) kindRule {
	var general *kindRule
	for i := range m.kinds {
		r := &m.kinds[i]
		switch {
		case r.kind != kind, !r.fits(role):
		case r.link == link && link != "":
			return *r
		case r.link == "":
			general = r
		}
	}
	if _, known := v.Link(kind); known || general == nil {
		return kindRule{kind: kind, target: kind}
	}
	return *general
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

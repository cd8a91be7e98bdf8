package neo4j

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// tokensDiffer compares the search words of an entity, those of the past too, with
// what its versions call for, oldest first.
func tokensDiffer(versions []*evidence.Record, have []map[string]any) string {
	newest := versions[len(versions)-1]
	var want []string
	standing := map[evidence.Token]evidence.Sequence{} // and since when
	end := func(token evidence.Token, at evidence.Sequence) {
		p := tokenProperties(token, newest.ID(), standing[token])
		p["slot"], p["closedBy"] = closedTokens, int64(at) //nolint:gosec // below Open
		want = append(want, tokenLine(p))
		delete(standing, token)
	}
	if newest.Entity() != nil {
		for _, version := range versions {
			tokens := evidence.SearchTokens(version.Entity())
			for token := range maps.Clone(standing) {
				if !slices.Contains(tokens, token) {
					end(token, version.From)
				}
			}
			for _, token := range tokens {
				if _, stands := standing[token]; !stands {
					standing[token] = version.From
				}
			}
			next := slices.IndexFunc(versions, func(r *evidence.Record) bool { return r.From == version.To })
			if version.IsOpen() || next >= 0 {
				continue
			}
			for token := range maps.Clone(standing) { // it was closed
				end(token, version.To)
			}
		}
	}
	for token, since := range standing {
		want = append(want, tokenLine(tokenProperties(token, newest.ID(), since)))
	}
	var stored []string
	for _, p := range have {
		stored = append(stored, tokenLine(p))
	}
	slices.Sort(want)
	slices.Sort(stored)
	for i := range max(len(want), len(stored)) {
		switch {
		case i >= len(stored) || i < len(want) && want[i] < stored[i]:
			return fmt.Sprintf("a search word of it is missing or not as it was, and should be %s; write it anew", want[i])
		case i >= len(want) || want[i] != stored[i]:
			return fmt.Sprintf("there is a search word of it that no version calls for, %s; delete the node", stored[i])
		}
	}
	return ""
}

// tokenLine has all that a node of a search word says.
func tokenLine(p map[string]any) string {
	parts := make([]string, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, fmt.Sprintf("%s: %s", name, shown(p[name])))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// mislabelled says what is wrong with the labels of a node; "" where nothing is.
func mislabelled(have []any, want ...string) string {
	if have, want := textList(have), sortedTexts(want); !slices.Equal(have, want) {
		return fmt.Sprintf("the node has the labels %v, and %v are called for; set the labels", have, want)
	}
	return ""
}

// unknownName is a name of a property that is not among those known; "" where there
// is none.
func unknownName(names []any, known map[string]any) string {
	for _, name := range textList(names) {
		if _, ok := known[name]; !ok {
			return name
		}
	}
	return ""
}

// head compares the nodes of which there is one with what they may have. What their
// properties say is compared where the log is read.
func (x *scan) head() error {
	known := map[string]map[string]any{"Head": headProperties(evidence.Head{}), "Schema": {}}
	for label, more := range map[string][]string{"Head": {"id", "packed", "locked"}, "Schema": {"id", "version", "from"}} {
		for _, name := range more {
			known[label][name] = nil
		}
	}
	rows, err := x.store.read(x.ctx, scanHead, row{})
	if err != nil {
		return err
	}
	for _, one := range rows {
		label := textOf(one, "label")
		fault := mislabelled(listOf(one, "labels"), label)
		if name := unknownName(listOf(one, "names"), known[label]); name != "" {
			fault = fmt.Sprintf("on the node %s there is a property %s, of which no graph knows; take it away", label, name)
		}
		if fault != "" && !x.row(store.Row{Kind: store.WholeRow, Key: label, Fault: fault}) {
			break
		}
	}
	return nil
}

// foreignNamed is how many nodes or relationships a fault names.
const foreignNamed = 5

// foreignNodes finds those of a label that belong to no record. A label cannot be
// a parameter.
func foreignNodes(label string) query {
	return query{name: "foreign nodes", plain: true, text: "MATCH (n:" + quoted(label) + ") WHERE NOT (n:Record AND coalesce(n.id >= '', false) OR n:Superseded AND coalesce(n.revision >= 0, false) AND EXISTS { MATCH (r:Record {id: n.id}) }) " +
		"RETURN coalesce(toStringOrNull(n.id), '') AS id, elementId(n) AS element LIMIT $limit"}
}

// foreignRelationships finds those of a type, among some, that join something else
// than records, or have the id of no link.
func foreignRelationships(among string) query {
	return query{name: "foreign relationships", plain: true, text: "MATCH " + among + " WITH a, r, b WHERE NOT (a:Record AND b:Record) OR NOT type(r) IN $fixed AND NOT EXISTS { MATCH (n:Record {id: r.id}) WHERE n.kind = type(r) } " +
		"OR type(r) = 'HAS_CITATION' AND NOT b:Citation OR type(r) = 'IN_SOURCE' AND NOT a:Citation OR type(r) = 'DERIVED_FROM' AND NOT a:Source " +
		"RETURN coalesce(toStringOrNull(r.id), '') AS id, elementId(r) AS element LIMIT $limit"}
}

var fixedTypes = []string{"HAS_CITATION", "IN_SOURCE", "DERIVED_FROM"}

// ownLabels are those that the store gives to nodes of which there are many.
func (s *Store) ownLabels() []string {
	labels := []string{"Version", "Record", "Superseded", "Counter", "Revision", "Token"}
	for _, joined := range []string{closedLabels, sourceLabels, linkLabels, statementLabels, citationLabels} {
		labels = append(labels, strings.Split(joined, ":")...)
	}
	for _, k := range s.vocabulary.Entities() {
		labels = append(labels, strings.Split(entityLabels(k), ":")...)
	}
	for _, label := range supersededLabels {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// extras finds nodes and relationships that no record calls for. Neo4j keeps
// their numbers, so that a clean graph is not walked for it.
func (x *scan) extras() error {
	for _, label := range x.store.ownLabels() {
		if err := x.surplus("nodes", label, x.labelled[label], "MATCH (n:"+quoted(label)+") RETURN count(n) AS n", foreignNodes(label)); err != nil || x.stopped {
			return err
		}
	}
	types, err := x.store.read(x.ctx, relationshipsOf, row{})
	if err != nil {
		return err
	}
	names := make([]string, len(types))
	for i, one := range types {
		names[i] = textOf(one, "type")
	}
	slices.Sort(names)
	for _, name := range names {
		among := "(a)-[r:" + quoted(name) + "]->(b)"
		_, drawn := x.store.texts.drawn[name]
		if !drawn && !slices.Contains(fixedTypes, name) {
			if err := x.unknownKind(name, among); err != nil || x.stopped {
				return err
			}
			among += " WHERE " + x.store.isOurs("a") + " OR " + x.store.isOurs("b") // or it is another's, as its nodes are
		}
		if err := x.surplus("relationships", name, x.drawn[name], "MATCH "+among+" RETURN count(r) AS n", foreignRelationships(among)); err != nil || x.stopped {
			return err
		}
	}
	return nil
}

// unknownKind tells of links whose kind the vocabulary lacks: they are true, and
// those who drew them had another vocabulary.
func (x *scan) unknownKind(name, among string) error {
	n, err := x.count("MATCH " + among + " WHERE EXISTS { MATCH (n:Record {id: r.id}) WHERE n.kind = type(r) } RETURN count(r) AS n")
	if err != nil || n == 0 {
		return err
	}
	x.drawn[name] = n
	x.row(store.Row{Kind: store.WholeRow, Key: "relationships " + name, Fault: fmt.Sprintf("the vocabulary has no kind of link %s, of which the graph has %d; give the file that has it with --vocabulary, as whoever wrote them did", name, n)})
	return nil
}

// isOurs says of a node whether it has a label that the store gives.
func (s *Store) isOurs(node string) string {
	labels := s.ownLabels()
	for i, label := range labels {
		labels[i] = quoted(label)
	}
	return node + ":" + strings.Join(labels, "|")
}

// surplus tells of nodes or relationships that are more than were compared with
// records, and names some. One that is missing was told of by its record.
func (x *scan) surplus(what, name string, compared int64, count string, foreign query) error {
	n, err := x.count(count)
	if err != nil || n <= compared {
		return err
	}
	rows, err := x.store.read(x.ctx, foreign, row{"limit": int64(foreignNamed), "fixed": fixedTypes})
	if err != nil {
		return err
	}
	fault := fmt.Sprintf("of the %d %s %s, %d belong to no record; delete them", n, name, what, n-compared)
	for i, one := range rows {
		fault += fmt.Sprintf("%s %q (%s)", []string{",", ":"}[max(0, 1-i)], textOf(one, "id"), textOf(one, "element"))
	}
	x.row(store.Row{Kind: store.WholeRow, Key: what + " " + name, Fault: fault})
	return nil
}

func (x *scan) count(text string) (int64, error) {
	rows, err := x.store.read(x.ctx, query{name: "count", plain: true, text: text}, row{})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return numberOf(rows[0], "n"), nil
}

// quoted makes a name that stands in the database fit for a text.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

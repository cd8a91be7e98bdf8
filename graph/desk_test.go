package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/trace"
)

func person(name string, role access.Role, c evidence.Clearance) access.Identity {
	subject := "token:" + name
	return access.Identity{Name: name, Role: role, Clearance: c, Subject: subject, IDPrefix: access.PrefixOf(subject, c)}
}

const (
	propose = `mutation Propose($cs: ChangeSetInput!) { propose(changeSet: $cs) { id author clearance state reason changeSet review { by } revision } }`
	decide  = `mutation Decide($id: ID!, $decision: Decision!, $reason: String) { review(id: $id, decision: $decision, reason: $reason) { id state review { by reason } revision } }`
	waiting = `query Waiting($state: ProposalState) { proposals(state: $state) { nodes { id state author } pageInfo { hasNextPage } } }`
)

// proposed is a change set that somebody may propose: their ids begin with theirs.
func proposed(who access.Identity, name string) string {
	return fmt.Sprintf(`{"cs": {"reason": "seen in a report", "changes": [{"putEntity": {"id": "%s%s", "kind": "PERSON", "name": "%s", "country": null}}]}}`, who.IDPrefix, name, name)
}

func TestProposalsAreHeldUntilAnEditorDecides(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	ana, luis := person("Ana", access.Contributor, evidence.Public), person("Luis", access.Contributor, evidence.Public)
	carla := person("Carla", access.Editor, evidence.Confidential)

	made := at(t, s.as(ana).get(t, propose, proposed(ana, "uno")), "propose")
	id := at(t, made, "id").(string)
	require.Equal(t, "PENDING", at(t, made, "state"))
	require.Equal(t, "Ana", at(t, made, "author"))
	require.Equal(t, "PUBLIC", at(t, made, "clearance"))
	require.Nil(t, at(t, made, "review"))
	require.Nil(t, at(t, made, "revision"))
	require.Equal(t, "uno", at(t, made, "changeSet", "changes", 0, "putEntity", "name"), "the changes are shown as they were sent")
	require.Nil(t, at(t, made, "changeSet", "changes", 0, "putEntity", "country"))
	require.InDelta(t, 0, at(t, s.get(t, size, ""), "stats", "revision"), 0, "nothing is written yet")

	see := func(who access.Identity, vars string) []string {
		return idsAt(t, list(t, s.as(who).get(t, waiting, vars), "proposals", "nodes"))
	}
	require.Equal(t, []string{id}, see(ana, ""))
	require.Equal(t, []string{id}, see(carla, `{"state": "PENDING"}`))
	require.Empty(t, see(luis, ""), "others do not see it")
	require.Empty(t, see(reader, ""))
	require.Empty(t, see(carla, `{"state": "ACCEPTED"}`))

	for _, c := range []struct {
		who       access.Identity
		vars, err string
	}{
		{reader, `{"id": "` + id + `", "decision": "ACCEPT"}`, "FORBIDDEN"},
		{ana, `{"id": "` + id + `", "decision": "ACCEPT"}`, "FORBIDDEN"},
		{luis, `{"id": "` + id + `", "decision": "REJECT", "reason": "no"}`, "UNKNOWN_ID id"},
		{carla, `{"id": "nothing", "decision": "ACCEPT"}`, "UNKNOWN_ID id"},
		{carla, `{"id": "` + id + `", "decision": "REJECT"}`, "INVALID_INPUT reason"},
		{carla, `{"id": "` + id + `", "decision": "PERHAPS"}`, "INVALID_INPUT decision"},
	} {
		_, errs := s.as(c.who).ask(t, decide, c.vars)
		require.Equal(t, []string{c.err}, faults(errs), c.vars)
	}
	done := s.as(carla).get(t, `mutation($id: ID!) { review(id: $id, decision: ACCEPT, reason: "as the report says") { state review { by reason } revision }
		again: review(id: $id, decision: ACCEPT) { revision } }`, `{"id": "`+id+`"}`)
	require.Equal(t, object{"state": "ACCEPTED", "review": object{"by": "Carla", "reason": "as the report says"}, "revision": 1.0}, at(t, done, "review"))
	require.InDelta(t, 1, at(t, done, "again", "revision"), 0)
	require.Equal(t, "uno", at(t, s.get(t, `query($id: ID!) { entity(id: $id) { name } }`, `{"id": "`+ana.IDPrefix+`uno"}`), "entity", "name"))
	require.Equal(t, "Ana", at(t, s.get(t, `{ revisions { nodes { author } } }`, ""), "revisions", "nodes", 0, "author"))

	mine := at(t, s.as(ana).get(t, propose, proposed(ana, "dos")), "propose", "id").(string)
	require.Equal(t, object{"id": mine, "state": "REJECTED", "review": object{"by": "Ana", "reason": "my mistake"}, "revision": nil},
		at(t, s.as(ana).get(t, decide, `{"id": "`+mine+`", "decision": "REJECT", "reason": "my mistake"}`), "review"))
	_, errs := s.as(carla).ask(t, decide, `{"id": "`+mine+`", "decision": "ACCEPT"}`)
	require.Equal(t, []string{"CONFLICT id"}, faults(errs))
}

func TestWhatCannotBeProposed(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	ana := person("Ana", access.Contributor, evidence.Public)
	_, errs := s.as(reader).ask(t, propose, proposed(ana, "x"))
	require.Equal(t, []string{"FORBIDDEN"}, faults(errs))
	_, errs = s.as(ana).ask(t, propose, strings.Replace(proposed(ana, "x"), `"country": null`, `"when": "yesterday", "clearance": "CONFIDENTIAL"`, 1))
	require.ElementsMatch(t, []string{"INVALID_DATE changes[0].putEntity.when", "FORBIDDEN changes[0].putEntity.clearance"}, faults(errs), "every fault is told")
	_, errs = s.as(ana).ask(t, propose, `{"cs": {"reason": "r", "changes": [{"putEntity": {"id": "of-another", "kind": "PERSON", "name": "x"}}]}}`)
	require.Equal(t, "FORBIDDEN", strings.Fields(faults(errs)[0])[0])
	require.Empty(t, list(t, s.get(t, waiting, ""), "proposals", "nodes"), "nothing is kept")
	_, errs = s.as(ana).ask(t, write, proposed(ana, "x"))
	require.Equal(t, []string{"FORBIDDEN"}, faults(errs), "who proposes does not write")
}

func TestPagesOfProposals(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	ana := person("Ana", access.Contributor, evidence.Public)
	var all []string
	for i := range 7 {
		all = append(all, at(t, s.as(ana).get(t, propose, proposed(ana, fmt.Sprintf("n%d", i))), "propose", "id").(string))
	}
	slices.Sort(all)
	const page = `query($first: Int, $after: String, $last: Int, $before: String) { proposals(first: $first, after: $after, last: $last, before: $before) {
		edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
	for _, backwards := range []bool{false, true} {
		for _, size := range []int{1, 3, 7, 8} {
			count, cursor, more, start := "first", "after", "hasNextPage", "endCursor"
			if backwards {
				count, cursor, more, start = "last", "before", "hasPreviousPage", "startCursor"
			}
			var got []string
			for vars := fmt.Sprintf(`{"%s": %d}`, count, size); ; {
				p := at(t, s.get(t, page, vars), "proposals")
				ids := idsAt(t, list(t, p, "edges"), "node")
				require.LessOrEqual(t, len(ids), size)
				if backwards {
					got = append(ids, got...)
				} else {
					got = append(got, ids...)
				}
				if at(t, p, "pageInfo", more) == false {
					break
				}
				vars = fmt.Sprintf(`{"%s": %d, "%s": %q}`, count, size, cursor, at(t, p, "pageInfo", start))
			}
			require.Equal(t, all, got)
		}
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	admin := person("Jefa", access.Admin, evidence.Restricted)
	const create = `mutation Create($name: String!, $role: Role!, $clearance: Clearance!, $expires: DateTime) { createToken(name: $name, role: $role, clearance: $clearance, expires: $expires) {
		secret token { id name role clearance createdBy expires revoked active lastUsed } } }`
	made := at(t, s.as(admin).get(t, create, `{"name": "Ana Núñez", "role": "CONTRIBUTOR", "clearance": "RESTRICTED", "expires": "2100-01-01T00:00:00Z"}`), "createToken")
	secret, id := at(t, made, "secret").(string), at(t, made, "token", "id").(string)
	require.NotEmpty(t, secret)
	require.Equal(t, object{
		"id": id, "name": "Ana Núñez", "role": "CONTRIBUTOR", "clearance": "RESTRICTED", "createdBy": "Jefa",
		"expires": "2100-01-01T00:00:00Z", "revoked": nil, "active": true, "lastUsed": nil,
	}, at(t, made, "token"))
	listed := s.as(admin).get(t, `{ tokens { nodes { id name } } }`, "")
	require.Equal(t, []any{object{"id": id, "name": "Ana Núñez"}}, list(t, listed, "tokens", "nodes"))
	require.NotContains(t, fmt.Sprint(listed), secret)
	for _, c := range []struct{ vars, want string }{
		{`{"name": "x", "role": "READER", "clearance": "CONFIDENTIAL"}`, "FORBIDDEN clearance"},
		{`{"name": " ", "role": "READER", "clearance": "PUBLIC"}`, "INVALID_INPUT name"},
		{`{"name": "x", "role": "READER", "clearance": "PUBLIC", "expires": "2001-01-01T00:00:00Z"}`, "INVALID_INPUT expires"},
		{`{"name": "x", "role": "KING", "clearance": "PUBLIC"}`, "INVALID_INPUT role"},
	} {
		_, errs := s.as(admin).ask(t, create, c.vars)
		require.Equal(t, []string{c.want}, faults(errs), c.vars)
	}
	for _, query := range []string{`mutation { createToken(name: "x", role: READER) { secret } }`, `mutation { revokeToken(id: "` + id + `") { id } }`, `{ tokens { nodes { id } } }`} {
		_, errs := s.as(person("Carla", access.Editor, evidence.Confidential)).ask(t, query, "")
		require.Equal(t, []string{"FORBIDDEN"}, faults(errs), query)
	}
	revoked := at(t, s.as(admin).get(t, `mutation($id: ID!) { revokeToken(id: $id) { active revoked revokedBy } }`, `{"id": "`+id+`"}`), "revokeToken")
	require.Equal(t, false, at(t, revoked, "active"))
	require.Equal(t, "Jefa", at(t, revoked, "revokedBy"))
	require.NotNil(t, at(t, revoked, "revoked"))
	_, errs := s.as(admin).ask(t, `mutation { revokeToken(id: "nothing") { id } }`, "")
	require.Equal(t, []string{"UNKNOWN_ID id"}, faults(errs))
}

func TestWhatAServerDoesNotKeep(t *testing.T) {
	v := vocabulary.Standard()
	s := serveWith(t, graph.Options{Tracer: trace.New(memory(t, v), v, planner(v))})
	for _, query := range []string{
		`{ proposals { nodes { id } } }`, `{ tokens { nodes { id } } }`, `mutation { createToken(name: "x", role: READER) { secret } }`,
		`mutation { revokeToken(id: "x") { id } }`, `mutation { review(id: "x", decision: ACCEPT) { id } }`,
		`mutation { propose(changeSet: {reason: "r", changes: [{retract: {id: "x"}}]}) { id } }`,
	} {
		_, errs := s.ask(t, query, "")
		require.Equal(t, []string{"UNAVAILABLE"}, faults(errs), query)
	}
}

// TestAnAcceptedProposalKeepsNoSecret has what a proposal wrote raised above its
// author, and above an editor.
func TestAnAcceptedProposalKeepsNoSecret(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	ana, eva := person("Ana", access.Contributor, evidence.Public), person("Eva", access.Editor, evidence.Public)
	id := at(t, s.as(ana).get(t, propose, proposed(ana, "Zutano")), "propose", "id").(string)
	s.as(eva).get(t, decide, `{"id": "`+id+`", "decision": "ACCEPT"}`)
	const query = `{ proposals { nodes { reason changeSet } } }`
	told := func(who access.Identity) string {
		text, err := json.Marshal(at(t, s.as(who).get(t, query, ""), "proposals", "nodes", 0))
		require.NoError(t, err)
		return string(text)
	}
	require.Contains(t, told(eva), "Zutano")
	for _, change := range []string{`{"setClearance": {"id": "` + ana.IDPrefix + `Zutano", "clearance": "CONFIDENTIAL"}}`, `{"retract": {"id": "` + ana.IDPrefix + `Zutano"}}`} {
		s.get(t, write, `{"cs": {"reason": "he is under threat", "changes": [`+change+`]}}`)
		for _, who := range []access.Identity{ana, eva} {
			require.NotContains(t, told(who), "Zutano", change)
			require.NotContains(t, told(who), "seen in a report", change)
		}
		require.Contains(t, told(person("Carla", access.Editor, evidence.Confidential)), "Zutano")
	}
}

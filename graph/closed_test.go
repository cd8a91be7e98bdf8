package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/vinculo/vinculo/graph"
	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// TestChecksAreNotForClients offers the outcome of a quote check as a change:
// only the server that compares quotes writes down what came of it.
func TestChecksAreNotForClients(t *testing.T) {
	schema, err := graph.ServedSchema(vocabulary.Standard())
	require.NoError(t, err)
	for name, def := range schema.Types {
		if def.Kind != ast.InputObject {
			continue
		}
		for _, closed := range []string{"recordChecks", "attachCapture", "check", "state", "sha256"} {
			require.Nil(t, def.Fields.ForName(closed), "%s.%s", name, closed)
		}
	}
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	s.get(t, write, firstReport)
	before := s.get(t, size, "")
	editor := access.Identity{Name: "Eva", Role: access.Admin, Clearance: evidence.Confidential, Subject: "eva"}
	for _, changes := range []string{
		`[{"recordChecks": {"checks": [{"citation": "c1", "check": {"state": "VERIFIED"}}]}}]`,
		`[{"attachCapture": {"source": "s1", "capture": {"sha256": "aa"}}}]`,
		`[{"cite": {"claim": "l1", "citation": {"source": "s1", "locator": "p. 1", "check": {"state": "VERIFIED"}}}}]`,
	} {
		for _, ask := range []string{write, propose} {
			_, errs := s.as(editor).ask(t, ask, `{"cs": {"reason": "forged", "changes": `+changes+`}}`)
			require.NotEmpty(t, errs, changes)
			require.Contains(t, faults(errs)[0], "INVALID_INPUT", changes)
		}
	}
	require.Equal(t, before, s.get(t, size, ""), "nothing changed")
}

// TestTokensAboveOnesOwnAreNotTold has an administrator of PUBLIC list and revoke:
// that somebody is cleared for more is not for them to know.
func TestTokensAboveOnesOwnAreNotTold(t *testing.T) {
	s := serve(t, memory(t, vocabulary.Standard()), vocabulary.Standard())
	admin := func(c evidence.Clearance) access.Identity {
		return access.Identity{Name: "Admin " + c.String(), Role: access.Admin, Clearance: c, Subject: "admin " + c.String()}
	}
	const creation = `mutation($name: String!, $clearance: Clearance!) { createToken(name: $name, role: READER, clearance: $clearance) { token { id } } }`
	const look = `{ tokens(first: 10) { nodes { name } pageInfo { hasNextPage } } back: tokens(last: 10) { nodes { name } } }`
	made := map[string]string{}
	for _, c := range []string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL"} {
		out := s.as(admin(evidence.Confidential)).get(t, creation, `{"name": "of `+c+`", "clearance": "`+c+`"}`)
		made[c] = at(t, out, "createToken", "token", "id").(string)
	}
	for c, want := range map[evidence.Clearance]int{evidence.Public: 1, evidence.Restricted: 2, evidence.Confidential: 3} {
		out := s.as(admin(c)).get(t, look, "")
		require.Len(t, list(t, out, "tokens", "nodes"), want, c)
		require.Len(t, list(t, out, "back", "nodes"), want, c)
		require.Equal(t, false, at(t, out, "tokens", "pageInfo", "hasNextPage"))
	}
	const revoke = `mutation($id: ID!) { revokeToken(id: $id) { id } }`
	_, hidden := s.as(admin(evidence.Public)).ask(t, revoke, `{"id": "`+made["RESTRICTED"]+`"}`)
	_, none := s.as(admin(evidence.Public)).ask(t, revoke, `{"id": "nothing"}`)
	require.Equal(t, faults(none), faults(hidden), "one that is hidden answers as one that never was")
	_, errs := s.as(admin(evidence.Public)).ask(t, creation, `{"name": "x", "clearance": "RESTRICTED"}`)
	require.Equal(t, []string{"FORBIDDEN clearance"}, faults(errs))
	s.as(admin(evidence.Public)).get(t, revoke, `{"id": "`+made["PUBLIC"]+`"}`)
}

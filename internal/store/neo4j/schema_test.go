package neo4j

import (
	"fmt"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/erasure"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestOlderDatabase opens a database as the first schema left it, without ranks, with
// edges that are lists of numbers and with identities that do not say whether they
// were accepted: they are written as the program itself would have.
func TestOlderDatabase(t *testing.T) {
	s := open(t)
	village(t, s, 30)
	secret := evidence.NewCitation{ID: "secret", Source: source(1), Stance: "DISPUTES", Locator: "p. 2", Clearance: "RESTRICTED"}
	_, err := storetest.Apply(t.Context(), s, 9, storetest.Top, &evidence.ChangeSet{Reason: "a denial", IdempotencyKey: "denial", Changes: []evidence.Change{{Cite: &evidence.Cite{Claim: "l7", Citation: secret}}}})
	require.NoError(t, err)
	strongest := func(s *Store, c evidence.Clearance) (links []evidence.ID) {
		r, err := s.Raw(t.Context(), evidence.Now(c))
		require.NoError(t, err)
		for e, err := range r.Expand(t.Context(), store.Expansion{Frontier: []evidence.ID{person(0), person(7)}, Strongest: true, PerNode: 29, Total: 30}) {
			require.NoError(t, err)
			links = append(links, e.Link)
		}
		require.NoError(t, r.Close())
		return links
	}
	keyOf := func(s *Store) (key string) {
		for r, err := range s.Log(t.Context(), 0) {
			require.NoError(t, err)
			key += r.Key
		}
		return key
	}
	identities(t, s, 30)
	accepted := acceptedOf(t)
	require.Len(t, accepted, identityPage+10)
	key := keyOf(s)
	require.NotEmpty(t, key)
	before := [2][]evidence.ID{strongest(s, evidence.Public), strongest(s, evidence.Restricted)}
	require.NotEqual(t, before[0], before[1], "a denial that only some see makes the link weaker for them")

	swell(t)
	d := neo4jtest.Driver(t)
	for _, text := range []string{
		"MATCH ()-[r:SAME_AS]->() REMOVE r.accepted", "MATCH (n:Version) REMOVE n.rank, n.rankSlot", "MATCH (s:Schema) SET s.version = 1",
		"MATCH (v:Revision) WHERE v.key IS NOT NULL SET v.key = 'of the author alone'",
		"MATCH (n:Version) SET n.text = trim(replace(' ' + n.text, ' ' + toString(n.slot % 8) + ':', ' '))",
		"DROP INDEX version_from_rank", "DROP INDEX version_to_rank", "DROP INDEX version_pair",
		// As it was at first: days, flags, and standing, strength and disputes at each clearance.
		"MATCH (n:Version) WHERE n.edge IS NOT NULL SET n.edge = [i IN range(0, 3) | (n.edge[4*i] * 16777216) + ((n.edge[4*i+1] + 256) % 256) * 65536 + ((n.edge[4*i+2] + 256) % 256) * 256 + (n.edge[4*i+3] + 256) % 256] + " +
			"[n.edge[16]] + reduce(all = [], c IN range(0, 2) | all + [n.edge[19+4*c], 128 * n.edge[17+4*c] + n.edge[18+4*c], 3 * n.edge[20+4*c]])",
	} {
		_, err := driver.ExecuteQuery(t.Context(), d, text, nil, driver.EagerResultTransformer, driver.ExecuteQueryWithDatabase("neo4j"))
		require.NoError(t, err)
	}
	again, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	for row, err := range again.Scan(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, row.Fault, row.Key)
	}
	require.Equal(t, key, keyOf(again))
	after := [2][]evidence.ID{strongest(again, evidence.Public), strongest(again, evidence.Restricted)}
	require.Equal(t, before, after)
	require.Equal(t, accepted, acceptedOf(t))
	require.Empty(t, neo4jtest.Cypher(t, "SHOW CONSTRAINTS YIELD name WHERE name = 'citation_id' RETURN name", nil))
}

// swell writes what a former program wrote on nodes besides.
func swell(t *testing.T) {
	t.Helper()
	for _, text := range []string{
		"MATCH (n:Version) WHERE n.clearance IS NULL SET n.clearance = 'PUBLIC'",
		"MATCH (n:Claim) SET n.supports = coalesce(n.supports, 0), n.disputes = coalesce(n.disputes, 0), n.mentions = coalesce(n.mentions, 0)",
		"MATCH (n:Link) SET n.fromPlaceholder = coalesce(n.fromPlaceholder, false), n.toPlaceholder = coalesce(n.toPlaceholder, false)",
		"MATCH ()-[r]->() WHERE r.standing IS NOT NULL MATCH (n:Link {id: r.id}) SET n.role = r.role, n.summary = r.summary, n.since = r.since, n.until = r.until, n.standing = r.standing, n.strength = r.strength",
		"CREATE CONSTRAINT citation_id FOR (n:Citation) REQUIRE n.id IS UNIQUE",
	} {
		neo4jtest.Cypher(t, text, nil)
	}
	plain := neo4jtest.Cypher(t, "MATCH (n:Record) WHERE n.derived IS NULL RETURN n.id AS id, n.slot AS slot, n.key AS key", nil)
	require.NotEmpty(t, plain)
	for _, one := range plain {
		slot, key := one["slot"].(int64), one["key"].(string) //nolint:forcetypeassert // as the text returns it
		d, is := plainDerived(typeOfSlot(slot), slot%placesOfType, key)
		require.True(t, is)
		var err error
		one["derived"], err = evidence.EncodeDerived(&d)
		require.NoError(t, err)
	}
	neo4jtest.Cypher(t, "UNWIND $rows AS row MATCH (n:Record {id: row.id}) SET n.derived = row.derived", map[string]any{"rows": plain})
}

// identities says of people of a village that they are the same, in more links than
// are brought up to date at once: many allegations, some seen by few, some accepted,
// and of these some no longer and one once only.
func identities(t *testing.T, s *Store, people int) {
	t.Helper()
	cs := &evidence.ChangeSet{Reason: "the same?"}
	for i := range identityPage + 11 {
		id := fmt.Sprintf("same%d", i)
		cited := []evidence.NewCitation{{ID: evidence.ID("of-" + id), Source: source(1), Locator: "p. 1"}}
		clearance := evidence.Clearance(i % evidence.Clearances).String() //nolint:gosec // 0 to 2
		cs.Changes = append(cs.Changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(id), Kind: evidence.SameAs, From: person(i % people), To: person((i + 1 + i/people) % people), Clearance: clearance, Citations: cited,
		}})
	}
	apply := func(step int, changes ...evidence.Change) {
		t.Helper()
		_, err := storetest.Apply(t.Context(), s, step, storetest.Top, &evidence.ChangeSet{Reason: cs.Reason, Changes: changes})
		require.NoError(t, err)
	}
	accept := func(link evidence.ID) evidence.Change {
		return evidence.Change{MergeEntities: &evidence.MergeEntities{Link: link}}
	}
	apply(20, cs.Changes...)
	apply(21, accept("same1"), accept("same2"), accept(evidence.ID(fmt.Sprintf("same%d", identityPage+5))))
	apply(22, accept("same3"), accept("same4"))
	head, err := s.Head(t.Context())
	require.NoError(t, err)
	apply(23, evidence.Change{Undo: &evidence.Undo{Revision: head.Latest[evidence.Confidential]}})
	apply(24, evidence.Change{Retract: &evidence.Retract{ID: "same1"}})
}

// acceptedOf is what relationships say of whether identities were accepted.
func acceptedOf(t *testing.T) map[string]any {
	t.Helper()
	says := map[string]any{}
	for _, row := range neo4jtest.Cypher(t, "MATCH ()-[r:SAME_AS]->() RETURN r.id AS id, r.accepted AS accepted", nil) {
		require.NotNil(t, row["accepted"], row["id"])
		says[row["id"].(string)] = row["accepted"] //nolint:forcetypeassert // as the text returns it
	}
	return says
}

// TestEmptyDatabase makes the schema from nothing, several times: Neo4j fills an
// index after the transaction that makes it, and whether it has ended when the
// next query comes is chance.
func TestEmptyDatabase(t *testing.T) {
	neo4jtest.Exclusive(t)
	for range 4 {
		require.NoError(t, neo4jtest.Empty(t.Context(), neo4jtest.Driver(t)))
		s, err := Open(t.Context(), neo4jtest.URI(t), Options{})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

// TestAnErasureGetsItsKeyBack has an older program erase the reason of an erasure, with
// which it lost the key that plans find it by.
func TestAnErasureGetsItsKeyBack(t *testing.T) {
	s := open(t)
	person := func(id evidence.ID) *evidence.ChangeSet {
		return &evidence.ChangeSet{Reason: "because", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("José")}}}}
	}
	_, err := storetest.Apply(t.Context(), s, 1, storetest.Top, person("a"))
	require.NoError(t, err)
	_, err = erasure.Run(t.Context(), s, storetest.Planner(2), erasure.Order{Author: storetest.Top, Ground: "order 7", IDs: []evidence.ID{"a"}})
	require.NoError(t, err)
	neo4jtest.Cypher(t, "MATCH (v:Revision {sequence: 2}) REMOVE v.key", nil)
	neo4jtest.Cypher(t, "MATCH (s:Schema) SET s.version = 6", nil)
	again, err := Open(t.Context(), neo4jtest.URI(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	_, err = storetest.Apply(t.Context(), again, 3, storetest.Top, person("b"))
	require.Equal(t, evidence.Forbidden, evidence.CodeOf(err), "%v", err)
}

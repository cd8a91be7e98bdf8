package neo4j_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/neo4j"
	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
	"github.com/vinculo/vinculo/internal/store/storetest"
)

// TestChangedUnderAStore changes what the database is while a store is open: the
// store refuses to write, and to read as soon as it knows, and says what to do.
func TestChangedUnderAStore(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	_, err := storetest.Apply(t.Context(), s, 1, storetest.Top, putPerson("e1"))
	require.NoError(t, err)
	before, err := s.Head(t.Context())
	require.NoError(t, err)
	version := cypher(t, "MATCH (s:Schema) RETURN s.version")[0].Values[0]
	nothing := func(ctx context.Context, snap evidence.Snapshot, r *evidence.Revision) (*evidence.Commit, error) {
		return storetest.Planner(0).Replay(ctx, snap, r)
	}
	for what, c := range map[string]struct{ change, back, says string }{
		"a newer program":                {"MATCH (s:Schema) SET s.version = s.version + 1", "MATCH (s:Schema) SET s.version = s.version - 1", "start the newer one"},
		"a dump of an older program":     {"MATCH (s:Schema) SET s.version = 1", "MATCH (s:Schema) SET s.version = $version", "start Vínculo again"},
		"a program that began to update": {"MATCH (s:Schema) SET s.from = 1", "MATCH (s:Schema) REMOVE s.from", "try again when it has ended"},
		"nobody; the database is empty":  {"MATCH (h:Head) SET h.id = 'none'", "MATCH (h:Head) SET h.id = 'log'", "holds no graph"},
	} {
		t.Run(what, func(t *testing.T) {
			cypher(t, c.change)
			_, err := storetest.Apply(t.Context(), s, 2, storetest.Top, putPerson("e2"))
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, c.says)
			var told evidence.Fault
			require.ErrorAs(t, err, &told, "who asks is told, too")
			require.Equal(t, evidence.Unavailable, told.Code)
			_, err = s.Raw(t.Context(), evidence.Now(evidence.Public))
			require.ErrorIs(t, err, store.ErrUnavailable)
			_, err = s.Head(t.Context())
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorIs(t, s.PutItem(t.Context(), store.Item{Kind: "token", ID: "a"}), store.ErrUnavailable)
			require.ErrorIs(t, s.Load(t.Context(), oneRevision(), nothing), store.ErrUnavailable)

			cypher(t, c.back, map[string]any{"version": version})
			after, err := s.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after, "nothing was written")
			r, err := s.Raw(t.Context(), evidence.Now(evidence.Public))
			require.NoError(t, err)
			require.NoError(t, r.Close())
		})
	}
}

func oneRevision() iter.Seq2[*evidence.Revision, error] {
	return func(yield func(*evidence.Revision, error) bool) { yield(&evidence.Revision{}, nil) }
}

// TestAnOlderProgramWroteOn mends what one wrote that was not stopped when the
// database was brought up to date: the next store that is opened for writing does.
func TestAnOlderProgramWroteOn(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	small(t, s)
	apply(t, s, 89, append(people("e1", "e2", "e3"), merged("same", "e1", "e2"), alleged("guessed", "e2", "e3"))...)
	require.Empty(t, faultsByVerify(t, s))
	rank := cypher(t, "MATCH (n:Record {id: 'l1'}) RETURN n.rank")[0].Values
	// It knows nothing of ranks, and writes an edge as a list of numbers.
	cypher(t, "MATCH (n:Record {id: 'l1'}) SET n.edge = [i IN range(0, 3) | (n.edge[4*i] * 16777216) + ((n.edge[4*i+1] + 256) % 256) * 65536 + ((n.edge[4*i+2] + 256) % 256) * 256 + (n.edge[4*i+3] + 256) % 256] + "+
		"[n.edge[16]] + reduce(all = [], c IN range(0, 2) | all + [n.edge[19+4*c], 128 * n.edge[17+4*c] + n.edge[18+4*c], 3 * n.edge[20+4*c]]) SET n.rank = 'as it was'")
	// Nor of whether an identity was accepted, beside the claim.
	cypher(t, "MATCH ()-[r:SAME_AS]->() SET r.accepted = CASE r.id WHEN 'same' THEN false ELSE null END")
	cypher(t, "MATCH (h:Head) SET h.packed = h.sequence - 1") // as it says when others have written since
	require.Contains(t, faultsByVerify(t, s), "run `vinculo serve`, which writes it anew")
	apply(t, s, 90, putPerson("e9").Changes[0]) // what is written since does not hide it

	again := handle(t)
	require.Empty(t, faultsByVerify(t, again))
	require.Equal(t, rank, cypher(t, "MATCH (n:Record {id: 'l1'}) RETURN n.rank")[0].Values)
	require.Equal(t, []any{true, false}, cypher(t, "MATCH ()-[a:SAME_AS {id: 'same'}]->(), ()-[b:SAME_AS {id: 'guessed'}]->() RETURN a.accepted, b.accepted")[0].Values)
	apply(t, again, 91, putPerson("e10").Changes[0])
	require.Equal(t, []any{true, nil}, cypher(t, "MATCH (h:Head), (s:Schema) RETURN h.packed = h.sequence, s.from")[0].Values)
}

// TestOpenToRead changes nothing in a database that is opened for reading, or for
// what needs a graph that is there.
func TestOpenToRead(t *testing.T) {
	neo4jtest.Exclusive(t)
	s := empty(t)
	_, err := storetest.Apply(t.Context(), s, 1, storetest.Top, putPerson("e1"))
	require.NoError(t, err)
	open := func(o neo4j.Options) (*neo4j.Store, error) { return neo4j.Open(t.Context(), neo4jtest.URI(t), o) }

	reading, err := open(neo4j.Options{ReadOnly: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, reading.Close()) }()
	_, err = reading.Head(t.Context())
	require.NoError(t, err)
	_, err = storetest.Apply(t.Context(), reading, 2, storetest.Top, putPerson("e2"))
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.ErrorIs(t, reading.PutItem(t.Context(), store.Item{Kind: "token", ID: "a"}), store.ErrUnavailable)

	cypher(t, "DROP INDEX version_pair")
	planning, err := open(neo4j.Options{AsItIs: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, planning.Close()) }()
	_, err = planning.Write(t.Context(), func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		there, err := snap.Newest(ctx, []evidence.ID{"e1"}, evidence.Open)
		require.Len(t, there, 1)
		return &evidence.Commit{}, err
	})
	require.NoError(t, err)
	const pairs = "SHOW INDEXES YIELD name WHERE name = 'version_pair' RETURN name"
	require.Empty(t, cypher(t, pairs))
	writing, err := open(neo4j.Options{})
	require.NoError(t, err)
	require.NoError(t, writing.Close())
	require.Len(t, cypher(t, pairs), 1)

	cypher(t, "MATCH (s:Schema) SET s.version = 1")
	for _, o := range []neo4j.Options{{ReadOnly: true}, {AsItIs: true}} {
		_, err = open(o)
		require.ErrorContains(t, err, "is of an older version; open it once for writing")
	}

	wipe(t)
	cypher(t, "CREATE (:Film {title: 'La noche'})")
	for _, o := range []neo4j.Options{{ReadOnly: true}, {AsItIs: true}, {Existing: true}} {
		_, err = open(o)
		require.ErrorContains(t, err, "there is no graph at "+neo4jtest.URI(t))
	}
	require.Equal(t, []any{int64(1)}, cypher(t, "MATCH (n) RETURN count(n)")[0].Values)
}

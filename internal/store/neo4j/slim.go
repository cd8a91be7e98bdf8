package neo4j

import (
	"context"
	"slices"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
)

// retired are constraints and indexes of former schemas that nothing seeks by any more.
// A citation has a Record's id.
var retired = []string{"citation_id"}

// slimVersions takes away what former programs wrote besides recordProperties, which is
// said elsewhere: see onRelationship, plainDerived and trueOrNil.
var slimVersions = query{name: "slim versions", text: "UNWIND $slots AS slot MATCH (n:Version) USING INDEX SEEK n:Version(slot, key) WHERE n.slot = slot AND n.key > '' AND (" +
	"n.clearance = 'PUBLIC' OR n.supports = 0 OR n.disputes = 0 OR n.mentions = 0 OR n.fromPlaceholder = false OR n.toPlaceholder = false " +
	"OR slot IN $drawn AND n.standing IS NOT NULL OR slot IN $plain AND " + mayBePlain + ") " +
	"CALL (n, slot) { SET n.clearance = CASE WHEN n.clearance <> 'PUBLIC' THEN n.clearance END, " +
	"n.supports = CASE WHEN n.supports <> 0 THEN n.supports END, n.disputes = CASE WHEN n.disputes <> 0 THEN n.disputes END, n.mentions = CASE WHEN n.mentions <> 0 THEN n.mentions END, " +
	"n.fromPlaceholder = CASE WHEN n.fromPlaceholder THEN true END, n.toPlaceholder = CASE WHEN n.toPlaceholder THEN true END " +
	"WITH n, slot " + mayLack("slot IN $drawn", onRelationship...) + mayLack("slot IN $plain AND "+mayBePlain, "derived") + "} IN TRANSACTIONS OF 5000 ROWS"}

// mayBePlain says of a version that stands that plainDerived reads what it has in
// `derived`.
const mayBePlain = "n.derived IS NOT NULL AND n.check IS NULL AND n.now = slot % 8"

// mayLack takes properties of `n` away where that is so.
func mayLack(where string, names ...string) string {
	text := "FOREACH (yes IN CASE WHEN " + where + " THEN [1] ELSE [] END | REMOVE n." + names[0]
	for _, name := range names[1:] {
		text += ", n." + name
	}
	return text + ") "
}

// slim brings the properties of versions up to date.
func slim(ctx context.Context, session driver.SessionWithContext) error {
	seen := int64(evidence.Confidential)
	return inBatches(ctx, session, slimVersions, row{
		"slots": listsOf(supersededPlace, recordTypes...), "drawn": linksSeenNow(),
		"plain": listsOf(seen, evidence.EntityRecord, evidence.SourceRecord, evidence.CitationRecord),
	})
}

// retire takes constraints away that nothing needs any more.
func (s *Store) retire(ctx context.Context, tx driver.ManagedTransaction) error {
	for _, step := range slices.Concat(migrations...) {
		if slices.Contains(retired, step.name) {
			if _, err := send(ctx, tx, drop(step), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

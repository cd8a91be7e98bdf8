package sqlite

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schemaFaults says which tables, indexes, triggers and views of the file are not as the
// migrations make them. A trigger could change what is written from now on, and without
// an index a key may come twice.
func (g *graph) schemaFaults(ctx context.Context) (faults []string, err error) {
	fresh, err := dial(Memory)
	if err != nil {
		return nil, err
	}
	defer fresh.close() //nolint:errcheck // it is in memory
	for i := range migrations {
		if err := migrations[i].run(ctx, fresh, g.store.vocabulary); err != nil {
			return nil, err
		}
	}
	wanted, err := fresh.schema(ctx)
	if err != nil {
		return nil, err
	}
	found, err := g.conn.schema(ctx)
	if err != nil {
		return nil, err
	}
	for _, what := range slices.Sorted(maps.Keys(wanted)) {
		switch sql, there := found[what]; {
		case !there:
			faults = append(faults, fmt.Sprintf("the file has no %s; copy its log into a new store", what))
		case sql != wanted[what]:
			faults = append(faults, fmt.Sprintf("the %s of the file is made by %q, and should be by %q; copy its log into a new store", what, sql, wanted[what]))
		}
		delete(found, what)
	}
	for _, what := range slices.Sorted(maps.Keys(found)) {
		faults = append(faults, fmt.Sprintf("there is the %s in the file, which Vínculo does not make; look what it is for, and drop it", what))
	}
	return faults, nil
}

var (
	sqlComment = regexp.MustCompile(`--[^\n]*`)
	sqlSpace   = regexp.MustCompile(`\s+`)
)

// schema gives the SQL that made what is in the file, without comments and line breaks,
// by type and name. What SQLite makes by itself is left out (statistics), or has no SQL
// here (indexes of keys, and the tables of full text, which other versions of SQLite may
// make otherwise).
func (c *conn) schema(ctx context.Context) (map[string]string, error) {
	made := map[string]string{}
	err := c.query(ctx, "SELECT type, name, sql FROM sqlite_schema WHERE type = 'index' OR name NOT LIKE 'sqlite!_%' ESCAPE '!'", nil, func(r row) error {
		sql := ""
		if !strings.HasPrefix(r.text(1), "words_") {
			sql = strings.TrimSpace(sqlSpace.ReplaceAllString(sqlComment.ReplaceAllString(r.text(2), " "), " "))
		}
		made[r.text(0)+" "+r.text(1)] = sql
		return nil
	})
	return made, err
}

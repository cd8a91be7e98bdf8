package neo4j

import (
	"context"
	"errors"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/google/uuid"
)

// Same says whether two stores are one database, by whatever names their servers go.
// Neither of them is written to, and what the databases say of themselves is not asked:
// one that was copied as files says the same. So one of them begins a transaction with a
// mark, and the other looks whether that runs in its database.
func (s *Store) Same(ctx context.Context, other *Store) (same bool, err error) {
	session := s.session(ctx)
	defer func() { err = errors.Join(err, session.Close(context.WithoutCancel(ctx))) }()
	mark := uuid.NewString()
	tx, err := session.BeginTransaction(ctx, driver.WithTxMetadata(map[string]any{"mark": mark}))
	if err != nil {
		return false, s.fault(ctx, "compare stores", err)
	}
	defer func() { err = errors.Join(err, tx.Close(context.WithoutCancel(ctx))) }()
	result, err := tx.Run(ctx, "RETURN 1", nil)
	if err == nil {
		_, err = result.Consume(ctx)
	}
	if err != nil {
		return false, s.fault(ctx, "compare stores", err)
	}
	rows, err := other.read(ctx, marked, map[string]any{"mark": mark, "database": other.options.Database})
	return len(rows) > 0, err
}

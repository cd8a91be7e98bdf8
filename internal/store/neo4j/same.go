package neo4j

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// Same says whether two stores are one database, by whatever names their servers go.
// Neither of them is written to, and what the databases say of themselves is not asked:
// one that was copied as files says the same. So one of them begins a transaction with a
// mark, and the other looks whether that runs in its database.
func (s *Store) Same(ctx context.Context, other *Store) (same bool, err error) {
	mark := uuid.NewString()
	b, err := s.light(ctx, mark)
	if err != nil {
		return false, s.fault(ctx, "compare stores", err)
	}
	defer func() { err = errors.Join(err, b.out(ctx)) }()
	databases, err := other.lit(ctx, mark)
	return slices.Contains(databases, other.options.Database), err
}

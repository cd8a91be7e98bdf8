package sqlite

import (
	"context"
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// fit says whether the file, as a connection sees it, is still of the version that this
// program knows how to read and write. A newer program may have brought it up to date
// under this one, which would go on writing as the newer one does not; or somebody put
// an older copy back.
func (s *Store) fit(ctx context.Context, c *conn) error {
	version, known := int64(0), int64(len(migrations))
	if _, err := c.one(ctx, "PRAGMA user_version", nil, func(r row) error { version = r.int(0); return nil }); err != nil {
		return s.wrap(err)
	}
	var why string
	switch {
	case version > known:
		why = fmt.Sprintf("a newer Vínculo has brought the store up to date (its version is %d, this program knows up to %d); stop this program and start the newer one", version, known)
	case version < known:
		why = fmt.Sprintf("the store is of an older version than it was (%d, and not %d); start Vínculo again, which brings it up to date", version, known)
	default:
		return nil
	}
	return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, s.name, evidence.Fault{Code: evidence.Unavailable, Message: why})
}

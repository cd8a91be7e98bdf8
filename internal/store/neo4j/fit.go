package neo4j

import (
	"context"
	"fmt"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// fit says whether the database is still what this program knows how to read and
// write, by the rows of a query for the head. A newer program may have brought it up
// to date under this one, which would go on writing as the newer one does not; or
// somebody emptied it, or loaded a dump.
func (s *Store) fit(head []*driver.Record) error {
	why := otherSchema(head)
	if why == "" && unfinished(head) {
		why = "another Vínculo is bringing the database up to date, or loads a graph into it; try again when it has ended or, where it broke off, start Vínculo again"
	}
	s.begun.Store(why == "" && numberOf(head[0], "sequence") > 0)
	if before := s.unfit.Swap(why != ""); why == "" {
		return nil
	} else if !before {
		s.options.Logger.Error().Msg(why)
	}
	return unfit(why)
}

// unfinished says whether somebody began to bring the database up to date, or to load
// a graph into it, and has not ended.
func unfinished(head []*driver.Record) bool {
	from, _ := head[0].Get("from")
	return from != nil
}

func unfit(why string) error {
	return fmt.Errorf("%w: %w", store.ErrUnavailable, evidence.Fault{Code: evidence.Unavailable, Message: why})
}

// otherSchema says in what the database is not of the schema that this program knows;
// "" where it is.
func otherSchema(head []*driver.Record) (why string) {
	known := int64(len(migrations))
	if len(head) == 0 {
		why = "the database holds no graph any more; load a backup of it, or start Vínculo again for an empty graph"
	} else if version := numberOf(head[0], "version"); version > known {
		why = fmt.Sprintf("a newer Vínculo has brought the database up to date (its schema is %d, this program knows up to %d); stop this program and start the newer one", version, known)
	} else if version < known {
		why = fmt.Sprintf("the database is of an older schema than it was (%d, and not %d); start Vínculo again, which brings it up to date", version, known)
	}
	return why
}

// stillFit looks again where the database was found to be another.
func (s *Store) stillFit(ctx context.Context) error {
	if !s.unfit.Load() {
		return nil
	}
	_, err := s.Head(ctx)
	return err
}

// stillEmpty says whether nothing is in the log, and so nothing is to be read. What is
// in the database may then be part of a first load, which has not begun when a reader is
// opened and may have when it reads. So the log is asked each time, and nothing but it,
// until it has a revision and no load goes on: after that none can begin.
func (s *Store) stillEmpty(ctx context.Context) (bool, error) {
	if s.begun.Load() {
		return false, nil
	}
	head, err := s.Head(ctx)
	// Of a server that hangs, the query for the head itself does not say so.
	return head.Sequence == 0, s.fault(ctx, "read the graph", err)
}

// writable says whether this store may write.
func (s *Store) writable(ctx context.Context) error {
	if s.options.ReadOnly {
		return fmt.Errorf("%w: it was opened for reading only", store.ErrUnavailable)
	}
	return s.stillFit(ctx)
}

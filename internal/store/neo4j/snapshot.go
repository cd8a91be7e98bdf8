package neo4j

import (
	"context"
	"fmt"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// snapshot implements evidence.Snapshot inside the transaction of a writer, who
// holds the lock on the head: nobody else writes while it is read.
type snapshot struct {
	tx   driver.ManagedTransaction
	head evidence.Head
	// newest are the records that the plan was given, by which the writer knows
	// the titles of the sources that it draws.
	newest map[evidence.ID]*evidence.Record
}

var _ evidence.Snapshot = (*snapshot)(nil)

// Head implements evidence.Snapshot.
func (s *snapshot) Head(context.Context) (evidence.Head, error) { return s.head, nil }

// Newest implements evidence.Snapshot.
func (s *snapshot) Newest(ctx context.Context, ids []evidence.ID, before evidence.Sequence) (map[evidence.ID]*evidence.Record, error) {
	found := make(map[evidence.ID]*evidence.Record, len(ids))
	q := newestOf
	if before != evidence.Open {
		q = newestTo
	}
	err := chunked(ids, store.MaxBatch, func(part []evidence.ID) error {
		rows, err := send(ctx, s.tx, q, map[string]any{"ids": idTexts(part), "before": int64(before)}) //nolint:gosec // at most Open
		if err != nil {
			return err
		}
		for _, row := range rows {
			r, err := newRecord(row, false)
			if err != nil {
				return err
			}
			found[r.ID()] = r
			if before == evidence.Open {
				s.newest[r.ID()] = r
			}
		}
		return nil
	})
	return found, err
}

// Related implements evidence.Snapshot.
func (s *snapshot) Related(ctx context.Context, relation evidence.Relation, ids []evidence.ID, limit int) ([]*evidence.Record, error) {
	if limit <= 0 || len(ids) == 0 {
		return nil, nil
	}
	var q query
	var of []evidence.RecordType
	switch relation {
	case evidence.ClaimsOn:
		q, of = claimsOn, []evidence.RecordType{evidence.StatementRecord, evidence.LinkRecord}
	case evidence.CitationsOf:
		q, of = citationsOf, []evidence.RecordType{evidence.CitationRecord}
	case evidence.CitationsIn:
		q, of = citationsIn, []evidence.RecordType{evidence.CitationRecord}
	case evidence.DerivedSources:
		q = derivedSources
	case evidence.FormerCitations:
		q, of = formerCitations, []evidence.RecordType{evidence.CitationRecord}
	default:
		return nil, fmt.Errorf("neo4j: there is no relation %d", relation)
	}
	rows, err := send(ctx, s.tx, q, map[string]any{"ids": idTexts(ids), "slots": listsOf(hiddenPlace, of...), "limit": int64(limit)})
	if err != nil {
		return nil, err
	}
	records := make([]*evidence.Record, len(rows))
	for i, row := range rows {
		if records[i], err = newRecord(row, false); err != nil {
			return nil, err
		}
		s.newest[records[i].ID()] = records[i]
	}
	return records, nil
}

// Revision implements evidence.Snapshot.
func (s *snapshot) Revision(ctx context.Context, ref evidence.RevisionRef) (*evidence.Revision, error) {
	switch {
	case ref.Sequence != 0:
		return s.revision(ctx, revisionBySequence, int64(ref.Sequence)) //nolint:gosec // below Open
	case ref.Key != "":
		return s.revision(ctx, revisionByKey, ref.Key)
	case ref.Number != 0 && int(ref.Clearance) < len(revisionByNumber):
		return s.revision(ctx, revisionByNumber[ref.Clearance], int64(ref.Number)) //nolint:gosec // counts revisions
	default:
		return nil, store.ErrNotFound
	}
}

func (s *snapshot) revision(ctx context.Context, q query, ref any) (*evidence.Revision, error) {
	rows, err := send(ctx, s.tx, q, map[string]any{"ref": ref})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, store.ErrNotFound
	}
	return newRevision(rows[0])
}

func idTexts(ids []evidence.ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}

package neo4j

import (
	"context"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// ask sends a query that commits itself: one round trip, where a transaction that
// the driver manages waits for its commit as well. All rows come in one answer,
// and bookmarks are those of the writers; see session.
func (s *Store) ask(ctx context.Context, q query, params map[string]any) (rows []*driver.Record, err error) {
	session := s.driver.NewSession(ctx, driver.SessionConfig{
		DatabaseName:    s.options.Database,
		AccessMode:      driver.AccessModeRead,
		BookmarkManager: s.driver.ExecuteQueryBookmarkManager(),
		FetchSize:       driver.FetchAll,
	})
	defer func() {
		// What counts is err: a session whose connection is lost cannot say good-bye.
		if closeErr := session.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	text, params := q.asked(params)
	result, err := session.Run(ctx, text, params, limit(ctx))
	if err != nil {
		return nil, err
	}
	sent, err := result.Collect(ctx)
	return q.rows(sent), err
}

// askAgain sends a query that could not be answered in a managed transaction,
// which tries again while the reason may pass: a connection that was closed, a
// server that is starting, a change of leader.
func (s *Store) askAgain(ctx context.Context, q query, params map[string]any) ([]*driver.Record, error) {
	text, params := q.asked(params)
	result, err := driver.ExecuteQuery(ctx, s.driver, text, params, driver.EagerResultTransformer,
		driver.ExecuteQueryWithDatabase(s.options.Database),
		driver.ExecuteQueryWithReadersRouting(),
		driver.ExecuteQueryWithTransactionConfig(limit(ctx)))
	if err != nil {
		return nil, err
	}
	return q.rows(result.Records), nil
}

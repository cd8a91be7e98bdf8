package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	neo4jconfig "github.com/neo4j/neo4j-go-driver/v5/neo4j/config"

	"github.com/vinculo/vinculo/internal/store/neo4j/neo4jtest"
)

// Server is somebody who answers questions. It may be asked by many at once.
type Server interface {
	// Ask puts a question, reads the whole answer, and gives its size in bytes,
	// or 0 where that is not known. An answer with an error in it, or without
	// anything, is an error.
	Ask(ctx context.Context, query string, variables map[string]any) (int, error)
	// Answer puts a question and decodes the answer into a value: of GraphQL,
	// what `data` holds; of Neo4j, a list of rows. Neo4j is told to end its work
	// at the deadline of the context.
	Answer(ctx context.Context, query string, variables map[string]any, into any) error
	// Close ends the connections.
	Close(ctx context.Context)
}

// Dial prepares to ask a server: GraphQL over HTTP, or Cypher over Bolt.
func Dial(address string, clients int) (Server, error) {
	if strings.HasPrefix(address, "http") {
		return &overHTTP{address, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}}, nil
	}
	driver, err := neo4j.NewDriverWithContext(address, neo4jtest.Auth(), func(c *neo4jconfig.Config) { c.TelemetryDisabled = true })
	if err != nil {
		return nil, fmt.Errorf("open a driver for %s: %w", address, err)
	}
	return overBolt{driver}, nil
}

type overHTTP struct {
	address string
	client  *http.Client
}

func (s *overHTTP) Close(context.Context) { s.client.CloseIdleConnections() }

func (s *overHTTP) Ask(ctx context.Context, query string, variables map[string]any) (int, error) {
	answer, err := s.post(ctx, query, variables)
	return len(answer), err
}

func (s *overHTTP) Answer(ctx context.Context, query string, variables map[string]any, into any) error {
	answer, err := s.post(ctx, query, variables)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &struct{ Data any }{into}); err != nil {
		return fmt.Errorf("the answer of %s for %v: %w", s.address, variables, err)
	}
	return nil
}

func (s *overHTTP) post(ctx context.Context, query string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	start := answer[:min(len(answer), 40)]
	if resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`)) || bytes.Contains(start, []byte("null")) || bytes.Contains(start, []byte("[]")) {
		return nil, fmt.Errorf("the answer of %s for %v is %d: %.300s", s.address, variables, resp.StatusCode, answer)
	}
	return answer, nil
}

type overBolt struct{ driver neo4j.DriverWithContext }

func (s overBolt) Close(ctx context.Context) { _ = s.driver.Close(ctx) }

func (s overBolt) run(ctx context.Context, query string, variables map[string]any) (*neo4j.EagerResult, error) {
	options := []neo4j.ExecuteQueryConfigurationOption{neo4j.ExecuteQueryWithDatabase("neo4j"), neo4j.ExecuteQueryWithReadersRouting()}
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, neo4j.ExecuteQueryWithTransactionConfig(neo4j.WithTxTimeout(time.Until(deadline))))
	}
	return neo4j.ExecuteQuery(ctx, s.driver, query, variables, neo4j.EagerResultTransformer, options...)
}

func (s overBolt) Ask(ctx context.Context, query string, variables map[string]any) (int, error) {
	result, err := s.run(ctx, query, variables)
	if err != nil {
		return 0, err
	}
	if len(result.Records) == 0 {
		return 0, fmt.Errorf("no row for %v", variables)
	}
	return 0, nil
}

func (s overBolt) Answer(ctx context.Context, query string, variables map[string]any, into any) error {
	result, err := s.run(ctx, query, variables)
	if err != nil {
		return err
	}
	rows := make([]map[string]any, len(result.Records))
	for i, r := range result.Records {
		rows[i] = r.AsMap()
	}
	encoded, err := json.Marshal(rows)
	if err != nil {
		return errors.Join(fmt.Errorf("the rows for %v", variables), err)
	}
	return json.Unmarshal(encoded, into)
}

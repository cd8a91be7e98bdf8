// Package server serves a GraphQL schema over HTTP: the GraphQL transports (POST, GET for queries,
// graphql-transport-ws, server-sent events), the limits that keep one reader from taking the service
// away from the others, the playground's page, health, readiness and metrics.
//
// The package knows nothing of what the schema means: it takes any [graphql.ExecutableSchema]. What
// it promises follows these texts:
//
//   - GraphQL over HTTP, draft of the GraphQL Foundation, for POST and GET;
//   - "GraphQL over WebSocket Protocol" (subprotocol graphql-transport-ws), with its close codes;
//   - "GraphQL over Server-Sent Events Protocol", distinct connections mode.
//
// Every error that leaves it carries extensions.code, and none of them repeats the body of a request.
package server

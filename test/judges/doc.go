// Package judges runs suites that others wrote against a real server that serves
// the demonstration case: GraphQL over HTTP, over websockets and over server-sent
// events, and linters for the schema. Its tests need Node 20 or newer.
package judges

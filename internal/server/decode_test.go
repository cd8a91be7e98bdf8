package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

func TestWhatIsNoObjectIsToldByItsKind(t *testing.T) {
	web, _ := start(t, server.Config{})
	for body, told := range map[string]string{
		`{"query":"{hello}","variables":[]}`: "variables must be a JSON object, not an array",
		`{"query":{}}`:                       "query must be a string, not an object",
		`{"query":7}`:                        "query must be a string, not a number",
	} {
		require.Contains(t, ask(t, postRequest(t, web.URL, body)).body, told)
	}
	require.Contains(t, ask(t, postRequest(t, web.URL, `{"query":"{hello}","query":"{hello}"}`)).body, `The request has at byte 20 a name that its object has already; give each name once.`)
	require.Contains(t, ask(t, postRequest(t, web.URL, `{"QUERY":"{hello}"}`)).body, "The request has no query")
	got := ask(t, getRequest(t, web.URL+"/graphql?query={hello}&variables=[]"))
	require.Contains(t, got.body, "The parameter variables must be a JSON object: a JSON object is expected, not an array.")
}

func TestParametersStandOnceInAnAddress(t *testing.T) {
	web, _ := start(t, server.Config{})
	got := ask(t, getRequest(t, web.URL+"/graphql?query={hello}&query={__typename}"))
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, "The parameter query stands in the address 2 times; give it once.")
	got = ask(t, getRequest(t, web.URL+`/graphql?query={hello}&variables={"a":1,"a":2}`))
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, "The parameter variables has at byte 8 a name that its object has already")
}

// TestMessagesAreReadByTheLetter: another spelling of a name is another name.
func TestMessagesAreReadByTheLetter(t *testing.T) {
	web, _ := start(t, server.Config{})
	socket := dial(t, web.URL)
	socket.write(`{"type":"connection_init"}`)
	require.Equal(t, "connection_ack", socket.read().Type)
	socket.write(`{"id":"1","type":"subscribe","payload":{"query":"{__typename}","query":"{hello}"}}`)
	got := socket.read()
	require.Equal(t, "error", got.Type)
	require.Contains(t, string(got.Payload), "give each name once")
	socket.write(`{"id":"1","type":"subscribe","payload":{"query":"{__typename}"},"Type":"complete"}`)
	require.Equal(t, "next", socket.read().Type, "the socket and the id serve on")
	require.Equal(t, "complete", socket.read().Type)
	socket.write(`{"id":"1","type":"ping","type":"pong"}`)
	code, _ := socket.closed()
	require.Equal(t, 4400, code)
}

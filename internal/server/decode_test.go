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
	got := ask(t, getRequest(t, web.URL+"/graphql?query={hello}&variables=[]"))
	require.Contains(t, got.body, "The parameter variables must be a JSON object: a JSON object is expected, not an array.")
}

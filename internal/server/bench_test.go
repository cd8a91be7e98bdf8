package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/server"
)

func BenchmarkRequest(b *testing.B) {
	for name, body := range map[string]string{
		"plain":     `{"query":"{hello}"}`,
		"variables": `{"query":"query Find($n:String,$s:Int){hello(name:$n,size:$s)}","operationName":"Find","variables":{"n":"Peña Nieto","s":25}}`,
		"large":     `{"query":"mutation($t:String!){write(text:$t)}","variables":{"t":"` + strings.Repeat("Iguala ", 100_000) + `"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			made, err := server.New(server.Config{Schema: newTestSchema(), ErrorPresenter: present})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://localhost/graphql", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				made.ServeHTTP(w, r)
				require.Equal(b, http.StatusOK, w.Code)
			}
		})
	}
}

package server

import "net/http"

// handshake spells the headers of the answer that opens a websocket as RFC 6455 does, not as Go does:
// the names of headers have no case, but some clients look for them with theirs.
type handshake struct{ http.ResponseWriter }

// WriteHeader sends the respelled headers, and leaves those of the handler as it knows them.
func (h handshake) WriteHeader(status int) {
	header := h.Header()
	for canonical, spelled := range map[string]string{
		"Sec-Websocket-Accept":   "Sec-WebSocket-Accept",
		"Sec-Websocket-Protocol": "Sec-WebSocket-Protocol",
		"Sec-Websocket-Version":  "Sec-WebSocket-Version",
	} {
		if values, ok := header[canonical]; ok {
			delete(header, canonical)
			header[spelled] = values
			defer func() {
				delete(header, spelled)
				header[canonical] = values
			}()
		}
	}
	h.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the websocket take the connection over.
func (h handshake) Unwrap() http.ResponseWriter { return h.ResponseWriter }

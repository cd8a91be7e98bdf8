package server

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
	mediaHTML    = "text/html"
)

// preferred gives which of the offered media types a client would rather have, by the header Accept
// (RFC 9110, 12.5.1): the one with the highest quality, the earlier offer when they are equal. It
// gives the first offer where there is no such header, and "" when none is acceptable.
func preferred(header http.Header, offers ...string) string {
	accepted := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(accepted) == "" {
		return offers[0]
	}
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if quality := quality(accepted, offer); quality > bestQuality {
			best, bestQuality = offer, quality
		}
	}
	return best
}

// quality gives the weight of a media type, which its most specific range decides.
func quality(accepted, offer string) float64 {
	found, specific := 0.0, 0
	for part := range strings.SplitSeq(accepted, ",") {
		kind, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		precision := 0
		group, _, _ := strings.Cut(offer, "/")
		switch kind {
		case offer:
			precision = 3
		case group + "/*":
			precision = 2
		case "*/*":
			precision = 1
		}
		if precision <= specific {
			continue
		}
		weight := 1.0
		if text, ok := parameters["q"]; ok {
			if weight, err = strconv.ParseFloat(text, 64); err != nil || weight < 0 || weight > 1 {
				continue
			}
		}
		found, specific = weight, precision
	}
	return found
}

// asksFor says whether Accept names a media type itself, not only by a range such as */*.
func asksFor(header http.Header, media string) bool {
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept"), ","), ",") {
		if kind, _, err := mime.ParseMediaType(part); err == nil && kind == media {
			return true
		}
	}
	return false
}

package graph

import (
	"bytes"
	"context"
	"encoding/base64"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/archive"
	"github.com/vinculo/vinculo/internal/evidence"
)

// maxDocument is how many bytes a document may have that comes in a request.
const maxDocument = 3 << 20

// AttachCapture keeps a document, attaches it and compares quotes with it.
func (m *mutationResolver) AttachCapture(ctx context.Context, source, content string, mediaType, reason *string) (*AttachedCapture, error) {
	who := access.From(ctx)
	if err := who.May(access.Apply); err != nil {
		return nil, report(ctx, err)
	}
	if m.captures == nil {
		return nil, report(ctx, none("captures"))
	}
	if base64.StdEncoding.DecodedLen(len(content)) > maxDocument+2 {
		return nil, report(ctx, evidence.Faulty(evidence.LimitExceeded, "content", "the document has more than %d bytes; add it with `vinculo capture add`", maxDocument))
	}
	body, err := base64.StdEncoding.DecodeString(content)
	switch {
	case err != nil:
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "content", "it is not base64 (%v); write the bytes of the document as RFC 4648 says, with padding", err))
	case len(body) == 0:
		return nil, report(ctx, evidence.Faulty(evidence.InvalidInput, "content", "it is empty; give the bytes of the document"))
	}
	document := archive.Document{Source: evidence.ID(source), Name: "content", Body: bytes.NewReader(body)}
	if mediaType != nil {
		document.MediaType = *mediaType
	}
	if reason != nil {
		document.Reason = *reason
	}
	added, err := m.captures.Add(ctx, who.Author(), document)
	if err != nil {
		return nil, report(ctx, err)
	}
	out, err := m.attached(ctx, evidence.ID(source), added)
	return out, report(ctx, err)
}

func (m *mutationResolver) attached(ctx context.Context, source evidence.ID, added *archive.Added) (*AttachedCapture, error) {
	out := &AttachedCapture{Capture: newCapture(added.Capture), Checked: toInt(len(added.Checks))}
	var err error
	if out.Revision, err = m.committed(ctx, added.Commit); err != nil {
		return nil, err
	}
	if added.Unread != nil {
		out.Unread = optional(added.Unread.Error())
	}
	for _, c := range added.Checks {
		switch c.Check.State {
		case evidence.Verified:
			out.Verified++
		case evidence.Failed:
			out.Failed++
		case evidence.Ambiguous, evidence.Unchecked:
		}
	}
	s, err := (*resolver)(m).session(ctx, nil)
	if err != nil {
		return nil, err
	}
	sources, err := readSources(ctx, s, []evidence.ID{source})
	out.Source = sources[source]
	return out, err
}

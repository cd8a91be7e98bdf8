package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// takeBackTime is how long it may take to find that no record names a document.
// It is done though whoever added it goes away.
const takeBackTime = 2 * time.Minute

// unwritten is the commit of a plan that decides and writes nothing.
func unwritten() *evidence.Commit { return &evidence.Commit{} }

// judge says whether a document may be attached to a source, before a byte of it
// is stored: one that was erased must not come back even where it is refused.
func (a *Archive) judge(ctx context.Context, author evidence.Author, source evidence.ID, d *capture.Document) error {
	plan := a.plan(author, &evidence.ChangeSet{
		Reason: "whether it may be attached", Changes: []evidence.Change{{AttachCapture: &evidence.AttachCapture{Source: source, Capture: d.Capture}}},
	})
	_, err := a.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		_, err := plan(ctx, snap)
		return unwritten(), err
	})
	return err
}

// withBytes has a plan find the document's bytes where the commit says that they
// are. Who takes back the same document removes it between the commits of others,
// and perhaps after it was stored here.
func withBytes(d *capture.Document, plan store.Plan) store.Plan {
	return func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		commit, err := plan(ctx, snap)
		if err == nil && commit.New {
			err = d.KeepMissing(ctx)
		}
		return commit, err
	}
}

// letGo takes back what was stored of a document and no record names: all of it
// where it was not attached, and its text where the source has it with another, or
// with none.
func (a *Archive) letGo(ctx context.Context, source evidence.ID, d *capture.Document, failed error) error {
	if failed != nil {
		return a.takeBack(ctx, d, failed)
	}
	sources, err := a.sources(ctx, evidence.Confidential, []evidence.ID{source})
	if err == nil && sources[source] != nil && slices.ContainsFunc(sources[source].Captures, func(c evidence.Capture) bool {
		return c.SHA256 == d.Capture.SHA256 && c.Text == d.Capture.Text
	}) {
		return nil
	}
	// It is attached, whatever comes of this.
	if err := a.takeBack(ctx, d, nil); err != nil {
		a.log.Warn().Err(err).Str("source", string(source)).Msg("of a document that was added, more may be kept than is recorded; add it again")
	}
	return nil
}

// takeBack deletes of a document what the log names nowhere. Its error tells why
// it was asked to, and what is left.
func (a *Archive) takeBack(ctx context.Context, d *capture.Document, because error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTime)
	defer cancel()
	err := evidence.ErrLogMoved
	for n := 0; n < tries && errors.Is(err, evidence.ErrLogMoved); n++ {
		err = a.deleteUnnamed(ctx, d.Names())
	}
	switch {
	case err == nil:
		return because
	case because == nil:
		return fmt.Errorf("the files %s of the captures may be named by no record: %w", d.Names(), err)
	default:
		return fmt.Errorf("%w; the files %s of the captures may be named by no record: %w", because, d.Names(), err)
	}
}

// deleteUnnamed deletes those blobs that the log names nowhere; in no version, for
// the past stays readable. It is evidence.ErrLogMoved where somebody wrote
// meanwhile, who may have named them.
func (a *Archive) deleteUnnamed(ctx context.Context, blobs []string) error {
	head, err := a.store.Head(ctx)
	if err != nil {
		return err
	}
	for c, err := range Named(ctx, a.store) {
		if err != nil {
			return err
		}
		blobs = slices.DeleteFunc(slices.Clone(blobs), func(name string) bool { return name == c.SHA256 || name == c.Text })
	}
	if len(blobs) == 0 {
		return nil
	}
	// Inside a write nobody else writes: see withBytes.
	_, err = a.store.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		now, err := snap.Head(ctx)
		if err == nil && now.Hash != head.Hash {
			err = evidence.ErrLogMoved
		}
		for _, name := range blobs {
			if err == nil {
				err = a.captures.Blobs.Delete(ctx, name)
			}
		}
		return unwritten(), err
	})
	return err
}

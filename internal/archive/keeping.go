package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vinculo/vinculo/internal/capture"
	"github.com/vinculo/vinculo/internal/capture/blob"
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
	err := DeleteUnnamed(ctx, a.store, a.captures.Blobs, d.Names())
	switch {
	case err == nil:
		return because
	case because == nil:
		return fmt.Errorf("the files %s of the captures may be named by no record: %w", d.Names(), err)
	default:
		return fmt.Errorf("%w; the files %s of the captures may be named by no record: %w", because, d.Names(), err)
	}
}

const (
	// deletedAtOnce is how many blobs are deleted at most while nobody else writes.
	deletedAtOnce = 100
	// deleteTries is how often the log is looked at again where others write meanwhile.
	deleteTries = 10
)

// DeleteUnnamed deletes those blobs that the log of a store names nowhere; in no
// version, for the past stays readable. Somebody may attach the same document just
// then: so the log is looked at again where nobody can write. Those that cannot be
// deleted are told, each in the error, and keep no other from being deleted.
func DeleteUnnamed(ctx context.Context, st store.Store, blobs blob.Store, names []string) error {
	var failed []error
	var read evidence.Head // how far the log was looked at
	for moved := 0; ; {
		head, err := st.Head(ctx)
		if err == nil {
			names, err = withoutNamed(ctx, st, read.Sequence, names)
		}
		if err != nil || len(names) == 0 {
			return errors.Join(append(failed, err)...)
		}
		read = head
		batch := names[:min(deletedAtOnce, len(names))]
		kept, err := deleteAt(ctx, st, blobs, head, batch)
		switch {
		case err == nil:
			failed, names, moved = append(failed, kept...), names[len(batch):], 0
		case !errors.Is(err, evidence.ErrLogMoved) || moved == deleteTries:
			return errors.Join(append(failed, fmt.Errorf("the captures %s: %w", names, err))...)
		default:
			moved++
		}
	}
}

// withoutNamed gives the names of blobs that no revision after one names.
func withoutNamed(ctx context.Context, st store.Store, after evidence.Sequence, names []string) ([]string, error) {
	named := map[string]bool{}
	for c, err := range namedAfter(ctx, st, after) {
		if err != nil {
			return nil, err
		}
		named[c.SHA256], named[c.Text] = true, true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return named[name] }), nil
}

// deleteAt deletes blobs while nobody else writes: see withBytes. It gives why some
// could not be deleted; the error is evidence.ErrLogMoved where the log does not end
// any more where it was looked at, and somebody may have named them.
func deleteAt(ctx context.Context, st store.Store, blobs blob.Store, head evidence.Head, names []string) (kept []error, err error) {
	_, err = st.Write(ctx, func(ctx context.Context, snap evidence.Snapshot) (*evidence.Commit, error) {
		kept = nil // a plan may be asked again
		now, err := snap.Head(ctx)
		if err == nil && now.Hash != head.Hash {
			err = evidence.ErrLogMoved
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := blobs.Delete(ctx, name); err != nil {
				kept = append(kept, fmt.Errorf("the capture %s: %w", name, err))
			}
		}
		return unwritten(), nil
	})
	return kept, err
}

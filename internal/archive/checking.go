package archive

import (
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// Checking is the store with every quote compared as it is written, by whatever
// road it comes: GraphQL, an import, an accepted proposal. A write that cites a
// source of which something was captured, or that adds a capture, is followed,
// before Write returns, by a revision that records the checks which changed.
//
// It is a revision of its own because a change set cannot hold the check of a
// citation whose id is made while it is planned, and because comparing takes long
// in a large text, in which time nobody else could write. Where the program ends
// in between, or a capture cannot be read, the quotes stay UNCHECKED, which is
// what they are, until Verify.
//
// Do not replay a log into it: the log has the checks already.
func (a *Archive) Checking() store.Store {
	c := checking{a.store, a}
	if shelf, ok := a.store.(store.Shelf); ok {
		return struct {
			checking
			store.Shelf
		}{c, shelf}
	}
	return c
}

type checking struct {
	store.Store
	archive *Archive
}

// Write implements store.Store.
func (c checking) Write(ctx context.Context, plan store.Plan) (*evidence.Commit, error) {
	commit, err := c.Store.Write(ctx, plan)
	if err == nil && commit.New {
		c.archive.follow(context.WithoutCancel(ctx), commit)
	}
	return commit, err
}

// follow checks the quotes that a commit wrote, or whose source it added a capture
// to. It was written and stays so, whatever comes of this.
func (a *Archive) follow(ctx context.Context, commit *evidence.Commit) {
	concerned := touched(commit)
	if len(concerned) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	if err := a.recording(func() error { return a.checkTouched(ctx, concerned) }); err != nil {
		a.log.Warn().Err(err).Uint64("revision", uint64(commit.Revision.Sequence())).
			Msg("quotes could not be compared with their captures and stay as they were; run `vinculo capture verify`")
	}
}

// touched are the sources whose quotes a commit concerns, with the citations it
// wrote; nil stands for all that the source has.
func touched(commit *evidence.Commit) map[evidence.ID][]evidence.ID {
	concerned := map[evidence.ID][]evidence.ID{}
	captured := map[evidence.ID]bool{}
	for i := range commit.Transitions {
		t := &commit.Transitions[i]
		if !t.After.IsOpen() || t.Before != nil && t.Before.From == t.After.From {
			continue // closed, or the same version as before
		}
		switch after := t.After.Content.(type) {
		case *evidence.Citation:
			if after.Quote != nil {
				concerned[after.Source] = append(concerned[after.Source], after.ID)
			}
		case *evidence.Source:
			var before []evidence.Capture
			if t.Before != nil && t.Before.IsOpen() {
				before = t.Before.Source().Captures
			}
			captured[after.ID] = !slices.Equal(before, after.Captures)
		}
	}
	for id, all := range captured {
		if all {
			concerned[id] = nil
		}
	}
	return concerned
}

func (a *Archive) checkTouched(ctx context.Context, concerned map[evidence.ID][]evidence.ID) error {
	ids := make([]evidence.ID, 0, len(concerned))
	for id := range concerned {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	sources, err := a.sources(ctx, evidence.Confidential, ids)
	if err != nil {
		return err
	}
	var changed []evidence.CitationCheck
	var failed error
	for _, id := range ids {
		// Without a capture there is nothing to compare with, and nothing recorded
		// says so; only a source that lost its captures has checks to take back.
		source := sources[id]
		if source == nil || len(source.Captures) == 0 && concerned[id] != nil {
			continue
		}
		_, found, err := a.check(ctx, evidence.Confidential, source, concerned[id])
		changed = append(changed, found...)
		if err != nil { // one damaged capture keeps no other from being compared
			if failed = err; ctx.Err() != nil {
				break
			}
		}
	}
	if err := a.record(ctx, changed); err != nil {
		return err
	}
	return failed
}

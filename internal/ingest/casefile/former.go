package casefile

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// reading is what the mapping of kinds makes of a row of links.
type reading struct {
	kind     string
	from, to evidence.ID
	role     string
}

func (r *kindRule) read(from *row) reading {
	as := reading{r.target, evidence.ID(from.get("from")), evidence.ID(from.get("to")), r.role(from.get("role"))}
	if r.swap {
		as.from, as.to = as.to, as.from
	}
	return as
}

// formerly are the readings of a row that earlier programs had, one for each of the
// times at which the mapping changed, the latest first; nil where all are as now.
func (m *mappings) formerly(r *row, now reading) []reading {
	kind := r.get("kind")
	if !slices.ContainsFunc(m.formerKinds, func(was kindRule) bool { return was.kind == kind }) {
		return nil
	}
	readings, other := make([]reading, len(m.changed)), false
	as := now
	for i, until := range m.changed {
		for j := range m.formerKinds {
			if was := &m.formerKinds[j]; was.until == until && was.kind == kind {
				as = was.read(r)
			}
		}
		readings[i] = as
		other = other || as != now
	}
	if !other {
		return nil
	}
	return readings
}

// everRead gives a batch as this program writes it, and then as earlier ones did.
func everRead(batch []change) iter.Seq[[]change] {
	return func(yield func([]change) bool) {
		if !yield(batch) || !yield(former(batch)) {
			return
		}
		for i := range tables().changed {
			as := slices.Clone(batch)
			other := false
			for j := range as {
				other = as[j].becomeFormer(i) || other
			}
			if other && (!yield(as) || !yield(former(as))) {
				return
			}
		}
	}
}

// formerIdentity is what earlier programs said of the identity of an entity whose row
// says nothing of it, one for each of the times at which the mapping changed, the latest
// first, and "" where they said nothing; nil where none ever did.
func (m *mappings) formerIdentity(r *row) []string {
	for _, was := range m.formerIdentities {
		if was.id != r.get("id") || was.name != r.get("name") {
			continue
		}
		identities := make([]string, len(m.changed))
		for i, until := range m.changed {
			if until <= was.until {
				identities[i] = was.identity.String()
			}
		}
		return identities
	}
	return nil
}

// becomeFormer makes the change what the programs made of its row up to one of the
// times at which the mapping changed, and says whether that is another.
func (c *change) becomeFormer(i int) bool {
	switch {
	case c.formerly != nil && c.formerly[i] != c.reading():
		c.readAs(c.formerly[i])
	case c.formerIdentities != nil && c.formerIdentities[i] != "":
		put := *c.PutEntity
		put.Identity = evidence.Of(c.formerIdentities[i])
		c.PutEntity = &put
	default:
		return false
	}
	return true
}

// reading is what an asserted link says by its kind, ends and role.
func (c *change) reading() reading {
	return reading{c.AssertLink.Kind, c.AssertLink.From, c.AssertLink.To, c.AssertLink.Role}
}

func (c *change) readAs(r reading) {
	assert := *c.AssertLink
	assert.Kind, assert.From, assert.To, assert.Role = r.kind, r.from, r.to, r.role
	c.AssertLink = &assert
}

// readBefore finds the claims that the graph has, for the author to see, as an earlier
// program read their rows.
func (w *writer) readBefore(ctx context.Context, changes []change) (map[evidence.ID]reading, error) {
	rows := map[evidence.ID]*change{}
	for i := range changes {
		if c := &changes[i]; c.formerly != nil {
			rows[c.claimID()] = c
		}
	}
	before := map[evidence.ID]reading{}
	err := w.read(ctx, func(ctx context.Context, snap evidence.Snapshot) error {
		for ids := range slices.Chunk(slices.Sorted(maps.Keys(rows)), store.MaxBatch) {
			there, err := snap.Newest(ctx, ids, evidence.Open)
			if err != nil {
				return err
			}
			for id, r := range there {
				claim := r.Claim()
				if claim == nil || !r.IsOpen() || r.Derived.Visibility > w.options.Author.Clearance {
					continue
				}
				is := reading{claim.Kind, claim.From, claim.To, claim.Role}
				if is != rows[id].reading() && slices.Contains(rows[id].formerly, is) {
					before[id] = is
				}
			}
		}
		return nil
	})
	return before, err
}

// refusal says that the claim with the id is there as an earlier program read its row.
func (r reading) refusal(id evidence.ID) string {
	role := "no role"
	if r.role != "" {
		role = fmt.Sprintf("the role %q", r.role)
	}
	return fmt.Sprintf("claim %q exists as an earlier version read this row; to keep it so, write %s from %q to %q with %s, else retract it and choose another id", id, r.kind, r.from, r.to, role)
}

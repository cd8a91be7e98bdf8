package trace

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// moments are the sequences, ascending, at which the view may have begun to see a record
// differently. Each beginning and end of one of its versions is one, unless what the
// clearance is shown is the same before and after.
//
// A claim and its citations are seen only together with both ends of the claim and with
// a support whose source is seen; the claim's standing is seen only with the citations
// that tell of it. So a moment at which one of these comes into the view's sight, or
// goes out of it, is one too. A claim that only a hidden support keeps standing ends, for
// the view, with its last visible support: that is a moment as well. While one visible
// support stands, others that come and go are none.
func (s *Session) moments(ctx context.Context, id evidence.ID) ([]evidence.Sequence, error) {
	f := &finder{view: s.view, reader: s.reader, moments: map[evidence.Sequence]bool{}, read: map[evidence.ID][]*evidence.Record{}, spells: map[evidence.ID][]spell{}}
	find := f.find
	if !s.view.IsNow() { // what has been raised since is not seen in the past either
		find = func(ctx context.Context, id evidence.ID) error {
			return s.reading(ctx, evidence.Now(s.view.Clearance), func(r store.Reader) error {
				f.reader = r
				return f.find(ctx, id)
			})
		}
	}
	if err := find(ctx, id); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(f.moments)), nil
}

// finder finds the moments of a record.
type finder struct {
	view    evidence.View
	reader  store.Reader // of now
	moments map[evidence.Sequence]bool
	read    map[evidence.ID][]*evidence.Record // all versions, of what was read
	spells  map[evidence.ID][]spell            // of it, when it is seen
}

func (f *finder) find(ctx context.Context, id evidence.ID) error {
	if err := f.load(ctx, id); err != nil {
		return err
	}
	versions := f.read[id]
	if len(f.seen(id)) == 0 {
		return nil
	}
	if err := f.own(ctx, versions); err != nil {
		return err
	}
	var claim evidence.ID
	for _, v := range versions {
		switch c := v.Content.(type) {
		case *evidence.Claim:
			claim = c.ID
		case *evidence.Citation:
			claim = c.Claim
		}
	}
	if claim == "" {
		return nil
	}
	return f.around(ctx, claim, versions)
}

// load reads the versions of records that were not read yet.
func (f *finder) load(ctx context.Context, ids ...evidence.ID) error {
	var unknown []evidence.ID
	for _, id := range ids {
		if _, known := f.read[id]; !known && id != "" {
			f.read[id] = nil
			unknown = append(unknown, id)
		}
	}
	for batch := range slices.Chunk(unknown, store.MaxBatch) {
		versions, err := f.reader.Versions(ctx, batch)
		if err != nil {
			return err
		}
		maps.Copy(f.read, versions)
	}
	return nil
}

// own adds the moments at which the record itself is shown differently.
func (f *finder) own(ctx context.Context, versions []*evidence.Record) error {
	var named []evidence.ID
	for _, v := range versions {
		named = append(named, namedIn(v.Content, f.view.Clearance)...)
	}
	if err := f.load(ctx, named...); err != nil {
		return err
	}
	kept := f.keptSecret(versions)
	var shown []byte // empty where it is not seen
	end := evidence.Open
	for _, v := range versions {
		if v.From > f.view.KnownAt {
			break
		}
		if end < v.From {
			f.turn(shown, nil, end)
			shown = nil
		}
		is, err := f.shown(v, kept)
		if err != nil {
			return err
		}
		f.turn(shown, is, v.From)
		shown, end = is, v.To
	}
	if end != evidence.Open && end <= f.view.KnownAt {
		f.turn(shown, nil, end)
	}
	return nil
}

func (f *finder) turn(was, is []byte, at evidence.Sequence) {
	if !bytes.Equal(was, is) {
		f.moments[at] = true
	}
}

// keptSecret gives versions of an entity as they may be seen today.
func (f *finder) keptSecret(versions []*evidence.Record) func(*evidence.Entity) *evidence.Entity {
	newest := versions[len(versions)-1].Entity()
	if newest == nil || f.view.Clearance == evidence.Confidential {
		return func(e *evidence.Entity) *evidence.Entity { return e }
	}
	raised := evidence.RaisedNames(versions, f.view.Clearance)
	return func(e *evidence.Entity) *evidence.Entity {
		seen, _ := e.KeptSecret(raised, newest.Names[0], f.view.Clearance)
		return seen
	}
}

// shown is what the clearance is shown of a version at most: without the records that
// it names and that are never seen. It is empty where the version itself is not seen.
func (f *finder) shown(v *evidence.Record, kept func(*evidence.Entity) *evidence.Entity) ([]byte, error) {
	if v.Content.OwnClearance() > f.view.Clearance {
		return nil, nil
	}
	content := v.Content
	if e := v.Entity(); e != nil {
		content = kept(e)
	}
	ever := func(id evidence.ID) bool { return len(f.seen(id)) > 0 }
	fields, err := fieldsOf(content, f.view.Clearance, ever)
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// around adds the moments of what a claim, the record itself or that of a citation,
// is seen with.
func (f *finder) around(ctx context.Context, id evidence.ID, of []*evidence.Record) error {
	if err := f.load(ctx, id); err != nil {
		return err
	}
	claim := f.read[id]
	standing := map[evidence.ID]bool{}
	ends := []evidence.ID{id}
	for _, v := range claim {
		c := v.Claim()
		if c == nil {
			continue
		}
		ends = append(ends, c.From, c.To)
		for _, st := range c.Standing {
			standing[st.Citation] = true
		}
	}
	for _, v := range of {
		if c := v.Citation(); c != nil {
			ends = append(ends, c.Source)
		}
	}
	if err := f.load(ctx, ends...); err != nil {
		return err
	}
	slices.Sort(ends)
	for _, end := range slices.Compact(ends) {
		f.borders(f.seen(end))
	}
	var supports []spell
	for after := evidence.ID(""); ; {
		ids, err := f.reader.EverCited(ctx, id, after, store.MaxBatch)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		if err := f.load(ctx, ids...); err != nil {
			return err
		}
		var sources []evidence.ID
		for _, id := range ids {
			if len(f.seen(id)) == 0 {
				continue
			}
			for _, v := range f.read[id] {
				if c := v.Citation(); c != nil {
					sources = append(sources, c.Source)
				}
			}
		}
		if err := f.load(ctx, sources...); err != nil {
			return err
		}
		for _, id := range ids {
			cited, supporting := f.cited(id)
			supports = append(supports, supporting...)
			if standing[id] {
				f.borders(cited)
			}
		}
		after = ids[len(ids)-1]
	}
	f.borders(supports)
	return nil
}

// spell is a time through which something is seen, its end not included.
type spell struct{ from, to evidence.Sequence }

// seen are the spells in which a record that was read is seen, going by its own
// clearance then and today.
func (f *finder) seen(id evidence.ID) (all []spell) {
	if known, ok := f.spells[id]; ok {
		return known
	}
	for _, v := range f.seenVersions(id) {
		all = append(all, spell{v.From, v.To})
	}
	f.spells[id] = union(all)
	return f.spells[id]
}

func (f *finder) seenVersions(id evidence.ID) (seen []*evidence.Record) {
	versions := f.read[id]
	if len(versions) == 0 {
		return nil
	}
	newest := versions[len(versions)-1]
	if max(newest.Content.OwnClearance(), newest.Derived.Now) > f.view.Clearance {
		return nil
	}
	for _, v := range versions {
		if v.From <= f.view.KnownAt && v.Content.OwnClearance() <= f.view.Clearance {
			seen = append(seen, v)
		}
	}
	return seen
}

// cited are the spells in which a citation is seen with its source, and those of them
// in which it supports its claim.
func (f *finder) cited(id evidence.ID) (all, supporting []spell) {
	for _, v := range f.seenVersions(id) {
		c := v.Citation()
		if c == nil {
			continue
		}
		for _, s := range f.seen(c.Source) {
			if from, to := max(v.From, s.from), min(v.To, s.to); from < to {
				all = append(all, spell{from, to})
				if c.Stance == evidence.Supports {
					supporting = append(supporting, spell{from, to})
				}
			}
		}
	}
	return all, supporting
}

// borders adds where the union of spells begins and ends.
func (f *finder) borders(all []spell) {
	for _, s := range union(all) {
		f.moments[s.from] = true
		if s.to != evidence.Open && s.to <= f.view.KnownAt {
			f.moments[s.to] = true
		}
	}
}

// union joins the spells that touch each other.
func union(all []spell) (joined []spell) {
	slices.SortFunc(all, func(a, b spell) int { return cmp.Compare(a.from, b.from) })
	for _, s := range all {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

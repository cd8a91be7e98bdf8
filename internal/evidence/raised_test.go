package evidence_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store/storetest"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
)

// calling gives an entity one more name, at a clearance.
func calling(id evidence.ID, text, clearance string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Names: evidence.Of([]evidence.NewName{{Text: text, Clearance: clearance}})}}
}

// describing changes no more than the description of an entity.
func describing(id evidence.ID, as string) evidence.Change {
	return evidence.Change{PutEntity: &evidence.PutEntity{ID: id, Description: evidence.Of(as)}}
}

// TestUndoLeavesRaisedWhatWasRaisedSince: who undoes an edit does not publish with it
// what another raised afterwards.
func TestUndoLeavesRaisedWhatWasRaisedSince(t *testing.T) {
	charged := evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l1", Standing: "CHARGED", Citation: cited("r-c3", "s1")}}
	graded := evidence.Change{PutSource: &evidence.PutSource{ID: "s2", Reliability: evidence.Of("B")}}
	captured := evidence.Change{AttachCapture: &evidence.AttachCapture{Source: "s2", Capture: evidence.Capture{SHA256: "00", Length: 1, MediaType: "text/plain", Captured: "2026-11-23T00:00:00Z"}}}
	for name, c := range map[string]struct {
		edited evidence.Change
		raised func(level string) evidence.Change
	}{
		"an entity":          {describing("p2", "periodista"), func(level string) evidence.Change { return raise("p2", level) }},
		"a source":           {graded, func(level string) evidence.Change { return raise("s2", level) }},
		"a captured source":  {captured, func(level string) evidence.Change { return raise("s2", level) }},
		"a claim":            {charged, func(level string) evidence.Change { return raise("l1", level) }},
		"a name":             {describing("o1", "una empresa"), func(level string) evidence.Change { return calling("o1", "Alias", level) }},
		"what was raised":    {raise("p2", "RESTRICTED"), func(level string) evidence.Change { return raise("p2", level) }},
		"a raised citation":  {raise("c2", "RESTRICTED"), func(level string) evidence.Change { return raise("c2", level) }},
		"a name that was it": {calling("o1", "Alias", "RESTRICTED"), func(level string) evidence.Change { return calling("o1", "Alias", level) }},
	} {
		for _, x := range []struct {
			by    evidence.Author
			level string
		}{{top, "CONFIDENTIAL"}, {top, "RESTRICTED"}, {middle, "RESTRICTED"}} {
			t.Run(fmt.Sprint(name, " to ", x.level, " by ", x.by.Name), func(t *testing.T) {
				g := base(t)
				g.must(top, calling("o1", "Alias", "PUBLIC"))
				edit := g.must(x.by, c.edited)
				number := edit.Revision.Numbers[x.by.Clearance]
				if !g.must(top, c.raised(x.level)).New || number == 0 {
					return // it was as high before, or its author counts no such revision
				}
				require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(x.by, set(undo(number))))
			})
		}
	}
}

// TestUndoLowersWhatTheRevisionRaised: to raise by mistake is a mistake like another.
func TestUndoLowersWhatTheRevisionRaised(t *testing.T) {
	g := base(t)
	g.must(top, calling("o1", "Alias", "PUBLIC"))
	g.must(top, raise("p2", "CONFIDENTIAL"), calling("o1", "Alias", "CONFIDENTIAL"))
	g.must(top, undo(3))
	require.Equal(t, evidence.Public, g.newest("p2").Derived.Visibility)
	require.Equal(t, []string{"Otra PUBLIC", "Alias PUBLIC"}, cleared(g.newest("o1").Entity()))
}

// TestUndoTellsWithdrawnNamesFromRaised: a name that was raised stays so. One that was
// only withdrawn is read in the past, and comes back whatever secret name of its text was
// given since, or who undoes its withdrawal would learn of that one.
func TestUndoTellsWithdrawnNamesFromRaised(t *testing.T) {
	alias := func(level string) evidence.Change { return calling("o1", "Alias", level) }
	described := describing("o1", "una empresa")
	withdrawn := evidence.Change{PutEntity: &evidence.PutEntity{ID: "o1", Aliases: evidence.Of([]string{})}}
	for name, c := range map[string]struct {
		undone, since []evidence.Change
		want          []string
	}{
		"withdrawn":                      {[]evidence.Change{withdrawn}, nil, []string{"Alias PUBLIC"}},
		"withdrawn by undoing":           {[]evidence.Change{undo(2)}, nil, []string{"Alias PUBLIC"}},
		"withdrawn, and given in secret": {[]evidence.Change{undo(2)}, []evidence.Change{alias("RESTRICTED")}, []string{"Alias RESTRICTED", "Alias PUBLIC"}},
		"withdrawn, and a secret raised": {[]evidence.Change{undo(2)}, []evidence.Change{alias("RESTRICTED"), alias("CONFIDENTIAL")}, []string{"Alias CONFIDENTIAL", "Alias PUBLIC"}},
		"raised by it":                   {[]evidence.Change{described, alias("RESTRICTED")}, nil, []string{"Alias RESTRICTED"}},
		"raised by it, and withdrawn":    {[]evidence.Change{described, alias("RESTRICTED")}, []evidence.Change{withdrawn}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, alias("PUBLIC"))
			g.must(top, c.undone...)
			for _, since := range c.since {
				g.must(top, since)
			}
			undone := g.must(low, undo(3))
			require.EqualValues(t, 4, undone.Revision.Numbers[evidence.Public], "what came since they are not told of")
			require.Empty(t, g.newest("o1").Entity().Description)
			require.Equal(t, append([]string{"Otra PUBLIC"}, c.want...), cleared(g.newest("o1").Entity()))
		})
	}
	g := base(t)
	g.must(top, alias("PUBLIC"))
	g.must(top, described)
	g.must(top, alias("RESTRICTED"))
	require.Equal(t, []string{"CONFLICT changes[0].undo.revision"}, g.refuse(low, set(undo(3))), "that the name went since, they saw")
}

// TestExpectedSeesClearances: what was raised meanwhile is not lowered again by who
// does not know of it.
func TestExpectedSeesClearances(t *testing.T) {
	expecting := func(n uint64, c evidence.Change) *evidence.ChangeSet {
		return &evidence.ChangeSet{ExpectedRevision: &n, Changes: []evidence.Change{c}}
	}
	g := base(t)
	g.must(top, calling("o1", "Alias", "PUBLIC"))
	g.must(top, raise("p2", "CONFIDENTIAL"), calling("o1", "Alias", "CONFIDENTIAL"))
	require.Equal(t, []string{"CONFLICT changes[0].setClearance.id"}, g.refuse(top, expecting(2, raise("p2", "RESTRICTED"))))
	require.Equal(t, []string{"CONFLICT changes[0].putEntity.id"}, g.refuse(top, expecting(2, calling("o1", "Alias", "PUBLIC"))))
	_, err := g.try(top, expecting(3, raise("p2", "RESTRICTED")))
	require.NoError(t, err, "they have read it")
}

// TestExpectedSeesWhatIsRaisedInSight: an author below the top counts no revision for
// it, and lowers it again all the same where they do not know of it.
func TestExpectedSeesWhatIsRaisedInSight(t *testing.T) {
	expecting := func(n uint64, c evidence.Change) *evidence.ChangeSet {
		return &evidence.ChangeSet{ExpectedRevision: &n, Changes: []evidence.Change{c}}
	}
	secret := func(id evidence.ID) evidence.Change { return describing(id, "en secreto") }
	for name, c := range map[string]struct{ raised, lowered, other evidence.Change }{
		"a record": {raise("p2", "RESTRICTED"), raise("p2", "PUBLIC"), secret("p2")},
		"a name":   {calling("o1", "Alias", "RESTRICTED"), calling("o1", "Alias", "PUBLIC"), secret("o1")},
	} {
		t.Run(name, func(t *testing.T) {
			g := base(t)
			g.must(top, calling("o1", "Alias", "PUBLIC"))
			head, err := g.Head(t.Context())
			require.NoError(t, err)
			read := head.Latest[evidence.Restricted]
			_, err = g.try(middle, expecting(read, c.lowered))
			require.NoError(t, err, "there is nothing to lower yet")
			g.must(top, c.raised)
			_, err = g.try(middle, expecting(read, c.lowered))
			require.ErrorContains(t, err, "leave expectedRevision out to lower it all the same")
			var faults evidence.Faults
			require.ErrorAs(t, err, &faults)
			require.Equal(t, evidence.Conflict, faults[0].Code)
			g.must(middle, c.other) // lowers nothing, and gives what they read then a number
			_, err = g.try(middle, expecting(read+1, c.lowered))
			require.NoError(t, err, "they have read it")
			g.must(top, c.raised)
			g.must(middle, c.lowered)
		})
	}
}

// raising is a random history in which records and names are raised and lowered, and
// revisions undone, by everybody.
type raising struct {
	*rapid.T
	store *model.Store
	step  int
	// today are the clearances of records, and those that their names have or had last.
	today map[thing]evidence.Clearance
}

// thing is a record, or a name of an entity.
type thing struct {
	id   evidence.ID
	name string
}

func (h *raising) some(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(h.T, label)
}

func (h *raising) change(by evidence.Author) evidence.Change {
	levels := []string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL"}[:by.Clearance+1]
	level := func() string { return h.some("level", levels...) }
	switch rapid.IntRange(0, 9).Draw(h.T, "change") {
	case 0:
		return describing(evidence.ID(h.some("entity", "e0", "e1")), h.some("as", "uno", "dos", "tres"))
	case 1, 2:
		return calling(evidence.ID(h.some("entity", "e0", "e1")), h.some("alias", "Juan", "Pedro"), level())
	case 3:
		return entity(evidence.ID(h.some("entity", "e0", "e1")), "PERSON", h.some("name", "Testigo", "Juan"))
	case 4:
		return evidence.Change{PutSource: &evidence.PutSource{ID: "s0", Reliability: evidence.Of(h.some("grade", "A", "B"))}}
	case 5:
		return evidence.Change{SetStanding: &evidence.SetStanding{Claim: "l0", Standing: h.some("standing", "ALLEGED", "CHARGED"), Citation: cited("", "s1")}}
	case 6:
		return retract(evidence.ID(h.some("retracted", "e0", "e1", "l0", "s0", "c0")))
	default:
		return raise(evidence.ID(h.some("raised", "e0", "e1", "s0", "l0", "c0")), level())
	}
}

func (h *raising) apply(by evidence.Author, changes ...evidence.Change) error {
	h.step++
	_, err := storetest.Apply(context.Background(), h.store, h.step, by, &evidence.ChangeSet{Reason: "because", Changes: changes})
	for id, r := range h.before(evidence.Open) {
		maps.Copy(h.today, levels(r))
		h.today[thing{id: id}] = r.Derived.Now // of what is closed it may have changed since
	}
	return err
}

// before are the records just before a sequence.
func (h *raising) before(sequence evidence.Sequence) map[evidence.ID]*evidence.Record {
	found, err := h.store.Snapshot().Newest(context.Background(), []evidence.ID{"e0", "e1", "s0", "s1", "l0", "c0"}, sequence)
	require.NoError(h, err)
	return found
}

// versions are all the versions of the entities, oldest first.
func (h *raising) versions() map[evidence.ID][]*evidence.Record {
	r, err := h.store.Raw(context.Background(), evidence.Now(evidence.Confidential))
	require.NoError(h, err)
	defer func() { require.NoError(h, r.Close()) }()
	found, err := r.Versions(context.Background(), []evidence.ID{"e0", "e1"})
	require.NoError(h, err)
	return found
}

// reads says whether who has a clearance reads a name in some version of an entity, today
// or in the past, from which raising it takes it and withdrawing it does not.
func reads(c evidence.Clearance, name string, versions []*evidence.Record) bool {
	return !evidence.RaisedNames(versions, c)[name] && slices.ContainsFunc(versions, func(v *evidence.Record) bool {
		level, there := levels(v)[thing{v.ID(), name}]
		return there && level <= c
	})
}

// levels are the clearances in a version of a record.
func levels(r *evidence.Record) map[thing]evidence.Clearance {
	of := map[thing]evidence.Clearance{}
	if r == nil {
		return of
	}
	of[thing{id: r.ID()}] = r.Content.OwnClearance()
	if e := r.Entity(); e != nil {
		for _, n := range e.Names {
			named := thing{r.ID(), n.Text}
			if level, there := of[named]; !there || n.Clearance < level {
				of[named] = n.Clearance
			}
		}
	}
	return of
}

// TestUndoLowersNothingElse undoes revisions of random histories. What it lowers, the
// undone revision raised to where it stood, and its author sees; or it is a name that was
// read in the past as low, which a secret one of its text that was given since does not
// raise.
func TestUndoLowersNothingElse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := &raising{T: r, store: model.New(), today: map[thing]evidence.Clearance{}}
		require.NoError(r, h.apply(top, source("s0", nil), source("s1", nil), entity("e0", "PERSON", "Testigo"), entity("e1", "PERSON", "Otra"), link("l0", "LINKED_TO", "e0", "e1", cited("c0", "s0"), cited("c1", "s1"))))
		for range rapid.IntRange(6, 24).Draw(r, "steps") {
			by := rapid.SampledFrom([]evidence.Author{top, top, middle, low}).Draw(r, "by")
			head, err := h.store.Head(context.Background())
			require.NoError(r, err)
			if !rapid.Bool().Draw(r, "undo") || head.Latest[by.Clearance] < 2 {
				_ = h.apply(by, h.change(by))
				continue
			}
			number := rapid.Uint64Range(2, head.Latest[by.Clearance]).Draw(r, "undone")
			undone, err := h.store.Snapshot().Revision(context.Background(), evidence.RevisionRef{Number: number, Clearance: by.Clearance})
			require.NoError(r, err)
			was, versions := maps.Clone(h.today), h.versions()
			if h.apply(by, undo(number)) != nil {
				continue
			}
			before, after := h.before(undone.Sequence()), h.before(undone.Sequence()+1)
			for what, level := range h.today {
				if level >= was[what] || what.name != "" && reads(level, what.name, versions[what.id]) {
					continue
				}
				require.LessOrEqual(r, was[what], by.Clearance, "%v is lowered by %s, who does not see it, with the undoing of revision %d", what, by.Name, number)
				require.Equal(r, was[what], levels(after[what.id])[what], "%v was raised after revision %d, whose undoing by %s lowers it", what, number, by.Name)
				require.Less(r, levels(before[what.id])[what], was[what], "%v was not raised by revision %d, whose undoing by %s lowers it", what, number, by.Name)
			}
		}
	})
}

package proposal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/vinculo/vinculo/internal/access"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store"
	"github.com/vinculo/vinculo/internal/store/storetest/model"
	"github.com/vinculo/vinculo/internal/trace"
)

func person(name string, role access.Role, c evidence.Clearance) access.Identity {
	return access.Identity{Name: name, Role: role, Clearance: c, Subject: "token:" + name, IDPrefix: access.PrefixOf("token:"+name, c)}
}

var (
	ana    = person("Ana", access.Contributor, evidence.Restricted)
	benito = person("Benito", access.Contributor, evidence.Public)
	carla  = person("Carla", access.Editor, evidence.Confidential)
	dario  = person("Darío", access.Editor, evidence.Confidential)
	low    = person("Editora", access.Editor, evidence.Public)
	reader = person("Lector", access.Reader, evidence.Confidential)
	boss   = access.Owner("Jefa")
)

type bench struct {
	*Service
	store *model.Store
	graph *flaky
	clock time.Time
}

// flaky is a graph that can be made to fail, before or after it has applied.
type flaky struct {
	Graph
	before, after atomic.Pointer[error]
	applied       atomic.Int64
}

func (f *flaky) Apply(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	if err := f.before.Load(); err != nil {
		return nil, *err
	}
	commit, err := f.Graph.Apply(ctx, author, cs)
	if err == nil && commit.New {
		f.applied.Add(1)
	}
	if failed := f.after.Load(); err == nil && failed != nil {
		return nil, *failed
	}
	return commit, err
}

func newBench(t *testing.T) *bench {
	t.Helper()
	st := model.New()
	planner := &evidence.Planner{
		Vocabulary: vocabulary.Standard(), Now: time.Now,
		NewID:        func() evidence.ID { return evidence.ID(uuid.NewString()) },
		NewSalt:      func() (salt [16]byte) { return uuid.New() },
		CascadeLimit: 1000, MaxChanges: 100,
	}
	b := &bench{store: st, graph: &flaky{Graph: Over(st, planner, trace.New(st, planner.Vocabulary, planner).Apply)}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.Service = New(st, b.graph)
	b.now = func() time.Time { return b.clock }
	b.write(t, evidence.Change{PutEntity: &evidence.PutEntity{ID: "batallon-27", Kind: evidence.Of("MILITARY_UNIT"), Name: evidence.Of("27 Batallón de Infantería")}},
		evidence.Change{PutSource: &evidence.PutSource{ID: "giei", Kind: evidence.Of("NGO_REPORT"), Title: evidence.Of("Informe Ayotzinapa VI"), URL: evidence.Of("https://ejemplo.mx/giei"), Reliability: evidence.Of("A")}})
	b.graph.applied.Store(0)
	return b
}

func (b *bench) write(t *testing.T, changes ...evidence.Change) {
	t.Helper()
	_, err := b.graph.Graph.Apply(t.Context(), boss.Author(), &evidence.ChangeSet{Reason: "prueba", Changes: changes})
	require.NoError(t, err)
}

func (b *bench) head(t *testing.T) evidence.Head {
	t.Helper()
	head, err := b.store.Head(t.Context())
	require.NoError(t, err)
	return head
}

// newest is who and why of the newest revision.
func (b *bench) newest(t *testing.T) evidence.Meta {
	t.Helper()
	var meta evidence.Meta
	for r, err := range b.store.Log(t.Context(), b.head(t).Sequence-1) {
		require.NoError(t, err)
		meta, err = r.Meta()
		require.NoError(t, err)
	}
	return meta
}

// link is a change set that cites a person of the author's as commander.
func link(who access.Identity, key string) *evidence.ChangeSet {
	id := evidence.ID(who.IDPrefix + "coronel-" + key)
	return &evidence.ChangeSet{Reason: "el informe lo nombra", IdempotencyKey: key, Changes: []evidence.Change{
		{PutEntity: &evidence.PutEntity{ID: id, Kind: evidence.Of("PERSON"), Name: evidence.Of("José Martínez"), Notes: evidence.Null[[]evidence.Note]()}},
		{AssertLink: &evidence.AssertLink{
			ID: id + "-mando", Kind: "COMMANDS", From: id, To: "batallon-27", Valid: evidence.ValidTime{Since: "2014"},
			Citations: []evidence.NewCitation{{ID: id + "-cita", Source: "giei", Locator: "p. 12"}},
		}},
	}}
}

func (b *bench) propose(t *testing.T, who access.Identity, key string) *Proposal {
	t.Helper()
	p, err := b.Propose(t.Context(), who, link(who, key))
	require.NoError(t, err)
	return p
}

func requireCode(t *testing.T, want evidence.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, evidence.CodeOf(err), err.Error())
}

func TestAcceptedProposalIsAppliedWholeAsItsAuthor(t *testing.T) {
	b := newBench(t)
	before := b.head(t)
	p := b.propose(t, ana, "a")
	require.Equal(t, Pending, p.State)
	require.Equal(t, "Ana", p.Author)
	require.Equal(t, evidence.Restricted, p.Clearance)
	require.Equal(t, before, b.head(t), "a proposal is no part of the graph")

	b.clock = b.clock.Add(time.Hour)
	done, err := b.Accept(t.Context(), carla, p.ID, "cotejado con la página 12")
	require.NoError(t, err)
	require.Equal(t, Accepted, done.State)
	require.Equal(t, &Review{By: "Carla", At: b.clock, Reason: "cotejado con la página 12"}, done.Review)
	after := b.head(t)
	require.Equal(t, before.Sequence+1, after.Sequence, "one revision")
	require.Equal(t, after.Latest, done.Numbers)
	meta := b.newest(t)
	require.Equal(t, "Ana", meta.Author)
	require.Equal(t, "el informe lo nombra (proposed by Ana, accepted by Carla): cotejado con la página 12", meta.Reason)

	again, err := b.Accept(t.Context(), carla, p.ID, "otra vez")
	require.NoError(t, err)
	require.Equal(t, done, again)
	_, err = b.Accept(t.Context(), dario, p.ID, "")
	requireCode(t, evidence.Conflict, err)
	_, err = b.Reject(t.Context(), carla, p.ID, "no")
	requireCode(t, evidence.Conflict, err)
	_, err = b.Reject(t.Context(), ana, p.ID, "no")
	requireCode(t, evidence.Conflict, err)
	require.Equal(t, after, b.head(t))
}

func TestWhatCouldNotBeIsNotProposed(t *testing.T) {
	b := newBench(t)
	b.write(t, evidence.Change{PutEntity: &evidence.PutEntity{ID: "secreto", Kind: evidence.Of("PERSON"), Name: evidence.Of("Testigo"), Clearance: evidence.Of("CONFIDENTIAL")}})
	with := func(change evidence.Change) *evidence.ChangeSet {
		return &evidence.ChangeSet{Reason: "x", Changes: []evidence.Change{change}}
	}
	mine := evidence.ID(ana.IDPrefix + "x")
	for name, tried := range map[string]struct {
		who  access.Identity
		cs   *evidence.ChangeSet
		code evidence.Code
	}{
		"a reader":               {reader, link(ana, "a"), evidence.Forbidden},
		"nobody":                 {access.Identity{Role: access.Editor}, link(ana, "a"), evidence.Forbidden},
		"an anonymous reader":    {access.Identity{Anonymous: true}, link(ana, "a"), evidence.Forbidden},
		"clearance above theirs": {ana, with(evidence.Change{SetClearance: &evidence.SetClearance{ID: "batallon-27", Clearance: "CONFIDENTIAL"}}), evidence.Forbidden},
		"made above theirs":      {ana, with(evidence.Change{PutEntity: &evidence.PutEntity{ID: mine, Kind: evidence.Of("PERSON"), Name: evidence.Of("x"), Clearance: evidence.Of("CONFIDENTIAL")}}), evidence.Forbidden},
		"id of another":          {ana, link(benito, "a"), evidence.Forbidden},
		"taken id above theirs":  {ana, with(evidence.Change{PutEntity: &evidence.PutEntity{ID: "secreto", Name: evidence.Of("x")}}), evidence.Forbidden},
		"free id, likewise":      {ana, with(evidence.Change{PutEntity: &evidence.PutEntity{ID: "secret0", Name: evidence.Of("x")}}), evidence.Forbidden},
		"unseen":                 {ana, with(evidence.Change{Retract: &evidence.Retract{ID: "secreto"}}), evidence.UnknownID},
		"uncited":                {ana, with(evidence.Change{AssertStatement: &evidence.AssertStatement{Entity: "batallon-27", Attribute: "RANK", Value: "x"}}), evidence.UncitedClaim},
		"no reason":              {ana, &evidence.ChangeSet{Changes: link(ana, "a").Changes}, evidence.InvalidInput},
		"a long reason":          {ana, &evidence.ChangeSet{Reason: strings.Repeat("ñ", maxReason+1), Changes: link(ana, "a").Changes}, evidence.InvalidInput},
		"nothing":                {ana, &evidence.ChangeSet{Reason: "x"}, evidence.InvalidInput},
	} {
		before := b.head(t)
		_, err := b.Propose(t.Context(), tried.who, tried.cs)
		requireCode(t, tried.code, err)
		require.Equal(t, before, b.head(t), name)
	}
	list, _, err := b.List(t.Context(), boss, Filter{})
	require.NoError(t, err)
	require.Empty(t, list, "nothing that was refused is kept")
}

func TestLongestReasonsFit(t *testing.T) {
	b := newBench(t)
	author, reviewer := person(strings.Repeat("ñ", 200), access.Contributor, evidence.Public), person(strings.Repeat("ó", 200), access.Editor, evidence.Public)
	cs := link(author, "a")
	cs.Reason = strings.Repeat("á", maxReason)
	p, err := b.Propose(t.Context(), author, cs)
	require.NoError(t, err)
	_, err = b.Accept(t.Context(), reviewer, p.ID, strings.Repeat("é", maxReview+1))
	requireCode(t, evidence.InvalidInput, err)
	_, err = b.Accept(t.Context(), reviewer, p.ID, strings.Repeat("é", maxReview))
	require.NoError(t, err)
}

func TestWhatNoLongerFitsStaysPending(t *testing.T) {
	b := newBench(t)
	p := b.propose(t, ana, "a")
	b.write(t, evidence.Change{Retract: &evidence.Retract{ID: "giei"}})
	before := b.head(t)
	_, err := b.Accept(t.Context(), carla, p.ID, "bien")
	var faults evidence.Faults
	require.ErrorAs(t, err, &faults)
	require.Contains(t, faults[0].Path, "changes[1].assertLink.citations[0].source")
	require.Equal(t, before, b.head(t), "whole or not at all")
	got, err := b.Get(t.Context(), ana, p.ID)
	require.NoError(t, err)
	require.Equal(t, Pending, got.State)
	require.Nil(t, got.Review)

	b.write(t, evidence.Change{PutSource: &evidence.PutSource{ID: "giei", Kind: evidence.Of("NGO_REPORT"), Title: evidence.Of("Informe Ayotzinapa VI"), URL: evidence.Of("https://ejemplo.mx/giei")}})
	done, err := b.Accept(t.Context(), dario, p.ID, "")
	require.NoError(t, err, "once it fits again it can be accepted")
	require.Equal(t, "Darío", done.Review.By)
}

func TestRecordThatChangedMeanwhileIsAConflict(t *testing.T) {
	b := newBench(t)
	seen := b.head(t).Latest[ana.Clearance]
	p, err := b.Propose(t.Context(), ana, &evidence.ChangeSet{Reason: "nombre completo", ExpectedRevision: &seen, Changes: []evidence.Change{
		{PutEntity: &evidence.PutEntity{ID: "batallon-27", Description: evidence.Of("de Iguala")}},
	}})
	require.NoError(t, err)
	b.write(t, evidence.Change{PutEntity: &evidence.PutEntity{ID: "batallon-27", Description: evidence.Of("en Iguala")}})
	_, err = b.Accept(t.Context(), carla, p.ID, "")
	requireCode(t, evidence.Conflict, err)
}

func TestProposalThatSaysNothingNewBecomesNoRevision(t *testing.T) {
	b := newBench(t)
	p, err := b.Propose(t.Context(), ana, &evidence.ChangeSet{Reason: "x", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{ID: "batallon-27", Country: evidence.Of("MX")}}}})
	require.NoError(t, err)
	b.write(t, evidence.Change{PutEntity: &evidence.PutEntity{ID: "batallon-27", Country: evidence.Of("MX")}})
	before := b.head(t)
	done, err := b.Accept(t.Context(), carla, p.ID, "")
	require.NoError(t, err)
	require.Equal(t, Accepted, done.State)
	require.Zero(t, done.Numbers, "the newest revision is not its own")
	require.Equal(t, before, b.head(t))
}

func TestRejectedAndWithdrawn(t *testing.T) {
	b := newBench(t)
	before := b.head(t)
	p := b.propose(t, ana, "a")
	for _, reason := range []string{"", " \n", "a\x00b", "a\xff", strings.Repeat("ñ", maxReview+1)} {
		_, err := b.Reject(t.Context(), carla, p.ID, reason)
		requireCode(t, evidence.InvalidInput, err)
	}
	done, err := b.Reject(t.Context(), carla, p.ID, "la página no lo dice")
	require.NoError(t, err)
	require.Equal(t, Rejected, done.State)
	again, err := b.Reject(t.Context(), carla, p.ID, "otra vez")
	require.NoError(t, err)
	require.Equal(t, done, again)
	_, err = b.Accept(t.Context(), dario, p.ID, "")
	requireCode(t, evidence.Conflict, err)

	own := b.propose(t, ana, "b")
	_, err = b.Accept(t.Context(), ana, own.ID, "")
	requireCode(t, evidence.Forbidden, err)
	_, err = b.Reject(t.Context(), ana, own.ID, "me equivoqué")
	require.NoError(t, err, "an author may withdraw")
	require.Equal(t, before, b.head(t))
}

func TestWhoSeesWhichProposals(t *testing.T) {
	b := newBench(t)
	restricted, public, confidential := b.propose(t, ana, "a"), b.propose(t, benito, "b"), b.propose(t, carla, "c")
	all := []string{restricted.ID, public.ID, confidential.ID}
	demoted := ana
	demoted.Clearance = evidence.Public
	namesake := person("Ana", access.Contributor, evidence.Confidential)
	namesake.Subject = "oidc:https://id.ejemplo.mx#ana"
	for name, tried := range map[string]struct {
		who  access.Identity
		sees []string
	}{
		"who reviews":             {carla, all},
		"who reviews, PUBLIC":     {low, []string{public.ID}},
		"a contributor":           {ana, []string{restricted.ID}},
		"another":                 {benito, []string{public.ID}},
		"whose clearance fell":    {demoted, nil},
		"another of that name":    {namesake, nil},
		"a reader of all":         {reader, nil},
		"nobody":                  {access.Identity{}, nil},
		"contributor, no subject": {access.Identity{Role: access.Contributor, Clearance: evidence.Confidential}, nil},
	} {
		list, more, err := b.List(t.Context(), tried.who, Filter{})
		require.NoError(t, err, name)
		require.False(t, more)
		var ids []string
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		require.Equal(t, tried.sees, ids, name)
		_, absent := b.Get(t.Context(), tried.who, "nothing")
		for _, id := range all {
			_, err := b.Get(t.Context(), tried.who, id)
			if slices.Contains(tried.sees, id) {
				require.NoError(t, err, name)
				continue
			}
			for _, err := range []error{err, second(b.Accept(t.Context(), tried.who, id, "")), second(b.Reject(t.Context(), tried.who, id, "x"))} {
				requireCode(t, evidence.UnknownID, err)
				require.Equal(t, strings.ReplaceAll(absent.Error(), "nothing", id), err.Error(), "%s: no other answer than for what is not there", name)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestProposalsArePaged(t *testing.T) {
	b := newBench(t)
	var want []string
	for i := range 23 {
		p := b.propose(t, ana, fmt.Sprint(i))
		b.propose(t, benito, fmt.Sprint(i))
		if i%3 == 0 {
			_, err := b.Reject(t.Context(), carla, p.ID, "no")
			require.NoError(t, err)
		} else {
			want = append(want, p.ID)
		}
	}
	for _, size := range []int{1, 4, len(want), MaxPage} {
		var got []string
		f := Filter{State: Pending, Limit: size}
		for more := true; more; {
			var list []*Proposal
			var err error
			list, more, err = b.List(t.Context(), ana, f)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list), size)
			for _, p := range list {
				got = append(got, p.ID)
				f.After = p.ID
			}
		}
		require.Equal(t, want, got, "pages of %d, oldest first", size)
	}
	for _, size := range []int{-1, MaxPage + 1} {
		_, _, err := b.List(t.Context(), ana, Filter{Limit: size})
		requireCode(t, evidence.LimitExceeded, err)
	}
}

func TestProposingAgainGivesTheSame(t *testing.T) {
	b := newBench(t)
	first := b.propose(t, ana, "clave")
	require.Equal(t, first, b.propose(t, ana, "clave"))
	other := link(ana, "clave")
	other.Reason = "otra cosa"
	_, err := b.Propose(t.Context(), ana, other)
	requireCode(t, evidence.Conflict, err)
	require.NotEqual(t, first.ID, b.propose(t, benito, "clave").ID, "another's key is another")
	_, err = b.Accept(t.Context(), carla, first.ID, "")
	require.NoError(t, err)
	require.Equal(t, Accepted, b.propose(t, ana, "clave").State, "it is told how it stands")

	// The process may end between claiming the key and keeping the proposal.
	torn := &stored{Proposal: Proposal{ID: "torn", Clearance: ana.Clearance, ChangeSet: *link(ana, "torn")}, Subject: ana.Subject}
	require.NoError(t, b.claimKey(t.Context(), torn))
	require.Equal(t, "torn", b.propose(t, ana, "torn").ID)

	var ids sync.Map
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			p, err := b.Propose(context.Background(), ana, link(ana, "juntos"))
			if err != nil {
				t.Errorf("proposing: %v", err)
				return
			}
			ids.Store(p.ID, true)
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	require.Equal(t, 1, n, "all at the same moment made one")
}

func TestReviewersAtTheSameMoment(t *testing.T) {
	for round := range 30 {
		b := newBench(t)
		before := b.head(t)
		p := b.propose(t, ana, "a")
		var accepted, rejected, conflicts atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			who := person(fmt.Sprintf("Revisor %d", i), access.Editor, evidence.Confidential)
			wg.Go(func() {
				var done *Proposal
				var err error
				if (i+round)%3 == 0 {
					done, err = b.Reject(context.Background(), who, p.ID, "no")
				} else {
					done, err = b.Accept(context.Background(), who, p.ID, "sí")
				}
				switch {
				case err == nil && done.State == Accepted && done.Review.By == who.Name:
					accepted.Add(1)
				case err == nil && done.State == Rejected && done.Review.By == who.Name:
					rejected.Add(1)
				case evidence.CodeOf(err) == evidence.Conflict:
					conflicts.Add(1)
				default:
					t.Errorf("%v %v", done, err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, accepted.Load()+rejected.Load(), "one decides")
		require.EqualValues(t, 7, conflicts.Load())
		require.Equal(t, accepted.Load(), b.graph.applied.Load())
		require.EqualValues(t, accepted.Load(), b.head(t).Sequence-before.Sequence)
		got, err := b.Get(t.Context(), ana, p.ID)
		require.NoError(t, err)
		require.Equal(t, accepted.Load() == 1, got.State == Accepted)
	}
}

func TestAcceptanceThatIsCutShort(t *testing.T) {
	down := fmt.Errorf("%w: connection refused", store.ErrUnavailable)
	for name, at := range map[string]func(*flaky) *atomic.Pointer[error]{
		"before it was applied": func(f *flaky) *atomic.Pointer[error] { return &f.before },
		"after it was applied":  func(f *flaky) *atomic.Pointer[error] { return &f.after },
	} {
		for next, decide := range map[string]func(*bench, string) (*Proposal, error){
			"accepted by the same": func(b *bench, id string) (*Proposal, error) { return b.Accept(t.Context(), carla, id, "otra razón") },
			"accepted by another":  func(b *bench, id string) (*Proposal, error) { return b.Accept(t.Context(), dario, id, "bien") },
			"rejected by another":  func(b *bench, id string) (*Proposal, error) { return b.Reject(t.Context(), dario, id, "mal") },
		} {
			t.Run(name+", "+next, func(t *testing.T) {
				b := newBench(t)
				before := b.head(t)
				p := b.propose(t, ana, "a")
				at(b.graph).Store(&down)
				_, err := b.Accept(t.Context(), carla, p.ID, "bien")
				require.ErrorIs(t, err, store.ErrUnavailable)
				got, err := b.Get(t.Context(), ana, p.ID)
				require.NoError(t, err)
				require.Equal(t, Pending, got.State)
				_, err = decide(b, p.ID)
				require.ErrorIs(t, err, store.ErrUnavailable, "nobody decides while nobody knows")

				at(b.graph).Store(nil)
				done, err := decide(b, p.ID)
				if next == "accepted by the same" {
					require.NoError(t, err)
					require.Equal(t, "bien", done.Review.Reason, "what was begun is finished")
				} else {
					requireCode(t, evidence.Conflict, err)
				}
				got, err = b.Get(t.Context(), ana, p.ID)
				require.NoError(t, err)
				require.Equal(t, Accepted, got.State)
				require.Equal(t, "Carla", got.Review.By)
				require.Equal(t, before.Sequence+1, b.head(t).Sequence, "applied once")
				require.Equal(t, b.head(t).Latest, got.Numbers)
			})
		}
	}
}

func TestLeaseOfAProcessThatEnded(t *testing.T) {
	b := newBench(t)
	p := b.propose(t, ana, "a")
	// A process took the lease, applied, and ended before it could say so.
	s, version, err := b.get(t.Context(), p.ID)
	require.NoError(t, err)
	s.Deciding, s.Lease = &Review{By: "Carla", At: b.clock, Reason: "bien"}, b.clock.Add(leaseTime)
	require.NoError(t, b.put(t.Context(), s, version))
	_, err = b.graph.Apply(t.Context(), s.author(), s.accepted(s.Deciding))
	require.NoError(t, err)
	after := b.head(t)

	b.clock = b.clock.Add(leaseTime - time.Second)
	_, err = b.Reject(t.Context(), dario, p.ID, "no")
	requireCode(t, evidence.Conflict, err)
	require.ErrorContains(t, err, "Carla")
	_, err = b.Erase(t.Context(), boss, p.ID, "sentencia 12/2026")
	requireCode(t, evidence.Conflict, err)
	b.clock = b.clock.Add(time.Second)
	_, err = b.Reject(t.Context(), dario, p.ID, "no")
	requireCode(t, evidence.Conflict, err)
	got, err := b.Get(t.Context(), ana, p.ID)
	require.NoError(t, err)
	require.Equal(t, Accepted, got.State)
	require.Equal(t, after, b.head(t))
	require.Equal(t, after.Latest, got.Numbers)

	// One that never fitted leaves the next reviewer their own decision.
	b.write(t, evidence.Change{Retract: &evidence.Retract{ID: "batallon-27"}})
	q, err := b.Propose(t.Context(), ana, &evidence.ChangeSet{Reason: "x", Changes: []evidence.Change{{PutEntity: &evidence.PutEntity{Kind: evidence.Of("PERSON"), Name: evidence.Of("x")}}}})
	require.NoError(t, err)
	s, version, err = b.get(t.Context(), q.ID)
	require.NoError(t, err)
	s.ChangeSet.Changes = link(ana, "z").Changes
	s.Deciding, s.Lease = &Review{By: "Carla", At: b.clock}, b.clock
	require.NoError(t, b.put(t.Context(), s, version))
	done, err := b.Reject(t.Context(), dario, q.ID, "no")
	require.NoError(t, err)
	require.Equal(t, Rejected, done.State)
	require.Equal(t, "Darío", done.Review.By)
}

func TestWhoGoesAwayDoesNotTearAnAcceptance(t *testing.T) {
	b := newBench(t)
	p := b.propose(t, ana, "a")
	ctx, cancel := context.WithCancel(t.Context())
	b.graph.Graph = cancelling{b.graph.Graph, cancel}
	_, err := b.Accept(ctx, carla, p.ID, "")
	require.NoError(t, err)
	got, err := b.Get(t.Context(), ana, p.ID)
	require.NoError(t, err)
	require.Equal(t, Accepted, got.State)
}

// cancelling is a graph whose caller gives up while it applies.
type cancelling struct {
	Graph
	cancel context.CancelFunc
}

func (c cancelling) Apply(ctx context.Context, author evidence.Author, cs *evidence.ChangeSet) (*evidence.Commit, error) {
	c.cancel()
	return c.Graph.Apply(ctx, author, cs)
}

func TestErasedProposalKeepsNoContent(t *testing.T) {
	b := newBench(t)
	p := b.propose(t, ana, "a")
	for _, who := range []access.Identity{ana, carla, reader} {
		_, err := b.Erase(t.Context(), who, p.ID, "sentencia")
		requireCode(t, evidence.Forbidden, err)
	}
	_, err := b.Erase(t.Context(), boss, p.ID, " ")
	requireCode(t, evidence.InvalidInput, err)
	_, err = b.Erase(t.Context(), boss, "nothing", "sentencia")
	requireCode(t, evidence.UnknownID, err)
	done, err := b.Erase(t.Context(), boss, p.ID, "sentencia 12/2026")
	require.NoError(t, err)
	require.Equal(t, Rejected, done.State)
	require.Equal(t, "sentencia 12/2026", done.Erased.Reason)
	item, err := b.store.Item(t.Context(), kind, p.ID)
	require.NoError(t, err)
	for _, word := range []string{"José", "coronel", "informe"} {
		require.NotContains(t, string(item.Data), word)
	}
	_, err = b.Accept(t.Context(), carla, p.ID, "")
	requireCode(t, evidence.Conflict, err)
	again, err := b.Erase(t.Context(), boss, p.ID, "otra")
	require.NoError(t, err)
	require.Equal(t, done, again)
}

func TestChangeSetIsKeptAsItWasSent(t *testing.T) {
	b := newBench(t)
	number := uint64(1)
	cs := link(ana, "a")
	cs.ExpectedRevision = &number
	cs.Changes[0].PutEntity.Description = evidence.Of("")
	p, err := b.Propose(t.Context(), ana, cs)
	require.NoError(t, err)
	got, err := b.Get(t.Context(), ana, p.ID)
	require.NoError(t, err)
	sent, err := json.Marshal(cs)
	require.NoError(t, err)
	kept, err := json.Marshal(got.ChangeSet)
	require.NoError(t, err)
	require.JSONEq(t, string(sent), string(kept), "absent, null and empty are three things")
	require.Contains(t, string(kept), `"notes":null`)
}

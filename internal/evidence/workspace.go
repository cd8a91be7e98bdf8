package evidence

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence/slab"
)

// MaxName is how many code points a name has at most.
const MaxName = 500

// Limits on the length of texts, in code points.
const (
	maxShort  = 500
	maxReason = 4000
	maxText   = 20000
	maxList   = 1000 // names of an entity, its notes, sources given for one record, citations given with a claim
)

// slot is one record while a revision is planned.
type slot struct {
	id      ID
	base    *Record // newest version in the snapshot; nil where the id is new
	content Content // as it will stand
	open    bool
	now     Clearance // clearance of a closed record, which may be changed
	check   *QuoteCheck
	checked bool // this revision records its check
	index   int  // the change that touched it last
	touched bool // by a change or a cascade
	void    bool // an id that cannot be had: what is put there is only checked
	left    bool // an undo took it out of its author's sight; it stands
	derived Derived
	judged  bool // derived was computed
	again   bool // a logged version, which is one even where an erasure left it like the one before
	asked   bool // the snapshot was asked for it, or need not be any more

	// What the content names: the ends of a claim, the claim and the source of a
	// citation. Nil where it names none.
	names [2]*slot
	cited []*slot // the citations of a claim that are in the workspace
}

// slots are those of a workspace, by id. Their memory is used again: of a large revision
// it is as much as all that is kept of it.
type slots struct {
	of    map[ID]*slot
	spare slab.Reused[slot]
	// Lists of what a change set names: its ids, their slots and those to be loaded.
	ids, missing []ID
	named        []*slot
	most         int // how many slots any workspace had of these
}

// spareShare is of what share of the most slots on memory is used again: to empty it
// takes as long as there were slots at most, and small revisions follow large ones.
const spareShare = 16

var spareSlots = sync.Pool{New: func() any { return &slots{of: map[ID]*slot{}} }}

// workspace is the part of the graph that a plan works on: what the snapshot
// gave, changed as far as the plan has come.
type workspace struct {
	ctx      context.Context //nolint:containedctx // lives for one call of Plan
	planner  *Planner
	snap     Snapshot
	author   Author
	sequence Sequence
	slots    *slots
	around   []*slot // what the change being applied names; nil for no id
	touched  []*slot // in the order they were first touched
	closed   []*slot // in the order they were closed
	// dependent holds the slots of claims by the entities at their ends and of
	// citations by source, but for those that are not indexed yet: see dependentOn.
	dependent map[ID][]*slot
	unindexed []*slot
	sources   []*slot // those that hold sources
	loaded    map[Relation]map[ID]loading
	index     int // the change being applied
	// New records and what they say share memory with few others: stores keep some of
	// them for long.
	records   slab.Of[Record]
	claims    slab.Of[Claim]
	standings slab.Of[StandingChange]
	citations slab.Of[Citation]
	judging   judging
	faults    indexedFaults
	kindless  map[ID]bool // entities put with a kind that there is not
	deferred  []deferred
	undone    map[ID]bool     // closed by an undo: what depends on them is in the way
	lowered   map[ID]Sequence // of these, what an undone revision had lowered to the author
	named     map[ID]bool     // conflicts already told
	expected  Sequence        // Open where no revision is expected
	seen      Sequence        // of the newest revision that the author has seen, where one is expected
	mentioned []mention       // records that must not have changed since then
	limit     int             // how many records may be loaded that nothing names
	cascaded  int
	// provenance is of the sources that the claims to be judged cite.
	provenance Provenance
	// An erasure leaves out the records that are gone, reads others as it rewrites
	// them, and has these claims, and those that cite these sources, judged anew.
	erasing   *Eraser
	rewritten map[ID]*Record
	rejudged  []ID
	unrooted  []ID
	// tombstones are nil until they are asked for.
	tombstones *[]tombstone
}

// loading says how what depends on a record came into the workspace.
type loading uint8

const (
	uncounted loading = iota + 1 // by way of what the author does not see
	counted
)

// deferred is a check that waits until all changes were applied, of the one at an
// index.
type deferred struct {
	index int
	check func() error
}

// indexedFault is a fault of the change at an index; -1 for the whole set.
type indexedFault struct {
	index int
	Fault
}

type indexedFaults []indexedFault

// mention is a record that the change set names, with where.
type mention struct {
	*slot
	index int
	path  string
}

func newWorkspace(ctx context.Context, p *Planner, snap Snapshot, author Author, sequence Sequence) *workspace {
	const few = 16
	return &workspace{
		ctx: ctx, planner: p, snap: snap, author: author, sequence: sequence,
		slots: spareSlots.Get().(*slots), dependent: map[ID][]*slot{},
		loaded: map[Relation]map[ID]loading{ClaimsOn: {}, CitationsOf: {}, CitationsIn: {}, DerivedSources: {}, FormerCitations: {}},
		undone: map[ID]bool{}, lowered: map[ID]Sequence{}, named: map[ID]bool{}, expected: Open, limit: p.CascadeLimit,
		records: slab.Of[Record]{Most: few}, claims: slab.Of[Claim]{Most: few}, standings: slab.Of[StandingChange]{Most: few}, citations: slab.Of[Citation]{Most: few},
	}
}

// end gives the slots back. Nobody may hold any of them after it.
func (w *workspace) end() {
	used := len(w.slots.of)
	w.slots.most = max(w.slots.most, used)
	if used < w.slots.most/spareShare {
		w.slots = nil
		return
	}
	clear(w.slots.of)
	w.slots.spare.GiveBack()
	w.slots.ids, w.slots.missing, w.slots.named = emptied(w.slots.ids), emptied(w.slots.missing), emptied(w.slots.named)
	spareSlots.Put(w.slots)
	w.slots = nil
}

// emptied is a list that is empty and holds on to nothing, in the same memory.
func emptied[T any](list []T) []T {
	clear(list[:cap(list)])
	return list[:0]
}

// load brings the newest versions of ids into the workspace.
func (w *workspace) load(ids []ID) error { return w.loadInto(make([]*slot, len(ids)), ids) }

// loadNamed is load of all that a change set names, which may be much. It gives the slot
// of each id; nil for none.
func (w *workspace) loadNamed(ids []ID) ([]*slot, error) {
	named := slices.Grow(w.slots.named, len(ids))[:len(ids)]
	w.slots.named = named
	return named, w.loadInto(named, ids)
}

func (w *workspace) loadInto(slots []*slot, ids []ID) error {
	missing := w.slots.missing[:0]
	for i, id := range ids {
		s := w.place(id)
		slots[i] = s
		if s == nil || s.asked {
			continue
		}
		s.asked = true
		missing = append(missing, id)
	}
	w.slots.missing = missing
	if len(missing) == 0 {
		return nil
	}
	records, err := w.snap.Newest(w.ctx, missing, Open)
	if err != nil {
		return err
	}
	for _, s := range slots {
		if s == nil || s.base != nil || s.content != nil {
			continue
		}
		if r := records[s.id]; r != nil {
			w.fill(s, r)
		}
	}
	return nil
}

// fewAround is among how many slots to look for one is quicker than to look it up.
const fewAround = 16

// place is the slot of an id, whether it was loaded or not; nil for none.
func (w *workspace) place(id ID) *slot {
	if id == "" {
		return nil
	}
	if len(w.around) <= fewAround {
		for _, s := range w.around {
			if s != nil && s.id == id {
				return s
			}
		}
	}
	if s := w.slots.of[id]; s != nil {
		return s
	}
	s := w.slots.spare.New()
	s.id = id
	w.slots.of[id] = s
	return s
}

// add takes a record of the snapshot in, unless it is there.
func (w *workspace) add(r *Record) {
	s := w.place(r.ID())
	s.asked = true
	if s.base == nil && s.content == nil {
		w.fill(s, r)
	}
}

// fill puts a record of the snapshot into its slot, which is empty.
func (w *workspace) fill(s *slot, r *Record) {
	if w.erasing != nil {
		if _, gone := w.erasing.gone[s.id]; gone {
			return // its slot stays empty: it is as if it had never been
		}
		if to := w.rewritten[s.id]; to != nil && to.From == r.From {
			as := *r
			as.Content = to.Content
			r = &as
		}
	}
	s.base, s.content, s.open = r, r.Content, r.IsOpen()
	s.derived, s.now, s.check = r.Derived, r.Derived.Now, r.Derived.Check
	w.link(s)
}

// link makes a claim, citation or source findable from what it depends on, and that
// from it.
func (w *workspace) link(s *slot) {
	switch c := s.content.(type) {
	case *Citation:
		s.names = [2]*slot{w.place(c.Claim), w.place(c.Source)}
		if claim := s.names[0]; claim != nil {
			claim.cited = append(claim.cited, s)
		}
		w.unindexed = append(w.unindexed, s)
	case *Claim:
		s.names = [2]*slot{w.place(c.From), w.place(c.To)}
		w.unindexed = append(w.unindexed, s)
	case *Source:
		w.sources = append(w.sources, s)
	}
}

// dependentOn gives the citations into a source or the claims on an entity that
// are in the workspace. Most revisions never ask, so these are indexed only when
// one does.
func (w *workspace) dependentOn(id ID) []*slot {
	for _, s := range w.unindexed {
		switch c := s.content.(type) {
		case *Citation:
			w.dependent[c.Source] = append(w.dependent[c.Source], s)
		case *Claim:
			w.dependent[c.From] = append(w.dependent[c.From], s)
			if c.To != "" && c.To != c.From {
				w.dependent[c.To] = append(w.dependent[c.To], s)
			}
		}
	}
	w.unindexed = w.unindexed[:0]
	return w.dependent[id]
}

// related brings what depends on ids into the workspace. What the author sees of
// it counts towards the limit of a revision; what they do not see cannot, or the
// refusal would tell of it.
func (w *workspace) related(relation Relation, ids []ID) error {
	return w.bring(relation, ids, counted)
}

// relatedBehind is related for what the author's change reaches only by way of
// records that they do not see.
func (w *workspace) relatedBehind(relation Relation, ids []ID) error {
	return w.bring(relation, ids, uncounted)
}

func (w *workspace) bring(relation Relation, ids []ID, as loading) error {
	var missing []ID
	for _, id := range ids {
		s := w.slots.of[id]
		if w.loaded[relation][id] >= as || s != nil && s.asked && s.base == nil {
			continue // known, or new in this revision: nothing in the snapshot depends on it
		}
		w.loaded[relation][id] = as
		missing = append(missing, id)
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	limit := math.MaxInt32 - 1
	if as == counted {
		limit = w.limit - w.cascaded
	}
	records, seen, err := w.dependents(relation, missing, limit)
	if err != nil {
		return err
	}
	if as == counted {
		w.cascaded += seen
	}
	for _, r := range records {
		w.add(r)
	}
	return nil
}

// dependents are all that depend on ids, with how many of them the author sees;
// more of those than the limit are a fault.
func (w *workspace) dependents(relation Relation, ids []ID, limit int) (records []*Record, seen int, err error) {
	for most := limit + 1; ; most *= 4 {
		if records, err = w.snap.Related(w.ctx, relation, ids, most); err != nil {
			return nil, 0, err
		}
		seen = 0
		for _, r := range records {
			if r.Derived.Visibility <= w.author.Clearance {
				seen++
			}
		}
		if seen > limit {
			return nil, 0, Faulty(LimitExceeded, fmt.Sprintf("changes[%d]", w.index), "more than %d records depend on what this changes; split the change, or raise the server's cascade limit", w.limit)
		}
		if len(records) < most {
			return records, seen, nil
		}
	}
}

// get is the slot of an id that was loaded.
func (w *workspace) get(id ID) *slot {
	s := w.place(id)
	if s == nil {
		return &slot{}
	}
	s.asked = true
	return s
}

// citationsOf are the citations of a claim that are in the workspace.
func (w *workspace) citationsOf(claim ID) []*slot {
	if s := w.slots.of[claim]; s != nil {
		return s.cited
	}
	return nil
}

// touch marks a slot as changed by the change being applied.
func (w *workspace) touch(s *slot) {
	s.index = w.index
	if !s.touched {
		s.touched = true
		w.touched = append(w.touched, s)
	}
}

// put gives a slot new content.
func (w *workspace) put(s *slot, c Content) {
	if s.void {
		return
	}
	fresh := s.content == nil
	s.content, s.open, s.now = c, true, c.OwnClearance()
	if fresh {
		w.link(s)
	}
	w.touch(s)
}

// close takes a record out of the present.
func (w *workspace) close(s *slot) {
	if s.open {
		s.open = false
		w.closed = append(w.closed, s)
		w.touch(s)
	}
}

// sees says whether the author sees a record as it now stands in the workspace.
// Records touched in this revision are the author's own doing and seen, but for
// hidden ones that an undo brought back.
func (w *workspace) sees(s *slot) bool {
	if s == nil || s.content == nil || !s.open || s.left {
		return false
	}
	if s.touched {
		return s.now <= w.author.Clearance
	}
	return s.derived.Visibility <= w.author.Clearance
}

func (w *workspace) fault(code Code, path, format string, args ...any) {
	if path == "" {
		path = fmt.Sprintf("changes[%d]", w.index)
	} else {
		path = fmt.Sprintf("changes[%d].%s", w.index, path)
	}
	w.faults = append(w.faults, indexedFault{w.index, Fault{code, path, fmt.Sprintf(format, args...)}})
}

// err is the Faults in the order of the change set; nil where there is none.
func (fs indexedFaults) err() error {
	if len(fs) == 0 {
		return nil
	}
	slices.SortStableFunc(fs, func(a, b indexedFault) int { return a.index - b.index })
	faults := make(Faults, len(fs))
	for i, f := range fs {
		faults[i] = f.Fault
	}
	return faults
}

// later runs a check when all changes were applied, since a change may name what
// a later one makes.
func (w *workspace) later(check func() error) {
	w.deferred = append(w.deferred, deferred{w.index, check})
}

func (w *workspace) finishChecks() error {
	for _, d := range w.deferred {
		w.index = d.index
		if err := d.check(); err != nil {
			return err
		}
	}
	return w.checkMentions()
}

// checkMentions faults what the change set names and what has changed, for the
// author to see, since the expected revision.
func (w *workspace) checkMentions() error {
	told := map[ID]bool{}
	for _, m := range w.mentioned {
		if told[m.id] {
			continue
		}
		at, err := w.lastSeenAfter(m.slot, w.expected)
		if err != nil {
			return err
		}
		counted := false
		if at > w.expected {
			rev, err := w.snap.Revision(w.ctx, RevisionRef{Sequence: at})
			if err != nil {
				return err
			}
			counted = rev.Numbers[w.author.Clearance] > 0
		}
		lowers := false
		if !counted {
			if lowers, err = w.lowersUnseen(m.slot); err != nil {
				return err
			}
		}
		w.index = m.index
		switch told[m.id] = counted || lowers; {
		case counted:
			w.fault(Conflict, m.path, "%q has changed since the revision you expect; read it again and decide anew", m.id)
		case lowers:
			w.fault(Conflict, m.path, "%q, or a name of it, was raised since the revision you expect, by one that your clearance does not count; leave expectedRevision out to lower it all the same", m.id)
		}
	}
	return nil
}

// expect resolves the revision that the client last saw.
func (w *workspace) expect(number uint64, head Head) error {
	latest := head.Latest[w.author.Clearance]
	if number > latest {
		w.faults = append(w.faults, indexedFault{-1, Fault{InvalidInput, "expectedRevision", fmt.Sprintf("revision %d does not exist; the newest is %d", number, latest)}})
		return nil
	}
	w.expected = head.Sequence
	if number > 0 && w.author.Clearance < Confidential {
		seen, err := w.snap.Revision(w.ctx, RevisionRef{Number: number, Clearance: w.author.Clearance})
		if err != nil {
			return err
		}
		w.seen = seen.Sequence()
	}
	if number == latest {
		return nil
	}
	next, err := w.snap.Revision(w.ctx, RevisionRef{Number: number + 1, Clearance: w.author.Clearance})
	if err != nil {
		return err
	}
	w.expected = next.Sequence() - 1
	return nil
}

// mention notes that the change set names a record, for checkMentions.
func (w *workspace) mention(s *slot, at, field string) {
	if w.expected == Open || s.base == nil || s.base.IsOpen() && s.base.Derived.Visibility > w.author.Clearance {
		return
	}
	w.mentioned = append(w.mentioned, mention{s, w.index, at + field})
}

// changed says whether anything will be different.
func (w *workspace) changed() bool {
	return slices.ContainsFunc(w.touched, func(s *slot) bool { return s.differs() })
}

func (s *slot) differs() bool {
	if s.base == nil {
		return s.open
	}
	if s.again || s.open != s.base.IsOpen() || s.open && !sameContent(s.content, s.base.Content) {
		return true
	}
	return s.now != s.base.Derived.Now || !s.check.Equal(s.base.Derived.Check)
}

// textEmpty is the fault of a text that is needed and is not there.
const textEmpty = "it is empty"

// textFault says what is wrong with a text; "" where nothing is.
func textFault(s string, limit int, required bool) string {
	if s == "" && !required {
		return ""
	}
	if required && strings.TrimSpace(s) == "" {
		return textEmpty
	}
	if len(s) <= limit && isPlain(s) {
		return ""
	}
	if !utf8.ValidString(s) {
		return "it is not valid UTF-8"
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return fmt.Sprintf("it has %d characters, more than %d", n, limit)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }); i >= 0 {
		return fmt.Sprintf("it has a control character at byte %d", i)
	}
	return ""
}

// isPlain says whether a text is of printable ASCII characters alone.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func (w *workspace) text(path, s string, limit int, required bool) {
	w.textIn(path, "", s, limit, required)
}

// textIn is text for a field of what stands at a path: most texts are right, so
// that the whole path is not put together for them.
func (w *workspace) textIn(at, field, s string, limit int, required bool) {
	if what := textFault(s, limit, required); what != "" {
		advice := "shorten or mend the text"
		if what == textEmpty {
			advice = "it cannot be left out"
		}
		w.fault(InvalidInput, at+field, "%s; %s", what, advice)
	}
}

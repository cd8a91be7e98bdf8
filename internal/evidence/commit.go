package evidence

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// rewritten says whether the open record gets a new version.
func (s *slot) rewritten() bool {
	return s.base == nil || s.again || !s.base.IsOpen() || !sameContent(s.content, s.base.Content)
}

// number counts the revision at the clearances that see an effect of it, and at
// the highest.
func (r *Revision) number(head Head, effect [Clearances]bool) {
	r.Latest = head.Latest
	for c := range r.Latest {
		if effect[c] || c == int(Confidential) {
			r.Latest[c]++
			r.Numbers[c] = r.Latest[c]
		}
	}
}

// transitions are what becomes of the records, and which clearances see an
// effect.
func (w *workspace) transitions() (commit *Commit, effect [Clearances]bool, err error) {
	order, err := w.judge()
	if err != nil {
		return nil, effect, err
	}
	commit = &Commit{New: true, Counters: make(map[CounterKey]int, len(order)), Transitions: make([]Transition, 0, len(order))}
	for _, s := range order {
		if s.content == nil || s.base == nil && !s.open {
			continue
		}
		made, differs := w.transition(s)
		if !differs {
			continue
		}
		commit.Transitions = append(commit.Transitions, made)
		t := &commit.Transitions[len(commit.Transitions)-1]
		count(commit.Counters, t.Before, -1)
		count(commit.Counters, t.After, 1)
		for c := range Clearance(Clearances) {
			effect[c] = effect[c] || w.seenToChange(t, c)
		}
	}
	for k, n := range commit.Counters {
		if n == 0 {
			delete(commit.Counters, k)
		}
	}
	return commit, effect, nil
}

// transition compares a record before and after, and says whether they differ.
func (w *workspace) transition(s *slot) (_ Transition, differs bool) {
	after := w.records.New()
	*after = Record{Content: s.content, From: w.sequence, To: Open, Derived: s.derived}
	if s.base != nil && !(s.open && s.rewritten()) {
		after.Content, after.From, after.To = s.base.Content, s.base.From, s.base.To
		if !s.open && s.base.IsOpen() {
			after.To = w.sequence
		}
		if after.To == s.base.To && reflect.DeepEqual(after.Derived, s.base.Derived) {
			return Transition{}, false
		}
	}
	return Transition{Before: s.base, After: after}, true
}

// seenToChange says whether a reader of the clearance could tell the record
// before from the record after.
func (w *workspace) seenToChange(t *Transition, c Clearance) bool {
	before := t.Before.IsOpen() && t.Before.Derived.Visibility <= c
	after := t.After.IsOpen() && t.After.Derived.Visibility <= c
	if !before || !after {
		return before != after
	}
	x, y := &t.Before.Derived, &t.After.Derived
	if x.Levels[c] != y.Levels[c] || x.Key != y.Key || !x.Check.Equal(y.Check) {
		return true
	}
	return t.Before.From != t.After.From && !bytes.Equal(w.rendition(t.Before.Content, c), w.rendition(t.After.Content, c))
}

// rendition is the content as a reader of the clearance is shown it, without
// clearances: revisions are counted by it, and in the logs that there are those that
// change no more than the clearance of what stays visible have no number.
func (w *workspace) rendition(content Content, c Clearance) []byte {
	return rendered(withoutClearances(w.asSeenAt(content, c)))
}

// asSeenAt is the content as a reader of the clearance sees it.
func (w *workspace) asSeenAt(content Content, c Clearance) Content {
	switch old := content.(type) {
	case *Entity:
		e := *old
		e.Names = slices.Clone(old.VisibleNames(c))
		for i := range e.Names {
			e.Names[i].Sources = w.visible(e.Names[i].Sources, c)
		}
		return &e
	case *Source:
		s := *old
		s.DerivedFrom = w.visible(s.DerivedFrom, c)
		return &s
	case *Claim:
		claim := *old
		claim.Standing = slices.DeleteFunc(slices.Clone(old.Standing), func(s StandingChange) bool {
			return s.Citation != "" && len(w.visible([]ID{s.Citation}, c)) == 0
		})
		return &claim
	default:
		return content
	}
}

// withoutClearances is a content with all that it has of clearance taken away.
func withoutClearances(content Content) Content {
	e, ok := content.(*Entity)
	if !ok {
		return withClearance(content, Public)
	}
	open := *e
	open.Clearance, open.Names = Public, slices.Clone(e.Names)
	for i := range open.Names {
		open.Names[i].Clearance = Public
	}
	return &open
}

func rendered(content Content) []byte {
	b, err := json.Marshal(content)
	if err != nil {
		return nil
	}
	return b
}

// visible leaves out the ids that a clearance does not see.
func (w *workspace) visible(ids []ID, c Clearance) []ID {
	if err := w.load(ids); err != nil {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id ID) bool {
		s := w.get(id)
		return !s.open || s.derived.Visibility > c
	})
}

func count(counters map[CounterKey]int, r *Record, by int) {
	if !r.IsOpen() || r.Derived.Visibility >= Hidden {
		return
	}
	add := func(of ID, d Direction, kind string) {
		counters[CounterKey{Of: of, Type: r.Content.Type(), Direction: d, Kind: kind, Visibility: r.Derived.Visibility}] += by
	}
	switch c := r.Content.(type) {
	case *Entity:
		add("", Any, c.Kind)
	case *Source:
		add("", Any, c.Kind)
	case *Citation:
		add("", Any, c.Stance.String())
		add(c.Source, Any, c.Stance.String())
	case *Claim:
		add("", Any, c.Kind)
		if c.Of == StatementRecord {
			add(c.From, Any, c.Kind)
			return
		}
		add(c.From, Outgoing, c.Kind)
		add(c.To, Incoming, c.Kind)
		if c.From == c.To {
			add(c.From, Any, c.Kind)
		}
	}
}

// headRevision is the newest revision that the author sees, which answers a
// change set that changed nothing.
func (w *workspace) headRevision(head Head) (*Revision, error) {
	c := w.author.Clearance
	if head.Latest[c] == 0 {
		return &Revision{}, nil
	}
	return w.snap.Revision(w.ctx, RevisionRef{Number: head.Latest[c], Clearance: c})
}

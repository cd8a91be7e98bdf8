package trace

import (
	"cmp"
	"context"
	"slices"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
)

// maxRungs is how many rungs one chain has.
const maxRungs = 1000

// climber goes along a ladder from one entity, level by level. It tells each link
// once, on the level on which it first passes it, also where it was at the far end
// before; but it does not go on twice from there, and nothing leads back to where it
// began. A placeholder is told, and leads no further unless the chain begins there.
//
// On the way up, some links do not carry the chain of a body on:
//   - from who commands a body it goes on to those alone who command them in person,
//     and so from these: that a commander is a member, serves or holds a post
//     somewhere else puts nobody above the body;
//   - sources often name the head of a body by the post alone, so that those who
//     hold a post in it are told beside those who command it. The chain does not go
//     on from them, and to one who holds a post there the others are not told.
//
// From a person it goes up from the bodies that they command, past the other heads
// of these, or that they are the deputy in, to the heads of these. On the way down
// from who commands or leads a body its deputies are told with what is under it. From
// who holds a post in one it does not go down: a post may be anybody's, and to be told
// beside the heads of a body says less than that all of it was under one's command.
type climber struct {
	ladder  *ladder
	start   evidence.ID
	own     map[evidence.ID]post
	reached map[evidence.ID]reach
	level   []evidence.ID
	here    map[evidence.ID]reach // how it came to those of the level that it passes
	told    map[evidence.ID]bool  // links
	rungs   []Rung
	cut     Cut
}

// reach says how a chain comes to an entity; 0 where it does not.
type reach int

const (
	// inPart: not all links of the entity carry the chain on. To a person, as the
	// head of a body; to a body, by a post alone or, on the way down, not from who
	// commands it.
	inPart reach = iota + 1
	inWhole
)

// post is what the person with whom a chain begins is in a body.
type post int

const (
	deputy post = iota + 1
	head
)

// climber begins at an entity with the bodies that are its own.
func (l *ladder) climber(start evidence.ID, own steps) *climber {
	c := &climber{
		ladder: l, start: start, own: map[evidence.ID]post{}, level: []evidence.ID{start},
		reached: map[evidence.ID]reach{start: inPart}, told: map[evidence.ID]bool{},
	}
	if l.up {
		c.reached[start] = inWhole
	}
	if own.short {
		c.cut = CutFanOut
	}
	most := map[evidence.ID]edtf.Certainty{} // of the post that counts
	for _, r := range own.rises {
		id, is := r.far.ID, head
		if r.kind == secondIn {
			is = deputy
		}
		c.tell(r, 0)
		if c.own[id] == 0 || r.held > most[id] || r.held == most[id] && is > c.own[id] {
			c.own[id], most[id] = is, r.held
		}
		if r.leads() {
			c.come(id, inWhole)
		}
	}
	return c
}

// leads says that a chain may go on from where a step leads.
func (r rise) leads() bool { return !r.far.Identity.IsPlaceholder() }

func (c *climber) tell(r rise, level int) {
	c.told[r.claim.Record.ID()] = true
	c.rungs = append(c.rungs, Rung{Entity: r.far, Of: r.near.ID, Claim: r.claim, Level: level, Held: r.held})
}

// come takes an entity into the level that is being made, unless the chain has come
// to it as well before.
func (c *climber) come(id evidence.ID, how reach) {
	if c.reached[id] < how {
		c.reached[id] = how
		c.level = append(c.level, id)
	}
}

// climb goes along the ladder from all entities at once, so that what several pass
// is read together and once.
func (l *ladder) climb(ctx context.Context, climbers ...*climber) error {
	for depth := 1; ; depth++ {
		var level, beside []evidence.ID
		for _, c := range climbers {
			level = append(level, c.level...)
			for _, id := range c.level {
				if c.reached[id] == inWhole {
					beside = append(beside, id)
				}
			}
		}
		if len(level) == 0 {
			return nil
		}
		if err := l.read(ctx, level, beside); err != nil {
			return err
		}
		for _, c := range climbers {
			c.step(depth)
		}
	}
}

// step passes the links of a level. Beyond the last level it only looks whether
// there is one to tell.
func (c *climber) step(depth int) {
	slices.Sort(c.level)
	level, before := slices.Compact(c.level), len(c.rungs)
	c.level, c.here = nil, map[evidence.ID]reach{}
	for _, id := range level {
		c.here[id] = c.reached[id]
	}
	for _, id := range level {
		at := c.ladder.next[id]
		c.short(at)
		for _, r := range at.rises {
			c.pass(r, depth, r.leads())
		}
	}
	for _, id := range level {
		if c.here[id] != inWhole {
			continue
		}
		at := c.ladder.beside[id]
		c.short(at)
		for _, r := range at.rises {
			c.passBeside(r, depth)
		}
	}
	switch {
	case depth > maxChainLevels && len(c.rungs) > before:
		c.cut, c.rungs, c.level = cmp.Or(c.cut, CutDepth), c.rungs[:before], nil
	case depth > maxChainLevels || len(c.rungs) > maxRungs:
		c.level = nil
	}
}

func (c *climber) short(at steps) {
	if at.short {
		c.cut = cmp.Or(c.cut, CutFanOut)
	}
}

// pass passes a link from one entity of a level, if it is of the chain.
func (c *climber) pass(r rise, depth int, on bool) {
	if c.back(r) || c.ladder.up && (c.aside(r) || c.beneath(r)) {
		return
	}
	if !c.told[r.claim.Record.ID()] {
		c.tell(r, depth)
	}
	if on {
		c.come(r.far.ID, c.how(r))
	}
}

// passBeside passes a link to who holds a post in a body, or to its deputy.
func (c *climber) passBeside(r rise, depth int) {
	if up := c.ladder.up; !up || c.own[r.near.ID] != head {
		c.pass(r, depth, r.leads() && !up)
	}
}

// back says that a link leads back to where the chain began.
func (c *climber) back(r rise) bool {
	_, from := c.own[r.near.ID]
	_, to := c.own[r.far.ID]
	return r.far.ID == c.start || to && !from
}

// aside says that a link does not put the body of the chain under command, but the
// person alone who commands it.
func (c *climber) aside(r rise) bool {
	return r.near.Kind == person && c.here[r.near.ID] == inPart && (r.kind == memberOf || r.kind == servesIn || r.kind == holdsPostIn)
}

// beneath says that whoever leads a body stands no higher in it than the person
// with whom the chain begins.
func (c *climber) beneath(r rise) bool {
	switch c.own[r.near.ID] {
	case head:
		return c.ladder.session.isCommand(r.claim)
	case deputy:
		return r.kind == secondIn
	default:
		return false
	}
}

// how says how the chain comes to the far end of a link.
func (c *climber) how(r rise) reach {
	var part bool
	switch {
	case !c.ladder.up:
		part = r.kind != commandsKind && r.kind != leadsKind
	case r.far.Kind == person:
		part = r.near.Kind != person || c.here[r.near.ID] == inPart
	default:
		part = r.kind == holdsPostIn
	}
	if part {
		return inPart
	}
	return inWhole
}

// chain is what the climber told.
func (c *climber) chain() Chain {
	out := Chain{Rungs: c.rungs, Cut: c.cut}
	slices.SortFunc(out.Rungs, func(a, b Rung) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.Held, a.Held), cmp.Compare(a.Claim.Record.ID(), b.Claim.Record.ID()))
	})
	if len(out.Rungs) > maxRungs {
		out.Rungs, out.Cut = out.Rungs[:maxRungs], CutFanOut
	}
	return out
}

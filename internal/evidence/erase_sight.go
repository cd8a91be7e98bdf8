package evidence

// sights follows, while an eraser reads the log, which clearances see the records that
// it takes: by their own clearances and those of what they rest on.
type sights struct {
	gone map[ID]RecordType
	// levels are the own clearances of all records above PUBLIC.
	levels map[ID]Clearance
	// stands are the contents of the records that are gone, while they stand; supports
	// the sources of the supports that the claims among them have, by citation.
	stands   map[ID]Content
	supports map[ID]map[ID]ID
}

func newSights(gone map[ID]RecordType) sights {
	return sights{gone: gone, levels: map[ID]Clearance{}, stands: map[ID]Content{}, supports: map[ID]map[ID]ID{}}
}

// follow takes in the next outcome of the log.
func (x *sights) follow(o *Outcome) {
	for _, f := range o.Effects {
		id := f.Target()
		_, gone := x.gone[id]
		switch content := f.content(); {
		case content != nil:
			x.level(id, content.OwnClearance())
			if gone {
				x.stands[id] = content
				x.support(content, true)
			}
		case f.Clearance != nil:
			x.level(id, f.Clearance.Clearance)
		case f.Close != "" && gone:
			x.support(x.stands[id], false)
			delete(x.stands, id)
		}
	}
}

func (x *sights) level(id ID, c Clearance) {
	if c > Public {
		x.levels[id] = c
	} else {
		delete(x.levels, id)
	}
}

// support notes whether a citation stands, if it is one that supports a claim which is
// gone.
func (x *sights) support(content Content, stands bool) {
	c, ok := content.(*Citation)
	if !ok || c.Stance != Supports {
		return
	}
	if _, gone := x.gone[c.Claim]; !gone {
		return
	}
	if x.supports[c.Claim] == nil {
		x.supports[c.Claim] = map[ID]ID{}
	}
	if delete(x.supports[c.Claim], c.ID); stands {
		x.supports[c.Claim][c.ID] = c.Source
	}
}

// of is the lowest clearance that sees a record which is gone; Hidden where it does not
// stand. Of a claim that stays, by which a citation is seen, its own clearance counts.
func (x *sights) of(id ID) Clearance {
	own := x.levels[id]
	switch c := x.stands[id].(type) {
	case nil:
		return Hidden
	case *Claim:
		support := Hidden
		for citation, source := range x.supports[id] {
			support = min(support, max(x.levels[citation], x.levels[source]))
		}
		return max(own, x.levels[c.From], x.levels[c.To], support)
	case *Citation:
		claim := x.levels[c.Claim]
		if _, gone := x.gone[c.Claim]; gone {
			claim = x.of(c.Claim)
		}
		return max(own, x.levels[c.Source], claim)
	default:
		return own
	}
}

// telling is a record that is gone and that a leaf told of, with the lowest clearance
// that saw it just before or just after.
type telling struct {
	id ID
	at Clearance
}

// tellings notes what each outcome of a revision tells of what is gone, and follows the
// revision.
func (x *sights) tellings(outcomes []Outcome) [][]telling {
	isGone := func(id ID) bool { _, gone := x.gone[id]; return gone }
	told := make([][]telling, len(outcomes))
	for i := range outcomes {
		for _, id := range outcomes[i].Tells(isGone) {
			told[i] = append(told[i], telling{id, x.of(id)})
		}
	}
	for i := range outcomes {
		x.follow(&outcomes[i])
	}
	for i := range told {
		for j := range told[i] {
			told[i][j].at = min(told[i][j].at, x.of(told[i][j].id))
		}
	}
	return told
}

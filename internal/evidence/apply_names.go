package evidence

import (
	"fmt"
	"slices"
)

// putNames replaces the names that the author sees, or with `aliases` alone those
// of type ALIAS, and keeps the others.
func (w *workspace) putNames(e *Entity, c *PutEntity, old *Entity) {
	const at = "putEntity."
	primary := Name{Type: PrimaryName}
	var others []Name
	if old != nil {
		primary, others = old.Names[0], old.Names[1:]
	}
	if c.Name.Set || old == nil {
		w.text(at+"name", c.Name.Value, MaxName, true)
		if old != nil && c.Name.Value != primary.Text {
			primary.Text = c.Name.Value
			primary.Clearance = w.clearanceOfName(old, primary)
			if primary.Clearance > e.Clearance {
				w.fault(InvalidInput, at+"name", "%q is a %s name of %q, and whoever sees an entity sees its first name; lower it in `names` before, or raise the entity", primary.Text, primary.Clearance, e.ID)
			}
		}
		primary.Text = c.Name.Value
	}
	primary.Clearance = min(primary.Clearance, e.Clearance)
	if c.Aliases.Set || c.Names.Set {
		var kept []Name
		for _, n := range others {
			if n.Clearance <= w.author.Clearance && !c.Names.Set && n.Type != AliasName {
				kept = append(kept, n)
			}
		}
		others = kept
	}
	e.Names = []Name{primary}
	// What the author does not see is not counted: it is at most as many of each
	// clearance above theirs. Nor is what is kept, which was counted when it came.
	if given := c.Aliases.Set || c.Names.Set; given && len(others)+len(c.Aliases.Value)+len(c.Names.Value) > maxList {
		w.fault(LimitExceeded, at+"names", "an entity has at most %d names; leave some out", maxList)
		return
	}
	for i, alias := range c.Aliases.Value {
		w.text(fmt.Sprintf("%saliases[%d]", at, i), alias, MaxName, true)
	}
	others = append(others, w.aliasesOf(old, c.Aliases.Value)...)
	for i, n := range c.Names.Value {
		path := fmt.Sprintf("%snames[%d].", at, i)
		w.text(path+"text", n.Text, MaxName, true)
		w.text(path+"language", n.Language, maxShort, false)
		name := Name{Text: n.Text, Language: n.Language, Sources: n.Sources, Type: AliasName}
		if n.Type != "" {
			name.Type = parse(w, path, "type", n.Type, AliasName, ParseNameType)
		}
		if name.Type == PrimaryName {
			w.fault(InvalidInput, path+"type", "the primary name is given in `name`; give this one another type")
		}
		if n.Clearance != "" {
			name.Clearance = w.clearance(path+"clearance", Of(n.Clearance), Public)
		} else {
			name.Clearance = w.clearanceOfName(old, name)
		}
		for j, id := range short(w, path+"sources", "a name has at most %d sources", n.Sources) {
			w.refer(id, fmt.Sprintf("%ssources[%d]", path, j), "source", SourceRecord)
		}
		others = append(others, name)
	}
	e.Names = append([]Name{primary}, others...)
}

// aliasesOf are aliases in plain text as names of the entity: those of the same text
// that its author sees, for their clearance, language and sources are not spoken of.
func (w *workspace) aliasesOf(old *Entity, texts []string) []Name {
	times := map[string]int{}
	for _, text := range texts {
		times[text]++
	}
	there := map[string][]Name{}
	for text, n := range times {
		there[text] = w.meant(old, text, n)
	}
	aliases := make([]Name, 0, len(texts))
	for _, text := range texts {
		if left := there[text]; len(left) > 0 {
			aliases, there[text] = append(aliases, left[0]), left[1:]
			continue
		}
		alias := Name{Text: text, Type: AliasName}
		alias.Clearance = w.clearanceOfName(old, alias)
		aliases = append(aliases, alias)
	}
	return aliases
}

// meant are the aliases of one text that the author sees and that they mean who write
// it so many times, in the order in which they stand. Where there are more, they are
// those that most may see.
func (w *workspace) meant(old *Entity, text string, times int) (names []Name) {
	if old == nil {
		return nil
	}
	for _, n := range old.VisibleNames(w.author.Clearance) {
		if n.Type == AliasName && n.Text == text {
			names = append(names, n)
		}
	}
	for len(names) > times {
		last := 0
		for i, n := range names {
			if n.Clearance >= names[last].Clearance {
				last = i
			}
		}
		names = slices.Delete(names, last, last+1)
	}
	return names
}

// clearanceOfName is the clearance of a name that is given without one. A name that
// the author sees on the entity keeps what it has, or whoever writes back what they
// read would publish it. One that is there as another type or in another language
// only is no more secret than its text is.
func (w *workspace) clearanceOfName(of *Entity, given Name) Clearance {
	if of == nil {
		return Public
	}
	lowest := Hidden
	for _, n := range of.VisibleNames(w.author.Clearance) {
		switch {
		case n.Text != given.Text:
		case n.Type == given.Type && n.Language == given.Language:
			return n.Clearance
		default:
			lowest = min(lowest, n.Clearance)
		}
	}
	if lowest == Hidden {
		return Public
	}
	return lowest
}

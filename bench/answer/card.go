// Package answer brings what the contenders answer into one form, and says
// whether it is right: whether it is what the generated graph holds, and whether
// they all say the same. Nothing is timed that this has not judged.
package answer

import (
	"fmt"
	"slices"

	"github.com/vinculo/vinculo/bench/dataset"
)

// Card is an entity with the first links that lead out of it.
type Card struct {
	ID, Name, Kind string
	Links          []CardLink
}

// CardLink is one link of a card, with the entity that it leads to.
type CardLink struct {
	ID, Kind, To, ToName string
	Citations            []CardCitation
}

// CardCitation is one citation of a link of a card.
type CardCitation struct{ Stance, Locator, Source, Title string }

// The sizes of a card: how many links and how many citations of each.
const (
	CardLinks     = 25
	CardCitations = 3
)

// CheckCard says what is wrong with a card, against the graph. Every link must
// be one that leads out of the entity, as it was generated, once, and there must
// be as many as the entity has, up to CardLinks; the same for the citations of
// each. Which of them come first is the contender's affair where there are more.
func CheckCard(g *dataset.Graph, asked string, c Card) error {
	number, err := g.Entity(asked)
	if err != nil {
		return err
	}
	if c.ID != asked || c.Name != g.Names[number] || c.Kind != g.Kinds[number] {
		return fmt.Errorf("asked for %s (%s, %s), got %s (%s, %s)", asked, g.Names[number], g.Kinds[number], c.ID, c.Name, c.Kind)
	}
	has, _ := g.Outgoing(number)
	if len(c.Links) != min(has, CardLinks) {
		return fmt.Errorf("%s has %d links that lead out of it, and %d of them were given", asked, has, len(c.Links))
	}
	seen := map[string]bool{}
	for _, l := range c.Links {
		if seen[l.ID] {
			return fmt.Errorf("link %s of %s is given twice", l.ID, asked)
		}
		seen[l.ID] = true
		if err := checkLink(g, number, l); err != nil {
			return fmt.Errorf("%s: %w", asked, err)
		}
	}
	return nil
}

func checkLink(g *dataset.Graph, entity int, l CardLink) error {
	truth, err := g.Link(l.ID)
	if err != nil {
		return err
	}
	to := dataset.EntityID(int(truth.To))
	if !g.Leads(truth, entity) || l.To != to || l.ToName != g.Names[truth.To] || l.Kind != truth.Kind {
		return fmt.Errorf("link %s is %s from %s to %s (%s), and was given as %s to %s (%s)",
			l.ID, truth.Kind, dataset.EntityID(int(truth.From)), to, g.Names[truth.To], l.Kind, l.To, l.ToName)
	}
	if len(l.Citations) != min(len(truth.Citations), CardCitations) {
		return fmt.Errorf("link %s has %d citations, and %d were given", l.ID, len(truth.Citations), len(l.Citations))
	}
	seen := map[CardCitation]int{}
	for _, c := range truth.Citations {
		source, err := dataset.SourceNumber(c.Source)
		if err != nil {
			return err
		}
		seen[CardCitation{c.Stance, c.Locator, c.Source, g.Titles[source]}]++
	}
	for _, c := range l.Citations {
		if seen[c] == 0 {
			return fmt.Errorf("link %s has no such citation: %v", l.ID, c)
		}
		seen[c]--
	}
	return nil
}

// SameCards says where two cards differ, in order and all.
func SameCards(a, b Card) error {
	if a.ID != b.ID || a.Name != b.Name || a.Kind != b.Kind {
		return fmt.Errorf("%s (%s, %s) and %s (%s, %s) are two entities", a.ID, a.Name, a.Kind, b.ID, b.Name, b.Kind)
	}
	same := func(x, y CardLink) bool {
		return x.ID == y.ID && x.Kind == y.Kind && x.To == y.To && x.ToName == y.ToName && slices.Equal(x.Citations, y.Citations)
	}
	for i := range min(len(a.Links), len(b.Links)) {
		if !same(a.Links[i], b.Links[i]) {
			return fmt.Errorf("%s: link %d is %v, and %v", a.ID, i+1, a.Links[i], b.Links[i])
		}
	}
	if len(a.Links) != len(b.Links) {
		return fmt.Errorf("%s: %d links, and %d", a.ID, len(a.Links), len(b.Links))
	}
	return nil
}

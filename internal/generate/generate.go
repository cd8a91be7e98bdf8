// Package generate makes graphs of any size for benchmarks and tests: the same
// seed makes the same graph, to the byte. Their shape is that of real ones: few
// entities have most of the links (growth by preferential attachment, after
// Barabási and Albert, Science 286, 1999), one hub has a number of its own, and
// every link has one or more citations. In regions, a graph of any size is about
// as dense around each entity as a small one: what is documented of one state adds
// little to what is known around the people of another.
//
// Nobody in them exists: the names are put together at random.
package generate

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
)

// Config says what graph is made.
type Config struct {
	Seed     uint64
	Entities int
	Links    int
	// Hub is how many of the links one entity has, the first; 0 gives it no more
	// than the others.
	Hub int
	// Region is how many entities a region has, of which each has its own few with
	// most of the links; one link in twenty leads from one region to any. 0 makes all
	// entities one region.
	Region int
	// Sources is how many sources there are; 0 makes one for every 20 entities.
	Sources int
	// Citations is how many citations a link has on average, 1 or more.
	Citations float64
}

// Check says what is wrong with the numbers.
func (c Config) Check() error {
	switch {
	case c.Entities < 2:
		return fmt.Errorf("%d entities are too few: a link needs two", c.Entities)
	case c.Entities > 99_999_999 || c.Links > 99_999_999 || c.Sources > 99_999_999:
		return fmt.Errorf("the graph is too big: give at most 99,999,999 of each")
	case c.Links < 0 || c.Sources < 0:
		return fmt.Errorf("there cannot be fewer than 0 links or sources")
	case c.Hub < 0 || c.Hub > c.Links:
		return fmt.Errorf("the hub cannot have %d of %d links", c.Hub, c.Links)
	case c.Region != 0 && (c.Region < 2 || c.Region > c.Entities):
		return fmt.Errorf("a region cannot have %d of %d entities: give 2 to %d, or 0 for one region of all", c.Region, c.Entities, c.Entities)
	case !(c.Citations >= 1 && c.Citations <= 100):
		return fmt.Errorf("%v citations for each link make no sense: give 1 to 100", c.Citations)
	}
	return nil
}

func (c Config) sources() int {
	if c.Sources > 0 {
		return c.Sources
	}
	return max(c.Entities/20, 1)
}

// regions is how many regions there are. The entity of a number is in that of the
// number's remainder, so that those of one region do not lie side by side.
func (c Config) regions() int {
	if c.Region == 0 {
		return 1
	}
	return max(c.Entities/c.Region, 1)
}

// Total is how many changes the graph is made of.
func (c Config) Total() int { return c.sources() + c.Entities + c.Links }

// HubID is the id of the entity with Config.Hub links.
const HubID = evidence.ID("e00000000")

// Changes yields the changes that make the graph, so ordered that each speaks
// only of what came before: sources, entities, links.
func (c Config) Changes() iter.Seq[evidence.Change] {
	return func(yield func(evidence.Change) bool) {
		g := newGenerator(c)
		for i := range c.sources() {
			if !yield(g.source(i)) {
				return
			}
		}
		for i := range c.Entities {
			if !yield(g.entity(i)) {
				return
			}
		}
		for i := range c.Links {
			if !yield(g.link(i)) {
				return
			}
		}
	}
}

// keyPrefix tells the keys of generated change sets from those of others.
const keyPrefix = "generate/"

// ChangeSets yields the changes in sets of a size, each with a key of its own,
// so that a load that was cut short can be run again.
func (c Config) ChangeSets(size int) iter.Seq[*evidence.ChangeSet] {
	return func(yield func(*evidence.ChangeSet) bool) {
		n, regional := 0, ""
		if c.Region > 0 {
			regional = fmt.Sprintf("/region %d", c.Region)
		}
		next := func() *evidence.ChangeSet {
			n++
			return &evidence.ChangeSet{
				Reason:         "generated graph",
				IdempotencyKey: keyPrefix + fmt.Sprintf("%d/%d/%d/%d/%d/%g/%d%s/%d", c.Seed, c.Entities, c.Links, c.Hub, c.sources(), c.Citations, size, regional, n),
				Changes:        make([]evidence.Change, 0, size),
			}
		}
		set := next()
		for change := range c.Changes() {
			set.Changes = append(set.Changes, change)
			if len(set.Changes) == size {
				if !yield(set) {
					return
				}
				set = next()
			}
		}
		if len(set.Changes) > 0 {
			yield(set)
		}
	}
}

// generator makes one graph from its beginning to its end.
type generator struct {
	config     Config
	vocabulary *vocabulary.Vocabulary
	random     *rand.Rand
	kinds      []string // of each entity
	// ends holds, for each region, an entity as often as it is an end, so that one
	// drawn from it is drawn in proportion to the links it has.
	ends    [][]int32
	hubLeft int
	allowed map[[2]string][]vocabulary.LinkKind
}

func newGenerator(c Config) *generator {
	g := &generator{
		config: c, vocabulary: vocabulary.Standard(), random: rand.New(rand.NewPCG(c.Seed, 0x76696e63756c6f)),
		kinds: make([]string, 0, c.Entities), ends: make([][]int32, c.regions()), hubLeft: c.Hub, allowed: map[[2]string][]vocabulary.LinkKind{},
	}
	for _, from := range g.vocabulary.Entities() {
		for _, to := range g.vocabulary.Entities() {
			for _, k := range g.vocabulary.Links() {
				if k.Name != vocabulary.Identity && k.Name != vocabulary.LastResort && !k.About && k.AllowsEnds(from.Name, to.Name) {
					pair := [2]string{from.Name, to.Name}
					g.allowed[pair] = append(g.allowed[pair], k)
				}
			}
		}
	}
	return g
}

// kindWeights are in hundredths.
var kindWeights = []struct {
	kind   string
	weight int
}{
	{"PERSON", 60}, {"GOVERNMENT_BODY", 8}, {"ORGANIZATION", 8}, {"PLACE", 6}, {"MILITARY_UNIT", 5}, {"POLICE_FORCE", 5}, {"CRIMINAL_GROUP", 4}, {"EVENT", 4},
}

func id(prefix string, n int) evidence.ID {
	digits := strconv.Itoa(n)
	return evidence.ID(prefix + "00000000"[:max(8-len(digits), 0)] + digits)
}

func pick[T any](g *generator, from []T) T { return from[g.random.IntN(len(from))] }

func (g *generator) source(i int) evidence.Change {
	year, month, day := g.day()
	return evidence.Change{PutSource: &evidence.PutSource{
		ID: id("s", i), Kind: evidence.Of(pick(g, []string{"NEWS", "NEWS", "NEWS", "OFFICIAL_REPORT", "NGO_REPORT"})),
		Title:     evidence.Of(pick(g, subjects) + " en " + pick(g, places) + ", " + strconv.Itoa(year)),
		Publisher: evidence.Of(pick(g, publishers)), Published: evidence.Of(fmt.Sprintf("%04d-%02d-%02d", year, month, day)),
		URL: evidence.Of("https://example.org/" + strconv.Itoa(i)), Language: evidence.Of("es"),
	}}
}

func (g *generator) entity(i int) evidence.Change {
	kind := "GOVERNMENT_BODY" // the hub: most kinds of link fit a body
	if i > 0 {
		drawn := g.random.IntN(100)
		for _, w := range kindWeights {
			if drawn -= w.weight; drawn < 0 {
				kind = w.kind
				break
			}
		}
	}
	g.kinds = append(g.kinds, kind)
	put := &evidence.PutEntity{ID: id("e", i), Kind: evidence.Of(kind), Name: evidence.Of(g.name(kind)), Country: evidence.Of("MX")}
	if kind == "PERSON" && g.random.IntN(10) == 0 {
		put.Aliases = evidence.Of([]string{"El " + pick(g, nicknames)})
	}
	return evidence.Change{PutEntity: put}
}

func (g *generator) name(kind string) string {
	place := pick(g, places)
	switch kind {
	case "PERSON":
		return pick(g, givenNames) + " " + pick(g, surnames) + " " + pick(g, surnames)
	case "MILITARY_UNIT":
		return fmt.Sprintf("%d.º Batallón de Infantería, %s", 1+g.random.IntN(120), place)
	case "POLICE_FORCE":
		return "Policía Municipal de " + place
	case "CRIMINAL_GROUP":
		return "Los " + pick(g, nicknames) + "s de " + place
	case "GOVERNMENT_BODY":
		return pick(g, bodies) + " de " + place
	case "ORGANIZATION":
		return "Comité " + pick(g, surnames) + ", " + place
	case "PLACE":
		return pick(g, spots) + " de " + place
	default:
		year, month, day := g.day()
		return fmt.Sprintf("%s, %s, %d-%02d-%02d", pick(g, subjects), place, year, month, day)
	}
}

// day is one from 2000 to 2024; the 29th and later are left out.
func (g *generator) day() (year, month, day int) {
	return 2000 + g.random.IntN(25), 1 + g.random.IntN(12), 1 + g.random.IntN(28)
}

// pair draws the ends of the next link, of which so many are still to come.
func (g *generator) pair(left int) (from, to int32) {
	if g.hubLeft > 0 && g.random.IntN(left) < g.hubLeft {
		g.hubLeft--
		other := 1 + int32(g.random.IntN(len(g.kinds)-1))
		if g.random.IntN(2) == 0 {
			return 0, other
		}
		return other, 0
	}
	region := g.region()
	other := region
	if len(g.ends) > 1 && g.random.IntN(20) == 0 {
		other = g.region()
	}
	from = g.end(region)
	for to = g.end(other); to == from; to = g.end(other) {
		continue
	}
	g.ends[region] = append(g.ends[region], from)
	g.ends[other] = append(g.ends[other], to)
	return from, to
}

func (g *generator) region() int {
	if len(g.ends) == 1 {
		return 0
	}
	return g.random.IntN(len(g.ends))
}

// end draws an entity of a region: three times in four in proportion to its links,
// else any. Where a hub has links of its own number, it is not drawn.
func (g *generator) end(region int) int32 {
	if ends := g.ends[region]; len(ends) > 2 && g.random.IntN(4) > 0 {
		return pick(g, ends)
	}
	first, regions := region, len(g.ends)
	if first == 0 && g.config.Hub > 0 && len(g.kinds) > 2*regions {
		first = regions
	}
	return int32(first + regions*g.random.IntN((len(g.kinds)-first+regions-1)/regions))
}

func (g *generator) link(i int) evidence.Change {
	from, to := g.pair(g.config.Links - i)
	kinds := g.allowed[[2]string{g.kinds[from], g.kinds[to]}]
	if len(kinds) == 0 {
		from, to = to, from
		kinds = g.allowed[[2]string{g.kinds[from], g.kinds[to]}]
	}
	kind, _ := g.vocabulary.Link(vocabulary.LastResort)
	role := "vínculo documentado"
	if len(kinds) > 0 {
		kind, role = pick(g, kinds), ""
	}
	assert := &evidence.AssertLink{
		ID: id("l", i), Kind: kind.Name, From: id("e", int(from)), To: id("e", int(to)), Role: role,
		Summary: pick(g, subjects) + " en " + pick(g, places), Valid: g.valid(kind.Aspect == vocabulary.Event), Standing: "REPORTED",
	}
	if !kind.Procedural {
		assert.Standing = pick(g, []string{"REPORTED", "REPORTED", "REPORTED", "ALLEGED", "ALLEGED", "CHARGED", "CONVICTED", "OFFICIALLY_FOUND", "DENIED"})
	}
	assert.Citations = g.citations(i)
	return evidence.Change{AssertLink: assert}
}

// valid draws a valid time in one of the forms that sources give.
func (g *generator) valid(event bool) evidence.ValidTime {
	year, month, day := g.day()
	full := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	var v evidence.ValidTime
	switch g.random.IntN(6) {
	case 0:
	case 1:
		v.Since = full[:4]
	case 2:
		v.Since = full[:7]
	case 3:
		v.Since = full
	case 4:
		v.Since = "../" + full
	default:
		v.Since = full[:4] + "~"
	}
	if !event && v.Since != "" && g.random.IntN(2) == 0 {
		v.Until = strconv.Itoa(year + 2 + g.random.IntN(10))
	}
	return v
}

// citations draws those of a link. The second may dispute it.
func (g *generator) citations(link int) []evidence.NewCitation {
	n := int(g.config.Citations)
	if g.random.Float64() < g.config.Citations-float64(n) {
		n++
	}
	citations := make([]evidence.NewCitation, n)
	sources := g.config.sources()
	for i := range citations {
		c := evidence.NewCitation{
			ID: id("c", link) + evidence.ID("."+strconv.Itoa(i+1)), Stance: "SUPPORTS",
			Source:  id("s", min(g.random.IntN(sources), g.random.IntN(sources))), // the first ones are cited more
			Locator: fmt.Sprintf("p. %d, ¶%d", 1+g.random.IntN(300), i+1),
		}
		if i > 0 && g.random.IntN(10) == 0 {
			c.Stance = "DISPUTES"
		}
		if g.random.IntN(4) == 0 {
			c.Quote = &evidence.Quote{Exact: pick(g, subjects) + " en " + pick(g, places)}
		}
		citations[i] = c
	}
	return citations
}

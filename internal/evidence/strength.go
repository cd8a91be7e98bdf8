package evidence

import (
	"slices"
)

// Level is what a reader of one clearance is told of a claim.
type Level struct {
	Standing Standing `cbor:"1,keyasint,omitempty"`
	// Strength is 0 to 1000; see Weigh.
	Strength uint16 `cbor:"2,keyasint,omitempty"`
	// Lineages counts the independent origins of the support.
	Lineages uint32 `cbor:"3,keyasint,omitempty"`
	Supports uint32 `cbor:"4,keyasint,omitempty"`
	Disputes uint32 `cbor:"5,keyasint,omitempty"`
	Mentions uint32 `cbor:"6,keyasint,omitempty"`
}

// Citations is how many citations of the claim the level sees.
func (l Level) Citations() uint32 { return l.Supports + l.Disputes + l.Mentions }

// reliabilityWeight is how much a source of each grade is believed, in
// thousandths, indexed by Reliability. F (cannot be judged) lies between the
// grades that speak for and against a source.
var reliabilityWeight = [...]int{ReliabilityF: 400, ReliabilityA: 950, ReliabilityB: 800, ReliabilityC: 600, ReliabilityD: 350, ReliabilityE: 150}

// credibilityWeight is the same for the piece of information, indexed by grade.
var credibilityWeight = [...]int{1: 1000, 2: 850, 3: 650, 4: 350, 5: 100, 6: 600}

// CitationWeight is the weight of one citation in thousandths: reliability of
// its source times credibility of what it says there.
func CitationWeight(r Reliability, c Credibility) int {
	return reliabilityWeight[r] * credibilityWeight[c.Grade()] / 1000
}

// Cited is a citation with its source, as of one revision.
type Cited struct {
	Citation *Citation
	Source   *Source
	// Visibility is the lowest clearance that may see both; it counts the
	// clearance they have now as well as the one they had (invariant 9).
	Visibility Clearance
}

// Weigh computes the strength of a claim for a reader of one clearance.
//
// Each independent origin counts once, however many reprints, translations and
// derived articles are cited. Its weight is the reliability of the origin times
// the credibility of what is cited: the best citation of the origin itself, or,
// where only derived sources are cited, the worst of theirs, so that a reprint
// can never raise it. Weights combine as independent chances of being right:
// support = 1 − Π(1 − wᵢ). Disputes combine alike and take away up to half:
// strength = support × (1 − dispute / 2). All in integers, so that every
// machine and store agrees.
func Weigh(cited []Cited, p Provenance, c Clearance) (strength int, lineages int) {
	w := weighing{Provenance: p, clearance: c}
	support, lineages := w.combine(cited, Supports)
	dispute, _ := w.combine(cited, Disputes)
	return support * (2*million - dispute) / (2 * million) / 1000, lineages
}

const million = 1_000_000

// origin is where support or dispute comes from, with the weights of credibility
// of what is cited of it.
type origin struct {
	id              ID
	source          *Source
	direct, derived int
}

// weighing is one claim while it is weighed for a clearance.
type weighing struct {
	Provenance
	clearance Clearance
	lineages  *lineages // nil until a source that derives from others is cited
}

func (w *weighing) combine(cited []Cited, stance Stance) (chance int, lineages int) {
	var few [4]origin
	origins := few[:0]
	derived := false
	at := map[ID]int(nil) // by id, where they are too many to be looked through
	find := func(id ID) *origin {
		i := -1
		if at == nil {
			i = slices.IndexFunc(origins, func(o origin) bool { return o.id == id })
		} else if known, ok := at[id]; ok {
			i = known
		}
		if i < 0 {
			i = len(origins)
			origins = append(origins, origin{id: id, source: w.Sources[id], derived: unweighed})
			switch {
			case at != nil:
				at[id] = i
			case len(origins) > 16:
				at = make(map[ID]int, 2*len(origins))
				for j := range origins {
					at[origins[j].id] = j
				}
			}
		}
		return &origins[i]
	}
	for _, x := range cited {
		if x.Citation.Stance != stance || x.Visibility > w.clearance {
			continue
		}
		weight := credibilityWeight[x.Citation.Credibility.Grade()]
		if w.derives(x.Source.ID) {
			if w.lineages == nil {
				w.lineages = w.at(w.clearance)
			}
			if w.lineages.cite(x.Source.ID, weight) {
				derived = true
				continue
			}
		}
		o := find(x.Source.ID)
		o.source, o.direct = x.Source, max(o.direct, weight)
	}
	if derived {
		w.lineages.origins(func(id ID, weight int) { find(id).derived = weight })
	}
	if len(origins) == 0 {
		return 0, 0
	}
	var weighed [4]int
	weights := weighed[:0]
	for _, o := range origins {
		credibility := o.direct
		if credibility == 0 {
			credibility = o.derived
		}
		reliability := reliabilityWeight[ReliabilityF]
		if o.source != nil {
			reliability = reliabilityWeight[o.source.Reliability]
		}
		weights = append(weights, reliability*credibility/1000)
	}
	slices.Sort(weights)
	miss := million
	for _, w := range weights {
		miss = miss * (1000 - w) / 1000
	}
	return million - miss, len(origins)
}

// Grade puts a strength into words: STRONG from 750, MODERATE from 500, WEAK
// from 250, else THIN.
func Grade(strength int) string {
	switch {
	case strength >= 750:
		return "STRONG"
	case strength >= 500:
		return "MODERATE"
	case strength >= 250:
		return "WEAK"
	default:
		return "THIN"
	}
}

package vocabulary

import (
	_ "embed"
	"strings"
	"sync"
)

// unknownLink is the schema of FollowTheMoney that joins any two things.
var unknownLink = Mapping{Schema: "UnknownLink", From: "subject", To: "object"}

// followTheMoneyFacts is what the vocabulary leans on of FollowTheMoney 4.11:
// with a property, the schema that the property may point to; without one, a
// schema that the first is a kind of.
//
//go:embed followthemoney.csv
var followTheMoneyFacts string

type ftmFacts struct {
	kinds  map[string]map[string]bool   // schema -> the schemata it is a kind of
	ranges map[string]map[string]string // schema -> property -> range
}

var followTheMoney = sync.OnceValue(func() ftmFacts {
	f := ftmFacts{kinds: map[string]map[string]bool{}, ranges: map[string]map[string]string{}}
	lines := strings.Split(strings.TrimSpace(followTheMoneyFacts), "\n")
	for _, line := range lines[1:] {
		schema, rest, _ := strings.Cut(line, ",")
		property, target, _ := strings.Cut(rest, ",")
		if property == "" {
			if f.kinds[schema] == nil {
				f.kinds[schema] = map[string]bool{}
			}
			f.kinds[schema][target] = true
			continue
		}
		if f.ranges[schema] == nil {
			f.ranges[schema] = map[string]string{}
		}
		f.ranges[schema][property] = target
	}
	return f
})

// fits says whether a property of a schema may point to things of another.
func (f ftmFacts) fits(schema, property, target string) bool {
	r, ok := f.ranges[schema][property]
	return ok && f.kinds[target][r]
}

// FollowTheMoneyFor answers the counterpart of a link kind for entities of the
// given kinds at its ends. A schema whose properties cannot point to them, as
// Payment cannot to an event, gives way to UnknownLink, which can join
// anything; the name of the link kind then belongs in its role.
func (v *Vocabulary) FollowTheMoneyFor(kind LinkKind, from, to string) Mapping {
	m := kind.FollowTheMoney
	a, okA := v.Entity(from)
	b, okB := v.Entity(to)
	facts := followTheMoney()
	if okA && okB && facts.fits(m.Schema, m.From, a.FollowTheMoney) && facts.fits(m.Schema, m.To, b.FollowTheMoney) {
		return m
	}
	return unknownLink
}

package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/trace"
)

// dated is a claim for a test: "since – until", where either may be empty, or "on"
// an observed date, or both as "since – until, on date"; and the sources that
// support it.
type dated struct {
	id, kind string
	from, to string // a statement's value is to
	when     string
	sources  string
	about    string
	disputes string
}

// contested writes claims on persons p1 to p5, units u1 to u3, the place x1 and the
// event e1, and gives the
// contradictions on one, each as its rule and claims.
func contested(t *testing.T, of evidence.ID, claims ...dated) []string {
	t.Helper()
	_, found := contradicting(t, of, claims...)
	return found
}

func contradicting(t *testing.T, of evidence.ID, claims ...dated) (all []trace.Contradiction, found []string) {
	t.Helper()
	g := newGraph(t)
	var changes []evidence.Change
	for n := range 5 {
		changes = append(changes, person(evidence.ID(fmt.Sprint("p", n+1)), fmt.Sprint("Persona ", n+1)), news(evidence.ID(fmt.Sprint("s", n+1))))
	}
	for n := range 3 {
		changes = append(changes, evidence.Change{PutEntity: &evidence.PutEntity{ID: evidence.ID(fmt.Sprint("u", n+1)), Kind: evidence.Of("MILITARY_UNIT"), Name: evidence.Of(fmt.Sprint("Batallón ", n+1))}})
	}
	changes = append(changes, called("x1", "PLACE", "Lugar 1"), called("e1", "EVENT", "Suceso 1"))
	for _, c := range claims {
		when, seen, also := strings.Cut(c.when, ", on ")
		since, until, _ := strings.Cut(when, " – ")
		var observed []string
		if also {
			observed = []string{seen}
		}
		if at, ok := strings.CutPrefix(since, "on "); ok {
			since, observed = "", []string{at}
		}
		var cites []evidence.NewCitation
		for i, s := range strings.Fields(c.sources) {
			cites = append(cites, cited(evidence.ID(fmt.Sprint(c.id, "-c", i)), evidence.ID(s), "SUPPORTS"))
		}
		if c.disputes != "" {
			cites = append(cites, cited(evidence.ID(c.id+"-d"), evidence.ID(c.disputes), "DISPUTES"))
		}
		if strings.ToUpper(c.to[:1]) == c.to[:1] {
			changes = append(changes, evidence.Change{AssertStatement: &evidence.AssertStatement{
				ID: evidence.ID(c.id), Attribute: c.kind, Entity: evidence.ID(c.from), Value: strings.TrimPrefix(c.to, "="), Valid: evidence.ValidTime{Since: since, Until: until, Observed: observed}, Citations: cites,
			}})
			continue
		}
		changes = append(changes, evidence.Change{AssertLink: &evidence.AssertLink{
			ID: evidence.ID(c.id), Kind: c.kind, From: evidence.ID(c.from), To: evidence.ID(c.to), Valid: evidence.ValidTime{Since: since, Until: until, Observed: observed},
			About: evidence.ID(c.about), Citations: cites,
		}})
	}
	g.write(changes...)
	got, err := g.at(evidence.Public).Contradictions(t.Context(), of)
	require.NoError(t, err)
	require.False(t, got.Truncated)
	for _, c := range got.All {
		require.NotEmpty(t, c.Explain())
		found = append(found, fmt.Sprint(c.Rule, " ", ids(c.Claims)))
	}
	return got.All, found
}

// TestHoldersAtOnce tells a dispute over a command from a succession in it.
func TestHoldersAtOnce(t *testing.T) {
	both := []string{"EXCLUSIVE_HOLDERS [l1 l2]"}
	for name, c := range map[string]struct {
		one, other string
		want       []string
	}{
		"at once":                                  {"2010 – 2014", "2012 – 2016", both},
		"one within the other":                     {"2010 – 2020", "2012 – 2013", both},
		"years that meet":                          {"2012 – 2014", "2014 – 2016", nil},
		"apart":                                    {"2010 – 2011", "2013 – 2014", nil},
		"apart, a beginning untold":                {" – 2010", "2015 – ", nil},
		"one after the other, ends untold":         {"2010 – ", "2015 – ", nil},
		"the first was seen after the other":       {"2010 – ", "2015 – 2016", nil},
		"the first is said to go on":               {"2010 – ..", "2015 – ", both},
		"the same year":                            {"2010 – ", "2010 – ", both},
		"both by a day, in no order":               {"../2022-08-26 – ", "../2022-08-23 – ", both},
		"by a day, then another since":             {"../2014-09-26 – ", "2015-01 – ", nil},
		"neither is dated":                         {"", "", both},
		"one is dated":                             {"", "2012 – 2013", both},
		"within the other's, the beginning untold": {"2012 – 2014", " – 2013", both},
		"until later, the beginning untold":        {"2012 – 2014", " – 2022", nil},
		"seen in the other's time":                 {"2012 – 2014", "on 2013-06-01", both},
		"seen after the other's time":              {"2012 – 2014", "on 2015-06-01", nil},
		"seen before the other's time":             {"2012 – 2014", "on 2011-06-01", nil},
		"over, and seen in the other's time":       {"2008 – 2009, on 2013-06-01", "2012 – 2014", both},
		"both seen when neither's time was":        {"2008 – 2009, on 2015-06-01", "2012 – 2014, on 2015-06-01", both},
		"seen when the other began":                {"2010 – ", "2015 – , on 2010-06-01", both},
		"over, and seen between":                   {"2008 – 2009, on 2011-06-01", "2012 – 2014", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, turned := range []bool{false, true} {
				if turned {
					c.one, c.other = c.other, c.one
				}
				require.Equal(t, c.want, contested(t, "u1",
					dated{id: "l1", kind: "COMMANDS", from: "p1", to: "u1", when: c.one, sources: "s1"},
					dated{id: "l2", kind: "COMMANDS", from: "p2", to: "u1", when: c.other, sources: "s2"}))
			}
		})
	}
	t.Run("the same holder twice", func(t *testing.T) {
		require.Empty(t, contested(t, "u1",
			dated{id: "l1", kind: "COMMANDS", from: "p1", to: "u1", when: "2010 – 2012", sources: "s1"},
			dated{id: "l2", kind: "COMMANDS", from: "p1", to: "u1", when: "2011 – 2014", sources: "s2"}))
	})
	t.Run("several heads", func(t *testing.T) {
		require.Empty(t, contested(t, "u1",
			dated{id: "l1", kind: "LEADS", from: "p1", to: "u1", when: "2010 – 2014", sources: "s1"},
			dated{id: "l2", kind: "LEADS", from: "p2", to: "u1", when: "2010 – 2014", sources: "s2"}), "a group may have one of its heads in each")
	})
	t.Run("told together", func(t *testing.T) {
		all, found := contradicting(t, "u1",
			dated{id: "l1", kind: "FOUNDED", from: "p1", to: "u1", sources: "s1 s2"},
			dated{id: "l2", kind: "FOUNDED", from: "p2", to: "u1", sources: "s2 s3"},
			dated{id: "l3", kind: "FOUNDED", from: "p3", to: "u1", sources: "s3"},
			dated{id: "l4", kind: "FOUNDED", from: "p4", to: "u1", sources: "s4"})
		require.Equal(t, []string{"EXCLUSIVE_HOLDERS [l1 l2 l3 l4]"}, found)
		require.Equal(t, [][]evidence.ID{{"l1", "l2", "l3"}, {"l4"}}, all[0].Versions)
	})
	t.Run("ranks", func(t *testing.T) {
		require.Equal(t, []string{"EXCLUSIVE_HOLDERS [l1 l3]"}, contested(t, "p1",
			dated{id: "l1", kind: "RANK", from: "p1", to: "General", when: "2014-09 – 2014-10", sources: "s1"},
			dated{id: "l2", kind: "RANK", from: "p1", to: "GENERAL ", when: "2014-09 – 2014-10", sources: "s2"},
			dated{id: "l3", kind: "RANK", from: "p1", to: "Coronel", when: "2014-08 – 2014-10-10", sources: "s2"}))
	})
}

// TestOpposedKinds pairs what says the opposite, and tells what it may be about.
func TestOpposedKinds(t *testing.T) {
	all, found := contradicting(t, "p1",
		dated{id: "l1", kind: "ACQUITTED_BY", from: "p1", to: "p2", when: "2022-09-14", sources: "s1"},
		dated{id: "l2", kind: "CHARGED_BY", from: "p1", to: "p3", when: "2014", sources: "s2"},
		dated{id: "l3", kind: "CHARGED_BY", from: "p4", to: "p1", when: "2014", sources: "s2"})
	require.Equal(t, []string{"OPPOSED_KINDS [l1 l2]"}, found, "the charge against another is not one of this person")
	require.Equal(t, "CHARGED_BY (2014), then ACQUITTED_BY (2022-09-14). They are opposed as far as both are of the same matter.", all[0].Explain())

	ties := func(one, other string) []string {
		return contested(t, "p1",
			dated{id: "l1", kind: "ALLIED_WITH", from: "p1", to: "p2", when: one, sources: "s1"},
			dated{id: "l2", kind: "RIVAL_OF", from: "p2", to: "p1", when: other, sources: "s2"},
			dated{id: "l3", kind: "RIVAL_OF", from: "p3", to: "p1", when: other, sources: "s2"})
	}
	require.Equal(t, []string{"OPPOSED_KINDS [l1 l2]"}, ties("2010 – 2014", "2012 – "))
	require.Empty(t, ties("2010 – 2012", "2014 – "), "allies who fell out")
	require.Equal(t, []string{"OPPOSED_KINDS [l1 l2]"}, ties("2010 – 2012, on 2015-03", "2014 – 2016"), "and were seen together again")
	require.Empty(t, ties("2010 – 2012, on 2013-03", "2014 – 2016"))
}

// TestWhatMeetsOnADay compares opposed and exclusive links at random times with
// what they say of every day.
func TestWhatMeetsOnADay(t *testing.T) {
	var days []edtf.Date
	for day := edtf.DayOf(2009, 1, 1); day < edtf.DayOf(2018, 1, 1); day++ {
		days = append(days, date(day.String()))
	}
	checkRandomly(t, 2000, func(r *rapid.T) {
		when := func(label string) (string, edtf.Valid) {
			one := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(r, label+" "+what) }
			since := one("since", "", "2010", "2011-03-05", "2012", "2013~", "../2012", "2014", "2012/..")
			until := one("until", "", "2012", "2012-06-01", "2013", "2014?", "..", "../2015", "2016-01")
			if (edtf.Valid{Since: date(since), Until: date(until)}).Check(edtf.State) != nil {
				until = ""
			}
			v := edtf.Valid{Since: date(since), Until: date(until)}
			written := since + " – " + until
			if o := one("observed", "", "", "2011-03-05", "2012-06-01", "2013-05", "2015-02-02", "2016?"); o != "" {
				v.Observed = []edtf.Date{date(o)}
				written += ", on " + o
			}
			return written, v
		}
		one, v := when("one")
		other, w := when("other")
		meets := v.IsZero() || w.IsZero() // on any day
		certain := 0
		for _, on := range days {
			both := min(v.HeldOn(edtf.State, on), w.HeldOn(edtf.State, on))
			meets = meets || both >= edtf.Possibly
			if both == edtf.Definitely {
				certain++
			}
		}
		found := contested(t, "p1",
			dated{id: "l1", kind: "ALLIED_WITH", from: "p1", to: "p2", when: one, sources: "s1"},
			dated{id: "l2", kind: "RIVAL_OF", from: "p2", to: "p1", when: other, sources: "s2"})
		require.Equal(r, meets, len(found) == 1, "%s and %s are opposed", one, other)
		found = contested(t, "u1",
			dated{id: "l1", kind: "COMMANDS", from: "p1", to: "u1", when: one, sources: "s1"},
			dated{id: "l2", kind: "COMMANDS", from: "p2", to: "u1", when: other, sources: "s2"})
		if certain > 1 { // on a single day one may have given way to the other
			require.Len(r, found, 1, "%s and %s both held for certain on %d days", one, other, certain)
		}
		if !meets {
			require.Empty(r, found, "%s and %s never were at once", one, other)
		}
	})
}

// TestDatesThatCannotBeRight sets links beside the beginnings and ends of those
// who take part in them.
func TestDatesThatCannotBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		of, attribute, date string
		link                dated
		wrong               bool
	}{
		"commands after death":               {"p1", "DEATH_DATE", "=2010", dated{kind: "COMMANDS", from: "p1", to: "u1", when: "2012 – 2013"}, true},
		"commands in the year of death":      {"p1", "DEATH_DATE", "=2010", dated{kind: "COMMANDS", from: "p1", to: "u1", when: "2010 – "}, false},
		"charged after death":                {"p1", "DEATH_DATE", "=2010", dated{kind: "CHARGED_BY", from: "p1", to: "p2", when: "2012"}, false},
		"under one who was dead":             {"p1", "DEATH_DATE", "=2010", dated{kind: "SUBORDINATE_TO", from: "p2", to: "p1", when: "2012 – 2013"}, true},
		"spoke with the dead":                {"p1", "DEATH_DATE", "=2010", dated{kind: "COMMUNICATED_WITH", from: "p2", to: "p1", when: "2012"}, true},
		"what became of the dead was hidden": {"p1", "DEATH_DATE", "=2010", dated{kind: "LINKED_TO", from: "p2", to: "p1", when: "2012"}, false},
		"joined before it was founded":       {"u1", "FOUNDING_DATE", "=2011-05", dated{kind: "MEMBER_OF", from: "p1", to: "u1", when: "2008 – 2009"}, true},
		"a member by the time":               {"u1", "FOUNDING_DATE", "=2011-05", dated{kind: "MEMBER_OF", from: "p1", to: "u1", when: " – 2012"}, false},
		"a member in the year of founding":   {"u1", "FOUNDING_DATE", "=2011-05", dated{kind: "MEMBER_OF", from: "p1", to: "u1", when: "2011 – 2012"}, false},
		"joined before, left after":          {"u1", "FOUNDING_DATE", "=2011-05", dated{kind: "MEMBER_OF", from: "p1", to: "u1", when: "2008 – 2012"}, true},
		"joined when it was gone":            {"u1", "DISSOLUTION_DATE", "=2011-05", dated{kind: "MEMBER_OF", from: "p1", to: "u1", when: "2012 – "}, true},
		"before birth":                       {"p1", "BIRTH_DATE", "=1990", dated{kind: "PAYS", from: "p2", to: "p1", when: "1980"}, true},
		"died before birth":                  {"p1", "BIRTH_DATE", "=1990", dated{kind: "DEATH_DATE", from: "p1", to: "=1989"}, true},
		"died in the year of birth":          {"p1", "BIRTH_DATE", "=1990", dated{kind: "DEATH_DATE", from: "p1", to: "=1990"}, false},
		"buried after death":                 {"p1", "DEATH_DATE", "=2010", dated{kind: "LOCATED_IN", from: "p1", to: "x1", when: "2012"}, false},
		"seen in a grave after death":        {"p1", "DEATH_DATE", "=2010", dated{kind: "LOCATED_IN", from: "p1", to: "x1", when: "on 2012-05-01"}, false},
		"lived somewhere before birth":       {"p1", "BIRTH_DATE", "=2010", dated{kind: "LOCATED_IN", from: "p1", to: "x1", when: "2008"}, true},
		"a unit somewhere when it was gone":  {"u1", "DISSOLUTION_DATE", "=2010", dated{kind: "LOCATED_IN", from: "u1", to: "x1", when: "2012"}, true},
		"no date":                            {"p1", "DEATH_DATE", "=not known", dated{kind: "COMMANDS", from: "p1", to: "u1", when: "2012 – 2013"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.link.id, c.link.sources = "l1", "s1"
			var want []string
			if c.wrong {
				want = []string{"INCOMPATIBLE_DATES [l1 t1]"}
			}
			require.Equal(t, want, contested(t, evidence.ID(c.of), c.link, dated{id: "t1", kind: c.attribute, from: c.of, to: c.date, sources: "s2"}))
		})
	}
}

// TestDatesOutsideALife sets the dates of a command beside a birth on 2000-01-01
// and a death on 2014-02-01: it is accused of what it held on for certain, and of
// nothing that may have been in time.
func TestDatesOutsideALife(t *testing.T) {
	birth := dated{id: "t1", kind: "BIRTH_DATE", from: "p1", to: "=2000-01-01", sources: "s2"}
	death := dated{id: "t1", kind: "DEATH_DATE", from: "p1", to: "=2014-02-01", sources: "s2"}
	maybe, by := death, death
	maybe.to, by.to = "=2014-02-01?", "=../2014-02-01"
	about := death
	about.to = "=2014~"
	command := func(when string) dated {
		return dated{id: "l1", kind: "COMMANDS", from: "p1", to: "u1", when: when, sources: "s1"}
	}
	family := func(when string) dated {
		return dated{id: "l1", kind: "FAMILY_OF", from: "p1", to: "p2", when: when, sources: "s1"}
	}
	payment := func(when string) dated {
		return dated{id: "l1", kind: "PAYS", from: "p1", to: "p2", when: when, sources: "s1"}
	}
	for name, c := range map[string]struct {
		life, link dated
		wrong      bool
	}{
		"begun after death":                        {death, command("2016 – "), true},
		"until after death":                        {death, command("2010 – 2020"), true},
		"until a day after death, since unknown":   {death, command(" – 2020"), true},
		"until the month of death":                 {death, command("2010 – 2014-02"), false},
		"until the year after, by then":            {death, command("2010 – ../2015"), false},
		"until perhaps after death":                {death, command("2010 – 2020?"), false},
		"until after, begun perhaps":               {death, command("2010? – 2020"), true},
		"begun perhaps after death":                {death, command("2016? – "), false},
		"an end that is not told":                  {death, command("2010 – "), false},
		"begun by a day after death":               {death, command("../2016 – "), false},
		"still so when cited":                      {death, command("2010 – .."), false},
		"still so when cited, after death":         {death, command("2010 – .., on 2016-01-01"), true},
		"seen after death":                         {death, command("on 2016-01-01"), true},
		"perhaps seen after death":                 {death, command("on 2016-01-01?"), false},
		"seen in the year of death":                {death, command("on 2014"), false},
		"seen in life":                             {death, command("2010 – 2012, on 2013"), false},
		"death is uncertain":                       {maybe, command("2010 – 2020"), false},
		"death by a day":                           {by, command("2010 – 2020"), true},
		"about the year of death, the year after":  {about, command("2010 – 2015"), false},
		"about the year of death, long after":      {about, command("2010 – 2016"), true},
		"begun before birth":                       {birth, command("1980 – 2020"), true},
		"begun by a day before birth":              {birth, command("../1980 – "), true},
		"begun in the year before birth, or later": {birth, command("1999/.. – 2020"), false},
		"begun perhaps before birth":               {birth, command("1980? – 2020"), false},
		"over before birth":                        {birth, command(" – 1980"), true},
		"perhaps over before birth":                {birth, command(" – 1980?"), false},
		"seen before birth":                        {birth, command("on 1980-05"), true},
		"a beginning that is not told":             {birth, command(" – 2020"), false},
		"undated":                                  {birth, command(""), false},
		"paid until after death":                   {death, payment("2010 – 2020"), true},
		"paid before birth":                        {birth, payment("1980"), true},
		"paid in life":                             {death, payment("2010"), false},
		"family of the dead":                       {death, family("2010 – 2020"), false},
		"still named as family":                    {death, family("on 2016-01-01"), false},
		"married after death":                      {death, family("2016"), true},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if c.wrong {
				want = []string{"INCOMPATIBLE_DATES [l1 t1]"}
			}
			require.Equal(t, want, contested(t, "p1", c.link, c.life))
		})
	}
}

// TestDatesThatAgree tells values of a date that differ from ones that are told
// more and less exactly.
func TestDatesThatAgree(t *testing.T) {
	both := []string{"EXCLUSIVE_HOLDERS [t1 t2]"}
	for name, c := range map[string]struct {
		attribute, one, other string
		want                  []string
	}{
		"a day of the month":   {"DEATH_DATE", "2014-02-01", "2014-02", nil},
		"a day of the year":    {"BIRTH_DATE", "1970", "1970-05-03", nil},
		"about":                {"BIRTH_DATE", "1970~", "1971", nil},
		"by a day":             {"DEATH_DATE", "../2014-02-01", "2013", nil},
		"founded in the month": {"FOUNDING_DATE", "2011-05", "2011", nil},
		"gone in the month":    {"DISSOLUTION_DATE", "2011-05", "2011 ", nil},
		"two days":             {"DEATH_DATE", "2014-02-01", "2014-02-02", both},
		"another month":        {"DEATH_DATE", "2014-02-01", "2014-03", both},
		"another year":         {"BIRTH_DATE", "1970", "1971", both},
		"in words alike":       {"BIRTH_DATE", "Mayo de 1970", "mayo de  1970", nil},
		"in words":             {"BIRTH_DATE", "Mayo de 1970", "Junio de 1970", both},
		"in words and not":     {"BIRTH_DATE", "Mayo de 1970", "1970-05", both},
		"no date":              {"BIRTH_PLACE", "1970", "1970-05", both},
	} {
		t.Run(name, func(t *testing.T) {
			of, on := evidence.ID("p1"), "p1"
			if strings.HasPrefix(c.attribute, "FOUND") || strings.HasPrefix(c.attribute, "DISS") {
				of, on = "u1", "u1"
			}
			require.Equal(t, c.want, contested(t, of,
				dated{id: "t1", kind: c.attribute, from: on, to: "=" + c.one, sources: "s1"},
				dated{id: "t2", kind: c.attribute, from: on, to: "=" + c.other, sources: "s2"}))
		})
	}
	t.Run("each of its own time", func(t *testing.T) {
		for attribute, of := range map[string]string{"BIRTH_DATE": "p1", "DEATH_DATE": "p1", "FOUNDING_DATE": "u1", "DISSOLUTION_DATE": "u1", "DATE": "e1", "BIRTH_PLACE": "p1"} {
			require.Equal(t, both, contested(t, evidence.ID(of),
				dated{id: "t1", kind: attribute, from: of, to: "=1970-01-01", when: "1970-01-01 – 1970-01-01", sources: "s1"},
				dated{id: "t2", kind: attribute, from: of, to: "=1975-01-01", when: "1975-01-01 – ", sources: "s2"}), attribute)
		}
	})
	t.Run("one that agrees with two that differ", func(t *testing.T) {
		require.Equal(t, []string{"EXCLUSIVE_HOLDERS [t2 t3]"}, contested(t, "p1",
			dated{id: "t1", kind: "DEATH_DATE", from: "p1", to: "=2014", sources: "s1"},
			dated{id: "t2", kind: "DEATH_DATE", from: "p1", to: "=2014-02", sources: "s2"},
			dated{id: "t3", kind: "DEATH_DATE", from: "p1", to: "=2014-03", sources: "s3"}))
	})
}

// TestWhatIsSpokenAgainst finds a claim with what is about it, and one that its
// own citations dispute, from either end and from the claims themselves.
func TestWhatIsSpokenAgainst(t *testing.T) {
	claims := []dated{
		{id: "l1", kind: "PAYS", from: "p1", to: "p2", when: "2012", sources: "s1", disputes: "s2"},
		{id: "l2", kind: "DENIES", from: "p3", to: "p4", when: "2013", sources: "s2", about: "l1"},
	}
	for _, of := range []evidence.ID{"p1", "p2", "l1"} {
		all, found := contradicting(t, of, claims...)
		require.Equal(t, []string{"SPOKEN_AGAINST [l1 l2]", "SUPPORTED_AND_DISPUTED [l1]"}, found, of)
		require.Equal(t, "DENIES l2 speaks about PAYS l1.", all[0].Explain())
		require.Equal(t, "1 citation supports this claim and 1 citation disputes it.", all[1].Explain())
	}
	for _, of := range []evidence.ID{"p3", "l2"} {
		require.Equal(t, []string{"SPOKEN_AGAINST [l1 l2]"}, contested(t, of, claims...), of)
	}
	require.Empty(t, contested(t, "p5", claims...))
}

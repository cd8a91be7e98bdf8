package graph

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/edtf"
	"github.com/vinculo/vinculo/internal/trace"
)

// texts are the names of enum values, or ids.
func texts[S ~string](in graphql.Omittable[[]S]) []string {
	return mapped(in.Value(), func(s S) string { return string(s) })
}

func ids(in graphql.Omittable[[]string]) []evidence.ID {
	return mapped(in.Value(), func(s string) evidence.ID { return evidence.ID(s) })
}

// text is a given text; "" where it is absent or null.
func text[S ~string](in graphql.Omittable[*S]) string {
	if s := in.Value(); s != nil {
		return string(*s)
	}
	return ""
}

// dated is a date that is given; "" where it is absent or null. An empty one would
// be taken for none, and nothing would say that no date was asked for.
func dated(path string, s *string) (string, error) {
	if s == nil {
		return "", nil
	}
	if *s == "" {
		return "", evidence.Faulty(evidence.InvalidDate, path, "it is empty; write a date such as 2014-09-26")
	}
	return *s, nil
}

// times are the dates that a filter asks for.
type times struct{ on, during, throughout graphql.Omittable[*string] }

func (t times) read() (on, during, throughout string, err error) {
	for _, x := range []struct {
		path string
		said *string
		into *string
	}{{"filter.on", t.on.Value(), &on}, {"filter.during", t.during.Value(), &during}, {"filter.throughout", t.throughout.Value(), &throughout}} {
		if *x.into, err = dated(x.path, x.said); err != nil {
			return "", "", "", err
		}
	}
	return on, during, throughout, nil
}

// parseAll reads the names of enum values.
func parseAll[S ~string, T any](in []S, parse func(string) (T, error)) ([]T, error) {
	out := make([]T, len(in))
	for i, s := range in {
		v, err := parse(string(s))
		if err != nil {
			return nil, evidence.Faulty(evidence.InvalidInput, "filter", "%v", err)
		}
		out[i] = v
	}
	return out, nil
}

// evidence is the direction as the domain knows it.
func (d Direction) evidence() (evidence.Direction, error) {
	for _, known := range []evidence.Direction{evidence.Any, evidence.Outgoing, evidence.Incoming} {
		if known.String() == string(d) {
			return known, nil
		}
	}
	return evidence.Any, evidence.Faulty(evidence.InvalidInput, "direction", "%q is not a direction; write ANY, OUT or IN", string(d))
}

func certainty(in graphql.Omittable[*Certainty]) (edtf.Certainty, error) {
	switch text(in) {
	case "", edtf.Possibly.String():
		return edtf.Possibly, nil
	case edtf.Definitely.String():
		return edtf.Definitely, nil
	case edtf.Undated.String():
		return edtf.Undated, nil
	default:
		return 0, evidence.Faulty(evidence.InvalidInput, "filter.certainty", "%s would keep what did not hold; write DEFINITELY, POSSIBLY or UNDATED", text(in))
	}
}

// asked are the parts that filters of links and of statements share.
type asked struct {
	standing       graphql.Omittable[[]Standing]
	disputed       graphql.Omittable[*bool]
	minStrength    graphql.Omittable[*int32]
	times          times
	textWords      graphql.Omittable[*string]
	certainty      graphql.Omittable[*Certainty]
	sources, about graphql.Omittable[[]string]
}

func (a asked) into(f trace.ClaimFilter) (trace.ClaimFilter, error) {
	var err error
	if f.Standing, err = parseAll(a.standing.Value(), evidence.ParseStanding); err != nil {
		return f, err
	}
	if f.Certainty, err = certainty(a.certainty); err != nil {
		return f, err
	}
	f.Disputed = a.disputed.Value()
	if n := a.minStrength.Value(); n != nil {
		if *n < 0 || *n > 1000 {
			return f, evidence.Faulty(evidence.InvalidInput, "filter.minStrength", "%d is not a strength; write 0 to 1000", *n)
		}
		strength := int(*n)
		f.MinStrength = &strength
	}
	if f.On, f.During, f.Throughout, err = a.times.read(); err != nil {
		return f, err
	}
	f.Sources, f.About, f.Text = ids(a.sources), ids(a.about), text(a.textWords)
	return f, nil
}

// trace is the filter as package trace knows it; nil keeps all.
func (f *LinkFilter) trace() (trace.ClaimFilter, error) {
	out := trace.ClaimFilter{Of: evidence.LinkRecord}
	if f == nil {
		return out, nil
	}
	out.Kinds, out.ExceptKinds = texts(f.Kinds), texts(f.ExceptKinds)
	out.With, out.From, out.To = ids(f.Ends), ids(f.From), ids(f.To)
	return asked{f.Standing, f.Disputed, f.MinStrength, times{f.On, f.During, f.Throughout}, f.Text, f.Certainty, f.Sources, f.About}.into(out)
}

// trace is the filter as package trace knows it; nil keeps all.
func (f *StatementFilter) trace() (trace.ClaimFilter, error) {
	out := trace.ClaimFilter{Of: evidence.StatementRecord}
	if f == nil {
		return out, nil
	}
	out.Kinds, out.From = texts(f.Attributes), ids(f.Entities)
	return asked{f.Standing, f.Disputed, f.MinStrength, times{f.On, f.During, f.Throughout}, f.Text, f.Certainty, f.Sources, f.About}.into(out)
}

// trace is the filter as package trace knows it; nil keeps what is identified.
func (f *EntityFilter) trace() (trace.EntityFilter, error) {
	var out trace.EntityFilter
	if f == nil {
		return out, nil
	}
	identity, err := parseAll(f.Identity.Value(), evidence.ParseIdentity)
	if err != nil {
		return out, err
	}
	out = trace.EntityFilter{Kinds: texts(f.Kinds), Identity: identity, Country: text(f.Country), Text: text(f.Text)}
	if u := f.Unidentified.Value(); u != nil {
		out.Unidentified = *u
	}
	for _, i := range identity {
		out.Unidentified = out.Unidentified || i.IsPlaceholder()
	}
	return out, nil
}

// trace is the filter as package trace knows it; nil keeps all.
func (f *SourceFilter) trace() (trace.SourceFilter, error) {
	var out trace.SourceFilter
	if f == nil {
		return out, nil
	}
	reliability, err := parseAll(f.Reliability.Value(), evidence.ParseReliability)
	if err != nil {
		return out, err
	}
	published, err := dated("filter.published", f.Published.Value())
	if err != nil {
		return out, err
	}
	return trace.SourceFilter{Kinds: texts(f.Kinds), Reliability: reliability, Language: text(f.Language), Published: published, Text: text(f.Text)}, nil
}

// trace is the filter as package trace knows it; nil keeps all.
func (f *CitationFilter) trace() (trace.CitationFilter, error) {
	var out trace.CitationFilter
	if f == nil {
		return out, nil
	}
	stances, err := parseAll(f.Stances.Value(), evidence.ParseStance)
	if err != nil {
		return out, err
	}
	return trace.CitationFilter{Stances: stances, Sources: ids(f.Sources), Text: text(f.Text)}, nil
}

// trace is the filter as package trace knows it; nil keeps all, oldest first.
func (f *RevisionFilter) trace() (trace.RevisionFilter, error) {
	var out trace.RevisionFilter
	if f == nil {
		return out, nil
	}
	if n := f.Newest.Value(); n != nil {
		out.Newest = *n
	}
	if n := f.After.Value(); n != nil {
		after, err := revisionNumber("filter.after", *n)
		if err != nil {
			return out, err
		}
		out.After = after
	}
	return out, nil
}

func revisionNumber(path string, n int32) (uint64, error) {
	if n < 0 {
		return 0, evidence.Faulty(evidence.InvalidInput, path, "%d is not the number of a revision; they are counted from 1, and 0 stands before the first", n)
	}
	return uint64(n), nil //nolint:gosec // not negative
}

// indexed is the path of one item of a list of an input.
func indexed(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

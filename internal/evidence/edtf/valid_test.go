package edtf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func valid(since, until string, observed ...string) Valid {
	v := Valid{Since: mustParse(since), Until: mustParse(until)}
	for _, o := range observed {
		v.Observed = append(v.Observed, mustParse(o))
	}
	return v
}

func TestHeld(t *testing.T) {
	const on, during, throughout = "on", "during", "throughout"
	for _, c := range []struct {
		v        Valid
		a        Aspect
		ask, of  string
		expected Certainty
	}{
		{valid("2014-09-26", "2015-05-03"), State, on, "2014-12-01", Definitely},
		{valid("2014-09-26", "2015-05-03"), State, on, "2014-09-25", No},
		{valid("2014-09", "2015"), State, on, "2014-09-15", Possibly},
		{valid("2014-09", "2015"), State, on, "2014-10-01", Definitely},
		{valid("2014-09", "2015"), State, on, "2015-01-01", Definitely},
		{valid("2014-09", "2015"), State, on, "2015-01-02", Possibly},
		{valid("2014-09", "2015"), State, on, "2016", No},
		{valid("../2014-09-26", "2015"), State, on, "2014-09-26", Definitely},
		{valid("../2014-09-26", "2015"), State, on, "2014-09-25", Possibly},
		// An unknown end counts as the latest beginning.
		{valid("2014-09", ""), State, on, "2014-09-30", Definitely},
		{valid("2014-09", ""), State, on, "2014-10-01", Possibly},
		{valid("2014-09", ""), State, on, "2014-08-31", No},
		// So does one that says nothing.
		{valid("2014-09", "../.."), State, on, "2014-09-30", Definitely},
		{valid("2014-09", "../.."), State, on, "2014-10-01", Possibly},
		{valid("2014-09", "../.."), Event, on, "2014-09-30", Definitely},
		// An unknown beginning comes no later than the end.
		{valid("", "2014-09-26"), State, on, "2014-09-26", Definitely},
		{valid("", "2014-09"), State, on, "2014-09-15", Possibly},
		{valid("", "2014-09"), State, during, "../2014", Definitely},
		// The end cannot come before the beginning, however wide it is.
		{valid("2014-09-26", "2014"), State, on, "2014-09-26", Definitely},
		{valid("2014-09-26", "2014"), State, on, "2014-03-01", No},
		// An event without an end ends when it begins.
		{valid("2014-09-26", ""), Event, on, "2014-09-26", Definitely},
		{valid("2014-09-26", ""), Event, on, "2014-09-27", No},
		{valid("2014-09", ""), Event, on, "2014-09-26", Possibly},
		{valid("2014-09", ""), Event, during, "2014", Definitely},
		{valid("2014-09", ""), Event, throughout, "2014-09", Possibly},
		// Still so when cited.
		{valid("2014-09-26", ".."), State, on, "2020", Possibly},
		{valid("2014-09-26", "..", "2016-03-01"), State, throughout, "2014-09-26/2016-03-01", Definitely},
		{valid("2014-09-26", "", "2016-03-01"), State, on, "2015", Possibly},
		// Observed dates.
		{valid("", "", "2014-09-26"), State, on, "2014-09-26", Definitely},
		{valid("", "", "2014-09-26"), State, on, "2014-09-27", Possibly},
		{valid("", "", "2014-09"), State, on, "2014-09-10", Possibly},
		{valid("", "", "2014-09"), State, during, "2014", Definitely},
		{valid("", "", "2014-09-26"), State, during, "2014-09-27/..", Possibly},
		{valid("", "", "2014-09-26"), State, during, "2014-09-26/..", Definitely},
		// Each observation is one day: two may fill two days, in the right order.
		{valid("2020", "", "2014-09-25/2014-09-29", "2014-09-26"), State, throughout, "2014-09-26/2014-09-27", Possibly},
		{valid("2020", "", "2014-09-25/2014-09-29", "2014-09-26"), State, throughout, "2014-09-26/2014-09-28", No},
		{valid("2016", "", "2014-09-26"), State, on, "2014-09-26", Definitely},
		{valid("2014-01-02?", "2014-01-03", "2014-01-03"), State, on, "2014-01-03", Definitely},
		{valid("2014-01-02?", "2014-01-03", "2014-01-03"), State, on, "2014-01-02", Possibly},
		// Uncertainty caps, also in the question; it does not turn NO around.
		{valid("2014-09-26?", "2015-05-03"), State, on, "2014-12-01", Possibly},
		{valid("2014-09-26", "2015-05-03%"), State, on, "2014-12-01", Possibly},
		{valid("2014-09-26", "2015-05-03"), State, on, "2014-12-01?", Possibly},
		{valid("2014-09-26?", "2015-05-03"), State, on, "2013", No},
		// About widens both ways.
		{valid("2014-09~", "2015"), State, on, "2014-10-31", Definitely},
		{valid("2014-09~", "2015"), State, on, "2014-10-30", Possibly},
		{valid("2014-09~", "2015"), State, on, "2014-08-01", Possibly},
		// No date at all.
		{valid("", ""), State, on, "2014", Undated},
		{valid("", ".."), State, on, "2014", Undated},
		{valid("..", "..", ".."), Event, throughout, "2014", Undated},
		// Periods.
		{valid("2014", "2016"), State, throughout, "2015", Definitely},
		{valid("2014", "2016"), State, throughout, "2014", Possibly},
		{valid("2014", "2016"), State, throughout, "2016/2017", No},
		{valid("2014", "2016"), State, during, "2014/2017", Definitely},
		{valid("2014", "2016"), State, during, "", Definitely},
		{valid("2014", ""), State, throughout, "2014/..", Possibly},
		{valid("2016", "2014"), State, during, "2015", No}, // refused by Check
	} {
		var got Certainty
		of := mustParse(c.of)
		switch c.ask {
		case on:
			got = c.v.HeldOn(c.a, of)
		case during:
			got = c.v.HeldDuring(c.a, of)
		case throughout:
			got = c.v.HeldThroughout(c.a, of)
		}
		require.Equal(t, c.expected.String(), got.String(), "since %q until %q observed %v, %s %s %s", c.v.Since, c.v.Until, c.v.Observed, c.a, c.ask, c.of)
	}
}

func TestCheckRefusesOnlyTheImpossible(t *testing.T) {
	require.NoError(t, valid("2015", "2015-01-01").Check(State))
	require.NoError(t, valid("2015~", "2014").Check(State))
	require.NoError(t, valid("", "..").Check(Event))
	require.NoError(t, valid("2014", "2013/..").Check(State))
	err := valid("2015", "2014-12-31").Check(State)
	var re *RangeError
	require.ErrorAs(t, err, &re)
	require.ErrorContains(t, err, `until "2014-12-31" lies before since "2015"`)
	require.ErrorContains(t, err, "2015-01-01")
}

func TestClaimBounds(t *testing.T) {
	b := valid("../2014-09", "2015").Bounds(State)
	require.Equal(t, []string{"", "2014-09-30", "2015-01-01", "2015-12-31"}, texts(b))
	require.Equal(t, []string{"2014-09-01", "2014-09-30", "", ""}, texts(valid("2014-09", "").Bounds(State)))
	require.Equal(t, []string{"2014-09-01", "2014-09-30", "2014-09-01", "2014-09-30"}, texts(valid("2014-09", "").Bounds(Event)))
	require.Equal(t, []string{"2014-01-01", "2014-12-31", "2016-03-01", ""}, texts(valid("2014", "..", "2016-03", "2017?").Bounds(State)))
}

func TestEndsBoundEachOther(t *testing.T) {
	require.Equal(t, []string{"2014-08-11", "2014-08-11", "2014-08-11", "2014-12-31"}, texts(valid("2014-08-11", "2014").Ends(State)))
	require.Equal(t, []string{"2014-01-01", "2014-10-16", "2014-10-16", "2014-10-16"}, texts(valid("2014", "2014-10-16").Ends(State)))
	require.Equal(t, []string{"2014-09-01", "2014-09-30", "2014-09-01", ""}, texts(valid("2014-09", "").Ends(State)))
	require.Equal(t, []string{"", "2015-12-31", "2015-01-01", "2015-12-31"}, texts(valid("", "2015").Ends(State)))
	require.Equal(t, []string{"", "", "", ""}, texts(valid("", "", "2015").Ends(State)))
}

func texts(b Bounds) []string {
	return []string{b.SinceEarliest.String(), b.SinceLatest.String(), b.UntilEarliest.String(), b.UntilLatest.String()}
}

func TestNames(t *testing.T) {
	require.Equal(t, "STATE", State.String())
	require.Equal(t, "EVENT", Event.String())
	require.Equal(t, "Certainty(9)", Certainty(9).String())
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		v      Valid
		a      Aspect
		en, es string
	}{
		{valid("../2014-09-26", "2015"), State, "by 26 September 2014 – 2015", "a más tardar el 26 de septiembre de 2014 – 2015"},
		{valid("2014-09?", ""), State, "since September 2014 (uncertain)", "desde septiembre de 2014 (incierto)"},
		{valid("2014-09-26", ""), State, "since 26 September 2014", "desde el 26 de septiembre de 2014"},
		{valid("2014-09-26", ""), Event, "26 September 2014", "26 de septiembre de 2014"},
		{valid("2014-09-26", "2014-09-26"), State, "26 September 2014", "26 de septiembre de 2014"},
		{valid("", "2015-05-03"), State, "until 3 May 2015", "hasta el 3 de mayo de 2015"},
		{valid("../2014", ""), State, "by 2014", "a más tardar 2014"},
		{valid("", "../2015-05"), State, "… – by May 2015", "… – a más tardar mayo de 2015"},
		{valid("2012", ".."), State, "since 2012 (still so when cited)", "desde 2012 (aún vigente al citarse)"},
		{valid("2012~", "2014?"), State, "about 2012 – 2014 (uncertain)", "aprox. 2012 – 2014 (incierto)"},
		{valid("2012/2014-05-01", ""), State, "since some time between 2012 and 1 May 2014", "desde algún momento entre 2012 y el 1 de mayo de 2014"},
		{valid("2012/2014", ""), Event, "between 2012 and 2014", "entre 2012 y 2014"},
		{valid("2014/2014", ""), Event, "2014", "2014"},
		{valid("201X", ""), State, "since the 2010s", "desde la década de 2010"},
		{valid("19XX", ""), Event, "between 1900 and 1999", "entre 1900 y 1999"},
		{valid("../19XX", ""), Event, "by 1999", "a más tardar 1999"},
		{valid("2014-09-XX", ""), Event, "September 2014", "septiembre de 2014"},
		{valid("2014-0X", ""), Event, "between January 2014 and September 2014", "entre enero de 2014 y septiembre de 2014"},
		{valid("2014-09-0X", ""), Event, "between 1 September 2014 and 9 September 2014", "entre el 1 de septiembre de 2014 y el 9 de septiembre de 2014"},
		{valid("2014-21", ""), Event, "spring 2014", "primavera de 2014"},
		{valid("2014-32", ""), Event, "winter 2014, southern hemisphere", "invierno de 2014, hemisferio sur"},
		{valid("2014-28", ""), Event, "winter 2014, northern hemisphere", "invierno de 2014, hemisferio norte"},
		{valid("2014-33", ""), Event, "first quarter of 2014", "primer trimestre de 2014"},
		{valid("2014-38", ""), Event, "middle four months of 2014", "segundo cuatrimestre de 2014"},
		{valid("2014-41", ""), Event, "second half of 2014", "segundo semestre de 2014"},
		{valid("[2012, 2014, 2016..]", ""), Event, "2012, 2014 or 2016 or later", "2012, 2014 o 2016 o después"},
		{valid("{2012,2014}", ""), Event, "2012 and 2014", "2012 y 2014"},
		{valid("-0043", "0017"), State, "44 BC – AD 17", "44 a. C. – 17 d. C."},
		{valid("Y12345", ""), Event, "12345", "12345"},
		{valid("", "", "2014-09-26", "2015?"), State, "observed 26 September 2014, 2015 (uncertain)", "observado: 26 de septiembre de 2014, 2015 (incierto)"},
		{valid("2012", "", "2014"), State, "since 2012; observed 2014", "desde 2012; observado: 2014"},
		{valid("", ".."), State, "", ""},
		{Valid{}, Event, "", ""},
	} {
		require.Equal(t, c.en, c.v.Label(c.a, "en"), "since %q until %q", c.v.Since, c.v.Until)
		require.Equal(t, c.es, c.v.Label(c.a, "es-MX"), "since %q until %q", c.v.Since, c.v.Until)
	}
	require.Equal(t, "about September 2014 (uncertain)", mustParse("2014-09%").Label("fr"))
	require.Empty(t, Date{}.Label("es"))
}

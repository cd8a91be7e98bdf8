package vocabulary

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

const extorts = `links:
  - name: EXTORTS
    label: {en: extorts}
    inverse: {en: is extorted by, es: es extorsionado por}
    meaning: 'Takes "la cuota" from the other \ by threats.'
    from: [PERSON, CRIMINAL_GROUP]
    to: [AGENT]
    aspect: STATE
    opposed: [PROTECTS]
attributes:
  - name: CALL_SIGN
    label: {en: call sign, es: indicativo}
    meaning: The name used on the radio.
    exclusive: true
`

func TestExtend(t *testing.T) {
	v, err := Standard().Extend(strings.NewReader(extorts))
	require.NoError(t, err)
	k, ok := v.Link("EXTORTS")
	require.True(t, ok)
	require.True(t, k.Custom)
	require.Equal(t, State, k.Aspect)
	require.Equal(t, Text{EN: "extorts", ES: "extorts"}, k.Label, "English stands in")
	require.Equal(t, unknownLink, k.FollowTheMoney)
	require.True(t, k.AllowsEnds("CRIMINAL_GROUP", "POLICE_FORCE"))
	require.False(t, k.AllowsEnds("POLICE_FORCE", "CRIMINAL_GROUP"))
	require.Equal(t, "EXTORTS", v.Links()[63].Name, "a deployment's own come last")
	require.True(t, v.Opposed("EXTORTS", "PROTECTS"))
	require.True(t, v.Opposed("PROTECTS", "EXTORTS"), "made mutual")
	a, ok := v.Attribute("CALL_SIGN")
	require.True(t, ok)
	require.True(t, a.Custom && a.Exclusive)

	_, ok = Standard().Link("EXTORTS")
	require.False(t, ok, "the standard vocabulary is unchanged")
	require.False(t, Standard().Opposed("PROTECTS", "EXTORTS"))
	require.Len(t, Standard().Links(), 63)

	again, err := v.Extend(strings.NewReader(strings.ReplaceAll(extorts, "EXTORTS", "BLACKMAILS")[:strings.Index(extorts, "attributes:")+3]))
	require.NoError(t, err)
	require.Len(t, again.Links(), 65)

	same, err := v.Extend(strings.NewReader(""))
	require.NoError(t, err)
	require.Equal(t, v.Links(), same.Links())
}

// TestExtendFaults gives one file with many faults: all are reported, each at
// its line.
func TestExtendFaults(t *testing.T) {
	const file = `links:
  - name: COMMANDS
    label: {en: commands}
    inverse: {en: is commanded by}
    meaning: Ours, anew.
    aspect: STATE
  - name: lower_case
    label: {en: x, fr: y}
    inverse: {en: z}
    meaning: Bad name.
    aspect: SOMETIMES
    colour: red
  - name: KNOWS
    label: {en: knows}
    inverse: {en: is known by}
    meaning: Knows the other.
    from: [PERSON, MARTIAN]
    to: [PERSON]
    aspect: STATE
    symmetric: true
    exclusive: maybe
    opposed: [HATES]
  - name: HAS_CITATION
    label: {en: has}
    inverse: {en: is had}
    meaning: Reserved.
    aspect: EVENT
    follow_the_money: {schema: Payment, from: payer, to: receiver}
  - just text
  - name: KNOWS
    label: {en: knows again}
    inverse: {en: is known again}
    aspect: EVENT
    meaning: >
      Twice.
entities:
  - name: ROBOT
attributes:
  - name: RANK
    label: {en: rank}
    meaning: Ours, anew.
`
	v, err := Standard().Extend(strings.NewReader(file))
	require.Nil(t, v)
	var faults Faults
	require.ErrorAs(t, err, &faults)
	want := []struct {
		line int
		says string
	}{
		{2, "COMMANDS is a standard link kind"},
		{7, `"lower_case" is no name`},
		{8, "label has no key fr"},
		{11, `aspect is "SOMETIMES"`},
		{12, "a link kind has no key colour"},
		{15, "KNOWS is symmetric and reads the same"},
		{17, "MARTIAN is no entity kind"},
		{21, "exclusive must be true or false"},
		{22, `KNOWS is opposed to "HATES", which is no link kind`},
		{23, "HAS_CITATION is a relationship type"},
		{28, `"receiver" is not a property of Payment`},
		{29, "a link kind must be a mapping"},
		{30, "the link kind KNOWS is defined twice"},
		{36, "the file has no key entities"},
		{39, "RANK is a standard attribute"},
	}
	for _, w := range want {
		found := false
		for _, f := range faults {
			found = found || f.Line == w.line && strings.Contains(f.Message, w.says)
		}
		require.True(t, found, "line %d: %s\n\nin:\n%v", w.line, w.says, err)
	}
	for i := 1; i < len(faults); i++ {
		require.LessOrEqual(t, faults[i-1].Line, faults[i].Line, "in the order of the file")
	}
}

func TestExtendRefuses(t *testing.T) {
	head := "links:\n  - name: NEW_KIND\n    label: {en: a}\n    inverse: {en: b}\n    meaning: M.\n    aspect: STATE\n"
	for name, c := range map[string]struct{ file, says string }{
		"syntax":           {"links: [", "1:"},
		"a list":           {"- a\n- b\n", "the file must be a mapping"},
		"text":             {"hello", "the file must be a mapping"},
		"a number key":     {"1: x\n", "not plain text"},
		"an anchor":        {"links: &a []\n", "links must be a list"},
		"an alias":         {head + "    popolo: *nobody\n", ""},
		"bytes":            {"links: \xff\xfe", "not UTF-8"},
		"too large":        {"#" + strings.Repeat("x", MaxFileSize), "larger than"},
		"deep brackets":    {"links: " + strings.Repeat("[", 5000), "nested deeper"},
		"deep dashes":      {strings.Repeat("- ", 5000), "nested deeper"},
		"one-way opposed":  {head + "    opposed: [OTHER_KIND]\n" + strings.ReplaceAll(head[7:], "NEW_KIND", "OTHER_KIND"), "not the other way round"},
		"itself":           {head + "    opposed: [NEW_KIND]\n", "opposed to itself"},
		"both ends styles": {head + "    from: [PERSON]\n    ends: [{from: [PERSON]}]\n", "write either from and to, or ends"},
		"empty ends":       {head + "    ends: []\n", "ends is empty"},
		"empty from":       {head + "    from: []\n", "names no entity kind"},
		"hierarchy":        {head + "    hierarchical: up\n", "write the end that stands above"},
		"lopsided":         {"links:\n  - {name: NEW_KIND, label: {en: a}, meaning: M., aspect: STATE, symmetric: true, from: [PERSON]}\n", "one direction only"},
		"no schema":        {head + "    follow_the_money: {schema: Friend, from: a, to: b}\n", "not a schema that links"},
		"no meaning":       {"links:\n  - {name: NEW_KIND, label: {en: a}, inverse: {en: b}, aspect: STATE}\n", "meaning is missing"},
		"no label":         {"links:\n  - {name: NEW_KIND, meaning: M., inverse: {en: b}, aspect: STATE}\n", "label is missing"},
		"newline":          {"links:\n  - {name: NEW_KIND, meaning: \"M.\\nN.\", label: {en: a}, inverse: {en: b}, aspect: STATE}\n", "line break"},
		"long name":        {strings.ReplaceAll(head, "NEW_KIND", strings.Repeat("N", 65)), "the most is 64"},
		"duplicate key":    {head + "    aspect: EVENT\n", "7:"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Standard().Extend(strings.NewReader(c.file))
			require.Nil(t, v)
			var faults Faults
			require.ErrorAs(t, err, &faults)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := Standard().Extend(iotest.ErrReader(os.ErrPermission))
	require.ErrorIs(t, err, os.ErrPermission)
}

// FuzzExtend feeds anything to Extend: it answers faults or a vocabulary that
// still has every standard kind and whose schema keeps its shape.
func FuzzExtend(f *testing.F) {
	f.Add([]byte(extorts))
	f.Add([]byte("links: [{name: A, label: {en: a}, inverse: {en: b}, meaning: m, aspect: EVENT}]"))
	f.Add([]byte("links:\n- name: A\n  label: {en: 'á\"'}\n  symmetric: yes\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Standard().Extend(bytes.NewReader(text))
		if err != nil {
			var faults Faults
			require.ErrorAs(t, err, &faults)
			require.NotEmpty(t, faults)
			require.Nil(t, v)
			return
		}
		require.GreaterOrEqual(t, len(v.Links()), len(Standard().Links()))
		for i, k := range v.Links() {
			require.Equal(t, i >= len(Standard().Links()), k.Custom)
			require.Regexp(t, namePattern, k.Name)
			require.NotEmpty(t, k.Label.EN)
			for _, o := range k.Opposed {
				require.True(t, v.Opposed(o, k.Name))
			}
		}
		for _, line := range strings.Split(v.GraphQL(), "\n") {
			require.NotContains(t, line, "\r")
		}
	})
}

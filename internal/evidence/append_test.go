package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// drawn draws what records are made of, so that each field is often
// empty, and texts often hold what has to be escaped.
type drawn struct{ *rapid.T }

func (d drawn) text() string {
	return rapid.OneOf(
		rapid.Just(""), rapid.StringN(0, 30, 300), rapid.SampledFrom([]string{
			"Ángel Muñoz", `"`, `\`, "<b>&amp;</b>", "a\u2028b", "\u2029", "\x00\x1f\x7f", "\n\t\r\b\f", "\xff", "e\xcc", "\ufffd", "😀", "ñ\xc3",
		}),
	).Draw(d.T, "text")
}

func (d drawn) id() ID { return ID(d.text()) }

func (d drawn) texts() []string {
	return rapid.OneOf(rapid.Just([]string(nil)), rapid.Just([]string{}), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawn{t}.text() }), 0, 30)).Draw(d.T, "texts")
}

func (d drawn) small() uint8 {
	return rapid.SampledFrom([]uint8{0, 0, 1, 2, 23, 24, 255}).Draw(d.T, "small")
}

func (d drawn) count() uint32 {
	return rapid.SampledFrom([]uint32{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32}).Draw(d.T, "count")
}

func (d drawn) yes() bool { return rapid.Bool().Draw(d.T, "yes") }

func (d drawn) quote() *Quote {
	if d.yes() {
		return nil
	}
	return &Quote{Exact: d.text(), Prefix: d.text(), Suffix: d.text()}
}

func (d drawn) claim() *Claim {
	c := &Claim{
		ID: d.id(), Of: RecordType(d.small()), Kind: d.text(), From: d.id(), To: d.id(), Value: d.text(), Role: d.text(), Summary: d.text(),
		Since: d.text(), Until: d.text(), Observed: d.texts(), About: d.id(), Accepted: d.yes(), Clearance: Clearance(d.small()),
	}
	for range rapid.IntRange(-1, 30).Draw(d.T, "standings") {
		c.Standing = append(c.Standing, StandingChange{Standing: Standing(d.small()), On: d.text(), Citation: d.id(), Note: d.text()})
	}
	if c.Standing == nil && d.yes() {
		c.Standing = []StandingChange{}
	}
	return c
}

func (d drawn) citation() *Citation {
	return &Citation{
		ID: d.id(), Claim: d.id(), Source: d.id(), Stance: Stance(d.small()), Locator: d.text(), Quote: d.quote(), Credibility: Credibility(d.small()),
		AsserterWords: d.text(), AsserterEntity: d.id(), StandingInSource: d.text(), Note: d.text(), Clearance: Clearance(d.small()),
	}
}

func (d drawn) ids() []ID {
	texts := d.texts()
	if texts == nil {
		return nil
	}
	ids := make([]ID, len(texts))
	for i, text := range texts {
		ids[i] = ID(text)
	}
	return ids
}

func (d drawn) entity() *Entity {
	e := &Entity{
		ID: d.id(), Kind: d.text(), Identity: Identity(d.small()), Description: d.text(), Country: d.text(), When: d.text(), Clearance: Clearance(d.small()),
	}
	for range rapid.IntRange(0, 30).Draw(d.T, "names") {
		e.Names = append(e.Names, Name{Text: d.text(), Type: NameType(d.small()), Language: d.text(), Clearance: Clearance(d.small()), Sources: d.ids()})
	}
	for range rapid.IntRange(0, 3).Draw(d.T, "notes") {
		e.Notes = append(e.Notes, Note{Key: d.text(), Value: d.text()})
	}
	if rapid.IntRange(0, 9).Draw(d.T, "point") == 0 {
		e.Point = &Point{Latitude: 18.3, Longitude: -99.5, Source: d.text()}
	}
	return e
}

func (d drawn) source() *Source {
	s := &Source{
		ID: d.id(), Kind: d.text(), Title: d.text(), Author: d.text(), Publisher: d.text(), Published: d.text(), URL: d.text(), Archive: d.text(), Language: d.text(),
		Reliability: Reliability(d.small()), DerivedFrom: d.ids(), Clearance: Clearance(d.small()),
	}
	for range rapid.IntRange(0, 3).Draw(d.T, "captures") {
		length := rapid.SampledFrom([]int64{0, 1, 24, -1, math.MaxInt64, math.MinInt64}).Draw(d.T, "length")
		s.Captures = append(s.Captures, Capture{SHA256: d.text(), Length: length, MediaType: d.text(), Captured: d.text(), Text: d.text()})
	}
	return s
}

func (d drawn) derived() *Derived {
	derived := &Derived{Now: Clearance(d.small()), Visibility: Clearance(d.small()), Key: d.text()}
	for i := range rapid.IntRange(0, Clearances).Draw(d.T, "levels") {
		derived.Levels[i] = Level{
			Standing: Standing(d.small()), Strength: uint16(d.count() & math.MaxUint16), Lineages: d.count(), Supports: d.count(), Disputes: d.count(), Mentions: d.count(),
		}
	}
	if d.yes() {
		derived.Check = &QuoteCheck{State: Verified, At: d.text(), Start: 7}
	}
	return derived
}

// TestAppendedCBOR compares what is stored with what the general encoding gives.
func TestAppendedCBOR(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawn{r}
		for _, c := range []Content{d.claim(), d.citation(), d.entity(), d.source()} {
			want, err := encoding.Marshal(c)
			require.NoError(t, err)
			got, err := EncodeContent(c)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		derived := d.derived()
		want, err := encoding.Marshal(derived)
		require.NoError(t, err)
		got, err := EncodeDerived(derived)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// scans are the readers by hand, and the library in place of each.
var scans = []func(data []byte) (scanned any, ok bool, decoded any, err error){
	func(data []byte) (any, bool, any, error) {
		c, ok := scanClaim(data)
		want := new(Claim)
		err := decoding.Unmarshal(data, want)
		return c, ok, want, err
	},
	func(data []byte) (any, bool, any, error) {
		c, ok := scanCitation(data)
		want := new(Citation)
		err := decoding.Unmarshal(data, want)
		return c, ok, want, err
	},
	func(data []byte) (any, bool, any, error) {
		c, ok := scanEntity(data)
		want := new(Entity)
		err := decoding.Unmarshal(data, want)
		return c, ok, want, err
	},
	func(data []byte) (any, bool, any, error) {
		c, ok := scanSource(data)
		want := new(Source)
		err := decoding.Unmarshal(data, want)
		return c, ok, want, err
	},
	func(data []byte) (any, bool, any, error) {
		d, ok := scanDerived(data)
		var want Derived
		err := decoding.Unmarshal(data, &want)
		return d, ok, want, err
	},
}

// TestScanned reads by hand what was stored, whole and with a byte changed, and
// compares it with what the library reads.
func TestScanned(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawn{r}
		contents := []Content{d.claim(), d.citation(), d.entity(), d.source()}
		for i, scan := range scans {
			var data []byte
			var err error
			if i < len(contents) {
				data, err = EncodeContent(contents[i])
			} else {
				data, err = EncodeDerived(d.derived())
			}
			require.NoError(t, err)
			scanned, ok, want, err := scan(data)
			if ok {
				require.NoError(t, err)
				require.Equal(t, want, scanned)
			}
			at := rapid.IntRange(0, len(data)-1).Draw(r, "at")
			data[at] = rapid.Byte().Draw(r, "byte")
			if scanned, ok, want, err := scan(data[:rapid.IntRange(at, len(data)).Draw(r, "end")]); ok {
				require.NoError(t, err)
				require.Equal(t, want, scanned)
			}
		}
	})
}

// TestScanReadsWhatIsWritten keeps the tests above from passing for nothing: what
// usual records are stored as is read by hand.
func TestScanReadsWhatIsWritten(t *testing.T) {
	claim, err := EncodeContent(&Claim{
		ID: "l1", Of: LinkRecord, Kind: "PAYS", From: "a", To: "b", Role: "enlace", Summary: "Pagó.", Since: "2014", Until: "..", Observed: []string{"2014-09"},
		About: "l0", Standing: []StandingChange{{}, {Standing: Charged, On: "2015", Citation: "c1", Note: "n"}}, Accepted: true, Clearance: Confidential,
	})
	require.NoError(t, err)
	citation, err := EncodeContent(&Citation{
		ID: "c1", Claim: "l1", Source: "s1", Stance: Disputes, Locator: "p. 4", Quote: &Quote{Exact: "x", Prefix: "p", Suffix: "s"}, Credibility: 2,
		AsserterWords: "w", AsserterEntity: "a", StandingInSource: "found", Note: "n", Clearance: Restricted,
	})
	require.NoError(t, err)
	entity, err := EncodeContent(&Entity{
		ID: "e1", Kind: "PERSON", Identity: Class, Names: []Name{{Text: "Ana"}, {Text: "A.", Type: AliasName, Language: "es", Clearance: Restricted, Sources: []ID{"s1"}}},
		Description: "d", Country: "MX", When: "2014", Notes: []Note{{"rank", "x"}}, Clearance: Restricted,
	})
	require.NoError(t, err)
	source, err := EncodeContent(&Source{
		ID: "s1", Kind: "report", Title: "t", Author: "a", Publisher: "p", Published: "2015", URL: "https://example.org", Archive: "x", Language: "es", Reliability: ReliabilityB,
		DerivedFrom: []ID{"s0"}, Captures: []Capture{{SHA256: "00", Length: 70_000, MediaType: "text/html", Captured: "2015-01-01T00:00:00Z", Text: "11"}}, Clearance: Restricted,
	})
	require.NoError(t, err)
	derived, err := EncodeDerived(&Derived{Now: Restricted, Visibility: Hidden, Key: "k", Levels: [Clearances]Level{{Charged, 1000, 300, 70_000, 1, 2}}})
	require.NoError(t, err)
	for i, data := range [][]byte{claim, citation, entity, source, derived} {
		_, ok, _, err := scans[i](data)
		require.NoError(t, err)
		require.True(t, ok)
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range []string{"", "\xa0", "\xa1\x01\x61a", "\xa1\x0d\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa2\x01\x61a\x01\x61b", "\xa1\x01\x78\x01a", "\xa1\x06\xa1\x01\x62\xc3("} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, scan := range scans {
			if scanned, ok, want, err := scan(data); ok {
				require.NoError(t, err)
				require.Equal(t, want, scanned)
			}
		}
	})
}

// TestAppendedOutcome compares leaves of the log with encoding/json.
func TestAppendedOutcome(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawn{r}
		o := &Outcome{Change: d.text(), ID: d.id()}
		for range rapid.IntRange(0, 4).Draw(r, "effects") {
			e := rapid.SampledFrom([]func() Effect{
				func() Effect { return Effect{Entity: d.entity()} }, func() Effect { return Effect{Source: d.source()} },
				func() Effect { return Effect{Claim: d.claim()} }, func() Effect { return Effect{Citation: d.citation()} }, func() Effect { return Effect{Close: d.id()} },
			}).Draw(r, "effect")
			o.Effects = append(o.Effects, e())
		}
		want, err := json.Marshal(o)
		require.NoError(t, err)
		if got, ok := appendOutcome(nil, o); ok {
			require.Equal(t, string(want), string(got))
		} else {
			require.Regexp(t, `"(close|point|captures)"|"names":null`, string(want), "nothing else is left to encoding/json")
		}
	})
}

func (d drawn) given() Optional[string] {
	return rapid.SampledFrom([]Optional[string]{{}, Null[string](), Of(d.text())}).Draw(d.T, "given")
}

func (d drawn) putEntity() *PutEntity {
	put := &PutEntity{
		ID: d.id(), Kind: d.given(), Identity: d.given(), Name: d.given(), Description: d.given(), Country: d.given(), When: d.given(), Clearance: d.given(),
		Aliases: rapid.SampledFrom([]Optional[[]string]{{}, Null[[]string](), Of(d.texts())}).Draw(d.T, "aliases"),
		Notes:   rapid.SampledFrom([]Optional[[]Note]{{}, Null[[]Note](), Of([]Note(nil)), Of([]Note{}), Of([]Note{{d.text(), d.text()}, {}})}).Draw(d.T, "notes"),
	}
	switch rapid.IntRange(0, 9).Draw(d.T, "seldom") {
	case 0:
		put.Names = Of([]NewName{{Text: d.text()}})
	case 1:
		put.Point = Of(Point{Latitude: 18.3})
	}
	return put
}

func (d drawn) putSource() *PutSource {
	put := &PutSource{
		ID: d.id(), Kind: d.given(), Title: d.given(), Author: d.given(), Publisher: d.given(), Published: d.given(), URL: d.given(), Archive: d.given(),
		Language: d.given(), Reliability: d.given(), Clearance: d.given(),
	}
	if rapid.IntRange(0, 9).Draw(d.T, "derived") == 0 {
		put.DerivedFrom = Of(d.ids())
	}
	return put
}

// TestDigest compares digests with the sum of what encoding/json writes.
func TestDigest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := drawn{r}
		cs := &ChangeSet{Reason: d.text(), IdempotencyKey: d.text()}
		if d.yes() {
			n := uint64(d.count())
			cs.ExpectedRevision = &n
		}
		if d.yes() {
			cs.Changes = []Change{}
		}
		for range rapid.IntRange(0, 4).Draw(r, "changes") {
			link := &AssertLink{
				ID: d.id(), Kind: d.text(), From: d.id(), To: d.id(), Role: d.text(), Summary: d.text(), Valid: ValidTime{Since: d.text(), Until: d.text(), Observed: d.texts()},
				Standing: d.text(), About: d.id(), Clearance: d.text(),
			}
			for range rapid.IntRange(-1, 3).Draw(r, "citations") {
				c := NewCitation{ID: d.id(), Source: d.id(), Stance: d.text(), Locator: d.text(), Quote: d.quote(), Credibility: int(int8(d.small())), StandingInSource: d.text(), Note: d.text(), Clearance: d.text()}
				if d.yes() {
					c.AssertedBy = &Asserter{Words: d.text(), Entity: d.id()}
				}
				link.Citations = append(link.Citations, c)
			}
			change := Change{AssertLink: link}
			if d.yes() {
				change.Retract = &Retract{ID: d.id()}
			}
			if d.yes() {
				change.AssertLink = nil
			}
			if d.yes() {
				change.PutEntity = d.putEntity()
			}
			if d.yes() {
				change.PutSource = d.putSource()
			}
			cs.Changes = append(cs.Changes, change)
		}
		text, err := json.Marshal(cs)
		require.NoError(t, err)
		sum := sha256.Sum256(text)
		got, err := cs.Digest()
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(sum[:]), got)
		keyed := *cs
		keyed.IdempotencyKey = ""
		got, err = keyed.Digest()
		require.NoError(t, err)
		require.NoError(t, keyed.KeyByContent("case-"))
		require.Equal(t, "case-"+got[:32], keyed.IdempotencyKey)
		got, err = keyed.Digest()
		require.NoError(t, err)
		want, err := (&ChangeSet{Reason: keyed.Reason, IdempotencyKey: keyed.IdempotencyKey, ExpectedRevision: keyed.ExpectedRevision, Changes: keyed.Changes}).Digest()
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// TestAppendedLeaves compares the leaves of revisions with what the encoding writes.
func TestAppendedLeaves(t *testing.T) {
	for _, leaves := range [][]ledger.Leaf{nil, {}, {{Erased: true}}, {{}}} {
		want, err := encoding.Marshal(leaves)
		require.NoError(t, err)
		got, err := AppendLeaves(nil, &Revision{Leaves: leaves})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	rapid.Check(t, func(r *rapid.T) {
		d := drawn{r}
		leaves := []ledger.Leaf{}
		for range rapid.IntRange(0, 40).Draw(r, "leaves") {
			leaf := ledger.NewLeaf([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "salt")), rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(r, "content"))
			switch rapid.IntRange(0, 30).Draw(r, "erased") {
			case 0:
				leaf.Erased, leaf.Content, leaf.Salt = true, nil, [16]byte{}
			case 1:
				leaf.Erased, leaf.Rest = true, &ledger.Rest{Content: []byte(d.text())}
			}
			leaves = append(leaves, leaf)
		}
		want, err := encoding.Marshal(leaves)
		require.NoError(t, err)
		got, err := AppendLeaves(nil, &Revision{Leaves: leaves})
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

package evidence

import "testing"

func BenchmarkDecode(b *testing.B) {
	claim := &Claim{ID: "l0000123456", Of: LinkRecord, Kind: "COMMANDS", From: "e00000012", To: "e00012345", Since: "2014-09-26", Until: "2015", Standing: []StandingChange{{}}}
	cite := &Citation{ID: "c000012345", Claim: "l0000123456", Source: "s000123", Stance: Supports, Locator: "p. 12"}
	entity := &Entity{ID: "e00012345", Kind: "PERSON", Names: []Name{{Text: "María Guadalupe Hernández Íñiguez"}, {Text: "La Güera", Type: AliasName}}, Country: "MX"}
	source := &Source{ID: "s000123", Kind: "newspaper", Title: "Reunión en Copala, 2024", Publisher: "Diario de la Montaña", Published: "2024-02-13", URL: "https://example.org/0", Language: "es"}
	d := Derived{Key: "COMMANDS 2014-09-26 l0000123456"}
	d.Levels[0] = Level{Strength: 500, Lineages: 1, Supports: 2}
	d.Levels[1], d.Levels[2] = d.Levels[0], d.Levels[0]
	for _, c := range []struct {
		name string
		c    Content
	}{{"claim", claim}, {"citation", cite}, {"entity", entity}, {"source", source}} {
		data, err := EncodeContent(c.c)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeContent(c.c.Type(), data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "B")
		})
	}
	data, err := EncodeDerived(&d)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("derived", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeDerived(data); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data)), "B")
	})
}

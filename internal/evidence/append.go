package evidence

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// Claims and citations are most of every graph, and each record is written as JSON twice
// (in the digest and in the log) and as CBOR twice (content and derived values).
// These functions append the very bytes that encoding/json and the encoding of
// this package give, which is tested, without reflection; what they do not know
// they leave to those.

// appendChange adds a change as JSON; ok is false where it is left to encoding/json.
func appendChange(b []byte, c *Change) (_ []byte, ok bool) {
	start, only := b, c.only()
	b = append(append(append(b, `{"`...), only...), `":`...)
	switch only {
	case "putEntity":
		b, ok = appendPutEntity(b, c.PutEntity)
	case "putSource":
		b, ok = appendPutSource(b, c.PutSource)
	case "assertLink":
		b, ok = appendLink(b, c.AssertLink), true
	}
	if !ok {
		return start, false
	}
	return append(b, '}'), true
}

// appendLink adds an AssertLink as JSON.
func appendLink(b []byte, c *AssertLink) []byte {
	o := object(b)
	o.optional("id", string(c.ID))
	o.text("kind", c.Kind)
	o.text("from", string(c.From))
	o.text("to", string(c.To))
	o.optional("role", c.Role)
	o.optional("summary", c.Summary)
	if c.Valid.Since != "" || c.Valid.Until != "" || c.Valid.Observed != nil {
		o.name("valid")
		v := object(o.b)
		v.optional("since", c.Valid.Since)
		v.optional("until", c.Valid.Until)
		texts(v, "observed", c.Valid.Observed)
		o.b = v.end()
	}
	o.optional("standing", c.Standing)
	o.optional("about", string(c.About))
	o.optional("clearance", c.Clearance)
	o.name("citations")
	if c.Citations == nil {
		o.b = append(o.b, "null"...)
		return o.end()
	}
	o.b = append(o.b, '[')
	for i := range c.Citations {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendNewCitation(o.b, &c.Citations[i])
	}
	o.b = append(o.b, ']')
	return o.end()
}

func appendNewCitation(b []byte, c *NewCitation) []byte {
	o := object(b)
	o.optional("id", string(c.ID))
	o.text("source", string(c.Source))
	o.optional("stance", c.Stance)
	o.optional("locator", c.Locator)
	o.quote(c.Quote)
	o.number("credibility", c.Credibility)
	if c.AssertedBy != nil {
		o.name("assertedBy")
		by := object(o.b)
		by.optional("words", c.AssertedBy.Words)
		by.optional("entity", string(c.AssertedBy.Entity))
		o.b = by.end()
	}
	o.optional("standingInSource", c.StandingInSource)
	o.optional("note", c.Note)
	o.optional("clearance", c.Clearance)
	return o.end()
}

// appendOutcome adds an outcome as JSON; ok is false where it is left to
// encoding/json.
func appendOutcome(b []byte, out *Outcome) (_ []byte, ok bool) {
	if out.Erasure != nil {
		return b, false
	}
	o := object(b)
	o.text("change", out.Change)
	o.optional("id", string(out.ID))
	if len(out.Effects) == 0 {
		return o.end(), true
	}
	o.name("effects")
	for i := range out.Effects {
		o.b = append(o.b, "[,"[min(i, 1)])
		e := &out.Effects[i]
		if e.Close != "" || e.Clearance != nil || e.Check != nil {
			return b, false
		}
		of := object(o.b)
		if e.Entity != nil {
			of.name("entity")
			if of.b, ok = appendEntity(of.b, e.Entity); !ok {
				return b, false
			}
		}
		if e.Source != nil {
			of.name("source")
			if of.b, ok = appendSource(of.b, e.Source); !ok {
				return b, false
			}
		}
		if e.Claim != nil {
			of.name("claim")
			of.b = appendClaim(of.b, e.Claim)
		}
		if e.Citation != nil {
			of.name("citation")
			of.b = appendCitation(of.b, e.Citation)
		}
		o.b = of.end()
	}
	o.b = append(o.b, ']')
	return o.end(), true
}

func appendClaim(b []byte, c *Claim) []byte {
	o := object(b)
	o.text("id", string(c.ID))
	o.name("of")
	o.b = strconv.AppendUint(o.b, uint64(c.Of), 10)
	o.text("kind", c.Kind)
	o.text("from", string(c.From))
	o.optional("to", string(c.To))
	o.optional("value", c.Value)
	o.optional("role", c.Role)
	o.optional("summary", c.Summary)
	o.optional("since", c.Since)
	o.optional("until", c.Until)
	texts(o, "observed", c.Observed)
	o.optional("about", string(c.About))
	o.name("standing")
	if c.Standing == nil {
		o.b = append(o.b, "null"...)
	} else {
		o.b = append(o.b, '[')
		for i := range c.Standing {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			s := object(o.b)
			s.name("standing")
			s.b = strconv.AppendUint(s.b, uint64(c.Standing[i].Standing), 10)
			s.optional("on", c.Standing[i].On)
			s.optional("citation", string(c.Standing[i].Citation))
			s.optional("note", c.Standing[i].Note)
			o.b = s.end()
		}
		o.b = append(o.b, ']')
	}
	if c.Accepted {
		o.name("accepted")
		o.b = append(o.b, "true"...)
	}
	o.number("clearance", int(c.Clearance))
	return o.end()
}

func appendCitation(b []byte, c *Citation) []byte {
	o := object(b)
	o.text("id", string(c.ID))
	o.text("claim", string(c.Claim))
	o.text("source", string(c.Source))
	o.number("stance", int(c.Stance))
	o.optional("locator", c.Locator)
	o.quote(c.Quote)
	o.number("credibility", int(c.Credibility))
	o.optional("asserterWords", c.AsserterWords)
	o.optional("asserterEntity", string(c.AsserterEntity))
	o.optional("standingInSource", c.StandingInSource)
	o.optional("note", c.Note)
	o.number("clearance", int(c.Clearance))
	return o.end()
}

// jsonObject is a JSON object that is being appended.
type jsonObject struct {
	b     []byte
	empty bool
}

func object(b []byte) *jsonObject { return &jsonObject{append(b, '{'), true} }

func (o *jsonObject) end() []byte { return append(o.b, '}') }

// name adds the name of a field, which needs no escaping.
func (o *jsonObject) name(name string) {
	if !o.empty {
		o.b = append(o.b, ',')
	}
	o.empty = false
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *jsonObject) text(name, s string) {
	o.name(name)
	o.b = appendJSONText(o.b, s)
}

func (o *jsonObject) optional(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

func (o *jsonObject) number(name string, n int) {
	if n != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, int64(n), 10)
	}
}

// texts adds a list of texts; nothing where there are none.
func texts[T ~string](o *jsonObject, name string, list []T) {
	for i, s := range list {
		if i == 0 {
			o.name(name)
		}
		o.b = appendJSONText(append(o.b, "[,"[min(i, 1)]), string(s))
	}
	if len(list) > 0 {
		o.b = append(o.b, ']')
	}
}

func (o *jsonObject) quote(q *Quote) {
	if q == nil {
		return
	}
	o.name("quote")
	of := object(o.b)
	of.text("exact", q.Exact)
	of.optional("prefix", q.Prefix)
	of.optional("suffix", q.Suffix)
	o.b = of.end()
}

// appendJSONText adds a string as encoding/json does, to which all are left that
// need anything escaped.
func appendJSONText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return appendJSON(b, s)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return appendJSON(b, s)
		}
		i += size
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendJSON(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic("evidence: a string cannot be written as JSON: " + err.Error()) // encoding/json has no such string
	}
	return append(b, text...)
}

// cborMap is a CBOR map of at most 23 pairs with small unsigned keys in rising
// order, which is being appended.
type cborMap struct {
	b  []byte
	at int // its first byte, which counts the pairs
}

func mapOf(b []byte) *cborMap { return &cborMap{append(b, 0xa0), len(b)} }

func (m *cborMap) key(k uint8) {
	m.b[m.at]++
	m.b = append(m.b, k)
}

func (m *cborMap) text(k uint8, s string) {
	m.key(k)
	m.b = appendCBORText(m.b, s)
}

func (m *cborMap) optional(k uint8, s string) {
	if s != "" {
		m.text(k, s)
	}
}

func (m *cborMap) number(k uint8, n uint64) {
	if n != 0 {
		m.key(k)
		m.b = appendCBORHead(m.b, 0, n)
	}
}

func (m *cborMap) yes(k uint8, is bool) {
	if is {
		m.key(k)
		m.b = append(m.b, 0xf5)
	}
}

// appendCBORHead adds the head of an item of a major type, in its shortest form.
func appendCBORHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return append(b, major|25, byte(n>>8), byte(n))
	case n < 1<<32:
		return append(b, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		return append(b, major|27, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

func appendCBORText(b []byte, s string) []byte {
	return append(appendCBORHead(b, 3, uint64(len(s))), s...)
}

func appendCBORBytes(b, data []byte) []byte {
	return append(appendCBORHead(b, 2, uint64(len(data))), data...)
}

// appendLeavesCBOR adds the leaves of a revision as they are stored; ok is false where
// they are left to the encoding, since an erasure has left something of one or all of
// one is gone.
func appendLeavesCBOR(b []byte, leaves []ledger.Leaf) (_ []byte, ok bool) {
	if leaves == nil {
		return b, false
	}
	b = appendCBORHead(b, 4, uint64(len(leaves)))
	for i := range leaves {
		l := &leaves[i]
		if l.Rest != nil || l.Erased || l.Content == nil {
			return b, false
		}
		b = appendCBORHead(b, 5, 4) // a map of four pairs, the shortest name first
		b = appendCBORBytes(appendCBORText(b, "Salt"), l.Salt[:])
		b = append(appendCBORText(b, "Erased"), 0xf4) // false
		b = appendCBORBytes(appendCBORText(b, "Content"), l.Content)
		b = appendCBORBytes(appendCBORText(b, "Commitment"), l.Commitment[:])
	}
	return b, true
}

// appendClaimCBOR adds a claim as it is stored.
func appendClaimCBOR(b []byte, c *Claim) []byte {
	m := mapOf(b)
	m.text(1, string(c.ID))
	m.key(2)
	m.b = appendCBORHead(m.b, 0, uint64(c.Of))
	m.text(3, c.Kind)
	m.text(4, string(c.From))
	m.optional(5, string(c.To))
	m.optional(6, c.Value)
	m.optional(7, c.Role)
	m.optional(8, c.Summary)
	m.optional(9, c.Since)
	m.optional(10, c.Until)
	textsCBOR(m, 11, c.Observed)
	m.optional(12, string(c.About))
	if c.Standing == nil {
		m.key(13)
		m.b = append(m.b, 0xf6) // null
	} else {
		m.list(13, len(c.Standing))
		for i := range c.Standing {
			s := mapOf(m.b)
			s.key(1)
			s.b = appendCBORHead(s.b, 0, uint64(c.Standing[i].Standing))
			s.optional(2, c.Standing[i].On)
			s.optional(3, string(c.Standing[i].Citation))
			s.optional(4, c.Standing[i].Note)
			m.b = s.b
		}
	}
	m.yes(14, c.Accepted)
	m.number(15, uint64(c.Clearance))
	return m.b
}

// appendCitationCBOR adds a citation as it is stored.
func appendCitationCBOR(b []byte, c *Citation) []byte {
	m := mapOf(b)
	m.text(1, string(c.ID))
	m.text(2, string(c.Claim))
	m.text(3, string(c.Source))
	m.number(4, uint64(c.Stance))
	m.optional(5, c.Locator)
	if c.Quote != nil {
		m.key(6)
		q := mapOf(m.b)
		q.text(1, c.Quote.Exact)
		q.optional(2, c.Quote.Prefix)
		q.optional(3, c.Quote.Suffix)
		m.b = q.b
	}
	m.number(7, uint64(c.Credibility))
	m.optional(8, c.AsserterWords)
	m.optional(9, string(c.AsserterEntity))
	m.optional(10, c.StandingInSource)
	m.optional(11, c.Note)
	m.number(12, uint64(c.Clearance))
	return m.b
}

// appendDerivedCBOR adds derived values as they are stored, but for those with a
// check.
func appendDerivedCBOR(b []byte, d *Derived) []byte {
	m := mapOf(b)
	m.number(1, uint64(d.Now))
	m.number(2, uint64(d.Visibility))
	m.optional(3, d.Key)
	if d.Levels != [Clearances]Level{} {
		m.list(4, len(d.Levels))
		for i := range d.Levels {
			l := mapOf(m.b)
			l.number(1, uint64(d.Levels[i].Standing))
			l.number(2, uint64(d.Levels[i].Strength))
			l.number(3, uint64(d.Levels[i].Lineages))
			l.number(4, uint64(d.Levels[i].Supports))
			l.number(5, uint64(d.Levels[i].Disputes))
			l.number(6, uint64(d.Levels[i].Mentions))
			m.b = l.b
		}
	}
	return m.b
}

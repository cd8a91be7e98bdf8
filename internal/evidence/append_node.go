package evidence

// Entities and sources are appended as claims and citations are; what few of them
// have, the coordinates of a place and the captures of a source, is left to the
// encodings.

// appendPutEntity adds a PutEntity as JSON; ok is false where it is left to
// encoding/json.
func appendPutEntity(b []byte, c *PutEntity) (_ []byte, ok bool) {
	if c.Names.Set || c.Point.Set {
		return b, false
	}
	o := object(b)
	o.optional("id", string(c.ID))
	o.given("kind", c.Kind)
	o.given("identity", c.Identity)
	o.given("name", c.Name)
	if c.Aliases.Set {
		o.name("aliases")
		if c.Aliases.Null || c.Aliases.Value == nil {
			o.b = append(o.b, "null"...)
		} else {
			o.b = append(o.b, '[')
			for i, alias := range c.Aliases.Value {
				if i > 0 {
					o.b = append(o.b, ',')
				}
				o.b = appendJSONText(o.b, alias)
			}
			o.b = append(o.b, ']')
		}
	}
	o.given("description", c.Description)
	o.given("country", c.Country)
	o.given("when", c.When)
	if c.Notes.Set {
		o.name("notes")
		if c.Notes.Null {
			o.b = append(o.b, "null"...)
		} else {
			o.b = appendNotes(o.b, c.Notes.Value)
		}
	}
	o.given("clearance", c.Clearance)
	return o.end(), true
}

// appendPutSource adds a PutSource as JSON; ok is false where it is left to
// encoding/json.
func appendPutSource(b []byte, c *PutSource) (_ []byte, ok bool) {
	if c.DerivedFrom.Set {
		return b, false
	}
	o := object(b)
	o.optional("id", string(c.ID))
	o.given("kind", c.Kind)
	o.given("title", c.Title)
	o.given("author", c.Author)
	o.given("publisher", c.Publisher)
	o.given("published", c.Published)
	o.given("url", c.URL)
	o.given("archive", c.Archive)
	o.given("language", c.Language)
	o.given("reliability", c.Reliability)
	o.given("clearance", c.Clearance)
	return o.end(), true
}

// given adds a field of an upsert.
func (o *jsonObject) given(name string, given Optional[string]) {
	switch {
	case !given.Set:
	case given.Null:
		o.name(name)
		o.b = append(o.b, "null"...)
	default:
		o.text(name, given.Value)
	}
}

func appendNotes(b []byte, notes []Note) []byte {
	if notes == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range notes {
		if i > 0 {
			b = append(b, ',')
		}
		n := object(b)
		n.text("key", notes[i].Key)
		n.text("value", notes[i].Value)
		b = n.end()
	}
	return append(b, ']')
}

// appendEntity adds an entity as JSON; ok is false where it is left to encoding/json.
func appendEntity(b []byte, e *Entity) (_ []byte, ok bool) {
	if e.Point != nil || e.Names == nil {
		return b, false
	}
	o := object(b)
	o.text("id", string(e.ID))
	o.text("kind", e.Kind)
	o.number("identity", int(e.Identity))
	o.name("names")
	o.b = append(o.b, '[')
	for i := range e.Names {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		name := &e.Names[i]
		n := object(o.b)
		n.text("text", name.Text)
		n.number("type", int(name.Type))
		n.optional("language", name.Language)
		n.number("clearance", int(name.Clearance))
		texts(n, "sources", name.Sources)
		o.b = n.end()
	}
	o.b = append(o.b, ']')
	o.optional("description", e.Description)
	o.optional("country", e.Country)
	o.optional("when", e.When)
	if len(e.Notes) > 0 {
		o.name("notes")
		o.b = appendNotes(o.b, e.Notes)
	}
	o.number("clearance", int(e.Clearance))
	return o.end(), true
}

// appendSource adds a source as JSON; ok is false where it is left to encoding/json.
func appendSource(b []byte, s *Source) (_ []byte, ok bool) {
	if len(s.Captures) > 0 {
		return b, false
	}
	o := object(b)
	o.text("id", string(s.ID))
	o.text("kind", s.Kind)
	o.text("title", s.Title)
	o.optional("author", s.Author)
	o.optional("publisher", s.Publisher)
	o.optional("published", s.Published)
	o.optional("url", s.URL)
	o.optional("archive", s.Archive)
	o.optional("language", s.Language)
	o.number("reliability", int(s.Reliability))
	texts(o, "derivedFrom", s.DerivedFrom)
	o.number("clearance", int(s.Clearance))
	return o.end(), true
}

// appendEntityCBOR adds an entity as it is stored; ok is false where it is left to the
// encoding.
func appendEntityCBOR(b []byte, e *Entity) (_ []byte, ok bool) {
	if e.Point != nil || e.Names == nil {
		return b, false
	}
	m := mapOf(b)
	m.text(1, string(e.ID))
	m.text(2, e.Kind)
	m.number(3, uint64(e.Identity))
	m.list(4, len(e.Names))
	for i := range e.Names {
		name := &e.Names[i]
		n := mapOf(m.b)
		n.text(1, name.Text)
		n.number(2, uint64(name.Type))
		n.optional(3, name.Language)
		n.number(4, uint64(name.Clearance))
		textsCBOR(n, 5, name.Sources)
		m.b = n.b
	}
	m.optional(5, e.Description)
	m.optional(6, e.Country)
	m.optional(7, e.When)
	if len(e.Notes) > 0 {
		m.list(9, len(e.Notes))
		for i := range e.Notes {
			n := mapOf(m.b)
			n.text(1, e.Notes[i].Key)
			n.text(2, e.Notes[i].Value)
			m.b = n.b
		}
	}
	m.number(10, uint64(e.Clearance))
	return m.b, true
}

// appendSourceCBOR adds a source as it is stored; ok is false where it is left to the
// encoding.
func appendSourceCBOR(b []byte, s *Source) (_ []byte, ok bool) {
	if len(s.Captures) > 0 {
		return b, false
	}
	m := mapOf(b)
	m.text(1, string(s.ID))
	m.text(2, s.Kind)
	m.text(3, s.Title)
	m.optional(4, s.Author)
	m.optional(5, s.Publisher)
	m.optional(6, s.Published)
	m.optional(7, s.URL)
	m.optional(8, s.Archive)
	m.optional(9, s.Language)
	m.number(10, uint64(s.Reliability))
	textsCBOR(m, 11, s.DerivedFrom)
	m.number(13, uint64(s.Clearance))
	return m.b, true
}

// list begins a list of so many items, which are to be appended.
func (m *cborMap) list(k uint8, n int) {
	m.key(k)
	m.b = appendCBORHead(m.b, 4, uint64(n))
}

// textsCBOR adds a list of texts; nothing where there are none.
func textsCBOR[T ~string](m *cborMap, k uint8, list []T) {
	if len(list) == 0 {
		return
	}
	m.list(k, len(list))
	for _, s := range list {
		m.b = appendCBORText(m.b, string(s))
	}
}

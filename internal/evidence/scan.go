package evidence

import "unicode/utf8"

// Records and their derived values are read by hand where they look as they are
// written. Whatever looks otherwise, and what few records have, is left to the
// library, which also says what is wrong with it.

// cborScan reads items one after another. Strings are parts of what it reads, so
// that a record takes one allocation for all of its own. Its zero values mean
// nothing once bad is set.
type cborScan struct {
	rest string
	bad  bool
}

// head reads the head of an item of a major type in its shortest form.
func (s *cborScan) head(major byte) uint64 {
	if s.bad || len(s.rest) == 0 || s.rest[0]>>5 != major {
		s.bad = true
		return 0
	}
	n := uint64(s.rest[0] & 0x1f)
	s.rest = s.rest[1:]
	if n < 24 {
		return n
	}
	size := 1 << (n - 24)
	if n > 27 || len(s.rest) < size {
		s.bad = true
		return 0
	}
	n = 0
	for i := range size {
		n = n<<8 | uint64(s.rest[i])
	}
	s.rest = s.rest[size:]
	if shortest := [...]uint64{1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[size]; n < shortest {
		s.bad = true
	}
	return n
}

// number reads an unsigned number of so many bits.
func (s *cborScan) number(bits int) uint64 {
	n := s.head(0)
	if n>>bits != 0 {
		s.bad = true
		return 0
	}
	return n
}

func (s *cborScan) text() string {
	n := s.head(3)
	if s.bad || n > uint64(len(s.rest)) {
		s.bad = true
		return ""
	}
	text := s.rest[:n]
	s.rest = s.rest[n:]
	if !utf8.ValidString(text) {
		s.bad = true
	}
	return text
}

func (s *cborScan) yes() bool {
	if s.bad || len(s.rest) == 0 || s.rest[0] != 0xf5 {
		s.bad = true
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// length reads the head of a list, whose items have a byte each at the least.
func (s *cborScan) length() int {
	n := s.head(4)
	if n > uint64(len(s.rest)) {
		s.bad = true
		return 0
	}
	return int(n) //nolint:gosec // no more than there are bytes
}

// list reads a list; value reads its item of a place.
func list[T any](s *cborScan, value func(*T)) []T {
	items := make([]T, s.length())
	for i := range items {
		value(&items[i])
	}
	return items
}

func (s *cborScan) id(to *ID) { *to = ID(s.text()) }

// pairs reads a map with small keys in rising order; value reads that of a key.
func (s *cborScan) pairs(value func(key uint64)) {
	n := s.head(5)
	for last := uint64(0); n > 0 && !s.bad; n-- {
		key := s.number(5)
		if key <= last {
			s.bad = true
			return
		}
		last = key
		value(key)
	}
}

// scanned says whether all was read and was as it is written.
func (s *cborScan) scanned() bool { return !s.bad && s.rest == "" }

// scanClaim reads what appendClaimCBOR has written.
func scanClaim(data []byte) (*Claim, bool) {
	c, s := new(Claim), cborScan{rest: string(data)}
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			c.ID = ID(s.text())
		case 2:
			c.Of = RecordType(s.number(8))
		case 3:
			c.Kind = s.text()
		case 4:
			c.From = ID(s.text())
		case 5:
			c.To = ID(s.text())
		case 6:
			c.Value = s.text()
		case 7:
			c.Role = s.text()
		case 8:
			c.Summary = s.text()
		case 9:
			c.Since = s.text()
		case 10:
			c.Until = s.text()
		case 11:
			c.Observed = list(&s, func(date *string) { *date = s.text() })
		case 12:
			c.About = ID(s.text())
		case 13:
			c.Standing = list(&s, s.standing)
		case 14:
			c.Accepted = s.yes()
		case 15:
			c.Clearance = Clearance(s.number(8))
		default:
			s.bad = true
		}
	})
	return c, s.scanned()
}

func (s *cborScan) standing(c *StandingChange) {
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			c.Standing = Standing(s.number(8))
		case 2:
			c.On = s.text()
		case 3:
			c.Citation = ID(s.text())
		case 4:
			c.Note = s.text()
		default:
			s.bad = true
		}
	})
}

// scanCitation reads what appendCitationCBOR has written.
func scanCitation(data []byte) (*Citation, bool) {
	c, s := new(Citation), cborScan{rest: string(data)}
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			c.ID = ID(s.text())
		case 2:
			c.Claim = ID(s.text())
		case 3:
			c.Source = ID(s.text())
		case 4:
			c.Stance = Stance(s.number(8))
		case 5:
			c.Locator = s.text()
		case 6:
			c.Quote = new(Quote)
			s.pairs(func(key uint64) {
				switch key {
				case 1:
					c.Quote.Exact = s.text()
				case 2:
					c.Quote.Prefix = s.text()
				case 3:
					c.Quote.Suffix = s.text()
				default:
					s.bad = true
				}
			})
		case 7:
			c.Credibility = Credibility(s.number(8))
		case 8:
			c.AsserterWords = s.text()
		case 9:
			c.AsserterEntity = ID(s.text())
		case 10:
			c.StandingInSource = s.text()
		case 11:
			c.Note = s.text()
		case 12:
			c.Clearance = Clearance(s.number(8))
		default:
			s.bad = true
		}
	})
	return c, s.scanned()
}

// scanEntity reads an entity as it is written, save one with a point.
func scanEntity(data []byte) (*Entity, bool) {
	e, s := new(Entity), cborScan{rest: string(data)}
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			e.ID = ID(s.text())
		case 2:
			e.Kind = s.text()
		case 3:
			e.Identity = Identity(s.number(8))
		case 4:
			e.Names = list(&s, s.name)
		case 5:
			e.Description = s.text()
		case 6:
			e.Country = s.text()
		case 7:
			e.When = s.text()
		case 9:
			e.Notes = list(&s, s.note)
		case 10:
			e.Clearance = Clearance(s.number(8))
		default:
			s.bad = true
		}
	})
	return e, s.scanned()
}

func (s *cborScan) name(n *Name) {
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			n.Text = s.text()
		case 2:
			n.Type = NameType(s.number(8))
		case 3:
			n.Language = s.text()
		case 4:
			n.Clearance = Clearance(s.number(8))
		case 5:
			n.Sources = list(s, s.id)
		default:
			s.bad = true
		}
	})
}

func (s *cborScan) note(n *Note) {
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			n.Key = s.text()
		case 2:
			n.Value = s.text()
		default:
			s.bad = true
		}
	})
}

// scanSource reads a source as it is written.
func scanSource(data []byte) (*Source, bool) {
	c, s := new(Source), cborScan{rest: string(data)}
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			c.ID = ID(s.text())
		case 2:
			c.Kind = s.text()
		case 3:
			c.Title = s.text()
		case 4:
			c.Author = s.text()
		case 5:
			c.Publisher = s.text()
		case 6:
			c.Published = s.text()
		case 7:
			c.URL = s.text()
		case 8:
			c.Archive = s.text()
		case 9:
			c.Language = s.text()
		case 10:
			c.Reliability = Reliability(s.number(8))
		case 11:
			c.DerivedFrom = list(&s, s.id)
		case 12:
			c.Captures = list(&s, s.capture)
		case 13:
			c.Clearance = Clearance(s.number(8))
		default:
			s.bad = true
		}
	})
	return c, s.scanned()
}

func (s *cborScan) capture(c *Capture) {
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			c.SHA256 = s.text()
		case 2:
			c.Length = int64(s.number(63)) //nolint:gosec // of so many bits
		case 3:
			c.MediaType = s.text()
		case 4:
			c.Captured = s.text()
		case 5:
			c.Text = s.text()
		default:
			s.bad = true
		}
	})
}

// scanDerived reads what appendDerivedCBOR has written.
func scanDerived(data []byte) (d Derived, ok bool) {
	s := cborScan{rest: string(data)}
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			d.Now = Clearance(s.number(8))
		case 2:
			d.Visibility = Clearance(s.number(8))
		case 3:
			d.Key = s.text()
		case 4:
			if s.length() != len(d.Levels) {
				s.bad = true
				return
			}
			for i := range d.Levels {
				s.level(&d.Levels[i])
			}
		default:
			s.bad = true
		}
	})
	return d, s.scanned()
}

func (s *cborScan) level(l *Level) {
	s.pairs(func(key uint64) {
		switch key {
		case 1:
			l.Standing = Standing(s.number(8))
		case 2:
			l.Strength = uint16(s.number(16)) //nolint:gosec // of so many bits
		case 3:
			l.Lineages = uint32(s.number(32)) //nolint:gosec // of so many bits
		case 4:
			l.Supports = uint32(s.number(32)) //nolint:gosec // of so many bits
		case 5:
			l.Disputes = uint32(s.number(32)) //nolint:gosec // of so many bits
		case 6:
			l.Mentions = uint32(s.number(32)) //nolint:gosec // of so many bits
		default:
			s.bad = true
		}
	})
}

package evidence

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence/ledger"
)

// barred are the hashes of what is not to be recorded again. What a version said is
// barred from who saw it, which both its clearance then and the record's last one must
// have allowed. It is barred as each of them saw it: neither what was hidden from them
// in it nor its absence is to show. Last gives the lowest clearance that last saw a
// record, and before the newest versions of those that are gone.
func (e *Eraser) barred(ctx context.Context, snap Snapshot, salt [16]byte, last func(ID) Clearance, before map[ID]*Record) ([]ledger.Hash, error) {
	references, err := e.references(ctx, snap)
	if err != nil {
		return nil, err
	}
	for id, r := range before {
		references[id] = r
	}
	hashes := map[ledger.Hash]bool{}
	for _, id := range e.erasing.Gone {
		hashes[bar(salt, last(id), idFingerprint(id))] = true
		versions, called := namesToday(e.said[id])
		for c := last(id); c <= Confidential; c++ {
			raised := RaisedNames(versions, c)
			for _, content := range e.said[id] {
				if content.OwnClearance() > c {
					continue
				}
				for _, rendition := range e.renditions(content, c, references, raised, called) {
					for _, p := range fingerprints(rendition) {
						hashes[bar(salt, c, p)] = true
					}
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(hashes), compareHashes), nil
}

// references are the newest versions of the records that stay and that what is gone
// named.
func (e *Eraser) references(ctx context.Context, snap Snapshot) (map[ID]*Record, error) {
	named := map[ID]bool{}
	for _, said := range e.said {
		for _, content := range said {
			_, _ = Redact(content, func(id ID) bool {
				named[id] = named[id] || !e.isGone(id)
				return false
			})
		}
	}
	maps.DeleteFunc(named, func(_ ID, stays bool) bool { return !stays })
	return snap.Newest(ctx, sortedKeys(named), Open)
}

// namesToday are the versions of a record, by which names were raised, and the name by
// which an entity is called today, by all that was said of it.
func namesToday(said []Content) (versions []*Record, called Name) {
	versions = make([]*Record, len(said))
	for i, content := range said {
		versions[i] = &Record{Content: content}
		if e, ok := content.(*Entity); ok {
			called = e.Names[0]
		}
	}
	return versions, called
}

// renditions are a version as a clearance read it: with all that it named which they
// saw, and with that alone which they can still name. To who is cleared for everything
// nothing is hidden.
func (e *Eraser) renditions(content Content, c Clearance, references map[ID]*Record, raised map[string]bool, called Name) []Content {
	if old, ok := content.(*Entity); ok {
		kept, _ := old.KeptSecret(raised, called, c)
		content = named(kept, c)
	}
	saw, _ := Redact(content, func(id ID) bool {
		r := references[id]
		return c < Confidential && (r == nil || lastSeen(r) > c)
	})
	names, _ := Redact(saw, func(id ID) bool {
		r := references[id]
		return r == nil || !r.IsOpen() || r.Derived.Visibility > c || e.isGone(id)
	})
	return []Content{saw, names}
}

// fingerprints are what tells a content again that is offered for a second time:
// the whole of it but its id and clearance, and beside it the address of a
// source and the hashes of its captures.
func fingerprints(content Content) []string {
	add := func(c Content) string {
		b, err := EncodeContent(c)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("content %d %s", c.Type(), b)
	}
	switch old := content.(type) {
	case *Entity:
		e := *old
		e.ID, e.Clearance = "", Public
		return []string{add(&e)}
	case *Source:
		s := *old
		s.ID, s.Clearance, s.Captures = "", Public, nil
		prints := []string{add(&s)}
		if s.URL != "" {
			prints = append(prints, "url "+s.URL)
		}
		for _, c := range old.Captures {
			prints = append(prints, capturePrint+c.SHA256)
		}
		return prints
	case *Claim:
		c := *old
		c.ID, c.Clearance, c.Standing, c.Accepted = "", Public, old.Standing[:min(1, len(old.Standing))], false
		return []string{add(&c)}
	case *Citation:
		c := *old
		c.ID, c.Clearance = "", Public
		return []string{add(&c)}
	}
	return nil
}

// capturePrint begins the fingerprint of a capture.
const capturePrint = "capture "

func idFingerprint(id ID) string { return "id " + string(id) }

// bar is the hash under which an erasure remembers a fingerprint of what a
// clearance saw.
func bar(salt [16]byte, seen Clearance, fingerprint string) ledger.Hash {
	m := hmac.New(sha256.New, salt[:])
	_, _ = m.Write([]byte("vinculo/barred/2\x00" + seen.String() + "\x00" + fingerprint)) // a hash never fails
	return ledger.Hash(m.Sum(nil))
}

// bars says whether the erasure keeps authors of a clearance from recording a
// fingerprint.
func (e *Erasure) bars(author Clearance, fingerprint string) bool {
	for c := range author + 1 {
		if _, found := slices.BinarySearchFunc(e.Barred, bar(e.Salt, c, fingerprint), compareHashes); found {
			return true
		}
	}
	return false
}

// barred gives a fingerprint that the erasure keeps authors of a clearance from
// recording in a record that is to say next. What it said before, it may go on to say;
// before is nil where there was none.
func (e *Erasure) barred(author Clearance, next, before Content) (fingerprint string, is bool) {
	var prints, said []string
	if before == nil {
		prints = append(prints, idFingerprint(next.RecordID()))
	} else {
		said = fingerprints(before)
	}
	for _, p := range append(prints, fingerprints(next)...) {
		if !slices.Contains(said, p) && e.bars(author, p) {
			return p, true
		}
	}
	return "", false
}

// Bars says whether somebody cleared for everything would be kept from recording next
// in a record that said before; nil where there was none.
func (e *Erasure) Bars(next, before Content) bool {
	_, is := e.barred(Confidential, next, before)
	return is
}

func compareHashes(a, b ledger.Hash) int { return slices.Compare(a[:], b[:]) }

// inSight is what a record is to say, and what it says now, as its author reads it:
// they are answered as if what is hidden from them in it were not there. Before is nil
// where the record is new.
func (w *workspace) inSight(s *slot) (next, before Content, err error) {
	if next, err = w.asRead(s.content); err == nil && s.base != nil {
		before, err = w.asRead(s.base.Content)
	}
	c := w.author.Clearance
	return named(next, c), named(before, c), err
}

// named is content with those of its names alone that a clearance sees.
func named(content Content, c Clearance) Content {
	e, ok := content.(*Entity)
	if !ok {
		return content
	}
	kept := *e
	kept.Names = e.VisibleNames(c)
	return &kept
}

// erasures are the tombstones of the graph. What is asked of them is asked of many
// records, and they can be as large as the log: they are read once.
func (w *workspace) erasures() ([]tombstone, error) {
	if w.tombstones == nil {
		found, err := tombstones(w.ctx, w.snap)
		if err != nil {
			return nil, err
		}
		w.tombstones = &found
	}
	return *w.tombstones, nil
}

// checkBarred faults what a change set would record and an erasure forbids. Who
// could not see what was erased does not come upon it: they write what they know
// from elsewhere. What a record said already, open or closed, it may go on to say:
// the erasure left it, and it may be one that the author does not see.
func (w *workspace) checkBarred(changes []Change) error {
	erasures, err := w.erasures()
	if err != nil {
		return err
	}
	for _, erasure := range erasures {
		meta, err := erasure.rev.Meta()
		if err != nil {
			return err
		}
		for _, s := range w.touched {
			if !s.open || !s.differs() || s.base != nil && !s.rewritten() {
				continue
			}
			next, before, err := w.inSight(s)
			if err != nil {
				return err
			}
			fingerprint, barred := erasure.barred(w.author.Clearance, next, before)
			if !barred {
				continue
			}
			what := strconv.Quote(string(s.id))
			if sha, ok := strings.CutPrefix(fingerprint, capturePrint); ok {
				what = "the document " + sha // whatever source had it, it need not be this one
			}
			w.index = s.index
			w.fault(Forbidden, changes[s.index].citationPath(s.id), "%s was erased on %s on the ground %q and is not recorded again; ask an administrator", what, erasure.rev.Header.Time.Format("2006-01-02"), meta.Reason)
		}
	}
	return nil
}

// citationPath is the path of the citation that the change makes under an id; ""
// where it makes none.
func (c *Change) citationPath(id ID) string {
	at, made := "", []NewCitation(nil)
	switch {
	case c.Cite != nil && c.Cite.Citation.ID == id:
		return "cite.citation"
	case c.AssertLink != nil:
		at, made = "assertLink", c.AssertLink.Citations
	case c.AssertStatement != nil:
		at, made = "assertStatement", c.AssertStatement.Citations
	}
	i := slices.IndexFunc(made, func(n NewCitation) bool { return n.ID == id })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s.citations[%d]", at, i)
}

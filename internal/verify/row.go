package verify

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// cursor looks at the rows of one store one at a time.
type cursor struct {
	pull      func() (store.Row, error, bool)
	row       *store.Row
	err       error
	last      *store.Row // taken last
	unordered bool       // the row taken last does not come after the one before
}

func newCursor(rows iter.Seq2[store.Row, error]) (*cursor, func()) {
	pull, stop := iter.Pull2(rows)
	return &cursor{pull: pull}, stop
}

// peek is the row that comes next; nil at the end.
func (c *cursor) peek() (*store.Row, error) {
	if c.row == nil && c.err == nil {
		row, err, ok := c.pull()
		switch {
		case ok && err != nil:
			c.err = err
		case ok:
			c.row = &row
		}
	}
	return c.row, c.err
}

// next takes the row that peek gave.
func (c *cursor) next() {
	c.unordered = c.last != nil && compareRows(c.last, c.row) >= 0
	c.last, c.row = c.row, nil
}

// compareRows orders rows as Scan does; no row comes after every row.
func compareRows(a, b *store.Row) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
}

func after(r *store.Row) string {
	if r == nil {
		return ""
	}
	return " after " + name(r)
}

// name is what a row is of, in words.
func name(r *store.Row) string {
	switch r.Kind {
	case store.CounterRow:
		return fmt.Sprintf("the counter %q", r.Key)
	case store.DerivedRow:
		if id, from, former := strings.Cut(r.Key, " "); former {
			return fmt.Sprintf("what was derived for record %q, as revision %s wrote it,", id, number(from))
		}
		return fmt.Sprintf("what is derived for record %q", r.Key)
	case store.RevisionRow:
		return "revision " + number(r.Key)
	case store.TokenRow:
		token, entity, _ := strings.Cut(r.Key, " ")
		return fmt.Sprintf("the search word %q of entity %q", token, entity)
	case store.VersionRow:
		id, from, _ := strings.Cut(r.Key, " ")
		return fmt.Sprintf("record %q, as revision %s wrote it", id, number(from))
	default:
		return fmt.Sprintf("%s %q", r.Kind, r.Key)
	}
}

// number writes a padded sequence as people do.
func number(padded string) string {
	if n, err := strconv.ParseUint(padded, 10, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return strconv.Quote(padded)
}

// difference says in what the stored row differs from the wanted one; "" where
// it does not. Where the chain is broken, the replayed revisions carry hashes of
// their own; what the chain covers was told before.
func difference(stored, wanted *store.Row, broken bool) string {
	if bytes.Equal(stored.Value, wanted.Value) {
		return ""
	}
	switch stored.Kind {
	case store.RevisionRow:
		return differentRevision(stored.Value, wanted.Value, broken)
	case store.VersionRow:
		return differentVersion(stored.Value, wanted.Value)
	case store.DerivedRow:
		return differentFields(derivedFields(stored.Value), derivedFields(wanted.Value))
	default:
		return fmt.Sprintf("it is %q and should be %q", stored.Value, wanted.Value)
	}
}

func differentRevision(stored, wanted []byte, broken bool) string {
	var s, w evidence.Revision
	if err := json.Unmarshal(stored, &s); err != nil {
		return fmt.Sprintf("it does not read: %v", err)
	}
	if err := json.Unmarshal(wanted, &w); err != nil {
		return fmt.Sprintf("by the log it does not read: %v", err)
	}
	var parts []string
	add := func(what string, same bool, s, w any) {
		if !same {
			parts = append(parts, fmt.Sprintf("%s: %v, and should be %v", what, s, w))
		}
	}
	add("its numbers at each clearance", s.Numbers == w.Numbers, s.Numbers, w.Numbers)
	add("the newest numbers at each clearance", s.Latest == w.Latest, s.Latest, w.Latest)
	add("the key it is found by again", s.Key == w.Key, strconv.Quote(s.Key), strconv.Quote(w.Key))
	if !broken {
		add("its hash", s.Hash == w.Hash, s.Hash, w.Hash)
		add("its time", s.Header.Time.Equal(w.Header.Time), s.Header.Time, w.Header.Time)
		if len(parts) == 0 {
			parts = append(parts, "its header or payload")
		}
	}
	return strings.Join(parts, "; ")
}

func differentVersion(stored, wanted []byte) string {
	s, err := versionFields(stored)
	if err != nil {
		return fmt.Sprintf("it does not read: %v", err)
	}
	w, err := versionFields(wanted)
	if err != nil {
		return fmt.Sprintf("by the log it does not read: %v", err)
	}
	return differentFields(s, w)
}

// versionFields reads the value of a VersionRow.
func versionFields(value []byte) (map[string]string, error) {
	kind, rest, _ := bytes.Cut(value, []byte(" "))
	to, content, ok := bytes.Cut(rest, []byte(" "))
	t, err := strconv.ParseUint(string(kind), 10, 8)
	if !ok || err != nil {
		return nil, fmt.Errorf("%.60q is not a record", value)
	}
	c, err := evidence.DecodeContent(evidence.RecordType(t), content)
	if err != nil {
		return nil, err
	}
	fields := jsonFields(c)
	fields["type"] = evidence.RecordType(t).String()
	fields["replaced or closed by revision"] = string(to)
	if string(to) == strconv.FormatUint(uint64(evidence.Open), 10) {
		fields["replaced or closed by revision"] = "none"
	}
	return fields, nil
}

func derivedFields(value []byte) map[string]string {
	d, err := evidence.DecodeDerived(value)
	if err != nil {
		return map[string]string{"the whole": fmt.Sprintf("bytes that do not read (%v)", err)}
	}
	return jsonFields(&d)
}

func jsonFields(v any) map[string]string {
	fields := map[string]string{}
	text, err := json.Marshal(v)
	if err != nil {
		return map[string]string{"the whole": err.Error()}
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return map[string]string{"the whole": string(text)}
	}
	for key, value := range raw {
		fields[key] = string(value)
	}
	return fields
}

// differentFields names the fields that differ, with both values.
func differentFields(stored, wanted map[string]string) string {
	var parts []string
	all := maps.Clone(stored)
	maps.Copy(all, wanted)
	for _, field := range slices.Sorted(maps.Keys(all)) {
		s, isStored := stored[field]
		w, isWanted := wanted[field]
		switch {
		case s == w && isStored == isWanted:
		case !isStored:
			parts = append(parts, fmt.Sprintf("%s is missing and should be %s", field, short(w)))
		case !isWanted:
			parts = append(parts, fmt.Sprintf("%s is %s and should not be there", field, short(s)))
		default:
			parts = append(parts, fmt.Sprintf("%s is %s and should be %s", field, short(s), short(w)))
		}
	}
	if len(parts) == 0 {
		return "it says the same in other bytes"
	}
	return strings.Join(parts, "; ")
}

// short keeps a value readable in one line.
func short(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

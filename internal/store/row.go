package store

import (
	"encoding/json"
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
)

// RowKind says what sort of thing a row of Scan is.
type RowKind string

// The kinds of row, in the order in which Scan yields them.
const (
	CounterRow  RowKind = "counter"
	DerivedRow  RowKind = "derived"
	RevisionRow RowKind = "revision"
	TokenRow    RowKind = "token"
	VersionRow  RowKind = "version"
	// WholeRow is of the store as a whole and has nothing but a Fault.
	WholeRow RowKind = "whole"
)

// Row is one stored thing in a form that is the same in every store.
type Row struct {
	Kind  RowKind
	Key   string // unique in its kind; rows come in the order of its bytes
	Value []byte
	// Fault says what is wrong with the thing inside its own store, such as a
	// readable property that no longer says what the record says.
	Fault string
}

// CounterToRow is the row of a counter that is not 0.
func CounterToRow(k evidence.CounterKey, n int) Row {
	key := fmt.Sprintf("%s %d %d %s %d", k.Of, k.Type, k.Direction, k.Kind, k.Visibility)
	return Row{Kind: CounterRow, Key: key, Value: fmt.Appendf(nil, "%d", n)}
}

// DerivedToRow is the row of what is derived for the newest version of an id, as it
// is stored.
func DerivedToRow(id evidence.ID, derived []byte) Row {
	return Row{Kind: DerivedRow, Key: string(id), Value: derived}
}

// FormerToRow is the row of what was derived for a version that was replaced. Of what is
// stored it takes only the order key, by which the past finds and orders the version. The
// rest is judged anew when the past is read, and an erasure may change how. What does not
// decode is given as it is stored.
func FormerToRow(id evidence.ID, from evidence.Sequence, derived []byte) Row {
	row := Row{Kind: DerivedRow, Key: versionKey(id, from), Value: derived}
	if d, err := evidence.DecodeDerived(derived); err == nil {
		row.Value = []byte(d.Key)
	}
	return row
}

func versionKey(id evidence.ID, from evidence.Sequence) string {
	return string(id) + " " + RevisionKey(from)
}

// RevisionToRow is the row of a revision with its leaves.
func RevisionToRow(r *evidence.Revision) (Row, error) {
	value, err := json.Marshal(r)
	return Row{Kind: RevisionRow, Key: RevisionKey(r.Sequence()), Value: value}, err
}

// RevisionKey is the key of the row of a revision.
func RevisionKey(sequence evidence.Sequence) string { return fmt.Sprintf("%020d", sequence) }

// TokenToRow is the row of a search token, standing in the present.
func TokenToRow(entity evidence.ID, t evidence.Token) Row {
	return Row{Kind: TokenRow, Key: t.Text + " " + string(entity), Value: fmt.Appendf(nil, "%d %t", t.Visibility, t.Placeholder)}
}

// VersionToRow is the row of one version, with its content as it is stored.
func VersionToRow(id evidence.ID, t evidence.RecordType, from, to evidence.Sequence, content []byte) Row {
	value := append(fmt.Appendf(nil, "%d %d ", t, to), content...)
	return Row{Kind: VersionRow, Key: versionKey(id, from), Value: value}
}

package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"slices"
)

// touchAudit compares the lists of the records that revisions changed, by which
// caches follow what other processes write, with what records say of it.
type touchAudit struct {
	last     map[int64]int64 // the last revision that changed a record, by its lists
	erasures map[int64]bool  // the revisions of which the list does not say what they changed
	unlisted []string        // faults of the lists themselves
}

func (a *touchAudit) readTouched(ctx context.Context, g *graph) error {
	a.last, a.erasures = map[int64]int64{}, map[int64]bool{}
	return g.conn.query(ctx, "SELECT seq, touched FROM revision ORDER BY seq", nil, func(r row) error {
		nums, err := unpackNums(r.bytes(1))
		if err != nil || !bytes.Equal(packNums(slices.Clone(nums)), r.bytes(1)) {
			a.unlisted = append(a.unlisted, fmt.Sprintf("the list of the records that revision %d changed is not as it was written", r.int(0)))
		}
		for _, num := range nums {
			if num == everything {
				a.erasures[r.int(0)] = true
				continue
			}
			a.last[num] = r.int(0)
		}
		return nil
	})
}

// touched says what is wrong with the revision that changed a record last, by the
// record's own row.
func (a *touchAudit) touched(num, changed int64) string {
	listed := a.last[num]
	delete(a.last, num)
	if changed != listed && (!a.erasures[changed] || changed < listed) {
		return fmt.Sprintf("it says that revision %d changed it last, and the lists of revisions say %d", changed, listed)
	}
	return ""
}

// strange says, when all records were looked at, what the lists have beside them.
// What was erased stays in those of before.
func (a *touchAudit) strange() []string {
	if len(a.last) > 0 && len(a.erasures) == 0 {
		return append(a.unlisted, fmt.Sprintf("the lists of revisions name %d records that are not there", len(a.last)))
	}
	return a.unlisted
}

package neo4j

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/store"
)

// keptPages are pages that were answered and still hold. Of a page that is kept only
// the head of the log is asked for, and where that is what it was, it is answered as
// it is kept: as true as if it had been read, and for one round trip, too, but for a
// small part of the work.
//
// Neo4j applies a transaction piece by piece, and who reads meanwhile may see the
// new head and not yet all that came with it. Such a page is right for a moment
// and must not be kept. So none is kept until the head is known to be settled:
// whoever holds its lock after a writer finds all of what that one wrote.
type keptPages struct {
	mu       sync.Mutex
	head     string // hash of the revision that all pages are of
	settled  bool   // head was complete when it was last looked at
	settling bool   // somebody is looking
	pages    *simplelru.LRU[string, keptPage]
	bytes    int // that the pages take
	most     int // that they may take
	erasures int // so far
}

type keptPage struct {
	*store.Prefetched
	size int // bytes
}

func newKeptPages(bytes int) (*keptPages, error) {
	k := &keptPages{most: bytes}
	var err error
	// It is bytes that are limited; there are fewer pages than these.
	k.pages, err = simplelru.NewLRU(bytes, func(_ string, p keptPage) { k.bytes -= p.size })
	return k, err
}

// wanted is a page that is about to be asked for.
type wanted struct {
	key      string
	kept     *store.Prefetched // nil: none
	head     string            // hash of the settled head that kept is of, and that the answer may be kept of; "": none
	erasures int
}

// want begins to ask for a page.
func (k *keptPages) want(p store.Prefetch, c evidence.Clearance) (w wanted, err error) {
	key, err := json.Marshal(struct {
		Asked     store.Prefetch
		Clearance evidence.Clearance
	}{p, c})
	k.mu.Lock()
	defer k.mu.Unlock()
	w.key, w.erasures = string(key), k.erasures
	if k.settled {
		w.head = k.head
		page, _ := k.pages.Get(w.key)
		w.kept = page.Prefetched
	}
	return w, err
}

// put takes what was answered, of a head, and says whether somebody should find out
// whether that is settled.
func (k *keptPages) put(w wanted, head string, p keptPage) (settle bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p.size += len(w.key)
	switch {
	case w.erasures != k.erasures: // it may have what was to be destroyed
	case head != k.head:
		k.reset(head)
	case !k.settled:
		settle, k.settling = !k.settling, true
	case w.head == head && p.size <= k.most: // else it was asked for too early to be kept
		k.pages.Remove(w.key)
		for k.bytes+p.size > k.most {
			k.pages.RemoveOldest()
		}
		k.pages.Add(w.key, p)
		k.bytes += p.size
	}
	return settle
}

func (k *keptPages) reset(head string) {
	k.pages.Purge()
	k.head, k.settled = head, false
}

// erase forgets all pages, and what is being asked for.
func (k *keptPages) erase() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.erasures++
	k.reset("")
}

// settle takes note of the head that was found complete; "" for none.
func (k *keptPages) settle(head string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settling = false
	k.settled = head != "" && head == k.head
}

// settleWithin is how long it waits for a writer.
const settleWithin = time.Minute

// settle finds out that the newest revision is complete, by waiting for the lock of
// who wrote it. The bookmark of that transaction has all later reads wait for it,
// whichever server they are routed to. Where it fails, no page is kept.
func (s *Store) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	head, locked := "", false
	err := s.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		snap, err := s.lock(ctx, tx)
		if err == nil {
			head = snap.head.Hash.String()
		}
		return err
	}, &locked)
	if err != nil {
		head = ""
		s.options.Logger.Debug().Err(err).Msg("pages are not kept: the head of the log cannot be locked")
	}
	s.kept.settle(head)
}

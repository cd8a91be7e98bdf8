package neo4j

import (
	"context"
	"errors"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// beacon is a transaction that does nothing but show that whoever began it is there:
// it stands in the server's list with a mark, and goes when the connection does.
type beacon struct {
	session driver.SessionWithContext
	tx      driver.ExplicitTransaction
}

func (s *Store) light(ctx context.Context, mark string, configurers ...func(*driver.TransactionConfig)) (*beacon, error) {
	b := &beacon{session: s.session(ctx)}
	err := b.begin(ctx, append(configurers, driver.WithTxMetadata(map[string]any{"mark": mark})))
	if err != nil {
		return nil, errors.Join(err, b.out(ctx))
	}
	return b, nil
}

func (b *beacon) begin(ctx context.Context, configurers []func(*driver.TransactionConfig)) (err error) {
	if b.tx, err = b.session.BeginTransaction(ctx, configurers...); err != nil {
		return err
	}
	// The beginning may be sent together with what follows it.
	result, err := b.tx.Run(ctx, "RETURN 1", nil)
	if err != nil {
		return err
	}
	_, err = result.Consume(ctx)
	return err
}

// outWithin bounds how long it takes to put a beacon out. Where that fails, the
// connection is lost, with which the beacon goes out.
const outWithin = 5 * time.Second

func (b *beacon) out(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outWithin)
	defer cancel()
	if b.tx != nil {
		err = b.tx.Close(ctx)
	}
	return errors.Join(err, b.session.Close(ctx))
}

// lit gives the names of the databases in which a beacon with a mark is lit: of one, or
// none. Of a cluster it asks the server that a beacon is lit at.
func (s *Store) lit(ctx context.Context, mark string) (databases []string, err error) {
	err = s.inTransaction(ctx, func(ctx context.Context, tx driver.ManagedTransaction) error {
		rows, err := send(ctx, tx, marked, row{"mark": mark})
		databases = nil
		for _, one := range rows {
			databases = append(databases, textOf(one, "database"))
		}
		return err
	}, new(bool))
	return databases, s.fault(ctx, marked.name, err)
}

// leaseLasts is how long a server may take to find out by itself that whoever holds a
// lease is gone. It sees at once that a program ended, and not that a machine did, or
// the network.
const leaseLasts = time.Minute

// lease keeps a beacon lit for as long as what its mark names goes on.
type lease struct {
	end   context.CancelFunc
	ended chan struct{}
}

// lease begins a lease of which each beacon lasts for so long.
func (s *Store) lease(ctx context.Context, mark string, lasts time.Duration) (*lease, error) {
	ctx, done, err := s.life.begin(ctx)
	if err != nil {
		return nil, err
	}
	first, err := s.light(ctx, mark, driver.WithTxTimeout(lasts))
	if err != nil {
		done()
		return nil, err
	}
	l := &lease{ended: make(chan struct{})}
	ctx, l.end = context.WithCancel(ctx)
	go func() {
		defer close(l.ended)
		defer done()
		s.keepLit(ctx, first, mark, lasts)
	}()
	return l, nil
}

// keepLit lights the next beacon long before one goes out.
func (s *Store) keepLit(ctx context.Context, now *beacon, mark string, lasts time.Duration) {
	out := func() {
		if err := now.out(ctx); err != nil {
			s.options.Logger.Debug().Err(err).Msg("ending a transaction that showed that a load goes on")
		}
	}
	renew := time.NewTicker(lasts / 6)
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			out()
			return
		case <-renew.C:
		}
		next, err := s.light(ctx, mark, driver.WithTxTimeout(lasts))
		if err != nil {
			s.options.Logger.Debug().Err(err).Msg("showing that a load goes on; trying again")
			continue
		}
		out()
		now = next
	}
}

// release ends a lease; one that was never begun, too.
func (l *lease) release() {
	if l == nil {
		return
	}
	l.end()
	<-l.ended
}

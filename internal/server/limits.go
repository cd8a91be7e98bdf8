package server

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/vinculo/vinculo/internal/access"
)

// Limits bounds what one request may ask and what all requests together may hold. In each field zero
// stands for the value of [DefaultLimits]. The tags name the flags of the command line.
//
// Some defaults are wider than those that are usual for GraphQL, on purpose: the answer to one card
// with its links, citations and who asserts them is nine levels deep and prices at about 3,500, and
// a visualisation fetches some dozens of nodes by alias.
type Limits struct {
	// Depth is how many fields may lie inside each other, fragments and introspection included. The
	// introspection query that graphql-js makes is 15 deep.
	Depth int `help:"How deep a query may nest." default:"15"`
	// Complexity is the price of an operation: one for each field, and what lies inside a list as
	// often as the list's first or last says.
	Complexity int `help:"What a query may cost: one for each field of each row asked for." default:"50000"`
	// AnonymousComplexity is the same for those who read without saying who they are.
	AnonymousComplexity int `help:"What a query of an anonymous reader may cost." default:"15000"`
	// Aliases is how many fields of an operation may be renamed.
	Aliases int `help:"How many aliases a query may use." default:"60"`
	// Directives is how many directives an operation may use.
	Directives int `help:"How many directives a query may use." default:"50"`
	// Tokens is how many words and signs a document may have. Validation takes time in the square of
	// it, so it is counted before validation.
	Tokens int `help:"How many words and signs a query may have." default:"2000"`
	// QueryBytes is the length of a document in bytes, comments included. The caches of documents
	// hold at most a thousand of that size.
	QueryBytes int `help:"How long the text of a query may be, in bytes." default:"65536"`
	// BodyBytes is the length of a request's body, or of one message on a websocket, in bytes.
	BodyBytes int64 `help:"How large the body of a request may be, in bytes." default:"4194304"`
	// AnonymousBodyBytes is the same for those who read without saying who they are.
	AnonymousBodyBytes int64 `help:"How large the body of a request of an anonymous reader may be, in bytes." default:"131072"`
	// Values is how many values, lists and objects among them, the variables of a request may have as
	// JSON. Read, small ones take a hundred times the bytes that were sent.
	Values int `help:"How many values the variables of a request may have, lists and objects among them." default:"250000"`
	// AnonymousValues is the same for those who read without saying who they are.
	AnonymousValues int `help:"How many values the variables of an anonymous reader may have." default:"10000"`
	// AnswerBytes is how large an answer may be, or one event of a subscription. Each object in it counts
	// for some more than is written of it, since an answer is put together before it is written.
	AnswerBytes int64 `help:"How large an answer may be, in bytes." default:"16777216"`
	// AnonymousAnswerBytes is the same for those who read without saying who they are.
	AnonymousAnswerBytes int64 `help:"How large an answer to an anonymous reader may be, in bytes." default:"4194304"`
	// PageSize is the largest first or last of a connection. The schema has a limit of its own, which
	// this one can only make smaller.
	PageSize int `help:"How many rows one page of a list may have, 25 to 200." default:"200"`

	// RequestTime is how long a query or mutation may run.
	RequestTime time.Duration `help:"How long a query or mutation may run." default:"30s"`
	// HeaderTime is how long a client may take to send the headers of a request.
	HeaderTime time.Duration `help:"How long a client may take to send its headers." default:"5s"`
	// BodyTime is how long a client may take to send the body of a request.
	BodyTime time.Duration `help:"How long a client may take to send its body." default:"30s"`
	// WriteTime is how long a client may take to read an answer, or one event of a subscription.
	WriteTime time.Duration `help:"How long a client may take to read an answer." default:"30s"`
	// IdleTime is how long a connection is kept between two requests.
	IdleTime time.Duration `help:"How long an idle connection is kept." default:"2m"`

	// Concurrent is how many operations run at the same moment.
	Concurrent int `help:"How many queries and mutations run at the same moment." default:"64"`
	// QueueTime is how long an operation waits for its turn before it is refused.
	QueueTime time.Duration `help:"How long a query waits for its turn before it is refused." default:"2s"`
	// Connections is how many websockets and event streams are open at the same moment.
	Connections int `help:"How many websockets and event streams are open at the same moment." default:"1000"`
	// AnonymousConnections is how many websockets, event streams and captures are open at the same
	// moment for those at one address who have not said who they are.
	AnonymousConnections int `help:"How many websockets, event streams and captures one address may have open without a token." default:"50"`
	// Arrivals is how many websockets are open at the same moment that wait for connection_init. They
	// take no place of Connections.
	Arrivals int `help:"How many websockets are open at the same moment that have not introduced themselves." default:"500"`
	// AddressArrivals is how many of these one address may have.
	AddressArrivals int `help:"How many of these one address may have." default:"50"`
	// Downloads is how many captures are sent at the same moment.
	Downloads int `help:"How many captures are sent at the same moment." default:"200"`
	// Subscriptions is how many operations one websocket carries at the same moment.
	Subscriptions int `help:"How many subscriptions one websocket carries." default:"50"`
	// InitTime is how long a websocket may stay open without connection_init.
	InitTime time.Duration `help:"How long a websocket may wait before it introduces itself." default:"5s"`
	// KeepAlive is the time between two signs of life on a websocket or an event stream. A websocket
	// that does not answer one before the next is closed.
	KeepAlive time.Duration `help:"How often open websockets and event streams are asked whether they are alive." default:"15s"`
	// DrainTime is how long requests that run when the server is stopped may go on.
	DrainTime time.Duration `help:"How long running requests may go on when the server is stopped." default:"10s"`
}

// DefaultLimits are the limits of a server that is told nothing else.
func DefaultLimits() Limits {
	return Limits{
		Depth:               15,
		Complexity:          50_000,
		AnonymousComplexity: 15_000,
		Aliases:             60,
		Directives:          50,
		Tokens:              2_000,
		QueryBytes:          64 << 10,
		BodyBytes:           4 << 20,
		AnonymousBodyBytes:  128 << 10,
		Values:              250_000,
		AnonymousValues:     10_000,
		PageSize:            200,

		AnswerBytes:          16 << 20,
		AnonymousAnswerBytes: 4 << 20,

		RequestTime: 30 * time.Second,
		HeaderTime:  5 * time.Second,
		BodyTime:    30 * time.Second,
		WriteTime:   30 * time.Second,
		IdleTime:    2 * time.Minute,

		Concurrent: 64,
		QueueTime:  2 * time.Second,

		Connections:          1_000,
		AnonymousConnections: 50,
		Arrivals:             500,
		AddressArrivals:      50,
		Downloads:            200,

		Subscriptions: 50,
		InitTime:      5 * time.Second,
		KeepAlive:     15 * time.Second,
		DrainTime:     10 * time.Second,
	}
}

// withDefaults fills in what is zero, and refuses what is negative: no limit can be switched off.
func (l Limits) withDefaults() (Limits, error) {
	d := DefaultLimits()
	filled := Limits{
		Depth:               cmp.Or(l.Depth, d.Depth),
		Complexity:          cmp.Or(l.Complexity, d.Complexity),
		AnonymousComplexity: cmp.Or(l.AnonymousComplexity, d.AnonymousComplexity),
		Aliases:             cmp.Or(l.Aliases, d.Aliases),
		Directives:          cmp.Or(l.Directives, d.Directives),
		Tokens:              cmp.Or(l.Tokens, d.Tokens),
		QueryBytes:          cmp.Or(l.QueryBytes, d.QueryBytes),
		BodyBytes:           cmp.Or(l.BodyBytes, d.BodyBytes),
		AnonymousBodyBytes:  cmp.Or(l.AnonymousBodyBytes, d.AnonymousBodyBytes),
		Values:              cmp.Or(l.Values, d.Values),
		AnonymousValues:     cmp.Or(l.AnonymousValues, d.AnonymousValues),
		PageSize:            cmp.Or(l.PageSize, d.PageSize),

		AnswerBytes:          cmp.Or(l.AnswerBytes, d.AnswerBytes),
		AnonymousAnswerBytes: cmp.Or(l.AnonymousAnswerBytes, d.AnonymousAnswerBytes),

		RequestTime: cmp.Or(l.RequestTime, d.RequestTime),
		HeaderTime:  cmp.Or(l.HeaderTime, d.HeaderTime),
		BodyTime:    cmp.Or(l.BodyTime, d.BodyTime),
		WriteTime:   cmp.Or(l.WriteTime, d.WriteTime),
		IdleTime:    cmp.Or(l.IdleTime, d.IdleTime),

		Concurrent: cmp.Or(l.Concurrent, d.Concurrent),
		QueueTime:  cmp.Or(l.QueueTime, d.QueueTime),

		Connections:          cmp.Or(l.Connections, d.Connections),
		AnonymousConnections: cmp.Or(l.AnonymousConnections, d.AnonymousConnections),
		Arrivals:             cmp.Or(l.Arrivals, d.Arrivals),
		AddressArrivals:      cmp.Or(l.AddressArrivals, d.AddressArrivals),
		Downloads:            cmp.Or(l.Downloads, d.Downloads),

		Subscriptions: cmp.Or(l.Subscriptions, d.Subscriptions),
		InitTime:      cmp.Or(l.InitTime, d.InitTime),
		KeepAlive:     cmp.Or(l.KeepAlive, d.KeepAlive),
		DrainTime:     cmp.Or(l.DrainTime, d.DrainTime),
	}
	smallest := min(
		int64(filled.Depth), int64(filled.Complexity), int64(filled.AnonymousComplexity), int64(filled.Aliases), int64(filled.Directives),
		int64(filled.Tokens), int64(filled.QueryBytes), filled.BodyBytes, int64(filled.PageSize),
		filled.AnonymousBodyBytes, int64(filled.Values), int64(filled.AnonymousValues),
		filled.AnswerBytes, filled.AnonymousAnswerBytes,
		int64(filled.RequestTime), int64(filled.HeaderTime), int64(filled.BodyTime), int64(filled.WriteTime),
		int64(filled.IdleTime), int64(filled.Concurrent), int64(filled.QueueTime), int64(filled.Connections),
		int64(filled.AnonymousConnections), int64(filled.Arrivals), int64(filled.AddressArrivals), int64(filled.Downloads),
		int64(filled.Subscriptions), int64(filled.InitTime), int64(filled.KeepAlive), int64(filled.DrainTime),
	)
	if smallest < 0 {
		return Limits{}, fmt.Errorf("a limit is negative (%d): give a positive number, or none for the default", smallest)
	}
	return filled, nil
}

// of are the limits of whoever asks: in an anonymous reader's, what has a limit of theirs has the lower
// of the two.
func (l Limits) of(ctx context.Context) Limits {
	if access.From(ctx).Anonymous {
		l.Complexity = min(l.Complexity, l.AnonymousComplexity)
		l.BodyBytes = min(l.BodyBytes, l.AnonymousBodyBytes)
		l.Values = min(l.Values, l.AnonymousValues)
		l.AnswerBytes = min(l.AnswerBytes, l.AnonymousAnswerBytes)
	}
	return l
}

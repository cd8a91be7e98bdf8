// Command inside asks questions of the embedded store within one process, as the
// libraries of other languages do, and measures how long the answers take:
//
//	go run ./bench/inside sqlite:graph.db
//
// It reads one question a line and writes one answer a line, as
// bench/rivals/python/rival.py does; contender.Question and contender.Answer are
// their forms. Each question goes through the same code as one over GraphQL; what
// is left out is HTTP, GraphQL and JSON, and that a request opens a view of its
// own: here a hundred questions share one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/contender"
	"github.com/vinculo/vinculo/internal/evidence"
	"github.com/vinculo/vinculo/internal/evidence/vocabulary"
	"github.com/vinculo/vinculo/internal/store/open"
	"github.com/vinculo/vinculo/internal/trace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "inside: name one store, such as sqlite:graph.db")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "inside:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, in io.Reader, out io.Writer) (err error) {
	v := vocabulary.Standard()
	began := time.Now()
	st, err := open.Store(ctx, name, open.Options{Vocabulary: v, ReadOnly: true, Existing: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	tracer := trace.New(st, v, &evidence.Planner{Vocabulary: v})
	session, err := tracer.At(ctx, evidence.Now(evidence.Confidential))
	if err != nil {
		return err
	}
	// A first question, for which all links have to be there.
	if _, err := session.Paths(ctx, trace.PathQuery{From: []evidence.ID{"e00000001"}, To: []evidence.ID{"e00000002"}, MaxLength: 2, First: 1}); err != nil {
		return errors.Join(err, session.Close())
	}
	load := time.Since(began)
	if err := session.Close(); err != nil {
		return err
	}
	lines, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q contender.Question
		if err := lines.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the question: %w", err)
		}
		a, err := reply(ctx, tracer, q, load)
		if err != nil {
			a = contender.Answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

func reply(ctx context.Context, t *trace.Tracer, q contender.Question, load time.Duration) (contender.Answer, error) {
	switch q.Op {
	case "hello":
		return contender.Answer{Version: runtime.Version(), Load: load.Seconds()}, nil
	case "answer":
		a := contender.Answer{}
		s, err := t.At(ctx, evidence.Now(evidence.Confidential))
		if err != nil {
			return a, err
		}
		for _, pair := range q.Pairs {
			from := time.Now()
			found, err := ask(ctx, s, q.Asked, pair)
			if err != nil {
				return a, errors.Join(err, s.Close())
			}
			a.Times = append(a.Times, time.Since(from).Nanoseconds())
			a.Answers = append(a.Answers, found)
		}
		return a, s.Close()
	case "time":
		return timed(ctx, t, q)
	}
	return contender.Answer{}, fmt.Errorf("%q is not hello, answer or time", q.Op)
}

func timed(ctx context.Context, t *trace.Tracer, q contender.Question) (contender.Answer, error) {
	if len(q.Pairs) == 0 {
		return contender.Answer{}, errors.New("there is nothing to ask about")
	}
	random := rand.New(rand.NewPCG(q.Seed, 0))
	a := contender.Answer{}
	lasting := time.Duration(q.Seconds * float64(time.Second))
	var s *trace.Session
	for began := time.Now(); time.Since(began) < lasting; {
		pair := q.Pairs[random.IntN(len(q.Pairs))]
		from := time.Now()
		if len(a.Times)%perView == 0 {
			if err := closed(s); err != nil {
				return a, err
			}
			opened, err := t.At(ctx, evidence.Now(evidence.Confidential))
			if err != nil {
				return a, err
			}
			s = opened
		}
		if _, err := ask(ctx, s, q.Asked, pair); err != nil {
			return a, errors.Join(err, s.Close())
		}
		a.Times = append(a.Times, time.Since(from).Nanoseconds())
	}
	return a, closed(s)
}

// perView is how many questions one view is asked: so few that what it keeps of
// the answers to some is of next to no use to others.
const perView = 100

func closed(s *trace.Session) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

// ask puts one question and gives the ids of the entities of the answer.
func ask(ctx context.Context, s *trace.Session, asked string, pair [2]string) ([]string, error) {
	ends := []evidence.ID{evidence.ID(pair[0]), evidence.ID(pair[1])}
	from := ends[0]
	switch asked {
	case "", "path", "paths":
		first := 1
		if asked == "paths" {
			first = 5
		}
		found, err := s.Paths(ctx, trace.PathQuery{
			From: ends[:1], To: ends[1:], MaxLength: 8, First: first, Bare: true,
		})
		if err != nil {
			return nil, err
		}
		if len(found.All) == 0 {
			return nil, fmt.Errorf("no path from %s to %s", pair[0], pair[1])
		}
		hops := found.All[0].Hops
		ids := make([]string, 1, 1+len(hops))
		ids[0] = string(from)
		for i := range hops {
			ids = append(ids, string(hops[i].To))
		}
		return ids, nil
	case "card":
		return card(ctx, s, from)
	case "around1", "around2", "around3":
		depth := int(asked[len(asked)-1] - '0')
		found, err := s.Subgraph(ctx, trace.SubgraphQuery{Around: []evidence.ID{from}, Depth: depth, MaxEntities: trace.MaxSubgraphEntities, MaxLinks: 500})
		if err != nil {
			return nil, err
		}
		ids := make([]string, len(found.Entities))
		for i, e := range found.Entities {
			ids[i] = string(e.Entity.ID)
		}
		return ids, nil
	}
	return nil, fmt.Errorf("%q is not a question: path, paths, card, around1, around2 or around3", asked)
}

func card(ctx context.Context, s *trace.Session, of evidence.ID) ([]string, error) {
	links, citations := answer.CardLinks, answer.CardCitations
	pages, err := s.ClaimsOf(ctx, []evidence.ID{of}, trace.ClaimFilter{Of: evidence.LinkRecord, Direction: evidence.Outgoing}, trace.PageArgs{First: &links})
	if err != nil {
		return nil, err
	}
	ids, claims := []string{string(of)}, []evidence.ID{}
	for _, item := range pages[of].Items {
		claims = append(claims, item.Node.Record.ID())
		ids = append(ids, string(item.Node.Record.ID()))
	}
	_, err = s.CitationsOf(ctx, claims, trace.CitationFilter{}, trace.PageArgs{First: &citations})
	return ids, err
}

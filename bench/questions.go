package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/vinculo/vinculo/bench/answer"
	"github.com/vinculo/vinculo/bench/measure"
	"github.com/vinculo/vinculo/bench/report"
)

// The questions in the languages of those who are asked.
const (
	cardVinculo = `query Card($id: ID!) { entity(id: $id) { id name kind
  links(direction: OUT, first: 25) { nodes { id kind to { id name }
    citations(first: 3) { nodes { stance locator source { id title } } } } } } }`
	cardPeer = `query Card($id: ID!) { entities(where: {id: {eq: $id}}) { id name kind
  out(limit: 25) { id kind to { id name }
    citesConnection(first: 3) { edges { properties { stance locator } node { id title } } } } } }`
	// The first page of a list that is in order and can be gone on with.
	pageVinculo = `query Page($id: ID!) { entity(id: $id) { id name kind
  links(direction: OUT, first: 25) { nodes { id kind to { id name }
    citations(first: 3) { nodes { stance locator source { id title } } } } pageInfo { hasNextPage endCursor } } } }`
	pagePeer = `query Page($id: ID!) { entities(where: {id: {eq: $id}}) { id name kind
  outConnection(first: 25, sort: [{node: {id: ASC}}]) { edges { node { id kind to { id name }
    citesConnection(first: 3) { edges { properties { stance locator } node { id title } } } } } pageInfo { hasNextPage endCursor } } } }`
	cardCypher = `
MATCH (e:PeerEntity {id: $id})
CALL (e) {
  MATCH (e)-[:FROM]->(l:PeerLink) WITH l LIMIT 25
  MATCH (l)-[:TO]->(t:PeerEntity)
  CALL (l) {
    MATCH (l)-[c:CITES]->(s:PeerSource) WITH c, s LIMIT 3
    RETURN collect({stance: c.stance, locator: c.locator, source: s.id, title: s.title}) AS citations
  }
  RETURN collect({id: l.id, kind: l.kind, to: t.id, toName: t.name, citations: citations}) AS links
}
RETURN e.id AS id, e.name AS name, e.kind AS kind, links`

	pathVinculo = `query Path($from: ID!, $to: ID!) { paths(from: [$from], to: [$to], maxLength: 8, first: 1) { found {
  hops { from { id name } to { id name } link { id kind } } } truncatedBy } }`
	pathsVinculo = `query Paths($from: ID!, $to: ID!) { paths(from: [$from], to: [$to], maxLength: 8, first: 5) { found {
  hops { from { id name } to { id name } link { id kind } } } truncatedBy } }`
	pathCypher = `
MATCH (a:PeerEntity {id: $from}), (b:PeerEntity {id: $to})
MATCH p = shortestPath((a)-[:LINK*..8]-(b))
RETURN [n IN nodes(p) | n.id] AS entities, [n IN nodes(p) | n.name] AS names,
  [r IN relationships(p) | r.id] AS links, [r IN relationships(p) | r.kind] AS kinds`
	pathsCypher = `
MATCH p = SHORTEST 5 (:PeerEntity {id: $from})-[:LINK]-{1,8}(:PeerEntity {id: $to})
RETURN [n IN nodes(p) | n.id] AS entities, [n IN nodes(p) | n.name] AS names,
  [r IN relationships(p) | r.id] AS links, [r IN relationships(p) | r.kind] AS kinds
ORDER BY size(links)`

	aroundVinculo = `query Around($id: ID!) { subgraph(around: [$id], depth: 2, maxEntities: 2000, maxLinks: 500) { truncated
  entities { entity { id name kind } depth hidden }
  links { id kind from { id } to { id } } } }`
)

// aroundDepth and aroundLinks are what aroundVinculo asks for.
const (
	aroundDepth = 2
	aroundLinks = 500
)

// maxPath is the longest path that the questions ask for.
const maxPath = 8

// card is what each contender is asked of an entity, whichever that is.
var card = map[string]string{report.Embedded: cardVinculo, report.OnNeo4j: cardVinculo, report.Neo4jGraphQL: cardPeer, report.Bolt: cardCypher}

// queries are what each contender is asked, by question and contender.
var queries = map[string]map[string]string{
	report.Card:    card,
	report.First:   card,
	report.Fresh:   card,
	report.Full:    card,
	report.Hub:     card,
	report.Ordered: {report.Embedded: pageVinculo, report.OnNeo4j: pageVinculo, report.Neo4jGraphQL: pagePeer},
	report.Path:    {report.Embedded: pathVinculo, report.OnNeo4j: pathVinculo, report.Bolt: pathCypher},
	report.Paths:   {report.Embedded: pathsVinculo, report.OnNeo4j: pathsVinculo, report.Bolt: pathsCypher},
	report.Around:  {report.Embedded: aroundVinculo, report.OnNeo4j: aroundVinculo},
}

// judgedByTail are the questions of which the slowest answers count, so that it takes
// more of them: the p99 of a hundred is the slowest or the one after it.
var judgedByTail = []string{report.Path, report.Paths, report.Around}

// cardQuestions are those about cards, in the order in which they are asked.
var cardQuestions = []string{report.Card, report.First, report.Full, report.Fresh, report.Hub, report.Ordered}

// end is how GraphQL names an entity.
type end struct{ ID, Name string }

// peerLink is how @neo4j/graphql gives a link of a card.
type peerLink struct {
	ID, Kind        string
	To              []end
	CitesConnection struct {
		Edges []struct {
			Properties struct{ Stance, Locator string }
			Node       struct{ ID, Title string }
		}
	}
}

// readCard asks one contender one card.
func readCard(ctx context.Context, s measure.Server, question, contender, id string) (answer.Card, error) {
	query, variables := queries[question][contender], map[string]any{"id": id}
	var card answer.Card
	switch contender {
	case report.Neo4jGraphQL:
		var data struct {
			Entities []struct {
				ID, Name, Kind string
				Out            []peerLink
				OutConnection  struct{ Edges []struct{ Node peerLink } }
			}
		}
		if err := s.Answer(ctx, query, variables, &data); err != nil {
			return card, err
		}
		if len(data.Entities) != 1 {
			return card, fmt.Errorf("%d entities for %s", len(data.Entities), id)
		}
		e := data.Entities[0]
		card = answer.Card{ID: e.ID, Name: e.Name, Kind: e.Kind}
		for _, edge := range e.OutConnection.Edges {
			e.Out = append(e.Out, edge.Node)
		}
		for _, l := range e.Out {
			if len(l.To) != 1 {
				return card, fmt.Errorf("link %s leads to %d entities", l.ID, len(l.To))
			}
			link := answer.CardLink{ID: l.ID, Kind: l.Kind, To: l.To[0].ID, ToName: l.To[0].Name}
			for _, c := range l.CitesConnection.Edges {
				link.Citations = append(link.Citations, answer.CardCitation{Stance: c.Properties.Stance, Locator: c.Properties.Locator, Source: c.Node.ID, Title: c.Node.Title})
			}
			card.Links = append(card.Links, link)
		}
	case report.Bolt:
		var rows []answer.Card
		if err := s.Answer(ctx, query, variables, &rows); err != nil {
			return card, err
		}
		if len(rows) != 1 {
			return card, fmt.Errorf("%d rows for %s", len(rows), id)
		}
		card = rows[0]
	default:
		var data struct {
			Entity struct {
				ID, Name, Kind string
				Links          struct {
					Nodes []struct {
						ID, Kind  string
						To        end
						Citations struct {
							Nodes []struct {
								Stance, Locator string
								Source          struct{ ID, Title string }
							}
						}
					}
				}
			}
		}
		if err := s.Answer(ctx, query, variables, &data); err != nil {
			return card, err
		}
		card = answer.Card{ID: data.Entity.ID, Name: data.Entity.Name, Kind: data.Entity.Kind}
		for _, l := range data.Entity.Links.Nodes {
			link := answer.CardLink{ID: l.ID, Kind: l.Kind, To: l.To.ID, ToName: l.To.Name}
			for _, c := range l.Citations.Nodes {
				link.Citations = append(link.Citations, answer.CardCitation{Stance: c.Stance, Locator: c.Locator, Source: c.Source.ID, Title: c.Source.Title})
			}
			card.Links = append(card.Links, link)
		}
	}
	return card, nil
}

// readPaths asks one contender for paths, one or five. It is short where the
// contender says that a budget of its own cut the answer, so that there may be
// others or better ones.
func readPaths(ctx context.Context, s measure.Server, question, contender, from, to string) (paths []answer.Path, short bool, err error) {
	query, variables := queries[question][contender], map[string]any{"from": from, "to": to}
	if contender == report.Bolt {
		err = s.Answer(ctx, query, variables, &paths)
		return paths, false, err
	}
	var data struct {
		Paths struct {
			TruncatedBy string
			Found       []struct {
				Hops []struct {
					From, To end
					Link     struct{ ID string }
				}
			}
		}
	}
	if err := s.Answer(ctx, query, variables, &data); err != nil {
		return nil, false, err
	}
	for _, found := range data.Paths.Found {
		if len(found.Hops) == 0 {
			return nil, false, errors.New("a path without a link")
		}
		p := answer.Path{Entities: []string{found.Hops[0].From.ID}}
		for _, h := range found.Hops {
			p.Entities, p.Links = append(p.Entities, h.To.ID), append(p.Links, h.Link.ID)
		}
		paths = append(paths, p)
	}
	return paths, data.Paths.TruncatedBy != "", nil
}

// readAround asks one contender what lies around an entity.
func readAround(ctx context.Context, s measure.Server, contender, id string) (answer.Subgraph, error) {
	var data struct {
		Subgraph struct {
			Truncated bool
			Entities  []struct {
				Entity end
				Depth  int
				Hidden int
			}
			Links []struct {
				ID       string
				From, To struct{ ID string }
			}
		}
	}
	if err := s.Answer(ctx, queries[report.Around][contender], map[string]any{"id": id}, &data); err != nil {
		return answer.Subgraph{}, err
	}
	found := answer.Subgraph{Truncated: data.Subgraph.Truncated}
	for _, e := range data.Subgraph.Entities {
		found.Entities = append(found.Entities, answer.SubgraphEntity{ID: e.Entity.ID, Name: e.Entity.Name, Depth: e.Depth, Hidden: e.Hidden})
	}
	for _, l := range data.Subgraph.Links {
		found.Links = append(found.Links, answer.SubgraphLink{ID: l.ID, From: l.From.ID, To: l.To.ID})
	}
	return found, nil
}

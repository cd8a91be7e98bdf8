package neo4j

import (
	"fmt"

	"github.com/vinculo/vinculo/internal/evidence"
)

// cited are the rows of the citations of a revision, by claim.
func (f *firstLoad) cited(step *firstStep) map[string][][]any {
	claim := place(f.store.texts.columns[evidence.CitationRecord], "claim")
	cited := map[string][][]any{}
	for _, row := range step.changes.made[makeCitations] {
		id, _ := row[claim].(string)
		cited[id] = append(cited[id], row)
	}
	return cited
}

// firstPart is what one transaction writes: claims with their citations, and what these
// lead to.
type firstPart struct {
	load  *firstLoad
	query query
	tied  bool                // they lead to entities
	of    evidence.RecordType // that the rows are of
	rows  [][]any
	nodes []string
	at    map[string]int64 // places in nodes
	size  int              // of nodes that are made
}

func (f *firstLoad) newPart(name string) *firstPart {
	p := &firstPart{load: f, query: f.store.texts.first[name], tied: name != makeStatements, of: evidence.LinkRecord, at: map[string]int64{}}
	if !p.tied {
		p.of = evidence.StatementRecord
	}
	return p
}

// add adds a row of a claim, with its citations, in the order in which the text asks for
// them.
func (p *firstPart) add(claim []any, cited map[string][][]any) error {
	t := p.load.store.texts
	columns := t.columns[p.of]
	text := func(row []any, columns []string, name string) string {
		s, _ := row[place(columns, name)].(string)
		return s
	}
	id := text(claim, columns, "id")
	if p.tied {
		from, a, err := p.node(text(claim, columns, "from"))
		if err != nil {
			return err
		}
		to, b, err := p.node(text(claim, columns, "to"))
		if err != nil {
			return err
		}
		claim = append(claim, from, to, trueOrNil(a.placeholder), trueOrNil(b.placeholder))
	}
	citations := cited[id]
	for _, citation := range citations {
		source, _, err := p.node(text(citation, t.columns[evidence.CitationRecord], "source"))
		if err != nil {
			return err
		}
		citation[0] = source
	}
	p.rows = append(p.rows, append(claim, citations))
	p.size += 1 + len(citations)
	return nil
}

// node is the place of an entity or source in what is sent.
func (p *firstPart) node(id string) (at int64, node firstNode, err error) {
	node, there := p.load.nodes[evidence.ID(id)]
	if !there {
		return 0, node, fmt.Errorf("neo4j: nothing was written of %q, which the plan leads to", id)
	}
	at, there = p.at[id]
	if !there {
		at = int64(len(p.nodes))
		p.at[id], p.nodes = at, append(p.nodes, node.element)
	}
	return at, node, nil
}

// derived are the parts that draw what the sources of a revision derive from.
func (f *firstLoad) derived(step *firstStep) (parts []*firstPart, err error) {
	err = chunked(step.changes.derive, f.store.first.part, func(list []row) error {
		part := f.newPart(firstDerive)
		parts = append(parts, part)
		for _, r := range list {
			id, _ := r["id"].(string)
			of, _, err := part.node(id)
			if err != nil {
				return err
			}
			parents, _ := r["parents"].([]string)
			for _, parent := range parents {
				to, _, err := part.node(parent)
				if err != nil {
					return err
				}
				part.rows = append(part.rows, []any{of, to})
			}
		}
		return nil
	})
	return parts, err
}

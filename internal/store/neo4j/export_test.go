package neo4j

// LimitFirst has loads into an empty graph that begin with so many records do without
// indexes, and write so many rows at a time.
func (s *Store) LimitFirst(records, part int) { s.first = firstLimits{records: records, part: part} }

// Passing says whether a read is asked again after an error.
var Passing = passing

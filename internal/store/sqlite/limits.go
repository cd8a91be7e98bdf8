package sqlite

// limits say how much is read or held at a time. None of them shows in an
// answer; tests set them low, so that every path is taken.
type limits struct {
	// page is how many rows are read before they are given out.
	page int
	// edges is about how many edges are gathered before they are given out, so
	// that the lock of the projection is not held for long.
	edges int
	// citations is how many citations of a batch of claims are read at once; of
	// more, each claim's list is read by itself.
	citations int
	// short is how many rows a list has that is kept in memory.
	short int
	// matches is how many records of a full-text match are sorted; of more, the
	// whole list is walked in order and each record's words are looked at.
	matches int
	// few is of how few links of a corridor none is left out: it costs more than it
	// saves.
	few int
	// many is how many links an entity has at the least of which lists in other
	// orders are kept; ranked how many of its strongest links are, and kept how many
	// spokes of all entities for each order: of 8 bytes each, 64 MiB, and up to as much
	// again where the order is that of the other ends.
	many, ranked, kept int
	// counted is how many links in memory are counted one by one for one question, at
	// about a nanosecond each; the counters of an entity of many links are hundreds of
	// rows, for each kind, direction and visibility.
	counted int
	// wide is how many times as many links as the other side of a search has reached
	// entities one has to have, to be asked about each of these and not gone along.
	wide int
	// followed is how many changed records are followed one by one; of more, what
	// is in memory is read anew.
	followed int
	// written is how many records a transaction of many revisions keeps decoded.
	written int
	// groupPlaces and groupRevisions are how much of a log is loaded with one
	// commit. Rows of lists are sorted in memory, so that each page of the lists
	// is written once for a group and not once for a revision.
	groupPlaces, groupRevisions int
	// firstRecords is how many records a first load into an empty store writes with
	// one commit; firstWritten how many of them it keeps decoded; firstWords how
	// many words rows, firstElements of how many records what traversal reads, and runPlaces
	// how many rows of lists, it holds before it writes them; runsHeld of how many times as
	// many rows of lists it keeps in memory; piece how many records it makes rows of at once.
	firstRecords, firstWritten, firstWords, firstElements, runPlaces, runsHeld, piece int
	// log and logBytes are how many revisions, and how many bytes of their
	// payload, are read before they are given out.
	log, logBytes int
}

var usualLimits = limits{
	page: 256, edges: 1024, few: 64, many: 128, ranked: 2048, kept: 8 << 20, wide: 4, counted: 2_000_000, citations: 2000, short: 40, matches: 10_000, followed: 20_000, written: 100_000,
	groupPlaces: 1_000_000, groupRevisions: 1000, log: 256, logBytes: 8 << 20,
	firstRecords: 100_000_000, firstWritten: 500_000, firstWords: 50_000, firstElements: 200_000, runPlaces: 250_000, runsHeld: 16, piece: 4096,
}

package casefile

// number stands for an id of the folder. Rows name the same ids over and over: looked
// up once, they are known by their numbers.
type number int32

// nameless is the number of no id.
const nameless number = -1

// naming numbers ids.
type naming struct {
	numbers map[string]number
	are     []named // by number
}

// named is what rows do with an id.
type named struct {
	id     string
	by     *row // the first row that gives it and could be read; nil where none was yet
	entity bool // a row of entities gives it
	claim  bool // a row of links or statements gives it

	cited, citations int32 // where its citations begin among those of all claims, and how many there are
}

func newNaming(ids int) naming {
	return naming{numbers: make(map[string]number, ids), are: make([]named, 0, ids)}
}

// number is the number of an id. Most rows name the one that the row before named, or
// the one behind it.
func (ns *naming) number(id string, before number) number {
	if id == "" {
		return nameless
	}
	for n := max(before, 0); n < min(before+2, number(len(ns.are))); n++ {
		if ns.are[n].id == id {
			return n
		}
	}
	n, ok := ns.numbers[id]
	if !ok {
		n = number(len(ns.are)) //nolint:gosec // fewer than rows
		ns.numbers[id] = n
		ns.are = append(ns.are, named{id: id})
	}
	return n
}

func (ns *naming) isEntity(id string) bool {
	n, ok := ns.numbers[id]
	return ok && ns.are[n].entity
}

// sideBySide gives the citation rows, of which the claims are given, by claim and in
// their order, and notes of each claim where its own are.
func (ns *naming) sideBySide(claims []number) []int32 {
	for _, n := range claims {
		if n != nameless {
			ns.are[n].citations++
		}
	}
	begin := int32(0)
	for n := range ns.are {
		is := &ns.are[n]
		is.cited, begin = begin, begin+is.citations
		is.citations = 0
	}
	rows := make([]int32, begin)
	for i, n := range claims {
		if n != nameless {
			is := &ns.are[n]
			rows[is.cited+is.citations] = int32(i) //nolint:gosec // fewer than rows
			is.citations++
		}
	}
	return rows
}

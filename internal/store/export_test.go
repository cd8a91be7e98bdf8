package store

// JudgeLittle has a reader of the past judge so many links beyond what is asked
// for, and read so many citations at a time.
func JudgeLittle(r Reader, beyond, page int) {
	p := r.(*past) //nolint:forcetypeassert // only given readers of the past
	p.beyond, p.page = beyond, page
}

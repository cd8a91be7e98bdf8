// Package slab makes lists that share pieces of memory. Where very many small things
// are made, to make each by itself, and to have the collector look at each, takes
// longer than all that is done with them.
package slab

// Of gives out lists of T. The zero value is ready.
type Of[T any] struct {
	// Most is how many elements share a piece of memory, which stays for as long as any
	// of them is kept; 1024 where it is 0.
	Most int

	left []T
	made int
}

// Take gives a list of zero elements, which append does not let grow into the next.
func (s *Of[T]) Take(n int) []T {
	if len(s.left) < n {
		most := s.Most
		if most == 0 {
			most = 1024
		}
		s.left = make([]T, max(n, min(most, max(s.made, 8)))) // few are often all
		s.made += len(s.left)
	}
	list := s.left[:n:n]
	s.left = s.left[n:]
	return list
}

// New gives one zero element.
func (s *Of[T]) New() *T { return &s.Take(1)[0] }

// Reused gives out elements that are all given back at once. The zero value is ready.
type Reused[T any] struct {
	pieces [][]T
	used   int
}

// reusedPiece is how many elements share a piece of memory.
const reusedPiece = 64

// New gives one zero element.
func (r *Reused[T]) New() *T {
	at, in := r.used/reusedPiece, r.used%reusedPiece
	if at == len(r.pieces) {
		r.pieces = append(r.pieces, make([]T, reusedPiece))
	}
	r.used++
	return &r.pieces[at][in]
}

// GiveBack takes back all that was given out, of which nothing may be used any more.
func (r *Reused[T]) GiveBack() {
	for _, piece := range r.pieces {
		clear(piece[:min(r.used, reusedPiece)])
		r.used -= min(r.used, reusedPiece)
	}
}

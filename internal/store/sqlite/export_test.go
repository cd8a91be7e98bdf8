package sqlite

// KeepCold keeps the links out of memory, so that traversal reads the file.
func (s *Store) KeepCold() { s.cold.Store(true) }

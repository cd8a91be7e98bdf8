// Package data holds the demonstration case file, embedded in the program.
package data

import (
	"embed"
	"io/fs"
)

//go:embed ayotzinapa
var files embed.FS

// Ayotzinapa answers the folder of the Ayotzinapa case file: sources.csv,
// entities.csv, links.csv, statements.csv, citations.csv and README.md, in the
// native format that `vinculo import` reads.
func Ayotzinapa() fs.FS {
	sub, err := fs.Sub(files, "ayotzinapa")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return sub
}

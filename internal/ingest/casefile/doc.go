// Package casefile reads the native case file: a folder with sources.csv,
// entities.csv, links.csv, statements.csv and citations.csv, and writes it into
// a store as one change set or several.
//
// Nothing is written before all of it was validated, by the rules of package
// evidence and no others. What is wrong is told by file, line and column, all of
// it up to a limit. docs/import.md says where each column goes.
package casefile

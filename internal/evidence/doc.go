// Package evidence is the domain of Vínculo: entities, claims about them, the
// citations that carry the claims, the sources the citations point into, and
// what a set of changes to all of these means.
//
// Everything here is pure: no input or output, no GraphQL, no store. The rules
// live here once. A store persists and finds record versions; what a change
// set closes besides what it names, who sees which record, how strong a claim
// is and in what order lists come is decided here, so that every store gives
// the same answers.
//
// The package and its subpackages (edtf, vocabulary, names, ledger) import
// nothing else of the project.
package evidence

// Package bolt is the embedded engine of the persistence contract: one process, one directory, one file
// that bbolt keeps. It stores the BSON documents that MongoDB would hold, and serves every order from an
// index of its own.
//
// It must know neither business rules, nor GraphQL, nor a database server: of the MongoDB driver it uses
// the bson package alone. It decides nothing about a customer beyond what the contract asks, and learns
// what the fields are from package persistence.
package bolt

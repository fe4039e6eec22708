// Package domain holds the nouns of the product, customers, their metadata and the API keys that act on
// them, with the rules that always hold of them. It knows the standard library only: no storage, no
// GraphQL, no HTTP. The bson tags are strings that the engines read.
package domain

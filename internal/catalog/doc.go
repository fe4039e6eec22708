// Package catalog keeps what customers can have as its owner writes it down: one YAML or JSON file that names
// the features, products, plans, add-ons, coupons and promotion codes of an environment. It reads and judges
// such a file, makes the stored catalogue what the file says, and writes a file of what is stored. It knows the
// storage contract but no engine, and nothing of GraphQL or HTTP.
//
// The form of a file is catalog.schema.json, for editors and for this package alike; what a schema cannot say
// is in build.go for one item by itself, and in check.go for what items say of each other.
package catalog

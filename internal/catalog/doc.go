// Package catalog reads catalogue files: YAML or JSON files with the features, products, plans, add-ons, coupons and
// promotion codes of an environment. It checks a file, makes the stored catalogue match it, and exports the stored
// catalogue as such a file. It uses the storage contract but no engine, and neither GraphQL nor HTTP.
//
// catalog.schema.json is the format of a file, for editors and for this package. Rules that a schema cannot express
// are in build.go for a single item, and in check.go for references between items.
package catalog

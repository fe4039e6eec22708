package model

// The bounds of lists and filters, by which documents are priced before they run and arguments are refused when they do.
const (
	DefaultPageSize     = 10
	MaxPageSize         = 100
	MaxFilterDepth      = 5
	MaxFilterConditions = 100
)

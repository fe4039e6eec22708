package model

// The bounds of lists and filters. Documents are priced by them, and resolvers refuse arguments that exceed them.
const (
	DefaultPageSize     = 10
	MaxPageSize         = 100
	MaxFilterDepth      = 5
	MaxFilterConditions = 100
)

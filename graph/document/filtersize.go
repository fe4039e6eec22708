package document

import (
	"clientele/graph/model"
)

// maxFilterObjects is the most objects that a filter within the resolver's bounds has: each has or counts as a condition,
// and is nested at most model.MaxFilterDepth deep.
const maxFilterObjects = model.MaxFilterConditions * model.MaxFilterDepth

// filterTooLarge reports whether a filter, given as it was sent, is much larger than the resolver accepts. To convert it
// for the resolver takes many times its own memory, again for every field that uses it.
func filterTooLarge(filter any) bool {
	return filterObjects(filter, maxFilterObjects) > maxFilterObjects
}

// filterObjects counts the filters in a value, with those in "and" and "or", until there are more than most.
func filterObjects(value any, most int) int {
	n := 0
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			if n > most {
				break
			}
			n += filterObjects(element, most-n)
		}
	case []map[string]any: // The coercion of variables makes this of a value that was sent without its list.
		for _, element := range v {
			n += filterObjects(element, most-n)
		}
	case map[string]any:
		n = 1 + filterObjects(v["and"], most-1)
		n += filterObjects(v["or"], most-n)
	}
	return n
}

package document

import (
	"clientele/graph/model"
)

// maxFilterObjects is how many objects a filter can have that is within its bounds: each has a condition in it or
// counts as one, and is nested no deeper than model.MaxFilterDepth.
const maxFilterObjects = model.MaxFilterConditions * model.MaxFilterDepth

// filterTooLarge reports whether a filter, given as it was sent, is much larger than the resolver takes. To make one
// that the resolver can look at takes many times the time and memory, for every field that uses it again.
func filterTooLarge(filter any) bool {
	return filterObjects(filter, maxFilterObjects) > maxFilterObjects
}

// filterObjects counts the filters in a value, those of its "and" and "or" included, until there are more than most.
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

package document

import (
	"strings"
)

// indexedOperators are those that an index can serve, unless they are in an or.
var indexedOperators = map[string]bool{
	"eq": true, "in": true, "is": true, "gt": true, "gte": true, "lt": true, "lte": true, "between": true,
}

// filterPrice is the price of evaluating a filter, given as it was sent, in points. No index serves the alternatives of an
// or.
func filterPrice(filter any, inOr bool) int {
	price := 0
	switch v := filter.(type) {
	case []any:
		for _, element := range v {
			price = plus(price, filterPrice(element, inOr))
		}
	case []map[string]any: // The coercion of variables makes this of a value that was sent without its list.
		for _, element := range v {
			price = plus(price, filterPrice(element, inOr))
		}
	case map[string]any:
		for name, value := range v {
			switch name {
			case "and":
				price = plus(price, filterPrice(value, inOr))
			case "or":
				price = plus(price, filterPrice(value, true))
			case "subscriptions", "promotionalEntitlements", "searchQuery":
				// Each compares several fields, or a list, of every row.
				price = plus(price, times(5, comparisonPrice(value, true)))
			default:
				price = plus(price, comparisonPrice(value, inOr))
			}
		}
	}
	return price
}

// comparisonPrice is the price of the comparison of one field.
func comparisonPrice(comparison any, scanned bool) int {
	operators, _ := comparison.(map[string]any)
	price := 0
	for name, operand := range operators {
		switch {
		case operand == nil:
		case name == "status":
			price = plus(price, comparisonPrice(operand, true))
		case !scanned && (indexedOperators[name] || name == "like" && hasPrefix(operand)):
			price = plus(price, times(ConditionPoints, operands(operand)))
		default:
			price = plus(price, times(ScanPoints, operands(operand)))
		}
	}
	return price
}

// hasPrefix reports whether a pattern begins with literal text.
func hasPrefix(pattern any) bool {
	text, _ := pattern.(string)
	return text != "" && !strings.HasPrefix(text, "%") && !strings.HasPrefix(text, "_")
}

func operands(operand any) int {
	if list, ok := operand.([]any); ok {
		return max(1, len(list))
	}
	return 1
}

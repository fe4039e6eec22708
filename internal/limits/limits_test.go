package limits

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestEveryLimitIsDescribed(t *testing.T) {
	for field := range reflect.TypeFor[Limits]().Fields() {
		for _, tag := range []string{"flag", "default", "usage"} {
			if field.Tag.Get(tag) == "" {
				t.Errorf("%s has no tag %s", field.Name, tag)
			}
		}
		if name, named := field.Tag.Lookup("limit"); named && name != strings.ToLower(field.Name[:1])+field.Name[1:] {
			t.Errorf("refusals call %s %q", field.Name, name)
		}
	}
}

// Dashboards and alerts use these names: none may change.
func TestNames(t *testing.T) {
	want := []string{
		"aliases", "answerBytes", "bodyBytes", "bytesInFlight", "comparisons", "cost", "customer", "depth", "directives", "errors",
		"inFlight", "introspectionCost", "key", "listLength", "nameLength", "nesting", "operationTimeout", "queryBytes",
		"readTimeout", "rootFields", "selections", "tokens", "values", "work",
	}
	for _, name := range want {
		if !slices.Contains(Names(), name) {
			t.Errorf("%s is missing in %q", name, Names())
		}
	}
}

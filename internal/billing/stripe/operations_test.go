package stripe

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestOperationsListTheEvents compares the events that the operators' guide lists with those that are applied.
func TestOperationsListTheEvents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, event := range regexp.MustCompile("`((?:customer|payment_method)\\.[a-z_.]+)`").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, event[1])
	}
	slices.Sort(listed)
	if applied := slices.Sorted(maps.Keys(eventKinds)); !slices.Equal(listed, applied) {
		t.Errorf("docs/operations.md lists %q, the server applies %q", listed, applied)
	}
}

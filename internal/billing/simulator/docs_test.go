package simulator

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheDocsNameEveryCardAndFault compares the tables of docs/simulator.md with what the simulator knows.
func TestTheDocsNameEveryCardAndFault(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	methods := []string{declined}
	for id := range examples {
		methods = append(methods, id)
	}
	var kinds []string
	for _, kind := range faultKinds {
		kinds = append(kinds, string(kind))
	}
	for header, want := range map[string][]string{"payment method": methods, "kind": kinds} {
		_, table, found := strings.Cut(string(page), "| "+header+" |")
		table, _, _ = strings.Cut(table, "\n\n")
		var got []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
			got = append(got, row[1])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !found || !slices.Equal(got, want) {
			t.Errorf("the table of %ss has %q, not %q", header, got, want)
		}
	}
	for id, example := range examples {
		if last4, _ := example.details["last4"].(string); example.kind == "card" &&
			!strings.Contains(string(page), "| `"+id+"` | a card ending in "+last4+" |") {
			t.Errorf("%s ends in %s", id, last4)
		}
	}
}

// TestAFaultOfNoKindIsRefused: a kind that is mistyped would do nothing.
func TestAFaultOfNoKindIsRefused(t *testing.T) {
	t.Parallel()
	sim := New(Options{})
	for body, want := range map[string]int{
		`{"kind": "unavailable"}`: http.StatusOK, `{"kind": "unavail"}`: http.StatusBadRequest, `{}`: http.StatusBadRequest,
	} {
		response := httptest.NewRecorder()
		sim.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_simulator/faults", strings.NewReader(body)))
		if response.Code != want {
			t.Errorf("%s: status %d: %s", body, response.Code, response.Body)
		}
	}
}

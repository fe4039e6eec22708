package server

import (
	"encoding/json"
	"testing"
)

// TestFractionsBuyNoLargerPage: the price of a page counts its size however the number is written.
func TestFractionsBuyNoLargerPage(t *testing.T) {
	handler := serving(newStore(t), t.Output())
	price := func(first string) int {
		got := askWith(t.Context(), t, handler, `query ($n: Int) { customers(paging: { first: $n }) { edges { node { id } } } }`, map[string]any{"n": json.RawMessage(first)})
		if len(got.Errors) > 0 {
			t.Fatal(got.body)
		}
		var answer struct {
			Extensions struct{ Cost struct{ Requested int } }
		}
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil || answer.Extensions.Cost.Requested == 0 {
			t.Fatal(got.body)
		}
		return answer.Extensions.Cost.Requested
	}
	if plain := price("50"); plain != price("50.0") || plain != price("5e1") {
		t.Error("another price")
	}
}

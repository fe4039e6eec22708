package persistence_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"clientele/persistence"
)

// TestAWalkThroughMemoryMeetsEachOnceInOrder walks random lists in random orders, page by page, forwards and
// backwards, and compares with the sorted list.
func TestAWalkThroughMemoryMeetsEachOnceInOrder(t *testing.T) {
	t.Parallel()
	names := []string{"", "a", "A", "ab"}
	rapid.Check(t, func(t *rapid.T) {
		rows := make([]persistence.Row, rapid.IntRange(0, 12).Draw(t, "rows"))
		for i := range rows {
			rows[i] = persistence.Row{
				persistence.FieldID:   persistence.Text(fmt.Sprintf("%02d", i)),
				persistence.FieldName: persistence.NullableText(rapid.Ptr(rapid.SampledFrom(names), true).Draw(t, "name")),
				persistence.FieldType: persistence.Text(rapid.SampledFrom(names).Draw(t, "type")),
			}
		}
		order := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) persistence.Order {
			return persistence.Order{
				Field:      rapid.SampledFrom([]persistence.Field{persistence.FieldName, persistence.FieldType, persistence.FieldID}).Draw(t, "field"),
				Descending: rapid.Bool().Draw(t, "descending"), NullsFirst: rapid.Bool().Draw(t, "nulls first"),
			}
		}), 0, 3).Draw(t, "order")
		ties := persistence.Order{Field: persistence.FieldID}
		if len(order) > 0 {
			ties.Descending = order[len(order)-1].Descending
		}
		want := idsOfRows(persistence.Sorted(rows, append(order[:len(order):len(order)], ties)))
		backward := rapid.Bool().Draw(t, "backward")
		request := persistence.PageRequest{Limit: rapid.IntRange(1, 5).Draw(t, "limit"), Backward: backward}
		var got []string
		for {
			page, err := persistence.Paginate(t.Context(), persistence.Scope{Collection: "rows"}, order, request,
				persistence.FieldID, persistence.InMemory(rows, persistence.FieldID))
			if err != nil {
				t.Fatal(err)
			}
			if backward {
				got = append(idsOfRows(page.Documents), got...)
			} else {
				got = append(got, idsOfRows(page.Documents)...)
			}
			more, n := page.HasNext, len(page.Cursors)
			if backward {
				more = page.HasPrevious
			}
			if !more {
				break
			}
			if n == 0 || len(got) > len(rows) {
				t.Fatalf("the walk does not end: %v", got)
			}
			if backward {
				request.Before = page.Cursors[0]
			} else {
				request.After = page.Cursors[n-1]
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("met %v, want %v", got, want)
		}
	})
}

func idsOfRows(rows []persistence.Row) []string {
	out := []string{}
	for _, row := range rows {
		id, _ := row.Value(persistence.FieldID).AsText()
		out = append(out, id)
	}
	return out
}

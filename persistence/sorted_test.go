package persistence_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clientele/persistence"
)

func TestSorted(t *testing.T) {
	row := func(id, name string, email ...string) persistence.Row {
		out := persistence.Row{persistence.FieldID: persistence.Text(id), persistence.FieldName: persistence.Text(name)}
		for _, text := range email {
			out[persistence.FieldEmail] = persistence.Text(text)
		}
		return out
	}
	rows := []persistence.Row{row("1", "b", "y"), row("2", "a"), row("3", "b"), row("4", "a", "x"), row("5", "b", "x")}
	name, email := persistence.Order{Field: persistence.FieldName}, persistence.Order{Field: persistence.FieldEmail}
	nullsFirst := persistence.Order{Field: persistence.FieldEmail, NullsFirst: true}
	down := persistence.Order{Field: persistence.FieldEmail, Descending: true}
	for _, test := range []struct {
		name  string
		order []persistence.Order
		want  string
	}{
		{"no order leaves them as they are", nil, "12345"},
		{"ties stay as they are", []persistence.Order{name}, "24135"},
		{"descending ties, too", []persistence.Order{{Field: persistence.FieldName, Descending: true}}, "13524"},
		{"nulls last", []persistence.Order{email}, "45123"},
		{"nulls first", []persistence.Order{nullsFirst}, "23451"},
		{"nulls last downwards", []persistence.Order{down}, "14523"},
		{"by several fields", []persistence.Order{name, email}, "42513"},
		{"by a field that none has", []persistence.Order{{Field: persistence.FieldCRMID}, name}, "24135"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, row := range persistence.Sorted(rows, test.order) {
				id, _ := row.Value(persistence.FieldID).AsText()
				got += id
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if id, _ := rows[0].Value(persistence.FieldID).AsText(); id != "1" {
		t.Error("the documents that were given were moved")
	}
}

func TestSortedNothing(t *testing.T) {
	if got := persistence.Sorted([]persistence.Row(nil), []persistence.Order{{Field: persistence.FieldName}}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// With the tie-breaker at its end an order is complete, and a list is what a page holds.
func TestSortedIsTheOrderOfPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		documents, order := drawDocuments(t), drawOrder(t)
		last := persistence.Order{Field: tieField}
		if len(order) > 0 {
			last.Descending = order[len(order)-1].Descending
		}
		var got []string
		for _, d := range persistence.Sorted(documents, append(slices.Clone(order), last)) {
			got = append(got, d.id())
		}
		if want := sorted(documents, order); !slices.Equal(got, want) {
			t.Fatalf("by %+v: got %q, want %q", order, got, want)
		}
	})
}

func TestRow(t *testing.T) {
	row := persistence.Row{persistence.FieldName: persistence.Text("a")}
	if !row.Value(persistence.FieldEmail).IsNull() || row.Value(persistence.FieldName) != persistence.Text("a") {
		t.Errorf("got %#v", row)
	}
	if row.Elements(persistence.ListPhases) != nil {
		t.Error("a row has lists")
	}
}

package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/persistence"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	value := persistence.Text("v")
	tie := &persistence.Position{Value: value, TieBreaker: "t"}
	nullTie := &persistence.Position{TieBreaker: "t"}
	whole := &persistence.Position{Value: value, WholeValue: true}
	const name, id = persistence.FieldName, persistence.FieldCustomerID
	for _, c := range []struct {
		what    string
		segment persistence.Segment
		want    string
	}{
		{"from the start", persistence.Segment{Field: name}, `[{"name":{"$ne":null}}]`},
		{"nulls", persistence.Segment{Field: name, Null: true}, `[{"name":{"$eq":null}}]`},
		{
			"nulls behind a tie-breaker", persistence.Segment{Field: name, Null: true, From: nullTie},
			`[{"name":{"$eq":null}},{"customerId":{"$gt":"t"}}]`,
		},
		{
			"nulls before a tie-breaker", persistence.Segment{Field: name, Null: true, From: nullTie, Descending: true},
			`[{"name":{"$eq":null}},{"customerId":{"$lt":"t"}}]`,
		},
		{
			"all nulls", persistence.Segment{Field: name, Null: true, From: &persistence.Position{WholeValue: true}},
			`[{"name":{"$eq":null}}]`,
		},
		{"from a value on", persistence.Segment{Field: name, From: whole}, `[{"name":{"$gte":"v"}}]`},
		{"from a value down", persistence.Segment{Field: name, From: whole, Descending: true}, `[{"name":{"$lte":"v"}}]`},
		{
			"behind a position", persistence.Segment{Field: name, From: tie},
			`[{"name":{"$gte":"v"}},{"$or":[{"name":{"$gt":"v"}},{"$and":[{"name":{"$eq":"v"}},{"customerId":{"$gt":"t"}}]}]}]`,
		},
		{
			"before a position", persistence.Segment{Field: name, From: tie, Descending: true},
			`[{"name":{"$lte":"v"}},{"$or":[{"name":{"$lt":"v"}},{"$and":[{"name":{"$eq":"v"}},{"customerId":{"$lt":"t"}}]}]}]`,
		},
		{"by the tie-breaker alone", persistence.Segment{Field: id, From: tie}, `[{"customerId":{"$gt":"t"}}]`},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			query := within(c.segment, bson.D{{Key: "x", Value: "y"}})
			if got, want := extendedJSON(t, query), `{"x":"y","$and":`+c.want+`}`; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// A filter may name the same fields as the query around it, so nothing may stand twice in one document.
func TestSegmentsKeepTheFilter(t *testing.T) {
	t.Parallel()
	where, err := liveCustomers("production", persistence.Condition{
		Field: persistence.FieldEnvironmentID, Op: persistence.NotNull,
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"environmentId":"production","archivedAt":null,"$and":[{"name":{"$ne":null}},{"environmentId":{"$ne":null}}]}`
	for range 2 {
		// The second time shows that the first has not changed the query.
		if got := extendedJSON(t, within(persistence.Segment{Field: persistence.FieldName}, where)); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

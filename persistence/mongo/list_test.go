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
			query := offline(persistence.CustomerCollection).within(c.segment, bson.D{{Key: "x", Value: "y"}})
			if got, want := extendedJSON(t, query), `{"x":"y","$and":`+c.want+`}`; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// offline is a collection without a server.
func offline(c persistence.Collection) collection {
	return collection{Collection: c}
}

// Nothing but customers is ever archived, and ids have other names elsewhere.
func TestQueriesOfOtherCollections(t *testing.T) {
	t.Parallel()
	plans := offline(persistence.Plans)
	where, err := plans.query("production", nil)
	if err != nil {
		t.Fatal(err)
	}
	behind := &persistence.Position{Value: persistence.Text("v"), TieBreaker: "t"}
	const want = `{"environmentId":"production","$and":[{"refId":{"$gt":"t"}}]}`
	if got := extendedJSON(t, plans.within(persistence.Segment{Field: persistence.FieldRefID, From: behind}, where.sent)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := extendedJSON(t, plans.sortBy(persistence.FieldDisplayName, true)); got != `{"displayName":-1,"refId":-1}` {
		t.Errorf("sorted by %s", got)
	}
}

// What the server cannot look into is left out of the query, and looked into here.
func TestAnyIsLeftForLater(t *testing.T) {
	t.Parallel()
	subscribed := condition(persistence.NotNull)
	active := persistence.Any{List: persistence.ListSubscriptions, Filter: condition(persistence.Equal, persistence.Text("a"))}
	for _, c := range []struct {
		what     string
		filter   persistence.Filter
		want     string
		residual bool
	}{
		{"no filter", nil, `{"environmentId":"e"}`, false},
		{"none", persistence.And{subscribed}, `{"environmentId":"e","$and":[{"$and":[{"name":{"$ne":null}}]}]}`, false},
		{"alone", active, `{"environmentId":"e","$and":[{}]}`, true},
		{"beside another", persistence.And{subscribed, active}, `{"environmentId":"e","$and":[{"$and":[{"name":{"$ne":null}},{}]}]}`, true},
		{"or another", persistence.Or{subscribed, active}, `{"environmentId":"e","$and":[{"$or":[{"name":{"$ne":null}},{}]}]}`, true},
		{
			"either with another", persistence.Or{persistence.And{subscribed, active}, subscribed},
			`{"environmentId":"e","$and":[{"$or":[{"$and":[{"name":{"$ne":null}},{}]},{"name":{"$ne":null}}]}]}`, true,
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			where, err := offline(persistence.Plans).query("e", c.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := extendedJSON(t, where.sent); got != c.want || (where.residual != nil) != c.residual {
				t.Errorf("\n got %s and a residual: %t\nwant %s and %t", got, where.residual != nil, c.want, c.residual)
			}
		})
	}
}

// A filter may name the same fields as the query around it, so nothing may stand twice in one document.
func TestSegmentsKeepTheFilter(t *testing.T) {
	t.Parallel()
	customers := offline(persistence.CustomerCollection)
	where, err := customers.query("production", persistence.Condition{
		Field: persistence.FieldEnvironmentID, Op: persistence.NotNull,
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"environmentId":"production","archivedAt":null,"$and":[{"name":{"$ne":null}},{"environmentId":{"$ne":null}}]}`
	for range 2 {
		// The second time shows that the first has not changed the query.
		if got := extendedJSON(t, customers.within(persistence.Segment{Field: persistence.FieldName}, where.sent)); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

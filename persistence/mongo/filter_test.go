package mongo

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/persistence"
)

// condition is on the name, or on the creation time if its operands are times.
func condition(op persistence.Op, operands ...persistence.Value) persistence.Condition {
	field := persistence.FieldName
	if len(operands) > 0 {
		if _, ok := operands[0].AsTime(); ok {
			field = persistence.FieldCreatedAt
		}
	}
	return persistence.Condition{Field: field, Op: op, Operands: operands}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	a, b := persistence.Text("a"), persistence.Text("b")
	noon := persistence.Time(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	text := persistence.Text
	for _, c := range []struct {
		name   string
		filter persistence.Filter
		want   string
	}{
		{"everything", persistence.And{}, `{}`},
		{"nothing", persistence.Or{}, `{"_id":{"$in":[]}}`},
		{"equal", condition(persistence.Equal, a), `{"name":{"$eq":"a"}}`},
		{"equal to a time", condition(persistence.Equal, noon), `{"createdAt":{"$eq":{"$date":"2024-02-29T12:00:00Z"}}}`},
		{"the environment is a field", persistence.Condition{
			Field: persistence.FieldEnvironmentID, Op: persistence.Equal, Operands: []persistence.Value{a},
		}, `{"environmentId":{"$eq":"a"}}`},
		{"not equal, and not null", condition(persistence.NotEqual, a), `{"name":{"$nin":["a",null]}}`},
		{"greater", condition(persistence.Greater, a), `{"name":{"$gt":"a"}}`},
		{"greater or equal", condition(persistence.GreaterOrEqual, a), `{"name":{"$gte":"a"}}`},
		{"less", condition(persistence.Less, noon), `{"createdAt":{"$lt":{"$date":"2024-02-29T12:00:00Z"}}}`},
		{"less or equal", condition(persistence.LessOrEqual, a), `{"name":{"$lte":"a"}}`},
		{"in", condition(persistence.In, a, b), `{"name":{"$in":["a","b"]}}`},
		{"in nothing", condition(persistence.In), `{"name":{"$in":[]}}`},
		{"not in, and not null", condition(persistence.NotIn, a, b), `{"name":{"$nin":["a","b",null]}}`},
		{"not in nothing", condition(persistence.NotIn), `{"name":{"$nin":[null]}}`},
		{"null", condition(persistence.Null), `{"name":{"$eq":null}}`},
		{"not null", condition(persistence.NotNull), `{"name":{"$ne":null}}`},
		{
			"like, within the range of its prefix", condition(persistence.Like, text("ab%c_")),
			`{"name":{"$gte":"ab","$lt":"ac","$regex":"(?s)^ab.*c.*\\z"}}`,
		},
		{"like without a prefix", condition(persistence.Like, text("%a")), `{"name":{"$regex":"(?s)^.*a\\z"}}`},
		{
			"like without a text behind its prefix", condition(persistence.Like, text("\U0010ffff%")),
			`{"name":{"$gte":"` + "\U0010ffff" + `","$regex":"(?s)^` + "\U0010ffff" + `.*\\z"}}`,
		},
		{
			"like takes literal characters", condition(persistence.Like, text(`.\%$`)),
			`{"name":{"$gte":".%$","$lt":".%%","$regex":"(?s)^\\.%\\$\\z"}}`,
		},
		{"like ignoring case has no range", condition(persistence.ILike, text("ab%")), `{"name":{"$regex":"(?s)^[aA][bB].*\\z"}}`},
		{
			"like, and its prefix can be stored in two ways", condition(persistence.Like, text("aK%")),
			`{"$or":[{"name":{"$gte":"aK","$lt":"aL"}},{"name":{"$gte":"aK","$lt":"aÅ"}}],"name":{"$regex":"(?s)^a[KK].*\\z"}}`,
		},
		{
			"like a text with an accent, in whatever way it is composed", condition(persistence.Like, text("Jos\u00e9")),
			`{"name":{"$gte":"Jos","$lt":"Jot","$regex":"(?s)^Jos.*\\z"}}`,
		},
		{
			"not like, and not null", condition(persistence.NotLike, text("ab%")),
			`{"name":{"$ne":null}}`,
		},
		{
			"not like ignoring case, and not null", condition(persistence.NotILike, text("ab%")),
			`{"name":{"$ne":null}}`,
		},
		{
			"both", persistence.And{condition(persistence.Greater, a), condition(persistence.Less, b)},
			`{"$and":[{"name":{"$gt":"a"}},{"name":{"$lt":"b"}}]}`,
		},
		{
			"either", persistence.Or{condition(persistence.Equal, a), persistence.And{condition(persistence.Null), persistence.Or{}}},
			`{"$or":[{"name":{"$eq":"a"}},{"$and":[{"name":{"$eq":null}},{"_id":{"$in":[]}}]}]}`,
		},
		{"a group of everything", persistence.Or{persistence.And{}}, `{"$or":[{}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := compile(c.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := extendedJSON(t, compiled); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCompileRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, filter := range []persistence.Filter{
		nil, persistence.And{nil}, persistence.Compiled(condition(persistence.Null)),
		persistence.Or{persistence.Condition{Field: persistence.FieldName, Op: "between"}},
	} {
		if compiled, err := compile(filter); err == nil {
			t.Errorf("%#v compiles to %v", filter, compiled)
		}
	}
}

func TestBehindPrefix(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"a": "b", "az": "a{", "\x7f": "\u0080", "ä": "å", "\ud7ff": "\ue000", "a\U0010ffff": "b", "\U0010ffff\U0010ffff": "", "": "",
	} {
		if got, ok := behindPrefix(prefix); got != want || ok != (want != "") {
			t.Errorf("behind %q: got %q, %t, want %q", prefix, got, ok, want)
		}
	}
}

func extendedJSON(t *testing.T, document bson.D) string {
	t.Helper()
	text, err := bson.MarshalExtJSON(document, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

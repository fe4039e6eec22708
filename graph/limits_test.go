package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"clientele/graph/generated"
	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/tests/clientops"
)

func TestSumsAndProductsStayAtTheLargestNumber(t *testing.T) {
	number := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, math.MaxInt), rapid.Just(math.MaxInt), rapid.Just(math.MaxInt/2))
	largest := big.NewInt(math.MaxInt)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, y := big.NewInt(int64(a)), big.NewInt(int64(b))
		for name, c := range map[string]struct {
			got  int
			want *big.Int
		}{
			"plus":  {plus(a, b), new(big.Int).Add(x, y)},
			"times": {times(a, b), new(big.Int).Mul(x, y)},
		} {
			if c.want.Cmp(largest) > 0 {
				c.want = largest
			}
			if int64(c.got) != c.want.Int64() {
				t.Errorf("%s of %d and %d is %d, not %s", name, a, b, c.got, c.want)
			}
		}
	})
}

// TestCostWithoutALimit: a cost that no number can hold is the largest one.
func TestCostWithoutALimit(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { customers(paging: P): C } type C { edges: Query } input P { first: Int }`})
	query := strings.Repeat("customers(paging: {first: 100}) { edges { ", 40) + "__typename" + strings.Repeat(" } }", 40)
	document := gqlparser.MustLoadQueryWithRules(schema, "{ "+query+" }", nil)
	counter := costCounter{within: map[string]int{"Query": math.MinInt, "C": math.MinInt}}
	counter.spend(document.Operations[0].SelectionSet, 1)
	if counter.data != math.MaxInt {
		t.Errorf("it costs %d", counter.data)
	}
}

// TestMeasureJSON compares with what package json makes of a text.
func TestMeasureJSON(t *testing.T) {
	var generate func(deep int) *rapid.Generator[any]
	generate = func(deep int) *rapid.Generator[any] {
		leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.SampledFrom([]string{`"`, `\`, `\"`, `[{,:`, `\\"`, "]"}), func(s string) any { return s }), rapid.Just[any](1.5))
		if deep == 0 {
			return leaf
		}
		return rapid.OneOf(leaf,
			rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return generate(deep - 1) }), 0, 4), func(s []any) any { return s }),
			rapid.Map(rapid.MapOfN(rapid.String(), rapid.Deferred(func() *rapid.Generator[any] { return generate(deep - 1) }), 0, 4), func(m map[string]any) any { return m }))
	}
	var measured func(value any) (values, depth int)
	measured = func(value any) (values, depth int) {
		values = 1
		switch v := value.(type) {
		case []any:
			for _, element := range v {
				n, d := measured(element)
				values, depth = values+n, max(depth, d)
			}
			depth++
		case map[string]any:
			for _, element := range v {
				n, d := measured(element)
				values, depth = values+n+1, max(depth, d)
			}
			depth++
		}
		return values, depth
	}
	rapid.Check(t, func(t *rapid.T) {
		value := generate(4).Draw(t, "value")
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		wantValues, wantDepth := measured(value)
		// Keys count as values; an empty list counts one more, and an object with members one less.
		if values, depth := measureJSON(text); depth != wantDepth || values < wantValues-strings.Count(string(text), "{") || values > wantValues+strings.Count(string(text), "[") {
			t.Errorf("%s: %d values, %d levels, want %d and %d", text, values, depth, wantValues, wantDepth)
		}
	})
	for _, text := range []string{``, `"`, `"\`, `"\"`, `]`, `}}}`, `[`, `{"a`, "\x00"} {
		measureJSON([]byte(text))
	}
}

func TestTextsOfClientsAreCut(t *testing.T) {
	for _, letter := range []string{"a", "é", "€", "😀"} {
		for n := range 400 {
			text := strings.Repeat(letter, n)
			got := shortened(text)
			if len(text) <= maxShortened && got != text || len(got) > maxShortened+len("…") || !utf8.ValidString(got) {
				t.Fatalf("%d of %s became %d bytes: %q", n, letter, len(got), got)
			}
		}
	}
}

func TestFactsOfClientsAreCut(t *testing.T) {
	id, long := strings.Repeat("😀", maxFactLength), strings.Repeat("😀", maxFactLength+1)
	for name, c := range map[string]struct{ fact, want any }{
		"a short text":                 {"x", "x"},
		"the longest id":               {id, id},
		"a longer text":                {long, id + "…"},
		"a text without end":           {strings.Repeat("a", 1<<20), strings.Repeat("a", maxFactLength) + "…"},
		"ids, one of them too long":    {[]string{"a", long}, []string{"a", id + "…"}},
		"a number":                     {7, 7},
		"what a type of its own tells": {model.ErrorCodeBadUserInput, model.ErrorCodeBadUserInput},
	} {
		err := domain.Errorf(domain.CouponNotFound, "x").With("identifier", c.fact)
		if got := (presenter{}).present(t.Context(), err).Extensions["identifier"]; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %.300v", name, got)
		}
	}
}

// oneOfSchema has inputs of which one field is to be given, at every place where an input can be.
const oneOfSchema = `
	directive @oneOf on INPUT_OBJECT
	type Query { f(one: One, many: [One!], list: [[One]], in: In): Boolean }
	input One @oneOf { a: String, b: Int, more: In, one: One }
	input In { one: One, many: [One!], x: String }`

func TestOneOfHoldsForVariables(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: oneOfSchema})
	reached := 0
	executable := &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			reached++
			return graphql.OneShot(&graphql.Response{Data: []byte(`{"f":true}`)})
		},
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
	}
	errors := presenter{limits: testLimits}
	server := handler.New(executable)
	server.AddTransport(transport{limits: testLimits, errors: errors, documents: newDocuments(schema, testLimits, true), persisted: newPersistedDocuments(DocumentConfig{}, nil)})
	server.SetQueryCache(readDocuments{})
	server.SetErrorPresenter(errors.present)
	const query = `query ($one: One, $many: [One!], $list: [[One]], $in: In) { f(one: $one, many: $many, list: $list, in: $in) }`
	for name, c := range map[string]struct{ variables, field string }{
		"one":                               {`{"one": {"a": "x"}}`, ""},
		"another":                           {`{"one": {"b": 1}}`, ""},
		"none at all":                       {`{}`, ""},
		"null for it":                       {`{"one": null}`, ""},
		"an input in it":                    {`{"one": {"more": {"x": "x"}}}`, ""},
		"one in one":                        {`{"one": {"one": {"a": "x"}}}`, ""},
		"a list of them":                    {`{"many": [{"a": "x"}, {"b": 1}]}`, ""},
		"a list's only one by itself":       {`{"many": {"a": "x"}}`, ""},
		"lists of lists":                    {`{"list": [[{"a": "x"}, null], null]}`, ""},
		"no field":                          {`{"one": {}}`, "one"},
		"two fields":                        {`{"one": {"a": "x", "b": 1}}`, "one"},
		"a field of null":                   {`{"one": {"a": null}}`, "one"},
		"a field and another of null":       {`{"one": {"a": "x", "b": null}}`, "one"},
		"two within":                        {`{"in": {"one": {"a": "x", "b": 1}}}`, "in.one"},
		"two within one":                    {`{"one": {"one": {"a": "x", "b": 1}}}`, "one.one"},
		"two within what is within":         {`{"one": {"more": {"many": [{"a": "x"}, {"a": "x", "b": 1}]}}}`, "one.more.many[1]"},
		"two in a list":                     {`{"many": [{"a": "x"}, {"a": "x", "b": 1}]}`, "many[1]"},
		"two in a list that is left out":    {`{"many": {"a": "x", "b": 1}}`, "many"},
		"two in a list left out, within":    {`{"in": {"many": {"a": "x", "b": 1}}}`, "in.many"},
		"none in a list of lists":           {`{"list": [[{"a": "x"}], [{}]]}`, "list[1][0]"},
		"none in what two lists stand for":  {`{"list": {}}`, "list"},
		"a field that there is not, and no": {`{"one": {"c": 1}}`, "one.c"},
	} {
		t.Run(name, func(t *testing.T) {
			reached = 0
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(fmt.Sprintf(`{"query": %q, "variables": %s}`, query, c.variables)))
			request.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, request)
			var got reply
			if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if c.field == "" {
				if len(got.Errors) > 0 || reached != 1 {
					t.Errorf("refused: %s", recorder.Body)
				}
				return
			}
			if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" ||
				got.Errors[0].Extensions["field"] != c.field || reached != 0 {
				t.Errorf("want the field %s, and that nothing is executed: %s", c.field, recorder.Body)
			}
		})
	}
}

// TestDocumentsAreKept: a document is read once, unless it is long or wrong.
func TestDocumentsAreKept(t *testing.T) {
	schema := schemaOf(t)
	documents := newDocuments(schema, testLimits, true)
	for name, c := range map[string]struct {
		text string
		kept bool
	}{
		"a document": {`{ customers { totalCount } }`, true},
		"a long one": {`{ customers { totalCount } }` + strings.Repeat(" ", maxKeptText), false},
	} {
		first, _, errs := documents.read(c.text)
		again, _, moreErrs := documents.read(c.text)
		if len(errs)+len(moreErrs) > 0 || first == again != c.kept {
			t.Errorf("%s: kept %t, %v", name, first == again, errs)
		}
	}
	for _, wrong := range []string{`{`, `{ a }`, `{ customers @a { totalCount } }`} {
		if _, _, errs := documents.read(wrong); len(errs) == 0 {
			t.Errorf("%s is read", wrong)
		}
		if documents.kept.get(wrong) != nil {
			t.Errorf("%s is kept", wrong)
		}
	}
}

// TestErrorsComeInOneOrder however often the same wrong document is sent.
func TestErrorsComeInOneOrder(t *testing.T) {
	server := serving(newStore(t), io.Discard)
	const wrong = `query ($a: Int, $b: Int) { customers(x: 1) { y z } w ...F ...G }`
	first := ask(t.Context(), t, server, wrong).body
	for range 20 {
		if again := ask(t.Context(), t, server, wrong).body; !bytes.Equal([]byte(again), []byte(first)) {
			t.Fatalf("%s, then %s", first, again)
		}
	}
}

func BenchmarkReadDocument(b *testing.B) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	widest := clientops.Widest(schema, ast.Query, "getCustomerByRefId").Query
	for name, text := range map[string]string{
		"widest read": widest,
		"small read":  `query ($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { id name email } }`,
	} {
		b.Run(name, func(b *testing.B) {
			documents := newDocuments(schema, testLimits, true)
			for i := range b.N {
				_, tokens, errs := documents.read(text + strings.Repeat(" ", i%1000) + fmt.Sprint("#", i))
				if len(errs) > 0 {
					b.Fatal(errs)
				}
				b.ReportMetric(float64(tokens), "tokens")
			}
		})
	}
}

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"clientele/graph/document"
	"clientele/graph/model"
	"clientele/internal/domain"
)

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
	errors := observedErrors{presenter{limits: testLimits}}
	server := handler.New(executable)
	server.AddTransport(transport{limits: testLimits, errors: errors, documents: document.NewReader(schema, testLimits, true), persisted: newPersistedDocuments(DocumentConfig{}, nil)})
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

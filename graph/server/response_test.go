package server

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// What is written in parts is what encoding/json writes, to the last byte: responses are kept for repeated requests.
func TestResponsesAreWrittenAsTheyAreEncoded(t *testing.T) {
	t.Parallel()
	long := json.RawMessage(`{"a":"` + strings.Repeat("<&>\u2028é", 10_000) + `"}`)
	errs := gqlerror.List{{Message: `"data":null <&>`, Extensions: map[string]any{"data": nil, "code": "X"}}, {Message: "second"}}
	for name, response := range map[string]*graphql.Response{
		"short data":            {Data: json.RawMessage(`{"a":1}`)},
		"null data":             {Data: json.RawMessage(`null`), Errors: errs},
		"no data":               {Errors: errs, Extensions: map[string]any{"cost": 1}},
		"errors and extensions": {Data: json.RawMessage(`{"a":null}`), Errors: errs, Extensions: map[string]any{"b": "<", "a": 1}},
		"long data":             {Data: long},
		"long data and more":    {Data: long, Errors: errs, Extensions: map[string]any{"cost": map[string]int{"x": 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want bytes.Buffer
			encoder := json.NewEncoder(&want)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(response); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := encodeJSON(&got, response); err != nil || got.String() != want.String() {
				t.Errorf("%v: got %.200s, want %.200s", err, got.String(), want.String())
			}
			recorder := httptest.NewRecorder()
			writeJSON(recorder, httptest.NewRequest("POST", "/graphql", nil), 200, response)
			if recorder.Body.String() != want.String() || recorder.Code != 200 {
				t.Errorf("over HTTP: status %d, %.200s", recorder.Code, recorder.Body.String())
			}
		})
	}
}

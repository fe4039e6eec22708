package server

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clientele/internal/domain"
)

func TestRequestKeysAreMatchedExactly(t *testing.T) {
	const operation = `{ __typename }`
	for text, want := range map[string]string{
		`{"query": "` + operation + `"}`:                                             operation,
		`{"Query": "SecretMark"}`:                                                    "",
		`{"QUERY": "SecretMark", "query": "` + operation + `"}`:                      operation,
		`{"query": "` + operation + `", "Query": "SecretMark"}`:                      operation,
		`{"query": "` + operation + `", "querY": {"query": "x"}}`:                    operation,
		`{"\u0071uery": "` + operation + `"}`:                                        operation,
		`{"query": null}`:                                                            "",
		`{"extra": [{"query": "SecretMark"}], "query": "` + operation + `"}`:         operation,
		`{"ReadTime": {}, "Headers": 5, "headers": 5, "query": "` + operation + `"}`: operation,
		`{"\u017fuery": 1, "operationname": 5, "documentID": 5, "Variables": 5, "Extensions": 5, "query": "` + operation + `"}`: operation,
	} {
		r := &request{}
		if err := r.decode([]byte(text)); err != nil || r.Query != want || r.OperationName != "" || r.DocumentID != "" || r.Variables != nil {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
}

func TestRepeatedKeysAreRefused(t *testing.T) {
	for text, field := range map[string]string{
		`{"query": "a", "query": "a"}`:                                               "query",
		`{"query": "a", "\u0071uery": "b"}`:                                          "query",
		`{"query": null, "query": "b"}`:                                              "query",
		`{"operationName": "a", "operationName": "a"}`:                               "operationName",
		`{"documentId": "a", "documentId": "a"}`:                                     "documentId",
		`{"variables": {}, "variables": {}}`:                                         "variables",
		`{"variables": {"a": 1, "a": 1}}`:                                            "variables",
		`{"variables": {"a": 1, "\u0061": 1}}`:                                       "variables",
		`{"variables" : {"a": [{"b": {"c:": ":", "d": 1, "d": {}}}]}}`:               "variables",
		`{"extensions": {"persistedQuery": {"sha256Hash": "a", "sha256Hash": "b"}}}`: "extensions",
	} {
		r := &request{}
		err := r.decode([]byte(text))
		if !domain.IsKind(err, domain.BadUserInput) || !strings.HasPrefix(err.Error(), field+" ") {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
	for _, text := range []string{
		`{"variables": {"a": 1, "A": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 1}], "d": ":::", "e:\"": 2}}`,
		`{"unknown": {"a": 1, "a": 1}, "unknown": 5, "query": "a"}`,
		`{"variables": null, "extensions": {}}`,
	} {
		if err := (&request{}).decode([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBodiesThatAreNoObject(t *testing.T) {
	for _, text := range []string{
		``, ` `, `null`, `5`, `"a"`, `[]`, `{`, `{"query"`, `{"query": `, `{"query": "a"`, `{"query": "a",}`, `{"query" "a"}`, `{"query":: "a"}`,
		`{"query": "a"} {}`, `{"query": "a"}}`, `{"query": "a"} x`, `{query: "a"}`, `{"query": 5}`, `{"query": ["a"]}`, `{"operationName": {}}`,
		`{"variables": []}`, `{"variables": "{}"}`, `{"extensions": 5}`, `{"documentId": 5}`, `{"unknown": }`, `{"unknown": 01}`, "{\"query\": \"\xff\"}",
		`{"query": "\ud83d"}`, `{5: "a"}`, `{,}`, `{"query": "a" "operationName": "b"}`,
	} {
		if err := (&request{}).decode([]byte(text)); err == nil || domain.IsKind(err, domain.BadUserInput) {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}

// TestVariablesAreReadAsTheyAre: the check for repeated keys passes every object that has each key once.
func TestVariablesAreReadAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.MapOf(rapid.String(), rapid.MapOf(rapid.String(), rapid.String())).Draw(t, "variables")
		text, err := json.Marshal(map[string]any{"variables": value})
		if err != nil {
			t.Fatal(err)
		}
		r := &request{}
		if err := r.decode(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(r.Variables)), slices.Sorted(maps.Keys(value))) {
			t.Fatalf("%s became %v", text, r.Variables)
		}
	})
}

package server

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// getSDL asks for the schema with an ETag to compare, if there is one.
func getSDL(t *testing.T, known string) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/schema.graphql", nil)
	if known != "" {
		request.Header.Set("If-None-Match", known)
	}
	recorder := httptest.NewRecorder()
	NewSchemaHandler().ServeHTTP(recorder, request)
	return recorder.Result()
}

// policyDirectives are for the server alone.
var policyDirectives = []string{"listSize", "stored", "belongsToCustomer", "changesCustomer", "changesNoCustomer"}

// account is everything that a schema says to clients, an element a line: its signature and its description.
func account(schema *ast.Schema) []string {
	about := map[string]string{}
	for name, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		about[name] = strings.Join([]string{string(definition.Kind), strings.Join(definition.Interfaces, "&"),
			strings.Join(definition.Types, "|"), applied(definition.Directives)}, " ")
		for _, value := range definition.EnumValues {
			about[name+"."+value.Name] = applied(value.Directives)
		}
	}
	for name, signature := range signatures(schema) {
		if of, _, _ := strings.Cut(name, "."); !schema.Types[of].BuiltIn {
			about[name] = signature.Type.String() + " = " + defaultOf(signature) + applied(signature.Directives)
		}
	}
	for name, directive := range schema.Directives {
		if slices.Contains(policyDirectives, name) {
			continue
		}
		about["@"+name] = fmt.Sprint(directive.Locations, directive.IsRepeatable)
		for _, argument := range directive.Arguments {
			about["@"+name+"("+argument.Name+")"] = argument.Type.String()
		}
	}
	described(schema, func(name, description string) {
		directive, _, _ := strings.Cut(strings.TrimPrefix(name, "@"), "(")
		if !slices.Contains(policyDirectives, directive) {
			about[name] += ": " + description
		}
	})
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(about)) {
		lines = append(lines, name+" is "+about[name])
	}
	return lines
}

func applied(directives ast.DirectiveList) string {
	var text strings.Builder
	for _, directive := range directives {
		if slices.Contains(policyDirectives, directive.Name) {
			continue
		}
		text.WriteString(" @" + directive.Name)
		for _, argument := range directive.Arguments {
			text.WriteString("(" + argument.Name + ": " + argument.Value.String() + ")")
		}
	}
	return text.String()
}

func TestTheSchemaThatIsServedIsTheServers(t *testing.T) {
	response := getSDL(t, "")
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Fatalf("status %d, %v: %v", response.StatusCode, response.Header, err)
	}
	served, err := gqlparser.LoadSchema(&ast.Source{Name: "served", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policyDirectives {
		if strings.Contains(string(text), "@"+name) {
			t.Errorf("the served schema shows @%s", name)
		}
	}
	want, got := account(schemaOf(t)), account(served)
	if len(want) < 1390 {
		t.Errorf("the schema has %d elements", len(want))
	}
	for _, line := range want {
		if _, is := slices.BinarySearch(got, line); !is {
			t.Errorf("the served schema does not say %s", line)
		}
	}
	for _, line := range got {
		if _, is := slices.BinarySearch(want, line); !is {
			t.Errorf("only the served schema says %s", line)
		}
	}
}

// TestTheSchemaThatIsServedCanBeKept: a client that has it asks whether it is still the one.
func TestTheSchemaThatIsServedCanBeKept(t *testing.T) {
	first := getSDL(t, "")
	tag := first.Header.Get("ETag")
	if tag == "" || first.Header.Get("Cache-Control") != "public, no-cache" {
		t.Fatalf("%v", first.Header)
	}
	for name, test := range map[string]struct {
		known  string
		status int
	}{
		"the one that is served": {tag, http.StatusNotModified},
		"another":                {`"another"`, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			if got := getSDL(t, test.known); got.StatusCode != test.status || got.Header.Get("ETag") != tag {
				t.Errorf("status %d, %v", got.StatusCode, got.Header)
			}
		})
	}
}

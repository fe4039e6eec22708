package server

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

var updatePages = flag.Bool("update", false, "write the tables of docs/compatibility.md")

const compatibilityPage = "../../docs/compatibility.md"

// TestEveryOperationIsListed compares docs/compatibility.md with the schema: each operation with the first sentence of
// its description, those of the contract apart from additions.
func TestEveryOperationIsListed(t *testing.T) {
	t.Parallel()
	contract, err := os.ReadFile("testdata/contract.txt")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(compatibilityPage)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	schema := schemaOf(t)
	for heading, rows := range map[string]string{
		"Queries":   operationRows(schema.Query, string(contract), true),
		"Mutations": operationRows(schema.Mutation, string(contract), true),
		"Additions": operationRows(schema.Query, string(contract), false) + operationRows(schema.Mutation, string(contract), false),
	} {
		table := "| operation | what it does |\n| --- | --- |\n" + rows
		place := regexp.MustCompile(`(?s)(\n## ` + heading + `\n\n(?:[^|\n][^\n]*\n)*\n?)\| operation .*?\n(\n|$)`)
		if !place.MatchString(text) {
			t.Fatalf("the page has no table under %q", heading)
		}
		text = place.ReplaceAllStringFunc(text, func(found string) string {
			parts := place.FindStringSubmatch(found)
			return parts[1] + table + parts[2]
		})
	}
	if *updatePages {
		if err := os.WriteFile(compatibilityPage, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(page) {
		t.Error("docs/compatibility.md is stale: go test ./graph/server -run EveryOperationIsListed -update")
	}
}

func operationRows(root *ast.Definition, contract string, inContract bool) string {
	var rows strings.Builder
	for _, field := range root.Fields {
		if strings.HasPrefix(field.Name, "__") || strings.Contains(contract, root.Name+"."+field.Name+": ") != inContract {
			continue
		}
		sentence, _, _ := strings.Cut(strings.Join(strings.Fields(field.Description), " ")+" ", ". ")
		if field.Directives.ForName("deprecated") != nil {
			sentence += ". Deprecated"
		}
		fmt.Fprintf(&rows, "| `%s` | %s. |\n", field.Name, strings.TrimSuffix(strings.TrimSpace(sentence), "."))
	}
	return rows.String()
}

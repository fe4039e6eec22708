package server

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/errcode"

	"clientele/graph/model"
)

// errorDocs are the rows of docs/errors.md by code, each with its cells, of which the first is the code; separate
// are those under the heading of unused codes.
func errorDocs(t *testing.T) (answered, never map[string][]string) {
	t.Helper()
	const heading = "\n## Unused codes\n"
	text, err := os.ReadFile("../../docs/errors.md")
	if err != nil || strings.Count(string(text), heading) != 1 {
		t.Fatalf("docs/errors.md has no part for codes that are not answered: %v", err)
	}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\|.*\\|$")
	read := func(part string) map[string][]string {
		rows := map[string][]string{}
		for _, found := range row.FindAllStringSubmatch(part, -1) {
			cells := strings.Split(strings.Trim(found[0], "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			if rows[found[1]] != nil {
				t.Errorf("%s has two rows", found[1])
			}
			rows[found[1]] = cells
		}
		return rows
	}
	first, second, _ := strings.Cut(string(text), heading)
	return read(first), read(second)
}

// TestErrorsAreDocumented compares docs/errors.md with the schema and errorCodes.
func TestErrorsAreDocumented(t *testing.T) {
	answered, never := errorDocs(t)
	codes := schemaOf(t).Types["ErrorCode"].EnumValues
	if len(codes) < 60 {
		t.Fatalf("the schema has %d codes", len(codes))
	}
	for _, code := range codes {
		want, other, part := answered, never, "an answered code"
		if strings.HasPrefix(code.Description, "Unused.") {
			want, other, part = never, answered, "a code that is not answered"
		}
		if want[code.Name] == nil {
			t.Errorf("%s has no row as %s", code.Name, part)
		}
		if other[code.Name] != nil {
			t.Errorf("%s is %s, and has a row elsewhere: move it", code.Name, part)
		}
		delete(never, code.Name)
	}
	for code := range never {
		t.Errorf("%s is never answered, nor in the schema", code)
	}
	blamesInput := map[string]bool{errcode.ParseFailed: true, errcode.ValidationFailed: true}
	for _, row := range errorCodes {
		blamesInput[string(row.code)] = row.validation
	}
	for code, cells := range answered {
		if codes.ForName(code) == nil {
			t.Errorf("%s has a row, and is no code", code)
		}
		if len(cells) != 6 {
			t.Errorf("%s has %d cells: %q", code, len(cells), cells)
			continue
		}
		if input := cells[2] == "yes"; input != blamesInput[code] || !input && cells[2] != "no" {
			t.Errorf("%s: isValidationError is %v, not %q", code, blamesInput[code], cells[2])
		}
		if !regexp.MustCompile(`^[2-5]\d\d(, [2-5]\d\d)*$`).MatchString(cells[1]) {
			t.Errorf("%s: %q is no list of statuses", code, cells[1])
		}
		if !slices.Contains([]string{"no", "later", "unsure"}, cells[3]) || cells[2] == "yes" && cells[3] != "no" {
			t.Errorf("%s: %q does not say whether to send it again", code, cells[3])
		}
		if len(cells[4]) < 20 || len(cells[5]) < 10 {
			t.Errorf("%s has no cause, or nothing to do about it: %q", code, cells[4:])
		}
	}
}

// TestErrorCodeHasEveryCode: nothing that the package puts into extensions.code is missing in the enum, or marked as
// never sent. What the tests of the program receive is compared with docs/errors.md, and that with the enum.
func TestErrorCodeHasEveryCode(t *testing.T) {
	t.Parallel()
	codes := []string{errcode.ParseFailed, errcode.ValidationFailed, string(model.ErrorCodeUnexpectedError)}
	for code := range persistedQueryMessages {
		codes = append(codes, code)
	}
	for _, row := range errorCodes {
		codes = append(codes, string(row.code))
	}
	enum := schemaOf(t).Types["ErrorCode"].EnumValues
	for _, code := range codes {
		value := enum.ForName(code)
		if value == nil {
			t.Errorf("ErrorCode has no %s", code)
		} else if strings.HasPrefix(value.Description, "Unused.") {
			t.Errorf("%s is sent, and its description says that it is not", code)
		}
	}
	sent := 0
	for _, value := range enum {
		if strings.HasPrefix(value.Description, "Unused.") {
			continue
		}
		sent++
		if !slices.Contains(codes, value.Name) {
			t.Errorf("nothing sends %s", value.Name)
		}
	}
	if sent < 50 {
		t.Errorf("only %d codes are sent", sent)
	}
}

package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele/internal/domain"
)

func TestJSONFilesAreAccepted(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)
	content, err := encodeJSON(parse(t, small).content)
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(t, newService(store), string(content)); len(got) > 0 {
		t.Errorf("got %q of\n%s", got, content)
	}
	var indented strings.Builder
	encoder := json.NewEncoder(&indented)
	encoder.SetIndent("", "\t")
	if err := encoder.Encode(json.RawMessage(content)); err != nil {
		t.Fatal(err)
	}
	if got := apply(t, newService(store), indented.String()); len(got) > 0 {
		t.Errorf("got %q of\n%s", got, indented.String())
	}
}

func TestJSONEscapesAreRead(t *testing.T) {
	text := `{"$schema": "catalog.schema.json", "features": [{"id": "a", "type": "BOOLEAN",
		"name": "\ud83d\ude00 \u00e4 \/ \\ud83d\\ude00 \"\uD834\uDD1E\""}]}`
	file := parse(t, text)
	if got, want := file.content.Features[0].Name, `😀 ä / \ud83d\ude00 "𝄞"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAliasesAreExpanded(t *testing.T) {
	file := parse(t, `features:
  - {id: seats, name: Seats, type: NUMBER}
products: [{id: main}]
plans:
  - {id: a, product: main, name: A, pricing: FREE, entitlements: &granted [{feature: seats, limit: 1}]}
  - {id: b, product: main, name: B, pricing: FREE, entitlements: *granted}
`)
	if got := file.content.Plans[1].Entitlements; len(got) != 1 || *got[0].Limit != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestFilesBeyondLimitsAreRejected(t *testing.T) {
	many := func(n int, line string) string {
		return strings.Repeat(line, n)
	}
	bomb := "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for level := range 8 {
		name, below := string(rune('b'+level)), string(rune('a'+level))
		bomb += fmt.Sprintf("%s: &%s [%s]\n", name, name, strings.TrimSuffix(strings.Repeat("*"+below+", ", 10), ", "))
	}
	items := "features:\n" + many(10_001, "  - {id: f, name: F, type: BOOLEAN}\n")
	head := "products: [{id: main}]\nplans:\n  - id: p\n    product: main\n    name: P\n    pricing: PAID\n"
	for name, c := range map[string]struct{ text, message string }{
		"an empty file":          {"", "is empty"},
		"only a comment":         {"# nothing\n", "is empty"},
		"text only":              {"hello", "must be an object"},
		"more than 16 MiB":       {"# " + strings.Repeat("x", maxFileSize), "at most 16 MiB"},
		"10,001 items in a list": {items, "at most 10000 entries, it has 10001"},
		"1001 prices":            {head + "    prices:\n" + many(1001, "      - {period: MONTHLY, currency: USD, amount: 1}\n"), "at most 1000 entries"},
		"1001 entitlements":      {head + "    entitlements:\n" + many(1001, "      - {feature: f}\n"), "at most 1000 entries"},
		"an alias bomb":          {bomb, "more than 2000000 values"},
		"deeply nested brackets": {strings.Repeat("[", 100_000), "is not valid YAML or JSON"},
		"deeper than 64":         {strings.Repeat("[", 100) + strings.Repeat("]", 100), "levels deep"},
		"not UTF-8":              {"features: \xff\n", "is not UTF-8"},
		"an unknown alias":       {"features: *a\n", "is not valid YAML or JSON"},
		"a control character":    {"features: \x01\n", "contains the control character U+0001"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("catalog.yaml", []byte(c.text))
			if _, ok := errors.AsType[*InvalidError](err); !ok || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnreadableFilesAreUserErrors(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "missing.yaml"), t.TempDir()} {
		if _, err := ReadFile(path); !domain.IsKind(err, domain.BadUserInput) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("got %v", err)
		}
	}
}

func TestEveryExampleIsValid(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%d examples: %v", len(examples), err)
	}
	for _, path := range examples {
		file, err := ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newService(openStore(t)).Apply(t.Context(), environment, file, false); err != nil {
			t.Error(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, schema, found := strings.Cut(strings.SplitN(string(text), "\n", 2)[0], "$schema=")
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), schema)); !found || err != nil {
			t.Errorf("%s does not name the schema for editors: %v", path, err)
		}
	}
}

// FuzzParse looks for panics, and for files whose export is not stable.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"features": [{"id": "a", "name": "\ud83d\ude00", "type": "BOOLEAN", "metadata": {"k": [1e5, null, {"b": -0}]}}]}`))
	f.Add([]byte("features: &a [*a]\n"))
	f.Add([]byte("coupons:\n  - {id: a, name: \"\\x85\", percent: 1e-3}\n---\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("catalog.yaml", text)
		if err != nil {
			invalid, ok := errors.AsType[*InvalidError](err)
			if !ok || len(invalid.Problems) == 0 || len(invalid.Problems) > maxProblems {
				t.Fatalf("got %v", err)
			}
			return
		}
		problems := &problemList{file: file.name, root: file.root}
		built := build(file, problems)
		check(built, items{}, problems)
		if problems.err() != nil {
			return
		}
		written, err := export(environment, built)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("export.yaml", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		rewritten, err := export(environment, build(again, &problemList{root: again.root}))
		if err != nil || string(rewritten) != string(written) {
			t.Errorf("%v: written\n%s\nand again\n%s", err, written, rewritten)
		}
	})
}

package persisted

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"clientele/internal/domain"
)

// The SHA-256 and MD5 hashes of "query A { a }".
const (
	textA   = "query A { a }"
	sha256A = "7d0eedabb966107835cf307a0ebaf93b5d2cb8c30228611ffe3d27a53c211a0c"
	md5A    = "5d40f88dc2ed750e4f522f7de6d32216"
)

func TestParseManifest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		manifest string
		want     []Document
	}{
		"graphql-codegen": {`{"` + sha256A + `": "query A { a }", "b": "query B { b }"}`, []Document{{ID: sha256A, Text: textA}, {ID: "b", Text: "query B { b }"}}},
		"Relay":           {`{"` + md5A + `": "query A { a }"}`, []Document{{ID: md5A, Text: textA}}},
		"Apollo": {
			`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a1", "name": "A", "type": "query", "body": "query A { a }"}]}`,
			[]Document{{ID: "a1", Name: "A", Text: textA}},
		},
		"Apollo, with what may be added": {
			`{"format": "apollo-persisted-query-manifest", "version": 1, "more": 1, "operations": [{"id": "a1", "name": "A", "type": "query", "body": "query A { a }", "clientName": "web"}]}`,
			[]Document{{ID: "a1", Name: "A", Text: textA}},
		},
		"ids with a prefix":     {`{"sha256:` + sha256A + `": "query A { a }"}`, []Document{{ID: sha256A, Text: textA}}},
		"a text with two ids":   {`{"a": "query A { a }", "b": "query A { a }"}`, []Document{{ID: "a", Text: textA}, {ID: "b", Text: textA}}},
		"an operation repeated": {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ a }"}]}`, []Document{{ID: "a", Text: "{ a }"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest, err := ParseManifest([]byte(c.manifest))
			if err != nil {
				t.Fatal(err)
			}
			if got := manifest.Documents(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			for _, document := range c.want {
				for _, id := range []string{document.ID, Hash(document.Text)} {
					if text, ok := manifest.Text(id); !ok || text != document.Text {
						t.Errorf("%s is %q", id, text)
					}
				}
				if !manifest.Holds(document.Text) {
					t.Errorf("it does not hold %q", document.Text)
				}
			}
			for _, id := range []string{"", "c", "sha256:" + Hash("query C { c }"), textA} {
				if text, ok := manifest.Text(id); ok {
					t.Errorf("%q is %q", id, text)
				}
			}
			for _, text := range []string{"", textA + " ", strings.ToLower(textA), c.want[0].ID} {
				if manifest.Holds(text) {
					t.Errorf("it holds %q", text)
				}
			}
		})
	}
}

func TestInvalidManifestsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ manifest, want string }{
		"no JSON":               {`{"a": "secret`, "a JSON object"},
		"nothing":               {``, "a JSON object"},
		"null":                  {`null`, "a JSON object"},
		"a list":                {`["secret"]`, "a JSON object"},
		"no UTF-8":              {"{\"a\": \"secret\xff\"}", "in UTF-8"},
		"two values":            {`{"a": "secret"} {}`, "a JSON object"},
		"no document":           {`{}`, "no document in it"},
		"a value that is none":  {`{"a": "{ a }", "b": {"secret": 1}}`, `"b", which is no text`},
		"null as a text":        {`{"b": null}`, `"b", which is no text`},
		"an empty text":         {`{"b": ""}`, "without id or text: b"},
		"an empty id":           {`{"": "secret"}`, "without id or text"},
		"a prefix alone":        {`{"sha256:": "secret"}`, "without id or text"},
		"another format":        {`{"format": "secret", "version": 1, "operations": []}`, "apollo-persisted-query-manifest"},
		"another version":       {`{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}`, "version 1"},
		"operations of no form": {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": {"secret": 1}}`, "version 1"},
		"no operation":          {`{"format": "apollo-persisted-query-manifest", "version": 1}`, "no document in it"},
		"an operation, no body": {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "name": "A"}]}`, "without id or text: A (a)"},
		"two bodies for an id":  {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "name": "A", "body": "secret"}, {"id": "a", "name": "B", "body": "{ b }"}]}`, "two texts for B (a)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseManifest([]byte(c.manifest))
			if !domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadManifest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.json")
	if _, err := ReadManifest(path); !domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), path) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"a": "{ a }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	manifest, err := ReadManifest(path)
	if err != nil || len(manifest.Documents()) != 1 {
		t.Errorf("%v, %v", manifest, err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"a": "{ a }"}`))
	f.Add([]byte(`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "name": "A", "type": "query", "body": "{ a }"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		manifest, err := ParseManifest(text)
		if err != nil {
			if !domain.IsKind(err, domain.BadUserInput) {
				t.Errorf("%v", err)
			}
			return
		}
		for _, document := range manifest.Documents() {
			if !manifest.Holds(document.Text) {
				t.Errorf("%+v is not held", document)
			}
			if found, ok := manifest.Text(document.ID); !ok || found != document.Text {
				t.Errorf("%+v is found as %q", document, found)
			}
		}
	})
}

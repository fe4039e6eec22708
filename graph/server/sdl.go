package server

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"clientele/graph/document"
)

// NewSchemaHandler serves the schema as a document in GraphQL's schema language, from which generators make clients.
// It asks for no API key: the schema is the same for everybody and holds no data.
func NewSchemaHandler() http.Handler {
	text := sdl(document.WithoutPolicy(document.Schema()))
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(text)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Plain text is what every browser shows; the schema language has no registered type.
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		// The next version of the server may have another schema, so a copy is good for as long as its tag is.
		w.Header().Set("Cache-Control", "public, no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
	})
}

// sdl is a schema with its descriptions, each type once and with all its fields, in the order of the names.
func sdl(schema *ast.Schema) string {
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchema(schema)
	return text.String()
}

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

// NewSchemaHandler serves the schema in GraphQL's schema definition language, for client generators. It requires no API
// key: the schema is public and has no data.
func NewSchemaHandler() http.Handler {
	text := sdl(document.WithoutPolicy(document.Schema()))
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(text)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Plain text is what every browser shows; the schema language has no registered type.
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		// A new version of the server may have another schema, so clients must revalidate.
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

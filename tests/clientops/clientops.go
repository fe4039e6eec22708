// Package clientops writes operations in the shape in which generated clients send them: every field of a type in a
// fragment of its own, fragments nested in each other, arguments as variables. They are made from the schema, so that
// a type that grows makes them grow. Tests hold the default limits against them, and measure with them.
package clientops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Operation is a document with one operation, and the name of that.
type Operation struct{ Name, Query string }

// Widest selects everything that can be reached from what a root field returns, with no type twice on a path. The
// kind is ast.Query or ast.Mutation.
func Widest(schema *ast.Schema, kind ast.Operation, field string) Operation {
	return write(schema, kind, field, func(w *writer, of *ast.Definition) string {
		return w.spread(of, nil, func(*ast.Definition) bool { return true })
	})
}

// Flat selects every scalar and enum of what a root field returns, and of the values that have no life of their own
// around it; of a connection, those of its page and nodes.
func Flat(schema *ast.Schema, kind ast.Operation, field string) Operation {
	return write(schema, kind, field, func(w *writer, of *ast.Definition) string {
		return w.spread(of, nil, func(to *ast.Definition) bool {
			return to.Name == "PageInfo" || strings.HasSuffix(of.Name, "Connection") && (strings.HasSuffix(to.Name, "Edge") || isNode(schema, of, to))
		})
	})
}

// isNode reports whether a type is that of the nodes of a connection.
func isNode(schema *ast.Schema, connection, to *ast.Definition) bool {
	edges := connection.Fields.ForName("edges")
	return edges != nil && schema.Types[edges.Type.Name()].Fields.ForName("node").Type.Name() == to.Name
}

func write(schema *ast.Schema, kind ast.Operation, field string, selection func(*writer, *ast.Definition) string) Operation {
	root := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation}[kind]
	definition := root.Fields.ForName(field)
	w := &writer{schema: schema, names: map[string]string{}}
	var variables, arguments []string
	for _, argument := range definition.Arguments {
		variables = append(variables, fmt.Sprintf("$%s: %s", argument.Name, argument.Type))
		arguments = append(arguments, fmt.Sprintf("%s: $%s", argument.Name, argument.Name))
	}
	name := strings.ToUpper(field[:1]) + field[1:]
	text := fmt.Sprintf("%s %s%s {\n  %s%s", kind, name, bracketed(variables), field, bracketed(arguments))
	if of := schema.Types[definition.Type.Name()]; of.IsCompositeType() {
		text += " {\n    " + selection(w, of) + "\n  }"
	}
	return Operation{Name: name, Query: strings.Join(append([]string{text + "\n}"}, w.fragments...), "\n\n") + "\n"}
}

func bracketed(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// writer collects the fragments of a document.
type writer struct {
	schema    *ast.Schema
	fragments []string
	// names are those of the fragments that were written, by what is in them.
	names map[string]string
}

// spread writes the fragment of a type and returns what spreads it. on are the types on the way to it; into decides
// which other types are selected.
func (w *writer) spread(of *ast.Definition, on []string, into func(*ast.Definition) bool) string {
	if of.IsAbstractType() {
		spreads := []string{"__typename"}
		for _, possible := range w.schema.GetPossibleTypes(of) {
			if !slices.Contains(on, possible.Name) {
				spreads = append(spreads, w.spread(possible, on, into))
			}
		}
		return strings.Join(spreads, "\n    ")
	}
	on = append(slices.Clone(on), of.Name)
	var lines []string
	for _, field := range of.Fields {
		to := w.schema.Types[field.Type.Name()]
		switch {
		case strings.HasPrefix(field.Name, "__"), slices.ContainsFunc(field.Arguments, isRequired):
		case !to.IsCompositeType():
			lines = append(lines, field.Name)
		case !slices.Contains(on, to.Name) && into(to):
			lines = append(lines, field.Name+" {\n    "+w.spread(to, on, into)+"\n  }")
		}
	}
	if lines == nil {
		lines = []string{"__typename"}
	}
	body := fmt.Sprintf(" on %s {\n  %s\n}", of.Name, strings.Join(lines, "\n  "))
	name, written := w.names[body]
	if !written {
		name = fmt.Sprintf("%sFragment", of.Name)
		if n := w.countOf(of.Name); n > 0 {
			name += fmt.Sprint(n + 1)
		}
		w.names[body] = name
		w.fragments = append(w.fragments, "fragment "+name+body)
	}
	return "..." + name
}

func isRequired(argument *ast.ArgumentDefinition) bool {
	return argument.Type.NonNull && argument.DefaultValue == nil
}

// countOf is how many fragments of a type were written.
func (w *writer) countOf(typeName string) int {
	n := 0
	for body := range w.names {
		if strings.HasPrefix(body, " on "+typeName+" {") {
			n++
		}
	}
	return n
}

package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4" // YAML as a tree that knows its lines; maintained by the YAML organisation, no dependencies
)

// maxProblems is how many problems of a file are reported.
const maxProblems = 20

// Problem is one mistake in a catalogue.
type Problem struct {
	// Line is its line in the file, from 1; 0 if the item is only stored.
	Line int
	// Path is its field, such as plans[0].prices[2].currency; empty for the file as a whole.
	Path string
	// Text is the rule that is broken.
	Text string
}

// InvalidError rejects a catalogue file and lists its problems.
type InvalidError struct {
	File string
	// Problems are the first 20, in order of their lines.
	Problems []Problem
	// More is how many problems are not in Problems.
	More int
}

// Error returns one line for each problem, in the form file:line that editors and terminals recognize.
func (e *InvalidError) Error() string {
	lines := make([]string, 0, len(e.Problems)+2)
	if len(e.Problems)+e.More > 1 {
		lines = append(lines, fmt.Sprintf("%s has %d problems; nothing was changed", e.File, len(e.Problems)+e.More))
	}
	for _, p := range e.Problems {
		line := e.File + ":"
		if p.Line > 0 {
			line += strconv.Itoa(p.Line) + ":"
		}
		if p.Path != "" {
			line += " " + p.Path + ":"
		}
		lines = append(lines, line+" "+p.Text)
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

// problemList collects the problems of a file.
type problemList struct {
	file string
	root *yaml.Node
	all  []Problem
}

// add adds a problem with a field of the file, which may be missing.
func (p *problemList) add(path fieldPath, format string, args ...any) {
	line, text := locate(p.root, path)
	p.addAt(line, text, format, args...)
}

func (p *problemList) addAt(line int, path string, format string, args ...any) {
	p.all = append(p.all, Problem{Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
}

// err returns an InvalidError; nil without problems.
func (p *problemList) err() error {
	if len(p.all) == 0 {
		return nil
	}
	slices.SortStableFunc(p.all, func(a, b Problem) int {
		// Problems of items that are only stored come last.
		return cmp.Or(cmp.Compare(min(b.Line, 1), min(a.Line, 1)), cmp.Compare(a.Line, b.Line), strings.Compare(a.Path, b.Path))
	})
	shown := p.all[:min(len(p.all), maxProblems)]
	return &InvalidError{File: p.file, Problems: shown, More: len(p.all) - len(shown)}
}

// fieldPath leads from the root of a file to a value, by names of fields and indexes in lists.
type fieldPath []string

// child never shares memory with the path of another child.
func (p fieldPath) child(names ...string) fieldPath { return append(p[:len(p):len(p)], names...) }

func (p fieldPath) item(i int) fieldPath { return p.child(strconv.Itoa(i)) }

// locate returns the line of the field at a path, or of the innermost value around it, and the path as text.
func locate(node *yaml.Node, path fieldPath) (int, string) {
	line, text := 1, ""
	if node != nil {
		line = max(node.Line, 1)
	}
	for _, step := range path {
		node = followAlias(node)
		var next *yaml.Node
		if node != nil && node.Kind == yaml.SequenceNode {
			text += "[" + step + "]"
			if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
				next = node.Content[i]
				line = next.Line
			}
		} else {
			text = joinPath(text, step)
			if node != nil && node.Kind == yaml.MappingNode {
				for i := 0; i+1 < len(node.Content); i += 2 {
					if node.Content[i].Value == step {
						next = node.Content[i+1]
						line = node.Content[i].Line
					}
				}
			}
		}
		node = next
	}
	return line, text
}

func joinPath(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return path + "." + step
}

func followAlias(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

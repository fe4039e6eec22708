package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4" // YAML as a tree that knows its lines; maintained by the YAML organisation, no dependencies
)

// maxProblems is how many problems of a file are told at once.
const maxProblems = 20

// Problem is one thing that is wrong with a catalogue.
type Problem struct {
	// Line is where it is in the file, from 1; zero for an item that is only stored.
	Line int
	// Path is the field that it is about, as in plans[0].prices[2].currency; empty for the file as a whole.
	Path string
	// Text is the rule.
	Text string
}

// InvalidError refuses a catalogue file, for all that is wrong with it.
type InvalidError struct {
	File string
	// Problems are in order of their lines.
	Problems []Problem
	// More is how many further problems there are.
	More int
}

// Error is one line for each problem, in the form in which editors and terminals find the place.
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

// problems gathers what is wrong with a file.
type problems struct {
	file  string
	root  *yaml.Node
	found []Problem
}

// add notes a problem with what stands at a path of the file, or with what should stand there.
func (p *problems) add(path []string, format string, args ...any) {
	line, text := locate(p.root, path)
	p.addAt(line, text, format, args...)
}

func (p *problems) addAt(line int, path string, format string, args ...any) {
	p.found = append(p.found, Problem{Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
}

// err is the refusal; nil without a problem.
func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		// What is in the file comes before what is only stored.
		return cmp.Or(cmp.Compare(min(a.Line, 1), min(b.Line, 1))*-1, cmp.Compare(a.Line, b.Line), strings.Compare(a.Path, b.Path))
	})
	shown := p.found[:min(len(p.found), maxProblems)]
	return &InvalidError{File: p.file, Problems: shown, More: len(p.found) - len(shown)}
}

// locate answers the line of what stands at a path, or of the innermost thing around it, and the path in
// words. A line is that of a field's name, where there is one.
func locate(node *yaml.Node, path []string) (int, string) {
	line, text := 1, ""
	if node != nil {
		line = max(node.Line, 1)
	}
	for _, step := range path {
		node = resolved(node)
		var next *yaml.Node
		if node != nil && node.Kind == yaml.SequenceNode {
			text += "[" + step + "]"
			if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
				next = node.Content[i]
				line = next.Line
			}
		} else {
			text = join(text, step)
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

// join is a path in words with one more step.
func join(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return path + "." + step
}

// resolved is the node that an alias stands for.
func resolved(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

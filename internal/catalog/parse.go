package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"clientele/internal/domain"
)

// The limits of a file. Only a file with aliases can reach maxValues within maxFileSize.
const (
	maxFileSize = 16 << 20
	maxDepth    = 64
	maxValues   = 2_000_000
)

// File is a catalogue file that matches the schema. Whether it can be applied depends on what is stored.
type File struct {
	name    string
	root    *yaml.Node
	content content
}

// ReadFile reads a catalogue file. Errors: BadUserInput for a file that cannot be read, InvalidError.
func ReadFile(path string) (File, error) {
	file, err := os.Open(path)
	if err != nil {
		return File{}, unreadable(path, err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return File{}, unreadable(path, err)
	}
	return Parse(path, text)
}

func unreadable(path string, err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		err = pathError.Err
	}
	return domain.Errorf(domain.BadUserInput, "the catalogue file %s cannot be read: %v", filepath.ToSlash(path), err)
}

// Parse parses the text of a catalogue file; errors contain the name. Errors: InvalidError.
func Parse(name string, text []byte) (File, error) {
	problems := &problemList{file: name}
	if len(text) > maxFileSize {
		problems.addAt(1, "", "a catalogue file must have at most %d MiB", maxFileSize>>20)
		return File{}, problems.err()
	}
	root := parseYAML(text, problems)
	if root == nil {
		return File{}, problems.err()
	}
	problems.root = root
	value := (&converter{problems: problems}).value(root, nil)
	if len(problems.all) == 0 {
		checkSchema(value, problems)
	}
	if err := problems.err(); err != nil {
		return File{}, err
	}
	file := File{name: name, root: root}
	encoded, err := encodeJSON(value)
	if err == nil {
		err = json.Unmarshal(encoded, &file.content)
	}
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// parseYAML returns the root of the file's only document; nil after adding a problem.
func parseYAML(text []byte, problems *problemList) *yaml.Node {
	if checkCharacters(problems, text); len(problems.all) > 0 {
		return nil
	}
	lines := editorLines(text)
	decoder := yaml.NewDecoder(bytes.NewReader(withoutEscapes(text)))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF), err == nil && len(document.Content) == 0:
		problems.addAt(1, "", "the file is empty")
		return nil
	case err != nil:
		addSyntaxError(problems, lines, err)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		problems.addAt(lines[min(max(second.Line, 1), len(lines)-1)], "", "a catalogue file is one YAML document; a second one begins here")
		return nil
	case !errors.Is(err, io.EOF):
		addSyntaxError(problems, lines, err)
		return nil
	}
	renumber(&document, lines)
	return document.Content[0]
}

// addSyntaxError adds the parser's error with the line where an author would look for the mistake.
func addSyntaxError(problems *problemList, lines []int, err error) {
	wrong, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		problems.addAt(1, "", "is not valid YAML or JSON: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	last := len(lines) - 1
	at := func(line int) int { return lines[min(max(line, 1), last)] }
	line, start, hint := wrong.Mark.Line, wrong.ContextMark.Line, ""
	switch {
	case line > last && start > 0:
		// For a quote or bracket that is never closed, the mistake is where it opens.
		line, hint = start, ", before the end of the file"
	case wrong.Message == "could not find expected ':'" && start > 0:
		line = start
	case strings.HasPrefix(wrong.Message, "mapping values are not allowed"):
		hint = "; is the line indented too far, or does the line before it lack a colon?"
	case start > 0 && start < line:
		hint = fmt.Sprintf(", in the block that begins in line %d", at(start))
	}
	problems.addAt(at(line), "", "is not valid YAML or JSON: %s%s", wrong.Message, hint)
}

// editorLines maps the parser's line numbers, from 1 to the last line that is not blank, to those of an editor. The
// parser also counts Unicode line separators.
func editorLines(text []byte) []int {
	lines, line := []int{0, 1}, 1
	text = bytes.TrimRight(text, " \t\r\n")
	for i, r := range string(text) {
		switch {
		case r == '\n', r == '\r' && !bytes.HasPrefix(text[i:], []byte("\r\n")):
			line++
			lines = append(lines, line)
		case r == '\u0085', r == '\u2028', r == '\u2029':
			lines = append(lines, line)
		}
	}
	return lines
}

// renumber changes the nodes' line numbers to those of an editor.
func renumber(node *yaml.Node, lines []int) {
	node.Line = lines[min(node.Line, len(lines)-1)]
	for _, child := range node.Content {
		renumber(child, lines)
	}
}

// checkCharacters adds a problem for the first character that YAML does not allow. The parser's error has no line.
func checkCharacters(problems *problemList, text []byte) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return // UTF-16, which some Windows shells write
	}
	line := 1
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			problems.addAt(line, "", "is not UTF-8: the line contains the byte 0x%02X", rest[0])
			return
		case r == '\n', r == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")):
			line++
		case r != '\t' && r != '\r' && r != 0x85 && unicode.IsControl(r), r == 0xFFFE, r == 0xFFFF:
			problems.addAt(line, "", "contains the control character U+%04X, which YAML and JSON do not allow", r)
			return
		}
		rest = rest[size:]
	}
}

var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)`)

// withoutEscapes replaces the escapes of JSON that YAML does not have: surrogate pairs and the slash.
func withoutEscapes(text []byte) []byte {
	if !bytes.ContainsRune(text, '\\') || !json.Valid(text) {
		return text
	}
	return escapes.ReplaceAllFunc(text, func(escape []byte) []byte {
		switch {
		case string(escape) == `\/`:
			return escape[1:]
		case len(escape) < len(`\ud83d\ude00`):
			return escape
		}
		high, _ := strconv.ParseUint(string(escape[2:6]), 16, 16)
		low, _ := strconv.ParseUint(string(escape[8:12]), 16, 16)
		return []byte(string(utf16.DecodeRune(rune(high), rune(low))))
	})
}

// converter converts a YAML tree to the values that JSON has, within the limits of a file.
type converter struct {
	problems *problemList
	values   int
}

func (c *converter) value(node *yaml.Node, path fieldPath) any {
	c.values++
	switch {
	case c.values == maxValues:
		c.problems.add(path, "the file has more than %d values with its aliases expanded", maxValues)
	case len(path) == maxDepth:
		c.problems.add(path, "is more than %d levels deep", maxDepth)
	}
	if c.values >= maxValues || len(path) >= maxDepth {
		return nil
	}
	switch node = followAlias(node); node.Kind {
	case yaml.MappingNode:
		return c.mapping(node, path)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = c.value(item, path.item(i))
		}
		return list
	default:
		return c.scalar(node, path)
	}
}

func (c *converter) mapping(node *yaml.Node, path fieldPath) any {
	fields := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, problem := followAlias(node.Content[i]), ""
		name := key.Value
		switch _, duplicate := fields[name]; {
		case key.ShortTag() == "!!merge":
			name, problem = "<<", "merge keys are not supported; write the fields out"
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str":
			problem = "must be text, like every key; put it in quotes"
		case duplicate:
			problem = "is a duplicate"
		}
		if problem != "" {
			_, at := locate(c.problems.root, path)
			c.problems.addAt(max(key.Line, 1), joinPath(at, name), "%s", problem)
			continue
		}
		fields[name] = c.value(node.Content[i+1], path.child(name))
	}
	return fields
}

// jsonNumber matches the numbers of JSON. YAML has others, such as 0x1F, 1_000 and .5.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (c *converter) scalar(node *yaml.Node, path fieldPath) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(node.Value, "true")
	case "!!str", "!!timestamp":
		if !isMetadata(path) {
			lines := len(path) > 0 && path[len(path)-1] == "description"
			if rule := domain.ControlRule(node.Value, lines); rule != "" {
				c.problems.add(path, "%s", rule)
			}
		}
		return node.Value
	case "!!int", "!!float":
		if isMetadata(path) && jsonNumber.MatchString(node.Value) {
			return json.Number(node.Value)
		}
		// A decimal, never a float, and in its shortest form: 1e3 becomes 1000, which the schema accepts as an integer.
		if number, err := domain.ParseDecimal(node.Value); err == nil && jsonNumber.MatchString(node.Value) {
			return json.Number(number)
		}
		c.problems.add(path, "must be a JSON number, such as 1000 or 19.99, not %s", node.Value)
	default:
		c.problems.add(path, "has the YAML tag %s, which is not supported", node.Tag)
	}
	return nil
}

// isMetadata reports whether a path is inside the metadata of an item, which may have any form.
func isMetadata(path fieldPath) bool { return len(path) > 3 && path[2] == "metadata" }

// encodeJSON returns the value as JSON, without escaping < and >, and with the keys of maps sorted.
func encodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

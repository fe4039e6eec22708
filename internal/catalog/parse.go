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

// The bounds of a file. A file within maxFileSize has fewer values than maxValues, unless aliases repeat them.
const (
	maxFileSize = 16 << 20
	maxDepth    = 64
	maxValues   = 2_000_000
)

// File is a catalogue file that has the form of one. Whether it can be applied depends on what is stored.
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

// Parse reads the text of a catalogue file; name is what errors call it. Errors: InvalidError.
func Parse(name string, text []byte) (File, error) {
	found := &problems{file: name}
	if len(text) > maxFileSize {
		found.addAt(1, "", "a catalogue file has at most %d MiB", maxFileSize>>20)
		return File{}, found.err()
	}
	root := parseYAML(text, found)
	if root == nil {
		return File{}, found.err()
	}
	found.root = root
	plain := (&reader{problems: found}).value(root, nil)
	if len(found.found) == 0 {
		checkForm(plain, found)
	}
	if err := found.err(); err != nil {
		return File{}, err
	}
	file := File{name: name, root: root}
	if err := decode(plain, &file.content); err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// parseYAML answers the root of the file's only document; nil after a problem.
func parseYAML(text []byte, found *problems) *yaml.Node {
	if addWrongCharacter(found, text); len(found.found) > 0 {
		return nil
	}
	lines := editorLines(text)
	decoder := yaml.NewDecoder(bytes.NewReader(withoutEscapes(text)))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF), err == nil && len(document.Content) == 0:
		found.addAt(1, "", "the file is empty")
		return nil
	case err != nil:
		addSyntaxError(found, lines, err)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		found.addAt(lines[min(max(second.Line, 1), len(lines)-1)], "", "a catalogue file is one YAML document; here a second one begins")
		return nil
	case !errors.Is(err, io.EOF):
		addSyntaxError(found, lines, err)
		return nil
	}
	renumber(&document, lines)
	return document.Content[0]
}

// addSyntaxError reports what the parser stumbled over at the line where a person would look for it.
func addSyntaxError(found *problems, lines []int, err error) {
	wrong, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		found.addAt(1, "", "is neither YAML nor JSON: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	last := len(lines) - 1
	at := func(line int) int { return lines[min(max(line, 1), last)] }
	line, start, hint := wrong.Mark.Line, wrong.ContextMark.Line, ""
	switch {
	case line > last && start > 0:
		// What is never closed is wrong where it is opened.
		line, hint = start, ", before the end of the file"
	case wrong.Message == "could not find expected ':'" && start > 0:
		line = start
	case strings.HasPrefix(wrong.Message, "mapping values are not allowed"):
		hint = "; is the line indented too far, or the line before it without a colon?"
	case start > 0 && start < line:
		hint = fmt.Sprintf(", in what begins at line %d", at(start))
	}
	found.addAt(at(line), "", "is neither YAML nor JSON: %s%s", wrong.Message, hint)
}

// editorLines are the lines of an editor by those of the parser, from 1 to the last that is not blank. The parser also
// begins a line behind the separators of Unicode.
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

// renumber gives nodes the lines of an editor.
func renumber(node *yaml.Node, lines []int) {
	node.Line = lines[min(node.Line, len(lines)-1)]
	for _, child := range node.Content {
		renumber(child, lines)
	}
}

// addWrongCharacter reports the first character that no YAML may have. The parser does so without a line.
func addWrongCharacter(found *problems, text []byte) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return // UTF-16, as some shells of Windows write it
	}
	line := 1
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			found.addAt(line, "", "is not text in UTF-8: a byte 0x%02X is here", rest[0])
			return
		case r == '\n', r == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")):
			line++
		case r != '\t' && r != '\r' && r != 0x85 && unicode.IsControl(r), r == 0xFFFE, r == 0xFFFF:
			found.addAt(line, "", "has the control character U+%04X, which YAML and JSON do not allow", r)
			return
		}
		rest = rest[size:]
	}
}

var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)`)

// withoutEscapes writes out what JSON may escape and YAML does not know: the two halves of a character, and the
// slash.
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

// reader turns a tree of YAML into what JSON could express, within bounds.
type reader struct {
	problems *problems
	values   int
}

func (r *reader) value(node *yaml.Node, path []string) any {
	r.values++
	switch {
	case r.values == maxValues:
		r.problems.add(path, "the file has more than %d values once its aliases are followed", maxValues)
	case len(path) == maxDepth:
		r.problems.add(path, "is more than %d levels deep", maxDepth)
	}
	if r.values >= maxValues || len(path) >= maxDepth {
		return nil
	}
	switch node = resolved(node); node.Kind {
	case yaml.MappingNode:
		return r.mapping(node, path)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = r.value(item, step(path, strconv.Itoa(i)))
		}
		return list
	default:
		return r.scalar(node, path)
	}
}

func (r *reader) mapping(node *yaml.Node, path []string) any {
	fields := make(map[string]any, len(node.Content)/2)
	complain := func(key *yaml.Node, name, text string) {
		_, at := locate(r.problems.root, path)
		r.problems.addAt(max(key.Line, 1), join(at, name), "%s", text)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolved(node.Content[i])
		switch {
		case key.ShortTag() == "!!merge":
			complain(key, "<<", "merge keys are not supported; write the fields out")
			continue
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str":
			complain(key, key.Value, "must be text, as every key; put it in quotes")
			continue
		}
		if _, twice := fields[key.Value]; twice {
			complain(key, key.Value, "is there twice")
			continue
		}
		fields[key.Value] = r.value(node.Content[i+1], step(path, key.Value))
	}
	return fields
}

// jsonNumber is how JSON writes numbers. YAML has others, such as 0x1F, 1_000 and .5.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (r *reader) scalar(node *yaml.Node, path []string) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(node.Value, "true")
	case "!!str", "!!timestamp":
		if !isMetadata(path) {
			lines := len(path) > 0 && path[len(path)-1] == "description"
			if rule := domain.ControlRule(node.Value, lines); rule != "" {
				r.problems.add(path, "%s", rule)
			}
		}
		return node.Value
	case "!!int", "!!float":
		if isMetadata(path) && jsonNumber.MatchString(node.Value) {
			return json.Number(node.Value)
		}
		// The shortest text of the number, so that 1e3 is a whole number like 1000; never by way of a float.
		if number, err := domain.ParseDecimal(node.Value); err == nil && jsonNumber.MatchString(node.Value) {
			return json.Number(number)
		}
		r.problems.add(path, "must be a number as JSON writes one, as in 1000 or 19.99, not %s", node.Value)
	default:
		r.problems.add(path, "has the YAML tag %s, which means nothing here", node.Tag)
	}
	return nil
}

// isMetadata reports whether a path leads into the metadata of an item, which is of the owner's own form.
func isMetadata(path []string) bool { return len(path) > 3 && path[2] == "metadata" }

// step is the path to something within. It never shares its end with another path.
func step(path []string, steps ...string) []string {
	return append(path[:len(path):len(path)], steps...)
}

// decode fills the file's structs, with the numbers as they are written.
func decode(plain any, into *content) error {
	text, err := encodeJSON(plain)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// encodeJSON is the value as JSON, with < and > as they are, and the keys of maps sorted.
func encodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

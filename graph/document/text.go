package document

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// documentText is the text of a document in a form that gqlparser can read. gqlparser implements an older edition of
// GraphQL than that of September 2025, which adds the escapes \u{1F600} and \uD83D\uDE00 in strings, and descriptions of
// operations, fragments and variables. Escapes are replaced by as many other characters, and descriptions by white space,
// so that positions do not change; the values of the escapes are put back into the parsed document.
type documentText struct {
	text string
	// descriptions counts the tokens that were removed.
	descriptions int
	// strings are the string tokens by their start, in characters.
	strings map[int]stringToken
	// moved maps the wrong locations that gqlparser reports for string tokens to the right ones.
	moved map[gqlerror.Location]gqlerror.Location
}

// stringToken is a string or block string of a document.
type stringToken struct {
	at gqlerror.Location
	// escaped is whether value replaces what gqlparser reads.
	escaped bool
	value   string
}

// readText prepares a text for gqlparser, which finds all syntax errors but one. Errors: an escape in a string that is not
// a character, with its location.
func readText(text string) (*documentText, *gqlerror.Error) {
	s := textScanner{
		text: text, line: 1,
		out: documentText{strings: map[int]stringToken{}, moved: map[gqlerror.Location]gqlerror.Location{}},
	}
	if err := s.scan(); err != nil {
		return nil, err
	}
	s.out.text = s.edited()
	return &s.out, nil
}

func (s *documentText) value(token lexer.Token) string {
	if token.Kind == lexer.String {
		if known := s.strings[token.Pos.Start]; known.escaped {
			return known.value
		}
	}
	return token.Value
}

// Tokens returns the tokens of a document, as their kinds and values, without comments and descriptions. Errors: those of
// the lexer.
func Tokens(text string) (all [][2]string, _ error) {
	readable, refused := readText(text)
	if refused != nil {
		return nil, refused
	}
	tokens := lexer.New(&ast.Source{Input: readable.text})
	for {
		token, err := tokens.ReadToken()
		if err != nil {
			return nil, err
		}
		switch token.Kind {
		case lexer.EOF:
			return all, nil
		case lexer.Comment:
		default:
			all = append(all, [2]string{token.Kind.Name(), readable.value(token)})
		}
	}
}

// correct corrects the values and the locations of the strings in a parsed document.
func (s *documentText) correct(document *ast.QueryDocument) {
	if len(s.strings) == 0 {
		return
	}
	for _, operation := range document.Operations {
		s.correctVariables(operation.VariableDefinitions)
		s.correctDirectives(operation.Directives)
		s.correctSelections(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		s.correctVariables(fragment.VariableDefinition)
		s.correctDirectives(fragment.Directives)
		s.correctSelections(fragment.SelectionSet)
	}
}

func (s *documentText) correctVariables(all ast.VariableDefinitionList) {
	for _, variable := range all {
		s.correctValue(variable.DefaultValue)
		s.correctDirectives(variable.Directives)
	}
}

func (s *documentText) correctSelections(all ast.SelectionSet) {
	for _, selection := range all {
		switch v := selection.(type) {
		case *ast.Field:
			s.correctArguments(v.Arguments)
			s.correctDirectives(v.Directives)
			s.correctSelections(v.SelectionSet)
		case *ast.InlineFragment:
			s.correctDirectives(v.Directives)
			s.correctSelections(v.SelectionSet)
		case *ast.FragmentSpread:
			s.correctDirectives(v.Directives)
		}
	}
}

func (s *documentText) correctDirectives(all ast.DirectiveList) {
	for _, directive := range all {
		s.correctArguments(directive.Arguments)
	}
}

func (s *documentText) correctArguments(all ast.ArgumentList) {
	for _, argument := range all {
		s.correctValue(argument.Value)
	}
}

func (s *documentText) correctValue(v *ast.Value) {
	if v == nil {
		return
	}
	for _, child := range v.Children {
		s.correctValue(child.Value)
	}
	if v.Kind != ast.StringValue && v.Kind != ast.BlockValue {
		return
	}
	if token, known := s.strings[v.Position.Start]; known {
		v.Position.Line, v.Position.Column = token.at.Line, token.at.Column
		if token.escaped {
			v.Raw = token.value
		}
	}
}

// correctError corrects the location of an unexpected string.
func (s *documentText) correctError(err *gqlerror.Error) *gqlerror.Error {
	for i, at := range err.Locations {
		if really, moved := s.moved[at]; moved {
			err.Locations[i] = really
		}
	}
	return err
}

// textScanner reads a text token by token, as far as it takes to find strings and descriptions. It counts characters and
// lines as gqlparser does.
type textScanner struct {
	text string
	out  documentText
	// at is the position in bytes, runes in characters; lineStart is the start of the line, in characters.
	at, runes, line, lineStart int

	edits []edit
	// last and beforeLast are the kinds of the latest tokens: a punctuation mark, n for a name, v for another value, 0 for
	// none.
	last, beforeLast byte
	// braces, brackets and parentheses count the open ones. variables is whether the outermost parenthesis encloses
	// variable definitions.
	braces, brackets, parentheses int
	variables                     bool
	// description is the latest token, if it is a string that can be a description.
	description *description
}

// edit replaces a part of the text, in bytes, by as many characters.
type edit struct {
	from, to int
	by       string
}

// description is a string that is a description if the right token follows.
type description struct {
	from, to int
	// edits and editsEnd delimit the edits within it.
	edits, editsEnd int
	// variable is whether it can describe a variable; otherwise it can describe an operation or a fragment.
	variable bool
}

func (s *textScanner) scan() *gqlerror.Error {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\r' && strings.HasPrefix(s.text[s.at:], "\r\n"):
			// gqlparser starts the next line one character too early.
			s.edits = append(s.edits, edit{s.at, s.at + 1, " "})
			s.step()
		case c == '\n' || c == '\r':
			s.newLine()
		case c == ' ' || c == '\t' || c == ',':
			s.step()
		case c == '#':
			for s.at < len(s.text) && s.text[s.at] != '\n' && s.text[s.at] != '\r' {
				s.step()
			}
		case c == '"':
			closed, err := s.string()
			if err != nil || !closed {
				return err
			}
		case isNameStart(c):
			from := s.at
			for s.at < len(s.text) && (isNameStart(s.text[s.at]) || s.text[s.at] >= '0' && s.text[s.at] <= '9') {
				s.step()
			}
			s.token('n', s.text[from:s.at])
		case c >= '0' && c <= '9' || c == '-':
			for s.at < len(s.text) && strings.IndexByte("0123456789.eE+-", s.text[s.at]) >= 0 {
				s.step()
			}
			s.token('v', "")
		case strings.HasPrefix(s.text[s.at:], "\uFEFF"):
			s.step()
		default:
			s.step()
			s.token(c, "")
		}
	}
	return nil
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// step consumes one character.
func (s *textScanner) step() {
	if s.text[s.at] < utf8.RuneSelf {
		s.at++
	} else {
		_, size := utf8.DecodeRuneInString(s.text[s.at:])
		s.at += size
	}
	s.runes++
}

// newLine consumes the end of a line.
func (s *textScanner) newLine() {
	if strings.HasPrefix(s.text[s.at:], "\r\n") {
		s.step()
	}
	s.step()
	s.line++
	s.lineStart = s.runes
}

func (s *textScanner) location() gqlerror.Location {
	return gqlerror.Location{Line: s.line, Column: s.runes - s.lineStart + 1}
}

// token is called with each token that is not a string.
func (s *textScanner) token(kind byte, name string) {
	if d := s.description; d != nil {
		isVariable := kind == '$'
		isDefinition := slices.Contains([]string{"query", "mutation", "subscription", "fragment"}, name)
		if d.variable && isVariable || !d.variable && isDefinition {
			s.out.descriptions++
			s.edits = slices.Replace(s.edits, d.edits, d.editsEnd, edit{d.from, d.to, blank(s.text[d.from:d.to])})
		}
		s.description = nil
	}
	switch kind {
	case '(':
		if s.parentheses == 0 {
			// Those after the name of a directive enclose its arguments.
			s.variables = s.braces == 0 && s.last == 'n' && s.beforeLast != '@'
		}
		s.parentheses++
	case ')':
		s.parentheses--
	case '{':
		s.braces++
	case '}':
		s.braces--
	case '[':
		s.brackets++
	case ']':
		s.brackets--
	}
	s.beforeLast, s.last = s.last, kind
}

// string reads a string or block string. It reports whether the string is closed; if not, the text ends with it.
func (s *textScanner) string() (closed bool, _ *gqlerror.Error) {
	from, start, at, edits := s.at, s.runes, s.location(), len(s.edits)
	token := stringToken{at: at}
	var moved gqlerror.Location
	if strings.HasPrefix(s.text[s.at:], `"""`) {
		if closed = s.blockString(); !closed {
			return false, nil
		}
		// gqlparser reports the line of the end, and the column of the start as counted from that line.
		moved = gqlerror.Location{Line: s.line, Column: start + 3 - s.lineStart + 1}
	} else {
		var err *gqlerror.Error
		if closed, token.escaped, err = s.lineString(); err != nil || !closed {
			return false, err
		}
		if token.escaped {
			token.value = unescaped(s.text[from+1 : s.at-1])
		}
		moved = gqlerror.Location{Line: at.Line, Column: at.Column + 1}
	}
	s.out.strings[start], s.out.moved[moved] = token, at
	last := s.last
	// Two strings in a row are not a description.
	s.token('v', "")
	outside := s.braces == 0 && s.brackets == 0
	switch {
	case outside && s.parentheses == 0 && (last == 0 || last == '}'):
		s.description = &description{from, s.at, edits, len(s.edits), false}
	case outside && s.parentheses == 1 && s.variables && last != '=':
		s.description = &description{from, s.at, edits, len(s.edits), true}
	}
	return true, nil
}

func (s *textScanner) blockString() (closed bool) {
	for range 3 {
		s.step()
	}
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case strings.HasPrefix(s.text[s.at:], `\"""`):
			for range 4 {
				s.step()
			}
		case strings.HasPrefix(s.text[s.at:], `"""`):
			// For gqlparser it ends with the last of the quotation marks.
			for s.at < len(s.text) && s.text[s.at] == '"' {
				s.step()
			}
			return true
		case c == '\n' || c == '\r':
			s.newLine()
		default:
			s.step()
		}
	}
	return false
}

// lineString reads a string. It reports whether it has escapes that gqlparser does not know, which are replaced.
func (s *textScanner) lineString() (closed, escaped bool, _ *gqlerror.Error) {
	s.step()
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '\n', '\r':
			return false, escaped, nil
		case '"':
			s.step()
			return true, escaped, nil
		case '\\':
			_, size, valid := readEscape(s.text[s.at:])
			if !valid {
				at := s.location()
				return false, false, gqlerror.ErrorLocf("", at.Line, at.Column,
					`An escape in a string must be a character, so half of a surrogate pair needs the other half, as in \uD83D\uDE00 or \u{1F600}`)
			}
			if size > len(`\u0000`) || strings.HasPrefix(s.text[s.at:], `\u{`) {
				escaped = true
				s.edits = append(s.edits, edit{s.at, s.at + size, strings.Repeat("x", size)})
			}
			for end := s.at + size; s.at < end; {
				s.step()
			}
		default:
			s.step()
		}
	}
	return false, escaped, nil
}

// readEscape reads the escape at the start of a text; size is its length in bytes. What gqlparser refuses by itself is
// valid here.
func readEscape(text string) (character rune, size int, valid bool) {
	if len(text) < 2 {
		return 0, len(text), true
	}
	if text[1] != 'u' {
		if at := strings.IndexByte(`bfnrt`, text[1]); at >= 0 {
			return rune("\b\f\n\r\t"[at]), 2, true
		}
		return rune(text[1]), 1 + min(utf8.RuneLen(firstRune(text[1:])), len(text)-1), true
	}
	if strings.HasPrefix(text, `\u{`) {
		digits, _, closed := strings.Cut(text[3:], "}")
		significant := strings.TrimLeft(digits, "0")
		code, err := strconv.ParseUint("0"+significant, 16, 32)
		if !closed || digits == "" || len(significant) > 6 || err != nil || !utf8.ValidRune(rune(code)) {
			return 0, 0, false
		}
		return rune(code), len(`\u{}`) + len(digits), true
	}
	first, ok := fourDigits(text)
	switch {
	case !ok:
		return 0, 2, true
	case !utf16.IsSurrogate(first):
		return first, 6, true
	}
	second, ok := fourDigits(text[6:])
	if pair := utf16.DecodeRune(first, second); ok && pair != utf8.RuneError {
		return pair, 12, true
	}
	return 0, 0, false
}

func firstRune(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// fourDigits reads an escape such as \u00E9.
func fourDigits(text string) (rune, bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	code, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(code), err == nil
}

// unescaped is the value of the inside of a string.
func unescaped(text string) string {
	var out strings.Builder
	for {
		plain, _, found := strings.Cut(text, `\`)
		out.WriteString(plain)
		if !found {
			return out.String()
		}
		character, size, _ := readEscape(text[len(plain):])
		out.WriteRune(character)
		text = text[len(plain)+size:]
	}
}

// blank is white space with as many characters and lines as a text.
func blank(text string) string {
	var out strings.Builder
	for i, c := range text {
		if c != '\n' && (c != '\r' || strings.HasPrefix(text[i:], "\r\n")) {
			c = ' '
		}
		out.WriteRune(c)
	}
	return out.String()
}

// edited applies the edits.
func (s *textScanner) edited() string {
	if len(s.edits) == 0 {
		return s.text
	}
	var out strings.Builder
	end := 0
	for _, e := range s.edits {
		out.WriteString(s.text[end:e.from])
		out.WriteString(e.by)
		end = e.to
	}
	out.WriteString(s.text[end:])
	return out.String()
}

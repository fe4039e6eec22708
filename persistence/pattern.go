package persistence

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pattern is a parsed pattern of the Like family. Pattern and text are compared in normal form C, so that it does not
// matter how accents are composed. If the case is ignored, letters are folded one by one: ß is not ss, and İ and ı are
// not i.
type Pattern struct {
	ignoreCase bool
	tokens     []rune
	// segments are the tokens between the wildcards for any run: the first begins the text, the last ends it.
	segments []segment
}

// Tokens that stand for no character of their own.
const (
	anyRun rune = -1 - iota
	anyOne
)

// segment are elements that follow one another.
type segment []element

// element is a literal text, or one character of any kind.
type element struct {
	literal string
	anyOne  bool
}

// ParsePattern reads a pattern in the syntax that Like documents. A backslash at the very end stands for itself.
func ParsePattern(pattern string, ignoreCase bool) Pattern {
	p := Pattern{ignoreCase: ignoreCase}
	escaped := false
	for _, r := range p.form(pattern) {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '%':
			r = anyRun
		case r == '_':
			r = anyOne
		}
		p.tokens = append(p.tokens, r)
	}
	if escaped {
		p.tokens = append(p.tokens, '\\')
	}
	p.segments = segmentsOf(p.tokens)
	return p
}

func segmentsOf(tokens []rune) []segment {
	segments := []segment{nil}
	var literal strings.Builder
	endLiteral := func() {
		if literal.Len() > 0 {
			last := &segments[len(segments)-1]
			*last = append(*last, element{literal: literal.String()})
			literal.Reset()
		}
	}
	for _, token := range tokens {
		switch token {
		case anyRun:
			endLiteral()
			segments = append(segments, nil)
		case anyOne:
			endLiteral()
			last := &segments[len(segments)-1]
			*last = append(*last, element{anyOne: true})
		default:
			literal.WriteRune(token)
		}
	}
	endLiteral()
	return segments
}

// form returns the text in the form in which texts are compared.
func (p Pattern) form(text string) string {
	if p.ignoreCase {
		return folded(text)
	}
	return composed(text)
}

// Starts returns prefixes: every stored text that matches has one of them, and none is a prefix of another. Nothing is
// known of the texts if the only one is empty, as it is when the case is ignored.
func (p Pattern) Starts() []string {
	var prefix strings.Builder
	var others []string
	for _, token := range p.tokens {
		// The prefix ends before the first character that can be stored in several ways, some of which begin like another.
		stored, ok := storedAs(token, false)
		if !ok || p.ignoreCase {
			break
		}
		for _, other := range stored[1:] {
			others = append(others, prefix.String()+string(other))
		}
		prefix.WriteRune(token)
	}
	return append([]string{prefix.String()}, others...)
}

// Match reports whether the pattern matches the text.
func (p Pattern) Match(text string) bool { return p.matchesForm(p.form(text)) }

// matchesForm is Match for a text that is in the form of the pattern. Each segment is matched at the first place
// possible, which leaves the most text to the segments behind it.
func (p Pattern) matchesForm(text string) bool {
	rest, ok := p.segments[0].cutPrefix(text)
	if !ok || len(p.segments) == 1 {
		return ok && rest == ""
	}
	last := len(p.segments) - 1
	for _, segment := range p.segments[1:last] {
		if rest, ok = segment.cut(rest); !ok {
			return false
		}
	}
	return p.segments[last].ends(rest)
}

// cutPrefix is the text behind the segment, if it begins with that.
func (s segment) cutPrefix(text string) (rest string, ok bool) {
	for _, e := range s {
		if e.anyOne {
			if text == "" {
				return "", false
			}
			_, size := utf8.DecodeRuneInString(text)
			text = text[size:]
		} else if text, ok = strings.CutPrefix(text, e.literal); !ok {
			return "", false
		}
	}
	return text, true
}

// cut is the text behind the first place of the segment.
func (s segment) cut(text string) (rest string, ok bool) {
	if len(s) == 0 {
		return text, true
	}
	for {
		if literal := s[0].literal; literal != "" {
			at := strings.Index(text, literal)
			if at < 0 {
				return "", false
			}
			text = text[at:]
		}
		if rest, ok = s.cutPrefix(text); ok || text == "" {
			return rest, ok
		}
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
}

// ends reports whether the text ends with the segment.
func (s segment) ends(text string) bool {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].anyOne {
			if text == "" {
				return false
			}
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		} else {
			var ok bool
			if text, ok = strings.CutSuffix(text, s[i].literal); !ok {
				return false
			}
		}
	}
	return true
}

// maxRuns bounds the runs of any length in an expression, because some matchers try all ways to share a text among them.
const maxRuns = 8

// Expression is a regular expression, in the syntax that Go and PCRE share, that matches every stored text that the
// pattern matches, and others: those that are left have to be matched one by one.
func (p Pattern) Expression() string {
	var out strings.Builder
	out.WriteString("(?s)^")
	runs, inRun := 0, false
	for _, token := range p.tokens {
		stored, ok := storedAs(token, p.ignoreCase)
		if !ok {
			if !inRun {
				if runs++; runs > maxRuns {
					return out.String()
				}
				out.WriteString(".*")
			}
			inRun = true
			continue
		}
		inRun = false
		if len(stored) == 1 {
			out.WriteString(quoted(token))
			continue
		}
		out.WriteByte('[')
		for _, r := range stored {
			out.WriteString(quoted(r))
		}
		out.WriteByte(']')
	}
	return out.String() + `\z`
}

// quoted is a character in an expression.
func quoted(r rune) string {
	if r == 0 {
		// BSON ends a regular expression at its first NUL.
		return `\x00`
	}
	return regexp.QuoteMeta(string(r))
}

// HasPattern reports whether a filter has a condition of the Like family anywhere.
func HasPattern(f Filter) bool {
	switch f := f.(type) {
	case And:
		return slices.ContainsFunc(f, HasPattern)
	case Or:
		return slices.ContainsFunc(f, HasPattern)
	case Any:
		return HasPattern(f.Filter)
	case Condition:
		return f.Op == Like || f.Op == NotLike || f.Op == ILike || f.Op == NotILike
	default:
		return false
	}
}

package persistence

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pattern is a parsed pattern of the Like family. It means the same for all texts that differ only in how their
// accents are composed: pattern and text are compared in normal form C, and for those that ignore case with their
// letters folded one by one, so that ß is no ss, and İ and ı are no i.
type Pattern struct {
	tokens     []rune
	ignoreCase bool
	// Prefix is what the stored text starts with if it matches, or else one of Others; nothing is known without it.
	// It is empty when the case is ignored.
	Prefix string
	// Others are what else a stored text can start with: forms of characters that are another one in normal form C.
	Others []string
}

// What a token is that stands for no character of its own.
const (
	anyRun rune = -1 - iota
	anyOne
)

// ParsePattern reads a pattern in the syntax that Like documents. A backslash at the very end stands for
// itself.
func ParsePattern(pattern string, ignoreCase bool) Pattern {
	p := Pattern{ignoreCase: ignoreCase}
	escaped := false
	for _, r := range p.form(pattern) {
		switch {
		case escaped:
			p.tokens = append(p.tokens, r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			// A second one in a row matches nothing more.
			if len(p.tokens) == 0 || p.tokens[len(p.tokens)-1] != anyRun {
				p.tokens = append(p.tokens, anyRun)
			}
		case r == '_':
			p.tokens = append(p.tokens, anyOne)
		default:
			p.tokens = append(p.tokens, r)
		}
	}
	if escaped {
		p.tokens = append(p.tokens, '\\')
	}
	if !ignoreCase {
		p.findPrefix()
	}
	return p
}

// form is the form in which texts are compared.
func (p Pattern) form(text string) string {
	if p.ignoreCase {
		return folded(text)
	}
	return composed(text)
}

// findPrefix finds what stored texts start with: the characters up to the first one that can be stored in several ways,
// of which some begin like another.
func (p *Pattern) findPrefix() {
	var prefix strings.Builder
	for _, token := range p.tokens {
		stored, ok := storedAs(token, false)
		if !ok {
			break
		}
		for _, other := range stored[1:] {
			p.Others = append(p.Others, prefix.String()+string(other))
		}
		prefix.WriteRune(token)
	}
	if p.Prefix = prefix.String(); p.Prefix == "" {
		p.Others = nil
	}
}

// Match reports whether the pattern matches the text.
func (p Pattern) Match(text string) bool {
	text = p.form(text)
	at, token := 0, 0
	// run is the token behind the last run, and from what the run leaves to it.
	run, from := -1, 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case token < len(p.tokens) && p.tokens[token] == anyRun:
			token++
			run, from = token, at
		case token < len(p.tokens) && (p.tokens[token] == anyOne || p.tokens[token] == r):
			token++
			at += size
		case run >= 0:
			_, size := utf8.DecodeRuneInString(text[from:])
			from += size
			at, token = from, run
		default:
			return false
		}
	}
	for token < len(p.tokens) && p.tokens[token] == anyRun {
		token++
	}
	return token == len(p.tokens)
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

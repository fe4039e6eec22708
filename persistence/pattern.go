package persistence

import (
	"strings"
	"unicode/utf8"
)

// pattern is a parsed pattern of the Like family for a scan over many texts. It means what Pattern means, and
// takes less time.
type pattern struct {
	ignoreCase bool
	// segments are what stands between the runs of any characters: the first begins the text, the last ends it.
	segments []segmentOf
}

// segmentOf are elements that follow one another.
type segmentOf []element

// element is a literal text, or so many characters of any kind.
type element struct {
	literal string
	any     int
}

// newPattern parses as ParsePattern does.
func newPattern(source string, ignoreCase bool) pattern {
	if ignoreCase {
		source = folded(source)
	} else {
		source = composed(source)
	}
	p := pattern{ignoreCase: ignoreCase, segments: []segmentOf{nil}}
	var literal strings.Builder
	add := func(e element) {
		last := &p.segments[len(p.segments)-1]
		if literal.Len() > 0 {
			*last = append(*last, element{literal: literal.String()})
			literal.Reset()
		}
		if e.any > 0 {
			*last = append(*last, e)
		}
	}
	escaped := false
	for _, r := range source {
		switch {
		case escaped:
			literal.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			add(element{})
			p.segments = append(p.segments, nil)
		case r == '_':
			add(element{any: 1})
		default:
			literal.WriteRune(r)
		}
	}
	if escaped {
		literal.WriteByte('\\')
	}
	add(element{})
	return p
}

// matches reports whether a text matches, which is folded if the pattern ignores case, and else composed. The first place for a segment
// is the best, because it leaves the most to those behind it.
func (p *pattern) matches(text string) bool {
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
func (s segmentOf) cutPrefix(text string) (rest string, ok bool) {
	for _, e := range s {
		if e.any > 0 {
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
func (s segmentOf) cut(text string) (rest string, ok bool) {
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
func (s segmentOf) ends(text string) bool {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].any > 0 {
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

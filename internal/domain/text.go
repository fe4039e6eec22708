package domain

import (
	"strings"
	"unicode"
)

// CheckLine refuses a text of one line that has a control character in it: C0, DEL or C1. The error has the given kind.
func CheckLine(kind Kind, field, text string) error { return checkControl(kind, field, text, false) }

// CheckLines is CheckLine for a text that may have several lines: tabs and line breaks are allowed.
func CheckLines(kind Kind, field, text string) error { return checkControl(kind, field, text, true) }

func checkControl(kind Kind, field, text string, lines bool) error {
	if rule := ControlRule(text, lines); rule != "" {
		return FieldErrorf(kind, field, "%s", rule)
	}
	return nil
}

// ControlRule is the rule of CheckLine, or with lines of CheckLines, if the text breaks it; else it is empty.
func ControlRule(text string, lines bool) string {
	switch {
	case !lines && strings.ContainsFunc(text, unicode.IsControl):
		return "must not contain control characters"
	case lines && strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && unicode.IsControl(r) }):
		return "must not contain control characters other than tabs and line breaks"
	}
	return ""
}

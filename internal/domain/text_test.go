package domain

import "testing"

func TestControlCharacters(t *testing.T) {
	for _, test := range []struct {
		name        string
		text        string
		line, lines bool // whether it is taken as one line, and as several
	}{
		{"plain text", "Ada Lovelace", true, true},
		{"nothing", "", true, true},
		{"letters of all scripts", "Иван 李 جان Jose\u0301 👩‍🔬", true, true},
		{"marks that order text of both directions", "\u200fעדה\u200e", true, true},
		{"a tab", "a\tb", false, true},
		{"a line feed", "a\nb", false, true},
		{"a carriage return with a line feed", "a\r\nb", false, true},
		{"a NUL", "a\x00b", false, false},
		{"an escape", "a\x1b[31mb", false, false},
		{"a vertical tab", "a\vb", false, false},
		{"DEL", "a\x7f", false, false},
		{"the first of C1", "a\u0080", false, false},
		{"the next line of C1", "a\u0085b", false, false},
		{"the last of C1", "a\u009f", false, false},
		{"separators of lines and paragraphs, which are no controls", "a\u2028b\u2029", true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := CheckLine(InvalidAddress, "name", test.text); (err == nil) != test.line || err != nil && !IsKind(err, InvalidAddress) {
				t.Errorf("as one line: %v", err)
			}
			if err := CheckLines(BadUserInput, "description", test.text); (err == nil) != test.lines {
				t.Errorf("as several lines: %v", err)
			}
		})
	}
}

package idempotency_test

import (
	"strings"
	"testing"

	"clientele/internal/domain"
	"clientele/internal/idempotency"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a UUID":                        {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
		"a UUID in quotes":              {`"8e03978e-40d5-43dd-bc93-6894a57f9324"`, "8e03978e-40d5-43dd-bc93-6894a57f9324"},
		"one character":                 {"a", "a"},
		"255 characters":                {strings.Repeat("a", 255), strings.Repeat("a", 255)},
		"255 characters in quotes":      {`"` + strings.Repeat("a", 255) + `"`, strings.Repeat("a", 255)},
		"255 that have to be escaped":   {`"` + strings.Repeat(`\"`, 255) + `"`, strings.Repeat(`"`, 255)},
		"every sign that needs none":    {"!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"},
		"a backslash outside quotes":    {`a\b`, `a\b`},
		"spaces in quotes":              {`" a b "`, " a b "},
		"escaped quotes and backslash":  {`"a\"b\\c"`, `a"b\c`},
		"the case matters":              {"Key", "Key"},
		"empty":                         {"", ""},
		"empty in quotes":               {`""`, ""},
		"256 characters":                {strings.Repeat("a", 256), ""},
		"256 characters in quotes":      {`"` + strings.Repeat("a", 256) + `"`, ""},
		"a space":                       {"a b", ""},
		"a tab":                         {"a\tb", ""},
		"a line break in quotes":        {"\"a\nb\"", ""},
		"a zero byte":                   {"a\x00", ""},
		"a deletion":                    {"a\x7f", ""},
		"a letter beyond ASCII":         {"é", ""},
		"a byte that is no character":   {"\xff", ""},
		"a letter beyond ASCII, quoted": {`"é"`, ""},
		"a quote inside":                {`a"b`, ""},
		"a quote at the end":            {`a"`, ""},
		"only a quote":                  {`"`, ""},
		"no closing quote":              {`"a`, ""},
		"an escaped closing quote":      {`"a\"`, ""},
		"an escape of something else":   {`"a\n"`, ""},
		"an escape of nothing":          {`"a\`, ""},
		"something behind the string":   {`"a"b`, ""},
		"a parameter":                   {`"a";b=1`, ""},
		"two keys":                      {"a, b", ""},
		"two keys in quotes":            {`"a", "b"`, ""},
	} {
		got, err := idempotency.ParseKey(c.text)
		if c.want == "" && (got != "" || !domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), "Idempotency-Key")) {
			t.Errorf("%s: got %q, %v, want a refusal that names the header", name, got, err)
		}
		if c.want != "" && (got != c.want || err != nil) {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// FuzzParseKey looks for texts that panic, for keys that break the rules, and for keys that mean another one when
// they are written the other way.
func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"", "a", `"a"`, `"a\"b\\c"`, `"`, "a b", `"a b"`, "\xff", `"a";b=1`, strings.Repeat("a", 256)} {
		f.Add(seed)
	}
	quoting := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, text string) {
		key, err := idempotency.ParseKey(text)
		if err != nil {
			if key != "" || !domain.IsKind(err, domain.BadUserInput) {
				t.Fatalf("%q: got %q, %v", text, key, err)
			}
			return
		}
		if len(key) < 1 || len(key) > 255 {
			t.Fatalf("%q: a key of %d characters", text, len(key))
		}
		for _, r := range key {
			if r < ' ' || r > '~' {
				t.Fatalf("%q: a key with %q", text, r)
			}
		}
		if again, err := idempotency.ParseKey(`"` + quoting.Replace(key) + `"`); again != key || err != nil {
			t.Fatalf("%q: the key %q in quotes is %q, %v", text, key, again, err)
		}
		if !strings.HasPrefix(text, `"`) && key != text {
			t.Fatalf("%q: got %q", text, key)
		}
	})
}

package domain

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMetadataMerge(t *testing.T) {
	t.Parallel()
	stored := Metadata{{"a", "1"}, {"b", `"two"`}, {"c", "[3]"}}
	cases := map[string]struct {
		stored Metadata
		patch  string
		want   Metadata
	}{
		"a new key is set, in order":         {stored, `{"bb":true}`, Metadata{{"a", "1"}, {"b", `"two"`}, {"bb", "true"}, {"c", "[3]"}}},
		"a new key is set in front":          {stored, `{"A":0}`, Metadata{{"A", "0"}, {"a", "1"}, {"b", `"two"`}, {"c", "[3]"}}},
		"a new key is set behind":            {stored, `{"d":0}`, Metadata{{"a", "1"}, {"b", `"two"`}, {"c", "[3]"}, {"d", "0"}}},
		"a key is set where there is none":   {nil, `{"a":1}`, Metadata{{"a", "1"}}},
		"a present key is replaced":          {stored, `{"b":2}`, Metadata{{"a", "1"}, {"b", "2"}, {"c", "[3]"}}},
		"a key with null is deleted":         {stored, `{"b":null}`, Metadata{{"a", "1"}, {"c", "[3]"}}},
		"null for an unknown key is nothing": {stored, `{"x":null}`, stored},
		"set, replace and delete at once": {
			stored, `{"c":null,"b":"zwei","d":4}`, Metadata{{"a", "1"}, {"b", `"zwei"`}, {"d", "4"}},
		},
		"an empty patch changes nothing": {stored, `{}`, stored},
		"deleting all keys leaves empty": {stored, `{"a":null,"b":null,"c":null}`, Metadata{}},
		"an empty object stays empty":    {Metadata{}, `{}`, Metadata{}},
		"an empty object is not none":    {nil, `{}`, Metadata{}},
		"only nulls are an empty object": {nil, `{"a":null}`, Metadata{}},
		"null clears all":                {stored, `null`, nil},
		"null clears an empty object":    {Metadata{}, `null`, nil},
		"null with white space clears":   {stored, " \n null\t", nil},
		"no patch at all clears":         {stored, ``, nil},
		"the last of two equal keys counts": {
			nil, `{"a":1,"a":2}`, Metadata{{"a", "2"}},
		},

		"nested values are compacted": {
			nil, "{ \"a\" : { \"b\" : [ 1 , null,\n\t{ } ] } }", Metadata{{"a", `{"b":[1,null,{}]}`}},
		},
		"a nested null is a value":          {nil, `{"a":{"b":null}}`, Metadata{{"a", `{"b":null}`}}},
		"nested objects are replaced whole": {Metadata{{"a", `{"b":1}`}}, `{"a":{"c":2}}`, Metadata{{"a", `{"c":2}`}}},
		"nested keys keep their order":      {nil, `{"a":{"z":1,"b":2}}`, Metadata{{"a", `{"z":1,"b":2}`}}},
		"white space in texts is kept":      {nil, `{"a":" b  c "}`, Metadata{{"a", `" b  c "`}}},
		"false is a value":                  {nil, `{"a":false}`, Metadata{{"a", "false"}}},
		"an empty text is a value":          {nil, `{"a":""}`, Metadata{{"a", `""`}}},
		"the text null is a value":          {stored, `{"b":"null"}`, Metadata{{"a", "1"}, {"b", `"null"`}, {"c", "[3]"}}},
		"big numbers are kept to the digit": {
			nil, `{"i":123456789012345678901234567890,"f":0.10000000000000000000000001,"e":1E+400}`,
			Metadata{{"e", "1E+400"}, {"f", "0.10000000000000000000000001"}, {"i", "123456789012345678901234567890"}},
		},

		"keys with dots are plain":         {Metadata{{"a", `{"b":1}`}}, `{"a.b":2}`, Metadata{{"a", `{"b":1}`}, {"a.b", "2"}}},
		"keys with dollars are plain":      {nil, `{"$set":{"$inc":1}}`, Metadata{{"$set", `{"$inc":1}`}}},
		"keys are not folded":              {Metadata{{"a", "1"}}, `{"A":2}`, Metadata{{"A", "2"}, {"a", "1"}}},
		"keys beyond the Latin alphabet":   {nil, `{"ключ":1,"🔑":2,"é":3}`, Metadata{{"é", "3"}, {"ключ", "1"}, {"🔑", "2"}}},
		"keys are not normalised":          {Metadata{{"e\u0301", "1"}}, `{"é":2}`, Metadata{{"e\u0301", "1"}, {"é", "2"}}},
		"old keys with NUL stay":           {Metadata{{"\x00", "1"}}, `{"a":2}`, Metadata{{"\x00", "1"}, {"a", "2"}}},
		"old keys with NUL can be deleted": {Metadata{{"\x00", "1"}, {"a", "1"}}, `{"\u0000":null}`, Metadata{{"a", "1"}}},
		"keys with quotes and backslashes": {nil, `{"\"\\":1}`, Metadata{{`"\`, "1"}}},
		"escaped keys are the same key":    {Metadata{{"a", "1"}}, `{"\u0061":2}`, Metadata{{"a", "2"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.stored.Merge("field", json.RawMessage(c.patch))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestMetadataMergeRefusesWhatIsNotAnObject(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"a list":            `[]`,
		"a text":            `"null"`,
		"a number":          `1`,
		"true":              `true`,
		"broken JSON":       `{"a":1`,
		"two values":        `{} {}`,
		"a bare key":        `{a:1}`,
		"a word like null":  `nul`,
		"null in two words": `null null`,
		"white space":       ` `,
	}
	for name, patch := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Metadata{{"a", "1"}}.Merge("some.field", json.RawMessage(patch))
			requireMetadataRefusal(t, err)
			if got != nil {
				t.Errorf("the refusal comes with %#v", got)
			}
		})
	}
}

func TestMetadataMergeLimits(t *testing.T) {
	t.Parallel()
	// In UTF-8 "é" has two bytes and "🔑" four: only a count of code points finds these at their bound.
	text := func(letter string, length int) string { return `"` + strings.Repeat(letter, length-2) + `"` }
	patch := func(entries ...string) string {
		parts := make([]string, 0, len(entries)/2)
		for i := 0; i < len(entries); i += 2 {
			parts = append(parts, fmt.Sprintf("%q:%s", entries[i], entries[i+1]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	cases := map[string]struct {
		stored  Metadata
		patch   string
		refused bool
	}{
		"50 keys":                          {patch: string(numbered(0, 50).JSON())},
		"51 keys":                          {patch: string(numbered(0, 51).JSON()), refused: true},
		"50 keys merged":                   {stored: numbered(0, 49), patch: `{"x":1}`},
		"51 keys merged":                   {stored: numbered(0, 50), patch: `{"x":1}`, refused: true},
		"50 keys, one replaced":            {stored: numbered(0, 50), patch: `{"key00":"new"}`},
		"50 keys, one swapped for another": {stored: numbered(0, 50), patch: `{"x":1,"key00":null}`},
		"50 keys, all swapped for others":  {stored: numbered(0, 50), patch: swap(0, 50)},
		"51 keys sent, one of them null":   {patch: strings.Replace(string(numbered(0, 51).JSON()), "50}", "null}", 1)},
		"a patch of nulls only":            {stored: numbered(0, 50), patch: `{"` + strings.Repeat("x", 41) + `":null}`},

		"a key of 1 character":              {patch: `{"a":1}`},
		"a key of 40 characters":            {patch: patch(strings.Repeat("a", 40), "1")},
		"a key of 40 wide characters":       {patch: patch(strings.Repeat("🔑", 40), "1")},
		"a key of 41 characters":            {patch: patch(strings.Repeat("a", 41), "1"), refused: true},
		"a key of 41 wide characters":       {patch: patch(strings.Repeat("🔑", 41), "1"), refused: true},
		"an empty key":                      {patch: `{"":1}`, refused: true},
		"a value of 500 characters":         {patch: patch("a", text("a", 500))},
		"a value of 500 wide characters":    {patch: patch("a", text("é", 500))},
		"a value of 501 characters":         {patch: patch("a", text("a", 501)), refused: true},
		"a value of 501 wide characters":    {patch: patch("a", text("é", 501)), refused: true},
		"a number of 500 digits":            {patch: patch("a", strings.Repeat("1", 500))},
		"a number of 501 digits":            {patch: patch("a", strings.Repeat("1", 501)), refused: true},
		"a list of 500 characters, spaced":  {patch: patch("a", "[ "+text("a", 498)+" ]")},
		"a list of 501 characters":          {patch: patch("a", "["+text("a", 499)+"]"), refused: true},
		"a value too long in the last key":  {patch: patch("a", "1", "b", text("a", 501)), refused: true},
		"a stored value of 501 is refused":  {stored: Metadata{{"a", text("a", 501)}}, patch: `{"b":1}`, refused: true},
		"a stored value of 501 is replaced": {stored: Metadata{{"a", text("a", 501)}}, patch: `{"a":1}`},
		"a stored value of 501 is deleted":  {stored: Metadata{{"a", text("a", 501)}}, patch: `{"a":null}`},
		"a stored value of 501 is cleared":  {stored: Metadata{{"a", text("a", 501)}}, patch: `null`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.stored.Merge("some.field", json.RawMessage(c.patch))
			if c.refused {
				requireMetadataRefusal(t, err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// numbered has the keys from up to, and without, to.
func numbered(from, to int) Metadata {
	out := Metadata{}
	for i := from; i < to; i++ {
		out = append(out, MetadataEntry{Key: fmt.Sprintf("key%02d", i), Value: fmt.Sprint(i)})
	}
	return out
}

// swap deletes the keys that numbered has and sets as many others.
func swap(from, to int) string {
	parts := []string{}
	for i := from; i < to; i++ {
		parts = append(parts, fmt.Sprintf(`"key%02d":null,"new%02d":1`, i, i))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func requireMetadataRefusal(t *testing.T, err error) {
	t.Helper()
	if !IsKind(err, InvalidMetadata) {
		t.Fatalf("got %v, want a refusal of kind %s", err, InvalidMetadata)
	}
	if !strings.HasPrefix(err.Error(), "some.field must ") || err.(*Error).Facts["field"] != "some.field" {
		t.Errorf("the refusal does not name its field: %q, facts %v", err, err.(*Error).Facts)
	}
}

func TestMetadataMergeDoesNotChangeItsReceiver(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"set":       `{"bb":1}`,
		"replace":   `{"b":1}`,
		"delete":    `{"a":null}`,
		"all three": `{"a":null,"b":1,"bb":1}`,
		"clear":     `null`,
		"nothing":   `{}`,
		"refused":   `{"a":null,"":1}`,
		"no object": `[]`,
	}
	for name, patch := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// With room to spare, a merge in place would not have to move and would go unnoticed.
			memory := Metadata{{"a", `"a"`}, {"b", `"b"`}, {"c", `"c"`}, {"spare", "1"}, {"spare", "2"}}
			before := slices.Clone(memory)
			merged, _ := memory[:3].Merge("field", json.RawMessage(patch))
			for i := range merged {
				merged[i] = MetadataEntry{"overwritten", "true"}
			}
			if !slices.Equal(memory, before) {
				t.Errorf("the receiver's memory became %v", memory)
			}
		})
	}
}

func TestMetadataJSON(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		metadata Metadata
		want     json.RawMessage
	}{
		"none is nil":                {nil, nil},
		"empty is an empty object":   {Metadata{}, json.RawMessage(`{}`)},
		"entries keep their order":   {Metadata{{"a", "1"}, {"b", `{"c":[]}`}}, json.RawMessage(`{"a":1,"b":{"c":[]}}`)},
		"numbers are not touched":    {Metadata{{"a", "1E+400"}}, json.RawMessage(`{"a":1E+400}`)},
		"keys are quoted":            {Metadata{{"\x00\"\\", "1"}}, json.RawMessage(`{"\u0000\"\\":1}`)},
		"keys are readable in HTML":  {Metadata{{"<&>", "1"}}, json.RawMessage(`{"<&>":1}`)},
		"keys beyond Latin are kept": {Metadata{{"ключ🔑", "1"}}, json.RawMessage(`{"ключ🔑":1}`)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.metadata.JSON(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMetadataGet(t *testing.T) {
	t.Parallel()
	metadata := Metadata{{"a", "1"}, {"a.b", `"x"`}, {"c", "[3]"}}
	cases := map[string]struct {
		metadata Metadata
		key      string
		want     string
		found    bool
	}{
		"first":            {metadata, "a", "1", true},
		"with a dot":       {metadata, "a.b", `"x"`, true},
		"last":             {metadata, "c", "[3]", true},
		"between":          {metadata, "b", "", false},
		"behind":           {metadata, "d", "", false},
		"in another case":  {metadata, "A", "", false},
		"of none":          {nil, "a", "", false},
		"of an empty one":  {Metadata{}, "", "", false},
		"a part of a path": {metadata, "b", "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, found := c.metadata.Get(c.key); got != c.want || found != c.found {
				t.Errorf("got %q, %t", got, found)
			}
		})
	}
}

func TestMetadataEqual(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		a, b Metadata
		want bool
	}{
		"none and none":     {nil, nil, true},
		"empty and empty":   {Metadata{}, Metadata{}, true},
		"none and empty":    {nil, Metadata{}, false},
		"the same entries":  {Metadata{{"a", "1"}}, Metadata{{"a", "1"}}, true},
		"another value":     {Metadata{{"a", "1"}}, Metadata{{"a", "2"}}, false},
		"another key":       {Metadata{{"a", "1"}}, Metadata{{"b", "1"}}, false},
		"one entry more":    {Metadata{{"a", "1"}}, Metadata{{"a", "1"}, {"b", "1"}}, false},
		"empty and entries": {Metadata{}, Metadata{{"a", "1"}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.a.Equal(c.b) != c.want || c.b.Equal(c.a) != c.want {
				t.Errorf("want %t both ways", c.want)
			}
		})
	}
}

// FuzzMetadataMerge holds the rules that every merge obeys against whatever bytes clients may send.
func FuzzMetadataMerge(f *testing.F) {
	for _, seed := range [][2]string{
		{``, `{"a":1}`},
		{`{"a":1,"b":2}`, `{"a":null,"c":[1, 2]}`},
		{`{"a.b":{"$c":1E+400}}`, `{"\u0000":"\ud800","ключ":"🔑"}`},
		{`{}`, `null`},
		{`{"a":1}`, `[]`},
		{`{"a":1}`, "{\"\xff\":\"\xff\",\"\xfe\":1}"},
		{string(numbered(0, 50).JSON()), swap(0, 50)},
		{`{"a":1}`, `{"":0}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		stored, err := Metadata(nil).Merge("some.field", first)
		if err != nil {
			requireMetadataRefusal(t, err)
			return
		}
		before := slices.Clone(stored)
		merged, err := stored.Merge("some.field", second)
		if !stored.Equal(before) {
			t.Fatalf("the merge changed its receiver from %v to %v", before, stored)
		}
		if err != nil {
			requireMetadataRefusal(t, err)
			return
		}
		requireWellFormed(t, merged)
		requireMerged(t, stored, merged, second)
		again, err := merged.Merge("some.field", merged.JSON())
		if err != nil || !again.Equal(merged) {
			t.Errorf("merging %s with itself makes %s, %v", merged.JSON(), again.JSON(), err)
		}
		fresh, err := Metadata(nil).Merge("some.field", merged.JSON())
		if err != nil || !fresh.Equal(merged) {
			t.Errorf("%s read anew is %s, %v", merged.JSON(), fresh.JSON(), err)
		}
	})
}

// requireWellFormed checks what holds of any metadata that may be stored.
func requireWellFormed(t *testing.T, m Metadata) {
	t.Helper()
	if m != nil && !json.Valid(m.JSON()) {
		t.Errorf("not JSON: %s", m.JSON())
	}
	if len(m) > 50 {
		t.Errorf("%d keys", len(m))
	}
	for i, entry := range m {
		if i > 0 && m[i-1].Key >= entry.Key {
			t.Errorf("the keys %q and %q are out of order", m[i-1].Key, entry.Key)
		}
		if n := utf8.RuneCountInString(entry.Key); n < 1 || n > 40 {
			t.Errorf("a key of %d characters", n)
		}
		if n := utf8.RuneCountInString(entry.Value); n > 500 || entry.Value == "null" {
			t.Errorf("the value %s", entry.Value)
		}
	}
}

// requireMerged checks that the patch and nothing else made the difference between stored and merged.
func requireMerged(t *testing.T, stored, merged Metadata, patch []byte) {
	t.Helper()
	var sent map[string]any
	if err := json.Unmarshal(orNull(patch), &sent); err != nil {
		// Numbers beyond a float64 are JSON all the same; the table has them.
		return
	}
	if sent == nil {
		if merged != nil {
			t.Errorf("null leaves %v", merged)
		}
		return
	}
	if merged == nil {
		t.Error("an object makes none")
	}
	for key, value := range sent {
		text, found := merged.Get(key)
		if found == (value == nil) {
			t.Errorf("the key %q with %v is found: %t", key, value, found)
			continue
		}
		var kept any
		if found && json.Unmarshal([]byte(text), &kept) == nil && !reflect.DeepEqual(kept, value) {
			t.Errorf("the key %q was sent as %v and kept as %v", key, value, kept)
		}
	}
	for _, entry := range merged {
		if _, named := sent[entry.Key]; !named && !slices.Contains(stored, entry) {
			t.Errorf("the entry %v comes from nowhere", entry)
		}
	}
	for _, entry := range stored {
		if _, named := sent[entry.Key]; !named && !slices.Contains(merged, entry) {
			t.Errorf("the entry %v is lost", entry)
		}
	}
}

func orNull(patch []byte) []byte {
	if len(patch) == 0 {
		return []byte("null")
	}
	return patch
}

package domain

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// model is metadata as a plain map from key to compact JSON text. Nil is none.
type model map[string]string

// merge is what Merge does, in the words of the contract.
func (m model) merge(p patch) (model, bool) {
	if p == nil {
		return nil, true
	}
	out := model{}
	maps.Copy(out, m)
	allowed := true
	for key, value := range p {
		if value.compact == "null" {
			delete(out, key)
		} else {
			allowed = allowed && ControlRule(key, false) == ""
			out[key] = value.compact
		}
	}
	allowed = allowed && len(out) <= 50
	for key, value := range out {
		allowed = allowed && key != "" && utf8.RuneCountInString(key) <= 40 && utf8.RuneCountInString(value) <= 500
	}
	return out, allowed
}

func (m model) metadata() Metadata {
	if m == nil {
		return nil
	}
	out := Metadata{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, MetadataEntry{Key: key, Value: m[key]})
	}
	return out
}

// written is one JSON value in its shortest form and as somebody may write it.
type written struct{ compact, spaced string }

// patch is an object to merge. Nil is null.
type patch map[string]written

func (p patch) json(t *rapid.T) json.RawMessage {
	if p == nil {
		return json.RawMessage(space(t) + "null" + space(t))
	}
	parts := []string{}
	for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(p))).Draw(t, "order") {
		parts = append(parts, space(t)+quoted(key)+space(t)+":"+p[key].spaced)
	}
	return json.RawMessage("{" + strings.Join(parts, ",") + space(t) + "}")
}

func space(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space")
}

func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// values are all kinds of JSON values, deep ones and those about the limit included.
func values(depth int) *rapid.Generator[written] {
	return rapid.Custom(func(t *rapid.T) written {
		kinds := []string{"null", "word", "number", "text", "long"}
		if depth > 0 {
			kinds = append(kinds, "list", "object")
		}
		var v written
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "null":
			v.compact = "null"
		case "word":
			v.compact = rapid.SampledFrom([]string{"true", "false", `""`, `"null"`}).Draw(t, "word")
		case "number":
			v.compact = rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?`).Draw(t, "number")
		case "text":
			v.compact = quoted(rapid.String().Draw(t, "text"))
		case "long":
			letter := rapid.SampledFrom([]string{"a", "é", "🔑"}).Draw(t, "letter")
			v.compact = quoted(strings.Repeat(letter, rapid.IntRange(495, 500).Draw(t, "length")))
		case "list":
			var compact, spaced []string
			for _, item := range rapid.SliceOfN(values(depth-1), 0, 3).Draw(t, "list") {
				compact, spaced = append(compact, item.compact), append(spaced, item.spaced)
			}
			v.compact = "[" + strings.Join(compact, ",") + "]"
			v.spaced = "[" + space(t) + strings.Join(spaced, ",") + space(t) + "]"
		case "object":
			var compact, spaced []string
			for i, item := range rapid.SliceOfN(values(depth-1), 0, 3).Draw(t, "object") {
				key := quoted(fmt.Sprint(rapid.String().Draw(t, "key"), i))
				compact, spaced = append(compact, key+":"+item.compact), append(spaced, key+space(t)+":"+item.spaced)
			}
			v.compact = "{" + strings.Join(compact, ",") + "}"
			v.spaced = "{" + space(t) + strings.Join(spaced, ",") + "}"
		}
		if v.spaced == "" {
			v.spaced = v.compact
		}
		v.spaced = space(t) + v.spaced + space(t)
		return v
	})
}

// keys come from a small set, so that patches meet what is stored, and now and then from anywhere.
func keys() *rapid.Generator[string] {
	few := rapid.SampledFrom([]string{"a", "A", "a.b", "$set", "é", "e\u0301", "ключ", "\x00", `"`, "_id", "null"})
	many := rapid.Map(rapid.IntRange(0, 60), func(i int) string { return fmt.Sprintf("key%02d", i) })
	long := rapid.Map(rapid.IntRange(38, 41), func(n int) string { return strings.Repeat("🔑", n) })
	return rapid.OneOf(few, few, few, many, many, long, rapid.String())
}

func patches(nullable bool) *rapid.Generator[patch] {
	return rapid.Custom(func(t *rapid.T) patch {
		if nullable && rapid.IntRange(0, 9).Draw(t, "is null") == 0 {
			return nil
		}
		// Many keys at once are needed to meet the limit on their number.
		if rapid.IntRange(0, 4).Draw(t, "is big") == 0 {
			out := patch{}
			for i := range rapid.IntRange(45, 52).Draw(t, "size") {
				out[fmt.Sprintf("key%02d", i)] = written{compact: "1", spaced: "1"}
			}
			return out
		}
		return rapid.MapOfN(keys(), values(2), 0, 6).Draw(t, "patch")
	})
}

func TestMetadataMergeEqualsAPlainMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var real Metadata
		var plain model
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			p := patches(true).Draw(t, "patch")
			sent := p.json(t)
			before := slices.Clone(real)
			merged, err := real.Merge("field", sent)
			if !real.Equal(before) {
				t.Fatalf("merging %s changed the receiver from %v to %v", sent, before, real)
			}
			wanted, allowed := plain.merge(p)
			if !allowed {
				if !IsKind(err, InvalidMetadata) {
					t.Fatalf("merging %s: got %v, want a refusal", sent, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("merging %s: %v", sent, err)
			}
			if !merged.Equal(wanted.metadata()) {
				t.Fatalf("merging %s: got %s, want %s", sent, merged.JSON(), wanted.metadata().JSON())
			}
			real, plain = merged, wanted
		}
	})
}

// stored is metadata that passed the limits.
func stored(t *rapid.T) (Metadata, model) {
	var plain model
	for _, p := range rapid.SliceOfN(patches(false), 0, 4).Draw(t, "patches") {
		if merged, allowed := plain.merge(p); allowed {
			plain = merged
		}
	}
	return plain.metadata(), plain
}

func TestMetadataJSONParsesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		metadata, plain := stored(t)
		text := metadata.JSON()
		if plain == nil {
			if text != nil {
				t.Fatalf("none is %s", text)
			}
			return
		}
		var parsed map[string]json.RawMessage
		if err := json.Unmarshal(text, &parsed); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		back := model{}
		for key, value := range parsed {
			back[key] = string(value)
		}
		if !maps.Equal(back, plain) {
			t.Fatalf("%s parses back to %v, want %v", text, back, plain)
		}
	})
}

func TestMetadataMergeOfItsOwnJSONIsIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		metadata, _ := stored(t)
		for _, receiver := range []Metadata{metadata, nil} {
			merged, err := receiver.Merge("field", metadata.JSON())
			if err != nil {
				t.Fatal(err)
			}
			if !merged.Equal(metadata) {
				t.Fatalf("%s became %s", metadata.JSON(), merged.JSON())
			}
		}
	})
}

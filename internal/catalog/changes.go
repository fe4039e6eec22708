package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Action is what an apply does to an item.
type Action string

// The actions.
const (
	Added     Action = "added"
	Changed   Action = "changed"
	Unchanged Action = "unchanged"
)

// Changes are what an apply did, or would do.
type Changes struct {
	DryRun bool
	// Items are all that the file names, list by list in the order of writing.
	Items []Change
}

// Change is what an apply does to one item.
type Change struct {
	// List is features, products, addons, plans, coupons or promotionCodes.
	List, RefID string
	Action      Action
	// Fields are what differs in an item that is changed.
	Fields []FieldChange
}

// FieldChange is one difference. From and To are JSON; empty where there is no value.
type FieldChange struct {
	Path, From, To string
}

// compare finds out what storing a document would change.
func compare[T any, D pointer[T]](l list[T, D], next, stored D) (Change, error) {
	change := Change{List: l.name, RefID: next.Head().RefID, Action: Added}
	if stored == nil {
		return change, nil
	}
	from, err := encodeJSON(l.show(stored))
	if err != nil {
		return change, err
	}
	to, err := encodeJSON(l.show(next))
	if err != nil {
		return change, err
	}
	if bytes.Equal(from, to) {
		change.Action = Unchanged
		return change, nil
	}
	change.Action = Changed
	change.Fields = differences(nil, "", generic(from), generic(to))
	return change, nil
}

// generic is JSON as maps and lists, with numbers as they are written.
func generic(text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	// The text was just encoded, so it decodes.
	_ = decoder.Decode(&value)
	return value
}

// differences adds the innermost fields that differ, in order of their paths.
func differences(found []FieldChange, path string, from, to any) []FieldChange {
	switch from := from.(type) {
	case map[string]any:
		if to, same := to.(map[string]any); same {
			all := maps.Clone(from)
			maps.Copy(all, to)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				found = differences(found, join(path, name), from[name], to[name])
			}
			return found
		}
	case []any:
		if to, same := to.([]any); same {
			for i := range max(len(from), len(to)) {
				found = differences(found, fmt.Sprintf("%s[%d]", path, i), at(from, i), at(to, i))
			}
			return found
		}
	}
	one, other := written(from), written(to)
	if one != other {
		found = append(found, FieldChange{Path: path, From: one, To: other})
	}
	return found
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func written(value any) string {
	if value == nil {
		return ""
	}
	text, err := encodeJSON(value)
	if err != nil {
		return "?"
	}
	return string(text)
}

// Summary is one line that says how much is done to what.
func (c Changes) Summary() string {
	counts := map[Action]int{}
	for _, item := range c.Items {
		counts[item.Action]++
	}
	if counts[Added]+counts[Changed] == 0 {
		return fmt.Sprintf("nothing to change, %d unchanged", counts[Unchanged])
	}
	form := "%d added, %d changed, %d unchanged"
	if c.DryRun {
		form = "%d to add, %d to change, %d unchanged"
	}
	return fmt.Sprintf(form, counts[Added], counts[Changed], counts[Unchanged])
}

// maxShown bounds the text of a value in String.
const maxShown = 60

// String is the summary, with a line for each item that is added or changed, and one for each field that differs.
func (c Changes) String() string {
	var out strings.Builder
	out.WriteString(c.Summary() + "\n")
	for _, item := range c.Items {
		switch item.Action {
		case Added:
			fmt.Fprintf(&out, "  + %s %s\n", item.List, item.RefID)
		case Changed:
			fmt.Fprintf(&out, "  ~ %s %s\n", item.List, item.RefID)
		}
		for _, field := range item.Fields {
			fmt.Fprintf(&out, "      %s: %s → %s\n", field.Path, shortened(field.From), shortened(field.To))
		}
	}
	if c.DryRun {
		out.WriteString("a dry run: nothing was written\n")
	}
	return out.String()
}

func shortened(text string) string {
	if text == "" {
		return "nothing"
	}
	if letters := []rune(text); len(letters) > maxShown {
		return string(letters[:maxShown]) + "…"
	}
	return text
}

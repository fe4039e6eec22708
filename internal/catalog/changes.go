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

// The possible actions.
const (
	Added     Action = "added"
	Changed   Action = "changed"
	Unchanged Action = "unchanged"
)

// Changes are what an apply did or, in a dry run, would do.
type Changes struct {
	DryRun bool
	// Items are all items of the file, in the order in which they are written.
	Items []Change
}

// Change is what an apply does to one item.
type Change struct {
	// List is the name of the list in the file, such as plans.
	List, RefID string
	Action      Action
	// Fields are the differences; empty unless Action is Changed.
	Fields []FieldChange
}

// FieldChange is one difference. From and To are JSON, or empty for no value.
type FieldChange struct {
	Path, From, To string
}

// compare returns what storing next would change. Fields that a file does not own are not compared.
func (l list[F, T, D]) compare(next, stored D) (Change, error) {
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
	change.Fields = differences(nil, "", decodeAny(from), decodeAny(to))
	return change, nil
}

// decodeAny returns valid JSON as maps and lists, with numbers exactly as written.
func decodeAny(text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	_ = decoder.Decode(&value)
	return value
}

// differences appends the innermost fields that differ, in order of their paths.
func differences(changes []FieldChange, path string, from, to any) []FieldChange {
	switch from := from.(type) {
	case map[string]any:
		if to, same := to.(map[string]any); same {
			all := maps.Clone(from)
			maps.Copy(all, to)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				changes = differences(changes, joinPath(path, name), from[name], to[name])
			}
			return changes
		}
	case []any:
		if to, same := to.([]any); same {
			for i := range max(len(from), len(to)) {
				changes = differences(changes, fmt.Sprintf("%s[%d]", path, i), elementOrNil(from, i), elementOrNil(to, i))
			}
			return changes
		}
	}
	before, after := jsonText(from), jsonText(to)
	if before != after {
		changes = append(changes, FieldChange{Path: path, From: before, To: after})
	}
	return changes
}

func elementOrNil(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// jsonText returns the value as JSON; empty for nil.
func jsonText(value any) string {
	if value == nil {
		return ""
	}
	text, err := encodeJSON(value)
	if err != nil {
		return "?"
	}
	return string(text)
}

// Summary returns the number of items for each action, in one line.
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

// maxShown is how many characters of a value String prints.
const maxShown = 60

// String returns the summary, followed by a line for each added or changed item and for each field that differs.
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

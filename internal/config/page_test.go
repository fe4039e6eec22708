package config

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

const settingsHeader = "| flag | environment variable | default | what it sets |"

// settingsTable is the table as docs/configuration.md has to have it.
func settingsTable() []string {
	lines := []string{settingsHeader, "| --- | --- | --- | --- |"}
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	for _, setting := range Settings() {
		env := setting.Env
		if env == "" {
			env = setting.Commands()
		}
		lines = append(lines, row(code("--"+setting.Flag), code(env), code(setting.Default), setting.Usage))
	}
	return lines
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

// cellsOf are the cells of a table's row, whatever the space and the quotes around them.
func cellsOf(line string) []string {
	cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cell), "`", "")
	}
	return cells
}

// configurationTable is the page's table without header and ruler.
func configurationTable(page string) [][]string {
	var rows [][]string
	inside := false
	for line := range strings.Lines(page) {
		switch {
		case slices.Equal(cellsOf(line), cellsOf(settingsHeader)):
			inside = true
		case inside && !strings.HasPrefix(strings.TrimSpace(line), "|"):
			return rows
		case inside && !strings.HasPrefix(strings.TrimSpace(line), "| -") && !strings.HasPrefix(strings.TrimSpace(line), "|-"):
			rows = append(rows, cellsOf(line))
		}
	}
	return rows
}

var update = flag.Bool("update", false, "write the table of docs/configuration.md")

func TestThePageListsTheSettings(t *testing.T) {
	t.Parallel()
	right := strings.Join(settingsTable(), "\n")
	if *update {
		writeTable(t, right)
	}
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatalf("%v; it needs this table:\n\n%s\n", err, right)
	}
	got, want := configurationTable(string(page)), configurationTable(right)
	if !slices.EqualFunc(got, want, slices.Equal) {
		changed := slices.DeleteFunc(slices.Concat(want, got), func(row []string) bool {
			same := func(other []string) bool { return slices.Equal(row, other) }
			return slices.ContainsFunc(want, same) && slices.ContainsFunc(got, same)
		})
		t.Errorf("the table of docs/configuration.md is stale: go test ./internal/config -run Page -update\nIt differs in %q", changed)
	}
}

func TestThePagesTableIsParsedExactly(t *testing.T) {
	t.Parallel()
	right := strings.Join(settingsTable(), "\n")
	want := configurationTable(right)
	if len(want) != len(Settings()) {
		t.Fatalf("%d rows for %d settings", len(want), len(Settings()))
	}
	cases := map[string]struct {
		page string
		same bool
	}{
		"the table alone":         {right, true},
		"text around it":          {"# Title\n\n| a | b |\n| --- | --- |\n| c | d |\n\n" + right + "\n\nText.\n\n| e |\n", true},
		"columns lined up":        {strings.ReplaceAll(right, " |", "   |"), true},
		"no table":                {"# Title\n", false},
		"a row too few":           {right[:strings.LastIndex(right, "\n")], false},
		"a row too many":          {right + "\n| `--x` | `X` | | x |", false},
		"another default":         {strings.Replace(right, "8080", "9090", 1), false},
		"another variable":        {strings.Replace(right, "CLIENTELE_LISTEN", "CLIENTELE_ADDRESS", 1), false},
		"other words":             {strings.Replace(right, "address to serve on", "address", 1), false},
		"another column in front": {strings.Replace(right, "| flag |", "| name |", 1), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := slices.EqualFunc(configurationTable(c.page), want, slices.Equal); got != c.same {
				t.Errorf("got %t", got)
			}
		})
	}
}

// writeTable puts the table at the end of the page, in the place of the one that is there.
func writeTable(t *testing.T, table string) {
	t.Helper()
	const path = "../../docs/configuration.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(page), "| flag |")
	if err := os.WriteFile(path, []byte(text+table+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

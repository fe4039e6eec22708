package config

import (
	"fmt"
	"strings"
)

// Help returns the help about a command or a group of commands; an overview for an empty topic. Load has checked that
// the topic exists.
func Help(topic string) string {
	if topic == "" {
		return overview()
	}
	if words := subcommands(topic); words != nil {
		return groupHelp(topic)
	}
	return commandHelp(specOf(Command(topic)))
}

func isTopic(topic string) bool {
	for _, spec := range commandSpecs() {
		if topic == "" || string(spec.name) == topic || spec.group() == topic {
			return true
		}
	}
	return false
}

// usage is the command's syntax.
func (s commandSpec) usage() string {
	text := "clientele " + string(s.name)
	if s.operand != "" {
		text += " " + s.operand
	}
	if flagsOf(s.name) != nil {
		text += " [flags]"
	}
	return text
}

func writeCommands(out *strings.Builder, in func(commandSpec) bool) {
	for _, spec := range commandSpecs() {
		if in(spec) {
			fmt.Fprintf(out, "  %-38s %s\n", spec.usage(), spec.summary)
		}
	}
}

func overview() string {
	var out strings.Builder
	out.WriteString("clientele serves a customer-management API over GraphQL.\n\nUsage:\n")
	writeCommands(&out, func(commandSpec) bool { return true })
	out.WriteString(`
clientele help COMMAND, or COMMAND --help, explains a command and lists its flags;
clientele help serve lists every setting of the server with its environment variable.
`)
	return out.String()
}

func groupHelp(group string) string {
	var out strings.Builder
	out.WriteString("Usage:\n")
	writeCommands(&out, func(spec commandSpec) bool { return spec.group() == group })
	fmt.Fprintf(&out, "\nclientele help %s %s, for one, lists the flags of a command.\n", group, subcommands(group)[0])
	return out.String()
}

func commandHelp(spec commandSpec) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n\nUsage:\n  %s\n", spec.name, spec.summary, spec.usage())
	if spec.detail != "" {
		fmt.Fprintf(&out, "\n%s\n", spec.detail)
	}
	if spec.examples != nil {
		fmt.Fprintf(&out, "\nExamples:\n  %s\n", strings.Join(spec.examples, "\n  "))
	}
	title := "\nFlags:\n"
	for _, s := range Settings() {
		if !s.isFor(spec.name) {
			continue
		}
		out.WriteString(title)
		title = ""
		fmt.Fprintf(&out, "  %-30s %s%s\n", "--"+s.Flag, s.Usage, s.notes())
	}
	return out.String()
}

// notes are a setting's environment variable and default, in parentheses.
func (s Setting) notes() string {
	var notes []string
	if s.Env != "" {
		notes = append(notes, s.Env)
	}
	if s.Default != "" {
		notes = append(notes, "default "+s.Default)
	}
	if notes == nil {
		return ""
	}
	return " (" + strings.Join(notes, ", ") + ")"
}

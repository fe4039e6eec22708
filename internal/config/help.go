package config

import (
	"fmt"
	"strings"
)

// Help is the text of the help command.
func Help() string {
	var out strings.Builder
	out.WriteString(`clientele serves a customer-management API over GraphQL.

Usage:
  clientele [serve] [flags]
  clientele keys create [flags]          make an API key and show it once
  clientele keys list [flags]            show the keys, not their secrets
  clientele keys revoke ID [flags]       end a key for good
  clientele catalog apply FILE [flags]   make an environment's catalogue what a file says
  clientele catalog export [flags]       write an environment's catalogue as such a file
  clientele health [flags]               ask the server on this machine whether it is ready
  clientele version

Flags, with the environment variable that does the same:
`)
	for _, s := range Settings() {
		name := "--" + s.Flag
		if s.Env != "" {
			name += ", " + s.Env
		} else {
			name += " (" + s.Commands() + ")"
		}
		fmt.Fprintf(&out, "  %-58s %s", name, s.Usage)
		if s.Default != "" {
			fmt.Fprintf(&out, " (default %s)", s.Default)
		}
		out.WriteString("\n")
	}
	return out.String()
}

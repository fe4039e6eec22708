package config

import (
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is one thing that can be told, by flag or by environment variable.
type Setting struct {
	Flag string
	// Env is empty for what describes a single command rather than the program.
	Env     string
	Default string
	Usage   string

	target   func(*Config) any
	commands []Command
}

var (
	serving = []Command{CommandServe}
	// servingOrAsking is for what has to be known to ask the server for its health.
	servingOrAsking = []Command{CommandServe, CommandHealth}
	storing         = []Command{
		CommandServe, CommandKeysCreate, CommandKeysList, CommandKeysRoll, CommandKeysRevoke, CommandCatalogApply, CommandCatalogExport,
	}
	keying     = []Command{CommandKeysCreate}
	rolling    = []Command{CommandKeysRoll}
	applying   = []Command{CommandCatalogApply}
	separating = []Command{CommandKeysCreate, CommandCatalogApply, CommandCatalogExport}
)

// Settings are all settings, in the order of the documentation.
func Settings() []Setting {
	settings := slices.Concat(
		programSettings(), networkSettings(), billingSettings(), limitSettings(), memorySettings(), rateLimitSettings(), documentSettings(),
		observabilitySettings(), commandSettings(),
	)
	defaults := Default()
	for i := range settings {
		s := &settings[i]
		if s.commands[0] == CommandServe {
			s.Env = s.variable()
		}
		s.Default = format(s.target(&defaults))
	}
	return settings
}

func programSettings() []Setting {
	return []Setting{
		{Flag: "listen", Usage: "address to serve on", commands: servingOrAsking,
			target: func(c *Config) any { return &c.Listen }},
		{Flag: "data-dir", Usage: "folder of the embedded engine", commands: storing,
			target: func(c *Config) any { return &c.DataDir }},
		{Flag: "mongodb-uri", Usage: "MongoDB to use instead of the embedded engine; database from the URI's path, else clientele", commands: storing,
			target: func(c *Config) any { return &c.MongoDBURI }},
		{Flag: "api-key", Usage: "API key of at least 24 characters that gets full access to the environment development", commands: serving,
			target: func(c *Config) any { return &c.APIKey }},
		{Flag: "introspection", Usage: "whether clients may ask for the schema", commands: serving,
			target: func(c *Config) any { return &c.Introspection }},
		{Flag: "shutdown-grace", Usage: "how long requests under way may take once the server is told to stop", commands: serving,
			target: func(c *Config) any { return &c.ShutdownGrace }},
		{Flag: "catalog", Usage: "catalogue file to apply at the start to the environment development", commands: serving,
			target: func(c *Config) any { return &c.Catalog }},
	}
}

// commandSettings are those of single commands.
func commandSettings() []Setting {
	return []Setting{
		{Flag: "environment", Usage: "environment of the new key or of the catalogue", commands: separating,
			target: func(c *Config) any { return &c.Environment }},
		{Flag: "scope", Usage: "what the new key may do: read, full, or admin, which also manages keys over the API", commands: keying,
			target: func(c *Config) any { return &c.KeyScope }},
		{Flag: "name", Usage: "a note on the new key", commands: keying,
			target: func(c *Config) any { return &c.KeyName }},
		{Flag: "expires-in", Usage: "how long the new key is good for; 0s is for ever", commands: keying,
			target: func(c *Config) any { return &c.KeyExpiresIn }},
		{Flag: "overlap", Usage: "how long the key that is replaced stays usable, at most 720h; 0s ends it at once", commands: rolling,
			target: func(c *Config) any { return &c.KeyOverlap }},
		{Flag: "dry-run", Usage: "only say what would change", commands: applying,
			target: func(c *Config) any { return &c.DryRun }},
	}
}

func format(target any) string {
	switch t := target.(type) {
	case *string:
		return *t
	case *Secret:
		return string(*t)
	case *bool:
		return strconv.FormatBool(*t)
	case *int:
		return strconv.Itoa(*t)
	case *time.Duration:
		return t.String()
	case *[]string:
		return strings.Join(*t, ",")
	case encoding.TextMarshaler:
		text, err := t.MarshalText()
		if err != nil {
			panic(err)
		}
		return string(text)
	default:
		panic(fmt.Sprintf("setting of type %T", target))
	}
}

// set parses a text into the setting's place. The error never quotes the text, which may be a secret.
func (s Setting) set(config *Config, text string) error {
	switch t := s.target(config).(type) {
	case *string:
		*t = text
	case *Secret:
		*t = Secret(text)
	case *bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		*t = value
	case *time.Duration:
		value, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("must be a duration, as in 20s or 1m30s")
		}
		*t = value
	case *int:
		value, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("must be a whole number")
		}
		*t = value
	case *[]string:
		*t = nil
		for element := range strings.SplitSeq(text, ",") {
			if element = strings.TrimSpace(element); element != "" {
				*t = append(*t, element)
			}
		}
	case encoding.TextUnmarshaler:
		return t.UnmarshalText([]byte(text))
	}
	return nil
}

const variablePrefix = "CLIENTELE_"

// variable is the environment variable of a setting that has one.
func (s Setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_"))
}

func (s Setting) isFor(command Command) bool {
	return slices.Contains(s.commands, command)
}

// Commands are the commands that the setting is for, in words.
func (s Setting) Commands() string {
	names := make([]string, len(s.commands))
	for i, command := range s.commands {
		names[i] = string(command)
	}
	return strings.Join(names, ", ")
}

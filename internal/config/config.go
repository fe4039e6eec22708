// Package config parses arguments and environment into a checked Config. No other package reads them.
package config

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

// Command is what the program does.
type Command string

// The commands; CommandServe is the default.
const (
	CommandServe         Command = "serve"
	CommandKeysCreate    Command = "keys create"
	CommandKeysList      Command = "keys list"
	CommandKeysRoll      Command = "keys roll"
	CommandKeysRevoke    Command = "keys revoke"
	CommandCatalogApply  Command = "catalog apply"
	CommandCatalogExport Command = "catalog export"
	CommandHealth        Command = "health"
	CommandVersion       Command = "version"
	CommandHelp          Command = "help"
)

// Config is everything that the program can be configured with. A field with the tag flag is a setting: default and
// usage are in the documentation, commands are those that take it (serve if there is no such tag; a group stands for
// all of its commands), and oneof, min and max are checked. A setting of serve is an environment variable too.
type Config struct {
	Command Command
	// HelpTopic is the command, or group of commands, that CommandHelp explains; empty for an overview.
	HelpTopic string
	// Misspelled is the result of the function of this name.
	Misspelled map[string]string

	Listen        string        `flag:"listen" commands:"serve,health" default:"127.0.0.1:8080" usage:"address to serve on"`
	DataDir       string        `flag:"data-dir" commands:"serve,keys,catalog" default:"./data" usage:"folder of the embedded engine"`
	MongoDBURI    Secret        `flag:"mongodb-uri" commands:"serve,keys,catalog" usage:"MongoDB to use instead of the embedded engine; database from the URI's path, else clientele"`
	APIKey        Secret        `flag:"api-key" usage:"API key of at least 24 characters that gets full access to the environment development"`
	Introspection bool          `flag:"introspection" default:"true" usage:"whether clients may ask for the schema"`
	ShutdownGrace time.Duration `flag:"shutdown-grace" default:"20s" usage:"how long requests in progress may take once the server is stopping"`
	// Catalog is also the file of CommandCatalogApply.
	Catalog string `flag:"catalog" usage:"catalogue file to apply at the start to the environment development"`

	Network       Network
	Billing       Billing
	Limits        limits.Limits
	Memory        Memory
	RateLimits    RateLimits
	Documents     Documents
	Observability Observability

	// KeyID is the key that CommandKeysRevoke and CommandKeysRoll are about.
	KeyID        string
	Environment  string        `flag:"environment" commands:"keys create,catalog" default:"development" usage:"environment of the new key or of the catalogue"`
	KeyScope     string        `flag:"scope" commands:"keys create" default:"full" usage:"what the new key may do: read, full, or admin, which also manages keys over the API"`
	KeyName      string        `flag:"name" commands:"keys create" usage:"description of the new key"`
	KeyExpiresIn time.Duration `flag:"expires-in" commands:"keys create" default:"0s" min:"0s" max:"2562047h" usage:"how long the new key is valid; 0s is for ever"`
	// At most what internal/auth accepts.
	KeyOverlap time.Duration `flag:"overlap" commands:"keys roll" default:"24h" min:"0s" max:"720h" usage:"how long the key that is replaced stays usable, at most 720h; 0s ends it at once"`
	DryRun     bool          `flag:"dry-run" commands:"catalog apply" default:"false" usage:"only print what would change"`
}

// Default is the configuration without arguments and environment.
func Default() Config {
	config := Config{Command: CommandServe}
	for _, setting := range Settings() {
		if setting.Default == "" {
			continue
		}
		if err := setting.set(&config, setting.Default); err != nil {
			panic(fmt.Sprintf("the default of --%s %v", setting.Flag, err))
		}
	}
	return config
}

// Load parses arguments (without the program's name) and environment; arguments win. Every error is one sentence for
// the person who started the program, and holds no secret.
func Load(args []string, getenv func(string) string) (Config, error) {
	config := Default()
	name, rest, isGroup, err := findCommand(args)
	if err != nil {
		return config, err
	}
	config.Command = name
	spec := commandSpec{name: name}
	if !isGroup {
		spec = specOf(name)
	}
	parts := split(spec, rest)
	if name == CommandHelp {
		config.HelpTopic = strings.Join(parts.operands, " ")
	}
	switch {
	case parts.help:
		if config.Command = CommandHelp; name != CommandHelp && len(rest) < len(args) {
			config.HelpTopic = string(name)
		}
		if !isTopic(config.HelpTopic) {
			config.HelpTopic = ""
		}
		return config, nil
	case isGroup:
		return config, fmt.Errorf("%s needs one of %s; clientele help %s explains them", name, list(subcommands(string(name)), "and"), name)
	case parts.version:
		config.Command = CommandVersion
		return config, nil
	case parts.err != nil:
		return config, parts.err
	case name == CommandHelp && !isTopic(config.HelpTopic):
		return config, noTopic(config.HelpTopic)
	case name == CommandHelp:
		return config, nil
	}
	if err := parts.takeOperand(spec, &config); err != nil {
		return config, err
	}
	for _, setting := range Settings() {
		text := getenv(setting.Env)
		if !setting.isFor(name) || setting.Env == "" || text == "" {
			continue
		}
		if err := setting.set(&config, text); err != nil {
			return config, fmt.Errorf("%s %w", setting.Env, err)
		}
	}
	for _, flag := range parts.flags {
		if err := flag.setting.set(&config, flag.value); err != nil {
			return config, fmt.Errorf("--%s %w", flag.setting.Flag, err)
		}
	}
	if name == CommandServe {
		config.Memory.readRuntime(getenv)
		if err := config.Observability.readTracing(getenv); err != nil {
			return config, err
		}
	}
	return config, config.Verify()
}

// Misspelled finds the variables of an environment, as os.Environ returns it, that are nearly the name of a setting's
// variable. It returns the right names by the wrong ones. Other variables with the prefix CLIENTELE_ are no mistake:
// Kubernetes sets some for every service of that name.
func Misspelled(environ []string) map[string]string {
	known := map[string]bool{}
	var names []string
	for _, setting := range Settings() {
		if setting.Env != "" {
			known[setting.Env] = true
			names = append(names, strings.ToLower(setting.Env))
		}
	}
	found := map[string]string{}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if known[name] || len(name) > maxVariable || !strings.HasPrefix(strings.ToUpper(name), variablePrefix) {
			continue
		}
		if meant := nearest(strings.ToLower(name), names); meant != "" {
			found[name] = strings.ToUpper(meant)
		}
	}
	return found
}

// maxVariable is longer than the name of any setting's variable.
const maxVariable = 64

// noTopic is the error of an unknown help topic.
func noTopic(topic string) error {
	words := strings.Fields(topic)
	if len(words) == 0 {
		return unknownCommand(topic)
	}
	name, rest, _, err := findCommand(words)
	if err != nil {
		return err
	}
	return fmt.Errorf("help about %s takes no more words%s", name, quoted(rest[0]))
}

// Verify checks what can be checked without starting anything.
func (c Config) Verify() error {
	for _, setting := range Settings() {
		if err := setting.check(&c); err != nil {
			return wrong(setting.Flag, "%w", err)
		}
	}
	if err := checkAddress("listen", c.Listen); err != nil {
		return err
	}
	if c.MongoDBURI == "" && c.DataDir == "" {
		return wrong("data-dir", "must name a folder")
	}
	if c.MongoDBURI != "" && !strings.HasPrefix(string(c.MongoDBURI), "mongodb://") && !strings.HasPrefix(string(c.MongoDBURI), "mongodb+srv://") {
		return wrong("mongodb-uri", "must begin with mongodb:// or mongodb+srv://")
	}
	if c.APIKey == ExampleKey && c.Exposed() {
		return wrong("api-key", "is the public one of the README: it is for --listen on a loopback address only")
	}
	if c.APIKey != "" {
		if err := domain.CheckSecret(string(c.APIKey)); err != nil {
			return wrong("api-key", "is invalid: %w", err)
		}
	}
	key := domain.APIKey{EnvironmentID: c.Environment, Scope: domain.Scope(c.KeyScope), Name: c.KeyName}
	if err := key.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	if c.Limits.ReadHeaderTimeout > c.Limits.ReadTimeout {
		return wrong("read-header-timeout", "must be at most --read-timeout, which is %s", c.Limits.ReadTimeout)
	}
	return cmp.Or(c.Network.verify(), c.RateLimits.verify(), c.Documents.verify(), c.Observability.verify(), c.Billing.verify(c.Exposed()))
}

// wrong is an error about a setting, which it names as flag and as variable.
func wrong(flag, format string, values ...any) error {
	name := "--" + flag
	if env := variable(flag); slices.ContainsFunc(Settings(), func(s Setting) bool { return s.Env == env }) {
		name += " or " + env
	}
	return fmt.Errorf(name+" "+format, values...)
}

// checkAddress checks the form of an address to listen on.
func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return wrong(flag, "must be an address and a port from 0 to 65535, as in 127.0.0.1:8080")
	}
	return nil
}

// ExampleKey is the API key of the README's examples.
const ExampleKey Secret = "server-for-this-machine-only"

func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Exposed reports whether other machines can reach the server.
func (c Config) Exposed() bool { return !isLoopback(c.Listen) }

// OnlyReads reports whether the command changes nothing in the store.
func (c Config) OnlyReads() bool {
	return c.Command == CommandKeysList || c.Command == CommandCatalogExport || c.DryRun
}

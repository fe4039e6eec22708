// Package config turns arguments and environment into a checked Config. It is the only reader of both,
// and starts nothing.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"clientele/internal/domain"
)

// Command is what the program was asked to do.
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

// Config is everything that the program can be told.
type Config struct {
	Command Command
	// HelpTopic is the command, or group of commands, that CommandHelp explains; empty for the whole program.
	HelpTopic string

	Listen        string
	DataDir       string
	MongoDBURI    Secret
	APIKey        Secret
	Introspection bool
	ShutdownGrace time.Duration
	Network       Network
	RateLimits    RateLimits
	Limits        Limits
	Memory        Memory
	Documents     Documents
	Billing       Billing
	// Catalog is the catalogue file that CommandServe applies at its start, if it is given one, and
	// CommandCatalogApply.
	Catalog string
	// DryRun makes CommandCatalogApply change nothing.
	DryRun bool

	// Environment is that of the key of CommandKeysCreate, or of the catalogue of a catalogue command.
	Environment string
	// KeyScope, KeyName and KeyExpiresIn describe the key of CommandKeysCreate; KeyID names that of
	// CommandKeysRevoke and CommandKeysRoll, and KeyOverlap is how long CommandKeysRoll leaves it usable.
	KeyScope     string
	KeyName      string
	KeyExpiresIn time.Duration
	KeyID        string
	KeyOverlap   time.Duration

	Observability Observability

	// Misspelled is what the function of this name found.
	Misspelled map[string]string
}

// Default is the configuration of a program that was told nothing.
func Default() Config {
	return Config{
		Command:       CommandServe,
		Listen:        "127.0.0.1:8080",
		DataDir:       "./data",
		Introspection: true,
		ShutdownGrace: 20 * time.Second,
		RateLimits:    defaultRateLimits(),
		Limits:        defaultLimits(),
		Documents:     defaultDocuments(),
		Billing:       defaultBilling(),
		Environment:   "development",
		KeyScope:      "full",
		KeyOverlap:    24 * time.Hour,
		Observability: defaultObservability(),
	}
}

// Load reads arguments (without the program's name) and environment; arguments win. Every error is one
// sentence for the person who started the program.
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
		return config, fmt.Errorf("%s needs one of %s; clientele help %s explains them", name, list(subcommands(string(name))), name)
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

// Misspelled finds variables in an environment, as os.Environ returns it, whose names are nearly one of a setting, and
// returns that by their names. Others that begin with CLIENTELE_ are nobody's mistake: Kubernetes sets some for every
// service of that name.
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

// noTopic says why there is no help about some words, as the parser would of the same command.
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
	if err := checkAddress("--listen or CLIENTELE_LISTEN", c.Listen); err != nil {
		return err
	}
	if c.MongoDBURI == "" && c.DataDir == "" {
		return errors.New("--data-dir or CLIENTELE_DATA_DIR must name a folder")
	}
	if c.MongoDBURI != "" && !strings.HasPrefix(string(c.MongoDBURI), "mongodb://") && !strings.HasPrefix(string(c.MongoDBURI), "mongodb+srv://") {
		return errors.New("--mongodb-uri or CLIENTELE_MONGODB_URI must begin with mongodb:// or mongodb+srv://")
	}
	if err := c.Observability.verify(); err != nil {
		return err
	}
	if c.APIKey == ExampleKey && !isLoopback(c.Listen) {
		return errors.New("--api-key or CLIENTELE_API_KEY is the one of the README, which everybody knows: it is for --listen on a loopback address only")
	}
	if c.APIKey != "" {
		if err := domain.CheckSecret(string(c.APIKey)); err != nil {
			return fmt.Errorf("--api-key or CLIENTELE_API_KEY: %w", err)
		}
	}
	if c.KeyExpiresIn < 0 {
		return errors.New("--expires-in must not be negative")
	}
	if c.KeyOverlap < 0 || c.KeyOverlap > maxKeyOverlap {
		return fmt.Errorf("--overlap must be from 0s to %s", maxKeyOverlap)
	}
	key := domain.APIKey{EnvironmentID: c.Environment, Scope: domain.Scope(c.KeyScope), Name: c.KeyName}
	if err := key.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	if c.ShutdownGrace <= 0 || c.ShutdownGrace > time.Hour {
		return errors.New("--shutdown-grace or CLIENTELE_SHUTDOWN_GRACE must be more than 0s and at most 1h")
	}
	return cmp.Or(c.Network.verify(), c.Limits.verify(), c.Memory.verify(), c.RateLimits.verify(), c.Documents.verify(), c.Billing.verify(c.Exposed()))
}

// checkAddress checks the form of an address to listen on.
func checkAddress(name, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s must be an address and a port, as in 127.0.0.1:8080, not %q", name, address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%s must end in a port from 0 to 65535, not %q", name, port)
	}
	return nil
}

// maxKeyOverlap is what internal/auth takes as an overlap at most.
const maxKeyOverlap = 30 * 24 * time.Hour

// ExampleKey is the API key of the README's examples.
const ExampleKey Secret = "server-for-this-machine-only"

func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Exposed reports whether others than this machine can reach the server.
func (c Config) Exposed() bool { return !isLoopback(c.Listen) }

// OnlyReads reports whether the command changes nothing in the store.
func (c Config) OnlyReads() bool {
	return c.Command == CommandKeysList || c.Command == CommandCatalogExport || c.DryRun
}

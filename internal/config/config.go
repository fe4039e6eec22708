// Package config turns arguments and environment into a checked Config. It is the only reader of both,
// and starts nothing.
package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"regexp"
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

	Listen        string
	DataDir       string
	MongoDBURI    Secret
	APIKey        Secret
	Introspection bool
	ShutdownGrace time.Duration
	Network       Network
	RateLimits    RateLimits
	Limits        Limits
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
	// CommandKeysRevoke.
	KeyScope     string
	KeyName      string
	KeyExpiresIn time.Duration
	KeyID        string

	Observability Observability
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
		Observability: defaultObservability(),
	}
}

// operand is the one argument that the command needs, and what to say without it; nil for a command that takes
// none.
func (c *Config) operand() (*string, string) {
	switch c.Command {
	case CommandKeysRevoke:
		return &c.KeyID, "keys revoke needs the id of one key, as keys list shows it"
	case CommandCatalogApply:
		return &c.Catalog, "catalog apply needs the name of one catalogue file"
	default:
		return nil, ""
	}
}

// Load reads arguments (without the program's name) and environment; arguments win. Every error is one
// sentence for the person who started the program.
func Load(args []string, getenv func(string) string) (Config, error) {
	config := Default()
	var err error
	if config.Command, args, err = command(args); err != nil {
		return config, err
	}
	flags := flag.NewFlagSet("clientele", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, setting := range Settings() {
		if !setting.isFor(config.Command) {
			continue
		}
		if text := getenv(setting.Env); setting.Env != "" && text != "" {
			if err := setting.set(&config, text); err != nil {
				return config, fmt.Errorf("%s %w", setting.Env, err)
			}
		}
		var flagErr error
		set := func(text string) error {
			if flagErr = setting.set(&config, text); flagErr != nil {
				err = fmt.Errorf("--%s %w", setting.Flag, flagErr)
			}
			return flagErr
		}
		if _, isBool := setting.target(&config).(*bool); isBool {
			flags.BoolFunc(setting.Flag, setting.Usage, set)
		} else {
			flags.Func(setting.Flag, setting.Usage, set)
		}
	}
	parseErr := flags.Parse(args)
	operand, need := config.operand()
	if operand != nil && parseErr == nil && flags.NArg() > 0 {
		// Flags may stand in front of the argument and behind it.
		*operand = flags.Arg(0)
		parseErr = flags.Parse(flags.Args()[1:])
	}
	switch {
	case errors.Is(parseErr, flag.ErrHelp):
		config.Command = CommandHelp
		return config, nil
	case err != nil:
		return config, err
	case parseErr != nil:
		return config, wrongFlag(config.Command, flags, args, parseErr)
	case operand != nil && (*operand == "" || flags.NArg() > 0):
		return config, errors.New(need)
	case flags.NArg() > 0:
		return config, fmt.Errorf("%s takes no argument%s", config.Command, named(flags.Arg(0)))
	}
	if config.Command == CommandServe {
		if err := config.Observability.readTracing(getenv); err != nil {
			return config, err
		}
	}
	return config, config.Verify()
}

// wrongFlag says what is wrong with the flags. Package flag would repeat what it did not understand in full,
// with the secret that may be in it.
func wrongFlag(command Command, flags *flag.FlagSet, args []string, err error) error {
	for _, argument := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		switch {
		case strings.HasPrefix(argument, "---"):
			return fmt.Errorf("%s: a flag begins with one or two hyphens", command)
		case strings.HasPrefix(argument, "-") && flags.Lookup(name) == nil:
			return fmt.Errorf("%s: unknown flag%s", command, named("--"+name))
		}
	}
	return fmt.Errorf("%s: %w", command, err)
}

// harmless is too short for an API key, and no address.
var harmless = regexp.MustCompile(`^[A-Za-z0-9-]{1,16}$`)

// named is what was given, to be put behind what is said of it, if it can be no secret.
func named(argument string) string {
	if !harmless.MatchString(argument) {
		return ""
	}
	return fmt.Sprintf(" %q", argument)
}

// command takes the command off the arguments.
func command(args []string) (Command, []string, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return CommandServe, args, nil
	}
	switch args[0] {
	case "serve", "health", "version", "help":
		return Command(args[0]), args[1:], nil
	case "keys", "catalog":
		if len(args) > 1 {
			switch named := Command(args[0] + " " + args[1]); named {
			case CommandKeysCreate, CommandKeysList, CommandKeysRevoke, CommandCatalogApply, CommandCatalogExport:
				return named, args[2:], nil
			}
		}
		if args[0] == "catalog" {
			return "", nil, errors.New("catalog needs one of apply and export")
		}
		return "", nil, errors.New("keys needs one of create, list and revoke")
	}
	return "", nil, fmt.Errorf("unknown command%s; the commands are serve, keys, catalog, health and version", named(args[0]))
}

// Verify checks what can be checked without starting anything.
func (c Config) Verify() error {
	if _, port, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("--listen or CLIENTELE_LISTEN must be an address and a port, as in 127.0.0.1:8080, not %q", c.Listen)
	} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("--listen or CLIENTELE_LISTEN must end in a port from 0 to 65535, not %q", port)
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
	key := domain.APIKey{EnvironmentID: c.Environment, Scope: domain.Scope(c.KeyScope), Name: c.KeyName}
	if err := key.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	if c.ShutdownGrace <= 0 || c.ShutdownGrace > time.Hour {
		return errors.New("--shutdown-grace or CLIENTELE_SHUTDOWN_GRACE must be more than 0s and at most 1h")
	}
	return cmp.Or(c.Network.verify(), c.Limits.verify(), c.RateLimits.verify(), c.Documents.verify(), c.Billing.verify(c.Exposed()))
}

// ExampleKey is the API key of the README's examples.
const ExampleKey Secret = "server-for-this-machine-only"

func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Exposed reports whether others than this machine can reach the server.
func (c Config) Exposed() bool { return !isLoopback(c.Listen) }

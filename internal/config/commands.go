package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// commandSpec is one command, as the parser and the help know it.
type commandSpec struct {
	name Command
	// operand is what help calls the command's only argument; empty for a command that takes none.
	operand string
	// target is the operand's field, and missing the error without one.
	target  func(*Config) *string
	missing string
	summary string
	// detail is what help adds about the command, and examples are lines to copy.
	detail   string
	examples []string
}

// commandSpecs are all commands, in the order of the help. A name of two words belongs to the group of its first word.
func commandSpecs() []commandSpec {
	return []commandSpec{
		{
			name: CommandServe, summary: "serve the API; the default command",
			detail: "Serves until it gets SIGINT or SIGTERM. Flags override environment variables.",
			examples: []string{
				"clientele",
				"clientele serve --catalog examples/catalog.yaml --billing simulator",
				"CLIENTELE_MONGODB_URI=mongodb://127.0.0.1/clientele clientele serve --listen 127.0.0.1:9000",
			},
		},
		{
			name: CommandKeysCreate, summary: "create an API key and print it, once",
			detail: "The key is printed once and stored as a hash, so it cannot be shown again.",
			examples: []string{
				"clientele keys create --environment production --scope read --name 'nightly report'",
				"clientele keys create --environment production --scope admin --name operations",
			},
		},
		{
			name: CommandKeysList, summary: "list the API keys, without their secrets",
			detail: "LAST USED is precise to a minute.",
		},
		{
			name: CommandKeysRoll, operand: "ID", summary: "replace an API key by a new one, with an overlap",
			target:  func(c *Config) *string { return &c.KeyID },
			missing: "keys roll needs the id of one key, as keys list shows it",
			detail: "The new key has the environment, scope, name and length of life of the old one, and is printed once. The old\n" +
				"one stays usable for --overlap.",
			examples: []string{"clientele keys roll 0123456789abcdef", "clientele keys roll 0123456789abcdef --overlap 1h"},
		},
		{
			name: CommandKeysRevoke, operand: "ID", summary: "revoke an API key for good",
			target:   func(c *Config) *string { return &c.KeyID },
			missing:  "keys revoke needs the id of one key, as keys list shows it",
			detail:   "ID is the first column of keys list, not the key itself.",
			examples: []string{"clientele keys revoke 0123456789abcdef"},
		},
		{
			name: CommandCatalogApply, operand: "FILE", summary: "make an environment's catalogue what a YAML or JSON file says",
			target:   func(c *Config) *string { return &c.Catalog },
			missing:  "catalog apply needs the name of one catalogue file",
			detail:   "Items that the file does not name stay as they are. A file with a mistake changes nothing.",
			examples: []string{"clientele catalog apply catalog.yaml --dry-run", "clientele catalog apply catalog.yaml --environment production"},
		},
		{
			name: CommandCatalogExport, summary: "print an environment's catalogue in the form that catalog apply reads",
			examples: []string{"clientele catalog export --environment production > catalog.yaml"},
		},
		{
			name: CommandHealth, summary: "ask the server on this machine whether it is ready",
			detail: "Exits with 0 if it is, else with 1.",
		},
		{name: CommandVersion, summary: "print the version"},
		{name: CommandHelp, operand: "[COMMAND]", summary: "explain a command and its flags"},
	}
}

func specOf(name Command) commandSpec {
	for _, spec := range commandSpecs() {
		if spec.name == name {
			return spec
		}
	}
	panic("no such command: " + string(name))
}

// group is the first word of a command of two words; empty for others.
func (s commandSpec) group() string {
	group, _, two := strings.Cut(string(s.name), " ")
	if !two {
		return ""
	}
	return group
}

// subcommands returns the second words of a group's commands; none if there is no such group.
func subcommands(group string) []string {
	var words []string
	for _, spec := range commandSpecs() {
		if word, in := strings.CutPrefix(string(spec.name), group+" "); in {
			words = append(words, word)
		}
	}
	return words
}

// firstWords returns what a command line can begin with.
func firstWords() []string {
	var words []string
	for _, spec := range commandSpecs() {
		word, _, _ := strings.Cut(string(spec.name), " ")
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// list joins words as a sentence does, with "and" or "or" before the last.
func list(words []string, last string) string {
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}

// findCommand splits the command from the arguments. With isGroup it is only the first word of several commands, which
// only help accepts.
func findCommand(args []string) (name Command, rest []string, isGroup bool, err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return CommandServe, args, false, nil
	}
	if words := subcommands(args[0]); words != nil {
		if len(args) == 1 || strings.HasPrefix(args[1], "-") {
			return Command(args[0]), args[1:], true, nil
		}
		if !slices.Contains(words, args[1]) {
			return "", nil, false, fmt.Errorf("%s: unknown command%s; %s", args[0], quoted(args[1]),
				didYouMean(args[1], words, "its commands are "+list(words, "and")))
		}
		return Command(args[0] + " " + args[1]), args[2:], false, nil
	}
	if !slices.Contains(firstWords(), args[0]) {
		return "", nil, false, unknownCommand(args[0])
	}
	return Command(args[0]), args[1:], false, nil
}

func unknownCommand(word string) error {
	return fmt.Errorf("unknown command%s; %s", quoted(word), didYouMean(word, firstWords(), "the commands are "+list(firstWords(), "and")))
}

// given is a flag of the command line with its value.
type given struct {
	setting Setting
	value   string
}

// line is a command line that was split but not yet parsed.
type line struct {
	help, version bool
	flags         []given
	operands      []string
	// err is the first mistake; --help takes precedence over it.
	err error
}

// split separates the flags of a command from their values and from operands. The standard library, kong and ff cannot:
// none accepts both `-listen :1` and flags after operands, and their errors repeat values, which may be secrets.
func split(spec commandSpec, args []string) line {
	var l line
	fail := func(format string, values ...any) {
		if l.err == nil {
			l.err = fmt.Errorf(format, values...)
		}
	}
	settings := Settings()
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			l.operands = append(l.operands, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			l.operands = append(l.operands, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		at := slices.IndexFunc(settings, func(s Setting) bool { return s.Flag == name })
		switch {
		case name == "help" || name == "h":
			l.help = true
			continue
		case name == "version" || name == "v":
			l.version = true
			continue
		case strings.HasPrefix(name, "-"):
			fail("%s: a flag begins with one or two hyphens", spec.name)
			continue
		case at < 0:
			fail("%s: unknown flag%s; %s", spec.name, quoted("--"+name),
				didYouMean("--"+name, flagsOf(spec.name), fmt.Sprintf("clientele help %s lists its flags", spec.name)))
			continue
		case !settings[at].isFor(spec.name):
			fail("%s: --%s is a flag of %s", spec.name, name, settings[at].Commands())
			continue
		}
		if !hasValue {
			value, hasValue = settings[at].valueBehind(args[i+1:], spec.operand != "")
			switch {
			case hasValue:
				i++
			case settings[at].isBool():
				value = "true"
			default:
				fail("%s: --%s needs a value", spec.name, name)
			}
		}
		l.flags = append(l.flags, given{settings[at], value})
	}
	return l
}

// valueBehind returns the value of a flag without "=", if the next argument is one. A switch needs none; the next
// argument is its value if it is true or false, or if the command takes no operand.
func (s Setting) valueBehind(args []string, hasOperand bool) (string, bool) {
	switch {
	case len(args) == 0:
		return "", false
	case !s.isBool():
		return args[0], true
	case strings.HasPrefix(args[0], "-"):
		return "", false
	}
	isWord := strings.EqualFold(args[0], "true") || strings.EqualFold(args[0], "false")
	return args[0], isWord || !hasOperand
}

func (s Setting) isBool() bool {
	_, is := s.target(&Config{}).(*bool)
	return is
}

func flagsOf(command Command) []string {
	var flags []string
	for _, setting := range Settings() {
		if setting.isFor(command) {
			flags = append(flags, "--"+setting.Flag)
		}
	}
	return flags
}

// takeOperand sets the field of the command's operand.
func (l line) takeOperand(spec commandSpec, config *Config) error {
	switch {
	case spec.target == nil && len(l.operands) == 0:
		return nil
	case spec.name == CommandServe && slices.Contains(firstWords(), l.operands[0]):
		return fmt.Errorf("the command %q goes in front of its flags", l.operands[0])
	case spec.target == nil:
		return fmt.Errorf("%s takes no argument%s", spec.name, quoted(l.operands[0]))
	case len(l.operands) != 1 || l.operands[0] == "":
		return errors.New(spec.missing)
	}
	*spec.target(config) = l.operands[0]
	return nil
}

// harmless matches no API key, which is longer, and no address.
var harmless = regexp.MustCompile(`^[A-Za-z0-9-]{1,16}$`)

// quoted returns an argument for the end of an error, unless it may be a secret.
func quoted(argument string) string {
	if !harmless.MatchString(argument) {
		return ""
	}
	return " " + strconv.Quote(argument)
}

// didYouMean suggests the nearest of some names, or returns otherwise if none is near.
func didYouMean(word string, names []string, otherwise string) string {
	best := nearest(word, names)
	// For long and short forms, as in catalogue or key.
	for _, name := range names {
		if best == "" && len(word) > 2 && (strings.HasPrefix(name, word) || strings.HasPrefix(word, name)) {
			best = name
		}
	}
	if best == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// nearest returns the lower-case name that differs from a word by at most two letters; empty if none does.
func nearest(word string, names []string) string {
	best, least := "", 3 // more than two mistakes is another word
	for _, name := range names {
		if d := distance(strings.ToLower(word), name); d < least && d < len(strings.TrimLeft(word, "-")) {
			best, least = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

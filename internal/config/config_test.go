package config

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// variables stands for the environment.
func variables(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := Load(nil, variables(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Command: CommandServe, Listen: "127.0.0.1:8080", DataDir: "./data", Introspection: true,
		ShutdownGrace: 20 * time.Second, Environment: "development", KeyScope: "full", KeyOverlap: 24 * time.Hour,
		Limits:        Default().Limits, // docs/configuration.md has the values
		Memory:        Memory{BytesInFlight: Auto, Connections: Auto},
		RateLimits:    RateLimits{Key: -1, KeyBurst: -1, Customer: -1, CustomerBurst: -1},
		Observability: Observability{LogFormat: "text", LogLevel: "info"},
		Documents:     Documents{TrustedMode: "open", Automatic: 1000},
		Billing:       Billing{StripeAPIBase: "https://api.stripe.com", SimulatorListen: "127.0.0.1:0"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(got, Default()) {
		t.Errorf("the defaults are %+v", Default())
	}
}

// settingCase is one setting with two texts that differ from its default and from each other.
type settingCase struct {
	env     string
	command []string
	// with is what the setting cannot do without.
	with     []string
	one, two string
	// value reads the setting.
	value            func(Config) any
	wantOne, wantTwo any
}

var settingCases = map[string]settingCase{
	"listen": {
		env: "CLIENTELE_LISTEN", one: ":80", two: "[::1]:0",
		value: func(c Config) any { return c.Listen }, wantOne: ":80", wantTwo: "[::1]:0",
	},
	"data-dir": {
		env: "CLIENTELE_DATA_DIR", one: "/var/lib/one", two: "two words",
		value: func(c Config) any { return c.DataDir }, wantOne: "/var/lib/one", wantTwo: "two words",
	},
	"mongodb-uri": {
		env: "CLIENTELE_MONGODB_URI", one: "mongodb://a:b@c/d", two: "mongodb+srv://e",
		value: func(c Config) any { return c.MongoDBURI }, wantOne: Secret("mongodb://a:b@c/d"), wantTwo: Secret("mongodb+srv://e"),
	},
	"api-key": {
		env: "CLIENTELE_API_KEY", one: "one-abcdefghijklmnopqrstuvwxyz", two: "two-abcdefghijklmnopqrstuvwxyz",
		value: func(c Config) any { return c.APIKey }, wantOne: Secret("one-abcdefghijklmnopqrstuvwxyz"),
		wantTwo: Secret("two-abcdefghijklmnopqrstuvwxyz"),
	},
	"introspection": {
		env: "CLIENTELE_INTROSPECTION", one: "false", two: "1",
		value: func(c Config) any { return c.Introspection }, wantOne: false, wantTwo: true,
	},
	"shutdown-grace": {
		env: "CLIENTELE_SHUTDOWN_GRACE", one: "1m30s", two: "250ms",
		value: func(c Config) any { return c.ShutdownGrace }, wantOne: 90 * time.Second, wantTwo: 250 * time.Millisecond,
	},
	"tls-cert": {
		env: "CLIENTELE_TLS_CERT", with: []string{"--tls-key=key.pem"}, one: "one.pem", two: "two words.pem",
		value: func(c Config) any { return c.Network.TLSCert }, wantOne: "one.pem", wantTwo: "two words.pem",
	},
	"tls-key": {
		env: "CLIENTELE_TLS_KEY", with: []string{"--tls-cert=cert.pem"}, one: "one.pem", two: "two words.pem",
		value: func(c Config) any { return c.Network.TLSKey }, wantOne: "one.pem", wantTwo: "two words.pem",
	},
	"cors-allowed-origins": {
		env: "CLIENTELE_CORS_ALLOWED_ORIGINS", one: "https://a.example", two: " http://localhost:3000, https://b.example ,",
		value:   func(c Config) any { return strings.Join(c.Network.CORSAllowedOrigins, " ") },
		wantOne: "https://a.example", wantTwo: "http://localhost:3000 https://b.example",
	},
	"cors-allowed-headers": {
		env: "CLIENTELE_CORS_ALLOWED_HEADERS", one: "X-Tenant", two: " X-Tenant, x_other-2 ,",
		value:   func(c Config) any { return strings.Join(c.Network.CORSAllowedHeaders, " ") },
		wantOne: "X-Tenant", wantTwo: "X-Tenant x_other-2",
	},
	"drain-delay": {
		env: "CLIENTELE_DRAIN_DELAY", one: "15s", two: "1h",
		value: func(c Config) any { return c.Network.DrainDelay }, wantOne: 15 * time.Second, wantTwo: time.Hour,
	},
	"billing": {
		env: "CLIENTELE_BILLING", one: "simulator", two: "none",
		value: func(c Config) any { return c.Billing.Given }, wantOne: "simulator", wantTwo: "none",
	},
	"stripe-secret-key": {
		env: "CLIENTELE_STRIPE_SECRET_KEY", one: "sk_test_one", two: "rk_live_two",
		value: func(c Config) any { return c.Billing.StripeSecretKey }, wantOne: Secret("sk_test_one"), wantTwo: Secret("rk_live_two"),
	},
	"stripe-webhook-secret": {
		env: "CLIENTELE_STRIPE_WEBHOOK_SECRET", with: []string{"--stripe-secret-key=sk_test_one"},
		one: "whsec_oneoneoneoneone1", two: " whsec_oneoneoneoneone1, whsec_twotwotwotwotwo2,",
		value:   func(c Config) any { return strings.Join(c.Billing.WebhookSecrets(), " ") },
		wantOne: "whsec_oneoneoneoneone1", wantTwo: "whsec_oneoneoneoneone1 whsec_twotwotwotwotwo2",
	},
	"stripe-api-base": {
		env: "CLIENTELE_STRIPE_API_BASE", with: []string{"--stripe-secret-key=sk_test_one"},
		one: "http://127.0.0.1:12111", two: "https://gateway.example/stripe",
		value: func(c Config) any { return c.Billing.StripeAPIBase }, wantOne: "http://127.0.0.1:12111", wantTwo: "https://gateway.example/stripe",
	},
	"simulator-listen": {
		env: "CLIENTELE_SIMULATOR_LISTEN", with: []string{"--billing=simulator"}, one: "127.0.0.1:8420", two: "localhost:0",
		value: func(c Config) any { return c.Billing.SimulatorListen }, wantOne: "127.0.0.1:8420", wantTwo: "localhost:0",
	},
	"catalog": {
		env: "CLIENTELE_CATALOG", one: "examples/catalog.yaml", two: "two words.yaml",
		value: func(c Config) any { return c.Catalog }, wantOne: "examples/catalog.yaml", wantTwo: "two words.yaml",
	},
	"trusted-documents": {
		env: "CLIENTELE_TRUSTED_DOCUMENTS", one: "documents.json", two: "two words.json",
		value: func(c Config) any { return c.Documents.Trusted }, wantOne: "documents.json", wantTwo: "two words.json",
	},
	"trusted-documents-mode": {
		env: "CLIENTELE_TRUSTED_DOCUMENTS_MODE", with: []string{"--trusted-documents=documents.json"}, one: "report", two: "enforce",
		value: func(c Config) any { return c.Documents.TrustedMode }, wantOne: "report", wantTwo: "enforce",
	},
	"automatic-persisted-queries": {
		env: "CLIENTELE_AUTOMATIC_PERSISTED_QUERIES", one: "0", two: "100000",
		value: func(c Config) any { return c.Documents.Automatic }, wantOne: 0, wantTwo: 100_000,
	},
	"max-bytes-in-flight": {
		env: "CLIENTELE_MAX_BYTES_IN_FLIGHT", one: "1048576", two: "auto",
		value: func(c Config) any { return c.Memory.BytesInFlight }, wantOne: Quota(1 << 20), wantTwo: Auto,
	},
	"max-connections": {
		env: "CLIENTELE_MAX_CONNECTIONS", one: "1", two: "2147483647",
		value: func(c Config) any { return c.Memory.Connections }, wantOne: Quota(1), wantTwo: Quota(2_147_483_647),
	},
	"rate-limit-key": {
		env: "CLIENTELE_RATE_LIMIT_KEY", one: "0", two: "60000000",
		value: func(c Config) any { return c.RateLimits.Key }, wantOne: Quota(0), wantTwo: Quota(60_000_000),
	},
	"rate-limit-key-burst": {
		env: "CLIENTELE_RATE_LIMIT_KEY_BURST", one: "1", two: "432000000",
		value: func(c Config) any { return c.RateLimits.KeyBurst }, wantOne: Quota(1), wantTwo: Quota(432_000_000),
	},
	"rate-limit-customer": {
		env: "CLIENTELE_RATE_LIMIT_CUSTOMER", one: "0", two: "7",
		value: func(c Config) any { return c.RateLimits.Customer }, wantOne: Quota(0), wantTwo: Quota(7),
	},
	"rate-limit-customer-burst": {
		env: "CLIENTELE_RATE_LIMIT_CUSTOMER_BURST", one: "1", two: "172800",
		value: func(c Config) any { return c.RateLimits.CustomerBurst }, wantOne: Quota(1), wantTwo: Quota(172_800),
	},
	"log-format": {
		env: "CLIENTELE_LOG_FORMAT", one: "json", two: "text",
		value: func(c Config) any { return c.Observability.LogFormat }, wantOne: "json", wantTwo: "text",
	},
	"log-level": {
		env: "CLIENTELE_LOG_LEVEL", one: "debug", two: "error",
		value: func(c Config) any { return c.Observability.LogLevel }, wantOne: "debug", wantTwo: "error",
	},
	"ops-listen": {
		env: "CLIENTELE_OPS_LISTEN", one: "127.0.0.1:9090", two: ":0",
		value: func(c Config) any { return c.Observability.OpsListen }, wantOne: "127.0.0.1:9090", wantTwo: ":0",
	},
	"ops-profiling": {
		command: []string{"serve", "--ops-listen=127.0.0.1:0"}, env: "CLIENTELE_OPS_PROFILING", one: "true", two: "0",
		value: func(c Config) any { return c.Observability.OpsProfiling }, wantOne: true, wantTwo: false,
	},
	"dry-run": {
		command: []string{"catalog", "apply", "catalog.yaml"}, one: "true", two: "false",
		value: func(c Config) any { return c.DryRun }, wantOne: true, wantTwo: false,
	},
	"environment": {
		command: []string{"keys", "create"}, one: "production", two: "staging",
		value: func(c Config) any { return c.Environment }, wantOne: "production", wantTwo: "staging",
	},
	"scope": {
		command: []string{"keys", "create"}, one: "read", two: "full",
		value: func(c Config) any { return c.KeyScope }, wantOne: "read", wantTwo: "full",
	},
	"name": {
		command: []string{"keys", "create"}, one: "the shop", two: "the mobile app",
		value: func(c Config) any { return c.KeyName }, wantOne: "the shop", wantTwo: "the mobile app",
	},
	"expires-in": {
		command: []string{"keys", "create"}, one: "720h", two: "1s",
		value: func(c Config) any { return c.KeyExpiresIn }, wantOne: 720 * time.Hour, wantTwo: time.Second,
	},
	"overlap": {
		command: []string{"keys", "roll", "0123"}, one: "720h", two: "0s",
		value: func(c Config) any { return c.KeyOverlap }, wantOne: 720 * time.Hour, wantTwo: time.Duration(0),
	},
}

func TestEverySettingHasACase(t *testing.T) {
	t.Parallel()
	flags := []string{}
	for _, setting := range Settings() {
		flags = append(flags, setting.Flag)
		if want := settingCases[setting.Flag].env; setting.Env != want {
			t.Errorf("--%s has the variable %q, want %q", setting.Flag, setting.Env, want)
		}
		if setting.Usage == "" {
			t.Errorf("--%s does not say what it sets", setting.Flag)
		}
	}
	slices.Sort(flags)
	if want := slices.Sorted(maps.Keys(settingCases)); !slices.Equal(flags, want) {
		t.Errorf("the settings are %q, the cases %q", flags, want)
	}
}

func TestLoadReadsEverySetting(t *testing.T) {
	t.Parallel()
	for flag, s := range settingCases {
		type way struct {
			args []string
			env  map[string]string
			want any
		}
		initial := s.value(Default())
		ways := map[string]way{
			"by flag":              {args: []string{"--" + flag + "=" + s.one}, want: s.wantOne},
			"by flag, one hyphen":  {args: []string{"-" + flag + "=" + s.one}, want: s.wantOne},
			"by flag, another":     {args: []string{"--" + flag + "=" + s.two}, want: s.wantTwo},
			"the last flag counts": {args: []string{"--" + flag + "=" + s.one, "--" + flag + "=" + s.two}, want: s.wantTwo},
		}
		if s.with == nil {
			ways["by default"] = way{want: initial}
		}
		ways["by flag in two words"] = way{args: []string{"--" + flag, s.one}, want: s.wantOne}
		if s.env == "" {
			// What describes one command must not linger in the environment and strike another.
			ways["not by variable"] = way{
				env:  map[string]string{"CLIENTELE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")): s.one, "": s.one},
				want: initial,
			}
		} else {
			ways["by variable"] = way{env: map[string]string{s.env: s.one}, want: s.wantOne}
			ways["by another variable"] = way{env: map[string]string{s.env: s.two}, want: s.wantTwo}
			if s.with == nil {
				ways["an empty variable is none"] = way{env: map[string]string{s.env: ""}, want: initial}
			}
			ways["the flag wins"] = way{
				args: []string{"--" + flag + "=" + s.two}, env: map[string]string{s.env: s.one}, want: s.wantTwo,
			}
		}
		for name, w := range ways {
			t.Run(flag+" "+name, func(t *testing.T) {
				t.Parallel()
				got, err := Load(slices.Concat(s.command, s.with, w.args), variables(w.env))
				if err != nil {
					t.Fatal(err)
				}
				if s.value(got) != w.want {
					t.Errorf("got %v, want %v", s.value(got), w.want)
				}
			})
		}
	}
}

func TestAnEmptyFlagOverridesItsVariable(t *testing.T) {
	t.Parallel()
	got, err := Load([]string{"--mongodb-uri=", "--api-key", ""}, variables(map[string]string{
		"CLIENTELE_MONGODB_URI": "mongodb://a", "CLIENTELE_API_KEY": "abcdefghijklmnopqrstuvwxyz",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.MongoDBURI != "" || got.APIKey != "" {
		t.Error("the variables count although the flags were given empty")
	}
}

// The position of a word makes it a flag, so a value is never parsed as a flag.
func TestAValueMayBeginWithHyphens(t *testing.T) {
	t.Parallel()
	for flag, value := range map[string]string{"name": "--- the shop", "api-key": "---abcdefghijklmnopqrstuvwxyz", "data-dir": "-=d"} {
		for _, args := range [][]string{{"--" + flag, value}, {"--" + flag + "=" + value}} {
			s := settingCases[flag]
			got, err := Load(slices.Concat(s.command, args), variables(nil))
			if err != nil {
				t.Errorf("%q: %v", args, err)
			} else if kept := s.value(got); kept != value && kept != Secret(value) {
				t.Errorf("%q: kept is %v", args, kept)
			}
		}
	}
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args                  []string
		introspection, dryRun bool
		file                  string
	}{
		"not given":                   {nil, true, false, ""},
		"alone":                       {[]string{"--introspection"}, true, false, ""},
		"=false":                      {[]string{"--introspection=false"}, false, false, ""},
		"false":                       {[]string{"--introspection", "false"}, false, false, ""},
		"FALSE":                       {[]string{"--introspection", "FALSE"}, false, false, ""},
		"0":                           {[]string{"serve", "--introspection", "0"}, false, false, ""},
		"true":                        {[]string{"--introspection", "true"}, true, false, ""},
		"false, one hyphen":           {[]string{"-introspection", "false"}, false, false, ""},
		"false before a flag":         {[]string{"--introspection", "false", "--listen=:1"}, false, false, ""},
		"alone before a flag":         {[]string{"--introspection", "--listen=:1"}, true, false, ""},
		"dry run alone, behind":       {[]string{"catalog", "apply", "c.yaml", "--dry-run"}, true, true, "c.yaml"},
		"dry run alone, in front":     {[]string{"catalog", "apply", "--dry-run", "c.yaml"}, true, true, "c.yaml"},
		"dry run false, in front":     {[]string{"catalog", "apply", "--dry-run", "false", "c.yaml"}, true, false, "c.yaml"},
		"dry run true, behind":        {[]string{"catalog", "apply", "c.yaml", "--dry-run", "true"}, true, true, "c.yaml"},
		"dry run, a file named 1":     {[]string{"catalog", "apply", "--dry-run", "1"}, true, true, "1"},
		"dry run, a file named true":  {[]string{"catalog", "apply", "--dry-run", "--", "true"}, true, true, "true"},
		"a value that looks like one": {[]string{"--catalog", "--introspection", "--introspection", "false"}, false, false, "--introspection"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Load(c.args, variables(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got.Introspection != c.introspection || got.DryRun != c.dryRun || got.Catalog != c.file {
				t.Errorf("introspection %t, dry run %t, file %q", got.Introspection, got.DryRun, got.Catalog)
			}
		})
	}
}

func TestASwitchOverridesItsVariable(t *testing.T) {
	t.Parallel()
	got, err := Load([]string{"--introspection", "--listen=:1"}, variables(map[string]string{"CLIENTELE_INTROSPECTION": "false"}))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Introspection || got.Listen != ":1" {
		t.Errorf("got %+v", got)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		want Command
		// operand is the command's argument: a key's id or a catalogue file.
		operand string
	}{
		"nothing is serve":                  {nil, CommandServe, ""},
		"only flags are serve":              {[]string{"--listen=:1"}, CommandServe, ""},
		"serve":                             {[]string{"serve"}, CommandServe, ""},
		"serve with flags":                  {[]string{"serve", "--listen", ":1"}, CommandServe, ""},
		"version":                           {[]string{"version"}, CommandVersion, ""},
		"health":                            {[]string{"health"}, CommandHealth, ""},
		"health with flags":                 {[]string{"health", "--listen=:1", "--tls-cert=c", "--tls-key=k"}, CommandHealth, ""},
		"help":                              {[]string{"help"}, CommandHelp, ""},
		"--help":                            {[]string{"--help"}, CommandHelp, ""},
		"-h":                                {[]string{"-h"}, CommandHelp, ""},
		"serve --help":                      {[]string{"serve", "--help"}, CommandHelp, ""},
		"keys create --help":                {[]string{"keys", "create", "--help"}, CommandHelp, ""},
		"help is asked for behind mistakes": {[]string{"keys", "revoke", "--help", "a", "b"}, CommandHelp, ""},
		"keys create":                       {[]string{"keys", "create"}, CommandKeysCreate, ""},
		"keys create with flags":            {[]string{"keys", "create", "--scope=read"}, CommandKeysCreate, ""},
		"keys list":                         {[]string{"keys", "list"}, CommandKeysList, ""},
		"keys list with flags":              {[]string{"keys", "list", "--data-dir=/d"}, CommandKeysList, ""},
		"keys revoke":                       {[]string{"keys", "revoke", "0123456789abcdef"}, CommandKeysRevoke, "0123456789abcdef"},
		"keys roll":                         {[]string{"keys", "roll", "0123456789abcdef", "--overlap=1h"}, CommandKeysRoll, "0123456789abcdef"},
		"keys revoke, flags behind":         {[]string{"keys", "revoke", "0123", "--data-dir=/d"}, CommandKeysRevoke, "0123"},
		"keys revoke, flags around":         {[]string{"keys", "revoke", "--data-dir=/d", "0123", "--data-dir=/e"}, CommandKeysRevoke, "0123"},
		"keys revoke, two hyphens first":    {[]string{"keys", "revoke", "--", "0123"}, CommandKeysRevoke, "0123"},
		"keys revoke and help behind":       {[]string{"keys", "revoke", "0123", "--help"}, CommandHelp, ""},
		"keys revoke, flags first":          {[]string{"keys", "revoke", "--data-dir=/d", "0123"}, CommandKeysRevoke, "0123"},
		"catalog apply":                     {[]string{"catalog", "apply", "c.yaml"}, CommandCatalogApply, "c.yaml"},
		"catalog apply, flags around":       {[]string{"catalog", "apply", "--dry-run", "c.yaml", "--environment=e"}, CommandCatalogApply, "c.yaml"},
		"catalog apply, a strange name":     {[]string{"catalog", "apply", "--", "--dry-run"}, CommandCatalogApply, "--dry-run"},
		"catalog apply --help":              {[]string{"catalog", "apply", "--help"}, CommandHelp, ""},
		"catalog export":                    {[]string{"catalog", "export"}, CommandCatalogExport, ""},
		"catalog export with flags":         {[]string{"catalog", "export", "--environment", "e"}, CommandCatalogExport, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Load(c.args, variables(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got.Command != c.want || got.KeyID+got.Catalog != c.operand {
				t.Errorf("got %q of key %q and file %q", got.Command, got.KeyID, got.Catalog)
			}
		})
	}
}

func TestHelpTopics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		topic string
	}{
		"help":                          {[]string{"help"}, ""},
		"-h":                            {[]string{"-h"}, ""},
		"--help":                        {[]string{"--help"}, ""},
		"--help behind flags":           {[]string{"--listen=:1", "--help"}, ""},
		"help help":                     {[]string{"help", "help"}, "help"},
		"help --help":                   {[]string{"help", "--help"}, ""},
		"help serve":                    {[]string{"help", "serve"}, "serve"},
		"serve --help":                  {[]string{"serve", "--help"}, "serve"},
		"serve -h":                      {[]string{"serve", "-h"}, "serve"},
		"help keys":                     {[]string{"help", "keys"}, "keys"},
		"keys --help":                   {[]string{"keys", "--help"}, "keys"},
		"help keys create":              {[]string{"help", "keys", "create"}, "keys create"},
		"help keys --help":              {[]string{"help", "keys", "--help"}, "keys"},
		"keys create --help":            {[]string{"keys", "create", "--help"}, "keys create"},
		"catalog -h":                    {[]string{"catalog", "-h"}, "catalog"},
		"catalog apply --help":          {[]string{"catalog", "apply", "--help"}, "catalog apply"},
		"catalog apply FILE --help":     {[]string{"catalog", "apply", "c.yaml", "--help"}, "catalog apply"},
		"version --help":                {[]string{"version", "--help"}, "version"},
		"behind an unknown flag":        {[]string{"keys", "list", "--colour", "--help"}, "keys list"},
		"behind a value that is wrong":  {[]string{"serve", "--introspection=maybe", "--help"}, "serve"},
		"in front of wrong arguments":   {[]string{"keys", "revoke", "--help", "a", "b"}, "keys revoke"},
		"behind an argument too many":   {[]string{"serve", "here", "--help"}, "serve"},
		"a flag's value is not a flag":  {[]string{"serve", "--catalog", "--help", "--help"}, "serve"},
		"whatever the environment says": {[]string{"serve", "--help"}, "serve"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Load(c.args, variables(map[string]string{"CLIENTELE_SHUTDOWN_GRACE": "soon"}))
			if err != nil {
				t.Fatal(err)
			}
			if got.Command != CommandHelp || got.HelpTopic != c.topic {
				t.Errorf("%s about %q", got.Command, got.HelpTopic)
			}
			if first, _, _ := strings.Cut(Help(got.HelpTopic), "\n"); c.topic != "" && !strings.HasPrefix(first, c.topic) && first != "Usage:" {
				t.Errorf("help begins with %q", first)
			}
		})
	}
}

func TestVersionFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"--version"}, {"-v"}, {"serve", "--version"}, {"--listen=:1", "-v"}} {
		got, err := Load(args, variables(nil))
		if err != nil || got.Command != CommandVersion {
			t.Errorf("%q: %s, %v", args, got.Command, err)
		}
	}
}

func TestMistypedWordsAreSuggested(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a command":                   {[]string{"sreve"}, `unknown command "sreve"; did you mean "serve"?`},
		"a command in upper case":     {[]string{"Serve"}, `did you mean "serve"?`},
		"a command's long form":       {[]string{"catalogue", "apply"}, `did you mean "catalog"?`},
		"a command's short form":      {[]string{"key", "list"}, `did you mean "keys"?`},
		"a second word":               {[]string{"keys", "creat"}, `did you mean "create"?`},
		"a topic":                     {[]string{"help", "kyes"}, `did you mean "keys"?`},
		"a topic's second word":       {[]string{"help", "catalog", "exprot"}, `did you mean "export"?`},
		"a flag":                      {[]string{"--lisen=:1"}, `unknown flag "--lisen"; did you mean "--listen"?`},
		"a flag of a command":         {[]string{"keys", "create", "--scop", "read"}, `did you mean "--scope"?`},
		"a flag without its hyphens":  {[]string{"--datadir=d"}, `did you mean "--data-dir"?`},
		"a flag of another command":   {[]string{"keys", "list", "--scope=read"}, "--scope is a flag of keys create"},
		"a command behind flags":      {[]string{"--data-dir=d", "keys", "list"}, `"keys" goes in front of its flags`},
		"nothing that is near":        {[]string{"xyzzy"}, "the commands are serve, keys, catalog, health, version and help"},
		"a long word, not repeated":   {[]string{"hunter2-hunter2-hunter2-hunter2"}, "unknown command; the commands"},
		"a long flag, not repeated":   {[]string{"--hunter2-hunter2-hunter2-hunter2"}, "unknown flag; clientele help serve"},
		"more words than a topic has": {[]string{"help", "keys", "list", "all"}, `"all"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(c.args, variables(nil))
			requireSentence(t, err, c.says)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q shows the secret", err)
			}
		})
	}
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		// says is what the sentence must name.
		says string
	}{
		"unknown command":                {[]string{"start"}, `"start"`},
		"a command in upper case":        {[]string{"Serve"}, `"Serve"`},
		"an empty command":               {[]string{""}, "unknown command"},
		"a command behind flags":         {[]string{"--listen=:1", "serve"}, `"serve"`},
		"keys alone":                     {[]string{"keys"}, "create, list, roll and revoke"},
		"keys --version":                 {[]string{"keys", "--version"}, "create, list, roll and revoke"},
		"keys with an unknown command":   {[]string{"keys", "delete"}, "create, list, roll and revoke"},
		"keys with flags only":           {[]string{"keys", "--data-dir=/d"}, "create, list, roll and revoke"},
		"unknown flag":                   {[]string{"--colour=red"}, "-colour"},
		"a flag without its value":       {[]string{"--listen"}, "-listen"},
		"an argument of serve":           {[]string{"serve", "here"}, `"here"`},
		"an argument behind the flags":   {[]string{"--listen=:1", "here"}, `"here"`},
		"an argument behind two hyphens": {[]string{"--", "here"}, `"here"`},
		"a switch and another word":      {[]string{"--introspection", "here"}, "--introspection must be true or false"},
		"a switch and no boolean":        {[]string{"catalog", "apply", "c.yaml", "--dry-run=maybe"}, "--dry-run must be true or false"},
		"an argument of version":         {[]string{"version", "2"}, `"2"`},
		"an argument of health":          {[]string{"health", "now"}, `"now"`},
		"a flag of serve at health":      {[]string{"health", "--data-dir=/d"}, "-data-dir"},
		"an argument of help":            {[]string{"help", "me"}, `"me"`},
		"an argument of keys create":     {[]string{"keys", "create", "one"}, `"one"`},
		"an argument of keys list":       {[]string{"keys", "list", "all"}, `"all"`},
		"keys revoke without an id":      {[]string{"keys", "revoke"}, "keys revoke needs the id"},
		"keys roll without an id":        {[]string{"keys", "roll"}, "keys roll needs the id"},
		"keys roll, a negative overlap":  {[]string{"keys", "roll", "a", "--overlap=-1s"}, "--overlap must be at least 0s"},
		"keys roll, too long an overlap": {[]string{"keys", "roll", "a", "--overlap=721h"}, "--overlap must be at most 720h"},
		"keys revoke with an empty id":   {[]string{"keys", "revoke", ""}, "keys revoke needs the id"},
		"keys revoke, a flag between":    {[]string{"keys", "revoke", "a", "--data-dir=/d", "b"}, "keys revoke needs the id"},
		"keys revoke, wrong flag behind": {[]string{"keys", "revoke", "a", "--colour"}, "--colour"},
		"keys revoke with two ids":       {[]string{"keys", "revoke", "a", "b"}, "keys revoke needs the id"},
		"catalog alone":                  {[]string{"catalog"}, "apply and export"},
		"catalog with another command":   {[]string{"catalog", "create"}, "apply and export"},
		"catalog apply without a file":   {[]string{"catalog", "apply"}, "catalog apply needs the name of one"},
		"catalog apply, an empty name":   {[]string{"catalog", "apply", ""}, "catalog apply needs the name of one"},
		"catalog apply with two files":   {[]string{"catalog", "apply", "a", "b"}, "catalog apply needs the name of one"},
		"an argument of catalog export":  {[]string{"catalog", "export", "c.yaml"}, "catalog export takes no argument"},
		"a flag of serve at apply":       {[]string{"catalog", "apply", "c.yaml", "--catalog=d.yaml"}, "-catalog"},
		"a flag of apply at export":      {[]string{"catalog", "export", "--dry-run"}, "-dry-run"},
		"a flag of apply at serve":       {[]string{"--catalog=c.yaml", "--dry-run"}, "-dry-run"},
		"environment at serve":           {[]string{"--environment=e"}, "-environment"},
		"a flag of keys create at serve": {[]string{"--scope=read"}, "-scope"},
		"a flag of serve at keys list":   {[]string{"keys", "list", "--listen=:1"}, "-listen"},
		"the first key is serve's own":   {[]string{"keys", "create", "--api-key=abcdefghijklmnopqrstuvwxyz"}, "-api-key"},
		"a flag of keys create at list":  {[]string{"keys", "list", "--name=a"}, "-name"},
		"a flag of serve at version":     {[]string{"version", "--data-dir=/d"}, "-data-dir"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(c.args, variables(nil))
			requireSentence(t, err, c.says)
		})
	}
}

const (
	shortKey = "hunter2-hunter2-hunter2" // one character less than a key needs
	wrongURI = "postgres://clientele:hunter2@db/"
)

func TestWrongValuesAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ flag, value string }{
		"listen without a port":           {"listen", "127.0.0.1"},
		"listen with an empty port":       {"listen", "127.0.0.1:"},
		"listen with a named port":        {"listen", "127.0.0.1:http"},
		"listen with port 65536":          {"listen", ":65536"},
		"listen with a negative port":     {"listen", ":-1"},
		"listen with bare IPv6":           {"listen", "::1"},
		"listen with a scheme":            {"listen", "http://127.0.0.1:80"},
		"mongodb-uri of another kind":     {"mongodb-uri", wrongURI},
		"mongodb-uri without a scheme":    {"mongodb-uri", "clientele:hunter2@db:27017"},
		"mongodb-uri in upper case":       {"mongodb-uri", "MONGODB://clientele:hunter2@db"},
		"mongodb-uri with white space":    {"mongodb-uri", " mongodb://clientele:hunter2@db"},
		"api-key of 23 characters":        {"api-key", shortKey},
		"api-key of 256 characters":       {"api-key", strings.Repeat("hunter2-", 32)},
		"api-key with a space":            {"api-key", shortKey + " hunter2"},
		"api-key with a newline":          {"api-key", shortKey + "hunter2\n"},
		"api-key beyond ASCII":            {"api-key", shortKey + "hünter2"},
		"introspection with another word": {"introspection", "maybe"},
		"introspection with yes":          {"introspection", "yes"},
		"shutdown-grace without a unit":   {"shutdown-grace", "20"},
		"shutdown-grace with a word":      {"shutdown-grace", "soon"},
		"shutdown-grace of 0s":            {"shutdown-grace", "0s"},
		"shutdown-grace below 0s":         {"shutdown-grace", "-1s"},
		"shutdown-grace above 1h":         {"shutdown-grace", "1h0m0.000000001s"},
		"expires-in without a unit":       {"expires-in", "30"},
		"expires-in in days":              {"expires-in", "30d"},
		"expires-in below 0s":             {"expires-in", "-1ns"},
	}
	for name, c := range cases {
		s := settingCases[c.flag]
		t.Run(name+", by flag", func(t *testing.T) {
			t.Parallel()
			_, err := Load(slices.Concat(s.command, []string{"--" + c.flag + "=" + c.value}), variables(nil))
			requireSentence(t, err, "--"+c.flag)
			requireNoSecret(t, err, c.flag, c.value)
		})
		if s.env == "" {
			continue
		}
		t.Run(name+", by variable", func(t *testing.T) {
			t.Parallel()
			_, err := Load(nil, variables(map[string]string{s.env: c.value}))
			if err == nil || !strings.Contains(err.Error(), s.env) {
				requireSentence(t, err, "--"+c.flag)
			}
			requireNoSecret(t, err, c.flag, c.value)
		})
	}
}

// Verify promises to check what can be checked without starting anything, and scope and environment can:
// domain knows their forms. Unchecked, the mistake shows only after the store was opened and created.
func TestWrongKeysAreRefusedBeforeTheStoreIsOpened(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ flag, value string }{
		"scope unknown":             {"scope", "write"},
		"scope empty":               {"scope", ""},
		"environment in upper case": {"environment", "Production"},
		"environment with a slash":  {"environment", "a/b"},
		"environment empty":         {"environment", ""},
		"name of 256 characters":    {"name", strings.Repeat("a", 256)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load([]string{"keys", "create", "--" + c.flag, c.value}, variables(nil))
			requireSentence(t, err, c.flag)
		})
	}
	for _, command := range [][]string{{"catalog", "apply", "c.yaml"}, {"catalog", "export"}} {
		_, err := Load(append(command, "--environment=a/b"), variables(nil))
		requireSentence(t, err, "environment")
	}
}

func TestBoundsAreInclusive(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ flag, value string }{
		"port 0":                    {"listen", ":0"},
		"port 65535":                {"listen", "localhost:65535"},
		"shutdown-grace of 1h":      {"shutdown-grace", "1h"},
		"shutdown-grace of 1ns":     {"shutdown-grace", "1ns"},
		"expires-in of 0s":          {"expires-in", "0s"},
		"api-key of 24 characters":  {"api-key", shortKey + "x"},
		"api-key of 255 characters": {"api-key", strings.Repeat("x", 255)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(slices.Concat(settingCases[c.flag].command, []string{"--" + c.flag, c.value}), variables(nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

// addresses are where to listen, and whether others than this machine reach that.
var addresses = map[string]bool{
	"127.0.0.1:8080":          false,
	"127.1.2.3:80":            false,
	"localhost:8080":          false,
	"[::1]:8080":              false,
	"[::ffff:127.0.0.1]:8080": false,
	":8080":                   true,
	"0.0.0.0:8080":            true,
	"[::]:8080":               true,
	"192.168.1.2:8080":        true,
	"128.0.0.1:8080":          true,
	"example.com:8080":        true,
	"localhost.example.com:1": true,
	"127.0.0.1.example.com:1": true,
}

func TestExposed(t *testing.T) {
	t.Parallel()
	for address, want := range addresses {
		if got := (Config{Listen: address}).Exposed(); got != want {
			t.Errorf("%s: got %t", address, got)
		}
	}
}

func TestTheReadmesKeyIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	for address, exposed := range addresses {
		for how, given := range map[string]struct {
			args []string
			env  map[string]string
		}{
			"by flag":     {args: []string{"--api-key=" + string(ExampleKey)}},
			"by variable": {env: map[string]string{"CLIENTELE_API_KEY": string(ExampleKey)}},
		} {
			t.Run(address+" "+how, func(t *testing.T) {
				t.Parallel()
				_, err := Load(append(given.args, "--listen="+address), variables(given.env))
				if !exposed {
					if err != nil {
						t.Error(err)
					}
					return
				}
				requireSentence(t, err, "--api-key")
				if !strings.Contains(err.Error(), "loopback") || strings.Contains(err.Error(), string(ExampleKey)) {
					t.Errorf("got %q", err)
				}
			})
		}
	}
	if _, err := Load([]string{"--listen=:8080", "--api-key=" + string(ExampleKey) + "-2"}, variables(nil)); err != nil {
		t.Errorf("another key: %v", err)
	}
}

func TestTheExampleKeyIsTheReadmes(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "X-API-KEY: "+string(ExampleKey)+"'") {
		t.Error("the README's examples use another key, which is not kept from the world")
	}
}

func TestTheEmbeddedEngineNeedsAFolder(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{"--data-dir="}, variables(nil))
	requireSentence(t, err, "--data-dir")
	if _, err := Load([]string{"--data-dir=", "--mongodb-uri=mongodb://a"}, variables(nil)); err != nil {
		t.Errorf("MongoDB needs none: %v", err)
	}
}

func TestACommandIgnoresTheVariablesOfOthers(t *testing.T) {
	t.Parallel()
	wrong := variables(map[string]string{
		"CLIENTELE_LISTEN": "nowhere", "CLIENTELE_API_KEY": "short", "CLIENTELE_INTROSPECTION": "maybe",
		"CLIENTELE_SHUTDOWN_GRACE": "soon", "CLIENTELE_DATA_DIR": "/d", "CLIENTELE_CATALOG": "theirs.yaml",
	})
	for _, command := range [][]string{{"keys", "list"}, {"catalog", "apply", "mine.yaml"}, {"catalog", "export"}} {
		got, err := Load(command, wrong)
		if err != nil {
			t.Fatalf("%q: %v", command, err)
		}
		if got.DataDir != "/d" || got.Catalog == "theirs.yaml" {
			t.Errorf("%q: %+v", command, got)
		}
	}
	if _, err := Load([]string{"version"}, wrong); err != nil {
		t.Errorf("version: %v", err)
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	t.Parallel()
	for _, setting := range Settings() {
		for _, command := range setting.commands {
			line := ""
			for l := range strings.Lines(Help(string(command))) {
				if strings.HasPrefix(strings.TrimSpace(l), "--"+setting.Flag+" ") {
					line = l
				}
			}
			for _, part := range []string{setting.Env, setting.Usage, setting.Default} {
				if line == "" || !strings.Contains(line, part) {
					t.Errorf("help %s: the line of --%s lacks %q: %q", command, setting.Flag, part, line)
				}
			}
		}
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	for _, spec := range commandSpecs() {
		if !strings.Contains(Help(""), "  "+spec.usage()+" ") {
			t.Errorf("help does not show %s", spec.usage())
		}
		if spec.group() != "" && !strings.Contains(Help(spec.group()), "  "+spec.usage()+" ") {
			t.Errorf("help %s does not show %s", spec.group(), spec.usage())
		}
		for _, example := range spec.examples {
			words := strings.Fields(strings.ReplaceAll(example, "'nightly report'", "report"))
			if at := slices.Index(words, "clientele"); at < 0 {
				t.Errorf("%q does not run clientele", example)
			} else if got, err := Load(words[at+1:], variables(nil)); err != nil && !strings.Contains(example, ">") || err == nil && got.Command != spec.name {
				t.Errorf("%q: %s, %v", example, got.Command, err)
			}
		}
	}
}

// requireSentence checks that the error is one line that names what is wrong.
func requireSentence(t *testing.T, err error, names string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was accepted")
	}
	if text := err.Error(); !strings.Contains(text, names) || strings.Contains(text, "\n") {
		t.Errorf("%q is not a sentence that names %s", text, names)
	}
}

// requireNoSecret checks that the error does not show a secret.
func requireNoSecret(t *testing.T, err error, flag, value string) {
	t.Helper()
	if flag != "api-key" && flag != "mongodb-uri" && flag != "stripe-secret-key" && flag != "stripe-webhook-secret" {
		return
	}
	if err == nil {
		t.Fatal("it was accepted")
	}
	if text := err.Error(); strings.Contains(text, value) || strings.Contains(text, "hunter2") {
		t.Errorf("%q shows the secret", text)
	}
}

func TestMisspelledVariablesAreFound(t *testing.T) {
	for variable, want := range map[string]string{
		"CLIENTELE_MAX_CONECTIONS=5":                      "CLIENTELE_MAX_CONNECTIONS",
		"CLIENTELE_RATELIMIT_KEY=100":                     "CLIENTELE_RATE_LIMIT_KEY",
		"CLIENTELE_DATADIR=/data":                         "CLIENTELE_DATA_DIR",
		"clientele_data_dir=/data":                        "CLIENTELE_DATA_DIR",
		"CLIENTELE_DATA_DIR=/data":                        "",
		"CLIENTELE_PORT=tcp://10.0.0.1:8080":              "",
		"CLIENTELE_PORT_8080_TCP=tcp://10.0.0.1:8080":     "",
		"CLIENTELE_API_PORT=tcp://10.0.0.1:8080":          "",
		"CLIENTELE_CATALOG_SERVICE_HOST=10.0.0.1":         "",
		"CLIENTELE_SERVICE_HOST=10.0.0.1":                 "",
		"CLIENTELE_TEST_ENGINES=bolt":                     "",
		"CLIENTELE_" + strings.Repeat("A", 1000) + "=yes": "",
		"DATA_DIR=/data":                                  "",
		"CLIENTELE_=":                                     "",
	} {
		name, _, _ := strings.Cut(variable, "=")
		if got := Misspelled([]string{"PATH=/bin", variable})[name]; got != want {
			t.Errorf("%.60s is taken for %q, want %q", variable, got, want)
		}
	}
}

package tests

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestWrongArgumentsExitWith2(t *testing.T) {
	for name, arguments := range map[string][]string{
		"unknown command":              {"sreve"},
		"unknown flag":                 {"--lisen", "127.0.0.1:0"},
		"address without port":         {"--listen", "localhost"},
		"port out of range":            {"--listen", "127.0.0.1:70000"},
		"no boolean":                   {"--introspection=maybe"},
		"no duration":                  {"--shutdown-grace", "soon"},
		"no MongoDB address":           {"--mongodb-uri", "http://secret-value@example.com"},
		"MongoDB option unknown":       {"--listen", "127.0.0.1:0", "--mongodb-uri", "mongodb://u:secret-value@127.0.0.1:1/?w=secret-value&ssl=x"},
		"MongoDB path no name":         {"--listen", "127.0.0.1:0", "--mongodb-uri", "mongodb://u:secret-value@127.0.0.1:1/admin"},
		"API key too short":            {"--api-key", "secret-value"},
		"README's key, exposed":        {"--listen", "0.0.0.0:0", "--api-key", "server-for-this-machine-only"},
		"keys without an action":       {"keys"},
		"Stripe without a key":         {"--billing", "stripe"},
		"an unknown provider":          {"--billing", "secret-value"},
		"no key of Stripe's":           {"--stripe-secret-key", "secret-value"},
		"no webhook secret":            {"--stripe-secret-key", "sk_test_1", "--stripe-webhook-secret", "secret-value"},
		"a webhook without a provider": {"--stripe-webhook-secret", "whsec_secret-value-secret-value"},
		"Stripe in the clear":          {"--stripe-secret-key", "sk_test_1", "--stripe-api-base", "http://secret-value.example"},
		"simulator with a key":         {"--billing", "simulator", "--stripe-secret-key", "sk_test_1"},
		"simulator, exposed":           {"--billing", "simulator", "--listen", "0.0.0.0:0"},
		"revoke without an id":         {"keys", "revoke"},
		"superfluous argument":         {"version", "please"},
		"a secret for a command":       {"secret-value-secret-value"},
		"a secret for a flag":          {"--secret-value-secret-value"},
		"an unknown topic":             {"help", "secret-value-secret-value"},
		"unknown scope":                {"keys", "create", "--scope", "write"},
		"environment of no form":       {"keys", "create", "--environment", "a/b"},
		"expiry before it begins":      {"keys", "create", "--expires-in", "-1h"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := runProgram(t, arguments...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "clientele: ") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if strings.Contains(stderr, "secret-value") {
				t.Errorf("the sentence repeats a secret: %s", stderr)
			}
		})
	}
}

func TestHelpAndVersionGoToStandardOutput(t *testing.T) {
	for line, says := range map[string]string{
		"help": "clientele help COMMAND", "--help": "clientele help COMMAND", "-h": "clientele help COMMAND",
		"serve --help": "--listen ", "help keys": "clientele keys revoke ID", "keys --help": "clientele keys revoke ID",
		"help keys create": "--scope ", "keys create --help": "--scope ", "catalog apply --help": "--dry-run ",
		"version": "clientele " + builtVersion + "\n", "--version": "clientele " + builtVersion, "-v": "clientele " + builtVersion,
	} {
		stdout, stderr, code := runProgram(t, strings.Fields(line)...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, says) {
			t.Errorf("clientele %s: exit code %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
	}
}

func TestFirstStartMakesAKeyAndShowsItOnce(t *testing.T) {
	dataDir := t.TempDir()
	key := regexp.MustCompile(`server-[a-z0-9]{26}`)

	// An empty --api-key is none.
	first := startProcess(t, dataDir, "--api-key", "")
	secret := key.FindString(first.greeting)
	if secret == "" {
		t.Fatalf("no key in the greeting:\n%s", first.greeting)
	}
	first.key = secret
	first.must(t, provisionOperation, object{"input": object{"customerId": "first"}})
	if err := first.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM should end the server with code 0: %v", err)
	}

	second := startProcess(t, dataDir, "--api-key", "")
	if again := key.FindString(second.greeting); again != "" {
		t.Error("the second start shows a key")
	}
	second.key = secret
	second.must(t, getOperation, object{"input": object{"customerId": "first"}})
	if err := second.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	mustNotContain(t, dataDir, secret)
}

// mustNotContain looks for a text in every file of a folder.
func mustNotContain(t *testing.T, folder, text string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s: %v", len(files), folder, err)
	}
	for _, file := range files {
		if file.Type()&fs.ModeSocket != 0 {
			continue // It keeps nothing.
		}
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), text) {
			t.Errorf("%s contains the text", file.Name())
		}
	}
}

func TestLogOfStartAndStop(t *testing.T) {
	server := startProcess(t, t.TempDir(), "--log-format", "json")
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	var said []string
	for line := range strings.Lines(server.log.String()) {
		var event struct{ Msg, Version, Engine, Address, Billing string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		said = append(said, event.Msg)
		if event.Msg == "the server has started" && (event.Version != builtVersion || event.Engine != "bbolt" || event.Billing != "none" || "http://"+event.Address != server.url) {
			t.Errorf("%+v", event)
		}
	}
	if want := []string{"memory is bounded", "the server has started", "the server has stopped"}; !slices.Equal(said, want) {
		t.Errorf("the log has %q", said)
	}
}

func TestDataDirectoryInUseIsAClearError(t *testing.T) {
	dataDir := t.TempDir()
	startProcess(t, dataDir)
	_, stderr, code := runProgram(t, "--data-dir", dataDir, "--listen", "127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, dataDir) || !strings.Contains(stderr, "in use by another process") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestKeysAreManagedOnTheCommandLine(t *testing.T) {
	dataDir := t.TempDir()
	run := func(arguments ...string) string {
		t.Helper()
		stdout, stderr, code := runProgram(t, append(arguments, "--data-dir", dataDir)...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", arguments, code, stderr)
		}
		return stdout
	}
	created := run("keys", "create", "--scope", "read", "--environment", "staging", "--name", "report")
	secret, _, _ := strings.Cut(created, "\n")
	listed := run("keys", "list")
	if strings.Contains(listed, secret) || !strings.Contains(listed, "staging") || !strings.Contains(listed, "report") || !strings.Contains(listed, "usable") {
		t.Errorf("list:\n%s", listed)
	}
	id := regexp.MustCompile(`(?m)^([0-9a-f]{16}) .*staging`).FindStringSubmatch(listed)
	if id == nil {
		t.Fatalf("no id in the list:\n%s", listed)
	}

	server := startProcess(t, dataDir)
	server.key = secret
	server.must(t, getOperation, object{"input": object{"customerId": "x", "environmentId": "staging"}})
	if got := server.do(t, provisionOperation, object{"input": object{}}); got.status != 403 || got.Errors[0].Extensions["code"] != "IdentityForbidden" {
		t.Errorf("a write with a read key: status %d: %s", got.status, got.body)
	}
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}

	revokeArguments := []string{"keys", "revoke", "--data-dir", dataDir, id[1]}
	if _, stderr, code := runProgram(t, revokeArguments...); code != 0 {
		t.Fatalf("revoke: exit code %d: %s", code, stderr)
	}
	if listed := run("keys", "list"); !strings.Contains(listed, "revoked") {
		t.Errorf("list:\n%s", listed)
	}
	if _, stderr, code := runProgram(t, "keys", "revoke", "--data-dir", dataDir, "0000000000000000"); code != 1 || !strings.Contains(stderr, "no key") {
		t.Errorf("revoke of an unknown key: exit code %d: %s", code, stderr)
	}
	server = startProcess(t, dataDir)
	server.key = secret
	if got := server.do(t, getOperation, object{"input": object{"customerId": "x"}}); got.status != 401 {
		t.Errorf("a revoked key: status %d: %s", got.status, got.body)
	}
}

func TestDamagedFileIsAClearError(t *testing.T) {
	dataDir := t.TempDir()
	server := startProcess(t, dataDir)
	server.must(t, provisionOperation, object{"input": object{"customerId": "a"}})
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{8 << 10, 20 << 10} {
		if err := os.Truncate(filepath.Join(dataDir, "clientele.db"), size); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := runProgram(t, "--data-dir", dataDir, "--listen", "127.0.0.1:0")
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "damaged") {
			t.Errorf("cut to %d bytes: exit code %d: %.500s", size, code, stderr)
		}
	}
}

func TestReadmeKeyIsRefusedOnPublicAddresses(t *testing.T) {
	dataDir := t.TempDir()
	server := startProcess(t, dataDir, "--api-key", "server-for-this-machine-only")
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := runProgram(t, "--data-dir", dataDir, "--listen", "0.0.0.0:0")
	if code != 1 || !strings.Contains(stderr, "keys revoke") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

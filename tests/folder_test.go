package tests

import (
	"bytes"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

// storeCommands are the commands that open the data folder.
var storeCommands = map[string][]string{
	"serve":           {"serve", "--listen", "127.0.0.1:0"},
	"keys create":     {"keys", "create"},
	"keys list":       {"keys", "list"},
	"keys revoke":     {"keys", "revoke", "0123456789abcdef"},
	"keys roll":       {"keys", "roll", "0123456789abcdef"},
	"catalog apply":   {"catalog", "apply", exampleCatalog},
	"catalog dry run": {"catalog", "apply", exampleCatalog, "--dry-run"},
	"catalog export":  {"catalog", "export"},
}

func TestFileInPlaceOfTheFolder(t *testing.T) {
	file := writeFile(t, "file", "not a folder")
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "clientele.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, command := range storeCommands {
		for dataDir, says := range map[string]string{
			file:                        file + " is a file, not a folder",
			filepath.Join(file, "data"): file + " is a file, not a folder",
			folder:                      filepath.Join(folder, "clientele.db") + " is a folder where a file should be",
		} {
			stdout, stderr, code := runProgram(t, append(command, "--data-dir", dataDir)...)
			if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, says) {
				t.Errorf("%s in %s: exit code %d, stdout %q, stderr %q", name, dataDir, code, stdout, stderr)
			}
		}
	}
}

// Modes mean nothing to root, so the program runs as nobody where the test runs as root.
func TestFolderWithoutPermission(t *testing.T) {
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir(), whose parents are closed to other users. A copy of the program too.
	root, err := os.MkdirTemp("", "clientele-permission") //nolint:usetesting // t.TempDir is within a folder that is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	program, catalogue := filepath.Join(root, "clientele"), filepath.Join(root, "catalog.yaml")
	copyFile(t, binary, program, 0o755)
	copyFile(t, exampleCatalog, catalogue, 0o644)
	closed, full := filepath.Join(root, "closed"), filepath.Join(root, "full")
	for _, folder := range []string{root, closed, full} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, catalogue, filepath.Join(full, "clientele.db"), 0o000)
	if err := os.Chmod(closed, 0o000); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	for name, command := range storeCommands {
		for dataDir, at := range map[string]string{
			closed: closed, filepath.Join(closed, "data"): closed, full: filepath.Join(full, "clientele.db"),
		} {
			if (name == "keys list" || name == "keys revoke" || name == "catalog export") && dataDir == full && os.Getuid() == 0 {
				// Opening fails all the same; Stat alone needs no permission on a file.
				at = full
			}
			arguments := append([]string{}, command...)
			for i := range arguments {
				arguments[i] = strings.ReplaceAll(arguments[i], exampleCatalog, catalogue)
			}
			run := exec.CommandContext(t.Context(), program, append(arguments, "--data-dir", dataDir)...)
			run.Dir = root
			if os.Getuid() == 0 {
				run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			output, err := run.CombinedOutput()
			if err == nil || run.ProcessState.ExitCode() != 1 || bytes.Count(output, []byte("\n")) != 1 ||
				!strings.Contains(string(output), "permission denied on "+at) {
				t.Errorf("%s in %s: %v: %s", name, dataDir, err, output)
			}
		}
	}
}

func copyFile(t *testing.T, from, to string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(to, []byte(readFile(t, from)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(to, mode); err != nil {
		t.Fatal(err)
	}
}

func TestDryRunCreatesNothing(t *testing.T) {
	empty := t.TempDir()
	for name, dataDir := range map[string]string{"no folder": filepath.Join(t.TempDir(), "none"), "an empty folder": empty} {
		for _, environment := range []string{"development", "staging"} {
			stdout, stderr, code := runProgram(t, "catalog", "apply", exampleCatalog, "--dry-run", "--environment", environment, "--data-dir", dataDir)
			if code != 0 || stderr != "" || !strings.Contains(stdout, "16 to add") || !strings.Contains(stdout, "nothing was written") {
				t.Errorf("%s: exit code %d, stdout %q, stderr %q", name, code, stdout, stderr)
			}
			if isNew := strings.Contains(stdout, "the environment staging is new"); isNew != (environment == "staging") {
				t.Errorf("%s of %s: %s", name, environment, stdout)
			}
		}
		if files, err := os.ReadDir(dataDir); len(files) > 0 || err == nil && dataDir != empty {
			t.Errorf("%s: there are %d files, %v", name, len(files), err)
		}
	}

	full := t.TempDir()
	if _, stderr, code := runProgram(t, "keys", "create", "--data-dir", full); code != 0 {
		t.Fatal(stderr)
	}
	before := readFile(t, filepath.Join(full, "clientele.db"))
	if stdout, stderr, code := runProgram(t, "catalog", "apply", exampleCatalog, "--dry-run", "--data-dir", full); code != 0 || !strings.Contains(stdout, "16 to add") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if readFile(t, filepath.Join(full, "clientele.db")) != before {
		t.Error("a dry run changed the file")
	}
	// A mistake in the file is still one, whatever is stored.
	broken := writeFile(t, "broken.yaml", "promotionCodes:\n  - {id: A, coupon: b}\n")
	if _, stderr, code := runProgram(t, "catalog", "apply", broken, "--dry-run", "--data-dir", empty); code != 2 || !strings.Contains(stderr, "broken.yaml:2") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestReadingCommandsCreateNothingOnMongoDB(t *testing.T) {
	uri := mongotest.URI(t)
	for name, configure := range map[string]func(*config.Config){
		"a dry run": func(c *config.Config) {
			c.Command, c.Catalog, c.DryRun = config.CommandCatalogApply, exampleCatalog, true
		},
		"keys list": func(c *config.Config) { c.Command = config.CommandKeysList },
	} {
		cfg := config.Default()
		cfg.MongoDBURI = config.Secret(uri)
		configure(&cfg)
		runCommand(t, cfg)
		if collections := mongotest.Collections(t, uri); len(collections) > 0 {
			t.Errorf("%s made the collections %q", name, collections)
		}
	}
}

func TestUnknownEnvironment(t *testing.T) {
	dataDir := t.TempDir()
	run := func(wantCode int, says string, arguments ...string) {
		t.Helper()
		stdout, stderr, code := runProgram(t, append(arguments, "--data-dir", dataDir)...)
		if code != wantCode || !strings.Contains(stdout+stderr, says) || code != 0 && (stdout != "" || strings.Count(stderr, "\n") != 1) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", arguments, code, stdout, stderr)
		}
	}
	run(0, "staging", "keys", "create", "--environment", "staging")
	run(1, "there is no environment stagin: it has neither a catalogue nor an API key; environments with an API key: staging",
		"catalog", "export", "--environment", "stagin")
	run(1, "there is no environment development", "catalog", "export")
	run(0, "{}\n", "catalog", "export", "--environment", "staging")
	run(0, "the environment production is new: no API key belongs to it yet", "catalog", "apply", exampleCatalog, "--environment", "production")
	run(0, "plan-basic", "catalog", "export", "--environment", "production")
	run(0, "16 added, 0 changed, 0 unchanged\n", "catalog", "apply", exampleCatalog, "--environment", "staging")
}

func TestPortInUseIsAClearError(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for arguments, says := range map[string]string{
		"serve --listen " + taken.Addr().String():                               "listens on " + taken.Addr().String() + ": stop it, or choose another port, as in --listen ",
		"serve --listen 127.0.0.1:0 --ops-listen " + taken.Addr().String():      "choose another port, as in --ops-listen ",
		"serve --api-key abcdefghijklmnopqrstuvwxyz --listen 198.51.100.1:8080": "--listen 198.51.100.1:8080 is not an address of this machine",
	} {
		dataDir := filepath.Join(t.TempDir(), "data")
		stdout, stderr, code := runProgram(t, append(strings.Fields(arguments), "--data-dir", dataDir)...)
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", arguments, code, stdout, stderr)
		}
		if _, err := os.Stat(dataDir); err == nil {
			t.Errorf("%s made the data folder", arguments)
		}
	}
}

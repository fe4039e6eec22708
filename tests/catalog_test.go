package tests

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clientele/internal/app"
	"clientele/internal/config"
)

// writeFile makes a file for the test and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCatalogueIsManagedOnTheCommandLine(t *testing.T) {
	dataDir := t.TempDir()
	run := func(arguments ...string) string {
		t.Helper()
		stdout, stderr, code := runProgram(t, append(arguments, "--data-dir", dataDir)...)
		if code != 0 || stderr != "" {
			t.Fatalf("%v: exit code %d: %s", arguments, code, stderr)
		}
		return stdout
	}
	says := func(got string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Errorf("%q is not in:\n%s", part, got)
			}
		}
	}
	says(run("catalog", "apply", exampleCatalog, "--dry-run"), "16 to add", "+ plans plan-basic", "nothing was written")
	says(run("catalog", "apply", exampleCatalog, "--dry-run"), "16 to add")
	says(run("catalog", "apply", exampleCatalog), exampleCatalog+": 16 added, 0 changed, 0 unchanged\n")
	says(run("catalog", "apply", exampleCatalog), "nothing to change, 16 unchanged")

	exported := run("catalog", "export")
	says(run("catalog", "apply", writeFile(t, "export.yaml", exported)), "nothing to change, 16 unchanged")
	says(run("catalog", "apply", "--environment", "staging", exampleCatalog), "16 added")

	changed := writeFile(t, "changed.yaml", strings.Replace(readFile(t, exampleCatalog), "currency: USD, amount: 29 }", "currency: USD, amount: 31.5 }", 1))
	says(run("catalog", "apply", "--dry-run", changed), "0 to add, 1 to change", "~ plans plan-basic", "prices[0].amount: 29 → 31.5")
	says(run("catalog", "apply", changed), "0 added, 1 changed, 15 unchanged")
	says(run("catalog", "export"), "amount: 31.5")
	if got := run("catalog", "export", "--environment", "staging"); strings.Contains(got, "31.5") {
		t.Error("the change reached another environment")
	}

	broken := writeFile(t, "broken.yaml", strings.Replace(readFile(t, exampleCatalog), "amount: 29 }", "amount: -1 }", 1))
	stdout, stderr, code := runProgram(t, "catalog", "apply", broken, "--data-dir", dataDir)
	if code != 2 || stdout != "" || !strings.Contains(stderr, broken+":80: plans[1].prices[0].amount: must be at least 0") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if got := run("catalog", "export"); !strings.Contains(got, "amount: 31.5") {
		t.Error("a broken file changed something")
	}
}

func TestInvalidCatalogueFileExitsWith2(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct{ path, says string }{
		"missing":            {filepath.Join(folder, "missing.yaml"), "cannot be read"},
		"a folder":           {folder, "cannot be read"},
		"of no form":         {writeFile(t, "a.yaml", "features: 5\n"), "a.yaml:1: features: must be a list"},
		"a reference broken": {writeFile(t, "b.yaml", "promotionCodes:\n  - {id: A, coupon: b}\n"), "b.yaml:2: promotionCodes[0].coupon:"},
	} {
		for _, arguments := range [][]string{{"catalog", "apply", c.path}, {"serve", "--listen", "127.0.0.1:0", "--catalog", c.path}} {
			t.Run(name+" "+arguments[0], func(t *testing.T) {
				dataDir := filepath.Join(t.TempDir(), "data")
				stdout, stderr, code := runProgram(t, append(arguments, "--data-dir", dataDir)...)
				if code != 2 || stdout != "" || !strings.Contains(stderr, c.says) {
					t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
				}
				if _, err := os.Stat(dataDir); err == nil && name != "a reference broken" {
					t.Error("the data directory was made")
				}
			})
		}
	}
}

func TestServeAppliesTheCatalogue(t *testing.T) {
	dataDir := t.TempDir()
	for _, summary := range []string{"16 added, 0 changed, 0 unchanged", "nothing to change, 16 unchanged"} {
		server := startProcess(t, dataDir, "--catalog", exampleCatalog)
		if !strings.Contains(server.greeting, "Catalogue   "+exampleCatalog+": "+summary+"\n") {
			t.Errorf("the greeting is\n%s", server.greeting)
		}
		plans := server.must(t, `{ plans { totalCount } }`, nil)["plans"]
		if got := fmt.Sprint(plans); got != "map[totalCount:5]" {
			t.Errorf("the plans are %s", got)
		}
		if err := server.stop(t, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
}

// A start that is killed while it applies a catalogue is repeated.
func TestKilledApplyIsRepeated(t *testing.T) {
	var text strings.Builder
	text.WriteString("coupons:\n")
	for _, first := range "abcdefghijklmnopqrstuvwxyz" {
		for _, second := range "abcdefghijklmnopqrstuvwxyz" {
			text.WriteString("  - {id: coupon-" + string(first) + string(second) + ", name: Coupon, percent: 5}\n")
		}
	}
	path := writeFile(t, "coupons.yaml", text.String())
	dataDir := t.TempDir()
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	arguments := []string{binary, "catalog", "apply", path, "--data-dir", dataDir}
	killed, err := os.StartProcess(binary, arguments, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	// However far it got.
	for {
		if file, err := os.Stat(filepath.Join(dataDir, "clientele.db")); err == nil && file.Size() > 0 {
			break
		}
	}
	if err := killed.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	if _, err := killed.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := runProgram(t, arguments[1:]...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	stdout, stderr, code := runProgram(t, arguments[1:]...)
	if code != 0 || !strings.Contains(stdout, "nothing to change, 676 unchanged") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

func TestCatalogueOnEachEngine(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			cfg.Command, cfg.Catalog = config.CommandCatalogApply, exampleCatalog
			for _, summary := range []string{"16 added", "nothing to change, 16 unchanged"} {
				if got := runCommand(t, cfg); !strings.Contains(got, summary) {
					t.Errorf("want %q, got %s", summary, got)
				}
			}
			export := cfg
			export.Command, export.Catalog = config.CommandCatalogExport, ""
			exported := runCommand(t, export)
			cfg.Catalog = writeFile(t, "export.yaml", exported)
			if got := runCommand(t, cfg); !strings.Contains(got, "nothing to change, 16 unchanged") {
				t.Errorf("the export: %s", got)
			}
			cfg.Catalog = writeFile(t, "changed.yaml", strings.Replace(exported, "amount: 29}", "amount: 0.1}", 1))
			if got := runCommand(t, cfg); !strings.Contains(got, "0 added, 1 changed, 15 unchanged") {
				t.Errorf("the change: %s", got)
			}
			cfg.Catalog = writeFile(t, "broken.yaml", strings.Replace(exported, "base: plan-free", "base: plan-none", 1))
			err := app.Run(t.Context(), cfg, &strings.Builder{}, slog.New(slog.DiscardHandler))
			if !app.IsUsageError(err) || !strings.Contains(err.Error(), "plan-none") {
				t.Errorf("the broken file: %v", err)
			}
		})
	}
}

// TestMistypedFolderIsNotCreated: commands that look at data, or end some of it, make none.
func TestMistypedFolderIsNotCreated(t *testing.T) {
	for _, command := range [][]string{{"catalog", "export"}, {"keys", "list"}, {"keys", "revoke", "0123456789abcdef"}} {
		folder := filepath.Join(t.TempDir(), "mistyped")
		stdout, stderr, code := runProgram(t, append(command, "--data-dir", folder)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "no data") {
			t.Errorf("%v: exit code %d, %q, %q", command, code, stdout, stderr)
		}
		if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v made the folder", command)
		}
	}
}

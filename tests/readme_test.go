package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeExamples pastes the README's requests into a shell, one after the other, against a server that
// was started as `make run` starts it.
func TestReadmeExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the examples need curl, which is not installed")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	const key = "server-for-this-machine-only"
	if !strings.Contains(string(makefile), key) {
		t.Errorf("make run does not use the key %s", key)
	}
	if !strings.Contains(string(makefile), "serve --catalog examples/catalog.yaml") {
		t.Error("make run does not use the catalogue of the examples")
	}
	server := startProcess(t, t.TempDir(), "--api-key", key, "--catalog", exampleCatalog)
	examples := regexp.MustCompile("(?s)```sh\n(curl .*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(examples) < 5 {
		t.Fatalf("the README has %d requests", len(examples))
	}
	for _, example := range examples {
		script := strings.ReplaceAll(example[1], "http://127.0.0.1:8080", server.url)
		output, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
		answers := json.NewDecoder(bytes.NewReader(output))
		for n := 0; n == 0 || answers.More(); n++ {
			var got answer
			if decodeErr := answers.Decode(&got); err != nil || decodeErr != nil || len(got.Data) == 0 || len(got.Errors) > 0 {
				t.Errorf("%s\n%v\n%s", script, errors.Join(err, decodeErr), output)
				break
			}
		}
		t.Logf("%s", output)
	}
}

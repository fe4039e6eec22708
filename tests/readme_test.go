package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// examplesForm is a request to paste into a shell and, if it is there, what is answered.
var examplesForm = regexp.MustCompile("(?s)```sh\n(curl .*?)```(?:\n\n```json\n(.*?)```)?")

// holds reports whether an answer has all that is expected of it; "…" stands for any value.
func holds(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, is := got.(map[string]any)
		for name, part := range want {
			value, there := object[name]
			is = is && there && holds(value, part)
		}
		return is
	case []any:
		list, is := got.([]any)
		is = is && len(list) == len(want)
		for i := 0; is && i < len(want); i++ {
			is = holds(list[i], want[i])
		}
		return is
	default:
		return want == "…" && got != nil || got == want
	}
}

// TestExamplesOfTheDocs pastes the requests of the README, and of the page for client authors, into a shell, one after
// the other, each against a server that was started as `make run` starts it, with a simulated billing provider. An
// answer that is not shown must be one without errors.
func TestExamplesOfTheDocs(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the examples need curl, which is not installed")
	}
	makefile, err := os.ReadFile("../tools/run.sh")
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
	for path, fewest := range map[string]int{"../README.md": 7, "../docs/graphql.md": 8} {
		t.Run(path, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			examples := examplesForm.FindAllStringSubmatch(string(text), -1)
			if len(examples) < fewest {
				t.Fatalf("it has %d requests", len(examples))
			}
			server := startProcess(t, t.TempDir(), "--api-key", key, "--catalog", exampleCatalog, "--billing", "simulator")
			for _, example := range examples {
				script := strings.ReplaceAll(example[1], "http://127.0.0.1:8080", server.url)
				output, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
				if err != nil {
					t.Fatalf("%s\n%v\n%s", script, err, output)
				}
				if strings.Contains(script, "/schema.graphql") {
					if !strings.Contains(string(output), "type Query {") {
						t.Errorf("%s\n%s", script, output)
					}
					continue
				}
				mustAnswer(t, script, output, example[2])
			}
		})
	}
}

// mustAnswer compares what a script printed, one or several answers, with the answer that is shown, if there is one.
func mustAnswer(t *testing.T, script string, output []byte, shown string) {
	t.Helper()
	var want any
	if shown != "" {
		if err := json.Unmarshal([]byte(shown), &want); err != nil {
			t.Fatalf("%s\nis shown as the answer: %v", shown, err)
		}
	}
	answers := json.NewDecoder(bytes.NewReader(output))
	for n := 0; n == 0 || answers.More(); n++ {
		var got map[string]any
		err := answers.Decode(&got)
		_, hasErrors := got["errors"]
		if err != nil || want == nil && (hasErrors || got["data"] == nil) || want != nil && !holds(got, want) {
			t.Errorf("%s\n%v\n%s", script, err, output)
			return
		}
	}
}

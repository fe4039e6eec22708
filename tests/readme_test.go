package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// walkedPages are the pages of the docs with something to paste, and how many blocks of each must run at least.
var walkedPages = map[string]int{
	"README.md": 16, "docs/graphql.md": 8, "docs/catalogue.md": 5, "docs/simulator.md": 10, "docs/operations.md": 4,
}

// TestWalkThroughTheDocs pastes every shell block of the README and of docs/, in the order of the page, into a shell,
// on the server that the block before it has started, and compares what is printed with what the page shows.
//
// An HTML comment in front of a block, which readers do not see, is for the walker: `<!-- stop the server -->` stands
// for the Ctrl+C in the text, and `<!-- not run: reason -->` leaves the block out. "…" in what a page shows
// stands for what differs from time to time.
func TestWalkThroughTheDocs(t *testing.T) {
	for _, tool := range []string{"curl", "make", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("the docs need " + tool + ", which is not installed")
		}
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append([]string{"../README.md", "../examples/clients/README.md"}, pages...) {
		page, _ := filepath.Rel("..", path)
		t.Run(page, func(t *testing.T) {
			blocks := shellBlocks(t, readFile(t, path))
			w := newDocsWalk(t)
			ran := 0
			for _, b := range blocks {
				if b.notRun != "" {
					t.Logf("line %d is not run: %s", b.line, b.notRun)
					continue
				}
				ran++
				w.paste(t, b)
				if t.Failed() {
					t.Fatalf("%s:%d", page, b.line)
				}
			}
			if ran < walkedPages[page] {
				t.Errorf("only %d of its blocks ran", ran)
			}
		})
	}
}

// TestReadmeShowsEveryResponse: a new user sees whether it worked.
func TestReadmeShowsEveryResponse(t *testing.T) {
	for _, page := range []string{"../README.md", "../docs/simulator.md", "../docs/catalogue.md"} {
		for _, b := range shellBlocks(t, readFile(t, page)) {
			if b.notRun == "" && strings.Contains(b.script, "curl ") && b.shown == "" {
				t.Errorf("%s:%d: a request without its response", page, b.line)
			}
		}
	}
}

// block is a shell block of a page.
type block struct {
	line   int
	script string
	// shown is what the page shows as printed, and shownAs its language, json or text.
	shown, shownAs string
	// stop is whether the server is stopped first, and notRun why the block is not run.
	stop   bool
	notRun string
}

var (
	fence       = regexp.MustCompile("^```(\\w*)$")
	walkComment = regexp.MustCompile(`^<!-- (stop the server|not run: .{10,}) -->$`)
)

// shellBlocks reads the shell blocks of a page. Nothing but blank lines stands between a block and what it prints.
func shellBlocks(t *testing.T, page string) []block {
	t.Helper()
	var blocks []block
	lines := strings.Split(page, "\n")
	comment, adjacent := "", false
	for i := 0; i < len(lines); i++ {
		opening := fence.FindStringSubmatch(lines[i])
		if opening == nil {
			if strings.TrimSpace(lines[i]) != "" {
				comment, adjacent = lines[i], false
			}
			continue
		}
		start := i + 1
		for i++; i < len(lines) && lines[i] != "```"; i++ {
		}
		text := strings.Join(lines[start:min(i, len(lines))], "\n")
		switch language := opening[1]; {
		case slices.Contains([]string{"sh", "bash", "shell", "console"}, language):
			b := block{line: start + 1, script: text}
			if directive := walkComment.FindStringSubmatch(comment); directive != nil {
				b.stop = directive[1] == "stop the server"
				b.notRun, _ = strings.CutPrefix(directive[1], "not run: ")
				if b.stop {
					b.notRun = ""
				}
			}
			blocks = append(blocks, b)
			adjacent = true
		case adjacent && (language == "json" || language == "text"):
			blocks[len(blocks)-1].shown, blocks[len(blocks)-1].shownAs = text, language
			adjacent = false
		case language == "":
			t.Errorf("line %d: a block without a language", start)
		default:
			adjacent = false
		}
		comment = ""
	}
	return blocks
}

// docsWalk is a shell in a checkout of the repository, with at most one server.
type docsWalk struct {
	folder, program string
	server          *makeRun
}

func newDocsWalk(t *testing.T) *docsWalk {
	t.Helper()
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	w := &docsWalk{folder: t.TempDir(), program: binary}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "data" && name != "bin" && !strings.HasPrefix(name, ".") {
			if err := os.Symlink(filepath.Join(root, name), filepath.Join(w.folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

var (
	makeTarget   = regexp.MustCompile(`^make (run(?:-\w+)?)$`)
	serveCommand = regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ )*bin/clientele serve( |$)`)
	program      = regexp.MustCompile(`(?m)(^|&& |[A-Z_]+=\S+ )(?:bin/)?clientele `)
)

// paste runs a block and compares.
func (w *docsWalk) paste(t *testing.T, b block) {
	t.Helper()
	if b.stop {
		w.stop(t)
	}
	if target := makeTarget.FindStringSubmatch(strings.TrimSpace(b.script)); target != nil {
		w.stop(t)
		w.server = startMake(t, target[1], filepath.Join(w.folder, "data"))
		mustPrint(t, b, w.server.printed, w.server)
		return
	}
	script := program.ReplaceAllString(b.script, "${1}"+w.program+" ")
	if serveCommand.MatchString(b.script) {
		w.stop(t)
		w.serve(t, script)
		mustPrint(t, b, w.server.printed, w.server)
		return
	}
	if w.server != nil {
		script = strings.ReplaceAll(script, "http://127.0.0.1:8080", w.server.url)
		script = strings.ReplaceAll(script, "http://127.0.0.1:8420", w.server.simulator)
	}
	command := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
	command.Dir = w.folder
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Errorf("%s\n%v\n%s%s", script, err, stdout.String(), stderr.String())
		return
	}
	switch {
	case b.shownAs == "json":
		mustMatchResponse(t, script, stdout.Bytes(), b.shown)
	case b.shownAs == "text":
		mustPrint(t, b, stdout.String(), nil)
	case strings.Contains(script, "curl ") && strings.HasPrefix(strings.TrimSpace(stdout.String()), "{"):
		mustMatchResponse(t, script, stdout.Bytes(), "")
	}
}

func (w *docsWalk) stop(t *testing.T) {
	t.Helper()
	if w.server != nil {
		w.server.interrupt(t)
	}
	w.server = nil
}

// serve starts the program as a block says, on a free port.
func (w *docsWalk) serve(t *testing.T, script string) {
	t.Helper()
	run := &makeRun{command: exec.Command("bash", "-c", script)}
	run.command.Dir = w.folder
	run.command.Env = append(os.Environ(), "CLIENTELE_LISTEN=127.0.0.1:0", "CLIENTELE_SIMULATOR_LISTEN=127.0.0.1:0")
	run.command.Stderr = everySignal
	run.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.start(t)
	w.server = run
}

// mustPrint compares what was printed with the lines that are shown. Of what a server prints some lines may be shown,
// in their order; its addresses and folder are the test's own.
func mustPrint(t *testing.T, b block, printed string, server *makeRun) {
	t.Helper()
	if b.shown == "" {
		return
	}
	if server != nil {
		printed = strings.ReplaceAll(printed, server.url, "http://127.0.0.1:8080")
		printed = strings.ReplaceAll(printed, server.simulator, "http://127.0.0.1:8420")
		printed = strings.ReplaceAll(printed, "on 127.0.0.1:0.", "on 127.0.0.1:8080.")
		printed = regexp.MustCompile(`embedded engine in \S+`).ReplaceAllString(printed, "embedded engine in ./data")
	}
	got := strings.Split(strings.TrimSpace(printed), "\n")
	// A line with "…" alone stands for any number of lines.
	gap := server != nil
	for want := range strings.SplitSeq(strings.TrimSpace(b.shown), "\n") {
		if strings.TrimSpace(want) == "…" {
			gap = true
			continue
		}
		at := slices.IndexFunc(got, func(line string) bool { return fits(line, want) })
		if at < 0 || at > 0 && !gap {
			t.Errorf("%s\nprinted\n%s\nwhich lacks the line, or has it in another place:\n%s", b.script, printed, want)
			return
		}
		got, gap = got[at+1:], server != nil
	}
	if len(got) > 0 && !gap {
		t.Errorf("%s\nprinted more than is shown:\n%s", b.script, strings.Join(got, "\n"))
	}
}

// fits reports whether a text is the pattern with something in the place of each "…".
func fits(text, pattern string) bool {
	parts := strings.Split(strings.Join(strings.Fields(pattern), " "), "…")
	text = strings.Join(strings.Fields(text), " ")
	if len(parts) == 1 {
		return text == parts[0]
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// mustMatchResponse compares a script's output with the response shown; where none is shown, it expects success.
func mustMatchResponse(t *testing.T, script string, output []byte, shown string) {
	t.Helper()
	var got, want any
	decoder := json.NewDecoder(bytes.NewReader(output))
	if err := decoder.Decode(&got); err != nil || decoder.More() {
		t.Errorf("%s\nprinted no single JSON value: %v\n%s", script, err, output)
		return
	}
	if shown == "" {
		if body, is := got.(object); !is || body["errors"] != nil || body["data"] == nil {
			t.Errorf("%s\n%s", script, output)
		}
		return
	}
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		t.Fatalf("%s\nis shown as the response: %v", shown, err)
	}
	if difference := differs("", got, want); difference != "" {
		t.Errorf("%s\n%s\nprinted\n%s", script, difference, output)
	}
}

// differs says where a response is not what is shown. What is shown may leave out the response's own extensions, and
// facts of an error.
func differs(at string, got, want any) string {
	switch want := want.(type) {
	case object:
		given, is := got.(object)
		if !is {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for name, part := range want {
			value, there := given[name]
			if !there {
				return fmt.Sprintf("%s.%s is not there", at, name)
			}
			if found := differs(at+"."+name, value, part); found != "" {
				return found
			}
		}
		for name := range given {
			_, shown := want[name]
			if !shown && !strings.HasPrefix(at, ".errors") && (at != "" || name != "extensions") {
				return fmt.Sprintf("%s.%s is not shown", at, name)
			}
		}
		return ""
	case []any:
		list, is := got.([]any)
		if !is || len(list) != len(want) {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for i := range want {
			if found := differs(fmt.Sprintf("%s[%d]", at, i), list[i], want[i]); found != "" {
				return found
			}
		}
		return ""
	case string:
		if text, is := got.(string); is && fits(text, want) || want == "…" && got != nil {
			return ""
		}
	default:
		if got == want {
			return ""
		}
	}
	return fmt.Sprintf("%s is %v, not %v", at, got, want)
}

var (
	markdownLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchors    = regexp.MustCompile("[^a-z0-9 _-]")
)

// TestLinksOfTheDocsResolve follows the links between files, anchors included.
func TestLinksOfTheDocsResolve(t *testing.T) {
	pages := []string{"../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "../SECURITY.md", "../examples/clients/README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	followed := 0
	for _, page := range pages {
		for _, link := range markdownLink.FindAllStringSubmatch(readFile(t, page), -1) {
			path, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			followed++
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s is not there", page, link[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(readFile(t, target)), anchor) {
				t.Errorf("%s: %s has no heading for #%s", page, target, anchor)
			}
		}
	}
	if followed < 50 {
		t.Errorf("only %d links", followed)
	}
}

// TestDecisionsAreNumbered: each decision has the next number, in the name of its file and in its title.
func TestDecisionsAreNumbered(t *testing.T) {
	pages, err := filepath.Glob("../docs/adr/*.md")
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d decisions, %v", len(pages), err)
	}
	for i, page := range pages {
		name, title := fmt.Sprintf("%04d-", i+1), fmt.Sprintf("# %d. ", i+1)
		if !strings.HasPrefix(filepath.Base(page), name) || !strings.HasPrefix(readFile(t, page), title) {
			t.Errorf("%s should begin with %s, and its title with %q", page, name, title)
		}
	}
}

// anchors are the names that headings of a page have in links.
func anchors(page string) []string {
	var names []string
	for _, heading := range markdownHeading.FindAllStringSubmatch(page, -1) {
		names = append(names, strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-"))
	}
	return names
}

// TestWalkerDetectsDifferences keeps the walker from taking everything.
func TestWalkerDetectsDifferences(t *testing.T) {
	shown := `{"data": {"a": [{"b": "…", "c": null}], "d": "x…z"}}`
	for printed, same := range map[string]bool{
		`{"data": {"a": [{"b": 1, "c": null}], "d": "xyz"}}`:                      true,
		`{"data": {"a": [{"b": 1, "c": null}], "d": "xz"}, "extensions": {}}`:     true,
		`{"data": {"a": [{"b": null, "c": null}], "d": "xyz"}}`:                   false,
		`{"data": {"a": [{"b": 1, "c": 2}], "d": "xyz"}}`:                         false,
		`{"data": {"a": [{"b": 1}], "d": "xyz"}}`:                                 false,
		`{"data": {"a": [{"b": 1, "c": null, "e": 1}], "d": "xyz"}}`:              false,
		`{"data": {"a": [], "d": "xyz"}}`:                                         false,
		`{"data": {"a": [{"b": 1, "c": null}], "d": "xy"}}`:                       false,
		`{"data": {"a": [{"b": 1, "c": null}], "d": "xyz"}, "errors": [{}]}`:      false,
		`{"data": {"a": [{"b": 1, "c": null}], "d": "xyz"}, "extension": "more"}`: false,
	} {
		var got, want any
		if err := json.Unmarshal([]byte(printed), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(shown), &want); err != nil {
			t.Fatal(err)
		}
		if difference := differs("", got, want); (difference == "") != same {
			t.Errorf("%s: %q", printed, difference)
		}
	}
	blocks := shellBlocks(t, "a\n\n<!-- stop the server -->\n\n```sh\nx\n```\n\n```text\ny\n```\n\n<!-- not run: for a reason -->\n\n```sh\nz\n```\n\ntext\n\n```json\n1\n```\n")
	want := []block{
		{line: 6, script: "x", shown: "y", shownAs: "text", stop: true}, {line: 16, script: "z", notRun: "for a reason"},
	}
	if !slices.Equal(blocks, want) {
		t.Errorf("%+v", blocks)
	}
}

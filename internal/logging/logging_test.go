package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

// inTrace is a context as within a span.
func inTrace(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 15: 0xcd}, SpanID: trace.SpanID{1},
	}))
}

const traceID = "ab0000000000000000000000000000cd"

func TestLinesOfARequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ctx       context.Context
		id, trace any
	}{
		"outside a request":     {t.Context(), nil, nil},
		"within one":            {Begin(t.Context(), "one"), "one", nil},
		"within a trace":        {inTrace(Begin(t.Context(), "one")), "one", traceID},
		"a second id is no one": {Begin(Begin(t.Context(), "one"), "two"), "one", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := New(&out, FormatJSON, slog.LevelInfo)
			for _, log := range []*slog.Logger{log, log.With("more", true), log.WithGroup("group")} {
				out.Reset()
				log.InfoContext(c.ctx, "text", "a", 1)
				var line map[string]any
				if err := json.Unmarshal(out.Bytes(), &line); err != nil {
					t.Fatal(err)
				}
				if group, ok := line["group"].(map[string]any); ok {
					line = group
				}
				if line["requestId"] != c.id || line["traceId"] != c.trace || line["a"] != 1.0 {
					t.Errorf("the line is %s", out.String())
				}
			}
		})
	}
}

func TestFormatsAndLevels(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(&out, FormatText, slog.LevelWarn)
	log.Info("not this")
	log.Warn("this", "a", "b\nlevel=ERROR")
	if text := out.String(); !strings.Contains(text, `level=WARN msg=this a="b\nlevel=ERROR"`) || strings.Count(text, "\n") != 1 {
		t.Errorf("the log is %q", text)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	AddFields(t.Context(), slog.Int("nobody", 1))
	if fields := Fields(t.Context()); fields != nil {
		t.Errorf("outside a request there are %v", fields)
	}
	ctx := Begin(t.Context(), "one")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { AddFields(ctx, slog.String("kept", "first")) })
	}
	group.Wait()
	AddFields(ctx, slog.Int("cost", 1), slog.String("kept", "last"))
	AddFields(ctx, slog.Int("cost", 2))
	got := Fields(ctx)
	if len(got) != 2 || !got[0].Equal(slog.String("kept", "last")) || !got[1].Equal(slog.Int("cost", 2)) {
		t.Errorf("the fields are %v", got)
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", maxText)
	for name, c := range map[string]struct{ text, want string }{
		"nothing to hide":           {"read page 7: input/output error", "read page 7: input/output error"},
		"nothing":                   {"", ""},
		"in quotes":                 {`parsing "Ada Lovelace": invalid syntax`, "parsing …: invalid syntax"},
		"a quote within quotes":     {`parsing "Ada \" Lovelace": bad`, "parsing …: bad"},
		"quotes that do not close":  {`parsing "Ada Lovelace`, "parsing …"},
		"in backquotes":             {"parsing `Ada\nLovelace`: bad", "parsing …: bad"},
		"in single quotes":          {"invalid character 'A' looking", "invalid character … looking"},
		"a single one at the start": {"'Ada' is wrong", "… is wrong"},
		"an apostrophe":             {"it can't be, it's closed", "it can't be, it's closed"},
		"an address":                {"no route to ada.l+x@example.com: lost", "no route to …: lost"},
		"an address in brackets":    {"{email:ada@example.com}", "{email:…}"},
		"letters beyond ASCII":      {"für ädä@exämple.com", "für …"},
		"a long text":               {long, long[:maxText-1] + " [cut]"},
		"cut within an address":     {long[:maxText-3] + "ada@example.com", strings.TrimSuffix(long[:maxText-5], " ") + " [cut]"},
		"cut within quotes":         {`x "` + long, "x … [cut]"},
		"one long word":             {strings.Repeat("x", maxText+1), " [cut]"},
	} {
		if got := Masked(errors.New(c.text)); got != c.want {
			t.Errorf("%s: got %.80q (%d bytes), want %.80q (%d bytes)", name, got, len(got), c.want, len(c.want))
		}
	}
}

func TestMaskedPanic(t *testing.T) {
	t.Parallel()
	caught := func(do func()) (cause any) {
		defer func() { cause = recover() }()
		do()
		return nil
	}
	var none []int
	for name, c := range map[string]struct {
		do   func()
		want string
	}{
		"of the runtime":  {func() { none[len(none)] = 1 }, "runtime error: index out of range [0] with length 0"},
		"a text":          {func() { panic("no such type: ada@example.com") }, "no such type: …"},
		"an error":        {func() { panic(errors.New(`cannot parse "Ada"`)) }, "*errors.errorString: cannot parse …"},
		"a document":      {func() { panic(struct{ Name string }{"Ada"}) }, "a value of type struct { Name string }"},
		"a pointer to it": {func() { panic(&struct{ Name string }{"Ada"}) }, "a value of type *struct { Name string }"},
	} {
		if got := MaskedPanic(caught(c.do)); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

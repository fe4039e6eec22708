package tests

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"clientele/internal/app"
	"clientele/internal/config"
)

// everySignal is all that the servers of the run logged and all the spans that they sent. No email address, no name
// that a test gave a customer, and no id of a customer at the billing provider may be in it.
var everySignal = &signals{personal: map[string]bool{}}

type signals struct {
	mutex    sync.Mutex
	log      bytes.Buffer
	spans    bytes.Buffer
	personal map[string]bool
	// broken is why spans could not be read.
	broken error
}

// Write takes what a server logs.
func (s *signals) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.log.Write(text)
}

// ServeHTTP is a collector of traces: it takes spans over HTTP, as an operator's does.
func (s *signals) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, err := io.ReadAll(body)
	request := &collector.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(text, request)
	}
	// As JSON, in which the random bytes of ids cannot look like an address.
	if err == nil {
		text, err = protojson.Marshal(request)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.spans.Write(text)
	if err != nil {
		s.broken = errors.Join(s.broken, err)
	}
}

// collect starts the collector, and lets every server of the run, and every process, send spans to it.
func (s *signals) collect() (stop func(), err error) {
	server := httptest.NewServer(s)
	return server.Close, os.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
}

// logger logs everything to the run, and what operators should look at to the test.
func (s *signals) logger(log io.Writer, cfg config.Config) *slog.Logger {
	cfg.Observability.LogLevel, cfg.Observability.LogFormat = "debug", "json"
	everything := app.NewLogger(s, cfg).Handler()
	cfg.Observability.LogLevel, cfg.Observability.LogFormat = "warn", "text"
	return slog.New(slog.NewMultiHandler(everything, app.NewLogger(log, cfg).Handler()))
}

// sent keeps the personal data that a test sends.
func (s *signals) sent(value any) {
	switch v := value.(type) {
	case object:
		for name, member := range v {
			text, isText := member.(string)
			if isText && personalFields[name] && len(text) >= shortest {
				s.mutex.Lock()
				s.personal[text] = true
				s.mutex.Unlock()
			}
			s.sent(member)
		}
	case []object:
		for _, element := range v {
			s.sent(element)
		}
	case []any:
		for _, element := range v {
			s.sent(element)
		}
	}
}

// personalFields are the inputs whose texts are looked for.
var personalFields = map[string]bool{
	"email": true, "name": true, "customerName": true, "city": true, "postalCode": true, "addressLine1": true, "addressLine2": true, "phoneNumber": true,
}

// shortest is the length of a name that is in no signal by chance, as "one" can be.
const shortest = 6

var atProvider = regexp.MustCompile(`\bcus_\w+`)

var address = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`)

// check looks for personal data in all that was collected.
func (s *signals) check() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// There are thousands of names and a hundred megabytes to search, so search for their beginnings, all at once, and
	// skip with a table of hashes nearly every place where none begins.
	beginnings := map[string][]string{}
	var hashes [1 << 16]bool
	for name := range s.personal {
		beginnings[name[:shortest]] = append(beginnings[name[:shortest]], name)
		hashes[beginningHash(name)] = true
	}
	var found []error
	if s.broken != nil {
		found = append(found, s.broken)
	}
	for kind, text := range map[string][]byte{"log": s.log.Bytes(), "spans": s.spans.Bytes()} {
		for _, hit := range findAround(text, "@", address) {
			found = append(found, fmt.Errorf("the %s of the run hold an email address: %s", kind, hit))
		}
		for _, hit := range findAround(text, "cus_", atProvider) {
			found = append(found, fmt.Errorf("the %s of the run hold the id of a customer at the provider: %s", kind, hit))
		}
		for i := range max(0, len(text)-shortest) {
			if !hashes[beginningHash(text[i:])] {
				continue
			}
			for _, name := range beginnings[string(text[i:i+shortest])] {
				if bytes.HasPrefix(text[i:], []byte(name)) {
					around := text[max(0, i-100):min(len(text), i+len(name)+100)]
					found = append(found, fmt.Errorf("the %s of the run hold %q: %q", kind, name, around))
				}
			}
		}
	}
	return errors.Join(found[:min(len(found), 10)]...)
}

// beginningHash hashes the first four bytes of a text.
func beginningHash[T string | []byte](text T) uint16 {
	return uint16((uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24) * 0x9E3779B1 >> 16)
}

// findAround finds what matches a pattern around the places of a text that every match contains. A regular expression
// would take most of a minute for all of the text.
func findAround(text []byte, contained string, pattern *regexp.Regexp) [][]byte {
	const around = 200
	var hits [][]byte
	for at := 0; len(hits) < 10; at++ {
		next := bytes.Index(text[at:], []byte(contained))
		if next < 0 {
			break
		}
		at += next
		if hit := pattern.Find(text[max(0, at-around):min(len(text), at+around)]); hit != nil {
			hits = append(hits, hit)
		}
	}
	return hits
}

// summary says how much was looked at.
func (s *signals) summary() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return fmt.Sprintf("no name or email address in %d kB of logs and %d kB of spans; %d were looked for",
		s.log.Len()>>10, s.spans.Len()>>10, len(s.personal))
}

// TestPersonalDataSearchFindsData: what finds nothing in any signal has to be able to.
func TestPersonalDataSearchFindsData(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal, spans string
		want          int
	}{
		"nothing":              {"a line", "a span", 0},
		"a name in the log":    {"x Ada Lovelace y", "", 1},
		"a name in a span":     {"", "Ada Lovelace", 1},
		"a name at the end":    {"the mathematician Ada Lovelace", "", 1},
		"the begin of a name":  {"Ada Lovelac", "Ada Lov", 0},
		"an address":           {"no.body@example.com", "", 1},
		"a billing id":         {"to cus_123 of", "cus_AbC", 2},
		"an address in a span": {"", "\x12\x0fno.body@example.com\x00", 1},
	} {
		s := &signals{personal: map[string]bool{}}
		s.sent(object{"input": object{"name": "Ada Lovelace", "email": "x", "rows": []object{{"name": "Grace Hopper"}}, "more": []any{object{"name": "short"}}}})
		_, _ = s.Write([]byte(c.signal))
		s.spans.WriteString(c.spans)
		found := 0
		if err := s.check(); err != nil {
			found = len(err.(interface{ Unwrap() []error }).Unwrap())
		}
		if len(s.personal) != 2 || found != c.want {
			t.Errorf("%s: %d found, want %d, of %v", name, found, c.want, s.personal)
		}
	}
}

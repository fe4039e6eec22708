package stripe_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/billing/billingtest"
)

// TestStripeMock sends every request of the suite to stripe-mock, which judges it by the specification of
// Stripe's API: an unknown parameter, a missing one or one of another type is refused. It keeps nothing, so it
// cannot say whether the requests do what they should; that is the suite's part, on the simulator.
func TestStripeMock(t *testing.T) {
	binary := os.Getenv("CLIENTELE_TEST_STRIPE_MOCK")
	if binary == "" {
		t.Skip("CLIENTELE_TEST_STRIPE_MOCK names no stripe-mock; make test-stripe builds it and sets it")
	}
	base := startStripeMock(t, binary)

	// The adapter understands stripe-mock's responses, which are the examples of the specification.
	t.Run("adapter", func(t *testing.T) {
		billingtest.Accepts(t, connect(t, base, http.DefaultTransport), "pm_card_visa")
	})

	// The suite on the simulator makes all the requests that there are.
	var log requestLog
	t.Run("suite", func(t *testing.T) {
		billingtest.Run(t, func(t *testing.T) billingtest.Account { return account(t, &log) })
	})
	kinds := map[string]bool{}
	for _, r := range log.requests {
		kinds[r.kind()] = true
		if status, response := r.send(t, base); status >= 400 {
			t.Errorf("%s is refused: %d %s", r.kind(), status, response)
		}
	}
	for _, kind := range []string{
		"POST /v1/customers", "POST /v1/customers/*", "GET /v1/customers/*", "GET /v1/customers/*/payment_methods",
		"GET /v1/customers/*/tax_ids", "POST /v1/customers/*/tax_ids", "DELETE /v1/customers/*/tax_ids/*",
		"GET /v1/payment_methods/*", "POST /v1/payment_methods/*/attach", "POST /v1/payment_methods/*/detach",
		"GET /v1/coupons/*", "POST /v1/coupons",
	} {
		if !slices.ContainsFunc(sorted(kinds), func(k string) bool { return k == kind || strings.HasPrefix(k, kind+" with ") }) {
			t.Errorf("%s was never sent", kind)
		}
	}

	// It would have said so.
	for name, r := range map[string]request{
		"an unknown parameter":    {"POST", "/v1/customers", "nonsense=1"},
		"a coupon on a customer":  {"POST", "/v1/customers/cus_1", "coupon=free"},
		"a type that is not one":  {"POST", "/v1/customers/cus_1/tax_ids", "type=nonsense&value=1"},
		"a parameter is missing":  {"POST", "/v1/customers/cus_1/tax_ids", "value=1"},
		"an endpoint that is not": {"POST", "/v1/customers/cus_1/nonsense", ""},
	} {
		if status, _ := r.send(t, base); status < 400 {
			t.Errorf("stripe-mock takes %s: %d", name, status)
		}
	}
	t.Logf("stripe-mock accepted %d requests of %d kinds:\n%s", len(log.requests), len(kinds), strings.Join(sorted(kinds), "\n"))
}

func sorted(set map[string]bool) []string {
	var out []string
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func startStripeMock(t *testing.T, binary string) string {
	t.Helper()
	command := exec.Command(binary, "-http-addr", "127.0.0.1:")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	address := make(chan string, 1)
	go func() {
		said := ""
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			said += lines.Text() + "\n"
			if _, found, ok := strings.Cut(lines.Text(), "Listening for HTTP at address: "); ok {
				address <- "http://" + found
				_, _ = io.Copy(io.Discard, output)
				return
			}
		}
		address <- said
	}()
	select {
	case a := <-address:
		if !strings.HasPrefix(a, "http://") {
			t.Fatalf("stripe-mock did not start: %s", a)
		}
		return a
	case <-time.After(time.Minute):
		t.Fatal("stripe-mock did not start within a minute")
		return ""
	}
}

type request struct{ method, path, params string }

// requestLog carries requests and notes those that the simulator took: the others are wrong on purpose.
type requestLog struct {
	mu       sync.Mutex
	requests []request
}

func (l *requestLog) RoundTrip(r *http.Request) (*http.Response, error) {
	noted := request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery}
	if r.Body != nil && r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		noted.params = string(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err == nil && response.StatusCode < 400 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.requests = append(l.requests, noted)
	}
	return response, err
}

func (r request) send(t *testing.T, base string) (int, string) {
	t.Helper()
	target, body := base+r.path, io.Reader(nil)
	if r.method == http.MethodPost {
		body = strings.NewReader(r.params)
	} else if r.params != "" {
		target += "?" + r.params
	}
	sent, err := http.NewRequestWithContext(t.Context(), r.method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set("Authorization", "Bearer sk_test_123")
	sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
	return response.StatusCode, string(said)
}

var (
	ids   = regexp.MustCompile(`/(cus|pm|txi)_\w+|/clientele_\w+`)
	index = regexp.MustCompile(`\[\d+\]`)
	keys  = regexp.MustCompile(`^metadata\[.*`)
)

// kind is what the request is about: its endpoint, and the parameters without their values.
func (r request) kind() string {
	kind := r.method + " " + ids.ReplaceAllString(r.path, "/*")
	values, err := url.ParseQuery(r.params)
	if err != nil {
		return kind + " with " + r.params
	}
	names := map[string]bool{}
	for name := range values {
		names[keys.ReplaceAllString(index.ReplaceAllString(name, "[]"), "metadata[*]")] = true
	}
	if len(names) == 0 {
		return kind
	}
	return fmt.Sprintf("%s with %s", kind, strings.Join(sorted(names), " "))
}

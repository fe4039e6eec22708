package tests

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
	"clientele/internal/config"
)

// What the account of the tests is proven with. The old secret is being replaced by the other one.
const (
	stripeKey        = "sk_test_secretMarkOfTheTests"
	webhookSecret    = "whsec_secretMarkOfTheTests"
	oldWebhookSecret = "whsec_oldSecretMarkOfTheTests"
)

// signed is the header Stripe-Signature of a payload, as Stripe's documentation describes it.
func signed(payload []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// startWithSimulator starts a service with an account at a stand-in for Stripe, which sends no events by itself.
func startWithSimulator(t *testing.T) (*service, *simulator.Simulator) {
	t.Helper()
	sim := simulator.New(simulator.Options{SecretKey: stripeKey})
	account := httptest.NewServer(sim)
	t.Cleanup(account.Close)
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.Billing = config.Billing{
		StripeSecretKey: stripeKey, StripeWebhookSecret: oldWebhookSecret + ", " + webhookSecret, StripeAPIBase: account.URL,
	}
	return startService(t, cfg), sim
}

// event posts an event; an empty signature is none.
func (c *client) event(t testing.TB, payload []byte, signature string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/webhooks/stripe", bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	if signature != "" {
		request.Header.Set("Stripe-Signature", signature)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

const billingStateOperation = `query Billed($input: GetCustomerByRefIdInput!) {
  getCustomerByRefId(input: $input) { billingId hasPaymentMethod syncStates { status } }
}`

// billingState returns a customer's state with the provider.
func (c *client) billingState(t testing.TB, id string) (billingID string, canPay bool, status string) {
	t.Helper()
	got := c.must(t, billingStateOperation, object{"input": object{"customerId": id}})["getCustomerByRefId"].(object)
	billingID, _ = got["billingId"].(string)
	canPay, _ = got["hasPaymentMethod"].(bool)
	if states, _ := got["syncStates"].([]any); len(states) > 0 {
		status, _ = states[0].(object)["status"].(string)
	}
	return billingID, canPay, status
}

// link provisions a customer, and waits until the provider has it.
func (c *client) link(t testing.TB, id string) (billingID string) {
	t.Helper()
	c.must(t, provisionOperation, object{"input": object{"customerId": id, "name": "Grace Brewster Hopper", "shouldSyncFree": true}})
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if billingID, _, status := c.billingState(t, id); billingID != "" && status == "SUCCESS" {
			return billingID
		}
	}
	t.Fatal("the provider does not get the customer")
	return ""
}

// writes are what the server counted of its writes of customers.
func (s *service) writes(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(s.syncedMetrics(t), "\n") {
		if strings.HasPrefix(line, "clientele_store_calls_total") && strings.Contains(line, `collection="customers"`) &&
			(strings.Contains(line, `method="replace"`) || strings.Contains(line, `method="insert"`)) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestWebhookAcceptsSignedEvents(t *testing.T) {
	t.Parallel()
	server, sim := startWithSimulator(t)
	billingID := server.link(t, "one")
	if _, err := sim.Attach(billingID, "pm_card_visa"); err != nil {
		t.Fatal(err)
	}
	var attached []byte
	for _, e := range sim.Events() {
		if e.Type == "payment_method.attached" {
			attached = e.Payload
		}
	}
	now := time.Now()
	right := signed(attached, webhookSecret, now)
	changed := bytes.Replace(attached, []byte(billingID), []byte("cus_another"), 1)
	deep := []byte(`{"id":"evt_1","object":"event","created":1,"type":"customer.updated","data":{"object":` +
		strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + `}}`)
	ofKind := func(kind, subject string) []byte {
		return fmt.Appendf(nil, `{"id":"evt_%s","object":"event","created":%d,"type":%q,"data":{"object":%s}}`, kind, now.Unix(), kind, subject)
	}
	const refused = "the event is refused\n"
	before := server.writes(t)
	if len(before) == 0 {
		t.Fatal("no writes are counted")
	}
	for _, c := range []struct {
		name      string
		payload   []byte
		signature string
		status    int
		body      string
	}{
		{"no signature", attached, "", 400, refused},
		{"a signature of no form", attached, "secret", 400, refused},
		{"a signature without a time", attached, right[strings.Index(right, "v1="):], 400, refused},
		{"a signature of another scheme", attached, strings.Replace(right, "v1=", "v0=", 1), 400, refused},
		{"another secret", attached, signed(attached, "whsec_of_somebody_else", now), 400, refused},
		{"the API's secret", attached, signed(attached, stripeKey, now), 400, refused},
		{"both secrets as they are given", attached, signed(attached, oldWebhookSecret+", "+webhookSecret, now), 400, refused},
		{"no secret", attached, signed(attached, "", now), 400, refused},
		{"an old signature", attached, signed(attached, webhookSecret, now.Add(-5*time.Minute-time.Second)), 400, refused},
		{"an old signature with a new time", attached, strings.Replace(signed(attached, webhookSecret, now.Add(-time.Hour)), fmt.Sprint(now.Add(-time.Hour).Unix()), fmt.Sprint(now.Unix()), 1), 400, refused},
		{"the signature of another event", changed, right, 400, refused},
		{"no event", []byte(`{"email": "ada@example.com"}`), signed([]byte(`{"email": "ada@example.com"}`), webhookSecret, now), 400, refused},
		{"no JSON", []byte("ada"), signed([]byte("ada"), webhookSecret, now), 400, refused},
		{"JSON that is deep", deep, signed(deep, webhookSecret, now), 400, refused},
		{"too much", make([]byte, 512<<10+1), right, 413, "the event is too large\n"},
		{"an event of no interest", ofKind("invoice.paid", `{"id":"in_1"}`), signed(ofKind("invoice.paid", `{"id":"in_1"}`), webhookSecret, now), 200, "{}\n"},
		{"an event about an unknown customer", changed, signed(changed, webhookSecret, now), 200, "{}\n"},
	} {
		response, body := server.event(t, c.payload, c.signature)
		if response.StatusCode != c.status || body != c.body {
			t.Errorf("%s: got %d, %q", c.name, response.StatusCode, body)
		}
		if _, canPay, _ := server.billingState(t, "one"); canPay {
			t.Fatalf("%s: it is taken in", c.name)
		}
	}
	if after := server.writes(t); !slices.Equal(before, after) {
		t.Errorf("something was written: %q, %q", before, after)
	}

	for _, secret := range []string{webhookSecret, oldWebhookSecret, webhookSecret} {
		response, body := server.event(t, attached, signed(attached, secret, time.Now()))
		if response.StatusCode != 200 || body != "{}\n" || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %d, %q, %v", response.StatusCode, body, response.Header)
		}
		if _, canPay, _ := server.billingState(t, "one"); !canPay {
			t.Error("it is not taken in")
		}
	}
	if text := server.metrics(t); !strings.Contains(text, `clientele_http_requests_total{method="POST",route="/webhooks/stripe",status="4xx"}`) {
		t.Error("the refusals are not counted")
	}
}

func TestWebhookAllowsOnlyPOST(t *testing.T) {
	t.Parallel()
	withBilling, _ := startWithSimulator(t)
	withoutSecret := config.Default()
	withoutSecret.DataDir = t.TempDir()
	withoutSecret.Billing.StripeSecretKey = stripeKey
	unheard, withoutBilling := startService(t, withoutSecret), startEmbedded(t)
	for name, c := range map[string]struct {
		server *service
		method string
		status int
	}{
		"GET":                             {withBilling, "GET", 405},
		"PUT":                             {withBilling, "PUT", 405},
		"OPTIONS":                         {withBilling, "OPTIONS", 405},
		"POST without a webhook secret":   {unheard, "POST", 404},
		"GET without a webhook secret":    {unheard, "GET", 404},
		"POST without a billing provider": {withoutBilling, "POST", 404},
		"GET without a billing provider":  {withoutBilling, "GET", 404},
	} {
		request, err := http.NewRequest(c.method, c.server.url+"/webhooks/stripe", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Stripe-Signature", signed([]byte("{}"), "", time.Now()))
		response, err := httpClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if allow := response.Header.Get("Allow"); response.StatusCode != c.status || (allow == "POST") != (c.status == 405) {
			t.Errorf("%s: got %d, Allow %q", name, response.StatusCode, allow)
		}
	}
	if said := strings.Contains(unheard.log.String(), "no events of Stripe are taken in"); !said {
		t.Errorf("it does not say that no events are taken in: %s", unheard.log.String())
	}
	if log := withBilling.log.String() + withoutBilling.log.String(); strings.Contains(log, "no events") {
		t.Errorf("the log is %s", log)
	}
}

// TestWrongSignaturesDoNotBlockEvents floods the webhook from 40 clients. The provider sends again what is put off,
// and so does the test.
func TestWrongSignaturesDoNotBlockEvents(t *testing.T) {
	t.Parallel()
	server, sim := startWithSimulator(t)
	billingID := server.link(t, "one")
	if _, err := sim.Attach(billingID, "pm_card_visa"); err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Repeat([]byte("x"), 60<<10)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if response, body := server.event(t, wrong, signed(wrong, "whsec_of_somebody_else", time.Now())); response.StatusCode != 400 && response.StatusCode != 503 {
					t.Errorf("got %d, %q", response.StatusCode, body)
					return
				}
			}
		})
	}
	for _, e := range sim.Events() {
		status := 0
		for try := 0; status != 200 && try < 20; try++ {
			response, _ := server.event(t, e.Payload, signed(e.Payload, webhookSecret, time.Now()))
			status = response.StatusCode
		}
		if status != 200 {
			t.Errorf("%s: status %d", e.Type, status)
		}
	}
	close(stop)
	group.Wait()
	if _, canPay, _ := server.billingState(t, "one"); !canPay {
		t.Error("the event was not taken in")
	}
}

// TestStopFinishesAnEventInFlight has half of an event arrive before the signal and half after it.
func TestStopFinishesAnEventInFlight(t *testing.T) {
	t.Parallel()
	server := startProcess(t, t.TempDir(), "--stripe-secret-key", stripeKey, "--stripe-webhook-secret", webhookSecret, "--drain-delay", "200ms")
	connection, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	payload := []byte(`{"id":"evt_1","object":"event","created":1,"type":"invoice.paid"}`)
	_, err = fmt.Fprintf(connection, "POST /webhooks/stripe HTTP/1.1\r\nHost: a\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		signed(payload, webhookSecret, time.Now()), len(payload), payload[:20])
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.stop(t, syscall.SIGTERM) }()
	for { // until it has stopped to listen
		late, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
		if err != nil {
			break
		}
		_ = late.Close()
	}
	if _, err := connection.Write(payload[20:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || response.StatusCode != 200 {
		t.Errorf("%v, %v", response, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

var simulatorForm = regexp.MustCompile(`(?m)^  Billing     simulator at (http://127\.0\.0\.1:\d+)\n {14}\S.*\n  Data  `)

// TestSimulatorSendsItsEventsToTheServer, over the server's own plain HTTP or HTTPS.
func TestSimulatorSendsItsEventsToTheServer(t *testing.T) {
	t.Parallel()
	certFile, keyFile, _ := writeCertificate(t, t.TempDir(), "one")
	for name, arguments := range map[string][]string{
		"HTTP": nil, "HTTPS": {"--tls-cert", certFile, "--tls-key", keyFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startProcess(t, t.TempDir(), append([]string{"--billing", "simulator", "--log-format", "json"}, arguments...)...)
			found := simulatorForm.FindStringSubmatch(server.greeting)
			if found == nil {
				t.Fatalf("the greeting is\n%s", server.greeting)
			}
			request, err := http.NewRequest(http.MethodPost, found[1]+"/v1/customers", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.SetBasicAuth("sk_test_any", "")
			response, err := httpClient.Do(request)
			if err != nil || response.StatusCode != 200 {
				t.Fatalf("%v, %v", response, err)
			}
			_ = response.Body.Close()
			var events struct {
				Undelivered int
				Events      []struct{ Type string }
			}
			for deadline := time.Now().Add(30 * time.Second); ; {
				response, err := httpClient.Get(found[1] + "/_simulator/events")
				if err != nil {
					t.Fatal(err)
				}
				err = json.NewDecoder(response.Body).Decode(&events)
				_ = response.Body.Close()
				if err != nil || len(events.Events) != 1 {
					t.Fatalf("%+v, %v", events, err)
				}
				if events.Undelivered == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the event is not delivered")
				}
			}
			if name == "HTTP" {
				server.link(t, "one")
			}
			if err := server.stop(t, syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			log := server.log.String()
			if !strings.Contains(log, `"route":"/webhooks/stripe","status":200`) || !strings.Contains(log, `"billing":"simulator"`) {
				t.Errorf("the log is %s", log)
			}
			if _, err := httpClient.Get(found[1]); err == nil {
				t.Error("the simulator goes on without the server")
			}
		})
	}
}

// TestStripeSecretsAreNotDisclosed: neither at the start, nor when Stripe cannot be reached or an event is refused.
func TestStripeSecretsAreNotDisclosed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unreachable := "http://" + listener.Addr().String()
	_ = listener.Close()
	dataDir := t.TempDir()
	server := startProcess(t, dataDir, "--billing", "stripe", "--stripe-secret-key", stripeKey, "--stripe-webhook-secret", oldWebhookSecret+","+webhookSecret,
		"--stripe-api-base", unreachable, "--log-level", "debug", "--log-format", "json")
	if !strings.Contains(server.greeting, "\n  Billing     Stripe at "+unreachable+"\n") {
		t.Errorf("the greeting is\n%s", server.greeting)
	}
	server.must(t, provisionOperation, object{"input": object{"customerId": "one", "name": "Grace Brewster Hopper", "shouldSyncFree": true}})
	if _, _, status := server.billingState(t, "one"); status != "PENDING" {
		t.Errorf("without Stripe the sync is %s", status)
	}
	payload := []byte(`{"id":"evt_SecretMark"}`)
	if response, _ := server.event(t, payload, signed(payload, stripeKey, time.Now())); response.StatusCode != 400 {
		t.Errorf("status %d", response.StatusCode)
	}
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	log := server.log.String()
	if !strings.Contains(log, `"billing":"stripe"`) || !strings.Contains(log, `"refused":"the event's signature is missing, wrong, or too old"`) {
		t.Errorf("the log is %s", log)
	}
	files, err := filepath.Glob(filepath.Join(dataDir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	disclosed := server.greeting + log
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		disclosed += string(text)
	}
	if at := strings.Index(strings.ToLower(disclosed), "secretmark"); at >= 0 {
		t.Errorf("it discloses …%q…", disclosed[max(0, at-200):min(len(disclosed), at+100)])
	}
}

package tests

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"clientele/internal/app"
	"clientele/internal/config"
)

// recorder keeps what is sent to it.
type recorder struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (r *recorder) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	text, _ := io.ReadAll(request.Body)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.text.Write(text)
}

// The data of a person that are in no signal, whatever becomes of the requests that they are in.
var personalData = object{
	"name": "Augusta Ada Lovelace-Mark", "email": "ada.mark@lovelace.example", "id": "person-mark-4711", "billing": "BillingIdMark",
	"crm": "CrmIdMark", "tax": "DK13585628", "street": "Street Mark 12", "city": "Markville", "phone": "+45 12 34 56 78",
	"metadataKey": "metadata-key-mark", "metadataValue": "MetadataValueMark", "operation": "OperationNameMark", "alias": "aliasMark",
	"idempotency": "idempotency-key-mark", "secret": "server-secret-mark-abcdefghijkl", "agent": "AgentMark/1.0", "state": "vendor=StateMark",
}

// TestSignalsHoldNoPersonalData takes a customer through its life, and through everything that can go wrong, on a server
// with all signals on: a log of everything in JSON, every span, and metrics.
func TestSignalsHoldNoPersonalData(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.APIKey = config.Secret(personalData["secret"].(string))
	person := startObserved(t, cfg, testCatalog)
	person.live(t)
	person.causeFailures(t)
	// Nothing works without its store, which is as wrong as it can go from outside.
	if err := person.close(); err != nil {
		t.Fatal(err)
	}
	if got := person.do(t, updateOperation, object{"input": object{"customerId": personalData["id"], "name": personalData["name"]}}); len(got.Errors) == 0 {
		t.Errorf("without a store the response is: %s", got.body)
	}

	signals := person.end(t)
	// Each signal has what happened.
	for text, signal := range map[string]string{
		`"fields":"provisionCustomer"`: "log", `"codes":"UnexpectedError"`: "log", `field="archiveCustomer"`: "metrics",
		`code="UnexpectedError"`: "metrics", "insert customers": "spans", "GraphQL mutation archiveCustomer": "spans",
	} {
		if !strings.Contains(signals[signal], text) {
			t.Errorf("the %s hold no %s: %.3000s", signal, text, signals[signal])
		}
	}
	for signal, text := range signals {
		for what, value := range personalData {
			if at := find(text, value.(string)); at >= 0 {
				t.Errorf("the %s hold the %s: …%s…", signal, what, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
}

// find is where a text has another one in it, in any form that things are written in; -1 for nowhere.
func find(text, value string) int {
	for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value))} {
		if at := strings.Index(text, form); at >= 0 {
			return at
		}
	}
	return -1
}

// observed is a server with all signals on: a log of everything in JSON, every span, and metrics.
type observed struct {
	*service

	spans *recorder
	// close takes the store from the server.
	close func() error
	// stop ends the server and returns its error.
	stop func() error
}

// startObserved starts such a server, which bills as the configuration says.
func startObserved(t *testing.T, cfg config.Config, catalog string) *observed {
	t.Helper()
	spans := &recorder{}
	sink := httptest.NewServer(spans)
	t.Cleanup(sink.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", sink.URL)
	cfg.Observability.Traces, cfg.Observability.LogLevel, cfg.Observability.LogFormat = true, "debug", "json"
	applyCatalog(t, cfg, catalog, "development")
	log := &logBuffer{}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	server, err := app.New(ctx, cfg, app.NewLogger(io.MultiWriter(log, everySignal), cfg))
	if err != nil {
		stop()
		t.Fatal(err)
	}
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return listener
	}
	listener, ops := listen(), listen()
	served := make(chan error, 1)
	go func() { served <- server.ServeWithOps(ctx, listener, ops, io.Discard) }()
	closeStore := sync.OnceValue(func() error { return server.Close(ctx) })
	end := sync.OnceValue(func() error {
		httpClient.CloseIdleConnections()
		stop()
		return errors.Join(<-served, closeStore())
	})
	t.Cleanup(func() { _ = end() })
	return &observed{
		service: &service{
			client: &client{url: "http://" + listener.Addr().String(), key: string(cfg.APIKey)}, ops: "http://" + ops.Addr().String(), log: log,
		},
		spans: spans, close: closeStore, stop: end,
	}
}

// end ends the server and returns everything it reported.
func (o *observed) end(t *testing.T) map[string]string {
	t.Helper()
	metrics := o.metrics(t)
	if err := o.stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	return map[string]string{"log": o.log.String(), "metrics": metrics, "spans": o.spans.text.String()}
}

// live is what becomes of a customer.
func (s *service) live(t *testing.T) {
	t.Helper()
	p := personalData
	address := object{"country": "DK", "city": p["city"], "addressLine1": p["street"], "phoneNumber": p["phone"]}
	information := object{
		"billingAddress": address, "shippingAddress": address, "customerName": p["name"],
		"taxIds": []object{{"type": "eu_vat", "value": p["tax"]}}, "metadata": object{p["metadataKey"].(string): p["metadataValue"]},
	}
	id := object{"customerId": p["id"]}
	s.must(t, provisionOperation, object{"input": object{
		"customerId": p["id"], "name": p["name"], "email": p["email"], "billingId": p["billing"], "crmId": p["crm"],
		"billingInformation": information, "additionalMetaData": object{p["metadataKey"].(string): p["metadataValue"]},
	}})
	s.must(t, getOperation, object{"input": id})
	s.must(t, updateOperation, object{"input": object{"customerId": p["id"], "name": p["name"], "email": p["email"], "crmId": p["crm"]}})
	s.must(t, listOperation, object{"filter": object{"email": object{"eq": p["email"]}, "name": object{"iLike": p["name"]}}})
	s.must(t, `query `+p["operation"].(string)+` { `+p["alias"].(string)+`: getCustomerByRefId(input: { customerId: "`+p["id"].(string)+`" }) { name email } }`, nil)
	s.must(t, archiveOperation, object{"input": id})
}

// causeFailures is what can go wrong on the way.
func (s *service) causeFailures(t *testing.T) {
	t.Helper()
	p := personalData
	for name, c := range map[string]struct {
		operation string
		input     object
	}{
		"an archived id":     {provisionOperation, object{"customerId": p["id"], "name": p["name"], "email": p["email"]}},
		"a name too long":    {provisionOperation, object{"customerId": "x", "name": strings.Repeat(p["name"].(string), 50)}},
		"no email":           {provisionOperation, object{"customerId": "x", "email": p["email"].(string) + " <"}},
		"a wrong type":       {provisionOperation, object{"customerId": object{p["email"].(string): p["name"]}}},
		"a wrong field":      {provisionOperation, object{p["metadataKey"].(string): p["email"]}},
		"a tax id":           {provisionOperation, object{"customerId": "x", "billingInformation": object{"taxIds": []object{{"type": "eu_vat", "value": p["email"]}}}}},
		"an unknown one":     {updateOperation, object{"customerId": p["id"], "name": p["name"]}},
		"an unknown country": {provisionOperation, object{"customerId": "x", "billingInformation": object{"billingAddress": object{"country": p["city"]}}}},
	} {
		if got := s.do(t, c.operation, object{"input": c.input}); len(got.Errors) == 0 {
			t.Errorf("%s is not refused: %s", name, got.body)
		}
	}
	s.do(t, `query `+p["operation"].(string)+` { `+p["alias"].(string)+` }`, nil)
	s.do(t, `{ customers(filter: { email: { eq: "`+p["email"].(string)+`" } }) { `+p["name"].(string), nil)
	// Texts in every place that a request has.
	for _, r := range []struct{ method, path, body string }{
		{http.MethodPost, "/graphql", p["email"].(string)},
		{http.MethodPost, "/graphql", `{"query": "{ __typename }", "operationName": "` + p["operation"].(string) + `"}`},
		{http.MethodGet, "/graphql?" + url.Values{"query": {p["email"].(string)}, "variables": {p["name"].(string)}}.Encode(), ""},
		{http.MethodGet, "/" + url.PathEscape(p["email"].(string)), ""},
		{"MARK", "/graphql", ""},
	} {
		request, err := http.NewRequest(r.method, s.url+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		for header, value := range map[string]any{
			"X-API-KEY": p["secret"], "User-Agent": p["agent"], "Referer": "https://" + p["city"].(string) + ".example/",
			"Tracestate": p["state"], "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			"Baggage": "email=" + p["email"].(string), "Idempotency-Key": p["idempotency"], "Content-Type": "application/json",
			"X-Request-Id": p["email"], "X-Forwarded-For": p["city"], "Cookie": "a=" + p["phone"].(string),
		} {
			request.Header.Set(header, value.(string))
		}
		response, err := httpClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
}

package metrics

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func words() Vocabulary {
	return Vocabulary{
		Routes: []string{"/graphql"}, Methods: []string{"GET", "POST"}, Fields: []string{"customers"}, Codes: []string{"BadUserInput"},
		Limits: []string{"depth"}, StoreMethods: []string{"get"}, Collections: []string{"customers"}, Outcomes: []string{"ok"},
		BillingOperations: []string{"setCoupon"}, BillingOutcomes: []string{"ok", "temporary"}, SyncOutcomes: []string{"refused"},
		EventKinds: []string{"CustomerDeleted"}, EventOutcomes: []string{"news"},
	}
}

// scrape are the lines of the metrics of our own.
func scrape(t testing.TB, m *Metrics) []string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != 200 {
		t.Fatalf("status %d: %v", recorder.Code, err)
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "clientele_")
	})
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	m := New(words())
	m.Server("v1", "bbolt", func() bool { return false })
	m.RequestBegan()
	m.RequestBegan()
	m.RequestEnded("/graphql", "POST", 200, time.Second)
	m.Panic()
	m.Operation("query", "customers", "BadUserInput", 7, time.Second)
	m.Operation("none", "none", "none", 0, time.Second)
	m.Operation("mutation", "several", "none", 7, time.Second)
	m.Refusal("depth")
	m.Replay()
	m.Untrusted()
	m.StoreCall("get", "customers", "ok", time.Second)
	m.BillingCall("setCoupon", "ok", time.Second)
	m.Sync("refused", time.Second)
	m.BillingEvent("CustomerDeleted", "news")
	m.Syncs(func() (int, int) { return 2, 1 })
	m.Scans(func() (int, int) { return 4, 2 })
	m.ScansAdmitted(time.Second)
	m.ScansRefused()
	m.SpansLost(3)
	lines := scrape(t, m)
	for _, want := range []string{
		`clientele_http_requests_total{method="POST",route="/graphql",status="2xx"} 1`,
		`clientele_http_requests_total{method="POST",route="/graphql",status="5xx"} 0`,
		`clientele_http_request_duration_seconds_sum{route="/graphql"} 1`,
		`clientele_http_requests_in_flight 1`,
		`clientele_panics_total 1`,
		`clientele_graphql_operations_total{code="BadUserInput",field="customers",type="query"} 1`,
		`clientele_graphql_operations_total{code="none",field="none",type="none"} 1`,
		`clientele_graphql_operations_total{code="none",field="several",type="mutation"} 1`,
		`clientele_graphql_operation_duration_seconds_count{field="customers",type="query"} 1`,
		`clientele_graphql_operation_cost_sum{type="query"} 7`,
		`clientele_graphql_refusals_total{limit="depth"} 1`,
		`clientele_graphql_refusals_total{limit="other"} 0`,
		`clientele_idempotency_replays_total 1`,
		`clientele_graphql_untrusted_documents_total 1`,
		`clientele_store_calls_total{collection="customers",method="get",outcome="ok"} 1`,
		`clientele_store_call_duration_seconds_count{collection="customers",method="get"} 1`,
		`clientele_billing_calls_total{operation="setCoupon",outcome="ok"} 1`,
		`clientele_billing_calls_total{operation="setCoupon",outcome="temporary"} 0`,
		`clientele_billing_call_duration_seconds_sum{operation="setCoupon"} 1`,
		`clientele_billing_syncs_total{outcome="refused"} 1`,
		`clientele_billing_sync_duration_seconds_sum 1`,
		`clientele_billing_events_total{kind="CustomerDeleted",outcome="news"} 1`,
		`clientele_billing_events_total{kind="none",outcome="news"} 0`,
		`clientele_billing_syncs_waiting 2`,
		`clientele_billing_syncs_running 1`,
		`clientele_scans_waiting 4`,
		`clientele_scans_running 2`,
		`clientele_scan_wait_seconds_sum 1`,
		`clientele_scan_refusals_total 1`,
		`clientele_trace_spans_lost_total 3`,
		`clientele_ready 0`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("there is no %s in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, `cost_sum{type="none"}`) }) {
		t.Error("a cost that is not known is measured")
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	m := New(words())
	ready := true
	m.Server("v1", "bbolt", func() bool { return ready })
	for _, want := range []string{"clientele_ready 1", "clientele_ready 0"} {
		if lines := scrape(t, m); !slices.Contains(lines, want) {
			t.Errorf("there is no %s", want)
		}
		ready = false
	}
}

// TestLabelsAreClosed: whatever is reported, the labels have only the values of the vocabulary.
func TestLabelsAreClosed(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{"other": true, "none": true, "several": true, "query": true, "mutation": true,
		"/graphql": true, "GET": true, "POST": true, "customers": true, "BadUserInput": true, "depth": true, "get": true, "ok": true,
		"setCoupon": true, "temporary": true, "refused": true, "CustomerDeleted": true, "news": true,
		"2xx": true, "3xx": true, "4xx": true, "5xx": true}
	m := New(words())
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"customers", "get", "ok", "depth", "query"}))
	rapid.Check(t, func(rt *rapid.T) {
		text := func() string { return texts.Draw(rt, "text") }
		m.RequestBegan()
		m.RequestEnded(text(), text(), rapid.Int().Draw(rt, "status"), time.Second)
		m.Operation(text(), text(), text(), rapid.Int().Draw(rt, "cost"), time.Second)
		m.Refusal(text())
		m.StoreCall(text(), text(), text(), time.Second)
		m.BillingCall(text(), text(), time.Second)
		m.Sync(text(), time.Second)
		m.BillingEvent(text(), text())
	})
	for _, line := range scrape(t, m) {
		_, labels, found := strings.Cut(line, "{")
		if !found {
			continue
		}
		labels = labels[:strings.LastIndexByte(labels, '}')]
		for pair := range strings.SplitSeq(labels, `",`) {
			name, value, _ := strings.Cut(strings.TrimSuffix(pair, `"`), `="`)
			if name != "le" && !allowed[value] {
				t.Errorf("%s is %q", name, value)
			}
		}
	}
}

// Package metrics counts and measures for Prometheus. Each label has a closed set of values, given at the start, and any
// other value becomes Other, so that no client can create a series. The package knows the names of what is measured,
// and none of the parts that measure.
package metrics

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"

	// Prometheus's own client library, whose text format and runtime metrics are what dashboards expect.
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Other stands for a value that is not in a label's set.
const Other = "other"

// None stands for no value, such as the code of an operation without an error.
const None = "none"

// Vocabulary is the closed set of each label.
type Vocabulary struct {
	// Routes and Methods are those of HTTP requests.
	Routes, Methods []string
	// Fields are the root fields of the schema, Codes the error codes, and Limits the names of limits.
	Fields, Codes, Limits []string
	// StoreMethods, Collections and Outcomes are those of calls to the store.
	StoreMethods, Collections, Outcomes []string
	// BillingOperations and BillingOutcomes are those of calls to the billing provider, SyncOutcomes those of syncs with
	// it, and EventKinds and EventOutcomes those of its events.
	BillingOperations, BillingOutcomes, SyncOutcomes, EventKinds, EventOutcomes []string
}

// set holds the values of a label.
type set map[string]bool

func setOf(values []string, more ...string) set {
	s := set{}
	for _, value := range append(append([]string{Other}, values...), more...) {
		s[value] = true
	}
	return s
}

// of returns the value if it is in the set, else Other.
func (s set) of(value string) string {
	if s[value] {
		return value
	}
	return Other
}

var (
	// requestBuckets end at the operation timeout.
	requestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	// storeBuckets begin at a read of the embedded engine.
	storeBuckets = []float64{.00005, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5, 10}
	// billingBuckets begin at a quick provider, and end at the timeout of a sync.
	billingBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 45}
	// costBuckets go from the least charge to a second of one core.
	costBuckets = []float64{10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 500_000}
	// scanWaitBuckets begin at no wait.
	scanWaitBuckets = []float64{.001, .01, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

// Metrics are all metrics of one server.
type Metrics struct {
	registry *prometheus.Registry

	routes, methods, fields, codes, limits, types    set
	storeMethods, collections, outcomes              set
	billingOperations, billingOutcomes, syncOutcomes set
	eventKinds, eventOutcomes                        set

	requests        *prometheus.CounterVec
	requestDuration *prometheus.HistogramVec
	inFlight        prometheus.Gauge
	panics          prometheus.Counter

	operations        *prometheus.CounterVec
	operationDuration *prometheus.HistogramVec
	operationCost     *prometheus.HistogramVec
	refusals          *prometheus.CounterVec
	replays           prometheus.Counter
	untrusted         prometheus.Counter

	storeCalls    *prometheus.CounterVec
	storeDuration *prometheus.HistogramVec
	scanWait      prometheus.Histogram
	scanRefusals  prometheus.Counter

	billingCalls    *prometheus.CounterVec
	billingDuration *prometheus.HistogramVec
	syncs           *prometheus.CounterVec
	syncDuration    prometheus.Histogram
	events          *prometheus.CounterVec

	lostSpans prometheus.Counter
}

// statusClasses are the classes of status codes; Other is an aborted response.
var statusClasses = []string{"2xx", "3xx", "4xx", "5xx"}

// New registers everything that can be measured.
func New(words Vocabulary) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		routes:   setOf(words.Routes), methods: setOf(words.Methods), fields: setOf(words.Fields, None, Several),
		codes: setOf(words.Codes, None), limits: setOf(words.Limits), types: setOf([]string{"query", "mutation"}, None),
		storeMethods: setOf(words.StoreMethods), collections: setOf(words.Collections), outcomes: setOf(words.Outcomes),
		billingOperations: setOf(words.BillingOperations), billingOutcomes: setOf(words.BillingOutcomes), syncOutcomes: setOf(words.SyncOutcomes),
		eventKinds: setOf(words.EventKinds, None), eventOutcomes: setOf(words.EventOutcomes),

		requests: counters("http_requests_total",
			"HTTP requests, by route, method and class of status; other is the status of an aborted response.", "route", "method", "status"),
		requestDuration: histograms("http_request_duration_seconds",
			"How long requests took, from their headers to the end of their responses.", requestBuckets, "route"),
		inFlight: gauge("http_requests_in_flight", "Requests in progress."),
		panics:   counter("panics_total", "Panics that were caught; the log has the stack of each."),

		operations: counters("graphql_operations_total",
			"GraphQL operations, by type, root field and the code of their first error; none is a code for success, and a type and field for what was refused unread.",
			"type", "field", "code"),
		operationDuration: histograms("graphql_operation_duration_seconds",
			"How long operations took, from the check of the API key to their responses.", requestBuckets, "type", "field"),
		operationCost: histograms("graphql_operation_cost", "Points that API keys were charged for executed operations.", costBuckets, "type"),
		refusals:      counters("graphql_refusals_total", "Requests that a limit refused, by its name.", "limit"),
		untrusted:     counter("graphql_untrusted_documents_total", "Documents that were run although they are not trusted, in report mode."),
		replays:       counter("idempotency_replays_total", "Mutations that got the stored response of an earlier one."),

		storeCalls:    counters("store_calls_total", "Calls to the store, by method, collection and how they ended.", "method", "collection", "outcome"),
		storeDuration: histograms("store_call_duration_seconds", "How long calls to the store took.", storeBuckets, "method", "collection"),
		scanWait:      histogram("scan_wait_seconds", "How long operations waited for a slot to scan in.", scanWaitBuckets),
		scanRefusals:  counter("scan_refusals_total", "Operations that got no slot to scan in."),

		billingCalls: counters("billing_calls_total",
			"Calls to the billing provider, by operation and how they ended.", "operation", "outcome"),
		billingDuration: histograms("billing_call_duration_seconds", "How long calls to the billing provider took.", billingBuckets, "operation"),
		syncs:           counters("billing_syncs_total", "Syncs of customers with the billing provider, by how they ended.", "outcome"),
		syncDuration: histogram("billing_sync_duration_seconds",
			"How long syncs with the billing provider took, from their turn until they were written down.", billingBuckets),
		events: counters("billing_events_total",
			"Events of the billing provider, by kind and what came of them; none is a kind for what was not read or is of no interest.", "kind", "outcome"),

		lostSpans: counter("trace_spans_lost_total", "Spans that could not be sent to the collector of traces."),
	}
	m.registry.MustRegister(
		m.requests, m.requestDuration, m.inFlight, m.panics,
		m.operations, m.operationDuration, m.operationCost, m.refusals, m.untrusted, m.replays,
		m.storeCalls, m.storeDuration, m.scanWait, m.scanRefusals, m.lostSpans,
		m.billingCalls, m.billingDuration, m.syncs, m.syncDuration, m.events,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	// Series that alerts read are 0 from the start rather than absent.
	for limit := range m.limits {
		m.refusals.WithLabelValues(limit)
	}
	for _, status := range statusClasses {
		m.requests.WithLabelValues("/graphql", http.MethodPost, status)
	}
	for operation := range m.billingOperations {
		for outcome := range m.billingOutcomes {
			m.billingCalls.WithLabelValues(operation, outcome)
		}
	}
	for outcome := range m.syncOutcomes {
		m.syncs.WithLabelValues(outcome)
	}
	for outcome := range m.eventOutcomes {
		m.events.WithLabelValues(None, outcome)
	}
	return m
}

// Several stands for the root field of an operation that has more than one.
const Several = "several"

const namespace = "clientele"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
}

// RequestBegan counts a request in progress.
func (m *Metrics) RequestBegan() { m.inFlight.Inc() }

// RequestEnded counts a finished request.
func (m *Metrics) RequestEnded(route, method string, status int, took time.Duration) {
	m.inFlight.Dec()
	class := Other
	if i := status/100 - 2; i >= 0 && i < len(statusClasses) {
		class = statusClasses[i]
	}
	route = m.routes.of(route)
	m.requests.WithLabelValues(route, m.methods.of(method), class).Inc()
	m.requestDuration.WithLabelValues(route).Observe(took.Seconds())
}

// Panic counts a panic that was caught.
func (m *Metrics) Panic() { m.panics.Inc() }

// Operation counts a GraphQL operation. A cost of 0 is unknown.
func (m *Metrics) Operation(kind, field, code string, cost int, took time.Duration) {
	kind, field = m.types.of(kind), m.fields.of(field)
	m.operations.WithLabelValues(kind, field, m.codes.of(code)).Inc()
	m.operationDuration.WithLabelValues(kind, field).Observe(took.Seconds())
	if cost > 0 {
		m.operationCost.WithLabelValues(kind).Observe(float64(cost))
	}
}

// Refusal counts a request that a limit refused.
func (m *Metrics) Refusal(limit string) { m.refusals.WithLabelValues(m.limits.of(limit)).Inc() }

// Untrusted counts a document that was run although it is not trusted.
func (m *Metrics) Untrusted() { m.untrusted.Inc() }

// Replay counts a mutation that got the stored response of an earlier one.
func (m *Metrics) Replay() { m.replays.Inc() }

// StoreCall counts a call to the store.
func (m *Metrics) StoreCall(method, collection, outcome string, took time.Duration) {
	method, collection = m.storeMethods.of(method), m.collections.of(collection)
	m.storeCalls.WithLabelValues(method, collection, m.outcomes.of(outcome)).Inc()
	m.storeDuration.WithLabelValues(method, collection).Observe(took.Seconds())
}

// ScansAdmitted counts an operation that got a slot to scan in.
func (m *Metrics) ScansAdmitted(waited time.Duration) { m.scanWait.Observe(waited.Seconds()) }

// ScansRefused counts an operation that got none.
func (m *Metrics) ScansRefused() { m.scanRefusals.Inc() }

// Scans sets the source of how many operations wait for a slot to scan in, and have one; it is read at every scrape.
func (m *Metrics) Scans(load func() (waiting, running int)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "scans_waiting", Help: "Operations that wait for a slot to scan in.",
		}, func() float64 { waiting, _ := load(); return float64(waiting) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "scans_running", Help: "Operations that have a slot to scan in.",
		}, func() float64 { _, running := load(); return float64(running) }),
	)
}

// BillingCall counts a call to the billing provider.
func (m *Metrics) BillingCall(operation, outcome string, took time.Duration) {
	operation = m.billingOperations.of(operation)
	m.billingCalls.WithLabelValues(operation, m.billingOutcomes.of(outcome)).Inc()
	m.billingDuration.WithLabelValues(operation).Observe(took.Seconds())
}

// Sync counts a sync with the billing provider.
func (m *Metrics) Sync(outcome string, took time.Duration) {
	m.syncs.WithLabelValues(m.syncOutcomes.of(outcome)).Inc()
	m.syncDuration.Observe(took.Seconds())
}

// BillingEvent counts an event of the billing provider.
func (m *Metrics) BillingEvent(kind, outcome string) {
	m.events.WithLabelValues(m.eventKinds.of(kind), m.eventOutcomes.of(outcome)).Inc()
}

// Syncs sets the source of how many syncs wait and run; it is read at every scrape.
func (m *Metrics) Syncs(load func() (waiting, running int)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "billing_syncs_waiting", Help: "Syncs with the billing provider that wait in this server.",
		}, func() float64 { waiting, _ := load(); return float64(waiting) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "billing_syncs_running", Help: "Syncs with the billing provider that run in this server.",
		}, func() float64 { _, running := load(); return float64(running) }),
	)
}

// SpansLost counts spans that the collector did not get.
func (m *Metrics) SpansLost(spans int) { m.lostSpans.Add(float64(spans)) }

// Server sets the constant facts about the server, and the source of its readiness, which is read at every scrape.
func (m *Metrics) Server(version, engine string, ready func() bool) {
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "1, with the program's version, Go's, and the storage engine.",
	}, []string{"version", "go_version", "engine"})
	build.WithLabelValues(version, runtime.Version(), engine).Set(1)
	m.registry.MustRegister(build, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "ready", Help: "1 while the server can do its work, as in /readyz, else 0.",
	}, func() float64 {
		if ready() {
			return 1
		}
		return 0
	}))
}

// maxScrapes bounds what scrapers can cost.
const maxScrapes = 4

// Handler serves the metrics in the formats of Prometheus.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError), MaxRequestsInFlight: maxScrapes,
	})
}

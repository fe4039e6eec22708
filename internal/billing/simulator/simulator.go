// Package simulator is a stand-in for Stripe, for development and tests: an HTTP server of the endpoints that
// are used here, with customers, payment methods, tax ids and coupons that behave as Stripe's do, errors that
// repeat what was sent as Stripe's do, failures that can be ordered, and signed events that can come late,
// repeated and out of order.
//
// It is written from Stripe's documentation and knows nothing of this program, so that what works with it has a
// chance with Stripe. It keeps everything in memory. It must never be reachable from outside a developer's
// machine: every client that reaches /_simulator may do anything.
package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options configure a simulator; the zero value is fine for a simulator that sends no events.
type Options struct {
	// SecretKey is the API key that is let in; "" lets any in.
	SecretKey string
	// WebhookURL is where events go, and WebhookSecret what they are signed with.
	WebhookURL    string
	WebhookSecret string
	// Client delivers events; nil is one with a limit of ten seconds.
	Client *http.Client
	// Now is the simulator's clock; nil is the machine's.
	Now func() time.Time
}

// Simulator is an http.Handler that behaves as Stripe's API does under /v1, and takes orders under /_simulator.
type Simulator struct {
	options Options

	mu             sync.Mutex
	customers      []*customer // in order of creation
	paymentMethods map[string]*paymentMethod
	coupons        map[string]object
	remembered     map[string]*remembered
	faults         []*Fault
	events         []*event
	wake           chan struct{} // signals to Run that there is an event
}

// New returns a simulator without customers.
func New(options Options) *Simulator {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Client == nil {
		options.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return &Simulator{
		options: options, wake: make(chan struct{}, 1),
		paymentMethods: map[string]*paymentMethod{}, coupons: map[string]object{},
		remembered: map[string]*remembered{},
	}
}

// An object is a JSON object of the API.
type object map[string]any

// A response is the status and the body.
type response struct {
	status int
	body   object
}

func ok(body object) response { return response{http.StatusOK, body} }

// refuse is an error as Stripe words it.
func refuse(status int, code, param, message string) response {
	e := object{"type": "invalid_request_error", "code": code, "message": message}
	switch {
	case status == http.StatusPaymentRequired:
		e["type"] = "card_error"
	case status >= http.StatusInternalServerError:
		e["type"] = "api_error"
	}
	if code == "" {
		delete(e, "code")
	} else {
		e["doc_url"] = "https://docs.stripe.com/error-codes/" + strings.ReplaceAll(code, "_", "-")
	}
	if param != "" {
		e["param"] = param
	}
	return response{status, object{"error": e}}
}

func missing(status int, param, what, id string) response {
	return refuse(status, "resource_missing", param, fmt.Sprintf("No such %s: '%s'", what, id))
}

// A call is one request to the API.
type call struct {
	ids       []string // the parts of the path that a route leaves open
	form      url.Values
	requestID string
}

// A route is one endpoint; * in its path stands for an id.
type route struct {
	method, path string
	params       []string // the parameters that it knows; [*] stands for any key
	do           func(*Simulator, *call) response
}

var routes = []route{
	{"POST", "/v1/customers", customerParams, (*Simulator).createCustomer},
	{"GET", "/v1/customers/*", nil, (*Simulator).getCustomer},
	{"POST", "/v1/customers/*", customerParams, (*Simulator).updateCustomer},
	{"DELETE", "/v1/customers/*", nil, (*Simulator).removeCustomer},
	{"GET", "/v1/customers/*/payment_methods", listParams, (*Simulator).listPaymentMethods},
	{"GET", "/v1/customers/*/tax_ids", listParams, (*Simulator).listTaxIDs},
	{"POST", "/v1/customers/*/tax_ids", []string{"type", "value"}, (*Simulator).createTaxID},
	{"DELETE", "/v1/customers/*/tax_ids/*", nil, (*Simulator).deleteTaxID},
	{"GET", "/v1/payment_methods/*", nil, (*Simulator).getPaymentMethod},
	{"POST", "/v1/payment_methods/*/attach", []string{"customer"}, (*Simulator).attach},
	{"POST", "/v1/payment_methods/*/detach", nil, (*Simulator).detach},
	{"POST", "/v1/coupons", couponParams, (*Simulator).createCoupon},
	{"GET", "/v1/coupons/*", nil, (*Simulator).getCoupon},
}

var listParams = []string{"limit", "starting_after"}

// match returns the ids in the path, and whether the route is the request's.
func (r route) match(method, path string) ([]string, bool) {
	want, got := strings.Split(r.path, "/"), strings.Split(path, "/")
	if r.method != method || len(want) != len(got) {
		return nil, false
	}
	var ids []string
	for i, part := range want {
		switch {
		case part == "*" && got[i] != "":
			ids = append(ids, got[i])
		case part != got[i]:
			return nil, false
		}
	}
	return ids, true
}

// ServeHTTP handles a request to the API or to the simulator itself.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_simulator") {
		s.serveControl(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	requestID := newID("req")
	w.Header().Set("Request-Id", requestID)
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	if version := r.Header.Get("Stripe-Version"); version != "" {
		w.Header().Set("Stripe-Version", version)
	}

	fault := s.takeFault(r.Method, r.URL.Path)
	if fault.before(w, r) {
		return
	}
	result, replayed := s.perform(r, string(body), requestID, fault)
	fault.after(w, r)
	if replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	write(w, result)
}

func write(w http.ResponseWriter, a response) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body)
}

// remembered is what an idempotency key stands for.
type remembered struct {
	request  [sha256.Size]byte
	at       time.Time
	response response
}

// keysLive is how long Stripe remembers keys at least.
const keysLive = 24 * time.Hour

// perform carries the request out, or replays the stored response if its key is known.
func (s *Simulator) perform(r *http.Request, body, requestID string, fault *Fault) (result response, replayed bool) {
	if !s.letIn(r) {
		return refuse(http.StatusUnauthorized, "", "", "Invalid API Key provided: "+r.Header.Get("Authorization")), false
	}
	s.mu.Lock()
	defer s.mu.Unlock()

	key := r.Header.Get("Idempotency-Key")
	if r.Method != http.MethodPost || key == "" {
		result = s.route(r, body, requestID)
		fault.replace(&result)
		return result, false
	}
	request := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + body))
	now := s.options.Now()
	if known := s.remembered[key]; known != nil && now.Sub(known.at) < keysLive {
		if known.request != request {
			mismatch := refuse(http.StatusBadRequest, "", "", fmt.Sprintf("Keys for idempotent requests can only be "+
				"used with the same parameters they were first used with. Try using a key other than '%s'.", key))
			mismatch.body["error"].(object)["type"] = "idempotency_error"
			return mismatch, false
		}
		return known.response, true
	}
	if fault.isFailure() {
		result = serverError()
	} else {
		result = s.route(r, body, requestID)
		fault.replace(&result)
	}
	// What was refused before it began is not remembered.
	if result.status < 400 || result.status == http.StatusPaymentRequired || result.status >= 500 {
		if len(s.remembered)%1000 == 0 {
			maps.DeleteFunc(s.remembered, func(_ string, r *remembered) bool { return now.Sub(r.at) >= keysLive })
		}
		s.remembered[key] = &remembered{request: request, at: now, response: result}
	}
	return result, false
}

func (s *Simulator) letIn(r *http.Request) bool {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if user, _, basic := r.BasicAuth(); basic {
		given = user
	}
	want := s.options.SecretKey
	return given != "" && (want == "" || subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1)
}

func (s *Simulator) route(r *http.Request, body, requestID string) response {
	if r.Method != http.MethodPost {
		body = r.URL.RawQuery
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return refuse(http.StatusBadRequest, "", "", "Invalid request")
	}
	for _, route := range routes {
		ids, matches := route.match(r.Method, r.URL.Path)
		if !matches {
			continue
		}
		for param, values := range form {
			if !strings.HasPrefix(param, "expand[") && !known(route.params, param) {
				return refuse(http.StatusBadRequest, "parameter_unknown", param, "Received unknown parameter: "+param)
			}
			if len(values) > 1 {
				return refuse(http.StatusBadRequest, "parameters_exclusive", param, "Received a parameter twice: "+param)
			}
		}
		return route.do(s, &call{ids: ids, form: form, requestID: requestID})
	}
	return refuse(http.StatusNotFound, "", "",
		fmt.Sprintf("Unrecognized request URL (%s: %s).", r.Method, r.URL.Path))
}

// known reports whether one of the patterns is the parameter's; [*] stands for any key.
func known(patterns []string, param string) bool {
	for _, pattern := range patterns {
		if matchParam(pattern, param) {
			return true
		}
	}
	return false
}

func matchParam(pattern, param string) bool {
	for {
		before, after, open := strings.Cut(pattern, "[*]")
		if !open {
			return pattern == param
		}
		rest, ok := strings.CutPrefix(param, before+"[")
		if !ok {
			return false
		}
		end := strings.IndexByte(rest, ']')
		if end < 1 {
			return false
		}
		pattern, param = after, rest[end+1:]
	}
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newID is an id as Stripe makes them.
func newID(prefix string) string {
	id := []byte(prefix + "_")
	for range 14 {
		id = append(id, idLetters[rand.IntN(len(idLetters))])
	}
	return string(id)
}

// page returns a list, newest first as its items come, from after the one named by starting_after.
func page(c *call, path string, items []object) response {
	if after := c.form.Get("starting_after"); after != "" {
		for i, item := range items {
			if item["id"] == after {
				items = items[i+1:]
				break
			}
		}
	}
	limit := 10
	if _, err := fmt.Sscanf(c.form.Get("limit"), "%d", &limit); c.form.Has("limit") && (err != nil || limit < 1 || limit > 100) {
		return refuse(http.StatusBadRequest, "parameter_invalid_integer", "limit", "Invalid integer: "+c.form.Get("limit"))
	}
	more := len(items) > limit
	if more {
		items = items[:limit]
	}
	if items == nil {
		items = []object{}
	}
	return ok(object{"object": "list", "url": path, "has_more": more, "data": items})
}

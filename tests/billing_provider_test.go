package tests

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

// provider is the billing provider of a test: the simulator of Stripe, served by the test, which sees every request
// and can hold it back. It outlives the server that it bills for.
type provider struct {
	*simulator.Simulator

	address string
	socket  int
	// clock is the simulator's time; 0 is the machine's.
	clock atomic.Int64

	// kept are all documents of the server that bills with the provider.
	kept func() string

	mutex sync.Mutex
	watch watcher
	// respond replaces the simulator's response; nil keeps it.
	respond func(http.ResponseWriter, call)
	calls   []call
	last    time.Time
}

// call is a request to the provider.
type call struct {
	number             int
	method, path, body string
	// ended is closed when the client no longer waits for the response.
	ended <-chan struct{}
}

// about reports whether one of the texts is in the request.
func (c call) about(texts ...string) bool {
	for _, text := range texts {
		if text != "" && strings.Contains(c.path+"?"+c.body, text) {
			return true
		}
	}
	return false
}

// moment is how far a request has come.
type moment string

const (
	arrived    moment = "before it was carried out"
	carriedOut moment = "before the response"
	responded  moment = "after the response"
)

// watcher is called at each moment of a request and may block. If it returns false, the connection is closed there.
type watcher func(moment, call) bool

// unreachableProvider is a provider with a reserved port that refuses connections until it is opened.
func unreachableProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.Simulator = simulator.New(simulator.Options{SecretKey: stripeKey, WebhookSecret: webhookSecret, Now: p.now})
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
		err = syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	p.socket = socket
	p.address = (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: bound.(*syscall.SockaddrInet4).Port}).String()
	return p
}

// startProvider is a provider that works.
func startProvider(t *testing.T) *provider {
	t.Helper()
	p := unreachableProvider(t)
	p.open(t)
	return p
}

// open lets requests in, until the test ends.
func (p *provider) open(t *testing.T) {
	t.Helper()
	err := syscall.Listen(p.socket, 128)
	file := os.NewFile(uintptr(p.socket), "provider")
	defer file.Close()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

func (p *provider) now() time.Time {
	if at := p.clock.Load(); at != 0 {
		return time.Unix(at, 0)
	}
	return time.Now()
}

// watchWith looks at each request to come; nil lets them pass.
func (p *provider) watchWith(watch watcher) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.watch = watch
}

// respondWith sets the response to every later POST; nil restores the simulator's.
func (p *provider) respondWith(respond func(http.ResponseWriter, call)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.respond = respond
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // Whoever sent the rest of it was killed.
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mutex.Lock()
	c := call{len(p.calls), r.Method, r.URL.Path, string(body), r.Context().Done()}
	p.calls, p.last = append(p.calls, c), time.Now()
	watch, respond := p.watch, p.respond
	p.mutex.Unlock()
	look := func(m moment) {
		if watch != nil && !watch(m, c) {
			panic(http.ErrAbortHandler)
		}
	}
	look(arrived)
	recorded := httptest.NewRecorder()
	if respond != nil && c.method == http.MethodPost {
		respond(recorded, c)
	} else {
		p.ServeHTTP(recorded, r)
	}
	look(carriedOut)
	w.Header().Set("Content-Length", strconv.Itoa(recorded.Body.Len()))
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
	_ = http.NewResponseController(w).Flush()
	look(responded)
}

// requests are the requests so far.
func (p *provider) requests() []call {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.calls[:len(p.calls):len(p.calls)]
}

// quiet is longer than a server waits with looking after a customer that it has just changed.
const quiet = 7 * time.Second

// awaitQuiet waits until the provider has received no request for a while.
func (p *provider) awaitQuiet(t *testing.T) {
	t.Helper()
	await(t, time.Minute, func() string {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if time.Since(p.last) < quiet {
			return "the provider still receives requests"
		}
		return ""
	})
}

// known are the customers of the provider that carry a customer's id.
func (p *provider) known(customerID string) []simulator.Customer {
	var known []simulator.Customer
	for _, c := range p.Customers() {
		if c.Metadata["clientele_customer_id"] == customerID {
			known = append(known, c)
		}
	}
	return known
}

// direct sends the provider a request that does not come from the server.
func (p *provider) direct(t *testing.T, method, path string) []byte {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	request.Header.Set("Authorization", "Bearer "+stripeKey)
	recorded := httptest.NewRecorder()
	p.ServeHTTP(recorded, request)
	if recorded.Code != http.StatusOK {
		t.Fatalf("%s %s: %d, %s", method, path, recorded.Code, recorded.Body)
	}
	return recorded.Body.Bytes()
}

// bill has a server bill with the provider.
func (p *provider) bill(cfg *config.Config) {
	cfg.Billing = config.Billing{
		Given: config.BillingStripe, StripeSecretKey: stripeKey, StripeWebhookSecret: webhookSecret, StripeAPIBase: "http://" + p.address,
	}
}

// arguments are bill for a process.
func (p *provider) arguments() []string {
	return []string{
		"--billing", "stripe", "--stripe-secret-key", stripeKey, "--stripe-webhook-secret", webhookSecret, "--stripe-api-base", "http://" + p.address,
	}
}

// mongoDBTest lets one billing test at a time use MongoDB, while the others use the embedded engine.
var mongoDBTest sync.Mutex

// manyOrFew is how many customers a test has: many, but few in short tests and on FerretDB, which stands in for MongoDB and
// needs a fifth of a second for a write beside others.
func manyOrFew(t *testing.T, many, few int) int {
	t.Helper()
	if testing.Short() || strings.HasSuffix(t.Name(), "/mongodb") && mongotest.Running(t).IsFerretDB {
		return few
	}
	return many
}

// onEnginesWithBilling runs a test against a fresh server on each engine, which bills with a provider of its own. The
// catalogue is the one of the README.
func onEnginesWithBilling(t *testing.T, start func(*testing.T) *provider, test func(t *testing.T, server *service, p *provider)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			if engine.name == "mongodb" {
				mongoDBTest.Lock()
				defer mongoDBTest.Unlock()
			}
			cfg := config.Default()
			engine.configure(t, &cfg)
			applyCatalog(t, cfg, exampleCatalog, "development")
			p := start(t)
			p.bill(&cfg)
			p.kept = func() string { return documents(t, cfg) }
			test(t, startService(t, cfg), p)
		})
	}
}

// The operations of billing.
const (
	billingFields = `customerId name email billingId billingLinkUrl billingCurrency hasPaymentMethod defaultPaymentMethodId defaultPaymentMethodType
    defaultPaymentMethodLast4Digits defaultPaymentExpirationMonth defaultPaymentExpirationYear coupon { refId }
    syncStates { vendorIdentifier status error syncedEntityId }`

	provisionWithBillingOperation = `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { ` + billingFields + ` } } }`
	updateWithBillingOperation    = `mutation($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { ` + billingFields + ` } }`
	unarchiveWithBillingOperation = `mutation($input: UnarchiveCustomerInput!) { unarchiveCustomer(input: $input) { ` + billingFields + ` } }`
	attachOperation               = `mutation($input: AttachCustomerPaymentMethodInput!) { attachCustomerPaymentMethod(input: $input) { ` + billingFields + ` } }`
	detachOperation               = `mutation($input: DetachCustomerPaymentMethodInput!) { detachCustomerPaymentMethod(input: $input) { ` + billingFields + ` } }`
	resyncOperation               = `mutation($input: ResyncCustomerInput!) { resyncCustomer(input: $input) { ` + billingFields + ` } }`
	listWithBillingOperation      = `query($paging: CursorPaging) { customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {
  edges { node { ` + billingFields + ` } } pageInfo { hasNextPage endCursor } } }`
)

// information is billing information with something in every place.
func information(changes object) object {
	address := object{
		"country": "DK", "state": "Hovedstaden", "city": "Copenhagen", "postalCode": "1050", "addressLine1": "Kongens Nytorv 1",
		"addressLine2": "2nd floor", "phoneNumber": "+45 12 34 56 78",
	}
	return with(object{
		"billingAddress": address, "shippingAddress": with(address, object{"addressLine1": "Havnegade 2"}), "currency": "DKK",
		"taxIds":              []object{{"type": "eu_vat", "value": "DK13585628"}, {"type": "gb_vat", "value": "GB220430231"}},
		"invoiceCustomFields": object{"Cost centre": "4711"}, "paymentMethodId": "pm_card_visa", "timezone": "Europe/Copenhagen", "language": "da-DK",
		"metadata": object{"colour": "blue"},
	}, changes)
}

// customersWithBilling returns all customers by id, with the billing fields.
func customersWithBilling(t *testing.T, client *client) map[string]object {
	t.Helper()
	found := map[string]object{}
	var after any
	for {
		page := client.must(t, listWithBillingOperation, object{"paging": object{"first": 100, "after": after}})["customers"].(object)
		for _, edge := range page["edges"].([]any) {
			node := edge.(object)["node"].(object)
			found[text(node["customerId"])] = node
		}
		if after = page["pageInfo"].(object)["endCursor"]; page["pageInfo"].(object)["hasNextPage"] != true {
			return found
		}
	}
}

// customerWithBilling returns one customer with the billing fields.
func customerWithBilling(t *testing.T, client *client, id string) object {
	t.Helper()
	got, _ := client.must(t, `query($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { `+billingFields+` } }`,
		object{"input": object{"customerId": id}})["getCustomerByRefId"].(object)
	return got
}

// syncOf is how a customer stands with the provider, and why.
func syncOf(customer object) (status, why string) {
	state := customer["syncStates"].([]any)[0].(object)
	return text(state["status"]), text(state["error"])
}

// sendAgain is what the API says to customers whose billing information came to nothing.
const sendAgain = "send all of it again"

// await waits until something is so, and says what is not if it takes too long. Each look returns what is still
// wrong, "" for nothing.
func await(t *testing.T, limit time.Duration, look func() string) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); ; <-ticker.C {
		wrong := look()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", limit, wrong)
		}
	}
}

// awaitSync waits until every customer has a status, or one of them with a reason in which a text is.
func awaitSync(t *testing.T, client *client, limit time.Duration, allowed func(id, status, why string) bool) map[string]object {
	t.Helper()
	var all map[string]object
	await(t, limit, func() string {
		all = customersWithBilling(t, client)
		for id, customer := range all {
			if status, why := syncOf(customer); !allowed(id, status, why) {
				return id + " is " + status + ": " + why
			}
		}
		return ""
	})
	return all
}

func inSync(_, status, _ string) bool { return status == "SUCCESS" }

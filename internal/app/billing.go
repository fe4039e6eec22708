package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
	"clientele/internal/billing/taxid"
	"clientele/internal/billingsync"
	"clientele/internal/config"
	"clientele/internal/customers"
	"clientele/internal/httpd"
)

// provider is one that --billing names.
type provider struct {
	name   string
	vendor billing.Vendor
	// open connects to the account of the configuration. own is the address at which the server takes requests.
	open func(a *App, ctx context.Context, own net.Addr) (*biller, error)
}

// providers are all that there are. The first one describes the integration of a server without a provider too.
var providers = []provider{
	{config.BillingStripe, stripe.Describe(taxid.Live), (*App).newStripe},
	{config.BillingSimulator, stripe.Describe(taxid.Test), (*App).newSimulation},
}

// errProvider is that the configuration names a provider that there is not.
var errProvider = errors.New("--billing or CLIENTELE_BILLING must be")

// findProvider returns the provider of a name, nil for none. Errors: errProvider.
func findProvider(name string) (*provider, error) {
	names := config.BillingNone
	for i := range providers {
		if providers[i].name == name {
			return &providers[i], nil
		}
		names += []string{", ", " or "}[(i+1)/len(providers)] + providers[i].name
	}
	if name == config.BillingNone {
		return nil, nil
	}
	return nil, fmt.Errorf("%w %s", errProvider, names)
}

// webhookPaths are those of all providers.
func webhookPaths() []string {
	var paths []string
	for _, p := range providers {
		paths = append(paths, p.vendor.WebhookPath())
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// biller is a server's billing provider, or that it has none.
type biller struct {
	vendor billing.Vendor
	// sync is nil without a provider.
	sync *billingsync.Service
	// webhook is nil if nothing proves who sent an event.
	webhook *httpd.Webhook
	// greeting says in a line or two where the provider is.
	greeting []string
	// works run until the last request has ended, and end releases what they need.
	works []func(context.Context)
	end   func()
}

// options configure the use cases for the provider.
func (b *biller) options() []customers.Option {
	options := []customers.Option{customers.WithIntegration(b.vendor.Integration)}
	if b.sync != nil {
		options = append(options, customers.WithSync(b.sync))
	}
	return options
}

// run works until the context is done and all works have ended.
func (b *biller) run(ctx context.Context) {
	var group sync.WaitGroup
	for _, work := range b.works {
		group.Go(func() { work(ctx) })
	}
	group.Wait()
}

// newBiller opens the provider of the configuration.
func (a *App) newBiller(ctx context.Context, own net.Addr) (*biller, error) {
	found, err := findProvider(a.config.Billing.Provider())
	if err != nil {
		return nil, err
	}
	if found == nil {
		return &biller{vendor: providers[0].vendor, end: func() {}}, nil
	}
	return found.open(a, ctx, own)
}

// connect syncs with a provider. receives is whether the provider can prove that it sent an event.
func (a *App) connect(provider billing.Provider, receives bool) *biller {
	b := &biller{vendor: provider.Vendor(), end: func() {}}
	b.greeting = []string{b.vendor.Title}
	b.sync = billingsync.New(a.store, a.signals.watchProvider(provider), a.log, billingsync.WithObservation(a.signals.syncs()))
	a.signals.metrics.Syncs(b.sync.Load)
	b.works = append(b.works, b.sync.Run)
	if receives {
		b.webhook = &httpd.Webhook{
			Path: b.vendor.WebhookPath(), SignatureHeader: b.vendor.SignatureHeader, Receive: receiver(b.sync.Receive),
		}
	}
	return b
}

func (a *App) newStripe(ctx context.Context, _ net.Addr) (*biller, error) {
	settings := a.config.Billing
	secrets := settings.WebhookSecrets()
	account, err := stripe.New(stripe.Config{
		SecretKey: string(settings.StripeSecretKey), WebhookSecrets: secrets, APIBase: settings.StripeAPIBase,
	})
	if err != nil {
		return nil, err
	}
	b := a.connect(account, secrets != nil)
	if settings.StripeAPIBase != stripe.APIBase {
		b.greeting[0] += " at " + settings.StripeAPIBase
	}
	if secrets == nil {
		a.log.WarnContext(ctx, "no events of Stripe are taken in, so that what changes there stays unknown here: give the signing secret of a webhook endpoint (--stripe-webhook-secret)")
	}
	return b, nil
}

// receiver says in the words of the HTTP server which events are their sender's fault.
func receiver(receive httpd.Receiver) httpd.Receiver {
	return func(ctx context.Context, payload []byte, signature string) error {
		err := receive(ctx, payload, signature)
		for _, fault := range []error{
			billing.ErrFutureSignature, billing.ErrFutureEvent, billing.ErrBadSignature, billing.ErrBadEvent,
		} {
			if errors.Is(err, fault) {
				return httpd.RefusedError{Why: fault.Error()}
			}
		}
		return err
	}
}

// deliveryTimeout is how long the simulator waits for the server to take an event in.
const deliveryTimeout = 10 * time.Second

// newSimulation makes the simulator and serves it to this machine, where the adapter for Stripe finds it as it would
// find Stripe. The simulator keeps what it is told in memory only: a file of it would hold the billing information that
// this program keeps nowhere.
func (a *App) newSimulation(ctx context.Context, own net.Addr) (*biller, error) {
	listener, err := listen(ctx, "simulator-listen", a.config.Billing.SimulatorListen)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	// No proxy of the environment stands between a server and itself, and a connection that is kept would be waited
	// for when it stops.
	transport := &http.Transport{DisableKeepAlives: true}
	if a.certificate != nil {
		scheme = "https"
		// The certificate is for another name than a loopback address, and nobody else listens there.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	secret := "whsec_" + rand.Text()
	sim := simulator.New(simulator.Options{
		WebhookURL: scheme + "://" + own.String() + stripe.Describe(taxid.Test).WebhookPath(), WebhookSecret: secret,
		Client: &http.Client{Transport: transport, Timeout: deliveryTimeout},
	})
	address := "http://" + listener.Addr().String()
	server := &http.Server{
		Handler: onlyFor(listener.Addr().String(), sim), ReadHeaderTimeout: a.config.Limits.ReadHeaderTimeout,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.ErrorContext(ctx, "the simulator is not served any more", "error", err.Error())
		}
	}()
	end := func() {
		// Failures that were ordered can hold requests for ever.
		_ = server.Close()
		<-served
	}
	// The simulator accepts any key.
	account, err := stripe.New(stripe.Config{SecretKey: "sk_test_simulator", WebhookSecrets: []string{secret}, APIBase: address})
	if err != nil {
		end()
		return nil, err
	}
	b := a.connect(account, true)
	b.greeting = []string{
		"simulator at " + address,
		"keeps its customers in memory only: give each server that uses it an empty data directory",
	}
	b.works = append(b.works, func(ctx context.Context) { sim.Run(ctx, simulator.Delivery{}) })
	b.end = end
	return b, nil
}

// onlyFor keeps out the pages that somebody's browser shows: those of other origins, and those whose name was made to
// lead to this machine.
func onlyFor(address string, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(address)
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != address && r.Host != "localhost:"+port {
			http.Error(w, "the simulator is for this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

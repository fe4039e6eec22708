package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
	"clientele/internal/billingsync"
	"clientele/internal/config"
	"clientele/internal/customers"
	"clientele/internal/httpd"
)

// biller is what a server does about its billing provider. Without a provider there is nothing in it.
type biller struct {
	// sync is what the use cases tell the provider through.
	sync *billingsync.Service
	// receive takes events in; nil if nothing proves who sent them.
	receive httpd.Receiver
	// greeting says in a line or two where the provider is.
	greeting []string
	// works go on until nobody asks for anything any more.
	works []func(context.Context)
	// end is for what works need until they have ended.
	end func()
}

// options are what the use cases have to know.
func (b *biller) options() []customers.Option {
	if b.sync == nil {
		return nil
	}
	return []customers.Option{customers.WithSync(b.sync)}
}

// billingCheck is what billing information has to be like for the account that it goes to.
func (a *App) billingCheck() customers.BillingCheck {
	if a.config.Billing.IsTest() {
		return billing.CheckForTests
	}
	return billing.Check
}

// run works until the context is done and everything that works has come to its end.
func (b *biller) run(ctx context.Context) {
	var group sync.WaitGroup
	for _, work := range b.works {
		group.Go(func() { work(ctx) })
	}
	group.Wait()
}

// newBiller makes what the configuration asks for. own is the address at which the server takes requests.
func (a *App) newBiller(ctx context.Context, own net.Addr) (*biller, error) {
	settings := a.config.Billing
	switch settings.Provider() {
	case config.BillingStripe:
		b := &biller{greeting: []string{"Stripe"}, end: func() {}}
		if settings.StripeAPIBase != stripe.APIBase {
			b.greeting[0] += " at " + settings.StripeAPIBase
		}
		secrets := settings.WebhookSecrets()
		if secrets == nil {
			a.log.WarnContext(ctx, "no events of Stripe are taken in, so that what changes there stays unknown here: give the signing secret of a webhook endpoint (--stripe-webhook-secret)")
		}
		return b, a.connect(b, stripe.Config{
			SecretKey: string(settings.StripeSecretKey), WebhookSecrets: secrets, APIBase: settings.StripeAPIBase,
		})
	case config.BillingSimulator:
		return a.newSimulation(ctx, own)
	default:
		return &biller{end: func() {}}, nil
	}
}

// connect has the biller work with an account at Stripe, or with what stands in for it.
func (a *App) connect(b *biller, account stripe.Config) error {
	provider, err := stripe.New(account)
	if err != nil {
		return err
	}
	b.sync = billingsync.New(a.store, a.signals.watchProvider(provider), a.log, billingsync.WithObservation(a.signals.syncs()))
	a.signals.metrics.Syncs(b.sync.Load)
	b.works = append(b.works, b.sync.Run)
	if account.WebhookSecrets != nil {
		b.receive = receiver(b.sync.Receive)
	}
	return nil
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
		WebhookURL: scheme + "://" + own.String() + httpd.WebhookPath, WebhookSecret: secret,
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
	b := &biller{
		greeting: []string{
			"simulator at " + address,
			"keeps its customers in memory only: give each server that uses it an empty data directory",
		},
		works: []func(context.Context){func(ctx context.Context) { sim.Run(ctx, simulator.Delivery{}) }},
		end: func() {
			// Failures that were ordered can hold requests for ever.
			_ = server.Close()
			<-served
		},
	}
	// The simulator lets any key in.
	if err := a.connect(b, stripe.Config{SecretKey: "sk_test_simulator", WebhookSecrets: []string{secret}, APIBase: address}); err != nil {
		b.end()
		return nil, err
	}
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

package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clientele/internal/logging"
)

// webhooks begins the path of every webhook.
const webhooks = "/webhooks/"

const (
	// maxEventBytes is many times what an event has.
	maxEventBytes = 512 << 10
	// maxEvents may be taken in at once; each costs the store a few calls. Of maxArrived the others wait for that.
	maxEvents  = 32
	maxArrived = 256

	// The sender is unknown until the whole event is there, so what is kept of senders that may be anybody is
	// bounded. A connection may cost what its header may cost anyway, which is more than usual events have; of what is
	// longer a few may be on their way, and slow senders of those keep out only each other.
	smallEventBytes = maxHeaderBytes
	maxLargeEvents  = 16

	// eventTimeout is how long an event may take. Its sender does not wait much longer, and sends it again.
	eventTimeout = 10 * time.Second
	// placeTimeout is how long an event waits for one of the maxEvents before it, which take much less.
	placeTimeout = 2 * time.Second
	// retryAfter is in seconds.
	retryAfter = "5"
)

// Receiver takes in an event of the billing provider, given as its request's body and signature. It returns a
// RefusedError for one that would be refused again; any other error will pass.
type Receiver func(ctx context.Context, payload []byte, signature string) error

// Webhook is where a billing provider sends its events.
type Webhook struct {
	// Path begins with /webhooks/, and SignatureHeader is the header that proves who sent the request.
	Path, SignatureHeader string
	Receive               Receiver
}

// RefusedError is an event's own fault. Why is for the log, and repeats nothing of the event; the sender, who may be
// anybody, does not see it.
type RefusedError struct{ Why string }

func (e RefusedError) Error() string { return "the event is refused: " + e.Why }

// webhook lets events in. There is no API key to ask for: the receiver proves by the signature who sent an event.
type webhook struct {
	Webhook

	log *slog.Logger
	// arrived, events and large are full while there are as many as there may be.
	arrived, events, large slots
}

// besideWebhook lets events in on their path, and hands everything else on. Browsers have no business there, so that
// the path knows no origins.
func besideWebhook(hook Webhook, log *slog.Logger, next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+hook.Path, &webhook{
		Webhook: hook, log: log,
		arrived: make(slots, maxArrived), events: make(slots, maxEvents), large: make(slots, maxLargeEvents),
	})
	events := routed(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == hook.Path {
			events.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// webhookResponses are all that a sender sees: the status says whose fault it is, and nothing of what was sent comes
// back.
var webhookResponses = map[int]string{
	http.StatusBadRequest:            "the event is refused",
	http.StatusRequestTimeout:        "the event took too long to arrive",
	http.StatusRequestEntityTooLarge: "the event is too large",
	http.StatusServiceUnavailable:    "the event was not taken in; send it again",
}

// ServeHTTP implements http.Handler.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := h.receiveFrom(r)
	switch status {
	case http.StatusOK:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}\n"))
		return
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	respond(w, status, webhookResponses[status])
}

// receiveFrom returns the status that the request deserves.
func (h *webhook) receiveFrom(r *http.Request) int {
	signature := r.Header.Get(h.SignatureHeader)
	if signature == "" {
		logging.AddFields(r.Context(), slog.String("refused", "there is no signature"))
		return http.StatusBadRequest
	}
	payload, status := h.read(r)
	if status != http.StatusOK {
		return status
	}
	return h.take(r.Context(), payload, signature)
}

// read reads the body, whose length NewHandler has limited to maxEventBytes.
func (h *webhook) read(r *http.Request) ([]byte, int) {
	if r.ContentLength > maxEventBytes {
		return nil, http.StatusRequestEntityTooLarge
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, smallEventBytes))
	if err == nil && len(payload) == smallEventBytes {
		if !h.large.enter() {
			return nil, busy(r.Context())
		}
		defer h.large.leave()
		var rest []byte
		rest, err = io.ReadAll(r.Body)
		payload = append(payload, rest...)
	}
	if err == nil {
		return payload, http.StatusOK
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	if slow, is := errors.AsType[net.Error](err); is && slow.Timeout() {
		return nil, http.StatusRequestTimeout
	}
	return nil, http.StatusBadRequest
}

// take has the receiver take an event in.
func (h *webhook) take(ctx context.Context, payload []byte, signature string) int {
	if !h.arrived.enter() {
		return busy(ctx)
	}
	defer h.arrived.leave()
	if !h.events.await(ctx, placeTimeout) {
		return busy(ctx)
	}
	defer h.events.leave()
	limited, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	err := h.Receive(limited, payload, signature)
	if err == nil {
		return http.StatusOK
	}
	if refused, is := errors.AsType[RefusedError](err); is {
		logging.AddFields(ctx, slog.String("refused", refused.Why))
		return http.StatusBadRequest
	}
	h.log.ErrorContext(ctx, "an event of the billing provider was not taken in; the provider sends it again", "error", logging.Masked(err))
	return http.StatusServiceUnavailable
}

func busy(ctx context.Context) int {
	logging.AddFields(ctx, slog.String("refused", "too many events at once"))
	return http.StatusServiceUnavailable
}

// slots bound how many requests are in one stage at once.
type slots chan struct{}

func (s slots) enter() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

// await is enter that waits for a slot.
func (s slots) await(ctx context.Context, longest time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slots) leave() { <-s }

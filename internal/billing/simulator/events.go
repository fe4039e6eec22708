package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// apiVersion is what the events say; nobody should mind.
const apiVersion = "2026-06-24.dahlia"

type event struct {
	Event
	delivered bool
}

// Event is something that happened.
type Event struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Created time.Time `json:"created"`
	// Payload is what is sent, byte for byte.
	Payload []byte `json:"-"`
}

// happened notes an event. Maps that are given to it may change later, so the payload is made here.
func (s *Simulator) happened(requestID, kind string, subject, previous object) {
	data := object{"object": subject}
	if previous != nil {
		data["previous_attributes"] = previous
	}
	e := Event{ID: newID("evt"), Type: kind, Created: s.options.Now().UTC().Truncate(time.Second)}
	payload, err := json.Marshal(object{
		"id": e.ID, "object": "event", "api_version": apiVersion, "created": e.Created.Unix(), "type": kind,
		"livemode": false, "pending_webhooks": 1, "data": data,
		"request": object{"id": nullable(requestID), "idempotency_key": nil},
	})
	if err != nil {
		panic(err) // of maps and texts only
	}
	e.Payload = payload
	s.events = append(s.events, &event{Event: e})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Events are all that happened, in that order.
func (s *Simulator) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Event, 0, len(s.events))
	for _, e := range s.events {
		out = append(out, e.Event)
	}
	return out
}

// Sign is the Stripe-Signature header of a payload that is sent at the time.
func (s *Simulator) Sign(payload []byte, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(s.options.WebhookSecret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// Delivery says how events are sent.
type Delivery struct {
	// All sends what was delivered before once more.
	All bool `json:"all"`
	// Repeat is how often each event is sent again.
	Repeat int `json:"repeat"`
	// Shuffle sends them in an order that follows from Seed.
	Shuffle bool   `json:"shuffle"`
	Seed    uint64 `json:"seed"`
	// Delay waits before each of them; in JSON it is nanoseconds.
	Delay time.Duration `json:"delay"`
}

// Delivered counts what became of events that were sent.
type Delivered struct {
	Accepted int `json:"accepted"` // with a 2xx response
	Refused  int `json:"refused"`
}

// Deliver sends the events that were not delivered yet to the webhook, one after the other. A refused event
// stays undelivered; that the webhook cannot be reached is a refusal. Errors: the context's.
func (s *Simulator) Deliver(ctx context.Context, how Delivery) (Delivered, error) {
	var done Delivered
	if s.options.WebhookURL == "" {
		return done, nil
	}
	s.mu.Lock()
	var queue []*event
	for _, e := range s.events {
		if how.All || !e.delivered {
			for range 1 + how.Repeat {
				queue = append(queue, e)
			}
		}
	}
	s.mu.Unlock()
	if how.Shuffle {
		chance := rand.New(rand.NewPCG(how.Seed, 0))
		chance.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	}
	for _, e := range queue {
		if err := wait(ctx, how.Delay); err != nil {
			return done, err
		}
		if s.send(ctx, e.Payload) {
			done.Accepted++
			s.mu.Lock()
			e.delivered = true
			s.mu.Unlock()
		} else {
			done.Refused++
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
	}
	return done, nil
}

func (s *Simulator) send(ctx context.Context, payload []byte) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.WebhookURL, bytes.NewReader(payload))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", s.Sign(payload, s.options.Now()))
	result, err := s.options.Client.Do(r)
	if err != nil {
		return false
	}
	_ = result.Body.Close()
	return result.StatusCode >= 200 && result.StatusCode < 300
}

// redelivery is how long Run leaves a webhook alone that refused an event.
const redelivery = 5 * time.Second

// Run delivers events as they happen, and refused ones again, until the context ends.
func (s *Simulator) Run(ctx context.Context, how Delivery) {
	for ctx.Err() == nil {
		done, err := s.Deliver(ctx, how)
		if err != nil {
			return
		}
		if done.Refused > 0 {
			_ = wait(ctx, redelivery)
			continue
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// undelivered is how many events wait.
func (s *Simulator) undelivered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.events), func(e *event) bool { return e.delivered }))
}

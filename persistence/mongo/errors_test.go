package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"clientele/persistence"
)

const secret = "ada@example.com"

// wire is an error that the server returned. Its text quotes a document, as a server's may.
func wire(code int32, name string, labels ...string) error {
	return driver.CommandError{Code: code, Name: name, Message: "at " + secret, Labels: labels, Wrapped: errors.New(secret)}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}
	none := errors.New("none of the contract's")
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"own", fmt.Errorf("x: %w", persistence.ErrInvalidCursor), persistence.ErrInvalidCursor},
		{"no document", driver.ErrNoDocuments, persistence.ErrNotFound},
		{"duplicate", driver.WriteException{WriteErrors: driver.WriteErrors{{Code: 11000, Message: secret}}}, persistence.ErrExists},
		{"disconnected", driver.ErrClientDisconnected, persistence.ErrClosed},
		{"timeout", fmt.Errorf("x: %w", context.DeadlineExceeded), persistence.ErrUnavailable},
		{"time on the server", wire(50, "MaxTimeMSExpired"), persistence.ErrUnavailable},
		{"no server", topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, persistence.ErrUnavailable},
		{"no connection", topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, persistence.ErrUnavailable},
		{"refused", topology.ConnectionError{Wrapped: refused}, persistence.ErrUnavailable},
		{"hung up", topology.ConnectionError{Wrapped: io.EOF}, persistence.ErrUnavailable},
		{"network", driver.CommandError{Labels: []string{"NetworkError"}, Wrapped: io.EOF}, persistence.ErrUnavailable},
		{"stepped down", wire(189, "PrimarySteppedDown"), persistence.ErrUnavailable},
		{"overload", wire(462, "IngressRequestRateLimitExceeded", "SystemOverloadedError"), persistence.ErrUnavailable},
		{
			"replication not confirmed", driver.WriteException{WriteConcernError: &driver.WriteConcernError{Code: 64, Message: secret}},
			persistence.ErrUnavailable,
		},
		{"wrong password", topology.ConnectionError{Wrapped: wire(18, "AuthenticationFailed")}, none},
		{"no right", wire(13, "Unauthorized"), none},
		{"bad query", wire(2, "BadValue"), none},
		{"refused by a rule", driver.WriteException{WriteErrors: driver.WriteErrors{{Code: 121, Message: secret}}}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &Store{gate: newGate()}
			got := s.translate(t.Context(), c.err)
			for _, sentinel := range []error{
				persistence.ErrNotFound, persistence.ErrExists, persistence.ErrConflict, persistence.ErrInvalidCursor,
				persistence.ErrClosed, persistence.ErrInUse, persistence.ErrUnavailable, context.DeadlineExceeded, context.Canceled,
			} {
				if errors.Is(got, sentinel) != errors.Is(c.want, sentinel) {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
			if strings.Contains(got.Error(), secret) {
				t.Errorf("the error quotes the server: %v", got)
			}
		})
	}
}

func TestTranslateWithADoneContext(t *testing.T) {
	t.Parallel()
	s := &Store{gate: newGate()}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.translate(cancelled, wire(11601, "Interrupted")); !errors.Is(got, context.Canceled) {
		t.Errorf("got %v, want %v", got, context.Canceled)
	}
	// An error that the server returned in time is kept.
	if got := s.translate(cancelled, driver.ErrNoDocuments); !errors.Is(got, persistence.ErrNotFound) {
		t.Errorf("got %v, want %v", got, persistence.ErrNotFound)
	}
	soon, cancel := context.WithTimeout(t.Context(), headStart/2)
	defer cancel()
	if got := s.translate(soon, wire(50, "MaxTimeMSExpired")); !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", got, context.DeadlineExceeded)
	}
	later, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if got := s.translate(later, topology.ServerSelectionError{}); !errors.Is(got, persistence.ErrUnavailable) {
		t.Errorf("got %v, want %v", got, persistence.ErrUnavailable)
	}
}

func TestCauseNamesTheCode(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"the server returned code 13 (Unauthorized)": wire(13, "Unauthorized"),
		"the server returned code 121 (no name)":     driver.WriteException{WriteErrors: driver.WriteErrors{{Code: 121}}},
		"no response in time":                        fmt.Errorf("x: %w", context.DeadlineExceeded),
		"EOF":                                        topology.ConnectionError{Wrapped: io.EOF},
	} {
		if got := cause(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

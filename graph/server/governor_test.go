package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/persistence"
)

// noRoom has no place for any scan.
type noRoom struct{ reserved, scanned *int }

func (n noRoom) Scan(context.Context) (context.Context, func(), error) {
	*n.scanned++
	return nil, nil, fmt.Errorf("list: %w", persistence.ErrBusy)
}

func (n noRoom) Reserve(context.Context) (func(), error) {
	*n.reserved++
	return nil, fmt.Errorf("reserve: %w", persistence.ErrBusy)
}

// TestWithoutRoomForScans: what would scan much is refused before it is executed, and what does not scan is served.
func TestWithoutRoomForScans(t *testing.T) {
	store := newStore(t)
	insert(t, store, "a", false)
	or := func(n int) string { return strings.Repeat(`{ name: { iLike: "%x%" } }, `, n) }
	for name, c := range map[string]struct {
		operation string
		reserved  int
		status    int
	}{
		"a point read":      {`{ getCustomerByRefId(input: { customerId: "a" }) { id } }`, 0, http.StatusOK},
		"a page":            {`{ customers { edges { node { id } } } }`, 0, http.StatusOK},
		"a short filter":    {`{ customers(filter: { or: [` + or(5) + `] }) { edges { node { id } } } }`, 0, http.StatusOK},
		"a long filter":     {`{ customers(filter: { or: [` + or(99) + `] }) { totalCount } }`, 1, http.StatusTooManyRequests},
		"in a mutation too": {`mutation { updateOneCustomer(input: { customerId: "a", name: "changed" }) { subscriptions(filter: { or: [` + strings.Repeat(`{ status: { neq: ACTIVE } }, `, 99) + `{ status: { neq: ACTIVE } }] }) { id } } }`, 1, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			var reserved, scanned int
			handler := NewHandler(Config{
				UseCases: resolver.NewUseCases(store, billingtest.Rules().Check, time.Now), Limits: testLimits, Introspection: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
				Authenticate: func(context.Context, string) (domain.Actor, error) {
					return domain.Actor{KeyID: "one", EnvironmentID: environment, Scope: domain.ScopeFull}, nil
				},
				Scans: func(string) Scans { return noRoom{&reserved, &scanned} },
			})
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(requestBody(t, c.operation, nil)))
			request.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if recorder.Code != c.status || reserved != c.reserved {
				t.Fatalf("status %d, %d reservations: %s", recorder.Code, reserved, recorder.Body)
			}
			if c.status == http.StatusOK {
				return
			}
			body := recorder.Body.String()
			if recorder.Header().Get("Retry-After") != "1" || !strings.Contains(body, `"RateLimitExceeded"`) || !strings.Contains(body, `"limit":"work"`) || strings.Contains(body, `"data"`) {
				t.Errorf("%v: %s", recorder.Header(), body)
			}
			if found := must(t, serving(store, t.Output()), `{ getCustomerByRefId(input: { customerId: "a" }) { name } }`); at(found, "getCustomerByRefId.name")[0] != "null" {
				t.Errorf("a refused mutation changed something: %v", found)
			}
		})
	}
}

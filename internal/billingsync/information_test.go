package billingsync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
	"clientele/internal/logging"
)

// TestInformationOfManyChangesIsPushedWhole has several changes wait behind an attempt that takes its time. Whichever
// comes first, nothing that any of them brought is lost.
func TestInformationOfManyChangesIsPushedWhole(t *testing.T) {
	t.Parallel()
	address := &domain.BillingInformation{
		BillingAddress: &domain.Address{Country: new("DK"), City: new(hint + " City")}, CustomerName: new(hint + " Old"),
		Metadata: json.RawMessage(`{"a": "` + hint + `", "b": "` + hint + `"}`),
	}
	taxID := &domain.BillingInformation{
		TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "DK12345678"}}, CustomerName: new(hint + " New"),
		Metadata: json.RawMessage(`{"b": "` + hint + ` new"}`),
	}
	for name, order := range map[string][]int{
		"in their order":      {0, 1, 2},
		"in the other order":  {2, 1, 0},
		"what has none first": {1, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				c := w.change(w.insert("c"), whole())
				w.slow(time.Second)
				first := server.Enqueue(w.Context(), c, nil)
				time.Sleep(time.Second / 2)
				brought := []*domain.BillingInformation{address, nil, taxID}
				changed := []*domain.Customer{
					w.change(c, want(domain.SyncInformation)), w.change(c, want(domain.SyncName)), w.change(c, want(domain.SyncInformation)),
				}
				var ends []<-chan struct{}
				for _, i := range order {
					ends = append(ends, server.Enqueue(w.Context(), changed[i], brought[i]))
				}
				<-first
				for _, end := range ends {
					<-end
					if failure := w.now(c).Sync.Failure; failure != nil {
						t.Errorf("it failed: %+v", failure)
					}
				}
				w.stands(c, "SUCCESS")
				there := w.there()
				if there.Name != hint+" New" || there.Address["city"] != hint+" City" || !slices.Equal(there.TaxIDs, []string{"eu_vat: DK12345678"}) ||
					there.Metadata["a"] != hint || there.Metadata["b"] != hint+" new" {
					t.Errorf("there is %+v", there)
				}
			})
		})
	}
}

// TestInformationHasItsOwnSlots fills the slots of tasks that can be retried later.
func TestInformationHasItsOwnSlots(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		server := w.server(billingsync.WithSlots(8, 1))
		w.slow(time.Second)
		var ends []<-chan struct{}
		for i := range 20 {
			ends = append(ends, server.Enqueue(w.Context(), w.change(w.insert(fmt.Sprint("c", i)), whole()), nil))
		}
		began := time.Now()
		c := w.change(w.insert("informed"), whole(domain.SyncInformation))
		end := server.Enqueue(w.Context(), c, information())
		if took := time.Since(began); took > 0 {
			t.Errorf("it waited for %s", took)
		}
		<-end
		w.stands(c, "SUCCESS")
		for _, end := range ends {
			<-end
		}
	})
}

// TestASyncKeepsNothingOfItsRequest but the id that the log goes by.
func TestASyncKeepsNothingOfItsRequest(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		type body struct{}
		seen := &nosy{Provider: w.provider(w.wire)}
		server := billingsync.New(w.store, seen, slog.New(slog.NewTextHandler(&w.log, nil)))
		ctx, cancel := context.WithCancel(context.WithValue(logging.Begin(w.Context(), "request-1"), body{}, "large"))
		c := w.change(w.insert("c"), whole())
		end := server.Enqueue(ctx, c, nil)
		cancel()
		<-end
		w.stands(c, "SUCCESS")
		if seen.ctx.Value(body{}) != nil || logging.RequestID(seen.ctx) != "request-1" {
			t.Errorf("it has %v of request %q", seen.ctx.Value(body{}), logging.RequestID(seen.ctx))
		}
	})
}

// nosy keeps the context that it was last called with.
type nosy struct {
	billing.Provider
	ctx context.Context //nolint:containedctx // that is what it is for
}

func (n *nosy) RetrieveCustomer(ctx context.Context, id string) (billing.Snapshot, error) {
	n.ctx = ctx
	return n.Provider.RetrieveCustomer(ctx, id)
}

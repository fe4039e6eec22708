package billingsync_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"clientele/internal/domain"
)

// TestInformationOfManyChangesIsToldWhole has several changes wait behind an attempt that takes its time. Whichever
// comes first, nothing that any of them brought is lost.
func TestInformationOfManyChangesIsToldWhole(t *testing.T) {
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
				first := server.Begin(w.Context(), c, nil)
				time.Sleep(time.Second / 2)
				brought := []*domain.BillingInformation{address, nil, taxID}
				changed := []*domain.Customer{
					w.change(c, want(domain.SyncInformation)), w.change(c, want(domain.SyncName)), w.change(c, want(domain.SyncInformation)),
				}
				var ends []<-chan struct{}
				for _, i := range order {
					ends = append(ends, server.Begin(w.Context(), changed[i], brought[i]))
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

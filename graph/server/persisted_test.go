package server

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/internal/persisted"
)

// The rules of documents that clients name are tested over HTTP, in tests/trusted_test.go.

func TestUntrustedDocumentsAreCounted(t *testing.T) {
	manifest, err := persisted.ParseManifest([]byte(`{"a": "{ customers { totalCount } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[DocumentMode]int{OpenDocuments: 0, ReportDocuments: 2, EnforceDocuments: 0} {
		h := &heard{}
		handler := NewHandler(Config{
			UseCases: resolver.NewUseCases(newStore(t), billingtest.Rules().Check, time.Now),
			Authenticate: func(context.Context, string) (domain.Actor, error) {
				return domain.Actor{KeyID: "test", EnvironmentID: environment, Scope: domain.ScopeFull}, nil
			},
			Documents: DocumentConfig{Trusted: manifest, Mode: mode},
			Log:       slog.New(slog.DiscardHandler),
			Metrics:   h,
		})
		ask(t.Context(), t, handler, `{ customers { totalCount } }`)
		for range 2 {
			ask(t.Context(), t, handler, `{ coupons { totalCount } }`)
		}
		ask(t.Context(), t, handler, `{ unknown }`)
		if h.untrusted != want {
			t.Errorf("%s: %d are counted, not %d", mode, h.untrusted, want)
		}
	}
}

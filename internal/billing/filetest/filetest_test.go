package filetest_test

import (
	"testing"

	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/filetest"
)

// A file has no network that fails, so the suite leaves those cases out.
func TestSuite(t *testing.T) {
	t.Parallel()
	billingtest.Run(t, func(t *testing.T) billingtest.Account {
		p := filetest.New(t.TempDir())
		return billingtest.Account{
			Provider:  p,
			Customers: func() int { return len(p.Customers()) },
			Delete: func(id string) {
				if err := p.Delete(id); err != nil {
					t.Error(err)
				}
			},
			Events: func() (signed []billingtest.SignedEvent) {
				for _, payload := range p.Events() {
					signed = append(signed, billingtest.SignedEvent{Payload: payload, Signature: filetest.Sign(payload)})
				}
				return signed
			},
			PaymentMethod: filetest.Card, OtherPaymentMethod: filetest.Bank, RefusedPaymentMethod: filetest.Refused, Last4: "4242",
		}
	})
}

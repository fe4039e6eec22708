// Package accounttest is the account at the simulator that tests run the suite of providers on. It knows the suite and
// the simulator, and no provider.
package accounttest

import (
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/simulator"
)

// Of is the suite's view of a simulator that the provider talks to.
func Of(t *testing.T, sim *simulator.Simulator, provider billing.Provider) billingtest.Account {
	t.Helper()
	return billingtest.Account{
		Provider:  provider,
		Customers: func() int { return len(sim.Customers()) },
		Delete: func(id string) {
			if err := sim.Delete(id); err != nil {
				t.Error(err)
			}
		},
		Fail: func(failure billingtest.Failure) {
			fault := map[billingtest.Failure]simulator.Fault{
				billingtest.AnswerLost:  {Kind: simulator.AnswerLost},
				billingtest.TimedOut:    {Kind: simulator.TimeOut},
				billingtest.Busy:        {Kind: simulator.Conflict},
				billingtest.RateLimited: {Kind: simulator.RateLimited, RetryAfter: 7 * time.Second},
				billingtest.Broken:      {Kind: simulator.ServerError},
				billingtest.Unreachable: {Kind: simulator.Dropped},
			}[failure]
			fault.Times = 1
			sim.Fail(fault)
		},
		Recover: sim.Recover,
		Events: func() []billingtest.SignedEvent {
			var out []billingtest.SignedEvent
			for _, e := range sim.Events() {
				out = append(out, billingtest.SignedEvent{Payload: e.Payload, Signature: sim.Sign(e.Payload, time.Now())})
			}
			return out
		},
		PaymentMethod: "pm_card_visa", OtherPaymentMethod: "pm_usBankAccount",
		RefusedPaymentMethod: "pm_card_visa_chargeDeclined", Last4: "4242",
	}
}

package resolver

import (
	"fmt"

	"clientele/graph/model"
	"clientele/graph/scalar"
	"clientele/internal/domain"
)

// unsynced is the state of coupons and subscriptions, which are not synced on their own.
var unsynced = &model.SyncState{Status: model.SyncStatusNoSyncRequired}

func syncStateOf(c *domain.Customer) *model.SyncState {
	return &model.SyncState{Status: model.SyncStatus(c.SyncStatus()), SyncedEntityID: c.BillingID, Error: syncErrorOf(c)}
}

// syncErrorOf says in one line why the last attempt failed and what to do, or what the server will do; nil if it
// succeeded.
func syncErrorOf(c *domain.Customer) *string {
	const deleted = "the billing provider has deleted the customer; set billingId to null and call resyncCustomer to have a new one made"
	if c.Facts().Deleted {
		return new(deleted)
	}
	if c.Sync == nil || c.Sync.Failure == nil {
		return nil
	}
	failure := c.Sync.Failure
	why := failure.Code
	if failure.Param != "" {
		why += " on " + failure.Param
	}
	var text string
	switch failure.Kind {
	case domain.SyncTemporary:
		text = fmt.Sprintf("the last push to the billing provider failed (%s, attempt %d)", why, c.Sync.Attempts)
		if c.Sync.DueAt != nil {
			text += "; the next attempt is at " + scalar.FormatDateTime(*c.Sync.DueAt)
		}
		if _, lost := c.Sync.Pending[domain.SyncInformation]; lost {
			text += ", but billing information is not kept: send all of it again"
		}
	case domain.SyncDeleted:
		text = deleted
	case domain.SyncInformationLost:
		text = "billing information was accepted but could not be passed on, and is not kept; send all of it again"
	case domain.SyncUnconfirmed:
		text = "it is not known whether the billing provider has made the customer; set billingId if it has, or else call resyncCustomer"
	default:
		text = fmt.Sprintf("the billing provider refuses (%s); change what it refuses, or call resyncCustomer", why)
		if _, lost := c.Sync.Pending[domain.SyncInformation]; lost {
			text = fmt.Sprintf("the billing provider refuses (%s), and billing information is not kept: send all of it again with what it refuses changed", why)
		}
	}
	if c.Sync.RequestID != "" {
		text += "; the provider's request was " + c.Sync.RequestID
	}
	return &text
}

// setPaymentMethod sets what the provider reported.
func setPaymentMethod(out *model.Customer, facts domain.BillingFacts) {
	out.HasPaymentMethod = facts.HasPaymentMethod()
	if currency := model.Currency(facts.Currency); currency.IsValid() {
		out.BillingCurrency = &currency
	}
	method, known := facts.DefaultPaymentMethod()
	if !known {
		return
	}
	out.DefaultPaymentMethodID = &method.ID
	if kind := model.PaymentMethodType(method.Details.Type); kind.IsValid() {
		out.DefaultPaymentMethodType = &kind
	}
	if method.Details.Last4 != "" {
		out.DefaultPaymentMethodLast4Digits = &method.Details.Last4
	}
	if method.Details.ExpirationMonth > 0 {
		out.DefaultPaymentExpirationMonth = &method.Details.ExpirationMonth
		out.DefaultPaymentExpirationYear = &method.Details.ExpirationYear
	}
}

package domain

import (
	"slices"
	"time"
)

// CustomerRef names one customer for ever: an id is never reused in its environment, not even after archiving.
type CustomerRef struct {
	EnvironmentID string
	CustomerID    string
}

// Key is the document's primary key, "<environmentId>/<customerId>". An environment id holds no slash, so
// two refs never share a key whatever the customer id holds.
func (r CustomerRef) Key() string { return r.EnvironmentID + "/" + r.CustomerID }

// Customer is one customer of a product, and a whole document of the store. What must commit together with a customer
// belongs in here, because a write is the write of one document.
//
// A nil pointer means that the value is unknown or was cleared. Times are UTC at millisecond precision.
type Customer struct {
	// Key is the Ref's Key; the store's primary key.
	Key string `bson:"_id"`
	// ID is a UUID given at creation, stable for ever.
	ID            string `bson:"id"`
	EnvironmentID string `bson:"environmentId"`
	CustomerID    string `bson:"customerId"`
	// Version counts the writes of the document, from 1; a write names the version it read.
	Version                  int64    `bson:"version"`
	Name                     *string  `bson:"name"`
	Email                    *string  `bson:"email"`
	BillingID                *string  `bson:"billingId"`
	CRMID                    *string  `bson:"crmId"`
	SalesforceID             *string  `bson:"salesforceId"`
	AWSMarketplaceCustomerID *string  `bson:"awsMarketplaceCustomerId"`
	ExcludeFromExperiment    bool     `bson:"excludeFromExperiment"`
	Metadata                 Metadata `bson:"metadata"`
	// CouponID is the RefID of the customer's coupon, and CouponAppliedAt the time from which it discounts.
	CouponID        *string    `bson:"couponId"`
	CouponAppliedAt *time.Time `bson:"couponAppliedAt"`
	// Subscriptions are all that the customer ever had; SubscribedAt is when the last one was added, nil
	// without any.
	Subscriptions []Subscription `bson:"subscriptions"`
	SubscribedAt  *time.Time     `bson:"subscribedAt"`
	// PromotionalEntitlements are one a feature, ended ones too; PromotedAt is when the last one was given,
	// nil without any.
	PromotionalEntitlements []PromotionalEntitlement `bson:"promotionalEntitlements"`
	PromotedAt              *time.Time               `bson:"promotedAt"`
	// ResponseKey is random and needed to decrypt stored responses about the customer: see KeyedRequest. It is nil for an
	// archived customer, and for one that was last written before the field existed.
	ResponseKey []byte `bson:"responseKey"`
	// TrialedPlans are the plans that the customer has tried, one a product.
	TrialedPlans []TrialedPlan `bson:"trialedPlans"`
	// Sync is the state of the sync with the billing provider; nil without one.
	Sync *Sync `bson:"sync"`
	// BillingFacts is what the provider reported about BillingID, and BillingLinkURL its page there; nil until fetched.
	BillingFacts   *BillingFacts `bson:"billingFacts"`
	BillingLinkURL *string       `bson:"billingLinkUrl"`

	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`
	// ArchivedAt is nil while the customer is live.
	ArchivedAt *time.Time `bson:"archivedAt"`
	// Unknown keeps the fields of later programs, so that this one does not drop them when it writes. During
	// a rolling upgrade both are at work.
	Unknown map[string]any `bson:",inline"`
}

// Ref is the customer's name within the whole store.
func (c *Customer) Ref() CustomerRef {
	return CustomerRef{EnvironmentID: c.EnvironmentID, CustomerID: c.CustomerID}
}

// Archived reports whether the customer was archived and must appear in no response.
func (c *Customer) Archived() bool { return c.ArchivedAt != nil }

// Archive clears name and email for good, makes stored responses unreadable, and cancels what runs. The rest of the
// document stays, because invoices may still need it.
func (c *Customer) Archive(at time.Time) {
	c.Name, c.Email, c.ResponseKey = nil, nil, nil
	for i := range c.Subscriptions {
		c.Subscriptions[i].Cancel(at, ReasonCustomerArchived)
	}
	if c.Sync != nil {
		// The provider's record stays as it is until the customer is unarchived.
		c.Sync.Drop(SyncName)
		c.Sync.Drop(SyncEmail)
		c.Sync.pause()
		if lease := c.Sync.Lease; lease != nil {
			// The attempt that holds the lease knows the name. It stops, even if the customer is unarchived at once, and no
			// other begins before the lease ends.
			c.Sync.Lease = &SyncLease{Until: lease.Until}
		}
	}
	c.ArchivedAt = &at
	c.UpdatedAt = at
}

// Unarchive makes the customer live again; what Archive cleared stays cleared. The outbox becomes due.
func (c *Customer) Unarchive(at time.Time) {
	c.ArchivedAt = nil
	c.UpdatedAt = at
	if c.Sync == nil {
		return
	}
	if c.Facts().NeedsRefetch() {
		c.Sync.Enqueue(SyncFacts, at)
	}
	if len(c.Sync.Pending) > 0 {
		c.Sync.DueBy(at)
	}
}

// Subscription is the subscription with an id, nil for none.
func (c *Customer) Subscription(subscriptionID string) *Subscription {
	for i := range c.Subscriptions {
		if c.Subscriptions[i].SubscriptionID == subscriptionID {
			return &c.Subscriptions[i]
		}
	}
	return nil
}

// HasPurchased reports whether the customer ever had a subscription that is paid.
func (c *Customer) HasPurchased() bool {
	return slices.ContainsFunc(c.Subscriptions, func(s Subscription) bool { return s.PricingType == PricingPaid })
}

// HasTried reports whether the customer had a trial of the product, given by its RefID.
func (c *Customer) HasTried(productID string) bool {
	return slices.ContainsFunc(c.TrialedPlans, func(t TrialedPlan) bool { return t.ProductID == productID })
}

// Timestamp is t as every document keeps it: UTC, cut to milliseconds, the precision that both engines
// and the API share.
func Timestamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

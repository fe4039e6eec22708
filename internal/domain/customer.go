package domain

import "time"

// CustomerRef names one customer for ever: an id is never given to a second customer of the same
// environment, not even after its owner was archived.
type CustomerRef struct {
	EnvironmentID string
	CustomerID    string
}

// Key is the document's primary key, "<environmentId>/<customerId>". An environment id holds no slash, so
// two refs never share a key whatever the customer id holds.
func (r CustomerRef) Key() string { return r.EnvironmentID + "/" + r.CustomerID }

// Customer is one customer of a product, and the whole document that the store keeps of it. What must
// commit together with a customer belongs in here, because a write is the write of one document.
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
	Version                  int64     `bson:"version"`
	Name                     *string   `bson:"name"`
	Email                    *string   `bson:"email"`
	BillingID                *string   `bson:"billingId"`
	CRMID                    *string   `bson:"crmId"`
	SalesforceID             *string   `bson:"salesforceId"`
	AWSMarketplaceCustomerID *string   `bson:"awsMarketplaceCustomerId"`
	ExcludeFromExperiment    bool      `bson:"excludeFromExperiment"`
	Metadata                 Metadata  `bson:"metadata"`
	CreatedAt                time.Time `bson:"createdAt"`
	UpdatedAt                time.Time `bson:"updatedAt"`
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

// Archived reports whether the customer was archived and must appear in no answer.
func (c *Customer) Archived() bool { return c.ArchivedAt != nil }

// Archive nullifies name and email for good and takes the customer out of sight. The rest of the document
// stays, for whoever has to finish invoices.
func (c *Customer) Archive(at time.Time) {
	c.Name, c.Email = nil, nil
	c.ArchivedAt = &at
	c.UpdatedAt = at
}

// Unarchive brings the customer back into sight; what Archive cleared stays cleared.
func (c *Customer) Unarchive(at time.Time) {
	c.ArchivedAt = nil
	c.UpdatedAt = at
}

// Timestamp is t as every document keeps it: UTC, cut to milliseconds, the precision that both engines
// and the API share.
func Timestamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

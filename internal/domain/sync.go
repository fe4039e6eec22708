package domain

import "time"

// SyncPart is a part of a customer that is pushed to the billing provider by itself.
type SyncPart string

// The parts.
const (
	SyncName   SyncPart = "name"
	SyncEmail  SyncPart = "email"
	SyncCoupon SyncPart = "coupon"
	// SyncInformation is billing information. It is not stored, so only the request that brought it can push it.
	SyncInformation SyncPart = "information"
	// SyncAttachment and SyncDetachment concern the payment methods that the Sync names.
	SyncAttachment SyncPart = "attachment"
	SyncDetachment SyncPart = "detachment"
	// SyncFacts is fetched, not pushed: what the provider reports.
	SyncFacts SyncPart = "facts"
)

// Integration names the connection to a billing provider.
type Integration struct {
	// ID is its integration id, and the name in the path of its webhook.
	ID string
	// Vendor is the provider's VendorIdentifier.
	Vendor string
}

// SyncStatus is how a customer stands with the billing provider.
type SyncStatus string

// The statuses.
const (
	SyncPending     SyncStatus = "PENDING"
	SyncSuccess     SyncStatus = "SUCCESS"
	SyncError       SyncStatus = "ERROR"
	SyncNotRequired SyncStatus = "NO_SYNC_REQUIRED"
)

// Sync is a customer's outbox for the billing provider: the pending parts, the last outcome, and the lease. It is written
// together with the change to push, so a crash loses neither.
type Sync struct {
	// Revision counts the changes to push.
	Revision int64 `bson:"revision"`
	// Pending are the parts that were not pushed yet, each with the Revision of its last change.
	Pending map[SyncPart]int64 `bson:"pending"`
	// InformationPushed is the Revision of the newest billing information that was pushed; older revisions are obsolete.
	InformationPushed int64 `bson:"informationPushed"`
	// AttachmentID and DetachmentID are the payment methods of SyncAttachment and SyncDetachment, and
	// AttachmentCurrency the currency to charge the first in, "" to keep it.
	AttachmentID       string `bson:"attachmentId"`
	AttachmentCurrency string `bson:"attachmentCurrency"`
	DetachmentID       string `bson:"detachmentId"`
	// NameGiven is whether the provider has a name out of billing information, which ours must not replace.
	NameGiven bool `bson:"nameGiven"`

	// KeyGeneration is incremented each time that the key of a creation was spent.
	KeyGeneration int `bson:"keyGeneration"`
	// CreatingSince is the first attempt at a creation whose outcome is unknown; nil if there is none.
	CreatingSince *time.Time `bson:"creatingSince"`

	// Lease is held by the attempt that is pushing; nil if none is.
	Lease *SyncLease `bson:"lease"`
	// DueAt is when a server retries by itself; nil while there is nothing to do, or a person has to act.
	DueAt *time.Time `bson:"dueAt"`
	// Attempts counts the attempts since the last change or success.
	Attempts int `bson:"attempts"`
	// Failure is the last failure; nil if there was none since the last change.
	Failure *SyncFailure `bson:"failure"`
	// RequestID is the provider's id of the last request about the customer.
	RequestID string `bson:"requestId"`
	// SucceededAt is when everything was last pushed; nil if it never was.
	SucceededAt *time.Time `bson:"succeededAt"`
	// Writes counts the versions of the document that a sync alone made.
	Writes int64 `bson:"writes"`
}

// SyncLease is held by one attempt at a time.
type SyncLease struct {
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

// SyncFailure is why an attempt failed. It holds codes only, no personal data.
type SyncFailure struct {
	Kind SyncFailureKind `bson:"kind"`
	// Code is the provider's or one of package billing; Param is the parameter that the provider rejects.
	Code  string    `bson:"code"`
	Param string    `bson:"param"`
	At    time.Time `bson:"at"`
}

// SyncFailureKind says what to do about a failure.
type SyncFailureKind string

// The kinds of failure.
const (
	// SyncTemporary: a server retries by itself.
	SyncTemporary SyncFailureKind = "TEMPORARY"
	// SyncRefused: the provider rejects the change, and will until something is changed.
	SyncRefused SyncFailureKind = "REFUSED"
	// SyncDeleted: the provider has deleted the customer.
	SyncDeleted SyncFailureKind = "DELETED"
	// SyncInformationLost: billing information was accepted but not pushed. The caller has to send it again.
	SyncInformationLost SyncFailureKind = "INFORMATION_LOST"
	// SyncUnconfirmed: the outcome of a creation is unknown, and it is too late to repeat it.
	SyncUnconfirmed SyncFailureKind = "UNCONFIRMED"
)

// SyncPickUpAfter is how long the server that changed a customer has to push, before any server finds it due.
const SyncPickUpAfter = 30 * time.Second

// EnqueueSync records, with a change at a time, parts of the customer to push.
func (c *Customer) EnqueueSync(at time.Time, parts ...SyncPart) {
	if c.Sync == nil {
		c.Sync = &Sync{}
	}
	if c.Sync.Pending == nil {
		c.Sync.Pending = map[SyncPart]int64{}
	}
	c.Sync.Revision++
	for _, part := range parts {
		c.Sync.Pending[part] = c.Sync.Revision
	}
	c.Sync.Attempts, c.Sync.Failure = 0, nil
	c.Sync.due(at.Add(SyncPickUpAfter))
}

// EnqueueFullSync is EnqueueSync for all parts of a customer that the provider does not have yet, and more parts.
func (c *Customer) EnqueueFullSync(at time.Time, more ...SyncPart) {
	parts := append([]SyncPart{SyncFacts}, more...)
	for part, text := range c.syncTexts() {
		// A customer that is linked may have a coupon there that it does not have here.
		if text != nil || part == SyncCoupon && c.BillingID != nil {
			parts = append(parts, part)
		}
	}
	c.EnqueueSync(at, parts...)
}

// syncTexts are the parts that are texts of the customer itself.
func (c *Customer) syncTexts() map[SyncPart]*string {
	return map[SyncPart]*string{SyncName: c.Name, SyncEmail: c.Email, SyncCoupon: c.CouponID}
}

// SyncChanges returns the parts that differ from before.
func (c *Customer) SyncChanges(before *Customer) []SyncPart {
	var parts []SyncPart
	was := before.syncTexts()
	for part, text := range c.syncTexts() {
		if old := was[part]; (text == nil) != (old == nil) || text != nil && *text != *old {
			parts = append(parts, part)
		}
	}
	return parts
}

// EnqueueAttachment is EnqueueSync for a payment method that is to become the one that is charged, in a currency, or with ""
// in that of before.
func (c *Customer) EnqueueAttachment(at time.Time, paymentMethodID, currency string) {
	c.EnqueueSync(at, SyncAttachment, SyncFacts)
	c.Sync.AttachmentID, c.Sync.AttachmentCurrency = paymentMethodID, currency
	if c.Sync.DetachmentID == paymentMethodID {
		c.Sync.Drop(SyncDetachment)
	}
}

// AttachmentPending reports whether a payment method waits to be attached.
func (c *Customer) AttachmentPending() bool { return c.Sync != nil && c.Sync.AttachmentID != "" }

// ExpectedPaymentMethodID is the payment method that is charged once everything is pushed; "" if that is none, or is
// refused.
func (c *Customer) ExpectedPaymentMethodID() string {
	charged := c.Facts().DefaultPaymentMethodID
	switch {
	case c.AttachmentPending() && c.Sync.Failure != nil && c.Sync.Failure.Kind == SyncRefused:
		return ""
	case c.AttachmentPending():
		return c.Sync.AttachmentID
	case c.Sync != nil && c.Sync.DetachmentID == charged:
		return ""
	default:
		return charged
	}
}

// EnqueueDetachment is EnqueueSync for a payment method that is to be taken away, or with "" for none. A pending
// attachment is dropped.
func (c *Customer) EnqueueDetachment(at time.Time, paymentMethodID string) {
	c.EnqueueSync(at, SyncFacts)
	c.Sync.Drop(SyncAttachment)
	if paymentMethodID != "" {
		c.Sync.Pending[SyncDetachment], c.Sync.DetachmentID = c.Sync.Revision, paymentMethodID
	}
}

// SyncEnabled reports whether changes of the customer are pushed to the billing provider.
func (c *Customer) SyncEnabled() bool {
	return c.BillingID != nil || c.Sync != nil && len(c.Sync.Pending) > 0
}

// SyncStarted reports whether a sync of the whole customer, as it is linked now, was ever wanted. It was not of one that
// was linked while there was no provider, although its changes are Synced and its facts may be read again.
func (c *Customer) SyncStarted() bool {
	return c.Sync != nil && (c.Sync.SucceededAt != nil || c.Sync.Revision > 0 && len(c.Sync.Pending) > 0)
}

// SyncInterrupted reports whether a sync of the whole customer was wanted that archiving may have cut off before its first
// success. Of one that was unlinked by hand none is wanted.
func (c *Customer) SyncInterrupted() bool {
	return c.Sync != nil && c.Sync.Revision > 0 && c.Sync.SucceededAt == nil && c.SyncEnabled()
}

// LinkTo links the customer to that id at the provider; nil unlinks it. Facts and pending parts of the old link are
// dropped.
func (c *Customer) LinkTo(billingID *string) {
	c.BillingID, c.BillingLinkURL, c.BillingFacts = billingID, nil, nil
	if c.Sync != nil {
		for part := range c.Sync.Pending {
			c.Sync.Drop(part)
		}
		c.Sync.pause()
		// A creation to come must not lead to the customer that was left.
		c.Sync.KeyGeneration++
		c.Sync.CreatingSince = nil
		c.Sync.NameGiven, c.Sync.SucceededAt = false, nil
	}
}

// Facts are what the provider reported of the customer; empty if they were never fetched.
func (c *Customer) Facts() BillingFacts {
	if c.BillingFacts == nil {
		return BillingFacts{}
	}
	return *c.BillingFacts
}

// RecordFacts stores what the provider reported. Subscriptions that wait for a payment method start once there is one.
func (c *Customer) RecordFacts(at time.Time, facts BillingFacts) {
	c.BillingFacts = &facts
	if c.Archived() || !facts.HasPaymentMethod() {
		return
	}
	for i := range c.Subscriptions {
		c.Subscriptions[i].Activate(at)
	}
}

// SyncStatus is how the customer stands with the billing provider.
func (c *Customer) SyncStatus() SyncStatus {
	switch s := c.Sync; {
	case c.Facts().Deleted || s != nil && s.Failure != nil:
		return SyncError
	case !c.SyncStarted():
		return SyncNotRequired
	case s.anyPending():
		return SyncPending
	default:
		return SyncSuccess
	}
}

// anyPending ignores facts that are only fetched again.
func (s *Sync) anyPending() bool {
	_, facts := s.Pending[SyncFacts]
	return len(s.Pending) > 1 || len(s.Pending) == 1 && (!facts || s.SucceededAt == nil)
}

// EditVersion counts the changes of the customer that callers of the API made, from 1; the writes of a sync, which
// change nothing that they can set, are left out.
func (c *Customer) EditVersion() int64 {
	if c.Sync == nil {
		return c.Version
	}
	return c.Version - c.Sync.Writes
}

// Drop drops a part that need not be pushed any more.
func (s *Sync) Drop(part SyncPart) {
	delete(s.Pending, part)
	switch part {
	case SyncAttachment:
		s.AttachmentID, s.AttachmentCurrency = "", ""
	case SyncDetachment:
		s.DetachmentID = ""
	default:
	}
}

// pause stops retries until the next change, and drops billing information that is still on its way.
func (s *Sync) pause() {
	s.Drop(SyncInformation)
	s.InformationPushed = s.Revision
	s.DueAt, s.Failure, s.Attempts = nil, nil, 0
}

func (s *Sync) due(at time.Time) {
	at = Timestamp(at)
	s.DueAt = &at
}

// RenewCreation allows a new creation if the outcome of the last one is unknown. It may create a second customer.
func (s *Sync) RenewCreation() {
	if s.Failure != nil && s.Failure.Kind == SyncUnconfirmed {
		s.KeyGeneration++
		s.CreatingSince = nil
	}
}

// DueBy makes the customer due at a time, unless it is due earlier.
func (s *Sync) DueBy(at time.Time) {
	if s.DueAt == nil || at.Before(*s.DueAt) {
		s.due(at)
	}
}

// Enqueue makes a part due at a time, without a change.
func (s *Sync) Enqueue(part SyncPart, at time.Time) {
	if s.Pending == nil {
		s.Pending = map[SyncPart]int64{}
	}
	s.Pending[part] = s.Revision
	s.DueBy(at)
}

// Fail records why an attempt failed, and when a server retries; nil is never.
func (s *Sync) Fail(failure SyncFailure, again *time.Time) {
	s.Failure, s.DueAt = &failure, nil
	if again != nil {
		s.due(*again)
	}
}

// Succeed records that everything was pushed.
func (s *Sync) Succeed(at time.Time) {
	at = Timestamp(at)
	s.SucceededAt, s.Failure, s.DueAt, s.Attempts = &at, nil, nil, 0
}

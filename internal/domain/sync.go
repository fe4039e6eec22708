package domain

import "time"

// SyncPart is a part of a customer that the billing provider is told of by itself.
type SyncPart string

// The parts.
const (
	SyncName   SyncPart = "name"
	SyncEmail  SyncPart = "email"
	SyncCoupon SyncPart = "coupon"
	// SyncInformation is billing information. It is not kept, so only the request that brought it can pass it on.
	SyncInformation SyncPart = "information"
	// SyncAttachment and SyncDetachment are of the payment methods that the Sync names.
	SyncAttachment SyncPart = "attachment"
	SyncDetachment SyncPart = "detachment"
	// SyncFacts is the one that goes the other way: what the provider knows.
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

// Sync says what the billing provider still has to be told of a customer, how that went so far, and who is at it.
// It is written together with the change that the provider has to be told of, so a crash loses neither.
type Sync struct {
	// Revision counts the changes that the provider has to be told of.
	Revision int64 `bson:"revision"`
	// Pending are the parts that the provider was not told of yet, each with the Revision that it changed in last.
	Pending map[SyncPart]int64 `bson:"pending"`
	// InformationPushed is the Revision of the newest billing information that was passed on; none from before is any
	// more.
	InformationPushed int64 `bson:"informationPushed"`
	// AttachmentID and DetachmentID are the payment methods of SyncAttachment and SyncDetachment, and
	// AttachmentCurrency what to charge the first in, "" for as before.
	AttachmentID       string `bson:"attachmentId"`
	AttachmentCurrency string `bson:"attachmentCurrency"`
	DetachmentID       string `bson:"detachmentId"`
	// NameGiven is that the provider has a name out of billing information, which ours must not replace.
	NameGiven bool `bson:"nameGiven"`

	// KeyGeneration is one more each time that the key of a creation was spent.
	KeyGeneration int `bson:"keyGeneration"`
	// CreatingSince is the first attempt at a creation of which it is not known what came of it; nil if there is
	// none.
	CreatingSince *time.Time `bson:"creatingSince"`

	// Lease is who is telling the provider; nil if nobody is.
	Lease *SyncLease `bson:"lease"`
	// DueAt is when a server looks after the customer by itself; nil while there is nothing to do, or nothing that
	// a server can do by itself.
	DueAt *time.Time `bson:"dueAt"`
	// Attempts counts the attempts since the last change or success.
	Attempts int `bson:"attempts"`
	// Failure is what went wrong last; nil if nothing did since the last change.
	Failure *SyncFailure `bson:"failure"`
	// RequestID is the provider's name of the last request that was made for the customer.
	RequestID string `bson:"requestId"`
	// SucceededAt is when the provider last knew all; nil if it never did.
	SucceededAt *time.Time `bson:"succeededAt"`
	// Writes counts the versions of the document that a sync alone made.
	Writes int64 `bson:"writes"`
}

// SyncLease is held by one attempt at a time.
type SyncLease struct {
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

// SyncFailure is why an attempt failed, in words of programs only.
type SyncFailure struct {
	Kind SyncFailureKind `bson:"kind"`
	// Code is why in the provider's terms, or in those of package billing, and Param what the provider refuses.
	Code  string    `bson:"code"`
	Param string    `bson:"param"`
	At    time.Time `bson:"at"`
}

// SyncFailureKind is what a failure asks for.
type SyncFailureKind string

// The kinds of failure.
const (
	// SyncTemporary: a server tries again by itself.
	SyncTemporary SyncFailureKind = "TEMPORARY"
	// SyncRefused: the provider refuses, and will again until something is changed.
	SyncRefused SyncFailureKind = "REFUSED"
	// SyncDeleted: the provider has deleted the customer.
	SyncDeleted SyncFailureKind = "DELETED"
	// SyncInformationLost: billing information was accepted and not passed on. It has to be sent again.
	SyncInformationLost SyncFailureKind = "INFORMATION_LOST"
	// SyncUnconfirmed: nobody knows what came of a creation, and it is too late to repeat it.
	SyncUnconfirmed SyncFailureKind = "UNCONFIRMED"
)

// SyncPickUpAfter is how long whoever changed a customer has to tell the provider, before a server does so that
// finds the customer due.
const SyncPickUpAfter = 30 * time.Second

// EnqueueSync notes, with a change at a time, parts of the customer that the provider has to be told of.
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

// EnqueueFullSync is EnqueueSync for all that a provider is told of a customer that it knows nothing of, and more parts.
func (c *Customer) EnqueueFullSync(at time.Time, more ...SyncPart) {
	parts := append([]SyncPart{SyncFacts}, more...)
	for part, text := range c.syncTexts() {
		// A customer that is there may have a coupon that it has not here.
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

// SyncChanges are the parts that are not what they were before.
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

// ExpectedPaymentMethodID is the payment method that is charged once the provider was told all; "" if that is none, or is
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

// EnqueueDetachment is EnqueueSync for a payment method that is to be taken away, or with "" for none. One that waits to be
// attached is forgotten.
func (c *Customer) EnqueueDetachment(at time.Time, paymentMethodID string) {
	c.EnqueueSync(at, SyncFacts)
	c.Sync.Drop(SyncAttachment)
	if paymentMethodID != "" {
		c.Sync.Pending[SyncDetachment], c.Sync.DetachmentID = c.Sync.Revision, paymentMethodID
	}
}

// Synced reports whether changes of the customer go to the billing provider.
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

// LinkTo makes the customer the one of that id at the provider, or nobody's. What was known of another is forgotten,
// and so is what it had to be told.
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

// Facts are what the provider told of the customer; nothing, if it was never asked.
func (c *Customer) Facts() BillingFacts {
	if c.BillingFacts == nil {
		return BillingFacts{}
	}
	return *c.BillingFacts
}

// Learn notes what the provider told. Subscriptions that wait for a payment method begin once there is one.
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

// pending is whether something is pending. Facts that are only read again do not count.
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

// Forget drops a part that need not be told any more.
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

// rest leaves what is pending to whoever wants more to be told, and lets go of billing information that is still on
// its way.
func (s *Sync) pause() {
	s.Drop(SyncInformation)
	s.InformationPushed = s.Revision
	s.DueAt, s.Failure, s.Attempts = nil, nil, 0
}

func (s *Sync) due(at time.Time) {
	at = Timestamp(at)
	s.DueAt = &at
}

// RenewCreation lets a creation begin anew if nobody knows what came of the one that was begun. It may make a second
// customer.
func (s *Sync) RenewCreation() {
	if s.Failure != nil && s.Failure.Kind == SyncUnconfirmed {
		s.KeyGeneration++
		s.CreatingSince = nil
	}
}

// DueBy makes a server look after the customer at a time, or before if it would anyway.
func (s *Sync) DueBy(at time.Time) {
	if s.DueAt == nil || at.Before(*s.DueAt) {
		s.due(at)
	}
}

// Await notes that a part is to be looked after from a time on, without anything having changed.
func (s *Sync) Enqueue(part SyncPart, at time.Time) {
	if s.Pending == nil {
		s.Pending = map[SyncPart]int64{}
	}
	s.Pending[part] = s.Revision
	s.DueBy(at)
}

// Fail notes why an attempt failed, and when a server tries again by itself; nil is never.
func (s *Sync) Fail(failure SyncFailure, again *time.Time) {
	s.Failure, s.DueAt = &failure, nil
	if again != nil {
		s.due(*again)
	}
}

// Succeed notes that the provider knows all.
func (s *Sync) Succeed(at time.Time) {
	at = Timestamp(at)
	s.SucceededAt, s.Failure, s.DueAt, s.Attempts = &at, nil, nil, 0
}

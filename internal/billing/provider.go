package billing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"clientele/internal/domain"
)

// Provider is a billing provider's account. Callers commit first, call the provider next, and record the
// outcome, so every method can be called again after a crash and then ends where it would have ended.
//
// A customer is known to the provider by the id that CreateCustomer returned, or that was linked by hand. No method looks for a customer by name, email or anything else. None deletes one: what is
// archived here lives on there.
//
// Whatever a call changes besides what its comment says is a bug. Calls on different customers may run at the
// same time; the caller lets one call at a time change a customer.
//
// Errors: ProviderError, always. Where a comment names no kind, any but KeySpent can be.
type Provider interface {
	// Vendor describes the provider, with the rules of this account.
	Vendor() Vendor

	// CreateCustomer makes an empty customer that carries our ids. Its parameters never vary for a customer,
	// and its key follows from them, so within KeyLifetime of the first call any number of calls make one
	// customer and return its id. KeySpent: this key will fail for as long as it lives.
	CreateCustomer(ctx context.Context, customer NewCustomer) (Created, error)

	// UpdateCustomer changes what the update gives and leaves the rest. It ignores the tax ids
	// and the payment method of its Information.
	UpdateCustomer(ctx context.Context, id string, update CustomerUpdate) (Receipt, error)

	// SetTaxIDs makes the customer's tax ids those given: what is there already stays, what is missing is
	// added, the rest is removed; none given removes all. After an error some of it may have been done.
	SetTaxIDs(ctx context.Context, id string, taxIDs []domain.TaxID) (Receipt, error)

	// AttachPaymentMethod attaches the payment method to the customer and makes it the one that is charged. A
	// method that is attached to this customer already is only made the one that is charged.
	AttachPaymentMethod(ctx context.Context, id, paymentMethodID string) (Receipt, error)

	// DetachPaymentMethod detaches the payment method from the customer for good. It does nothing to a method
	// that is not attached to this customer, and none is charged in its place.
	DetachPaymentMethod(ctx context.Context, id, paymentMethodID string) (Receipt, error)

	// SetCoupon makes the coupon the customer's, and nil takes it away. A coupon that the provider does not
	// have yet is made there.
	SetCoupon(ctx context.Context, id string, coupon *Coupon) (Receipt, error)

	// RetrieveCustomer returns a snapshot of how the customer can be charged. The method that is charged
	// is among its payment methods; of the others, the newest are enough. A customer that the provider deleted
	// is a snapshot too, and no error.
	RetrieveCustomer(ctx context.Context, id string) (Snapshot, error)

	// ParseEvent proves that the provider sent the payload, a short while ago, and reads it. signature is
	// what the provider's request said of itself. An event that says nothing of interest is Ignored, not an
	// error.
	//
	// Errors: ErrBadSignature, after which nothing may be written; ErrBadEvent, if what the provider signed
	// cannot be read; ErrFutureSignature and ErrFutureEvent, if the date of one is more than ClockTolerance ahead.
	// None of them holds a part of the payload.
	ParseEvent(payload []byte, signature string) (Event, error)
}

// ClockTolerance is how far the provider's clock and ours may be apart, in either direction.
const ClockTolerance = 5 * time.Minute

// KeyLifetime is how long a creation can be repeated without making a second customer. Every provider must
// keep its keys for longer. After it the outcome of an unrecorded creation is unknown.
const KeyLifetime = 23 * time.Hour

// NewCustomer is what a creation sends, which is all that never changes of a customer.
type NewCustomer struct {
	Ref domain.CustomerRef
	// ID is the customer's UUID.
	ID string
	// Generation is 0, and one more each time that a key was spent. It is not sent but as part of the key.
	Generation int
}

// Key names the creation, so that the provider recognises its repetition. It is the same for a customer and a
// generation on every server and in every version of this program, and nobody can read an id out of it.
func (n NewCustomer) Key() string {
	sum := sha256.Sum256([]byte(n.Ref.Key() + "\x00" + n.ID))
	return "clientele-customer-" + hex.EncodeToString(sum[:]) + "-" + strconv.Itoa(n.Generation)
}

// Created is a new customer.
type Created struct {
	// CustomerID is the provider's id of the customer.
	CustomerID string
	// LinkURL is where people see the customer at the provider.
	LinkURL string
	Receipt
}

// Receipt names what was done at the provider.
type Receipt struct {
	// RequestID is the provider's name of the last request that was made, "" if none was needed.
	RequestID string
}

// CustomerUpdate is what may vary of a customer. Nil leaves what is there; "" clears it. Within Information
// what was not given leaves what is there, what was given empty clears it, and an address replaces the one
// that is there.
//
// The caller sends Name along with a shipping address, which at some providers needs one.
type CustomerUpdate struct {
	Ref domain.CustomerRef
	// ID is the customer's UUID.
	ID    string
	Name  *string
	Email *string
	// Information passes through and is kept nowhere. Its CustomerName goes before Name.
	Information domain.BillingInformation
}

// Coupon is a coupon as it is applied to a customer.
type Coupon struct {
	Ref domain.CustomerRef // the customer's; its environment is the coupon's
	// Definition is the coupon here. If it has a BillingID, that is the provider's coupon, which must exist.
	Definition domain.Coupon
}

// Snapshot is all that is known of how a customer can be charged, at one time.
type Snapshot struct {
	CustomerID string
	// At is the provider's time, or a little earlier: the snapshot has everything from before At, and maybe what
	// happened soon after.
	At time.Time
	// RespondedAt is the time of the provider's response by its clock. All that the caller did before the request is in
	// the snapshot.
	RespondedAt time.Time
	Deleted     bool
	// LinkURL is where people see the customer at the provider.
	LinkURL        string
	Customer       CustomerFacts
	PaymentMethods []PaymentMethod
	Receipt
}

// Event is the snapshot as an event, for Apply.
func (p Snapshot) Event() Event {
	e := Event{
		ID: p.RequestID, CreatedAt: p.At, CustomerID: p.CustomerID,
		Kind: CustomerRetrieved, Customer: p.Customer, PaymentMethods: p.PaymentMethods,
	}
	if p.Deleted {
		e.Kind = CustomerDeleted
	}
	if e.ID == "" {
		e.ID = "retrieved"
	}
	return e
}

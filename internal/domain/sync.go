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
	// Untold are the parts that the provider was not told of yet, each with the Revision that it changed in last.
	Untold map[SyncPart]int64 `bson:"untold"`
	// InformationTold is the Revision of the newest billing information that was passed on.
	InformationTold int64 `bson:"informationTold"`
	// AttachmentID and DetachmentID are the payment methods of SyncAttachment and SyncDetachment.
	AttachmentID string `bson:"attachmentId"`
	DetachmentID string `bson:"detachmentId"`
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
	// Kind and Code are those of billing.ProviderError, and Param its parameter.
	Kind  string    `bson:"kind"`
	Code  string    `bson:"code"`
	Param string    `bson:"param"`
	At    time.Time `bson:"at"`
}

package domain

import "time"

// KeyedRequest is what is known of a mutation that was sent with an idempotency key. Without that key, which is
// not kept, nothing of the request and its answer can be read: the ID and the fingerprint are hashes, and the
// answer is sealed.
type KeyedRequest struct {
	// ID is a hash of the caller's API key and environment, the mutation and the idempotency key; the store's
	// primary key.
	ID string `bson:"_id"`
	// Version counts the writes of the document, from 1; a write names the version it read. A request under way is
	// written now and then, as a sign of life.
	Version int64        `bson:"version"`
	State   RequestState `bson:"state"`
	// Fingerprint is a keyed hash of the request, by which another request is told from the same one. It is
	// empty once the request is forgotten.
	Fingerprint string `bson:"fingerprint"`
	// Answer is sealed; nil unless the request is answered.
	Answer []byte `bson:"response"`
	// CustomerKeys are the Keys of the customers that the answer is about; nil for none.
	CustomerKeys []string `bson:"customerKeys"`
	// ExpiresAt is the time from which nothing need be known of the request.
	ExpiresAt time.Time `bson:"expiresAt"`
}

// RequestState is how far a KeyedRequest has come.
type RequestState string

// The states. Each of them but the first is final.
const (
	RequestUnderWay RequestState = "UNDER_WAY"
	// RequestAnswered was carried out, and its answer is kept.
	RequestAnswered RequestState = "COMPLETED"
	// RequestUnkept was carried out, and its answer could not be kept.
	RequestUnkept RequestState = "NOT_STORED"
	// RequestForgotten was carried out, and a customer that its answer was about was archived since.
	RequestForgotten RequestState = "CLEARED"
)

// Forget drops all that was kept of the request, but for the fact that it was carried out.
func (r *KeyedRequest) Forget() {
	r.State, r.Fingerprint, r.Answer, r.CustomerKeys = RequestForgotten, "", nil, nil
}

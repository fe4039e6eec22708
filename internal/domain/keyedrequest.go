package domain

import "time"

// KeyedRequest is the record of a mutation with an idempotency key. Without that key, which is not stored, neither the
// request nor its response can be read: the ID and the fingerprint are hashes, and the response is encrypted.
type KeyedRequest struct {
	// ID is a hash of the caller's API key and environment, the mutation and the idempotency key; the store's
	// primary key.
	ID string `bson:"_id"`
	// Version counts the writes of the document, from 1; a write names the version it read. A request under way is
	// written every few seconds, as a heartbeat.
	Version int64        `bson:"version"`
	State   RequestState `bson:"state"`
	// Fingerprint is a keyed hash of the request, to recognise a different request with the same key. It is empty once the
	// request is cleared.
	Fingerprint string `bson:"fingerprint"`
	// Response is encrypted; nil unless State is RequestCompleted.
	Response []byte `bson:"response"`
	// CustomerKeys are the Keys of the customers that the response is about; nil for none.
	CustomerKeys []string `bson:"customerKeys"`
	// ExpiresAt is when the document can be deleted.
	ExpiresAt time.Time `bson:"expiresAt"`
}

// RequestState is how far a KeyedRequest has come.
type RequestState string

// The states. Each of them but the first is final.
const (
	RequestUnderWay RequestState = "UNDER_WAY"
	// RequestCompleted was carried out, and its response is stored.
	RequestCompleted RequestState = "COMPLETED"
	// RequestNotStored was carried out, and its response could not be stored.
	RequestNotStored RequestState = "NOT_STORED"
	// RequestCleared was carried out, and a customer that its response was about was archived since.
	RequestCleared RequestState = "CLEARED"
)

// Clear drops all but the fact that the request was carried out.
func (r *KeyedRequest) Clear() {
	r.State, r.Fingerprint, r.Response, r.CustomerKeys = RequestCleared, "", nil, nil
}

package domain

import "time"

// Ref names one document within the whole store: by its environment and by the id that its owner gave it.
type Ref struct {
	EnvironmentID string
	RefID         string
}

// Key is the document's primary key, "<environmentId>/<refId>".
func (r Ref) Key() string { return r.EnvironmentID + "/" + r.RefID }

// Record is what every document begins with, but for customers and API keys, which have forms of their own.
type Record struct {
	// Key is the Ref's Key; the store's primary key.
	Key string `bson:"_id"`
	// ID is a UUID given at creation, stable for ever.
	ID            string `bson:"id"`
	EnvironmentID string `bson:"environmentId"`
	// RefID is the id that the owner gave; unique among the documents of its kind in the environment.
	RefID string `bson:"refId"`
	// Version counts the writes of the document, from 1; a write names the version it read.
	Version   int64     `bson:"version"`
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`
}

// NewRecord is the beginning of a new document.
func NewRecord(ref Ref, id string, at time.Time) Record {
	return Record{
		Key: ref.Key(), ID: id, EnvironmentID: ref.EnvironmentID, RefID: ref.RefID, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
}

// Ref is the document's name.
func (r *Record) Ref() Ref { return Ref{EnvironmentID: r.EnvironmentID, RefID: r.RefID} }

// RequireVersion refuses a change that is meant for another version than the current one; nil is meant for any.
// Errors: VersionMismatch.
func RequireVersion(wanted *int64, current int64) error {
	if wanted == nil || *wanted == current {
		return nil
	}
	return FieldErrorf(VersionMismatch, "ifVersion", "must be the current version, which is %d; nothing was changed", current).
		With("currentVersion", current)
}

// Head is the record of whatever document embeds it.
func (r *Record) Head() *Record { return r }

// Package bsondoc reads documents as the engines store them: the BSON that the tags of package domain
// describe. It knows the format and the contract's fields and lists, and neither where documents are kept nor
// what they mean.
package bsondoc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Document is a stored document, or one that is embedded in it. Fields are looked up where they stand,
// because a scan looks at a few fields of many documents. Nil stands for no document.
type Document bson.Raw

var _ persistence.Document = Document(nil)

// Value implements persistence.Document.
func (d Document) Value(field persistence.Field) persistence.Value {
	return valueOf(bson.Raw(d).Lookup(string(field)))
}

func valueOf(value bson.RawValue) persistence.Value {
	switch value.Type {
	case bson.TypeString:
		return persistence.Text(value.StringValue())
	case bson.TypeDateTime:
		return persistence.Time(time.UnixMilli(value.DateTime()))
	default:
		return persistence.Value{}
	}
}

// Elements implements persistence.Document.
func (d Document) Elements(list persistence.List) []persistence.Document {
	array, isArray := bson.Raw(d).Lookup(string(list)).ArrayOK()
	if !isArray {
		return nil
	}
	values, err := array.Values()
	if err != nil {
		return nil // A damaged document has no elements, as it has no values.
	}
	elements := make([]persistence.Document, 0, len(values))
	for _, value := range values {
		if element, ok := value.DocumentOK(); ok {
			elements = append(elements, Document(element))
		}
	}
	return elements
}

// Text is the field's value, or empty if that is no text.
func (d Document) Text(field persistence.Field) string {
	text, _ := d.Value(field).AsText()
	return text
}

// Version is zero, which no document has, if the document is damaged.
func (d Document) Version() int64 {
	version, _ := bson.Raw(d).Lookup("version").AsInt64OK()
	return version
}

// Archived reports whether the document has the time at which it was archived.
func (d Document) Archived() bool { return bson.Raw(d).Lookup("archivedAt").Type == bson.TypeDateTime }

// DueAt is the time at which a server looks after the customer by itself, or null.
func (d Document) DueAt() persistence.Value { return valueOf(bson.Raw(d).Lookup("sync", "dueAt")) }

// Identity is what a write depends on.
type Identity struct {
	Key string
	// RefKey is the key that the environment and the id make; it has to be Key.
	RefKey  string
	Version int64
}

// Identify returns the identity of a customer, or of a document with a domain.Record.
func Identify(document any) Identity {
	switch d := document.(type) {
	case *domain.Customer:
		return Identity{Key: d.Key, RefKey: d.Ref().Key(), Version: d.Version}
	case interface{ Head() *domain.Record }:
		return Identity{Key: d.Head().Key, RefKey: d.Head().Ref().Key(), Version: d.Head().Version}
	default:
		panic(fmt.Sprintf("%T is in no collection", document))
	}
}

// Decode reads a document into memory of its own. A document that does not fit was written by somebody else;
// the error names the place, not what stands there.
func Decode[T any](d Document) (*T, error) {
	out := new(T)
	if err := bson.Unmarshal(d, out); err != nil {
		place := "its structure"
		if at, ok := errors.AsType[*bson.DecodeError](err); ok {
			place = strings.Join(at.Keys(), ".")
		}
		return nil, fmt.Errorf("a stored document does not decode to %T at %s", out, place)
	}
	return out, nil
}

// Read decodes a document for a request, whose governor is asked first, and which it is counted for.
// Errors: persistence.ErrBusy.
func Read[T any](ctx context.Context, d Document) (*T, error) {
	if err := persistence.GovernorOf(ctx).Hold(len(d)); err != nil {
		return nil, err
	}
	persistence.WorkOf(ctx).Read(len(d))
	return Decode[T](d)
}

// ReadAll is Read for documents that are needed together: all of them are decoded, or none.
func ReadAll[T any](ctx context.Context, found []Document) ([]*T, error) {
	size := 0
	for _, d := range found {
		size += len(d)
	}
	if err := persistence.GovernorOf(ctx).Hold(size); err != nil {
		return nil, err
	}
	work, out := persistence.WorkOf(ctx), make([]*T, len(found))
	for i, d := range found {
		work.Read(len(d))
		document, err := Decode[T](d)
		if err != nil {
			return nil, err
		}
		out[i] = document
	}
	return out, nil
}

// ReadPage is a page with its documents decoded by ReadAll.
func ReadPage[T any](ctx context.Context, found persistence.Slice[Document]) (persistence.Page[T], error) {
	documents, err := ReadAll[T](ctx, found.Documents)
	if err != nil {
		return persistence.Page[T]{}, err
	}
	page := persistence.Page[T]{
		Items: make([]persistence.Item[T], len(documents)), HasNext: found.HasNext, HasPrevious: found.HasPrevious,
	}
	for i, document := range documents {
		page.Items[i] = persistence.Item[T]{Document: document, Cursor: found.Cursors[i]}
	}
	return page, nil
}

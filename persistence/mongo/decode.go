package mongo

import (
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// decode reads a stored document. A document that does not fit was written by somebody else; the error
// names the place, not what stands there.
func decode[T any](raw bson.Raw) (*T, error) {
	document := new(T)
	if err := bson.Unmarshal(raw, document); err != nil {
		place := "its structure"
		if at, ok := errors.AsType[*bson.DecodeError](err); ok {
			place = strings.Join(at.Keys(), ".")
		}
		return nil, fmt.Errorf("mongodb: a stored document does not decode to %T at %s", document, place)
	}
	return document, nil
}

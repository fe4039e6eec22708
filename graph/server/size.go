package server

import (
	"context"
	"encoding/json"
	"reflect"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

const (
	// fieldBytes is the size of a field without its name and text: quotation marks, a colon, a comma, a number.
	fieldBytes = 8
	// holdStep is the step in which memory for a response is reserved. Shorter responses reserve none.
	holdStep = 16 << 10
)

// responseSize counts the bytes of a response while it is built. Prices assume short texts and lists; this is the bound for
// when they are long.
type responseSize struct {
	limit         int
	bytes, fields atomic.Int64
}

func (s *responseSize) full() bool { return limits.Over(int(s.bytes.Load()), s.limit) }

func (s *responseSize) refusal() *domain.Error {
	return domain.Errorf(domain.BadUserInput,
		"the response would have more than %d bytes; ask for fewer fields, or a shorter page. A change was made if this was a mutation", s.limit).Limited("answerBytes", s.limit)
}

// countBytes is the field middleware that counts resolved fields. Once the response is too long, or too late, it resolves
// no more fields, so that the store is not called.
func countBytes(ctx context.Context, next graphql.Resolver) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := callOf(ctx)
	if c.size.full() {
		return nil, c.size.refusal()
	}
	value, err := next(ctx)
	c.size.fields.Add(1)
	added := int64(fieldBytes + len(graphql.GetFieldContext(ctx).Field.Alias) + sizeOf(value))
	all := c.size.bytes.Add(added)
	if steps := all/holdStep - (all-added)/holdStep; steps > 0 && err == nil {
		err = c.memory.HoldResponse(int(steps * holdStep))
	}
	return value, err
}

// sizeOf is the size of a text in bytes; other scalars are in fieldBytes, and objects are the sum of their fields.
func sizeOf(value any) int {
	switch v := value.(type) {
	case string:
		return len(v)
	case *string:
		if v != nil {
			return len(*v)
		}
	case json.RawMessage:
		return len(v)
	case []string:
		n := 0
		for _, text := range v {
			n += len(text) + 3
		}
		return n
	default:
		if r := reflect.ValueOf(value); r.Kind() == reflect.String {
			return r.Len()
		}
	}
	return 0
}

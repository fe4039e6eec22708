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
	// fieldBytes is what a field takes beside its name and a text: quotation marks, a colon, a comma, a number.
	fieldBytes = 8
	// holdStep is in what portions memory for a response is reserved. Those that are shorter take none.
	holdStep = 16 << 10
)

// responseSize counts the bytes of a response while it is made. What an operation costs is counted in fields, and with
// lists that are taken to be short; this is the bound for when they are not.
type responseSize struct {
	limit         int
	bytes, fields atomic.Int64
}

// full reports whether the response is longer than it may be.
func (a *responseSize) full() bool { return limits.Over(int(a.bytes.Load()), a.limit) }

// refusal is the error of a response that is too long.
func (a *responseSize) refusal() *domain.Error {
	return domain.Errorf(domain.BadUserInput,
		"the answer would have more than %d bytes; ask for fewer fields, or a shorter page. A change was made if this was a mutation", a.limit).Limited("answerBytes", a.limit)
}

// countBytes is the resolver middleware that counts a field when it was resolved. Once the response is too long, or too
// late, no more fields are resolved: lists are not gone into, and the store is not asked.
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

// sizeOf is how many bytes a value takes in a response beside fieldBytes, if it is long. Objects and lists of them
// take what their fields take.
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

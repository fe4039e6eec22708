package graph

import (
	"context"
	"encoding/json"
	"reflect"
	"sync/atomic"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/internal/domain"
)

const (
	// maxShortened is the length of a text in an error, as far as clients choose it.
	maxShortened = 300
	// maxRefusalBytes is what the errors of a request that was not executed may take, but for the first.
	maxRefusalBytes = 1_500
	// fieldBytes is what a field takes beside its name and a text: quotation marks, a colon, a comma, a number.
	fieldBytes = 8
	// holdStep is in what portions memory for a response is reserved. Those that are shorter take none.
	holdStep = 16 << 10
)

// answerSize counts the bytes of a response while it is made. What an operation costs is counted in fields, and with
// lists that are taken to be short; this is the bound for when they are not.
type answerSize struct {
	limit         int
	bytes, fields atomic.Int64
}

// full reports whether the response is longer than it may be.
func (a *answerSize) full() bool { return a != nil && over(int(a.bytes.Load()), a.limit) }

// refusal is the error of a response that is too long.
func (a *answerSize) refusal() *domain.Error {
	return limited("answerBytes", a.limit, domain.Errorf(domain.BadUserInput,
		"the answer would have more than %d bytes; ask for fewer fields, or a shorter page. A change was made if this was a mutation", a.limit))
}

// countBytes is the resolver middleware that counts a field when it was resolved. Once the response is too long, or too
// late, no more fields are resolved: lists are not gone into, and the store is not asked.
func countBytes(ctx context.Context, next graphql.Resolver) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := callOf(ctx).size
	if a.full() {
		return nil, a.refusal()
	}
	value, err := next(ctx)
	if a != nil {
		a.fields.Add(1)
		added := int64(fieldBytes + len(graphql.GetFieldContext(ctx).Field.Alias) + sizeOf(value))
		all := a.bytes.Add(added)
		if steps := all/holdStep - (all-added)/holdStep; steps > 0 && err == nil {
			err = callOf(ctx).memory.HoldResponse(int(steps * holdStep))
		}
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

// few keeps as many errors as are answered. The last one says how many there are beyond.
func (l Limits) few(errs gqlerror.List) gqlerror.List {
	if !over(len(errs), l.Errors) {
		return errs
	}
	return l.first(errs, l.Errors)
}

// fewBriefly is few for a request that was not executed, whose errors are kept short altogether.
func (l Limits) fewBriefly(errs gqlerror.List) gqlerror.List {
	size := 0
	for n, err := range errs {
		text, _ := json.Marshal(err)
		if size += len(text); n > 0 && size > maxRefusalBytes {
			return l.first(errs, n)
		}
	}
	return l.few(errs)
}

func (l Limits) first(errs gqlerror.List, n int) gqlerror.List {
	last := *errs[n-1]
	last.Extensions = map[string]any{"limit": "errors", "max": l.Errors, "more": len(errs) - n}
	for name, fact := range errs[n-1].Extensions {
		last.Extensions[name] = fact
	}
	return append(errs[:n-1:n-1], &last)
}

// shortened is a text that a client chose, cut to a length that an error can have.
func shortened(text string) string {
	if len(text) <= maxShortened {
		return text
	}
	end := maxShortened
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// maxFactLength is that of a fact in an error, in characters, so that every id is told as it is.
const maxFactLength = 255

// shortenedFact is a fact whose texts, which clients choose too, are cut to a length that an error can have.
func shortenedFact(fact any) any {
	switch v := fact.(type) {
	case string:
		n := 0
		for at := range v {
			if n == maxFactLength {
				return v[:at] + "…"
			}
			n++
		}
	case []string:
		cut := make([]string, len(v))
		for i, text := range v {
			cut[i], _ = shortenedFact(text).(string)
		}
		return cut
	}
	return fact
}

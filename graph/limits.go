package graph

import (
	"context"
	"math"
	"time"

	"clientele/internal/domain"
)

// Limits bound what one request may ask for and be answered. They come from the configuration, which has no
// limit of zero; here zero is no limit.
type Limits struct {
	// BodyBytes are those of a request's body. Whoever reads the body has to bound it too, because its length is
	// not always told.
	BodyBytes int
	// Values are those in a body, before they are read: each takes many times the memory of its text.
	Values int
	// ListLength is that of a list in the variables.
	ListLength int
	// QueryBytes and Tokens are those of a document.
	QueryBytes int
	Tokens     int
	// NameLength is that of the name of an operation, or of anything else in a document.
	NameLength int
	// Depth is how deep selections and values may be nested.
	Depth int
	// Aliases, RootFields and Directives are those of a document, root fields after the fragments in them.
	Aliases    int
	RootFields int
	Directives int
	// Cost is what an operation may cost, as checkCost counts it.
	Cost int
	// IntrospectionCost is how many fields of the schema an operation may ask for, counted as checkCost does.
	IntrospectionCost int
	// Errors is how many are answered.
	Errors int
	// AnswerBytes are those of the data of an answer.
	AnswerBytes int
	// ReadTimeout is how long a body may take to arrive. Whoever reads the connection has to see to it.
	ReadTimeout time.Duration
	// OperationTimeout bounds the time for one request, once its header was read.
	OperationTimeout time.Duration
}

// timed is a context for one request.
func (l Limits) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.OperationTimeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, l.OperationTimeout)
}

// over reports whether there is more than a limit allows.
func over(n, limit int) bool { return limit > 0 && n > limit }

// limited marks a refusal with the limit that it is about, for programs.
func limited(name string, limit any, err *domain.Error) *domain.Error {
	return err.With("limit", name).With("max", limit)
}

// plus and times are what they say, but stay at the largest number instead of leaving it. Neither takes what is
// negative.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}

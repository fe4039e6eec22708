// Package limits lists the limits on one request, each once. To add a limit, add its field here and the code that
// checks it; the flag, the variable, the help and the label of the metric follow.
package limits

import (
	"reflect"
	"slices"
	"time"
)

// Limits bound one request. A field's tags are what refusals call the limit (extensions.limit), and its flag, default
// and meaning. internal/config sets the fields, and refuses values below 1 or 1ns: no limit can be turned off.
type Limits struct {
	// Fits an import of 1,000 customers with 1 kB and 100 values each. A body takes about six times its size in memory,
	// and 10 ms for each MB, before anything in it can be refused.
	BodyBytes int `limit:"bodyBytes" flag:"max-body-bytes" default:"1048576" usage:"bytes of a request's body"`
	// Counted before they are parsed: a value takes many times the memory of its text.
	Values     int `limit:"values" flag:"max-values" default:"100000" usage:"JSON values in a request's body"`
	ListLength int `limit:"listLength" flag:"max-list-length" default:"10000" usage:"values in one list of the variables"`
	// Documents are written by people and generators, and values go in variables. Bytes and tokens are several times
	// what a selection of everything around one customer needs, see tests/clientops.
	QueryBytes int `limit:"queryBytes" flag:"max-query-bytes" default:"131072" usage:"bytes of a GraphQL document"`
	Tokens     int `limit:"tokens" flag:"max-tokens" default:"10000" usage:"tokens of a document"`
	NameLength int `limit:"nameLength" flag:"max-name-length" default:"128" usage:"bytes of the name of an operation, or any other name in a document"`
	// Common introspection queries are 18 levels deep.
	Depth   int `limit:"depth" flag:"max-depth" default:"30" usage:"levels of a selection, fragments included, or of a value in a document"`
	Aliases int `limit:"aliases" flag:"max-aliases" default:"30" usage:"aliases in a document"`
	// Counted after fragments are expanded.
	RootFields int `limit:"rootFields" flag:"max-root-fields" default:"20" usage:"fields at the root of an operation"`
	Directives int `limit:"directives" flag:"max-directives" default:"50" usage:"directives in a document"`
	// Twenty times the widest read of one customer; a second of one core.
	Cost int `limit:"cost" flag:"max-cost" default:"500000" usage:"points that an operation may cost at worst; about two microseconds of one core each"`
	// More than the whole schema, less than twice of it.
	IntrospectionCost int `limit:"introspectionCost" flag:"max-introspection-cost" default:"80000" usage:"fields of the schema that an operation can return"`
	Errors            int `limit:"errors" flag:"max-errors" default:"10" usage:"errors in a response"`
	AnswerBytes       int `limit:"answerBytes" flag:"max-answer-bytes" default:"16777216" usage:"bytes of the data in a response"`

	// Starts once the header was read.
	OperationTimeout  time.Duration `limit:"operationTimeout" flag:"operation-timeout" default:"30s" usage:"how long an operation may take"`
	ReadTimeout       time.Duration `limit:"readTimeout" flag:"read-timeout" default:"30s" usage:"how long a request may take to arrive"`
	ReadHeaderTimeout time.Duration `flag:"read-header-timeout" default:"5s" usage:"how long a request's header may take to arrive"`
}

// fixed are the refusals whose bound is no field of Limits: constants of the code, and what several requests share.
var fixed = []string{"bytesInFlight", "comparisons", "customer", "inFlight", "key", "nesting", "selections", "work"}

// Names are all names that extensions.limit can have, sorted.
func Names() []string {
	names := slices.Clone(fixed)
	for field := range reflect.TypeFor[Limits]().Fields() {
		if name, ok := field.Tag.Lookup("limit"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Over reports whether n is more than a limit allows. A limit of zero, which the configuration does not have, allows all.
func Over(n, limit int) bool { return limit > 0 && n > limit }

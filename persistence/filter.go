package persistence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Field is a property of a document that filters and orders can name; its text is the property's name in
// the document.
type Field string

// The fields of customers and of the other documents.
const (
	FieldID                       Field = "id"
	FieldCustomerID               Field = "customerId"
	FieldEnvironmentID            Field = "environmentId"
	FieldName                     Field = "name"
	FieldEmail                    Field = "email"
	FieldBillingID                Field = "billingId"
	FieldCRMID                    Field = "crmId"
	FieldSalesforceID             Field = "salesforceId"
	FieldAWSMarketplaceCustomerID Field = "awsMarketplaceCustomerId"
	FieldCouponID                 Field = "couponId"
	FieldSubscribedAt             Field = "subscribedAt"
	FieldPromotedAt               Field = "promotedAt"
	FieldRefID                    Field = "refId"
	FieldDisplayName              Field = "displayName"
	FieldDescription              Field = "description"
	FieldProductID                Field = "productId"
	FieldType                     Field = "type"
	FieldStatus                   Field = "status"
	FieldSource                   Field = "source"
	FieldCreatedAt                Field = "createdAt"
	FieldUpdatedAt                Field = "updatedAt"
)

// CustomerSortFields are the fields that customers can be ordered by, each served from an index of its
// own on every engine. FieldEnvironmentID is not among them: it is the same throughout a query.
var CustomerSortFields = []Field{
	FieldCustomerID, FieldID, FieldName, FieldEmail, FieldBillingID, FieldCRMID, FieldSalesforceID,
	FieldAWSMarketplaceCustomerID, FieldCouponID, FieldSubscribedAt, FieldPromotedAt, FieldCreatedAt, FieldUpdatedAt,
}

// List is a list of a document whose elements filters can look at; its text is the property's name.
type List string

// The lists of a customer, and of one of its subscriptions. The fields of a phase are FieldStatus, FieldFrom
// and FieldUntil, those of a promotional entitlement begin with FieldEndDate.
const (
	ListSubscriptions           List = "subscriptions"
	ListPhases                  List = "phases"
	ListPromotionalEntitlements List = "promotionalEntitlements"

	FieldFrom    Field = "from"
	FieldUntil   Field = "until"
	FieldEndDate Field = "endDate"
)

// neverNull are the fields that every document has, so that no walk need look for those without.
var neverNull = []Field{FieldCustomerID, FieldRefID, FieldID, FieldCreatedAt, FieldUpdatedAt}

// Value is what a field holds: null, a text or a time. The zero Value is null.
type Value struct {
	kind valueKind
	text string
	// ms counts the milliseconds since 1970.
	ms int64
	// moving is set for a time that is the time of the request.
	moving bool
}

type valueKind uint8

const (
	nullKind valueKind = iota
	textKind
	timeKind
)

// Text is a text as a value.
func Text(s string) Value { return Value{kind: textKind, text: s} }

// NullableText is a text as a value, or null for nil.
func NullableText(s *string) Value {
	if s == nil {
		return Value{}
	}
	return Text(*s)
}

// Time is a time as a value, in UTC at millisecond precision.
func Time(t time.Time) Value { return Value{kind: timeKind, ms: t.UnixMilli()} }

// Now is the time of a request as an operand. It compares as Time does, but a cursor that was made with one
// filter is good for another that differs in it alone.
func Now(t time.Time) Value {
	now := Time(t)
	now.moving = true
	return now
}

// GoString is different for every two values, except that all values of Now are the same.
func (v Value) GoString() string {
	switch {
	case v.moving:
		return "now"
	case v.kind == timeKind:
		return strconv.FormatInt(v.ms, 10)
	case v.kind == textKind:
		return strconv.Quote(v.text)
	default:
		return "null"
	}
}

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == nullKind }

// AsText is the text, if the value is one.
func (v Value) AsText() (string, bool) { return v.text, v.kind == textKind }

// AsTime is the time, if the value is one.
func (v Value) AsTime() (time.Time, bool) { return time.UnixMilli(v.ms).UTC(), v.kind == timeKind }

// Compare orders two values of one field that are not null: texts by their bytes, times by the clock.
// Null comes before everything, so that the order is total; orders place nulls by themselves.
func (v Value) Compare(other Value) int {
	switch {
	case v.kind != other.kind:
		return cmp.Compare(v.kind, other.kind)
	case v.kind == timeKind:
		return cmp.Compare(v.ms, other.ms)
	default:
		return strings.Compare(v.text, other.text)
	}
}

// Filter is an expression over the fields of a document: And, Or, Any or Condition. Engines compile it to
// what they can serve best; Matches is its meaning.
type Filter interface {
	// Matches evaluates the filter over a document.
	Matches(document Document) bool
}

// Document is a document as filters and pages see it: the value of each field, the elements of each list. A
// field or list that it does not have is null or empty.
type Document interface {
	Value(field Field) Value
	Elements(list List) []Document
}

// Any matches when at least one element of a list matches its filter.
type Any struct {
	List   List
	Filter Filter
}

// And matches what all of its filters match; empty, everything.
type And []Filter

// Or matches what at least one of its filters matches; empty, nothing.
type Or []Filter

// Condition compares one field with operands. As in SQL, a null field satisfies no operator but Null: not
// even NotEqual or NotIn.
type Condition struct {
	Field Field
	Op    Op
	// Operands: any number for In and NotIn, one text for the Like family, none for Null and NotNull, one
	// value of the field's type for the rest. They are never null.
	Operands []Value
}

// Op is how a Condition compares.
type Op string

// The operators. The Like family takes a pattern: % stands for any run of characters, _ for one
// character, a backslash makes the next character stand for itself. ILike ignores case. The family is for
// fields that are texts.
const (
	Equal          Op = "eq"
	NotEqual       Op = "neq"
	Greater        Op = "gt"
	GreaterOrEqual Op = "gte"
	Less           Op = "lt"
	LessOrEqual    Op = "lte"
	In             Op = "in"
	NotIn          Op = "notIn"
	Like           Op = "like"
	NotLike        Op = "notLike"
	ILike          Op = "iLike"
	NotILike       Op = "notILike"
	Null           Op = "null"
	NotNull        Op = "notNull"
)

// Matches implements Filter.
func (f And) Matches(document Document) bool {
	for _, filter := range f {
		if !filter.Matches(document) {
			return false
		}
	}
	return true
}

// Matches implements Filter.
func (f Or) Matches(document Document) bool {
	for _, filter := range f {
		if filter.Matches(document) {
			return true
		}
	}
	return false
}

// Matches implements Filter.
func (f Any) Matches(document Document) bool {
	return slices.ContainsFunc(document.Elements(f.List), f.Filter.Matches)
}

// Matches implements Filter.
func (c Condition) Matches(document Document) bool { return c.test()(document.Value(c.Field)) }

// test is the condition as a predicate on the field's value.
func (c Condition) test() func(Value) bool {
	if c.Op == Null {
		return Value.IsNull
	}
	known := c.testKnown()
	return func(v Value) bool { return !v.IsNull() && known(v) }
}

func (c Condition) testKnown() func(Value) bool {
	switch c.Op {
	case NotNull:
		return func(Value) bool { return true }
	case In, NotIn:
		return func(v Value) bool {
			same := func(operand Value) bool { return v.Compare(operand) == 0 }
			return slices.ContainsFunc(c.Operands, same) == (c.Op == In)
		}
	case Like, NotLike, ILike, NotILike:
		pattern := c.Pattern()
		wanted := c.Op == Like || c.Op == ILike
		return func(v Value) bool { return pattern.Match(v.text) == wanted }
	}
	operand := c.Operands[0]
	return func(v Value) bool {
		order := v.Compare(operand)
		switch c.Op {
		case Equal:
			return order == 0
		case NotEqual:
			return order != 0
		case Greater:
			return order > 0
		case GreaterOrEqual:
			return order >= 0
		case Less:
			return order < 0
		default:
			return order <= 0
		}
	}
}

// Pattern is the parsed operand of a condition of the Like family.
func (c Condition) Pattern() Pattern {
	return ParsePattern(c.Operands[0].text, c.Op == ILike || c.Op == NotILike)
}

// Escape returns the pattern that matches the text and nothing else.
func Escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// ContainsPattern turns a searched text into the pattern that finds it anywhere. Wildcards at its ends add
// nothing and are allowed; those within it keep their meaning.
func ContainsPattern(text string) string {
	text = strings.TrimLeft(text, "%")
	for strings.HasSuffix(text, "%") && !endsInEscape(text[:len(text)-1]) {
		text = text[:len(text)-1]
	}
	if endsInEscape(text) {
		// A backslash at the very end stands for itself; it must not escape the wildcard behind it.
		text += `\`
	}
	return "%" + text + "%"
}

// endsInEscape reports whether the pattern ends in a backslash that escapes what would follow.
func endsInEscape(pattern string) bool {
	return (len(pattern)-len(strings.TrimRight(pattern, `\`)))%2 == 1
}

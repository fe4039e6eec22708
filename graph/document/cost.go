package document

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/model"
	"clientele/graph/scalar"
	"clientele/internal/domain"
	"clientele/internal/limits"
)

// The price list, in points. A point is about two microseconds of one core: what it takes to resolve and write one
// short field. What an operation is charged afterwards is counted in the same points, see graph/server/charge.go.
const (
	FieldPoints = 1
	// ChangePoints are the minimum for a request, and are charged for each change: to receive, authenticate and log a
	// request, or to make a write durable, is as much work as a hundred fields. They are taken before anything is read.
	ChangePoints = 100
	// TokenPoints are for parsing and validating a token. Cached documents cost none.
	TokenPoints = 3
	// ComparisonsPerToken is how many fields the validator compares in the time that a token takes.
	ComparisonsPerToken = 30
	// MetadataPoints are for the length of metadata, which can be that of many other fields.
	MetadataPoints = 10
	// DocumentPoints are for a document that is read from the store and decoded.
	DocumentPoints = 3
	// RowPoints are for a row of a page. A page reads one row more, to know whether there is a next page.
	RowPoints = DocumentPoints + 2
	// ConditionPoints are for a condition that an index serves, ScanPoints for one that is evaluated on every row, in the
	// list and again in its totalCount: a pattern without a prefix, a negation, an alternative of an or.
	ConditionPoints = 1
	ScanPoints      = 20
	// EntitlementPoints are for reading a customer's features, plans and add-ons.
	EntitlementPoints = 200
	// WritePoints are for a change: reading, checking and writing a document of usual size.
	WritePoints = 200
	// SortPoints are for an order by several fields, which no index has.
	SortPoints = 100
	// IntrospectionShare is how many fields of the schema cost as much as one of the data: they are in memory.
	IntrospectionShare = 100
)

// introspectionSizes are the assumed sizes of lists within the schema, which has so many types, and a type so many
// fields on average. Those of data are in the schema, see listSize.
var introspectionSizes = map[string]int{
	"__Schema.types":      250,
	"__Schema.directives": 10,
	"__Directive.args":    2,
	"__Type.fields":       3,
	"__Type.inputFields":  3,
	"__Type.enumValues":   2,
	"__Field.args":        1,
}

// MaxNesting is how often a type may occur on the path to a field. Otherwise lists that lead back to their own type
// would multiply beyond any limit.
const MaxNesting = 3

// price returns the price of an operation in points: what its execution costs at most, as far as its text and variables
// show, for documents of usual size. Each field counts as often as it can be in the response: fields of a page as often as
// the page is long, those of another list as its directive @listSize says. Fields of the schema cost less and have a
// limit of their own. Errors: BadUserInput for a price over the limit.
func (d *Reader) price(operation *graphql.OperationContext, found Changes) (Price, *domain.Error) {
	counter := costCounter{variables: operation.Variables, limits: d.limits, within: map[string]int{}}
	counter.spend(operation.Operation.SelectionSet, 1)
	if counter.nested != "" {
		return Price{}, domain.Errorf(domain.BadUserInput,
			"the operation has the type %s more than %d times on the way to one field", counter.nested, MaxNesting).Limited("nesting", MaxNesting)
	}
	if counter.filterTooLarge {
		return Price{}, domain.FieldErrorf(domain.BadUserInput, "filter", "must have at most %d conditions", model.MaxFilterConditions)
	}
	if limits.Over(counter.schema, d.limits.IntrospectionCost) {
		return Price{}, domain.Errorf(domain.BadUserInput,
			"the operation costs too much: it may ask for at most %d fields of the schema, those of a list times its length", d.limits.IntrospectionCost).Limited("introspectionCost", d.limits.IntrospectionCost)
	}
	counter.data = plus(counter.data, times(WritePoints, found.All))
	points := plus(ChangePoints, plus(counter.data, plus(counter.schema, IntrospectionShare-1)/IntrospectionShare))
	if limits.Over(points, d.limits.Cost) {
		return Price{}, domain.Errorf(domain.BadUserInput,
			"the operation costs too much: at most %d points are allowed; ask for fewer fields, a shorter page or fewer conditions", d.limits.Cost).Limited("cost", d.limits.Cost)
	}
	return Price{Points: points, Scans: counter.scans}, nil
}

// Price is the most that an operation can cost, in points: in all, and for evaluating filters.
type Price struct{ Points, Scans int }

// ManyScans is the Price.Scans from which an operation reserves a scan slot before it runs, because even reading its
// filters keeps the processors busy.
const ManyScans = 100 * ScanPoints

type costCounter struct {
	variables map[string]any
	limits    limits.Limits
	// data and schema are the points for fields of each so far.
	data, schema int
	// within counts the types on the path to the current field, and nested is one that is there too often.
	within         map[string]int
	nested         string
	filterTooLarge bool
	// scans are the points for filters.
	scans int
	// list is the list with pages around the current field.
	list pagedList
}

// pagedList is a list with pages: how long a page can be, and the points for evaluating the filter again for totalCount.
type pagedList struct{ size, countPoints int }

// full reports whether something is over its limit, so that counting can stop.
func (c *costCounter) full() bool {
	return c.nested != "" || c.filterTooLarge || limits.Over(c.data, c.limits.Cost) || limits.Over(c.schema, c.limits.IntrospectionCost)
}

// spend counts a selection that can be in the response n times.
func (c *costCounter) spend(selections ast.SelectionSet, n int) {
	for _, selection := range selections {
		if c.full() {
			return
		}
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "__schema" || s.Name == "__type" {
				c.schema = plus(c.schema, n)
				c.spendSchema(s.SelectionSet, n, 0)
				continue
			}
			c.spendField(s, n)
		case *ast.InlineFragment:
			c.spend(s.SelectionSet, n)
		case *ast.FragmentSpread:
			c.spend(s.Definition.SelectionSet, n)
		}
	}
}

func (c *costCounter) spendField(field *ast.Field, n int) {
	points, size, around := FieldPoints, listSize(field), c.list
	switch field.Name {
	case "additionalMetaData":
		points = MetadataPoints
	case "totalCount":
		points += c.list.countPoints
		c.scans = plus(c.scans, times(c.list.countPoints, n))
	case "edges":
		size = max(1, c.list.size)
	case "entitlements", "cachedEntitlements":
		if c.atRoot(field) {
			points += EntitlementPoints
		}
	}
	c.list = pagedList{}
	if field.Definition != nil {
		// The documents of a page are in its RowPoints.
		if storedTypes()[field.Definition.Type.Name()] && field.Name != "node" {
			points += DocumentPoints
		}
		var arguments map[string]any
		if len(field.Definition.Arguments) > 0 {
			arguments = field.ArgumentMap(c.variables)
		}
		if field.Definition.Arguments.ForName("paging") != nil {
			c.list.size = pageSize(arguments["paging"])
			points += times(RowPoints, plus(c.list.size, 1))
		}
		if filter := arguments["filter"]; filter != nil {
			if c.filterTooLarge = filterTooLarge(filter); c.filterTooLarge {
				return
			}
			c.list.countPoints = filterPrice(filter, false)
			points = plus(points, c.list.countPoints)
			c.scans = plus(c.scans, times(c.list.countPoints, n))
		}
		if orders, _ := arguments["sorting"].([]any); len(orders) > 1 {
			points += SortPoints
		}
	}
	c.data = plus(c.data, times(points, n))
	c.enter(field, times(n, size))
	c.list = around
}

// maxWrapping is how many types can wrap another, as in [T!]!.
const maxWrapping = 3

// spendSchema counts a selection within the schema. Tools select deeper levels of ofType than a type can have, which are
// not counted.
func (c *costCounter) spendSchema(selections ast.SelectionSet, n, wrapping int) {
	if wrapping > maxWrapping {
		return
	}
	for _, selection := range selections {
		if c.full() {
			return
		}
		c.schema = plus(c.schema, n)
		switch s := selection.(type) {
		case *ast.Field:
			inside := 0
			if s.Name == "ofType" {
				inside = wrapping + 1
			}
			c.spendSchema(s.SelectionSet, times(n, listSize(s)), inside)
		case *ast.InlineFragment:
			c.spendSchema(s.SelectionSet, n, wrapping)
		case *ast.FragmentSpread:
			c.spendSchema(s.Definition.SelectionSet, n, wrapping)
		}
	}
}

func (c *costCounter) atRoot(field *ast.Field) bool {
	return field.ObjectDefinition != nil && field.ObjectDefinition.Name == "Query"
}

// enter counts the selection inside a field.
func (c *costCounter) enter(field *ast.Field, inside int) {
	if field.Definition == nil || len(field.SelectionSet) == 0 {
		return
	}
	name := field.Definition.Type.Name()
	c.within[name]++
	if c.within[name] > MaxNesting {
		c.nested = name
	}
	c.spend(field.SelectionSet, inside)
	c.within[name]--
}

// listSize is the assumed number of elements of a field.
func listSize(field *ast.Field) int {
	if field.Definition == nil || field.ObjectDefinition == nil {
		return 1
	}
	if size, found := introspectionSizes[field.ObjectDefinition.Name+"."+field.Name]; found {
		return size
	}
	return assumedSize(field.Definition)
}

// pageSize is how long a page can be, given the argument as sent. A size that the resolver will refuse counts as the
// longest page.
func pageSize(paging any) int {
	sizes, _ := paging.(map[string]any)
	for _, name := range []string{"first", "last"} {
		if sizes[name] == nil {
			continue
		}
		if size, err := scalar.UnmarshalInt(sizes[name]); err == nil && size >= 1 && size <= model.MaxPageSize {
			return size
		}
		return model.MaxPageSize
	}
	return model.DefaultPageSize
}

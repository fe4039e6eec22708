package resolver

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm" // the Go team's own; the standard library has no normal forms

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// The bounds of a filter.
const (
	maxFilterOperands = 100
	maxOperandLength  = 255
	maxWildcards      = 8
)

// filterReader reads one filter and counts its conditions against the bounds. The first refusal is the error. It finds
// fields and operators by reflection, because the schema has a type of its own for the filter of each list: a field has
// the same name in the schema and in the store, except those in listSpec.names, and its Go type says how it is compared.
//
// A null is ignored, and so is an object or a list of nulls: generated clients send null for each variable that is not
// set. A filter in which nothing else is left is refused, because it would match everything.
type filterReader struct {
	listSpec

	conditions int
	// nulls counts the nulls that were ignored, and null is the path of the first.
	nulls int
	null  string
	err   error
}

// fromFilter reads a filter; no filter is nil. Errors: BadUserInput.
func fromFilter[F any](filter *F, spec listSpec) (persistence.Filter, error) {
	if filter == nil {
		return nil, nil
	}
	r := &filterReader{listSpec: spec}
	read, _ := r.filter("filter", reflect.ValueOf(filter), 1)
	if len(read) == 0 && r.nulls > 0 {
		r.refuse(r.null, "must not be null when the filter asks for nothing else; ask for a missing value with `is: true`")
	}
	if r.err != nil || len(read) == 0 {
		return nil, r.err
	}
	return read, nil
}

// filter reads a filter, given as a pointer, and reports whether it is void: nothing but nulls.
func (r *filterReader) filter(path string, filter reflect.Value, depth int) (all persistence.And, void bool) {
	if r.err != nil {
		return nil, false
	}
	if filter.IsNil() {
		r.ignoreNull(path)
		r.count()
		return nil, true
	}
	if depth > model.MaxFilterDepth {
		r.refuse(path, "must be nested at most %d deep", model.MaxFilterDepth)
		return nil, false
	}
	nulls := r.nulls
	for name, value := range r.givenFields(path, filter.Elem()) {
		switch name {
		case "and":
			for i := range value.Len() {
				read, _ := r.filter(fmt.Sprintf("%s.and[%d]", path, i), value.Index(i), depth+1)
				all = append(all, read...)
			}
		case "or":
			var either persistence.Or
			for i := range value.Len() {
				// A void alternative is dropped: as one without a condition, it would match everything.
				if read, void := r.filter(fmt.Sprintf("%s.or[%d]", path, i), value.Index(i), depth+1); !void {
					either = append(either, read)
				}
			}
			// An `or` without alternatives matches everything.
			if len(either) > 0 {
				all = append(all, either)
			}
		default:
			all = append(all, r.field(path+"."+name, r.names.field(name), value)...)
		}
	}
	if len(all) == 0 {
		// A filter without a condition counts as one, or a list of them would not be bounded.
		r.count()
	}
	return all, len(all) == 0 && r.nulls > nulls
}

// givenFields are the fields of an input object that were sent and are not null, by their names in the schema.
func (r *filterReader) givenFields(path string, object reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		if object.Type().Field(0).Anonymous {
			object = object.Field(0)
		}
		for i := range object.NumField() {
			if !object.Field(i).Interface().(interface{ IsSet() bool }).IsSet() {
				continue
			}
			name, _, _ := strings.Cut(object.Type().Field(i).Tag.Get("json"), ",")
			value := object.Field(i).MethodByName("Value").Call(nil)[0]
			if value.IsNil() {
				r.ignoreNull(path + "." + name)
				continue
			}
			if !yield(name, value) {
				return
			}
		}
	}
}

// field reads what a filter says about one field.
func (r *filterReader) field(path string, field persistence.Field, value reflect.Value) (all persistence.And) {
	switch value.Interface().(type) {
	case *model.CustomerSearchQueryFilterComparison:
		for name, text := range r.givenFields(path, value.Elem()) {
			all = append(all, r.search(path+"."+name, text)...)
		}
		return all
	case *model.CustomerFilterPromotionalEntitlementFilter:
		if status, void := r.object(path, value.Elem(), nil); !void {
			return withPromotional(r.now, status)
		}
		return nil
	case *model.CustomerFilterCustomerSubscriptionFilter:
		if status, void := r.object(path, value.Elem(), nil); !void {
			return withSubscription(r.now, status)
		}
		return nil
	case *model.CouponFilterCustomerFilter:
		who, void := r.object(path, value.Elem(), fieldNames{"refId": persistence.FieldCustomerID})
		if r.err != nil || void {
			return nil
		}
		ids, err := r.couponsOf(who)
		if err != nil {
			r.err = err
		}
		return persistence.And{persistence.Condition{Field: persistence.FieldRefID, Op: persistence.In, Operands: each(ids, persistence.Text)}}
	case *model.CustomerSubscriptionFilterPlanFilter:
		return r.fields(path, value.Elem(), fieldNames{"id": fieldPlanUUID, "refId": fieldPlanID})
	default:
		return r.compare(path, field, value.Elem())
	}
}

// fields reads the fields of an object in a filter.
func (r *filterReader) fields(path string, object reflect.Value, names fieldNames) (all persistence.And) {
	for name, value := range r.givenFields(path, object) {
		all = append(all, r.field(path+"."+name, names.field(name), value)...)
	}
	return all
}

// object is fields for an object that means "any" when it is empty. It then counts as one condition, because it costs as
// much. It is void if there is nothing but nulls in it.
func (r *filterReader) object(path string, object reflect.Value, names fieldNames) (all persistence.And, void bool) {
	nulls := r.nulls
	if all = r.fields(path, object, names); len(all) == 0 {
		r.count()
	}
	return all, len(all) == 0 && r.nulls > nulls
}

// compare reads the operators of a comparison; their names are those of persistence.Op.
func (r *filterReader) compare(path string, field persistence.Field, comparison reflect.Value) (all persistence.And) {
	for name, operand := range r.givenFields(path, comparison) {
		switch name {
		case "is", "isNot":
			op := persistence.NotNull
			if operand.Elem().Bool() == (name == "is") {
				op = persistence.Null
			}
			all = append(all, r.condition(field, op))
		case "between", "notBetween":
			lower := persistence.Time(operand.Elem().FieldByName("Lower").Interface().(time.Time))
			upper := persistence.Time(operand.Elem().FieldByName("Upper").Interface().(time.Time))
			if name == "between" {
				all = append(all, r.condition(field, persistence.GreaterOrEqual, lower), r.condition(field, persistence.LessOrEqual, upper))
			} else {
				all = append(all, persistence.Or{r.condition(field, persistence.Less, lower), r.condition(field, persistence.Greater, upper)})
			}
		default:
			op := persistence.Op(name)
			all = append(all, inEveryForm(r.condition(field, op, r.operands(path+"."+name, op, operand)...)))
		}
	}
	return all
}

// operands are the values of an operator: that of a pointer, or those of a list.
func (r *filterReader) operands(path string, op persistence.Op, operand reflect.Value) []persistence.Value {
	if operand.Kind() != reflect.Slice {
		return []persistence.Value{r.operand(path, op, operand.Elem())}
	}
	if n := operand.Len(); n > maxFilterOperands {
		r.refuse(path, "must have at most %d values, it has %d", maxFilterOperands, n)
	}
	values := make([]persistence.Value, operand.Len())
	for i := range values {
		values[i] = r.operand(path, op, reflect.Indirect(operand.Index(i)))
	}
	return values
}

// operand reads a time, a text or a value of an enum.
func (r *filterReader) operand(path string, op persistence.Op, value reflect.Value) persistence.Value {
	if at, isTime := value.Interface().(time.Time); isTime {
		return persistence.Time(at)
	}
	text := value.String()
	switch op {
	case persistence.Like, persistence.NotLike, persistence.ILike, persistence.NotILike:
		if _, isText := value.Interface().(string); !isText {
			// A pattern of an enum is one of its values, without wildcards.
			text = persistence.Escape(text)
		}
		// Some matchers try all ways to share a text among the wildcards.
		if strings.Count(text, "%") > maxWildcards {
			r.refuse(path, "must have at most %d %%", maxWildcards)
		}
	default:
	}
	if utf8.RuneCountInString(text) > maxOperandLength {
		r.refuse(path, "must have at most %d characters", maxOperandLength)
	}
	return persistence.Text(text)
}

func (r *filterReader) search(path string, text reflect.Value) persistence.And {
	r.operand(path, persistence.ILike, text.Elem()) // for its bounds
	pattern := persistence.Text(persistence.ContainsPattern(text.Elem().String()))
	return persistence.And{persistence.Or{
		r.condition(persistence.FieldCustomerID, persistence.ILike, pattern),
		r.condition(persistence.FieldName, persistence.ILike, pattern),
		r.condition(persistence.FieldEmail, persistence.ILike, pattern),
		r.condition(persistence.FieldBillingID, persistence.ILike, pattern),
		r.condition(persistence.FieldCRMID, persistence.ILike, pattern),
	}}
}

// named are the fields with texts of people, whose accents may be composed or not. Ids are compared exactly as stored.
var named = []persistence.Field{persistence.FieldName, persistence.FieldEmail, persistence.FieldDisplayName, persistence.FieldDescription}

// inEveryForm extends an equality of a text of people, or its opposite, to the text with its accents composed and
// decomposed. Patterns compare in normal form anyway.
func inEveryForm(filter persistence.Filter) persistence.Filter {
	condition, ok := filter.(persistence.Condition)
	if !ok || !slices.Contains(named, condition.Field) {
		return filter
	}
	op := condition.Op
	switch op {
	case persistence.Equal, persistence.In:
		op = persistence.In
	case persistence.NotEqual, persistence.NotIn:
		op = persistence.NotIn
	default:
		return filter
	}
	var forms []persistence.Value
	for _, operand := range condition.Operands {
		text, _ := operand.AsText()
		for _, form := range []string{text, norm.NFC.String(text), norm.NFD.String(text)} {
			if value := persistence.Text(form); !slices.Contains(forms, value) {
				forms = append(forms, value)
			}
		}
	}
	if len(forms) == len(condition.Operands) {
		return filter
	}
	return persistence.Condition{Field: condition.Field, Op: op, Operands: forms}
}

// condition is one condition, counted. alwaysNull is decided here.
func (r *filterReader) condition(field persistence.Field, op persistence.Op, operands ...persistence.Value) persistence.Filter {
	r.count()
	switch {
	case field != alwaysNull:
		return persistence.Condition{Field: field, Op: op, Operands: operands}
	case op == persistence.Null:
		return persistence.And{}
	default:
		return persistence.Or{}
	}
}

func (r *filterReader) count() {
	if r.conditions++; r.conditions > model.MaxFilterConditions {
		r.refuse("filter", "must have at most %d conditions", model.MaxFilterConditions)
	}
}

func (r *filterReader) refuse(path, format string, args ...any) {
	if r.err == nil {
		r.err = domain.FieldErrorf(domain.BadUserInput, path, format, args...)
	}
}

func (r *filterReader) ignoreNull(path string) {
	if r.nulls++; r.nulls == 1 {
		r.null = path
	}
}

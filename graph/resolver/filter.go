package resolver

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
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

// filterReader collects the conditions of one filter and counts them against the bounds. Its first
// refusal stands.
//
// A null is ignored, and so is an object or a list with nothing but nulls in it: a generated client sends null for each
// variable that was not set. A filter in which nothing else is left is refused, because it would ask for everything.
type filterReader struct {
	conditions int
	// nulls counts the nulls that were ignored, and null is the path of the first.
	nulls int
	null  string
	err   error
}

// comparison reads what one field of a filter says.
type comparison func(r *filterReader, path string) persistence.And

// parts are a filter taken apart: filters of its own kind, and what its fields say.
type parts[F any] struct {
	and, or graphql.Omittable[[]*F]
	fields  []comparison
}

// fromFilter reads a filter; no filter is nil. Errors: BadUserInput.
func fromFilter[F any](filter *F, apart func(*F) parts[F]) (persistence.Filter, error) {
	if filter == nil {
		return nil, nil
	}
	reader := &filterReader{}
	read, _ := readFilter(reader, "filter", filter, apart, 1)
	if len(read) == 0 && reader.nulls > 0 {
		reader.refuse(reader.null, "must not be null when the filter asks for nothing else; ask for a missing value with `is: true`")
	}
	if reader.err != nil || len(read) == 0 {
		return nil, reader.err
	}
	return read, nil
}

// readFilter reads a filter and reports whether there is nothing but nulls in it.
func readFilter[F any](
	r *filterReader, path string, filter *F, apart func(*F) parts[F], depth int,
) (all persistence.And, void bool) {
	if r.err != nil {
		return nil, false
	}
	if depth > model.MaxFilterDepth {
		r.refuse(path, "must be nested at most %d deep", model.MaxFilterDepth)
		return nil, false
	}
	p := apart(filter)
	nulls := r.nulls
	for i, part := range givenList(r, path+".and", p.and) {
		read, _ := readElement(r, fmt.Sprintf("%s.and[%d]", path, i), part, apart, depth+1)
		all = append(all, read...)
	}
	var either persistence.Or
	for i, part := range givenList(r, path+".or", p.or) {
		// An alternative of nulls is none. As one without a condition, it would match everything.
		if read, void := readElement(r, fmt.Sprintf("%s.or[%d]", path, i), part, apart, depth+1); !void {
			either = append(either, read)
		}
	}
	// An `or` without alternatives asks for nothing, so it matches everything.
	if len(either) > 0 {
		all = append(all, either)
	}
	for _, field := range p.fields {
		all = append(all, field(r, path)...)
	}
	if len(all) == 0 {
		// A filter without a condition counts as one, or a list of them would not be bounded.
		r.count()
	}
	return all, len(all) == 0 && r.nulls > nulls
}

// readElement is readFilter for a filter in a list, where null can stand for one.
func readElement[F any](
	r *filterReader, path string, filter *F, apart func(*F) parts[F], depth int,
) (all persistence.And, void bool) {
	if filter == nil {
		r.ignoreNull(path)
		r.count()
		return nil, true
	}
	return readFilter(r, path, filter, apart, depth)
}

// compare reads one field of a filter with read, if it is given.
func compare[C any](
	name string, c graphql.Omittable[*C], read func(r *filterReader, path string, c *C) persistence.And,
) comparison {
	return func(r *filterReader, path string) persistence.And {
		path += "." + name
		if c := given(r, path, c); c != nil {
			return read(r, path, c)
		}
		return nil
	}
}

func compareText(name string, field persistence.Field, c graphql.Omittable[*model.StringFieldComparison]) comparison {
	return compare(name, c, func(r *filterReader, path string, c *model.StringFieldComparison) persistence.And {
		return r.text(path, field, c)
	})
}

func compareID(name string, field persistence.Field, c graphql.Omittable[*model.UUIDFilterComparison]) comparison {
	return compareText(name, field, asText(c))
}

func compareDate(name string, field persistence.Field, c graphql.Omittable[*model.DateFieldComparison]) comparison {
	return compare(name, c, func(r *filterReader, path string, c *model.DateFieldComparison) persistence.And {
		return r.date(path, field, c)
	})
}

// enumComparison is the comparison of some enum's value.
type enumComparison[C any] interface {
	*C
	AsTexts() *model.StringFieldComparison
}

func compareEnum[C any, P enumComparison[C]](name string, field persistence.Field, c graphql.Omittable[*C]) comparison {
	return compare(name, c, func(r *filterReader, path string, c *C) persistence.And { return r.text(path, field, P(c).AsTexts()) })
}

// alwaysNull stands for the fields that are null for every customer that can be found.
const alwaysNull persistence.Field = ""

func asText(comparison graphql.Omittable[*model.UUIDFilterComparison]) graphql.Omittable[*model.StringFieldComparison] {
	value, set := comparison.ValueOK()
	if !set {
		return graphql.Omittable[*model.StringFieldComparison]{}
	}
	return graphql.OmittableOf((*model.StringFieldComparison)(value))
}

func (r *filterReader) text(path string, field persistence.Field, c *model.StringFieldComparison) persistence.And {
	all := r.nullness(path, field, c.Is, c.IsNot)
	for _, one := range []struct {
		op      persistence.Op
		operand graphql.Omittable[*string]
	}{
		{persistence.Equal, c.Eq},
		{persistence.NotEqual, c.Neq},
		{persistence.Greater, c.Gt},
		{persistence.GreaterOrEqual, c.Gte},
		{persistence.Less, c.Lt},
		{persistence.LessOrEqual, c.Lte},
		{persistence.Like, c.Like},
		{persistence.NotLike, c.NotLike},
		{persistence.ILike, c.ILike},
		{persistence.NotILike, c.NotILike},
	} {
		if operand := given(r, path+"."+string(one.op), one.operand); operand != nil {
			r.checkWildcards(path+"."+string(one.op), one.op, *operand)
			all = append(all, r.condition(field, one.op, r.texts(path+"."+string(one.op), []string{*operand})))
		}
	}
	for _, many := range []struct {
		op       persistence.Op
		operands graphql.Omittable[[]string]
	}{{persistence.In, c.In}, {persistence.NotIn, c.NotIn}} {
		if operands := givenList(r, path+"."+string(many.op), many.operands); operands != nil {
			all = append(all, r.condition(field, many.op, r.texts(path+"."+string(many.op), operands)))
		}
	}
	for i := range all {
		all[i] = inEveryForm(all[i])
	}
	return all
}

func (r *filterReader) date(path string, field persistence.Field, c *model.DateFieldComparison) persistence.And {
	all := r.nullness(path, field, c.Is, c.IsNot)
	for _, one := range []struct {
		op      persistence.Op
		operand graphql.Omittable[*time.Time]
	}{
		{persistence.Equal, c.Eq},
		{persistence.NotEqual, c.Neq},
		{persistence.Greater, c.Gt},
		{persistence.GreaterOrEqual, c.Gte},
		{persistence.Less, c.Lt},
		{persistence.LessOrEqual, c.Lte},
	} {
		if operand := given(r, path+"."+string(one.op), one.operand); operand != nil {
			all = append(all, r.condition(field, one.op, []persistence.Value{persistence.Time(*operand)}))
		}
	}
	for _, many := range []struct {
		op       persistence.Op
		operands graphql.Omittable[[]*time.Time]
	}{{persistence.In, c.In}, {persistence.NotIn, c.NotIn}} {
		if operands := givenList(r, path+"."+string(many.op), many.operands); operands != nil {
			all = append(all, r.condition(field, many.op, r.times(path+"."+string(many.op), operands)))
		}
	}
	if span := given(r, path+".between", c.Between); span != nil {
		all = append(all,
			r.condition(field, persistence.GreaterOrEqual, []persistence.Value{persistence.Time(span.Lower)}),
			r.condition(field, persistence.LessOrEqual, []persistence.Value{persistence.Time(span.Upper)}))
	}
	if span := given(r, path+".notBetween", c.NotBetween); span != nil {
		all = append(all, persistence.Or{
			r.condition(field, persistence.Less, []persistence.Value{persistence.Time(span.Lower)}),
			r.condition(field, persistence.Greater, []persistence.Value{persistence.Time(span.Upper)}),
		})
	}
	return all
}

func (r *filterReader) nullness(path string, field persistence.Field, is, isNot graphql.Omittable[*bool]) persistence.And {
	var all persistence.And
	for _, test := range []struct {
		name    string
		operand graphql.Omittable[*bool]
		null    bool
	}{{"is", is, true}, {"isNot", isNot, false}} {
		operand := given(r, path+"."+test.name, test.operand)
		if operand == nil {
			continue
		}
		op := persistence.NotNull
		if *operand == test.null {
			op = persistence.Null
		}
		all = append(all, r.condition(field, op, nil))
	}
	return all
}

func (r *filterReader) search(path string, c *model.CustomerSearchQueryFilterComparison) persistence.And {
	text := given(r, path, c.ILike)
	if text == nil {
		return nil
	}
	r.checkWildcards(path, persistence.ILike, *text)
	operand := r.texts(path, []string{*text})
	operand[0] = persistence.Text(persistence.ContainsPattern(*text))
	return persistence.And{persistence.Or{
		r.condition(persistence.FieldCustomerID, persistence.ILike, operand),
		r.condition(persistence.FieldName, persistence.ILike, operand),
		r.condition(persistence.FieldEmail, persistence.ILike, operand),
		r.condition(persistence.FieldBillingID, persistence.ILike, operand),
		r.condition(persistence.FieldCRMID, persistence.ILike, operand),
	}}
}

// named are the fields with texts of people, which may have their accents composed or not. Ids are compared letter by letter.
var named = []persistence.Field{persistence.FieldName, persistence.FieldEmail, persistence.FieldDisplayName, persistence.FieldDescription}

// inEveryForm is an equality of a text of people, or the opposite, that takes the text with its accents composed and
// decomposed as well. Patterns compare in normal form by themselves.
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

// condition is one condition, counted.
func (r *filterReader) condition(field persistence.Field, op persistence.Op, operands []persistence.Value) persistence.Filter {
	r.count()
	if field == alwaysNull {
		if op == persistence.Null {
			return persistence.And{}
		}
		return persistence.Or{}
	}
	return persistence.Condition{Field: field, Op: op, Operands: operands}
}

// within reads the fields of an object in a filter. What asks for any counts as one condition, because it costs as much
// as one; an object with nothing but nulls in it is void.
func (r *filterReader) within(path string, fields ...comparison) (conditions persistence.And, void bool) {
	nulls := r.nulls
	for _, field := range fields {
		conditions = append(conditions, field(r, path)...)
	}
	if len(conditions) == 0 {
		r.count()
	}
	return conditions, len(conditions) == 0 && r.nulls > nulls
}

func (r *filterReader) count() {
	if r.conditions++; r.conditions > model.MaxFilterConditions {
		r.refuse("filter", "must have at most %d conditions", model.MaxFilterConditions)
	}
}

func (r *filterReader) texts(path string, texts []string) []persistence.Value {
	r.countOperands(path, len(texts))
	values := make([]persistence.Value, len(texts))
	for i, text := range texts {
		if utf8.RuneCountInString(text) > maxOperandLength {
			r.refuse(path, "must have at most %d characters", maxOperandLength)
		}
		values[i] = persistence.Text(text)
	}
	return values
}

// checkWildcards bounds what a pattern can cost: some matchers try all ways to share a text among its %.
func (r *filterReader) checkWildcards(path string, op persistence.Op, pattern string) {
	switch op {
	case persistence.Like, persistence.NotLike, persistence.ILike, persistence.NotILike:
		if strings.Count(pattern, "%") > maxWildcards {
			r.refuse(path, "must have at most %d %%", maxWildcards)
		}
	default:
	}
}

func (r *filterReader) times(path string, times []*time.Time) []persistence.Value {
	r.countOperands(path, len(times))
	values := make([]persistence.Value, len(times))
	for i, at := range times {
		values[i] = persistence.Time(*at)
	}
	return values
}

func (r *filterReader) countOperands(path string, n int) {
	if n > maxFilterOperands {
		r.refuse(path, "must have at most %d values, it has %d", maxFilterOperands, n)
	}
}

func (r *filterReader) refuse(path, format string, args ...any) {
	if r.err == nil {
		r.err = domain.FieldErrorf(domain.BadUserInput, path, format, args...)
	}
}

// given is the value of an input field, nil when it was left out or is null.
func given[T any](r *filterReader, path string, field graphql.Omittable[*T]) *T {
	value, set := field.ValueOK()
	if set && value == nil {
		r.ignoreNull(path)
	}
	return value
}

// givenList is given for a list.
func givenList[T any](r *filterReader, path string, field graphql.Omittable[[]T]) []T {
	value, set := field.ValueOK()
	if set && value == nil {
		r.ignoreNull(path)
	}
	return value
}

func (r *filterReader) ignoreNull(path string) {
	if r.nulls++; r.nulls == 1 {
		r.null = path
	}
}

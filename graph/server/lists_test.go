package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/domain"
)

// stamp is a time as operations write it.
func stamp(at time.Time) string { return `"` + at.Format(time.RFC3339) + `"` }

// listCase is a filter or an order as an operation writes it, with what it is to find in order.
type listCase struct{ arguments, want string }

// mustBeComplete expects every field of an input, or every value of an enum, to be in one of the cases.
func mustBeComplete(t *testing.T, name string, cases map[string]listCase) {
	t.Helper()
	definition := schemaOf(t).Types[name]
	var names []string
	for _, field := range definition.Fields {
		names = append(names, "{ "+field.Name+":")
	}
	for _, value := range definition.EnumValues {
		names = append(names, "field: "+value.Name+",")
	}
	for _, name := range names {
		found := false
		for _, c := range cases {
			found = found || strings.Contains(c.arguments, name)
		}
		if !found {
			t.Errorf("no case has %q", name)
		}
	}
}

// filtered are arguments with a filter and an order that the case does not care for.
func filtered(filter string) string {
	return "(filter: " + filter + ", sorting: [{ field: id, direction: ASC }])"
}

func sorted(order string) string { return "(sorting: " + order + ")" }

// TestListsOfTheCatalogue: the four lists have the same fields, so they find the same of the same.
func TestListsOfTheCatalogue(t *testing.T) {
	store := newStore(t)
	for refID, d := range map[string]struct {
		name, product    string
		created, updated int
	}{
		"a": {"Delta", "x", 1, 9},
		"B": {"alpha", "x", 2, 8},
		"c": {"100% cotton", "y", 3, 7},
		"d": {"1000 cotton", "y", 3, 6},
	} {
		head := record(refID, hours(d.created))
		head.UpdatedAt = hours(d.updated)
		pack := domain.Package{Record: head, DisplayName: d.name, ProductID: d.product, PricingType: domain.PricingFree, VersionNumber: 1}
		product := domain.Product{Record: head, DisplayName: &d.name}
		put(t, store.Products(), &product)
		put(t, store.Plans(), &domain.Plan{Package: pack})
		put(t, store.Addons(), &domain.Addon{Package: pack})
		put(t, store.Features(), &domain.Feature{Record: head, DisplayName: d.name, Type: domain.FeatureBoolean, Status: "NEW"})
	}
	filters := map[string]listCase{
		"nothing":                {`{}`, "B a c d"},
		"and":                    {`{ and: [{ refId: { gt: "a" } }, { refId: { lt: "d" } }] }`, "c"},
		"or":                     {`{ or: [{ refId: { eq: "a" } }, { displayName: { eq: "alpha" } }] }`, "B a"},
		"or nothing":             {`{ or: [] }`, "B a c d"},
		"and, or and a field":    {`{ and: [{ refId: { gte: "a" } }], or: [{ refId: { eq: "a" } }, { refId: { eq: "B" } }], createdAt: { is: false } }`, "a"},
		"id eq":                  {`{ id: { eq: "uuid-of-c" } }`, "c"},
		"id like":                {`{ id: { like: "uuid-of-_" } }`, "B a c d"},
		"refId eq":               {`{ refId: { eq: "b" } }`, ""},
		"refId neq":              {`{ refId: { neq: "a" } }`, "B c d"},
		"refId gt":               {`{ refId: { gt: "a" } }`, "c d"},
		"refId gte":              {`{ refId: { gte: "a" } }`, "a c d"},
		"refId lt":               {`{ refId: { lt: "a" } }`, "B"},
		"refId lte":              {`{ refId: { lte: "a" } }`, "B a"},
		"refId like":             {`{ refId: { like: "b" } }`, ""},
		"refId notLike":          {`{ refId: { notLike: "B%" } }`, "a c d"},
		"refId iLike":            {`{ refId: { iLike: "b" } }`, "B"},
		"refId notILike":         {`{ refId: { notILike: "b" } }`, "a c d"},
		"refId in":               {`{ refId: { in: ["d", "B", "e"] } }`, "B d"},
		"refId in nothing":       {`{ refId: { in: [] } }`, ""},
		"refId notIn":            {`{ refId: { notIn: ["d", "B"] } }`, "a c"},
		"refId notIn nothing":    {`{ refId: { notIn: [] } }`, "B a c d"},
		"refId is":               {`{ refId: { is: true } }`, ""},
		"refId isNot":            {`{ refId: { isNot: true } }`, "B a c d"},
		"two operators":          {`{ refId: { gt: "a", neq: "c" } }`, "d"},
		"displayName, escaped":   {`{ displayName: { like: "100\\% %" } }`, "c"},
		"displayName, any run":   {`{ displayName: { like: "100%cotton" } }`, "c d"},
		"createdAt eq":           {`{ createdAt: { eq: ` + stamp(hours(3)) + ` } }`, "c d"},
		"createdAt neq":          {`{ createdAt: { neq: ` + stamp(hours(3)) + ` } }`, "B a"},
		"createdAt gt":           {`{ createdAt: { gt: ` + stamp(hours(1)) + ` } }`, "B c d"},
		"createdAt gte":          {`{ createdAt: { gte: ` + stamp(hours(2)) + ` } }`, "B c d"},
		"createdAt lt":           {`{ createdAt: { lt: ` + stamp(hours(2)) + ` } }`, "a"},
		"createdAt lte":          {`{ createdAt: { lte: ` + stamp(hours(2)) + ` } }`, "B a"},
		"createdAt in":           {`{ createdAt: { in: [` + stamp(hours(1)) + `, ` + stamp(hours(2)) + `] } }`, "B a"},
		"createdAt notIn":        {`{ createdAt: { notIn: [` + stamp(hours(1)) + `] } }`, "B c d"},
		"createdAt between":      {`{ createdAt: { between: { lower: ` + stamp(hours(1)) + `, upper: ` + stamp(hours(2)) + ` } } }`, "B a"},
		"createdAt notBetween":   {`{ createdAt: { notBetween: { lower: ` + stamp(hours(2)) + `, upper: ` + stamp(hours(3)) + ` } } }`, "a"},
		"createdAt is":           {`{ createdAt: { is: true } }`, ""},
		"updatedAt lt":           {`{ updatedAt: { lt: ` + stamp(hours(8)) + ` } }`, "c d"},
		"a time in another zone": {`{ updatedAt: { eq: "` + hours(9).In(time.FixedZone("", 3600)).Format(time.RFC3339) + `" } }`, "a"},
	}
	ofProduct := map[string]listCase{
		"productId eq":  {`{ productId: { eq: "x" } }`, "B a"},
		"productId neq": {`{ productId: { neq: "x" } }`, "c d"},
	}
	orders := map[string]listCase{
		"as it comes":      {``, "d c B a"}, // createdAt downwards; c and d came at once
		"nothing":          {`(sorting: [])`, "B a c d"},
		"id":               {`(sorting: [{ field: id, direction: ASC }])`, "B a c d"},
		"id down":          {`(sorting: [{ field: id, direction: DESC }])`, "d c a B"},
		"refId":            {`(sorting: [{ field: refId, direction: ASC }])`, "B a c d"},
		"displayName":      {`(sorting: [{ field: displayName, direction: ASC }])`, "c d a B"},
		"displayName down": {`(sorting: [{ field: displayName, direction: DESC }])`, "B a d c"},
		"createdAt":        {`(sorting: [{ field: createdAt, direction: ASC }])`, "a B c d"},
		"createdAt down":   {`(sorting: [{ field: createdAt, direction: DESC }])`, "d c B a"},
		"two fields":       {`(sorting: [{ field: createdAt, direction: DESC }, { field: refId, direction: ASC }])`, "c d B a"},
		"updatedAt":        {`(sorting: [{ field: updatedAt, direction: ASC }])`, "d c B a"},
	}
	handler := servingAt(t, store, atNoon)
	for list, kind := range map[string]string{"products": "Product", "plans": "Plan", "addons": "Addon", "features": "Feature"} {
		all := map[string]listCase{}
		for name, c := range filters {
			all["filter: "+name] = listCase{"(filter: " + c.arguments + ", sorting: [{ field: refId, direction: ASC }])", c.want}
		}
		if list == "plans" || list == "addons" {
			for name, c := range ofProduct {
				all["filter: "+name] = listCase{"(filter: " + c.arguments + ", sorting: [{ field: refId, direction: ASC }])", c.want}
			}
		}
		mustBeComplete(t, kind+"Filter", all)
		for name, c := range orders {
			all["order: "+name] = c
		}
		mustBeComplete(t, kind+"SortFields", all)
		for name, c := range all {
			t.Run(list+", "+name, func(t *testing.T) { mustFind(t, handler, list, c, "refId") })
		}
	}
}

// mustFind expects a list with pages to have what the case wants, by a field of it, and as many of them.
func mustFind(t *testing.T, handler http.Handler, list string, c listCase, field string) {
	t.Helper()
	data := must(t, handler, fmt.Sprintf(`{ list: %s%s { totalCount edges { node { %s } } } }`, list, c.arguments, field))
	found := at(data, "list.edges.node."+field)
	if got := strings.Join(found, " "); got != c.want {
		t.Errorf("%s: found %q, not %q", c.arguments, got, c.want)
	}
	if total := at(data, "list.totalCount")[0]; total != fmt.Sprint(len(found)) {
		t.Errorf("%s: %s are counted, %d found", c.arguments, total, len(found))
	}
}

// enumOperators are what comparisons of enums have, with what each means for a value. The patterns of an enum
// have no wildcards; what has none is unequal to everything.
var enumOperators = map[string]struct {
	operand func(value string) string
	holds   func(value, operand string) bool
}{
	"eq":       {same, func(v, o string) bool { return v == o }},
	"neq":      {same, func(v, o string) bool { return v != o }},
	"gt":       {same, func(v, o string) bool { return v > o }},
	"gte":      {same, func(v, o string) bool { return v >= o }},
	"lt":       {same, func(v, o string) bool { return v < o }},
	"lte":      {same, func(v, o string) bool { return v <= o }},
	"like":     {same, func(v, o string) bool { return v == o }},
	"notLike":  {same, func(v, o string) bool { return v != o }},
	"iLike":    {same, func(v, o string) bool { return v == o }},
	"notILike": {same, func(v, o string) bool { return v != o }},
	"in":       {listOf, func(v, o string) bool { return v == o }},
	"notIn":    {listOf, func(v, o string) bool { return v != o }},
	"is":       {func(string) string { return "true" }, func(string, string) bool { return false }},
	"isNot":    {func(string) string { return "true" }, func(string, string) bool { return true }},
}

func same(value string) string { return value }

func listOf(value string) string { return "[" + value + "]" }

// mustCompareEnums tries every operator of a comparison with every value of its enum on a list. values are what
// each element of the list has: one value, or, for what has several, all of them.
func mustCompareEnums(t *testing.T, comparison string, values map[string][]string, find func(t *testing.T, comparison string) []string) {
	t.Helper()
	definition := schemaOf(t).Types[comparison]
	for _, field := range definition.Fields {
		operator, known := enumOperators[field.Name]
		if !known {
			t.Fatalf("%s.%s is not tried", comparison, field.Name)
		}
		for _, value := range schemaOf(t).Types[definition.Fields.ForName("eq").Type.Name()].EnumValues {
			t.Run(comparison+" "+field.Name+" "+value.Name, func(t *testing.T) {
				want := []string{}
				for name, all := range values {
					if slices.ContainsFunc(all, func(v string) bool { return operator.holds(v, value.Name) }) {
						want = append(want, name)
					}
				}
				slices.Sort(want)
				text := fmt.Sprintf("{ %s: %s }", field.Name, operator.operand(value.Name))
				if found := find(t, text); !slices.Equal(found, want) {
					t.Errorf("%s: found %v, not %v", text, found, want)
				}
			})
		}
	}
}

func coupon(refID string, created int, change func(*domain.Coupon)) *domain.Coupon {
	c := &domain.Coupon{
		Record: record(refID, hours(created)), Name: "Coupon " + refID, Type: domain.CouponPercentage, PercentOff: new(domain.Decimal("5")),
		Status: domain.CouponActive, Source: domain.CouponSource,
	}
	change(c)
	return c
}

func TestListOfCoupons(t *testing.T) {
	store := newStore(t)
	put(t, store.Coupons(),
		coupon("a", 1, func(c *domain.Coupon) { c.Description, c.BillingID = new("Spring"), new("bill-2") }),
		coupon("b", 2, func(c *domain.Coupon) {
			c.Type, c.PercentOff, c.AmountsOff = domain.CouponFixed, nil, []domain.Money{{Amount: "5", Currency: "USD"}}
			c.UpdatedAt, c.Name = hours(20), "A coupon"
		}),
		coupon("c", 3, func(c *domain.Coupon) { c.Status, c.BillingID = domain.CouponArchived, new("bill-1") }),
		coupon("d", 3, func(c *domain.Coupon) { c.Source, c.Description = "STRIPE", new("Autumn") }),
	)
	for customerID, couponID := range map[string]string{"one": "a", "two": "a", "three": "c", "Four": ""} {
		customer := bare(customerID, noon)
		if couponID != "" {
			customer.CouponID = &couponID
		}
		insertCustomers(t, store, customer)
	}
	gone := bare("gone", noon)
	gone.CouponID = new("d")
	gone.Archive(noon)
	insertCustomers(t, store, gone)
	cases := map[string]listCase{
		"everything":               {filtered(`{}`), "a b c d"},
		"and":                      {filtered(`{ and: [{ refId: { gt: "a" } }, { type: { eq: PERCENTAGE } }] }`), "c d"},
		"or":                       {filtered(`{ or: [{ status: { eq: ARCHIVED } }, { type: { eq: FIXED } }] }`), "b c"},
		"id":                       {filtered(`{ id: { in: ["uuid-of-b", "uuid-of-d"] } }`), "b d"},
		"name":                     {filtered(`{ name: { like: "Coupon %" } }`), "a c d"},
		"refId":                    {filtered(`{ refId: { lte: "b" } }`), "a b"},
		"description":              {filtered(`{ description: { neq: "Spring" } }`), "d"},
		"no description":           {filtered(`{ description: { is: true } }`), "b c"},
		"createdAt":                {filtered(`{ createdAt: { eq: ` + stamp(hours(3)) + ` } }`), "c d"},
		"updatedAt":                {filtered(`{ updatedAt: { gt: ` + stamp(hours(10)) + ` } }`), "b"},
		"environmentId":            {filtered(`{ environmentId: { eq: "development" } }`), "a b c d"},
		"another environmentId":    {filtered(`{ environmentId: { neq: "development" } }`), ""},
		"type":                     {filtered(`{ type: { eq: FIXED } }`), "b"},
		"status":                   {filtered(`{ status: { eq: ARCHIVED } }`), "c"},
		"source":                   {filtered(`{ source: { in: [STRIPE, STIGG_ADHOC] } }`), "d"},
		"billingId":                {filtered(`{ billingId: { iLike: "BILL-%" } }`), "a c"},
		"customers by UUID":        {filtered(`{ customers: { id: { eq: "uuid-of-three" } } }`), "c"},
		"customers by refId":       {filtered(`{ customers: { refId: { in: ["one", "two"] } } }`), "a"},
		"customers by customerId":  {filtered(`{ customers: { customerId: { like: "t%" } } }`), "a c"},
		"customers, any":           {filtered(`{ customers: {} }`), "a c"},
		"customers and themselves": {filtered(`{ customers: { customerId: { eq: "one" } }, status: { eq: ARCHIVED } }`), ""},
		"customers, in an or":      {filtered(`{ or: [{ customers: { customerId: { eq: "one" } } }, { customers: { customerId: { eq: "three" } } }] }`), "a c"},
		"customers of two kinds":   {filtered(`{ and: [{ customers: { customerId: { eq: "one" } } }, { customers: { customerId: { eq: "two" } } }] }`), "a"},
		"customers without one":    {filtered(`{ customers: { customerId: { eq: "Four" } } }`), ""},
		"customers, archived":      {filtered(`{ customers: { customerId: { eq: "gone" } } }`), ""},
		"no customer":              {filtered(`{ customers: { customerId: { in: [] } } }`), ""},

		"as they come":           {``, "d c b a"},
		"by id":                  {sorted(`[{ field: id, direction: DESC }]`), "d c b a"},
		"by name":                {sorted(`[{ field: name, direction: ASC }]`), "b a c d"},
		"by refId":               {sorted(`[{ field: refId, direction: ASC }]`), "a b c d"},
		"by description":         {sorted(`[{ field: description, direction: ASC }]`), "d a b c"},
		"by description, down":   {sorted(`[{ field: description, direction: DESC }]`), "a d c b"},
		"by description, nulls":  {sorted(`[{ field: description, direction: ASC, nulls: NULLS_FIRST }]`), "b c d a"},
		"by createdAt":           {sorted(`[{ field: createdAt, direction: ASC }]`), "a b c d"},
		"by updatedAt":           {sorted(`[{ field: updatedAt, direction: DESC }]`), "b d c a"},
		"by environmentId":       {sorted(`[{ field: environmentId, direction: DESC }]`), "a b c d"},
		"by type":                {sorted(`[{ field: type, direction: ASC }]`), "b a c d"},
		"by status":              {sorted(`[{ field: status, direction: DESC }]`), "c d b a"},
		"by source":              {sorted(`[{ field: source, direction: DESC }]`), "d c b a"},
		"by billingId":           {sorted(`[{ field: billingId, direction: ASC }]`), "c a b d"},
		"by status, then by id":  {sorted(`[{ field: status, direction: DESC }, { field: id, direction: ASC }]`), "c a b d"},
		"by source and by type":  {sorted(`[{ field: source, direction: ASC }, { field: type, direction: ASC }]`), "b a c d"},
		"the last one by source": {`(paging: { last: 1 }, sorting: [{ field: source, direction: ASC }, { field: type, direction: ASC }], filter: { source: { eq: STRIPE } })`, "d"},
	}
	mustBeComplete(t, "CouponFilter", cases)
	mustBeComplete(t, "CouponFilterCustomerFilter", map[string]listCase{"all": {cases["customers by UUID"].arguments + cases["customers by refId"].arguments + cases["customers by customerId"].arguments, ""}})
	mustBeComplete(t, "CouponSortFields", cases)
	handler := servingAt(t, store, atNoon)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { mustFind(t, handler, "coupons", c, "refId") })
	}
	for field, of := range map[string]struct {
		comparison string
		values     map[string][]string
	}{
		"type":   {"CouponTypeFilterComparison", map[string][]string{"a": {"PERCENTAGE"}, "b": {"FIXED"}, "c": {"PERCENTAGE"}, "d": {"PERCENTAGE"}}},
		"status": {"CouponStatusFilterComparison", map[string][]string{"a": {"ACTIVE"}, "b": {"ACTIVE"}, "c": {"ARCHIVED"}, "d": {"ACTIVE"}}},
		"source": {"CouponSourceFilterComparison", map[string][]string{"a": {"STIGG"}, "b": {"STIGG"}, "c": {"STIGG"}, "d": {"STRIPE"}}},
	} {
		mustCompareEnums(t, of.comparison, of.values, func(t *testing.T, comparison string) []string {
			return at(must(t, handler, "{ coupons"+filtered("{ "+field+": "+comparison+" }")+" { edges { node { refId } } } }"), "coupons.edges.node.refId")
		})
	}
	for name, c := range map[string]listCase{
		"of a coupon":            {`(id: "a") { customers(sorting: [{ field: customerId, direction: ASC }]) { customerId } }`, "one two"},
		"by the coupon's UUID":   {`(id: "uuid-of-a") { customers(sorting: [{ field: customerId, direction: DESC }]) { customerId } }`, "two one"},
		"those that match":       {`(id: "a") { customers(filter: { customerId: { eq: "two" } }) { customerId } }`, "two"},
		"of one without any":     {`(id: "b") { customers { customerId } }`, ""},
		"of one of whom is gone": {`(id: "d") { customers { customerId } }`, ""},
	} {
		t.Run("customers "+name, func(t *testing.T) {
			if got := strings.Join(at(must(t, handler, "{ coupon"+c.arguments+" }"), "coupon.customers.customerId"), " "); got != c.want {
				t.Errorf("found %q, not %q", got, c.want)
			}
		})
	}
}

// phases makes the life of a subscription out of statuses and the hours at which they begin.
func phases(all ...any) []domain.Phase {
	var out []domain.Phase
	for i := 0; i < len(all); i += 2 {
		from := hours(all[i+1].(int))
		if len(out) > 0 {
			out[len(out)-1].Until = &from
		}
		out = append(out, domain.Phase{Status: all[i].(domain.SubscriptionStatus), From: from})
	}
	return out
}

// subscriber is a customer with a subscription in each status, at noon.
func subscriber() *domain.Customer {
	customer := bare("subscriber", hours(-100))
	add := func(id, plan, product string, created int, life []domain.Phase, change func(*domain.Subscription)) {
		s := domain.Subscription{
			ID: "uuid-of-" + id, SubscriptionID: id, PlanID: plan, PlanUUID: "uuid-of-" + plan, PlanVersion: 1, ProductID: product,
			PricingType: domain.PricingPaid, PaymentCollectionMethod: "CHARGE", Phases: life,
			StartDate: life[0].From, BillingCycleAnchor: life[0].From, CreatedAt: hours(created),
		}
		change(&s)
		customer.Subscriptions = append(customer.Subscriptions, s)
	}
	add("active", "gold", "x", -10, phases(domain.Active, -10), func(s *domain.Subscription) {
		s.ResourceID, s.BillingID = new("seat-1"), new("bill-2")
	})
	add("trial", "gold", "x", -9, phases(domain.InTrial, -9, domain.Expired, 5), func(s *domain.Subscription) {
		s.TrialEndDate, s.EndDate, s.ResourceID = new(hours(5)), new(hours(5)), new("seat-2")
	})
	add("canceled", "silver", "y", -8, phases(domain.Active, -8, domain.Canceled, -2), func(s *domain.Subscription) {
		s.CancellationDate, s.EndDate, s.BillingID = new(hours(-2)), new(hours(-2)), new("bill-1")
	})
	add("expired", "silver", "y", -7, phases(domain.InTrial, -7, domain.Expired, -3), func(s *domain.Subscription) {
		s.TrialEndDate, s.EndDate = new(hours(-3)), new(hours(-3))
	})
	add("pending", "gold", "x", -6, phases(domain.PaymentPending, -6), func(*domain.Subscription) {})
	add("later", "gold", "x", -6, phases(domain.NotStarted, -6, domain.Active, 4), func(s *domain.Subscription) { s.StartDate = hours(4) })
	customer.SubscribedAt = new(hours(-6))
	return customer
}

// mustHave expects a list without pages, of a customer or of what leads there, to have what the case wants.
func mustHave(t *testing.T, handler http.Handler, operation, path, want string) {
	t.Helper()
	if got := strings.Join(at(must(t, handler, operation), path), " "); got != want {
		t.Errorf("%s: found %q, not %q", operation, got, want)
	}
}

func TestSubscriptionsOfACustomer(t *testing.T) {
	store := newStore(t)
	insertCustomers(t, store, subscriber())
	handler := servingAt(t, store, atNoon)
	const everything = "active canceled expired later pending trial" // by UUID
	cases := map[string]listCase{
		"as they come":            {``, "trial active"},
		"everything":              {filtered(`{}`), everything},
		"and":                     {filtered(`{ and: [{ status: { neq: ACTIVE } }, { plan: { refId: { eq: "gold" } } }] }`), "later pending trial"},
		"or":                      {filtered(`{ or: [{ status: { eq: EXPIRED } }, { status: { eq: CANCELED } }] }`), "canceled expired"},
		"or nothing":              {filtered(`{ or: [] }`), everything},
		"id":                      {filtered(`{ id: { eq: "uuid-of-trial" } }`), "trial"},
		"subscriptionId":          {filtered(`{ subscriptionId: { like: "%e%d" } }`), "canceled expired"},
		"refId":                   {filtered(`{ refId: { in: ["trial", "active"] } }`), "active trial"},
		"customerId":              {filtered(`{ customerId: { eq: "subscriber" } }`), everything},
		"another customerId":      {filtered(`{ customerId: { neq: "subscriber" } }`), ""},
		"payingCustomerId":        {filtered(`{ payingCustomerId: { eq: "subscriber" } }`), everything},
		"resourceId":              {filtered(`{ resourceId: { neq: "seat-1" } }`), "trial"},
		"no resourceId":           {filtered(`{ resourceId: { is: true } }`), "canceled expired later pending"},
		"environmentId":           {filtered(`{ environmentId: { eq: "development" } }`), everything},
		"status":                  {filtered(`{ status: { in: [PAYMENT_PENDING, NOT_STARTED] } }`), "later pending"},
		"billingId":               {filtered(`{ billingId: { isNot: true } }`), "active canceled"},
		"createdAt":               {filtered(`{ createdAt: { gte: ` + stamp(hours(-7)) + ` } }`), "expired later pending"},
		"startDate":               {filtered(`{ startDate: { gt: ` + stamp(noon) + ` } }`), "later"},
		"endDate":                 {filtered(`{ endDate: { lte: ` + stamp(hours(-2)) + ` } }`), "canceled expired"},
		"no endDate":              {filtered(`{ endDate: { is: true } }`), "active later pending"},
		"trialEndDate":            {filtered(`{ trialEndDate: { between: { lower: ` + stamp(hours(-3)) + `, upper: ` + stamp(hours(5)) + ` } } }`), "expired trial"},
		"cancellationDate":        {filtered(`{ cancellationDate: { isNot: true } }`), "canceled"},
		"effectiveEndDate":        {filtered(`{ effectiveEndDate: { lt: ` + stamp(noon) + ` } }`), "canceled expired"},
		"effectiveEndDate to be":  {filtered(`{ effectiveEndDate: { gt: ` + stamp(noon) + ` } }`), "trial"},
		"plan by UUID":            {filtered(`{ plan: { id: { eq: "uuid-of-silver" } } }`), "canceled expired"},
		"plan by refId":           {filtered(`{ plan: { refId: { eq: "silver" } } }`), "canceled expired"},
		"plan by product":         {filtered(`{ plan: { productId: { neq: "y" } } }`), "active later pending trial"},
		"plan by two":             {filtered(`{ plan: { productId: { eq: "x" }, refId: { eq: "silver" } } }`), ""},
		"plan, any":               {filtered(`{ plan: {} }`), everything},
		"what it is at this time": {filtered(`{ status: { eq: ACTIVE }, startDate: { lte: ` + stamp(noon) + ` } }`), "active"},

		"by id":                  {`(filter: {}, sorting: [{ field: id, direction: DESC }])`, "trial pending later expired canceled active"},
		"by subscriptionId":      {`(filter: {}, sorting: [{ field: subscriptionId, direction: ASC }])`, everything},
		"by refId":               {`(filter: {}, sorting: [{ field: refId, direction: DESC }])`, "trial pending later expired canceled active"},
		"by customerId":          {`(filter: {}, sorting: [{ field: customerId, direction: DESC }])`, everything},
		"by payingCustomerId":    {`(filter: {}, sorting: [{ field: payingCustomerId, direction: DESC }])`, everything},
		"by resourceId":          {`(filter: {}, sorting: [{ field: resourceId, direction: DESC }])`, "trial active canceled expired later pending"},
		"by resourceId, nulls":   {`(filter: {}, sorting: [{ field: resourceId, direction: ASC, nulls: NULLS_FIRST }])`, "canceled expired later pending active trial"},
		"by environmentId":       {`(filter: {}, sorting: [{ field: environmentId, direction: ASC }])`, everything},
		"by status":              {`(filter: {}, sorting: [{ field: status, direction: ASC }])`, "active canceled expired trial later pending"},
		"by billingId":           {`(filter: {}, sorting: [{ field: billingId, direction: ASC }])`, "canceled active expired later pending trial"},
		"by createdAt":           {`(filter: {}, sorting: [{ field: createdAt, direction: ASC }])`, "active trial canceled expired later pending"},
		"by startDate":           {`(filter: {}, sorting: [{ field: startDate, direction: DESC }])`, "later pending expired canceled trial active"},
		"by endDate":             {`(filter: {}, sorting: [{ field: endDate, direction: ASC }])`, "expired canceled trial active later pending"},
		"by trialEndDate":        {`(filter: {}, sorting: [{ field: trialEndDate, direction: DESC }])`, "trial expired active canceled later pending"},
		"by cancellationDate":    {`(filter: {}, sorting: [{ field: cancellationDate, direction: ASC }])`, "canceled active expired later pending trial"},
		"by effectiveEndDate":    {`(filter: {}, sorting: [{ field: effectiveEndDate, direction: DESC }])`, "trial canceled expired active later pending"},
		"by status, then by end": {`(filter: {}, sorting: [{ field: environmentId, direction: ASC }, { field: endDate, direction: DESC }])`, "trial canceled expired active later pending"},
	}
	mustBeComplete(t, "CustomerSubscriptionFilter", cases)
	mustBeComplete(t, "CustomerSubscriptionSortFields", cases)
	mustBeComplete(t, "CustomerSubscriptionFilterPlanFilter", map[string]listCase{"all": {cases["plan by UUID"].arguments + cases["plan by refId"].arguments + cases["plan by product"].arguments, ""}})
	find := func(arguments string) string {
		return `{ getCustomerByRefId(input: { customerId: "subscriber" }) { subscriptions` + arguments + ` { subscriptionId } } }`
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			mustHave(t, handler, find(c.arguments), "getCustomerByRefId.subscriptions.subscriptionId", c.want)
		})
	}
	mustCompareEnums(t, "SubscriptionStatusFilterComparison", map[string][]string{
		"active": {"ACTIVE"}, "trial": {"IN_TRIAL"}, "canceled": {"CANCELED"}, "expired": {"EXPIRED"}, "pending": {"PAYMENT_PENDING"}, "later": {"NOT_STARTED"},
	}, func(t *testing.T, comparison string) []string {
		return at(must(t, handler, find(filtered("{ status: "+comparison+" }"))), "getCustomerByRefId.subscriptions.subscriptionId")
	})
	mustHave(t, handler, `{ getActiveSubscriptions(input: { customerId: "subscriber" }) { subscriptionId } }`, "getActiveSubscriptions.subscriptionId", "trial active")
	mustHave(t, handler, `{ getActiveSubscriptions(input: { customerId: "subscriber", resourceId: "seat-1" }) { subscriptionId } }`, "getActiveSubscriptions.subscriptionId", "active")
	mustHave(t, handler, `{ getActiveSubscriptions(input: { customerId: "subscriber", resourceId: "seat-1", resourceIds: ["seat-2"] }) { subscriptionId } }`, "getActiveSubscriptions.subscriptionId", "trial active")
	// What a subscription is depends on the clock alone.
	later := servingAt(t, store, func() time.Time { return hours(6) })
	mustHave(t, later, find(``), "getCustomerByRefId.subscriptions.subscriptionId", "later active")
	mustHave(t, later, find(`(filter: { status: { eq: EXPIRED } })`), "getCustomerByRefId.subscriptions.subscriptionId", "expired trial")
}

// grant is a promotional entitlement that ends so many hours after noon; 0 is without an end.
func grant(id string, created, updated, end int) domain.PromotionalEntitlement {
	p := domain.PromotionalEntitlement{
		ID: id, FeatureID: "feature-of-" + id, Period: domain.PeriodLifetime, StartDate: hours(created), CreatedAt: hours(created), UpdatedAt: hours(updated),
	}
	if end != 0 {
		p.Period, p.EndDate = domain.PeriodCustom, new(hours(end))
	}
	return p
}

func TestPromotionalEntitlements(t *testing.T) {
	store := newStore(t)
	one, two := bare("one", noon), bare("two", noon)
	one.PromotionalEntitlements, one.PromotedAt = []domain.PromotionalEntitlement{grant("c", -3, -1, 0), grant("a", -3, -2, -1)}, &noon
	two.PromotionalEntitlements, two.PromotedAt = []domain.PromotionalEntitlement{grant("d", -1, -1, 1), grant("b", -2, -2, -2)}, &noon
	foreign, gone := bare("foreign", noon), bare("gone", noon)
	foreign.PromotionalEntitlements, foreign.PromotedAt = []domain.PromotionalEntitlement{grant("e", -1, -1, 0)}, &noon
	foreign.EnvironmentID, foreign.Key = "production", "production/foreign"
	gone.PromotionalEntitlements, gone.PromotedAt = []domain.PromotionalEntitlement{grant("f", -1, -1, 0)}, &noon
	gone.Archive(noon)
	// A customer with all four, to ask for as one of a customer's.
	whole := bare("whole", noon)
	whole.PromotionalEntitlements = slices.Concat(one.PromotionalEntitlements, two.PromotionalEntitlements)
	insertCustomers(t, store, one, two, foreign, gone, whole, bare("none", noon))
	handler := servingAt(t, store, atNoon)
	cases := map[string]listCase{
		"everything":              {filtered(`{}`), "a b c d"},
		"and":                     {filtered(`{ and: [{ status: { eq: Active } }, { id: { gt: "c" } }] }`), "d"},
		"or":                      {filtered(`{ or: [{ id: { eq: "a" } }, { id: { eq: "d" } }] }`), "a d"},
		"id":                      {filtered(`{ id: { in: ["b", "c"] } }`), "b c"},
		"createdAt":               {filtered(`{ createdAt: { eq: ` + stamp(hours(-3)) + ` } }`), "a c"},
		"updatedAt":               {filtered(`{ updatedAt: { gte: ` + stamp(hours(-1)) + ` } }`), "c d"},
		"status":                  {filtered(`{ status: { eq: Expired } }`), "a b"},
		"environmentId":           {filtered(`{ environmentId: { eq: "development" } }`), "a b c d"},
		"another environment":     {filtered(`{ environmentId: { eq: "production" } }`), ""},
		"by id":                   {sorted(`[{ field: id, direction: DESC }]`), "d c b a"},
		"by createdAt":            {sorted(`[{ field: createdAt, direction: ASC }]`), "a c b d"},
		"by updatedAt":            {sorted(`[{ field: updatedAt, direction: ASC }]`), "a b c d"},
		"by status":               {sorted(`[{ field: status, direction: ASC }]`), "c d a b"},
		"by environmentId":        {sorted(`[{ field: environmentId, direction: ASC }]`), "a b c d"},
		"by status and createdAt": {sorted(`[{ field: status, direction: DESC }, { field: createdAt, direction: ASC }]`), "a b c d"},
		"by two downwards":        {sorted(`[{ field: updatedAt, direction: DESC }, { field: createdAt, direction: ASC }]`), "c d a b"},
	}
	mustBeComplete(t, "PromotionalEntitlementFilter", cases)
	mustBeComplete(t, "PromotionalEntitlementSortFields", cases)
	for name, c := range cases {
		t.Run("of all, "+name, func(t *testing.T) { mustFind(t, handler, "promotionalEntitlements", c, "id") })
		t.Run("of one, "+name, func(t *testing.T) {
			mustHave(t, handler, `{ getCustomerByRefId(input: { customerId: "whole" }) { promotionalEntitlements`+c.arguments+` { id } } }`,
				"getCustomerByRefId.promotionalEntitlements.id", c.want)
		})
	}
	mustFind(t, handler, "promotionalEntitlements", listCase{``, "d b c a"}, "id")
	for _, list := range []string{"all", "one"} {
		mustCompareEnums(t, "PromotionalEntitlementStatusFilterComparison", map[string][]string{
			"a": {"Expired"}, "b": {"Expired"}, "c": {"Active"}, "d": {"Active"},
		}, func(t *testing.T, comparison string) []string {
			arguments := filtered("{ status: " + comparison + " }")
			if list == "all" {
				return at(must(t, handler, "{ promotionalEntitlements"+arguments+" { edges { node { id } } } }"), "promotionalEntitlements.edges.node.id")
			}
			return at(must(t, handler, `{ getCustomerByRefId(input: { customerId: "whole" }) { promotionalEntitlements`+arguments+` { id } } }`),
				"getCustomerByRefId.promotionalEntitlements.id")
		})
	}
}

func TestAddonsAndPricesOfASubscription(t *testing.T) {
	store := newStore(t)
	customer := bare("one", noon)
	price := func(id string, of domain.BillingModel, feature *string) domain.Charge {
		return domain.Charge{ID: id, Quantity: 1, Times: 1, Price: domain.Price{
			ID: "price-" + id, Model: of, Period: domain.Monthly, Cadence: "RECURRING", Currency: "USD", Amount: new(domain.Decimal("1")), FeatureID: feature,
		}}
	}
	customer.Subscriptions = []domain.Subscription{{
		ID: "s", SubscriptionID: "s", PlanID: "plan", PricingType: domain.PricingPaid, PaymentCollectionMethod: "CHARGE",
		Addons: []domain.SubscriptionAddon{{ID: "b", AddonID: "x", Version: 1, Quantity: 2}, {ID: "a", AddonID: "y", Version: 1, Quantity: 1}},
		Charges: []domain.Charge{
			price("d", domain.FlatFee, nil), price("c", domain.PerUnit, new("seats")), price("b", domain.MinimumSpend, nil), price("a", domain.UsageBased, new("calls")),
		},
		Phases: []domain.Phase{{Status: domain.Active, From: hours(-1)}}, StartDate: hours(-1), BillingCycleAnchor: hours(-1), CreatedAt: hours(-1),
	}}
	customer.SubscribedAt = new(hours(-1))
	insertCustomers(t, store, customer)
	handler := servingAt(t, store, atNoon)
	created, sooner := stamp(hours(-1)), stamp(hours(-2))
	addons := map[string]listCase{
		"as they come":     {``, "a b"},
		"everything":       {filtered(`{}`), "a b"},
		"and":              {filtered(`{ and: [{ id: { eq: "a" } }, { createdAt: { eq: ` + created + ` } }] }`), "a"},
		"or":               {filtered(`{ or: [{ id: { eq: "a" } }, { id: { eq: "b" } }] }`), "a b"},
		"id":               {filtered(`{ id: { gt: "a" } }`), "b"},
		"createdAt":        {filtered(`{ createdAt: { gt: ` + sooner + ` } }`), "a b"},
		"createdAt before": {filtered(`{ createdAt: { lte: ` + sooner + ` } }`), ""},
		"updatedAt":        {filtered(`{ updatedAt: { eq: ` + created + ` } }`), "a b"},
		"by id":            {sorted(`[{ field: id, direction: DESC }]`), "b a"},
		"by createdAt":     {sorted(`[{ field: createdAt, direction: ASC }]`), "a b"},
		"by updatedAt":     {sorted(`[{ field: updatedAt, direction: DESC }, { field: id, direction: DESC }]`), "b a"},
	}
	prices := map[string]listCase{
		"as they come":          {``, "a c d"},
		"everything":            {filtered(`{}`), "a b c d"},
		"and":                   {filtered(`{ and: [{ billingModel: { neq: FLAT_FEE } }, { featureId: { is: true } }] }`), "b"},
		"or":                    {filtered(`{ or: [{ id: { eq: "d" } }, { billingModel: { eq: MINIMUM_SPEND } }] }`), "b d"},
		"id":                    {filtered(`{ id: { lte: "b" } }`), "a b"},
		"createdAt":             {filtered(`{ createdAt: { neq: ` + created + ` } }`), ""},
		"updatedAt":             {filtered(`{ updatedAt: { eq: ` + created + ` } }`), "a b c d"},
		"featureId":             {filtered(`{ featureId: { neq: "calls" } }`), "c"},
		"billingModel":          {filtered(`{ billingModel: { in: [PER_UNIT, USAGE_BASED] } }`), "a c"},
		"the minimum spend":     {filtered(`{ billingModel: { eq: MINIMUM_SPEND } }`), "b"},
		"by id":                 {`(filter: {}, sorting: [{ field: id, direction: DESC }])`, "d c b a"},
		"by createdAt":          {`(filter: {}, sorting: [{ field: createdAt, direction: DESC }])`, "a b c d"},
		"by updatedAt":          {`(filter: {}, sorting: [{ field: updatedAt, direction: DESC }])`, "a b c d"},
		"by featureId":          {`(filter: {}, sorting: [{ field: featureId, direction: ASC }])`, "a c b d"},
		"by featureId, nulls":   {`(filter: {}, sorting: [{ field: featureId, direction: DESC, nulls: NULLS_FIRST }])`, "b d c a"},
		"by billingModel":       {`(filter: {}, sorting: [{ field: billingModel, direction: ASC }])`, "d b c a"},
		"by billingModel, down": {sorted(`[{ field: billingModel, direction: DESC }]`), "a c d"},
	}
	find := func(list, arguments string) string {
		return `{ getSubscription(input: { subscriptionId: "s" }) { ` + list + arguments + ` { id } } }`
	}
	put(t, store.SubscriptionClaims(), &domain.SubscriptionClaim{Record: record("s", noon), CustomerID: "one"})
	for list, of := range map[string]struct {
		cases         map[string]listCase
		filter, order string
	}{
		"addons": {addons, "SubscriptionAddonFilter", "SubscriptionAddonSortFields"},
		"prices": {prices, "SubscriptionPriceFilter", "SubscriptionPriceSortFields"},
	} {
		mustBeComplete(t, of.filter, of.cases)
		mustBeComplete(t, of.order, of.cases)
		for name, c := range of.cases {
			t.Run(list+", "+name, func(t *testing.T) {
				mustHave(t, handler, find(list, c.arguments), "getSubscription."+list+".id", c.want)
			})
		}
	}
	mustCompareEnums(t, "BillingModelFilterComparison", map[string][]string{"a": {"USAGE_BASED"}, "b": {"MINIMUM_SPEND"}, "c": {"PER_UNIT"}, "d": {"FLAT_FEE"}},
		func(t *testing.T, comparison string) []string {
			return at(must(t, handler, find("prices", filtered("{ billingModel: "+comparison+" }"))), "getSubscription.prices.id")
		})
}

func TestListsOfAPackage(t *testing.T) {
	store := newStore(t)
	price := func(id string, of domain.BillingModel) domain.Price {
		return domain.Price{ID: id, Model: of, Period: domain.Monthly, Cadence: "RECURRING", Currency: "USD", Amount: new(domain.Decimal("1"))}
	}
	ids := map[string]string{"a": "4", "b": "3", "c": "2", "d": "1"}
	for refID, d := range map[string]struct {
		name             string
		created, updated int
	}{"a": {"Delta", 1, 9}, "b": {"alpha", 2, 8}, "c": {"Charlie", 3, 7}, "d": {"Bravo", 3, 6}} {
		head := record(refID, hours(d.created))
		// The order of UUIDs is not that of the ids which people gave.
		head.UpdatedAt, head.ID = hours(d.updated), ids[refID]
		addon := domain.Addon{Package: domain.Package{Record: head, DisplayName: d.name, ProductID: "product-of-" + refID, PricingType: domain.PricingPaid, VersionNumber: 1}}
		if refID == "a" {
			addon.Prices = []domain.Price{price("z", domain.FlatFee), price("y", domain.UsageBased), price("x", domain.PerUnit)}
		}
		put(t, store.Addons(), &addon)
	}
	put(t, store.Plans(), &domain.Plan{Package: domain.Package{Record: record("plan", noon)}, CompatibleAddonIDs: []string{"b", "d", "a", "c", "gone"}})
	handler := servingAt(t, store, atNoon)
	addons := map[string]listCase{
		"as they come":        {``, "c d b a"},
		"everything":          {filtered(`{}`), "d c b a"},
		"and":                 {filtered(`{ and: [{ refId: { gt: "a" } }, { refId: { lt: "d" } }] }`), "c b"},
		"or":                  {filtered(`{ or: [{ refId: { eq: "a" } }, { displayName: { eq: "alpha" } }] }`), "b a"},
		"id":                  {filtered(`{ id: { eq: "4" } }`), "a"},
		"refId":               {filtered(`{ refId: { in: ["d", "a"] } }`), "d a"},
		"displayName":         {filtered(`{ displayName: { iLike: "%LT%" } }`), "a"},
		"productId":           {filtered(`{ productId: { eq: "product-of-c" } }`), "c"},
		"createdAt":           {filtered(`{ createdAt: { eq: ` + stamp(hours(3)) + ` } }`), "d c"},
		"updatedAt":           {filtered(`{ updatedAt: { gt: ` + stamp(hours(8)) + ` } }`), "a"},
		"by id":               {sorted(`[{ field: id, direction: ASC }]`), "d c b a"},
		"by refId":            {sorted(`[{ field: refId, direction: DESC }]`), "d c b a"},
		"by displayName":      {sorted(`[{ field: displayName, direction: ASC }]`), "d c a b"},
		"by createdAt":        {sorted(`[{ field: createdAt, direction: ASC }]`), "a b c d"},
		"by updatedAt":        {sorted(`[{ field: updatedAt, direction: ASC }]`), "d c b a"},
		"by nothing":          {sorted(`[]`), "a b c d"},
		"by createdAt, refId": {sorted(`[{ field: createdAt, direction: DESC }, { field: refId, direction: DESC }]`), "d c b a"},
	}
	mustBeComplete(t, "AddonFilter", addons)
	mustBeComplete(t, "AddonSortFields", addons)
	for name, c := range addons {
		t.Run("add-ons of a plan, "+name, func(t *testing.T) {
			mustHave(t, handler, `{ plans { edges { node { compatibleAddons`+c.arguments+` { refId } } } } }`, "plans.edges.node.compatibleAddons.refId", c.want)
		})
	}
	prices := map[string]listCase{
		"as they come":    {``, "x y z"},
		"everything":      {filtered(`{}`), "x y z"},
		"and":             {filtered(`{ and: [{ id: { gt: "x" } }, { billingModel: { eq: FLAT_FEE } }] }`), "z"},
		"or":              {filtered(`{ or: [{ id: { eq: "x" } }, { billingModel: { eq: FLAT_FEE } }] }`), "x z"},
		"id":              {filtered(`{ id: { neq: "y" } }`), "x z"},
		"createdAt":       {filtered(`{ createdAt: { eq: ` + stamp(hours(9)) + ` } }`), "x y z"},
		"createdAt, not":  {filtered(`{ createdAt: { lt: ` + stamp(hours(9)) + ` } }`), ""},
		"billingModel":    {filtered(`{ billingModel: { gt: FLAT_FEE } }`), "x y"},
		"by id":           {sorted(`[{ field: id, direction: DESC }]`), "z y x"},
		"by createdAt":    {sorted(`[{ field: createdAt, direction: ASC }]`), "x y z"},
		"by billingModel": {sorted(`[{ field: billingModel, direction: ASC }]`), "z x y"},
	}
	mustBeComplete(t, "PriceFilter", prices)
	mustBeComplete(t, "PriceSortFields", prices)
	find := func(arguments string) string {
		return `{ addons(filter: { refId: { eq: "a" } }) { edges { node { prices` + arguments + ` { id } } } } }`
	}
	for name, c := range prices {
		t.Run("prices of an add-on, "+name, func(t *testing.T) { mustHave(t, handler, find(c.arguments), "addons.edges.node.prices.id", c.want) })
	}
	mustCompareEnums(t, "BillingModelFilterComparison", map[string][]string{"x": {"PER_UNIT"}, "y": {"USAGE_BASED"}, "z": {"FLAT_FEE"}},
		func(t *testing.T, comparison string) []string {
			return at(must(t, handler, find(filtered("{ billingModel: "+comparison+" }"))), "addons.edges.node.prices.id")
		})
}

// TestCustomersByWhatTheyHave finds customers by the statuses of what is theirs, and by coupon.
func TestCustomersByWhatTheyHave(t *testing.T) {
	store := newStore(t)
	lives := map[string][][]domain.Phase{
		"running":  {phases(domain.Active, -1)},
		"trying":   {phases(domain.InTrial, -2, domain.Active, 2), phases(domain.NotStarted, -1, domain.Active, 1)},
		"leaving":  {phases(domain.Active, -3, domain.Canceled, -1), phases(domain.Active, -1)},
		"left":     {phases(domain.Active, -3, domain.Canceled, -1), phases(domain.InTrial, -3, domain.Expired, -2)},
		"awaiting": {phases(domain.PaymentPending, 0)}, // It began this very moment.
		"never":    nil,
	}
	grants := map[string][]domain.PromotionalEntitlement{
		"running": {grant("r", -1, -1, 0)}, "trying": {grant("t", -1, -1, 1), grant("u", -2, -2, -1)}, "left": {grant("l", -2, -2, -1)},
	}
	coupons := map[string]string{"running": "a", "left": "b", "never": "a"}
	for id, all := range lives {
		customer := bare(id, noon)
		for i, life := range all {
			customer.Subscriptions = append(customer.Subscriptions, domain.Subscription{ID: fmt.Sprint(id, i), SubscriptionID: fmt.Sprint(id, i), Phases: life, StartDate: life[0].From})
			customer.SubscribedAt = &noon
		}
		if given := grants[id]; given != nil {
			customer.PromotionalEntitlements, customer.PromotedAt = given, &noon
		}
		if couponID, found := coupons[id]; found {
			customer.CouponID = &couponID
		}
		insertCustomers(t, store, customer)
	}
	handler := servingAt(t, store, atNoon)
	for name, c := range map[string]listCase{
		"any subscription":            {`{ subscriptions: {} }`, "awaiting leaving left running trying"},
		"one that runs":               {`{ subscriptions: { status: { in: [ACTIVE, IN_TRIAL] } } }`, "leaving running trying"},
		"none of a status":            {`{ subscriptions: { status: { in: [] } } }`, ""},
		"two operators for one":       {`{ subscriptions: { status: { gt: ACTIVE, lt: EXPIRED } } }`, "leaving left"},
		"two of two":                  {`{ and: [{ subscriptions: { status: { eq: ACTIVE } } }, { subscriptions: { status: { eq: CANCELED } } }] }`, "leaving"},
		"one of two":                  {`{ or: [{ subscriptions: { status: { eq: IN_TRIAL } } }, { subscriptions: { status: { eq: EXPIRED } } }] }`, "left trying"},
		"any promotional entitlement": {`{ promotionalEntitlements: {} }`, "left running trying"},
		"one that grants":             {`{ promotionalEntitlements: { status: { eq: Active } } }`, "running trying"},
		"one that is paused":          {`{ promotionalEntitlements: { status: { eq: Paused } } }`, ""},
		"both":                        {`{ promotionalEntitlements: { status: { eq: Active } }, subscriptions: { status: { eq: ACTIVE } } }`, "running"},
		"a coupon":                    {`{ couponId: { eq: "a" } }`, "never running"},
		"any coupon":                  {`{ couponId: { isNot: true } }`, "left never running"},
		"no coupon":                   {`{ couponId: { is: true } }`, "awaiting leaving trying"},
		"another coupon":              {`{ couponId: { neq: "a" } }`, "left"},
		"a coupon and a subscription": {`{ couponId: { in: ["a", "b"] }, subscriptions: {} }`, "left running"},
	} {
		t.Run(name, func(t *testing.T) {
			mustFind(t, handler, "customers", listCase{filtered(c.arguments), c.want}, "customerId")
		})
	}
	find := func(field string) func(t *testing.T, comparison string) []string {
		return func(t *testing.T, comparison string) []string {
			return at(must(t, handler, "{ customers"+filtered("{ "+field+": { status: "+comparison+" } }")+" { edges { node { customerId } } } }"), "customers.edges.node.customerId")
		}
	}
	mustCompareEnums(t, "SubscriptionStatusFilterComparison", map[string][]string{
		"running": {"ACTIVE"}, "trying": {"IN_TRIAL", "NOT_STARTED"}, "leaving": {"CANCELED", "ACTIVE"}, "left": {"CANCELED", "EXPIRED"}, "awaiting": {"PAYMENT_PENDING"},
	}, find("subscriptions"))
	mustCompareEnums(t, "PromotionalEntitlementStatusFilterComparison", map[string][]string{
		"running": {"Active"}, "trying": {"Active", "Expired"}, "left": {"Expired"},
	}, find("promotionalEntitlements"))
}

// TestWhatListsRefuse: a null is refused in the new filters as in that of customers, and so is what is too much.
func TestWhatListsRefuse(t *testing.T) {
	handler := servingAt(t, newStore(t), atNoon)
	many := func(one string) string { return "[" + strings.Repeat(one+", ", model.MaxFilterConditions) + one + "]" }
	for name, c := range map[string]struct{ operation, field string }{
		"a null for an enum":                 {`{ coupons(filter: { type: { eq: null } }) { totalCount } }`, "filter.type.eq"},
		"a null for a list of an enum":       {`{ coupons(filter: { type: { in: null } }) { totalCount } }`, "filter.type.in"},
		"a null for a comparison":            {`{ promotionalEntitlements(filter: { status: null }) { totalCount } }`, "filter.status"},
		"a null for whose coupon":            {`{ coupons(filter: { customers: { customerId: { eq: null } } }) { totalCount } }`, "filter.customers.customerId.eq"},
		"a null for a subscription's status": {`{ customers(filter: { subscriptions: { status: { eq: null } } }) { totalCount } }`, "filter.subscriptions.status.eq"},
		"too many orders":                    {`{ products(sorting: [` + strings.Repeat(`{ field: id, direction: ASC } `, 5) + `]) { totalCount } }`, "sorting"},
		"too long a page":                    {`{ features(paging: { first: 101 }) { totalCount } }`, "paging.first"},
		"a cursor that is none":              {`{ promotionalEntitlements(paging: { after: "x" }) { totalCount } }`, "paging.after"},
		"too many conditions on plans":       {`{ plans(filter: { or: ` + many(`{ refId: { eq: "a" } }`) + ` }) { totalCount } }`, "filter"},
		"too many on subscriptions, of any":  {`{ customers(filter: { or: ` + many(`{ subscriptions: {} }`) + ` }) { totalCount } }`, "filter"},
		"too many on promotions, of any":     {`{ customers(filter: { or: ` + many(`{ promotionalEntitlements: {} }`) + ` }) { totalCount } }`, "filter"},
		"too many on customers of coupons":   {`{ coupons(filter: { or: ` + many(`{ customers: {} }`) + ` }) { totalCount } }`, "filter"},
		"too many values of an enum":         {`{ coupons(filter: { type: { in: [` + strings.Repeat("FIXED ", 101) + `] } }) { totalCount } }`, "filter.type.in"},
		"too deep":                           {`{ addons(filter: ` + strings.Repeat(`{ and: [`, 5) + `{}` + strings.Repeat(`] }`, 5) + `) { totalCount } }`, "filter.and[0].and[0].and[0].and[0].and[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t.Context(), t, handler, c.operation)
			if got.code() != "BadUserInput" || got.Errors[0].Extensions["field"] != c.field {
				t.Errorf("want the field %s: %s", c.field, got.body)
			}
		})
	}
}

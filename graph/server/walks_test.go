package server

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/persistence/bolt"
)

// walk follows the cursors of a list and returns one field of each element. between runs after each page.
func walk(t testing.TB, handler http.Handler, list, arguments, field string, size int, backward bool, between func(met int)) []string {
	t.Helper()
	met := []string{}
	cursor := ""
	for {
		paging := fmt.Sprintf("first: %d, after: %q", size, cursor)
		if backward {
			paging = fmt.Sprintf("last: %d, before: %q", size, cursor)
			if cursor == "" {
				paging = fmt.Sprintf("last: %d", size)
			}
		}
		data := must(t, handler, fmt.Sprintf(`{ list: %s(paging: { %s }, %s) { pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { node { %s } } } }`,
			list, paging, arguments, field))
		page := at(data, "list.edges.node."+field)
		more, end := "hasNextPage", "endCursor"
		if backward {
			more, end = "hasPreviousPage", "startCursor"
			met = append(page, met...)
		} else {
			met = append(met, page...)
		}
		between(len(met))
		if at(data, "list.pageInfo."+more)[0] != "true" {
			return met
		}
		if len(page) != size {
			t.Fatalf("a page in the middle has %d, not %d", len(page), size)
		}
		cursor = at(data, "list.pageInfo."+end)[0]
	}
}

// TestCursorsStayGoodWhileTimePasses: what filters say of statuses is said of the time of each request, and the
// cursors of one page are good for the next one all the same.
func TestCursorsStayGoodWhileTimePasses(t *testing.T) {
	for name, c := range map[string]struct {
		list, filter, field string
		// want is what a walk meets whose pages are a minute apart.
		want string
	}{
		"promotional entitlements":                  {"promotionalEntitlements", `{ status: { eq: Active } }`, "featureId", "a b c d"},
		"customers by promotional entitlements":     {"customers", `{ promotionalEntitlements: { status: { eq: Active } } }`, "customerId", "a b c d"},
		"customers by expired ones":                 {"customers", `{ promotionalEntitlements: { status: { eq: Expired } } }`, "customerId", "e f"},
		"customers by subscriptions":                {"customers", `{ subscriptions: { status: { eq: ACTIVE } } }`, "customerId", "a b c d"},
		"customers by subscriptions, and something": {"customers", `{ subscriptions: { status: { neq: IN_TRIAL } }, customerId: { neq: "b" } }`, "customerId", "a c d f"},
		"customers by either": {"customers", `{ or: [
			{ subscriptions: { status: { eq: ACTIVE } } }, { promotionalEntitlements: { status: { eq: Expired } } }
		] }`, "customerId", "a b c d e f"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			for _, id := range strings.Fields("a b c d e f") {
				customer := bare(id, noon)
				p := grant("uuid-"+id, 0, 0, 0)
				p.FeatureID = id
				life := phases(domain.InTrial, -1, domain.Active, 0)
				switch id {
				case "e":
					// It ends between the second and the third page.
					p.EndDate, life = new(noon.Add(90*time.Second)), phases(domain.InTrial, -1)
				case "f":
					p.EndDate, life = new(hours(-1)), phases(domain.Active, -1, domain.Canceled, 0)
				default:
				}
				customer.PromotionalEntitlements, customer.PromotedAt = []domain.PromotionalEntitlement{p}, &noon
				customer.Subscriptions, customer.SubscribedAt = []domain.Subscription{{ID: id, SubscriptionID: id, Phases: life, StartDate: noon}}, &noon
				insertCustomers(t, store, customer)
			}
			now := noon
			handler := servingAt(t, store, func() time.Time { return now })
			arguments := "filter: " + c.filter + ", sorting: [{ field: id, direction: ASC }]"
			if name == "customers by expired ones" {
				now = hours(1)
			}
			got := walk(t, handler, c.list, arguments, c.field, 1, false, func(int) { now = now.Add(time.Minute) })
			if strings.Join(got, " ") != c.want {
				t.Errorf("met %v, not %s", got, c.want)
			}
			// The cursor is of this filter still.
			first := at(must(t, handler, fmt.Sprintf(`{ list: %s(paging: { first: 1 }, %s) { pageInfo { endCursor } } }`, c.list, arguments)), "list.pageInfo.endCursor")[0]
			for _, other := range []string{`{}`, `{ id: { neq: "x" } }`} {
				operation := fmt.Sprintf(`{ list: %s(paging: { first: 1, after: %q }, filter: %s, sorting: [{ field: id, direction: ASC }]) { totalCount } }`, c.list, first, other)
				if refused := ask(t.Context(), t, handler, operation); refused.code() != "BadUserInput" || refused.Errors[0].Extensions["field"] != "paging.after" {
					t.Errorf("the cursor of another filter: %s", refused.body)
				}
			}
		})
	}
}

// TestWalksOfPromotionalEntitlements compares walks along cursors with the whole list in order. Each round has an
// environment of its own.
func TestWalksOfPromotionalEntitlements(t *testing.T) {
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.WithoutCancel(t.Context())) })
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		environmentID := fmt.Sprint("round-", round)
		var all []domain.PromotionalEntitlement
		for i := range rapid.IntRange(0, 3).Draw(r, "customers") {
			customer := bare(fmt.Sprint("customer-", i), noon)
			customer.EnvironmentID = environmentID
			customer.Key = customer.Ref().Key()
			for j := range rapid.IntRange(0, 5).Draw(r, "promotional entitlements") {
				// Few values, so that many are equal, and ids in another order than customers.
				p := grant(fmt.Sprintf("%d-%d-%d", rapid.IntRange(0, 9).Draw(r, "id"), i, j), rapid.IntRange(-2, 0).Draw(r, "created"),
					rapid.IntRange(-2, 0).Draw(r, "updated"), rapid.IntRange(-1, 1).Draw(r, "end"))
				customer.PromotionalEntitlements, customer.PromotedAt = append(customer.PromotionalEntitlements, p), &p.CreatedAt
				all = append(all, p)
			}
			if err := store.InsertCustomer(t.Context(), customer); err != nil {
				r.Fatal(err)
			}
		}
		type order struct {
			field string
			down  bool
		}
		status := func(p domain.PromotionalEntitlement) string {
			if p.EndDate != nil && !p.EndDate.After(noon) {
				return "Expired"
			}
			return "Active"
		}
		orders := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) order {
			return order{rapid.SampledFrom([]string{"id", "createdAt", "updatedAt", "status", "environmentId"}).Draw(r, "field"), rapid.Bool().Draw(r, "down")}
		}), 0, 3).Draw(r, "orders")
		filter := "{}"
		if wanted := rapid.SampledFrom([]string{"", "Active", "Expired"}).Draw(r, "status"); wanted != "" {
			filter = "{ status: { eq: " + wanted + " } }"
			all = slices.DeleteFunc(all, func(p domain.PromotionalEntitlement) bool { return status(p) != wanted })
		}
		var sorting []string
		tiesDown := false
		for _, o := range orders {
			direction := map[bool]string{false: "ASC", true: "DESC"}[o.down]
			sorting = append(sorting, "{ field: "+o.field+", direction: "+direction+" }")
			// The environment orders nothing, so it does not say where ties go either.
			tiesDown = o.field != "environmentId" && o.down || o.field == "environmentId" && tiesDown
		}
		slices.SortFunc(all, func(a, b domain.PromotionalEntitlement) int {
			for _, o := range orders {
				c := map[string]int{
					"id": strings.Compare(a.ID, b.ID), "createdAt": a.CreatedAt.Compare(b.CreatedAt),
					"updatedAt": a.UpdatedAt.Compare(b.UpdatedAt), "status": strings.Compare(status(a), status(b)),
				}[o.field]
				if o.down {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			if tiesDown {
				a, b = b, a
			}
			return cmp.Compare(a.ID, b.ID)
		})
		want := mapped(all, func(p domain.PromotionalEntitlement) string { return p.ID })
		handler := servingUseCases(resolver.NewUseCases(store, billingtest.Rules().Check, atNoon), environmentID, io.Discard)
		arguments := "filter: " + filter + ", sorting: [" + strings.Join(sorting, ", ") + "]"
		size, backward := rapid.IntRange(1, 4).Draw(r, "size"), rapid.Bool().Draw(r, "backward")
		if got := walk(t, handler, "promotionalEntitlements", arguments, "id", size, backward, func(int) {}); !slices.Equal(got, want) {
			r.Fatalf("%s: met %v, not %v", arguments, got, want)
		}
		total := at(must(t, handler, "{ promotionalEntitlements("+arguments+") { totalCount } }"), "promotionalEntitlements.totalCount")[0]
		if total != fmt.Sprint(len(want)) {
			r.Fatalf("%s: counted %s, not %d", arguments, total, len(want))
		}
	})
}

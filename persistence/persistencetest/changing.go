package persistencetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"clientele/internal/domain"
	"clientele/persistence"
)

// changingOrders are walked while the environment changes.
var changingOrders = slices.Concat(
	[][]persistence.Order{nil, {{Field: persistence.FieldID}}, {{Field: persistence.FieldCreatedAt, Descending: true}}},
	ordersBy(persistence.FieldName), mixedOrders,
)

// walkMeetsWhatStays lets one guest come and one go after each page, rather the one where the cursor stands,
// and updates one customer that stays in a field that no order knows.
func walkMeetsWhatStays(t T, store persistence.Store) {
	for i, order := range changingOrders {
		for _, backward := range []bool{false, true} {
			environment := fmt.Sprintf("changing-%d-%t", i, backward)
			stay := crowd(environment)
			guests := []*domain.Customer{guest(stay, 0, 0), guest(stay, 0, 1), guest(stay, 0, 2)}
			insert(t, store, append(guests, stay...)...)
			change := func(at string) error {
				leaving := slices.IndexFunc(guests, func(c *domain.Customer) bool { return c.CustomerID == at })
				if leaving < 0 {
					leaving = slices.IndexFunc(guests, func(c *domain.Customer) bool { return !c.Archived() })
				}
				guests[leaving] = next(guests[leaving], archived)
				updated := len(guests) % len(stay)
				stay[updated] = next(stay[updated], func(c *domain.Customer) { c.ExcludeFromExperiment = !c.ExcludeFromExperiment })
				coming := guest(stay, 0, len(guests))
				guests = append(guests, coming)
				return errors.Join(
					store.ReplaceCustomer(t.Context(), guests[leaving]),
					store.ReplaceCustomer(t.Context(), stay[updated]),
					store.InsertCustomer(t.Context(), coming),
				)
			}
			query := persistence.Query{EnvironmentID: environment, Order: order}
			if err := customerKind.meetAll(t.Context(), store, query, backward, stay, change); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
}

// walkMeetsWhatStaysAmongWriters walks while writers let guests come and go as fast as they can.
func walkMeetsWhatStaysAmongWriters(t T, store persistence.Store) {
	stay := crowd(production)
	insert(t, store, stay...)
	var over atomic.Bool
	walks := func() error {
		defer over.Store(true)
		for _, order := range changingOrders {
			query := persistence.Query{EnvironmentID: production, Order: order}
			for _, backward := range []bool{false, true} {
				if err := customerKind.meetAll(t.Context(), store, query, backward, stay, func(string) error { return nil }); err != nil {
					return err
				}
			}
		}
		return nil
	}
	errs := race(4, func(i int) error {
		if i == 0 {
			return walks()
		}
		for n := 0; !over.Load(); n++ {
			guest := guest(stay, i, n)
			if err := store.InsertCustomer(t.Context(), guest); err != nil {
				return err
			}
			if err := store.ReplaceCustomer(t.Context(), next(guest, archived)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
}

// guest is a new customer with the values of one that stays, and an id of its own for each i and n.
func guest(stay []*domain.Customer, i, n int) *domain.Customer {
	guest := clone(stay[n%len(stay)])
	guest.CustomerID = fmt.Sprintf("%c-guest-%d-%d", "Agz"[n%3], i, n)
	guest.Key = guest.Ref().Key()
	guest.ID = uuid(guest.Key)
	guest.Version = 1
	return guest
}

// meetAll walks a query in pages of two and compares what it met with what stays. Guests may be met or not,
// but nothing twice. between is called after each page but the last, with the id where the cursor stands.
func (k kind[D]) meetAll(
	ctx context.Context, store persistence.Store, query persistence.Query, backward bool,
	stay []*D, between func(at string) error,
) error {
	// More pages than anybody makes here: a walk that goes on is one that turns in a circle.
	const size, limit = 2, 10_000
	want := k.ids(k.answer(query, stay))
	if backward {
		slices.Reverse(want)
	}
	var met []string
	query.Page = persistence.PageRequest{Limit: size, Backward: backward}
	for pages := 0; ; pages++ {
		if pages == limit {
			return fmt.Errorf("%s: no end after %d pages", describe(query), pages)
		}
		page, err := k.listPage(ctx, store, query)
		if err != nil {
			return fmt.Errorf("%s: %w", describe(query), err)
		}
		more := page.HasNext
		if backward {
			more = page.HasPrevious
			slices.Reverse(page.Items)
		}
		met = append(met, k.ids(documentsOf(page))...)
		if !more {
			break
		}
		if len(page.Items) == 0 {
			return fmt.Errorf("%s: an empty page says that there is more", describe(query))
		}
		last := page.Items[len(page.Items)-1]
		query.Page = persistence.PageRequest{Limit: size, After: last.Cursor}
		if backward {
			query.Page = persistence.PageRequest{Limit: size, Before: last.Cursor}
		}
		if err := between(k.id(last.Document)); err != nil {
			return err
		}
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(met))); len(unique) != len(met) {
		return fmt.Errorf("%s: something was met twice: %q", describe(query), met)
	}
	met = slices.DeleteFunc(met, func(id string) bool { return strings.Contains(id, "guest") })
	if !slices.Equal(met, want) {
		return fmt.Errorf("%s:\n met %q\nwant %q", describe(query), met, want)
	}
	return nil
}

package persistencetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"clientele/internal/domain"
	"clientele/persistence"
)

func oneInsertWins(t T, store persistence.Store) {
	for round := range 5 {
		id := strconv.Itoa(round)
		named := func(i int) *domain.Customer {
			c := filled(production, id)
			c.Name = new(fmt.Sprint("writer ", i))
			return c
		}
		errs := race(8, func(i int) error { return store.InsertCustomer(t.Context(), named(i)) })
		expectStored(t, store, named(expectOneWinner(t, errs, persistence.ErrExists)))
	}
}

func oneWriterOfAVersionWins(t T, store persistence.Store) {
	c := filled(production, "c")
	insert(t, store, c)
	for range 10 {
		named := func(i int) *domain.Customer {
			return next(c, func(c *domain.Customer) { c.Name = new(fmt.Sprint("writer ", i)) })
		}
		errs := race(8, func(i int) error { return store.ReplaceCustomer(t.Context(), named(i)) })
		c = named(expectOneWinner(t, errs, persistence.ErrConflict))
		expectStored(t, store, c)
		query := persistence.Query{EnvironmentID: production, Order: ordersBy(persistence.FieldName)[0]}
		customerKind.expectAnswer(t, store, query, 2, []*domain.Customer{c})
	}
}

// concurrentUpdatesLoseNothing has writers that each count in a metadata key of their own.
func concurrentUpdatesLoseNothing(t T, store persistence.Store) {
	const writers, rounds = 6, 6
	key := func(i int) string { return fmt.Sprint("writer ", i) }
	c := sparse(production, "c")
	for i := range writers {
		c.Metadata = append(c.Metadata, domain.MetadataEntry{Key: key(i), Value: "0"})
	}
	insert(t, store, c)
	errs := race(writers, func(i int) error {
		for range rounds {
			err := update(t.Context(), store, c.Ref(), func(c *domain.Customer) {
				for j, entry := range c.Metadata {
					if entry.Key == key(i) {
						count, _ := strconv.Atoi(entry.Value)
						c.Metadata[j].Value = strconv.Itoa(count + 1)
					}
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("update: %v", err)
	}
	want := clone(c)
	want.Version += writers * rounds
	for i := range want.Metadata {
		want.Metadata[i].Value = strconv.Itoa(rounds)
	}
	expectStored(t, store, want)
}

// writesAreAtomic has readers look for a customer whose fields are of two versions, or who is gone for a
// moment.
func writesAreAtomic(t T, store persistence.Store) {
	whole := func(version int64) *domain.Customer {
		c := filled(production, "c")
		c.Version = version
		text := strconv.FormatInt(version, 10)
		for _, field := range texts(c) {
			*field = &text
		}
		c.Metadata = domain.Metadata{{Key: "version", Value: text}}
		return c
	}
	check := func(c *domain.Customer) error {
		if got, want := show(c), show(whole(c.Version)); got != want {
			return fmt.Errorf("got a customer of several versions: %s", got)
		}
		return nil
	}
	insert(t, store, whole(1))
	var over atomic.Bool
	errs := race(3, func(i int) error {
		if i == 0 {
			defer over.Store(true)
			for version := int64(2); version <= 60; version++ {
				if err := store.ReplaceCustomer(t.Context(), whole(version)); err != nil {
					return err
				}
			}
			return nil
		}
		query := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 2}}
		for !over.Load() {
			live, err := store.LiveCustomer(t.Context(), whole(1).Ref())
			if err != nil {
				return err
			}
			page, err := store.ListCustomers(t.Context(), query)
			if err != nil {
				return err
			}
			if len(page.Items) != 1 {
				return fmt.Errorf("listed %d customers, want 1", len(page.Items))
			}
			if err := errors.Join(check(live), check(page.Items[0].Document)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
}

// concurrentUseIsSafe runs every method against every other. The race detector is the judge of most of it.
func concurrentUseIsSafe(t T, store persistence.Store) {
	shared := filled(production, "shared")
	sharedKey := apiKey("shared")
	insert(t, store, shared)
	insertKey(t, store, sharedKey)
	const workers, rounds = 6, 4
	errs := race(workers, func(i int) error {
		for round := range rounds {
			own := filled(production, fmt.Sprintf("own-%d-%d", i, round))
			ownKey := apiKey(own.CustomerID)
			query := persistence.Query{EnvironmentID: production, Order: mixedOrders[0], Page: persistence.PageRequest{Limit: 3}}
			for _, err := range []error{
				store.InsertCustomer(t.Context(), own),
				store.InsertKey(t.Context(), ownKey),
				update(t.Context(), store, shared.Ref(), func(c *domain.Customer) { c.Name = new(own.CustomerID) }),
				second(store.LiveCustomer(t.Context(), shared.Ref())),
				second(store.ListCustomers(t.Context(), query)),
				second(store.CountCustomers(t.Context(), production, persistence.Condition{Field: persistence.FieldName, Op: persistence.NotNull})),
				store.ReplaceCustomer(t.Context(), next(own, archived)),
				second(store.AnyCustomer(t.Context(), own.Ref())),
				store.RevokeKey(t.Context(), sharedKey.ID, noon),
				second(store.Key(t.Context(), ownKey.ID)),
				second(store.ListKeys(t.Context())),
				second(store.Plans().GetMany(t.Context(), production, []string{own.CustomerID, "shared"})),
				store.Plans().Insert(t.Context(), filledPlan(production, own.CustomerID)),
				second(store.Plans().List(t.Context(), persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 3}})),
				store.Ping(t.Context()),
			} {
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
	if got := stored(t, store, shared).Version; got != 1+workers*rounds {
		t.Errorf("the shared customer has version %d, want %d", got, 1+workers*rounds)
	}
	if got := len(listKeys(t, store)); got != 1+workers*rounds {
		t.Errorf("got %d keys, want %d", got, 1+workers*rounds)
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*domain.Customer{stored(t, store, shared)})
}

package persistencetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"clientele/internal/domain"
	"clientele/persistence"
)

func missingKeyIsNotFound(t T, store persistence.Store) {
	insert(t, store, filled(production, "here"))
	insertKey(t, store, apiKey("here"))
	for _, id := range []string{"missing", "", "HERE", "here ", "her", "here2"} {
		missing := next(filled(production, id))
		for _, call := range []call{
			{"ReplaceCustomer", func(ctx context.Context) error { return store.ReplaceCustomer(ctx, missing) }},
			{"LiveCustomer", func(ctx context.Context) error { return second(store.LiveCustomer(ctx, missing.Ref())) }},
			{"AnyCustomer", func(ctx context.Context) error { return second(store.AnyCustomer(ctx, missing.Ref())) }},
			{"Key", func(ctx context.Context) error { return second(store.Key(ctx, id)) }},
			{"RevokeKey", func(ctx context.Context) error { return store.RevokeKey(ctx, id, noon) }},
		} {
			expectError(t, fmt.Sprintf("%s of %q", call.name, id), call.do(t.Context()), persistence.ErrNotFound)
		}
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 2, []*domain.Customer{filled(production, "here")})
}

func environmentsDoNotSeeOneAnother(t T, store persistence.Store) {
	// The names begin alike and differ by case, and with the ids they end up as like texts.
	customers := []*domain.Customer{
		filled("e", "same"), filled("e2", "same"), filled("E", "same"),
		filled("e", "2x"), filled("e2", "x"), filled("e", "2/x"), filled("e-", "x"),
	}
	for i, c := range customers {
		c.Name = new(fmt.Sprint("name ", i))
	}
	insert(t, store, customers...)
	expectStored(t, store, customers...)
	for _, environment := range []string{"e", "e2", "E", "e-", "", "nobody"} {
		for _, order := range ordersBy(persistence.FieldName) {
			customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: environment, Order: order}, 1, customers)
		}
		for _, filter := range []persistence.Filter{
			equal(persistence.FieldCustomerID, "same"),
			equal(persistence.FieldEnvironmentID, "e2"),
			persistence.Or{persistence.Condition{Field: persistence.FieldEnvironmentID, Op: persistence.NotNull}},
		} {
			customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: environment, Filter: filter}, 2, customers)
		}
	}
	customers[0] = next(customers[0], archived)
	replace(t, store, customers[0])
	expectStored(t, store, customers...)
	expectError(t, "LiveCustomer elsewhere", second(store.LiveCustomer(t.Context(), sparse("E", "2x").Ref())), persistence.ErrNotFound)
	expectError(t, "AnyCustomer elsewhere", second(store.AnyCustomer(t.Context(), sparse("e2", "2x").Ref())), persistence.ErrNotFound)
}

func heldIDExists(change func(*domain.Customer)) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		holder := filled(production, "id")
		change(holder)
		insert(t, store, holder, filled(staging, "id"))
		for _, other := range []*domain.Customer{holder, sparse(production, "id"), next(holder), next(holder, archived)} {
			expectError(t, "second insert", store.InsertCustomer(t.Context(), other), persistence.ErrExists)
		}
		expectStored(t, store, holder, filled(staging, "id"))
	}
}

func insertKeepsTheVersion(t T, store persistence.Store) {
	for _, version := range []int64{1, 2, 7, 1 << 40} {
		c := sparse(production, strconv.FormatInt(version, 10))
		c.Version = version
		insert(t, store, c)
		expectStored(t, store, c)
		replace(t, store, next(c))
		expectStored(t, store, next(c))
	}
}

func replaceNeedsTheVersionBefore(t T, store persistence.Store) {
	c := filled(production, "c")
	c.Version = 5
	insert(t, store, c, next(filled(production, "gone"), archived))
	for _, version := range []int64{-1, 0, 1, 4, 5, 7, 8, 1 << 40} {
		other := next(c, func(c *domain.Customer) { c.Name, c.Version = new("other"), version })
		expectError(t, fmt.Sprintf("replace version 5 by %d", version), store.ReplaceCustomer(t.Context(), other), persistence.ErrConflict)
		expectStored(t, store, c)
	}
	for range 3 {
		c = next(c)
		replace(t, store, c)
		expectStored(t, store, c)
	}
	late := next(filled(production, "gone"))
	expectError(t, "replace an archived customer by an old version", store.ReplaceCustomer(t.Context(), late), persistence.ErrConflict)
}

func liveAndArchivedAreReplacedAlike(t T, store persistence.Store) {
	c := filled(production, "c")
	insert(t, store, c)
	edited := func(c *domain.Customer) {
		c.BillingID = new(strconv.FormatInt(c.Version, 10))
		c.Metadata = domain.Metadata{{Key: "version", Value: *c.BillingID}}
	}
	for _, change := range []func(*domain.Customer){edited, archived, edited, archived, unarchived, edited, archived, unarchived} {
		c = next(c, change)
		replace(t, store, c)
		expectStored(t, store, c)
	}
}

func onlyAnyCustomerSeesArchived(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	for _, change := range []func(*domain.Customer){archived, unarchived, archived} {
		for i := 0; i < len(customers); i += 2 {
			customers[i] = next(customers[i], change)
			replace(t, store, customers[i])
		}
		expectStored(t, store, customers...)
		for _, c := range customers {
			live, err := store.LiveCustomer(t.Context(), c.Ref())
			if c.Archived() {
				expectError(t, "LiveCustomer of an archived customer", err, persistence.ErrNotFound)
			} else if err != nil {
				t.Errorf("LiveCustomer %q: %v", c.Key, err)
			} else {
				expectEqual(t, "live customer", live, c)
			}
		}
		for _, field := range persistence.CustomerSortFields {
			for _, filter := range []persistence.Filter{
				nil,
				persistence.Condition{Field: field, Op: persistence.Null},
				equal(persistence.FieldCustomerID, customers[0].CustomerID),
			} {
				query := persistence.Query{EnvironmentID: production, Filter: filter, Order: ordersBy(field)[0]}
				customerKind.expectAnswer(t, store, query, 2, customers)
			}
		}
	}
}

// listsFollowEveryReplace catches an index that keeps the value of a version that is gone.
func listsFollowEveryReplace(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	others := crowd(production)
	for shift := 1; shift <= 3; shift++ {
		for i := range customers {
			other := others[(i+shift)%len(others)]
			customers[i] = next(customers[i], func(c *domain.Customer) {
				for j, field := range texts(c) {
					*field = *texts(other)[j]
				}
				c.CreatedAt, c.UpdatedAt = other.CreatedAt, other.UpdatedAt
			})
			replace(t, store, customers[i])
		}
		for _, field := range persistence.CustomerSortFields {
			customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}, 4, customers)
			if v := customerKind.value(others[1], field); !v.IsNull() {
				filter := persistence.Condition{Field: field, Op: persistence.Equal, Operands: []persistence.Value{v}}
				customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Filter: filter}, 4, customers)
			}
		}
	}
}

// refusedWriteChangesNothing also reads every index, where half of a refused write would show.
func refusedWriteChangesNothing(t T, store persistence.Store) {
	live, gone := filled(production, "live"), next(filled(production, "gone"), archived)
	customers := append(crowd(production), live, gone)
	key := apiKey("key")
	insert(t, store, customers...)
	insertKey(t, store, key)
	scribbled := func(c *domain.Customer, version int64) *domain.Customer {
		return next(c, func(c *domain.Customer) {
			for _, field := range texts(c) {
				*field = new("scribbled")
			}
			c.Version, c.Metadata, c.ArchivedAt, c.CreatedAt = version, nil, nil, noon.AddDate(1, 0, 0)
		})
	}
	for _, write := range []struct {
		what string
		err  error
		want error
	}{
		{"insert over live", store.InsertCustomer(t.Context(), scribbled(live, 1)), persistence.ErrExists},
		{"insert over archived", store.InsertCustomer(t.Context(), scribbled(gone, 1)), persistence.ErrExists},
		{"replace live", store.ReplaceCustomer(t.Context(), scribbled(live, live.Version)), persistence.ErrConflict},
		{"replace archived", store.ReplaceCustomer(t.Context(), scribbled(gone, gone.Version+2)), persistence.ErrConflict},
		{"replace missing", store.ReplaceCustomer(t.Context(), scribbled(sparse(production, "missing"), 1)), persistence.ErrNotFound},
		{"insert key", store.InsertKey(t.Context(), &domain.APIKey{ID: key.ID, Name: "scribbled"}), persistence.ErrExists},
		{"revoke key", store.RevokeKey(t.Context(), "missing", noon), persistence.ErrNotFound},
		{"retire key", store.RetireKey(t.Context(), "missing", "scribbled", noon), persistence.ErrNotFound},
	} {
		expectError(t, write.what, write.err, write.want)
	}
	expectStored(t, store, customers...)
	expectError(t, "read missing", second(store.AnyCustomer(t.Context(), sparse(production, "missing").Ref())), persistence.ErrNotFound)
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key})
	for _, field := range persistence.CustomerSortFields {
		query := persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}
		customerKind.expectAnswer(t, store, query, 4, customers)
		if !isTime(field) {
			query.Filter = equal(field, "scribbled")
			customerKind.expectAnswer(t, store, query, 4, customers)
		}
	}
}

func acknowledgedWriteIsSeen(t T, store persistence.Store) {
	c := filled(production, "c")
	insert(t, store, c)
	for range 20 {
		c = next(c, func(c *domain.Customer) { c.Name = new(strconv.FormatInt(c.Version, 10)) })
		replace(t, store, c)
		errs := race(4, func(int) error {
			live, err := store.LiveCustomer(t.Context(), c.Ref())
			if err == nil && live.Version != c.Version {
				return fmt.Errorf("got version %d, want %d", live.Version, c.Version)
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("read after write: %v", err)
		}
	}
}

// expectError expects an error that errors.Is finds want in.
func expectError(t T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// second is the error of a call that also returns a value.
func second[V any](_ V, err error) error { return err }

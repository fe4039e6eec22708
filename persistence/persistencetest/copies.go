package persistencetest

import (
	"context"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// scribble changes all that can be reached from a customer.
func scribble(c *domain.Customer) {
	for _, field := range texts(c) {
		if *field != nil {
			**field = "scribbled"
		}
		*field = new("scribbled too")
	}
	for i := range c.Metadata {
		c.Metadata[i] = domain.MetadataEntry{Key: "scribbled", Value: "true"}
	}
	_ = append(c.Metadata, domain.MetadataEntry{Key: "scribbled", Value: "true"})
	if c.ArchivedAt != nil {
		*c.ArchivedAt = time.Time{}
	}
	*c = domain.Customer{Metadata: c.Metadata[:0]}
}

func scribbleKey(k *domain.APIKey) {
	for _, at := range []*time.Time{k.ExpiresAt, k.RevokedAt} {
		if at != nil {
			*at = time.Time{}
		}
	}
	*k = domain.APIKey{}
}

func whatIsGivenIsCopied(t T, store persistence.Store) {
	for _, c := range []*domain.Customer{filled(production, "live"), archivedWhole(staging, "gone")} {
		for _, write := range []func(context.Context, *domain.Customer) error{
			store.InsertCustomer, store.ReplaceCustomer, store.ReplaceCustomer,
		} {
			given := clone(c)
			if err := write(t.Context(), given); err != nil {
				t.Fatalf("write %q: %v", c.Key, err)
			}
			expectEqual(t, "the customer that was given", given, c)
			scribble(given)
			expectStored(t, store, c)
			expectAnswer(t, store, persistence.CustomerQuery{EnvironmentID: c.EnvironmentID}, 2, []*domain.Customer{c})
			c = next(c)
		}
	}
}

// archivedWhole is archived and has a value in every field, as a customer that took back its name might.
func archivedWhole(environment, id string) *domain.Customer {
	c := filled(environment, id)
	c.ArchivedAt = new(noon)
	return c
}

func whatIsAnsweredIsTheCallersOwn(t T, store persistence.Store) {
	live, gone := filled(production, "live"), archivedWhole(production, "gone")
	insert(t, store, live, gone)
	query := persistence.CustomerQuery{EnvironmentID: production, Page: persistence.PageRequest{Limit: 5}}
	for _, read := range []func() *domain.Customer{
		func() *domain.Customer { return stored(t, store, live) },
		func() *domain.Customer { return stored(t, store, gone) },
		func() *domain.Customer { return firstItem(t, store, query).Customer },
		func() *domain.Customer {
			c, err := store.LiveCustomer(t.Context(), live.Ref())
			if err != nil {
				t.Fatalf("read %q: %v", live.Key, err)
			}
			return c
		},
	} {
		kept := read()
		scribble(read())
		expectEqual(t, "the answer before", kept, read())
		expectStored(t, store, live, gone)
	}
	page := list(t, store, query)
	clear(page.Items)
	expectAnswer(t, store, query, 5, []*domain.Customer{live, gone})
}

func keysAreCopied(t T, store persistence.Store) {
	key := apiKey("key")
	key.RevokedAt = new(noon)
	given := cloneKey(key)
	insertKey(t, store, given)
	expectEqual(t, "the key that was given", given, key)
	scribbleKey(given)
	expectEqual(t, "key", storedKey(t, store, key.ID), key)
	scribbleKey(storedKey(t, store, key.ID))
	expectEqual(t, "key", storedKey(t, store, key.ID), key)
	keys := listKeys(t, store)
	for _, key := range keys {
		scribbleKey(key)
	}
	clear(keys)
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key})
}

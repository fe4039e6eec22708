package persistencetest

import (
	"context"
	"reflect"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// clone is a copy of a document that shares nothing with it.
func clone[D any](document *D) *D {
	out := new(D)
	copyInto(reflect.ValueOf(out).Elem(), reflect.ValueOf(document).Elem())
	return out
}

// copyInto copies what a value leads to. A time leads to its location alone, which nobody changes.
func copyInto(to, from reflect.Value) {
	to.Set(from)
	switch from.Kind() {
	case reflect.Struct:
		if from.Type() != reflect.TypeFor[time.Time]() {
			for i := range from.NumField() {
				copyInto(to.Field(i), from.Field(i))
			}
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyInto(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				copyInto(to.Index(i), from.Index(i))
			}
		}
	case reflect.Map:
		// The values in maps of documents are texts and numbers.
		if !from.IsNil() {
			to.Set(reflect.MakeMap(from.Type()))
			for key, value := range from.Seq2() {
				to.SetMapIndex(key, value)
			}
		}
	}
}

// scribble changes all that can be reached from a document, also behind the ends of its slices.
func scribble[D any](document *D) { scribbleOn(reflect.ValueOf(document).Elem()) }

func scribbleOn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				scribbleOn(v.Field(i))
			}
			return
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scribbleOn(v.Elem())
		}
	case reflect.Slice:
		for i, all := 0, v.Slice(0, v.Cap()); i < all.Len(); i++ {
			scribbleOn(all.Index(i))
		}
	case reflect.Map:
		v.Clear()
	case reflect.String:
		v.SetString("scribbled")
		return
	}
	v.SetZero()
}

func argumentsAreCopied(t T, store persistence.Store) {
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
			customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: c.EnvironmentID}, 2, []*domain.Customer{c})
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

func resultsBelongToTheCaller(t T, store persistence.Store) {
	live, gone := filled(production, "live"), archivedWhole(production, "gone")
	insert(t, store, live, gone)
	query := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 5}}
	for _, read := range []func() *domain.Customer{
		func() *domain.Customer { return stored(t, store, live) },
		func() *domain.Customer { return stored(t, store, gone) },
		func() *domain.Customer { return customerKind.firstItem(t, store, query).Document },
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
	page := customerKind.list(t, store, query)
	clear(page.Items)
	customerKind.expectAnswer(t, store, query, 5, []*domain.Customer{live, gone})
}

func keysAreCopied(t T, store persistence.Store) {
	key := apiKey("key")
	key.RevokedAt = new(noon)
	given := clone(key)
	insertKey(t, store, given)
	expectEqual(t, "the key that was given", given, key)
	scribble(given)
	expectEqual(t, "key", storedKey(t, store, key.ID), key)
	scribble(storedKey(t, store, key.ID))
	expectEqual(t, "key", storedKey(t, store, key.ID), key)
	keys := listKeys(t, store)
	for _, key := range keys {
		scribble(key)
	}
	clear(keys)
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key})
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"clientele/internal/auth"
	"clientele/internal/domain"
	"clientele/persistence/bolt"
	"clientele/tests/served"
)

const (
	environment = "development"
	// writers are many, because the customers that are written at once share a commit.
	writers = 2000
)

// keys are the secrets of the two callers.
type keys struct{ reader, sender string }

func customerID(i int) string { return fmt.Sprintf("customer-%d", i) }

// fill stores customers and keys in a folder, in less time than over HTTP.
func fill(ctx context.Context, folder string, count int) (keys keys, err error) {
	store, err := bolt.Open(ctx, folder)
	if err != nil {
		return keys, err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	service := auth.New(store)
	for _, secret := range []*string{&keys.reader, &keys.sender} {
		if *secret, _, err = service.Create(ctx, auth.Request{EnvironmentID: environment, Scope: domain.ScopeRead}); err != nil {
			return keys, err
		}
	}
	var next atomic.Int64
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				if err := store.InsertCustomer(ctx, customer(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return keys, group.Wait()
}

func customer(i int) *domain.Customer {
	at := time.UnixMilli(1_700_000_000_000 + int64(i)).UTC()
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID(i)}
	return &domain.Customer{
		Key: ref.Key(), EnvironmentID: environment, CustomerID: ref.CustomerID, Version: 1,
		ID:   fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i),
		Name: new(fmt.Sprintf("Customer number %d of the proof", i)), Email: new(fmt.Sprintf("customer%d@example.com", i)),
		CreatedAt: at, UpdatedAt: at,
	}
}

// readCustomer reads one customer by its id.
func readCustomer(ctx context.Context, s *served.Server, key, id string) error {
	const query = `query ($id: String!) { getCustomerByRefId(input: { customerId: $id }) { id refId name email createdAt updatedAt } }`
	response, err := s.Post(ctx, key, query, map[string]any{"id": id})
	if err == nil && !bytes.Contains(response.Text, []byte(`"refId":"`+id+`"`)) {
		err = fmt.Errorf("%.300s", response.Text)
	}
	return err
}

// scanBody selects counts that no index leads to. No customer matches a pattern, so each is evaluated on every row.
func scanBody() ([]byte, error) {
	or := make([]map[string]any, patterns)
	for i := range or {
		or[i] = map[string]any{"name": map[string]any{"iLike": fmt.Sprintf("%%nobody %d%%", i)}}
	}
	query := "query ($or: [CustomerFilter!]) {"
	for i := range fields {
		query += fmt.Sprintf(" c%d: customers(filter: { or: $or }) { totalCount }", i)
	}
	return served.Body(query+" }", map[string]any{"or": or})
}

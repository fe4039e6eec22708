package persistencetest

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"clientele/internal/domain"
	"clientele/persistence"
)

// workRules are the sentences of persistence/work.go.
func workRules() []rule {
	return []rule{
		{"documents that are decoded are counted", decodedDocumentsAreCounted},
		{"rows and conditions of lists and counts are counted", rowsAndConditionsAreCounted},
		{"documents that are written are counted", writtenDocumentsAreCounted},
		{"keys and requests are nobody's work", keysAndRequestsAreNobodysWork},
		{"what may not be held is not decoded", whatMayNotBeHeldIsNotDecoded},
		{"a long read waits for leave, once", longReadWaitsForLeave},
		{"a read that is refused leave is busy", refusedReadIsBusy},
		{"a short read needs no leave", shortReadNeedsNoLeave},
		{"a scan ends with the context that it was given", scanEndsWithItsContext},
	}
}

// governor counts what it is asked, and refuses if it is to.
type governor struct {
	scans, released, held atomic.Int64
	refuseScans           bool
	refuseMemory          bool
	// narrow makes the context of a scan; nil leaves it as it is.
	narrow func(context.Context) context.Context
}

func (g *governor) Scan(ctx context.Context) (context.Context, func(), error) {
	g.scans.Add(1)
	if g.refuseScans {
		return nil, nil, persistence.ErrBusy
	}
	if g.narrow != nil {
		ctx = g.narrow(ctx)
	}
	return ctx, func() { g.released.Add(1) }, nil
}

func (g *governor) Hold(bytes int) error {
	if g.refuseMemory {
		return persistence.ErrBusy
	}
	g.held.Add(int64(bytes))
	return nil
}

// doneBy is the work of one call.
func doneBy(t T, g persistence.Governor, call call) (persistence.Done, error) {
	t.Helper()
	work := &persistence.Work{}
	err := call.do(persistence.WithWork(t.Context(), work, g))
	return work.Done(), err
}

// documentReads reads the stored customer c, the plan p, and nothing else.
func documentReads(store persistence.Store) []call {
	ref := domain.CustomerRef{EnvironmentID: production, CustomerID: "c"}
	everything := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 10}}
	return []call{
		{"LiveCustomer", func(ctx context.Context) error { return second(store.LiveCustomer(ctx, ref)) }},
		{"AnyCustomer", func(ctx context.Context) error { return second(store.AnyCustomer(ctx, ref)) }},
		{"ListCustomers", func(ctx context.Context) error { return second(store.ListCustomers(ctx, everything)) }},
		{"Get", func(ctx context.Context) error {
			return second(store.Plans().Get(ctx, domain.Ref{EnvironmentID: production, RefID: "p"}))
		}},
		{"GetMany", func(ctx context.Context) error {
			return second(store.Plans().GetMany(ctx, production, []string{"p", "p", "none"}))
		}},
		{"List", func(ctx context.Context) error { return second(store.Plans().List(ctx, everything)) }},
	}
}

func insertOneOfEach(t T, store persistence.Store) {
	t.Helper()
	insert(t, store, filled(production, "c"))
	planRecords.insert(t, store, planRecords.sparse(production, "p"))
}

func decodedDocumentsAreCounted(t T, store persistence.Store) {
	insertOneOfEach(t, store)
	for _, read := range documentReads(store) {
		g := &governor{}
		done, err := doneBy(t, g, read)
		if err != nil || done.Documents != 1 || done.BytesRead < 100 {
			t.Errorf("%s decodes %d documents of %d bytes, %v; want one", read.name, done.Documents, done.BytesRead, err)
		}
		if g.held.Load() != done.BytesRead {
			t.Errorf("%s decodes %d bytes and asked for %d", read.name, done.BytesRead, g.held.Load())
		}
	}
	nothing := call{"LiveCustomer", func(ctx context.Context) error {
		return second(store.LiveCustomer(ctx, domain.CustomerRef{EnvironmentID: production, CustomerID: "none"}))
	}}
	if done, err := doneBy(t, nil, nothing); done.Documents != 0 {
		t.Errorf("nothing counts as %d documents, %v", done.Documents, err)
	}
}

func rowsAndConditionsAreCounted(t T, store persistence.Store) {
	const customers = 10
	for _, id := range "abcdefghij" {
		insert(t, store, filled(production, string(id)))
	}
	query := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: customers}}
	filtered := query
	filtered.Filter = persistence.Any{
		List: persistence.ListPromotionalEntitlements, Filter: persistence.And{equal("featureId", "feature-1"), equal("featureId", "feature-2")},
	}
	list := func(query persistence.Query) call {
		return call{"ListCustomers", func(ctx context.Context) error { return second(store.ListCustomers(ctx, query)) }}
	}
	count := call{"CountCustomers", func(ctx context.Context) error {
		return second(store.CountCustomers(ctx, production, filtered.Filter))
	}}
	for _, read := range []struct {
		call
		rows, conditions int64
	}{
		{list(query), customers, 0},
		// Any, and the two conditions on the one element of each.
		{list(filtered), customers, 3 * customers},
		{count, customers, 3 * customers},
	} {
		if done, err := doneBy(t, nil, read.call); err != nil || done.Rows != read.rows || done.Conditions != read.conditions {
			t.Errorf("%s looks at %d rows and evaluates %d conditions, %v; want %d and %d",
				read.name, done.Rows, done.Conditions, err, read.rows, read.conditions)
		}
	}
	// A condition that a store in another process evaluates is counted as the time that it takes.
	filtered.Filter = nobody(0)
	if done, err := doneBy(t, nil, count); err != nil || done.Conditions == 0 && done.Waited == 0 {
		t.Errorf("a count counts as %+v, %v", done, err)
	}
}

func writtenDocumentsAreCounted(t T, store persistence.Store) {
	c := filled(production, "c")
	writes := []call{
		{"InsertCustomer", func(ctx context.Context) error { return store.InsertCustomer(ctx, c) }},
		{"ReplaceCustomer", func(ctx context.Context) error { return store.ReplaceCustomer(ctx, next(c)) }},
	}
	for _, write := range writes {
		if done, err := doneBy(t, nil, write); err != nil || done.BytesWritten < 100 {
			t.Errorf("%s writes %d bytes, %v", write.name, done.BytesWritten, err)
		}
		if done, err := doneBy(t, nil, write); err == nil || done.BytesWritten != 0 {
			t.Errorf("%s writes %d bytes the second time, %v", write.name, done.BytesWritten, err)
		}
	}
}

func keysAndRequestsAreNobodysWork(t T, store persistence.Store) {
	all := call{"all of them", func(ctx context.Context) error {
		if err := store.InsertKey(ctx, apiKey("key")); err != nil {
			return err
		}
		if err := store.InsertRequest(ctx, &domain.KeyedRequest{ID: "r", Version: 1, ExpiresAt: noon}); err != nil {
			return err
		}
		if _, err := store.Request(ctx, "r"); err != nil {
			return err
		}
		return second(store.Key(ctx, "key"))
	}}
	done, err := doneBy(t, &governor{refuseScans: true, refuseMemory: true}, all)
	done.Waited = 0
	if err != nil || done != (persistence.Done{}) {
		t.Errorf("they count as %+v, %v", done, err)
	}
}

func whatMayNotBeHeldIsNotDecoded(t T, store persistence.Store) {
	insertOneOfEach(t, store)
	for _, read := range documentReads(store) {
		done, err := doneBy(t, &governor{refuseMemory: true}, read)
		expectError(t, read.name, err, persistence.ErrBusy)
		if done.Documents != 0 {
			t.Errorf("%s decodes %d documents", read.name, done.Documents)
		}
	}
}

// longReads are a list and a count that no index bounds.
func longReads(t T, store persistence.Store) []call {
	t.Helper()
	customers := make([]*domain.Customer, 50)
	for i := range customers {
		customers[i] = filled(production, strconv.Itoa(i))
	}
	insert(t, store, customers...)
	var filter persistence.Or
	for i := range 400 {
		filter = append(filter, nobody(i))
	}
	query := persistence.Query{EnvironmentID: production, Filter: filter, Page: persistence.PageRequest{Limit: 10}}
	return []call{
		{"ListCustomers", func(ctx context.Context) error { return second(store.ListCustomers(ctx, query)) }},
		{"CountCustomers", func(ctx context.Context) error { return second(store.CountCustomers(ctx, production, filter)) }},
	}
}

// nobody is a condition that no index leads to, and that no customer satisfies.
func nobody(i int) persistence.Condition {
	return persistence.Condition{
		Field: persistence.FieldName, Op: persistence.ILike, Operands: []persistence.Value{persistence.Text(fmt.Sprintf("%%nobody %d%%", i))},
	}
}

func longReadWaitsForLeave(t T, store persistence.Store) {
	for _, read := range longReads(t, store) {
		g := &governor{}
		_, err := doneBy(t, g, read)
		if err != nil || g.scans.Load() != 1 || g.released.Load() != 1 {
			t.Errorf("%s asks %d times for leave and gives it back %d times, %v", read.name, g.scans.Load(), g.released.Load(), err)
		}
	}
}

func refusedReadIsBusy(t T, store persistence.Store) {
	for _, read := range longReads(t, store) {
		done, err := doneBy(t, &governor{refuseScans: true}, read)
		expectError(t, read.name, err, persistence.ErrBusy)
		if done.Documents != 0 {
			t.Errorf("%s decodes %d documents", read.name, done.Documents)
		}
	}
}

func shortReadNeedsNoLeave(t T, store persistence.Store) {
	insertOneOfEach(t, store)
	byID := persistence.Query{
		EnvironmentID: production, Filter: equal(persistence.FieldID, uuid(production+"/c")), Page: persistence.PageRequest{Limit: 10},
	}
	reads := append(documentReads(store),
		call{"ListCustomers by UUID", func(ctx context.Context) error { return second(store.ListCustomers(ctx, byID)) }},
		call{"CountCustomers", func(ctx context.Context) error { return second(store.CountCustomers(ctx, production, nil)) }},
		call{"CountCustomers by UUID", func(ctx context.Context) error {
			return second(store.CountCustomers(ctx, production, byID.Filter))
		}},
	)
	for _, read := range reads {
		if _, err := doneBy(t, &governor{refuseScans: true}, read); err != nil {
			t.Errorf("%s asks for leave: %v", read.name, err)
		}
	}
}

func scanEndsWithItsContext(t T, store persistence.Store) {
	for _, read := range longReads(t, store) {
		g := &governor{narrow: func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}}
		_, err := doneBy(t, g, read)
		expectError(t, read.name, err, context.Canceled)
		if g.released.Load() != 1 {
			t.Errorf("%s gives its leave back %d times", read.name, g.released.Load())
		}
	}
}

package mongo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
)

func TestOpenCreatesTheIndexesOnce(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	expectIndexes(t, store, persistence.Coupons,
		"_id_",
		"environmentId_1_refId_1",
		"environmentId_1_id_1_refId_1",
		"environmentId_1_name_1_refId_1",
		"environmentId_1_description_1_refId_1",
		"environmentId_1_type_1_refId_1",
		"environmentId_1_status_1_refId_1",
		"environmentId_1_source_1_refId_1",
		"environmentId_1_billingId_1_refId_1",
		"environmentId_1_createdAt_1_refId_1",
		"environmentId_1_updatedAt_1_refId_1",
	)
	expectIndexes(t, store, persistence.Collection{Name: requestsCollection}, "_id_", "customerKeys_1", "expiresAt_1")
	expectIndexes(t, store, persistence.PlanVersions, "_id_", "environmentId_1_refId_1")
	expectIndexes(t, store, persistence.CustomerCollection,
		"_id_",
		"environmentId_1_archivedAt_1_customerId_1",
		"environmentId_1_archivedAt_1_id_1_customerId_1",
		"environmentId_1_archivedAt_1_name_1_customerId_1",
		"environmentId_1_archivedAt_1_email_1_customerId_1",
		"environmentId_1_archivedAt_1_billingId_1_customerId_1",
		"environmentId_1_archivedAt_1_crmId_1_customerId_1",
		"environmentId_1_archivedAt_1_salesforceId_1_customerId_1",
		"environmentId_1_archivedAt_1_awsMarketplaceCustomerId_1_customerId_1",
		"environmentId_1_archivedAt_1_couponId_1_customerId_1",
		"environmentId_1_archivedAt_1_subscribedAt_1_customerId_1",
		"environmentId_1_archivedAt_1_promotedAt_1_customerId_1",
		"environmentId_1_archivedAt_1_createdAt_1_customerId_1",
		"environmentId_1_archivedAt_1_updatedAt_1_customerId_1",
		"sync.dueAt_1__id_1",
		"billingId_1__id_1",
	)

	watched.take()
	if err := store.createIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, command := range watched.take() {
		if nameOf(command) != "listIndexes" {
			t.Errorf("the second time creates something: %v", command)
		}
	}
}

func expectIndexes(t *testing.T, store *Store, c persistence.Collection, want ...string) {
	t.Helper()
	specs, err := store.collection(c).documents.Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, spec := range specs {
		got = append(got, spec.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", c.Name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// A page never waits for more than its own documents: MongoDB walks an index from where the page begins,
// and neither reads the whole collection nor sorts.
func TestEverySegmentIsServedFromAnIndex(t *testing.T) {
	t.Parallel()
	if mongotest.Running(t).IsFerretDB {
		t.Skip("FerretDB 1 has no query planner to explain")
	}
	store, _ := openWatched(t)
	for i := range 50 {
		customer := newCustomer("production", fmt.Sprintf("c%02d", i))
		if i%2 == 0 {
			name := fmt.Sprintf("name %d", i/10)
			customer.Name, customer.Email, customer.BillingID = &name, &name, &name
		}
		insert(t, store, customer)
	}
	for i := range 50 {
		insertCoupon(t, store, fmt.Sprintf("c%02d", i))
	}
	for _, c := range []persistence.Collection{persistence.CustomerCollection, persistence.Coupons} {
		expectServedFromIndexes(t, store.collection(c))
	}
}

// What goes on between the servers and the billing provider must not grow with the customers either.
func TestCustomersForBillingAreServedFromAnIndex(t *testing.T) {
	t.Parallel()
	if mongotest.Running(t).IsFerretDB {
		t.Skip("FerretDB 1 has no query planner to explain")
	}
	store, watched := openWatched(t)
	for i := range 50 {
		customer := newCustomer([]string{"production", "staging"}[i%2], fmt.Sprintf("c%02d", i))
		if i%3 == 0 {
			customer.BillingID, customer.Sync = new(fmt.Sprintf("cus_%d", i/10)), &domain.Sync{DueAt: &noon}
		}
		insert(t, store, customer)
	}
	watched.take()
	_, dueErr := store.DueCustomers(t.Context(), noon, 10)
	_, linkedErr := store.LinkedCustomers(t.Context(), "cus_2", 10)
	if err := errors.Join(dueErr, linkedErr); err != nil {
		t.Fatal(err)
	}
	for _, command := range watched.take() {
		find := bson.D{{Key: "find", Value: persistence.CustomerCollection.Name}}
		for _, key := range []string{"filter", "sort", "projection", "limit"} {
			find = append(find, bson.E{Key: key, Value: command.Lookup(key)})
		}
		expectServedFromIndex(t, store.database, find)
	}
}

// expectServedFromIndex expects a command neither to read the whole collection nor to sort.
func expectServedFromIndex(t *testing.T, database *driver.Database, find bson.D) {
	t.Helper()
	explain := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}
	plan, err := database.RunCommand(t.Context(), explain).Raw()
	if err != nil {
		t.Fatal(err)
	}
	stages := stagesOf(plan.Lookup("queryPlanner", "winningPlan"))
	if len(stages) == 0 || slices.Contains(stages, "COLLSCAN") || slices.Contains(stages, "SORT") {
		t.Errorf("%v is served by %v", find, stages)
	}
}

func expectServedFromIndexes(t *testing.T, c collection) {
	t.Helper()
	where, err := c.query("production", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range c.SortFields {
		value := persistence.Text("name 2")
		if strings.HasSuffix(string(field), "At") {
			value = persistence.Time(noon)
		}
		for _, descending := range []bool{false, true} {
			for _, segment := range []persistence.Segment{
				{Field: field},
				{Field: field, Null: true},
				{Field: field, From: &persistence.Position{Value: value, WholeValue: true}},
				{Field: field, From: &persistence.Position{Value: value, TieBreaker: "c25"}},
				{Field: field, Null: true, From: &persistence.Position{TieBreaker: "c25"}},
			} {
				segment.Descending = descending
				expectServedFromIndex(t, c.documents.Database(), bson.D{
					{Key: "find", Value: c.Name},
					{Key: "filter", Value: c.within(segment, where.sent)},
					{Key: "sort", Value: c.sortBy(field, descending)},
					{Key: "limit", Value: 10},
				})
			}
		}
	}
}

// stagesOf are the stages anywhere in a plan, whose shape differs between servers and clusters.
func stagesOf(value bson.RawValue) []string {
	var inner bson.Raw
	if document, ok := value.DocumentOK(); ok {
		inner = document
	} else if array, ok := value.ArrayOK(); ok {
		inner = bson.Raw(array)
	}
	elements, err := inner.Elements()
	if err != nil {
		return nil
	}
	var stages []string
	for _, element := range elements {
		if name, ok := element.Value().StringValueOK(); ok && element.Key() == "stage" {
			stages = append(stages, name)
		}
		stages = append(stages, stagesOf(element.Value())...)
	}
	return stages
}

package mongo

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
)

func TestOpenCreatesTheIndexesOnce(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	specs, err := store.customers.Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, spec := range specs {
		got = append(got, spec.Name)
	}
	want := []string{
		"_id_",
		"environmentId_1_archivedAt_1_customerId_1",
		"environmentId_1_archivedAt_1_id_1_customerId_1",
		"environmentId_1_archivedAt_1_name_1_customerId_1",
		"environmentId_1_archivedAt_1_email_1_customerId_1",
		"environmentId_1_archivedAt_1_billingId_1_customerId_1",
		"environmentId_1_archivedAt_1_crmId_1_customerId_1",
		"environmentId_1_archivedAt_1_salesforceId_1_customerId_1",
		"environmentId_1_archivedAt_1_awsMarketplaceCustomerId_1_customerId_1",
		"environmentId_1_archivedAt_1_createdAt_1_customerId_1",
		"environmentId_1_archivedAt_1_updatedAt_1_customerId_1",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}

	watched.take()
	if err := store.createIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := watched.take(); len(sent) != 1 || nameOf(sent[0]) != "listIndexes" {
		t.Errorf("the second time creates something: %v", sent)
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
	where, err := liveCustomers("production", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range persistence.CustomerSortFields {
		value := persistence.Text("name 2")
		if field == persistence.FieldCreatedAt || field == persistence.FieldUpdatedAt {
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
				find := bson.D{
					{Key: "find", Value: customersCollection},
					{Key: "filter", Value: within(segment, where)},
					{Key: "sort", Value: sortBy(field, descending)},
					{Key: "limit", Value: 10},
				}
				explain := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}
				plan, err := store.customers.Database().RunCommand(t.Context(), explain).Raw()
				if err != nil {
					t.Fatal(err)
				}
				stages := stagesOf(plan.Lookup("queryPlanner", "winningPlan"))
				if len(stages) == 0 || slices.Contains(stages, "COLLSCAN") || slices.Contains(stages, "SORT") {
					t.Errorf("%+v is served by %v", segment, stages)
				}
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

package domain

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

// filled is a live customer with a value in every field.
func filled() Customer {
	return Customer{
		Key: "production/ada", ID: "018f", EnvironmentID: "production", CustomerID: "ada", Version: 7,
		Name: new("Ada Lovelace"), Email: new("ada@example.com"), BillingID: new("cus_1"), CRMID: new("crm-1"),
		SalesforceID: new("001A"), AWSMarketplaceCustomerID: new("aws-1"), ExcludeFromExperiment: true,
		Metadata: Metadata{{"plan", `"gold"`}}, ResponseKey: []byte("key"),
		CreatedAt: noon, UpdatedAt: noon.Add(time.Minute), Unknown: map[string]any{"later": "gold"},
	}
}

func TestCustomerArchive(t *testing.T) {
	t.Parallel()
	at := noon.Add(time.Hour)
	got := filled()
	got.Archive(at)

	want := filled()
	want.Name, want.Email, want.ResponseKey = nil, nil, nil
	want.ArchivedAt, want.UpdatedAt = &at, at
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !got.Archived() {
		t.Error("the customer is not archived")
	}
}

func TestCustomerUnarchive(t *testing.T) {
	t.Parallel()
	back := noon.Add(2 * time.Hour)
	got := filled()
	got.Archive(noon.Add(time.Hour))
	got.Unarchive(back)

	want := filled()
	want.Name, want.Email, want.ResponseKey = nil, nil, nil
	want.UpdatedAt = back
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Archived() {
		t.Error("the customer is still archived")
	}
}

func TestCustomerIsLiveUntilArchived(t *testing.T) {
	t.Parallel()
	if customer := filled(); customer.Archived() {
		t.Error("a new customer is archived")
	}
}

func TestCustomerRef(t *testing.T) {
	t.Parallel()
	customer := filled()
	if got, want := customer.Ref(), (CustomerRef{EnvironmentID: "production", CustomerID: "ada"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := customer.Ref().Key(); got != "production/ada" {
		t.Errorf("got %s", got)
	}
}

func TestTwoRefsNeverShareAKey(t *testing.T) {
	t.Parallel()
	environments := rapid.StringMatching(`[a-b](-[a-b])?`)
	ids := rapid.OneOf(rapid.StringMatching(`[a-b/-]{1,5}`), rapid.String())
	refs := rapid.Custom(func(t *rapid.T) CustomerRef {
		return CustomerRef{EnvironmentID: environments.Draw(t, "environment"), CustomerID: ids.Draw(t, "id")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := refs.Draw(t, "a"), refs.Draw(t, "b")
		if (a == b) != (a.Key() == b.Key()) {
			t.Errorf("%+v and %+v have the keys %q and %q", a, b, a.Key(), b.Key())
		}
	})
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	copenhagen := time.FixedZone("CET", 3600)
	cases := map[string]struct{ at, want time.Time }{
		"UTC milliseconds stay":             {noon.Add(time.Millisecond), noon.Add(time.Millisecond)},
		"an offset becomes UTC":             {time.Date(2024, 2, 29, 13, 0, 0, 0, copenhagen), noon},
		"less than a millisecond is cut":    {noon.Add(1_999_999 * time.Nanosecond), noon.Add(time.Millisecond)},
		"before 1970 it is cut downward":    {time.Date(1969, 1, 1, 0, 0, 0, 999_999, time.UTC), time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
		"the zero time stays the zero time": {time.Time{}, time.Time{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Equality with == finds a zone or a monotonic clock that was left behind.
			if got := Timestamp(c.at); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestTimestampDropsTheMonotonicClock(t *testing.T) {
	t.Parallel()
	if got := Timestamp(time.Now()); got != got.Round(0) {
		t.Errorf("%v still has one", got)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ got, want Change[string] }{
		"the zero change says nothing": {Change[string]{}, Change[string]{Given: false, Value: nil}},
		"a value is given":             {SetTo("a"), Change[string]{Given: true, Value: new("a")}},
		"an empty value is a value":    {SetTo(""), Change[string]{Given: true, Value: new("")}},
		"null is given without value":  {Cleared[string](), Change[string]{Given: true, Value: nil}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !reflect.DeepEqual(c.got, c.want) {
				t.Errorf("got %+v, want %+v", c.got, c.want)
			}
		})
	}
}

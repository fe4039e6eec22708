package domain

import (
	"reflect"
	"regexp"
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

func TestSameText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b *string
		want bool
	}{
		"both nil":        {nil, nil, true},
		"nil and empty":   {nil, new(""), false},
		"empty and nil":   {new(""), nil, false},
		"equal":           {new("a"), new("a"), true},
		"different":       {new("a"), new("b"), false},
		"in another case": {new("a"), new("A"), false},
	} {
		if got := SameText(c.a, c.b); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestSubscriptionIsFoundByItsID(t *testing.T) {
	t.Parallel()
	customer := Customer{Subscriptions: []Subscription{{SubscriptionID: "a"}, {SubscriptionID: "b"}}}
	for i, id := range []string{"a", "b"} {
		if got := customer.Subscription(id); got != &customer.Subscriptions[i] {
			t.Errorf("%s: got %v", id, got)
		}
	}
	if got := customer.Subscription("c"); got != nil {
		t.Errorf("an unknown id: got %v", got)
	}
}

func TestATrialIsOfOneProduct(t *testing.T) {
	t.Parallel()
	customer := Customer{TrialedPlans: []TrialedPlan{{ProductID: "crm", PlanID: "basic"}}}
	if !customer.HasTried("crm") || customer.HasTried("shop") || customer.HasTried("basic") {
		t.Error("the trial is not of the product crm alone")
	}
}

func TestRequireVersion(t *testing.T) {
	t.Parallel()
	if err := RequireVersion(nil, 7); err != nil {
		t.Errorf("a change of any version: %v", err)
	}
	if err := RequireVersion(new(int64(7)), 7); err != nil {
		t.Errorf("a change of the current version: %v", err)
	}
	for _, other := range []int64{0, 6, 8} {
		err := RequireVersion(&other, 7)
		requireFieldRefusal(t, err, VersionMismatch, "ifVersion")
		if err.(*Error).Facts["currentVersion"] != int64(7) {
			t.Errorf("the refusal does not name the current version: %v", err.(*Error).Facts)
		}
	}
}

func TestCountryCodesInAnyCase(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"DK": "DK", "dk": "DK", "dK": "DK", "xx": "", "": "", "d": "", "DNK": "", "ß": ""} {
		if got, found := Country(code); found != (want != "") || found && got != want {
			t.Errorf("%q: got %q, %t", code, got, found)
		}
	}
}

func TestRefsAreTwelveLettersAndDigitsBehindThePrefix(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^plan-[a-z0-9]{12}$`)
	for what, ref := range map[string]func() string{
		"random": func() string { return RandomRef("plan-") },
		"seeded": func() string { return SeededRef("plan-", "a") },
	} {
		first, second := ref(), ref()
		if !form.MatchString(first) || !form.MatchString(second) || (first == second) != (what == "seeded") {
			t.Errorf("%s: got %q and %q", what, first, second)
		}
	}
	if SeededRef("plan-", "a") == SeededRef("plan-", "b") {
		t.Error("two seeds make one ref")
	}
}

func TestEveryLetterOfARefIsAsLikely(t *testing.T) {
	t.Parallel()
	// Refs of which the random bytes are all the same: each letter must have as many values of a byte as any other.
	count := map[byte]int{}
	for value := range 256 {
		reads := 0
		ref := makeRef("", func(out []byte) (int, error) {
			for i := range out {
				out[i] = byte(value * (1 - reads))
			}
			reads++
			return len(out), nil
		})
		if leftOut := reads > 1; !leftOut {
			count[ref[0]]++
		}
	}
	for _, letter := range []byte(refLetters) {
		if count[letter] != 256/len(refLetters) {
			t.Errorf("%c comes of %d values of a byte", letter, count[letter])
		}
	}
}

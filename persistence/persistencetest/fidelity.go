package persistencetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// hardTexts are free of control characters, so they may also be ids.
var hardTexts = []string{
	"$", "$set", "a$b", ".", "..", "a.b", ".a", "a.", "$.", "'", `"`, `\`, `\"`, `\u0000`, "`", "<&>", "{}", "[]", "null", "undefined",
	"0", "-1", "1e3", "true", "NaN", "_id", "k", "a b", "a/b", "/", "//", "a,b", "%", "%00", "_", "*", "(?i)a",
	"Ωμέγα", "привет", "日本語", "العربية", "हिन्दी", "😀", "👩‍👩‍👧",
	"\u00e9", "e\u0301", "\u0301", "\u200b", "\ufeff", "\ufffd", "\uffff",
	"\u2028", "\U0010ffff", strings.Repeat("x", 255), strings.Repeat("😀", 255),
}

// harderTexts may be anything but ids.
var harderTexts = append([]string{
	"", " ", "\x00", "a\x00b", "\x00a", "a\x00", "\n", "a\nb", "\r\n", "\t", "\x1b[0m", "\x7f", "\u0085", " a ",
}, hardTexts...)

func everyFieldIsKept(t T, store persistence.Store) {
	customers := []*domain.Customer{
		sparse(production, "sparse"), filled(production, "filled"), next(filled(production, "archived"), archived),
	}
	insert(t, store, customers...)
	expectStored(t, store, customers...)
	for i, c := range customers[:2] {
		live, err := store.LiveCustomer(t.Context(), c.Ref())
		if err != nil {
			t.Fatalf("read %q: %v", c.Key, err)
		}
		expectEqual(t, "live customer", live, customers[i])
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 3, customers)
}

func textsAreKeptExactly(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i, text := range harderTexts {
		c := sparse(production, fmt.Sprintf("c%d", i))
		for _, field := range texts(c) {
			*field = new(text)
		}
		customers = append(customers, c)
	}
	for i, text := range hardTexts {
		c := sparse(staging, text)
		c.Name = new(strconv.Itoa(i))
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	expectStored(t, store, customers...)
	for _, c := range customers[:len(harderTexts)] {
		expectFound(t, store, persistence.FieldName, *c.Name, c)
	}
	for _, c := range customers[len(harderTexts):] {
		expectFound(t, store, persistence.FieldCustomerID, c.CustomerID, c)
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: staging}, 7, customers)
}

// expectFound expects a filter on the text to find the one customer.
func expectFound(t T, store persistence.Store, field persistence.Field, text string, want *domain.Customer) {
	t.Helper()
	query := persistence.Query{EnvironmentID: want.EnvironmentID, Filter: equal(field, text)}
	customerKind.expectAnswer(t, store, query, 2, []*domain.Customer{want})
}

func idsDifferingInCaseAreTwoCustomers(t T, store persistence.Store) {
	var customers []*domain.Customer
	for _, id := range []string{"acme", "Acme", "ACME", "ä", "Ä", "я", "Я"} {
		c := filled(production, id)
		c.Name = &id
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	expectStored(t, store, customers...)
	for _, c := range customers {
		expectFound(t, store, persistence.FieldCustomerID, c.CustomerID, c)
		expectFound(t, store, persistence.FieldName, c.CustomerID, c)
	}
}

var berlin = time.FixedZone("Berlin", 2*60*60)

// awkwardTimes are outside UTC, between two milliseconds, before 1970, and at the ends of what has four digits.
var awkwardTimes = []time.Time{
	time.Date(2024, time.March, 31, 2, 30, 0, 123456789, berlin),
	time.Date(2024, time.December, 31, 23, 59, 59, 999999999, time.UTC),
	time.Date(1969, time.December, 31, 23, 59, 59, 999000000, time.UTC),
	time.Date(1969, time.December, 31, 23, 59, 59, 1500, time.UTC),
	time.UnixMilli(1),
	time.Unix(0, 0).In(berlin),
	time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC),
	time.Date(9999, time.December, 31, 23, 59, 59, 999000000, time.UTC),
}

func timesAreKeptToTheMillisecond(t T, store persistence.Store) {
	for i, at := range awkwardTimes {
		c := sparse(production, strconv.Itoa(i))
		c.CreatedAt, c.UpdatedAt, c.ArchivedAt = at, at, new(at)
		given := clone(c)
		insert(t, store, c)
		expectEqual(t, "the customer that was given", c, given)
		want := clone(c)
		want.CreatedAt, want.UpdatedAt, want.ArchivedAt = domain.Timestamp(at), domain.Timestamp(at), new(domain.Timestamp(at))
		expectStored(t, store, want)
		replace(t, store, next(c))
		expectStored(t, store, next(want))
	}
}

// billingIsKept has of Sync and BillingFacts what can be distinguished: none, nothing in it, and lists and maps that are
// nil, empty or filled.
func billingIsKept(t T, store persistence.Store) {
	everyPart := map[domain.SyncPart]int64{}
	for i, part := range []domain.SyncPart{
		domain.SyncName, domain.SyncEmail, domain.SyncCoupon, domain.SyncInformation, domain.SyncAttachment,
		domain.SyncDetachment, domain.SyncFacts,
	} {
		everyPart[part] = int64(i) << 40
	}
	sync, facts := filledSync(), filledFacts()
	sync.Pending, sync.Lease, sync.Failure, sync.CreatingSince = everyPart, nil, nil, nil
	facts.PaymentMethods = append(facts.PaymentMethods, domain.PaymentMethodFacts{}, domain.PaymentMethodFacts{ID: "pm_2"})
	changes := []func(*domain.Customer){
		func(c *domain.Customer) { c.Sync, c.BillingFacts = &domain.Sync{}, &domain.BillingFacts{} },
		func(c *domain.Customer) {
			c.Sync = &domain.Sync{Pending: map[domain.SyncPart]int64{}, Lease: &domain.SyncLease{}, Failure: &domain.SyncFailure{}}
			c.BillingFacts = &domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{}}
		},
		func(c *domain.Customer) {
			c.Sync, c.BillingFacts, c.BillingLinkURL = filledSync(), filledFacts(), new("")
		},
		func(c *domain.Customer) {
			c.Sync, c.BillingFacts, c.BillingLinkURL = sync, facts, new("https://billing.example.com")
		},
		func(c *domain.Customer) { c.Sync, c.BillingFacts, c.BillingLinkURL = nil, nil, nil },
	}
	for i, text := range harderTexts {
		changes = append(changes, func(c *domain.Customer) {
			c.BillingLinkURL, c.Sync, c.BillingFacts = new(text), filledSync(), filledFacts()
			c.Sync.Pending = map[domain.SyncPart]int64{domain.SyncName: int64(i)}
			c.Sync.AttachmentID, c.Sync.Lease.Holder, c.Sync.Failure.Param, c.Sync.RequestID = text, text, text, text
			c.BillingFacts.Currency, c.BillingFacts.Mark.EventID, c.BillingFacts.PaymentMethods[0].ID = text, text, text
			c.BillingFacts.PaymentMethods[0].Details.Last4 = text
		})
	}
	// One customer has them all in turn, and each is what another one begins with.
	c := sparse(production, "in turn")
	insert(t, store, c)
	for i, change := range changes {
		first := synced(production, strconv.Itoa(i), change)
		insert(t, store, first)
		c = next(c, change)
		replace(t, store, c)
		expectStored(t, store, first, c)
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Filter: equal(persistence.FieldCustomerID, "in turn")}, 1, []*domain.Customer{c})
}

// timesOfBillingAreKept puts one time everywhere. The zero time, which billing uses for facts it never received, is
// one of them.
func timesOfBillingAreKept(t T, store persistence.Store) {
	put := func(c *domain.Customer, at time.Time) {
		c.Sync, c.BillingFacts = filledSync(), filledFacts()
		c.Sync.CreatingSince, c.Sync.DueAt, c.Sync.SucceededAt = new(at), new(at), new(at)
		c.Sync.Lease.Until, c.Sync.Failure.At = at, at
		c.BillingFacts.Mark.At, c.BillingFacts.PaymentMethods[0].Mark.At, c.BillingFacts.RetrievedAt = at, at, at
	}
	for i, at := range append(slices.Clone(awkwardTimes), time.Time{}) {
		c := sparse(production, strconv.Itoa(i))
		put(c, at)
		given := clone(c)
		insert(t, store, c)
		expectEqual(t, "the customer that was given", c, given)
		want := clone(c)
		put(want, domain.Timestamp(at))
		expectStored(t, store, want)
		got := stored(t, store, c)
		for _, kept := range []time.Time{got.BillingFacts.RetrievedAt, got.BillingFacts.Mark.At, got.Sync.Lease.Until, *got.Sync.DueAt} {
			if kept.Location() != time.UTC || kept.IsZero() != at.IsZero() {
				t.Errorf("%v is kept as %v", at, kept)
			}
		}
		replace(t, store, next(c))
		expectStored(t, store, next(want))
	}
}

func clearedFieldIsCleared(t T, store persistence.Store) {
	empty := new("")
	c := filled(production, "c")
	insert(t, store, c)
	for _, change := range []func(*domain.Customer){
		func(c *domain.Customer) {
			for _, field := range texts(c) {
				*field = empty
			}
		},
		func(c *domain.Customer) {
			for _, field := range texts(c) {
				*field = nil
			}
			c.Metadata, c.ExcludeFromExperiment = nil, false
		},
		func(c *domain.Customer) { c.Name, c.Metadata = new("back"), filled(production, "c").Metadata },
	} {
		c = next(c, change)
		replace(t, store, c)
		expectStored(t, store, c)
		for _, field := range []persistence.Field{persistence.FieldName, persistence.FieldEmail} {
			for _, op := range []persistence.Op{persistence.Null, persistence.NotNull} {
				query := persistence.Query{EnvironmentID: production, Filter: persistence.Condition{Field: field, Op: op}}
				customerKind.expectAnswer(t, store, query, 1, []*domain.Customer{c})
			}
		}
	}
}

func noMetadataIsNotEmptyMetadata(t T, store persistence.Store) {
	c := sparse(production, "c")
	insert(t, store, c)
	for _, metadata := range []domain.Metadata{{}, nil, {}, {{Key: "k", Value: "1"}}, nil} {
		expectStored(t, store, c)
		c = next(c, func(c *domain.Customer) { c.Metadata = metadata })
		replace(t, store, c)
		expectStored(t, store, c)
	}
	empty := sparse(production, "empty")
	empty.Metadata = domain.Metadata{}
	insert(t, store, empty)
	expectStored(t, store, empty)
}

// metadataIsKeptExactly stores every hard text as a key and as a value, and metadata at its limits.
func metadataIsKeptExactly(t T, store persistence.Store) {
	var customers []*domain.Customer
	for entries := range slices.Chunk(harderTexts, domain.MaxMetadataKeys) {
		c := sparse(production, fmt.Sprintf("texts-%d", len(customers)))
		c.Metadata = domain.Metadata{}
		for _, text := range entries {
			c.Metadata = append(c.Metadata, domain.MetadataEntry{Key: text, Value: show(text)})
		}
		c.Metadata = sorted(c.Metadata)
		customers = append(customers, c)
	}
	values := sparse(production, "values")
	for i, value := range []string{
		"", "null", "{}", "[]", `""`, "0", "-0", "1.0", "1e400", "12345678901234567890", "0.1000", "true", "\x00",
		`{"b":1,"a":[{"$set":{"a.b":null}}]}`,
	} {
		values.Metadata = append(values.Metadata, domain.MetadataEntry{Key: fmt.Sprintf("%02d", i), Value: value})
	}
	limits := sparse(production, "limits")
	for i := range domain.MaxMetadataKeys {
		limits.Metadata = append(limits.Metadata, domain.MetadataEntry{
			Key:   fmt.Sprintf("%02d", i) + strings.Repeat("😀", domain.MaxMetadataKeyLength-2),
			Value: `"` + strings.Repeat("日", domain.MaxMetadataValueLength-2) + `"`,
		})
	}
	customers = append(customers, values, limits)
	insert(t, store, customers...)
	expectStored(t, store, customers...)
	for i, c := range customers {
		customers[i] = next(c)
		replace(t, store, customers[i])
	}
	expectStored(t, store, customers...)
}

func sorted(m domain.Metadata) domain.Metadata {
	slices.SortFunc(m, func(a, b domain.MetadataEntry) int { return strings.Compare(a.Key, b.Key) })
	return m
}

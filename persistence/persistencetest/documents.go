package persistencetest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// The environments of cases that need no particular ones.
const (
	production = "production"
	staging    = "staging"
)

// noon is the time of cases that need no particular one.
var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

// sparse is a new customer with nothing but what every customer has.
func sparse(environment, id string) *domain.Customer {
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: id}
	return &domain.Customer{
		Key: ref.Key(), ID: uuid(ref.Key()), EnvironmentID: environment, CustomerID: id, Version: 1,
		CreatedAt: noon, UpdatedAt: noon,
	}
}

// filled is a new customer with a value in every field that a live one may have.
func filled(environment, id string) *domain.Customer {
	c := sparse(environment, id)
	c.Name = new("Ada Lovelace")
	c.Email = new("ada@example.com")
	c.BillingID = new("cus_1")
	c.CRMID = new("crm-1")
	c.SalesforceID = new("001A")
	c.AWSMarketplaceCustomerID = new("aws-1")
	c.ExcludeFromExperiment = true
	c.Metadata = domain.Metadata{{Key: "plan", Value: `"gold"`}, {Key: "seats", Value: "12"}}
	c.CouponID, c.CouponAppliedAt = new("coupon-1"), new(noon.Add(2*time.Millisecond))
	c.Subscriptions, c.SubscribedAt = []domain.Subscription{filledSubscription(c.Key)}, new(noon.Add(3*time.Millisecond))
	c.PromotionalEntitlements = []domain.PromotionalEntitlement{{
		ID: uuid(c.Key + " promotional entitlement"), FeatureID: "feature-1", Description: new("A present"),
		Period: domain.PeriodCustom, StartDate: noon, EndDate: new(noon.AddDate(0, 0, 10)), Visible: true, UsageLimit: new(0.1),
		Unlimited: true, SoftLimit: true, Reset: &domain.ResetPeriod{Unit: "MONTH", AccordingTo: new("SubscriptionStart")},
		EnumValues: []string{"a", ""}, CreatedAt: noon, UpdatedAt: noon.Add(time.Millisecond),
	}}
	c.PromotedAt = new(noon.Add(4 * time.Millisecond))
	c.ResponseKey = []byte("a key \x00")
	c.TrialedPlans = []domain.TrialedPlan{{
		ProductID: "product-1", ProductUUID: uuid("product-1"), PlanID: "plan-1", PlanUUID: uuid("plan-1"),
	}}
	c.Sync, c.BillingFacts, c.BillingLinkURL = filledSync(), filledFacts(), new("https://billing.example.com/cus_1")
	c.UpdatedAt = noon.Add(time.Millisecond)
	// What a later program wrote.
	c.Unknown = map[string]any{"later": "gold", "latest": int64(12)}
	return c
}

// filledSync has a value in every field.
func filledSync() *domain.Sync {
	return &domain.Sync{
		Revision: 1 << 40, Pending: map[domain.SyncPart]int64{domain.SyncName: 1<<40 - 1, domain.SyncFacts: 1 << 40},
		InformationPushed: 3, AttachmentID: "pm_1", AttachmentCurrency: "EUR", DetachmentID: "pm_2", NameGiven: true, KeyGeneration: 2,
		CreatingSince: new(noon.Add(5 * time.Millisecond)), Lease: &domain.SyncLease{Holder: "server-1", Until: noon.Add(time.Minute)},
		DueAt: new(noon.Add(6 * time.Millisecond)), Attempts: 4,
		Failure:   &domain.SyncFailure{Kind: domain.SyncTemporary, Code: "rate_limit", Param: "email", At: noon.Add(7 * time.Millisecond)},
		RequestID: "req_1", SucceededAt: new(noon.Add(8 * time.Millisecond)), Writes: 1 << 41,
	}
}

// filledFacts has a value in every field.
func filledFacts() *domain.BillingFacts {
	mark := domain.FactMark{At: noon.Add(9 * time.Millisecond), EventID: "evt_1", Tied: true}
	return &domain.BillingFacts{
		Deleted: true, Currency: "EUR", DefaultPaymentMethodID: "pm_1", Mark: mark,
		PaymentMethods: []domain.PaymentMethodFacts{{
			ID: "pm_1", Detached: true, Mark: mark, Details: domain.PaymentMethodDetails{
				Type: domain.PaymentMethodCard, Last4: "4242", ExpirationMonth: 12, ExpirationYear: 2030,
			},
		}},
		RetrievedAt: noon.Add(10 * time.Millisecond),
	}
}

// uuid is a UUID that depends on the text alone.
func uuid(text string) string {
	digits := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	return digits[:8] + "-" + digits[8:12] + "-4" + digits[13:16] + "-8" + digits[17:20] + "-" + digits[20:32]
}

// apiKey is a key in use: it has no value in RevokedAt, LastUsedAt and ReplacedBy.
func apiKey(id string) *domain.APIKey {
	return &domain.APIKey{
		ID: id, Hash: uuid(id), EnvironmentID: production, Scope: domain.ScopeRead, Name: "Key " + id,
		CreatedAt: noon, ExpiresAt: new(noon.Add(time.Hour)),
	}
}

// next is the customer as the next write would leave it. The customer itself is not changed.
func next(c *domain.Customer, changes ...func(*domain.Customer)) *domain.Customer {
	return customerKind.next(c, changes...)
}

func archived(c *domain.Customer) { c.Archive(noon.Add(time.Minute)) }

func unarchived(c *domain.Customer) { c.Unarchive(noon.Add(time.Hour)) }

func clonePointer[V any](p *V) *V {
	if p == nil {
		return nil
	}
	return new(*p)
}

// texts is where a customer keeps the texts that may be null.
func texts(c *domain.Customer) []**string {
	return []**string{&c.Name, &c.Email, &c.BillingID, &c.CRMID, &c.SalesforceID, &c.AWSMarketplaceCustomerID, &c.CouponID}
}

// insert stores new customers.
func insert(t T, store persistence.Store, customers ...*domain.Customer) {
	t.Helper()
	customerKind.insert(t, store, customers...)
}

// replace stores the next version of a customer.
func replace(t T, store persistence.Store, customer *domain.Customer) {
	t.Helper()
	customerKind.replace(t, store, customer)
}

func insertKey(t T, store persistence.Store, key *domain.APIKey) {
	t.Helper()
	if err := store.InsertKey(t.Context(), key); err != nil {
		t.Fatalf("insert key %q: %v", key.ID, err)
	}
}

// stored is the customer that the store holds for c, live or archived.
func stored(t T, store persistence.Store, c *domain.Customer) *domain.Customer {
	t.Helper()
	got, err := store.AnyCustomer(t.Context(), c.Ref())
	if err != nil {
		t.Fatalf("read %q: %v", c.Key, err)
	}
	return got
}

func storedKey(t T, store persistence.Store, id string) *domain.APIKey {
	t.Helper()
	key, err := store.Key(t.Context(), id)
	if err != nil {
		t.Fatalf("read key %q: %v", id, err)
	}
	return key
}

// expectStored expects the store to hold each customer just so.
func expectStored(t T, store persistence.Store, customers ...*domain.Customer) {
	t.Helper()
	for _, c := range customers {
		expectEqual(t, c.Key, stored(t, store, c), c)
	}
}

// expectEqual compares to the last detail: a null from an empty text, nil from empty metadata, a time in
// UTC from the same time elsewhere.
func expectEqual(t T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, show(got), show(want))
	}
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(text)
}

// filledSubscription has a value in every field.
func filledSubscription(of string) domain.Subscription {
	month := domain.Monthly
	plan, addon := filledPackage(of+" plan"), filledPackage(of+" addon")
	coupon := filledCoupon(production, "coupon-1")
	return domain.Subscription{
		ID: uuid(of + " subscription"), SubscriptionID: "subscription of " + of, ProductID: "product-1", PlanID: "plan-1", PlanUUID: uuid("plan-1"),
		PlanVersion: 3, PricingType: domain.PricingPaid, ResourceID: new("resource-1"), BillingPeriod: &month,
		BillingCountryCode: new("DE"), PaymentCollectionMethod: "CHARGE",
		Addons: []domain.SubscriptionAddon{{ID: uuid(of + " subscription addon"), AddonID: "addon-1", Version: 2, Quantity: 1 << 40}},
		Charges: []domain.Charge{
			{ID: uuid(of + " charge 1"), AddonID: new("addon-1"), Price: addon.Prices[0], Quantity: 7, Times: 2},
			{ID: uuid(of + " charge 2"), AddonID: new("addon-2"), Price: plan.Prices[0], Quantity: 1, Times: 1},
		},
		Entitlements: plan.Entitlements,
		Coupon:       coupon.Applied(noon.Add(5 * time.Millisecond)), PromotionCode: new("CODE"), ReservationID: new(uuid(of + " reservation")),
		MinimumSpend: new(domain.Decimal("0.00000000000000000000000000001")), Budget: &domain.Budget{Limit: "1000000000000", SoftLimit: true},
		Phases: []domain.Phase{
			{Status: domain.InTrial, From: noon, Until: new(noon.AddDate(0, 0, 14)), Reason: new(domain.ReasonTrialEnded)},
			{Status: domain.Active, From: noon.AddDate(0, 0, 14), Until: new(noon.AddDate(1, 0, 0)), Reason: new(domain.CancelReason("none"))},
		},
		StartDate: noon, EndDate: new(noon.AddDate(1, 0, 0)), TrialEndDate: new(noon.AddDate(0, 0, 14)),
		TrialEndBehavior: new(domain.ConvertToPaid), CancellationDate: new(noon.AddDate(0, 6, 0)), BillingCycleAnchor: noon.Add(time.Millisecond),
		BillingID: new("sub_1"), SalesforceID: new("001B"), Metadata: domain.Metadata{{Key: "a.b", Value: "1.0"}}, CreatedAt: noon,
	}
}

package customers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/internal/subscriptions"
	"clientele/persistence"
)

// pastLease is longer than a reservation is left alone.
const pastLease = 4 * time.Minute

// offer stores a product with one paid plan, and the promotion code CODE that gives a third off so many times.
func (f *fixture) offer(t testing.TB, redemptions int64) {
	t.Helper()
	record := func(id string) domain.Record {
		return domain.NewRecord(domain.Ref{EnvironmentID: full.EnvironmentID, RefID: id}, "uuid-of-"+id, noon)
	}
	amount, percent := domain.Decimal("30"), domain.Decimal("33.3")
	if err := errors.Join(
		f.store.Products().Insert(t.Context(), &domain.Product{Record: record("product"), Journey: domain.Journey{
			Start: domain.StartPlanSelection, End: domain.EndCancel, CancellationTime: "IMMEDIATE",
		}}),
		f.store.Plans().Insert(t.Context(), &domain.Plan{Package: domain.Package{
			Record: record("plan"), DisplayName: "Plan", ProductID: "product", PricingType: domain.PricingPaid, Published: true, VersionNumber: 1,
			Prices: []domain.Price{{ID: "price", Model: domain.FlatFee, Period: domain.Monthly, Cadence: "RECURRING", Currency: "USD", Amount: &amount}},
		}}),
		f.store.Coupons().Insert(t.Context(), &domain.Coupon{
			Record: record("coupon"), Name: "Coupon", Type: domain.CouponPercentage, Status: domain.CouponActive, Source: domain.CouponSource, PercentOff: &percent,
		}),
		f.store.PromotionCodes().Insert(t.Context(), &domain.PromotionCode{
			Record: record("CODE"), CouponID: "coupon", Active: true, MaxRedemptions: &redemptions, FirstPurchaseOnly: true,
		}),
	); err != nil {
		t.Fatal(err)
	}
}

// redeeming is a customer who subscribes to the plan with the code; a subscription id of "" is made up.
func redeeming(id, subscriptionID string) customers.Provision {
	month := domain.Monthly
	subscribe := &subscriptions.Input{
		PlanID: "plan", BillingPeriod: &month, PromotionCode: new("CODE"), PaymentCollectionMethod: "CHARGE", AwaitPayment: true,
	}
	if subscriptionID != "" {
		subscribe.SubscriptionID = &subscriptionID
	}
	return customers.Provision{Identity: by(id), Subscription: subscribe}
}

// subscribing is redeeming without the code.
func subscribing(id, subscriptionID string) customers.Provision {
	provision := redeeming(id, subscriptionID)
	provision.Subscription.PromotionCode = nil
	return provision
}

func (f *fixture) code(t testing.TB) *domain.PromotionCode {
	t.Helper()
	code, err := f.store.PromotionCodes().Get(t.Context(), domain.Ref{EnvironmentID: full.EnvironmentID, RefID: "CODE"})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// requireCode checks how often the code was used, and how often it is reserved.
func (f *fixture) requireCode(t testing.TB, redeemed int64, reserved int) {
	t.Helper()
	if code := f.code(t); code.Redeemed != redeemed || len(code.Reserved) != reserved {
		t.Errorf("redeemed %d, reserved %d; want %d and %d", code.Redeemed, len(code.Reserved), redeemed, reserved)
	}
}

func TestARedemptionIsCountedOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 2)
	for _, id := range []string{"ada", "bob"} {
		if _, err := f.Provision(t.Context(), full, redeeming(id, "")); err != nil {
			t.Fatal(err)
		}
	}
	f.requireCode(t, 2, 0)
	_, err := f.Provision(t.Context(), full, redeeming("eve", "sub-of-eve"))
	if !domain.IsKind(err, domain.PromotionCodeExhausted) || f.stored(t, full.EnvironmentID, "eve") != nil {
		t.Errorf("a third redemption: %v", err)
	}
	f.requireCode(t, 2, 0)
	// What eve could not have is free for others.
	if _, err := f.Provision(t.Context(), full, subscribing("zoe", "sub-of-eve")); err != nil {
		t.Error(err)
	}
}

func TestARepeatedProvisionReservesNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 5)
	if _, err := f.Provision(t.Context(), full, redeeming("ada", "sub")); err != nil {
		t.Fatal(err)
	}
	f.requireNothingWritten(t, func() {
		_, err := f.Provision(t.Context(), full, redeeming("ada", "sub"))
		requireRefusal(t, err, domain.Duplicate, aboutCustomer("ada"))
	})
}

// lostInsert is a store whose connection breaks during an insert, after the write or before it.
type lostInsert struct {
	customers.Store
	written bool
}

func (s lostInsert) InsertCustomer(ctx context.Context, c *domain.Customer) error {
	if s.written {
		if err := s.Store.InsertCustomer(ctx, c); err != nil {
			return err
		}
	}
	return persistence.ErrUnavailable
}

// TestAbandonedReservationsAreReconciled is about processes that died, or lost the outcome of a write.
func TestAbandonedReservationsAreReconciled(t *testing.T) {
	t.Parallel()
	for name, written := range map[string]bool{"the customer was written": true, "the customer was not written": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.offer(t, 1)
			if _, err := f.over(lostInsert{f.store, written}).Provision(t.Context(), full, redeeming("ada", "sub")); !errors.Is(err, persistence.ErrUnavailable) {
				t.Fatal(err)
			}
			f.requireCode(t, 0, 1)

			f.at = noon.Add(time.Minute)
			_, err := f.Provision(t.Context(), full, redeeming("bob", "sub-of-bob"))
			if !domain.IsKind(err, domain.PromotionCodeExhausted) {
				t.Errorf("within the lease: %v", err)
			}
			_, err = f.Provision(t.Context(), full, subscribing("bob", "sub"))
			if !domain.IsKind(err, domain.Duplicate) {
				t.Errorf("the subscription's id within the lease: %v", err)
			}

			f.at = noon.Add(pastLease)
			want := redeeming("bob", "sub")
			if written {
				want = subscribing("bob", "sub")
			}
			_, err = f.Provision(t.Context(), full, want)
			switch {
			case written && !domain.IsKind(err, domain.Duplicate):
				t.Errorf("the id that ada has: %v", err)
			case !written && err != nil:
				t.Errorf("what is free: %v", err)
			}
			if written {
				_, err = f.Provision(t.Context(), full, redeeming("eve", ""))
				if !domain.IsKind(err, domain.PromotionCodeExhausted) {
					t.Errorf("the redemption that ada has: %v", err)
				}
				// Although the request was refused, what it found out is kept.
				f.requireCode(t, 1, 0)
				return
			}
			f.requireCode(t, 1, 0)
			found, err := f.Subscription(t.Context(), full, nil, "sub")
			if err != nil || found.Customer.CustomerID != "bob" {
				t.Errorf("the id leads to %v, %v", found.Customer, err)
			}
		})
	}
}

// TestTheSameCustomerCanTryAgainAtOnce: a client retries when it is unknown whether the customer was written.
func TestTheSameCustomerCanTryAgainAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 2)
	if _, err := f.over(lostInsert{f.store, false}).Provision(t.Context(), full, redeeming("ada", "sub")); !errors.Is(err, persistence.ErrUnavailable) {
		t.Fatal(err)
	}
	if _, err := f.Provision(t.Context(), full, redeeming("ada", "sub")); err != nil {
		t.Fatal(err)
	}
	f.requireCode(t, 1, 1)
}

func TestARaceForACode(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 50)
	// Two services share no locks, as two servers share none.
	services := []*customers.Service{f.Service, f.over(f.store)}
	var won, lost atomic.Int64
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			_, err := services[i%2].Provision(t.Context(), full, redeeming(fmt.Sprint("customer-", i), ""))
			switch {
			case err == nil:
				won.Add(1)
			case domain.IsKind(err, domain.PromotionCodeExhausted):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 50 || lost.Load() != 150 || f.count(t, full) != 50 {
		t.Errorf("%d won, %d lost, %d customers", won.Load(), lost.Load(), f.count(t, full))
	}
	f.requireCode(t, 50, 0)
}

func TestARaceForASubscriptionID(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 100)
	services := []*customers.Service{f.Service, f.over(f.store)}
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			_, err := services[i%2].Provision(t.Context(), full, redeeming(fmt.Sprint("customer-", i), "sub"))
			switch {
			case err == nil:
				won.Add(1)
			case !domain.IsKind(err, domain.Duplicate):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 || f.count(t, full) != 1 {
		t.Errorf("%d won, %d customers", won.Load(), f.count(t, full))
	}
	f.requireCode(t, 1, 0)
}

// TestARaceOfOneCustomer: of many equal requests one provisions the customer, and its subscription keeps its id.
func TestARaceOfOneCustomer(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 100)
	services := []*customers.Service{f.Service, f.over(f.store)}
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			_, err := services[i%2].Provision(t.Context(), full, redeeming("ada", "sub"))
			switch {
			case err == nil:
				won.Add(1)
			case !domain.IsKind(err, domain.Duplicate):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
	f.requireCode(t, 1, 0)
	if found, err := f.Subscription(t.Context(), full, nil, "sub"); err != nil || found.Customer.CustomerID != "ada" {
		t.Errorf("the subscription is not found: %v", err)
	}
}

// TestEqualRequestsDoNotTakeTheIDFromEachOther is about a client that sends one request several times at once,
// where only one of them can have the code: the others must not give back what it has.
func TestEqualRequestsDoNotTakeTheIDFromEachOther(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 20)
	services := []*customers.Service{f.Service, f.over(f.store), f.over(f.store), f.over(f.store)}
	for round := range 20 {
		id, sub := fmt.Sprint("customer-", round), fmt.Sprint("sub-", round)
		var group sync.WaitGroup
		var won atomic.Int64
		for _, service := range services {
			group.Go(func() {
				if _, err := service.Provision(t.Context(), full, redeeming(id, sub)); err == nil {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d won", won.Load())
		}
		if found, err := f.Subscription(t.Context(), full, nil, sub); err != nil || found.Customer.CustomerID != id {
			t.Fatalf("the subscription is not found: %v", err)
		}
		if _, err := f.Provision(t.Context(), full, subscribing("other", sub)); !domain.IsKind(err, domain.Duplicate) {
			t.Fatalf("another customer with the same subscription id: %v", err)
		}
	}
}

// TestACouponBeginsWhenPaymentDoes: a trial does not use up the time that a coupon discounts.
func TestACouponBeginsWhenPaymentDoes(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.offer(t, 5)
	provision := redeeming("ada", "sub")
	end, behavior := noon.AddDate(0, 2, 0), domain.ConvertToPaid
	provision.Subscription.Trial = &subscriptions.Trial{IsTrial: true, EndDate: &end, EndBehavior: &behavior}
	ada, err := f.Provision(t.Context(), full, provision)
	if err != nil {
		t.Fatal(err)
	}
	s := ada.Subscriptions[0]
	s.Coupon.DurationInMonths = new(1)
	for name, c := range map[string]struct {
		at   time.Time
		want domain.Decimal
	}{
		"in the trial, what will be paid first": {noon, "20.01"},
		"the first payment":                     {end, "20.01"},
		"after the coupon's month":              {end.AddDate(0, 1, 1), "30"},
	} {
		if got := s.TotalPrice(s.Coupon, c.at); got.Total != c.want {
			t.Errorf("%s: got %s, want %s", name, got.Total, c.want)
		}
	}
}

// failingCodes is a store whose codes cannot be written once so many writes of them were made.
type failingCodes struct {
	customers.Store
	writes *atomic.Int64
	fail   int64
}

func (s failingCodes) PromotionCodes() persistence.Documents[domain.PromotionCode] {
	return failingCodeDocuments{s.Store.PromotionCodes(), s}
}

type failingCodeDocuments struct {
	persistence.Documents[domain.PromotionCode]
	store failingCodes
}

func (d failingCodeDocuments) Replace(ctx context.Context, code *domain.PromotionCode) error {
	if d.store.writes.Add(1) == d.store.fail {
		return persistence.ErrUnavailable
	}
	return d.Documents.Replace(ctx, code)
}

// TestTheNextRequestStoresAnOutcome is about a process that lives on: it need not wait for the lease.
func TestTheNextRequestStoresAnOutcome(t *testing.T) {
	t.Parallel()
	t.Run("released", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.offer(t, 1)
		if _, err := f.Provision(t.Context(), full, subscribing("ada", "sub")); err != nil {
			t.Fatal(err)
		}
		// The first write reserves, the second releases.
		service := f.over(failingCodes{f.store, &atomic.Int64{}, 2})
		_, err := service.Provision(t.Context(), full, redeeming("bob", "sub"))
		if !domain.IsKind(err, domain.Duplicate) {
			t.Fatal(err)
		}
		f.requireCode(t, 0, 1)
		if _, err := service.Provision(t.Context(), full, redeeming("eve", "")); err != nil {
			t.Errorf("the redemption that was released: %v", err)
		}
		f.requireCode(t, 1, 0)
	})
	t.Run("counted", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.offer(t, 2)
		service := f.over(failingCodes{f.store, &atomic.Int64{}, 2})
		if _, err := service.Provision(t.Context(), full, redeeming("ada", "")); err != nil {
			t.Fatal(err)
		}
		f.requireCode(t, 0, 1)
		if _, err := service.Provision(t.Context(), full, redeeming("bob", "")); err != nil {
			t.Fatal(err)
		}
		f.requireCode(t, 2, 0)
		_, err := service.Provision(t.Context(), full, redeeming("eve", ""))
		if !domain.IsKind(err, domain.PromotionCodeExhausted) {
			t.Errorf("a third redemption: %v", err)
		}
	})
}

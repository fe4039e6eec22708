package catalog

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"clientele/internal/domain"
	"clientele/persistence"
)

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestApplyStoresTheItemsOfTheFile(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)

	paid := get(t, store.Plans(), "paid")
	head := paid.Record
	if head.Key != "development/paid" || head.Version != 1 || head.EnvironmentID != environment ||
		!head.CreatedAt.Equal(noon) || !head.UpdatedAt.Equal(noon) || len(head.ID) != 36 {
		t.Errorf("the record is %+v", head)
	}
	if paid.ProductID != "main" || *paid.BasePlanID != "free" || !paid.Published || paid.VersionNumber != 1 ||
		paid.PricingType != domain.PricingPaid || paid.Trial != nil {
		t.Errorf("the plan is %+v", paid)
	}
	equal(t, paid.CompatibleAddonIDs, []string{"more", "most"})
	equal(t, string(paid.Metadata.JSON()), `{"color":"blue","size":{"a":[2.50],"b":1}}`)

	reset := paid.Entitlements[0].Reset
	if *paid.Entitlements[0].UsageLimit != 10 || reset.Unit != "MONTH" || *reset.AccordingTo != "StartOfTheMonth" {
		t.Errorf("the entitlement is %+v", paid.Entitlements[0])
	}
	equal(t, paid.Entitlements[1].EnumValues, []string{"saml"})
	perSeat, tiered := paid.Prices[1], paid.Prices[3]
	if perSeat.Model != domain.PerUnit || *perSeat.FeatureID != "seats" || *perSeat.Amount != "5" || *perSeat.MinUnits != 1 ||
		*perSeat.MaxUnits != 100 || perSeat.CountryCode != nil || perSeat.Cadence != "RECURRING" {
		t.Errorf("the price is %+v", perSeat)
	}
	if *tiered.CountryCode != "DK" || tiered.Amount != nil || *tiered.TiersMode != domain.TiersGraduated ||
		*tiered.Tiers[0].UpTo != 10 || *tiered.Tiers[1].UnitAmount != "30" || *tiered.Tiers[1].FlatAmount != "1" {
		t.Errorf("the price is %+v", tiered)
	}
	tried := get(t, store.Plans(), "tried")
	equal(t, *tried.Trial, domain.TrialDefault{Units: "DAY", Duration: 14, EndBehavior: domain.CancelSubscription})
	equal(t, *tried.Prices[0].Amount, domain.Decimal("9.90").Plus("0"))

	main := get(t, store.Products(), "main")
	free := "free"
	equal(t, main.Journey, domain.Journey{
		Start: domain.StartPlanSelection, End: domain.EndDowngrade, DowngradePlanID: &free, CancellationTime: "END_OF_BILLING_PERIOD",
	})
	login := get(t, store.Features(), "login")
	equal(t, login.EnumValues, []domain.EnumValue{{Value: "password", DisplayName: "password"}, {Value: "saml", DisplayName: "SAML"}})
	if seats := get(t, store.Features(), "seats"); seats.Status != "ACTIVE" || *seats.MeterType != "Fluctuating" || *seats.UnitsPlural != "seats" {
		t.Errorf("the feature is %+v", seats)
	}
	if audit := get(t, store.Features(), "audit"); audit.MeterType != nil || audit.Metadata != nil {
		t.Errorf("the feature is %+v", audit)
	}
	more := get(t, store.Addons(), "more")
	if *more.MaxQuantity != 3 || more.Entitlements[0].Behavior != domain.BehaviorIncrement {
		t.Errorf("the add-on is %+v", more)
	}
	five := get(t, store.Coupons(), "five")
	equal(t, five.AmountsOff, []domain.Money{{Amount: "5", Currency: "USD"}, {Amount: "4", Currency: "EUR"}})
	if five.Type != domain.CouponFixed || five.Status != domain.CouponActive || five.Source != domain.CouponSource || *five.DurationInMonths != 3 {
		t.Errorf("the coupon is %+v", five)
	}
	code := get(t, store.PromotionCodes(), "CODE")
	if !code.Active || !code.StartsAt.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) ||
		!code.ExpiresAt.Equal(time.Date(2027, 1, 1, 11, 0, 0, 0, time.UTC)) || code.MinimumAmounts[0].Amount != "1" {
		t.Errorf("the code is %+v", code)
	}
}

func TestAmountsNeverBecomeFloats(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), edited(t,
		"currency: USD, amount: 29}", "currency: USD, amount: 900719925474.099312345678}", "amount: 199}", `amount: "0.100000000001"}`,
		"amount: 290}", "amount: 1.5e3}"))
	prices := get(t, store.Plans(), "paid").Prices
	equal(t, []domain.Decimal{*prices[0].Amount, *prices[2].Amount, *prices[4].Amount}, []domain.Decimal{"900719925474.099312345678", "0.100000000001", "1500"})
}

func TestApplyingTheSameFileAgainWritesNothing(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)
	before := get(t, store.Plans(), "paid")
	readOnly := hooked{store, func(collection, id string) error { return fmt.Errorf("%s %s is written", collection, id) }}
	changes, err := newService(readOnly).Apply(t.Context(), environment, parse(t, small), false)
	if err != nil || len(changedItems(changes)) > 0 {
		t.Fatalf("%v: %v", changes, err)
	}
	equal(t, changes.Summary(), "nothing to change, 16 unchanged")
	equal(t, get(t, store.Plans(), "paid"), before)
}

func TestDryRunReportsChangesAndWritesNothing(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	changes, err := service.Apply(t.Context(), environment, parse(t, small), true)
	if err != nil || len(changedItems(changes)) != 16 || count(t, store) != 0 {
		t.Fatalf("%v: %v; %d documents", changes, err, count(t, store))
	}
	apply(t, service, small)
	documents := count(t, store)
	text := edited(t, "amount: 29}", "amount: 31}", "{feature: audit}", "{feature: audit, name: \"Log\\u2028[2J\"}")
	changes, err = service.Apply(t.Context(), environment, parse(t, text), true)
	if err != nil {
		t.Fatal(err)
	}
	want := "0 to add, 1 to change, 15 unchanged\n" +
		"  ~ plans paid\n" +
		"      entitlements[2].name: nothing → \"Log\\u2028[2J\"\n" +
		"      prices[0].amount: 29 → 31\n" +
		"a dry run: nothing was written\n"
	if changes.String() != want {
		t.Errorf("got\n%s\nwant\n%s", changes, want)
	}
	if count(t, store) != documents || *get(t, store.Plans(), "paid").Prices[0].Amount != "29" {
		t.Error("the dry run wrote something")
	}
}

func TestItemsThatAreNotInTheFileStay(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	apply(t, service, small)
	// Items of a file may refer to items that are only stored.
	got := apply(t, service, "plans: [{id: extra, product: main, name: Extra, pricing: FREE, base: paid, addons: [more], entitlements: [{feature: seats, limit: 7}]}]\n"+
		"promotionCodes: [{id: SECOND, coupon: ten}]\n")
	equal(t, got, []string{"added plans extra", "added promotionCodes SECOND"})
	equal(t, apply(t, service, small), []string{})
	other, err := service.Apply(t.Context(), "staging", parse(t, small), false)
	if err != nil || len(changedItems(other)) != 16 {
		t.Errorf("another environment: %v, %v", other, err)
	}
}

func TestAFileThatMakesAStoredItemInvalidIsRejected(t *testing.T) {
	service := newService(openStore(t))
	apply(t, service, small)
	invalid := applyInvalid(t, service, "features: [{id: login, name: Sign-in, type: ENUM, values: [password]}]\n")
	if len(invalid.Problems) != 1 || invalid.Problems[0].Line != 0 || !strings.Contains(invalid.Error(), "paid") || !strings.Contains(invalid.Error(), "login") {
		t.Errorf("got %v", invalid)
	}
}

func TestEveryChangeOfAPublishedPackageCreatesAVersion(t *testing.T) {
	store := openStore(t)
	clock := noon
	service := New(store, WithClock(func() time.Time { clock = clock.Add(time.Hour); return clock }))
	draft := "pricing: PAID\n    base: free"
	wantVersion := func(wantNumber int, wantStored ...int) {
		t.Helper()
		paid := get(t, store.Plans(), "paid")
		if paid.VersionNumber != wantNumber {
			t.Errorf("the version is %d, want %d", paid.VersionNumber, wantNumber)
		}
		var stored []int
		for n := range 9 {
			version, err := store.PlanVersions().Get(t.Context(), ref(domain.VersionRef("paid", n)))
			if errors.Is(err, persistence.ErrNotFound) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, n)
			if n == wantNumber {
				version.Record = paid.Record
				equal(t, version, paid)
			}
		}
		equal(t, stored, wantStored)
	}
	apply(t, service, edited(t, draft, "published: false\n    "+draft))
	wantVersion(1)
	apply(t, service, edited(t, draft, "published: false\n    "+draft, "name: Paid", "name: Pro"))
	wantVersion(1)
	apply(t, service, small)
	wantVersion(1, 1)
	first := get(t, store.Plans(), "paid")
	apply(t, service, edited(t, "amount: 29}", "amount: 30}"))
	wantVersion(2, 1, 2)
	second := get(t, store.Plans(), "paid")
	apply(t, service, edited(t, "amount: 29}", "amount: 30}"))
	wantVersion(2, 1, 2)
	apply(t, service, edited(t, draft, "published: false\n    "+draft))
	wantVersion(3, 1, 2)
	apply(t, service, small)
	wantVersion(3, 1, 2, 3)

	if first.ID != second.ID || !first.CreatedAt.Equal(second.CreatedAt) || !second.UpdatedAt.After(first.UpdatedAt) || second.Version != first.Version+1 {
		t.Errorf("the records are %+v and %+v", first.Record, second.Record)
	}
	for i := range first.Prices {
		if first.Prices[i].ID != second.Prices[i].ID {
			t.Errorf("price %d has another id", i)
		}
	}
	for i := range first.Entitlements {
		if first.Entitlements[i].ID != second.Entitlements[i].ID {
			t.Errorf("entitlement %d has another id", i)
		}
	}
	if get(t, store.AddonVersions(), "more@1").ID != get(t, store.Addons(), "more").ID {
		t.Error("the add-on's version has another id")
	}
}

func TestEntitlementsAndPricesHaveUniqueIDs(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)
	seen := map[string]bool{}
	for _, id := range []string{"free", "paid", "tried"} {
		plan := get(t, store.Plans(), id)
		ids := []string{plan.ID}
		for _, e := range plan.Entitlements {
			ids = append(ids, e.ID)
		}
		for _, p := range plan.Prices {
			ids = append(ids, p.ID)
		}
		for _, id := range ids {
			if seen[id] || len(id) != 36 {
				t.Errorf("the id %q is a duplicate or not a UUID", id)
			}
			seen[id] = true
		}
	}
}

func TestFieldsThatTheFileDoesNotOwnAreKept(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	apply(t, service, small)
	code, coupon, plan := get(t, store.PromotionCodes(), "CODE"), get(t, store.Coupons(), "ten"), get(t, store.Plans(), "paid")
	code.Redeemed, code.Reserved = 7, []domain.Reservation{{ID: "r", CustomerID: "c", At: noon}}
	billed := "billed"
	coupon.BillingID, coupon.Status, plan.BillingID = &billed, domain.CouponArchived, &billed
	code.Version, coupon.Version, plan.Version = 2, 2, 2
	for _, err := range []error{
		store.PromotionCodes().Replace(t.Context(), code), store.Coupons().Replace(t.Context(), coupon), store.Plans().Replace(t.Context(), plan),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := apply(t, service, small); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	got := apply(t, service, edited(t, "coupon: ten", "coupon: five", "name: Ten,", "name: X,", "name: Paid", "name: Y"))
	equal(t, got, []string{"changed plans paid", "changed coupons ten", "changed promotionCodes CODE"})
	after := get(t, store.PromotionCodes(), "CODE")
	if after.Redeemed != 7 || len(after.Reserved) != 1 || after.CouponID != "five" || after.Version != 3 {
		t.Errorf("the code is %+v", after)
	}
	if c := get(t, store.Coupons(), "ten"); c.BillingID == nil || !c.Archived() || c.Name != "X" {
		t.Errorf("the coupon is %+v", c)
	}
	if p := get(t, store.Plans(), "paid"); p.BillingID == nil {
		t.Error("the plan lost its billing id")
	}
	equal(t, apply(t, service, edited(t, "percent: 10}", "percent: 10, archived: false}")), []string{"changed plans paid", "changed coupons ten", "changed promotionCodes CODE"})
	if get(t, store.Coupons(), "ten").Archived() {
		t.Error("the coupon is still archived")
	}
}

// A code is redeemed after Apply has read it and before Apply writes it.
func TestConcurrentRedemptionIsNotLost(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)
	var once sync.Once
	redeeming := hooked{store, func(collection, id string) error {
		if collection != "promotionCodes" {
			return nil
		}
		var err error
		once.Do(func() {
			code := get(t, store.PromotionCodes(), id)
			code.Redeemed++
			code.Version++
			err = store.PromotionCodes().Replace(context.WithoutCancel(t.Context()), code)
		})
		return err
	}}
	equal(t, apply(t, newService(redeeming), edited(t, "coupon: ten", "coupon: five")), []string{"changed promotionCodes CODE"})
	if code := get(t, store.PromotionCodes(), "CODE"); code.Redeemed != 1 || code.CouponID != "five" || code.Version != 3 {
		t.Errorf("the code is %+v", code)
	}
}

func TestApplyReturnsConflictAfterTooManyRetries(t *testing.T) {
	store := openStore(t)
	conflicting := hooked{store, func(collection, _ string) error {
		if collection == "coupons" {
			return persistence.ErrConflict
		}
		return nil
	}}
	apply(t, newService(store), small)
	_, err := newService(conflicting).Apply(t.Context(), environment, parse(t, edited(t, "name: Ten,", "name: X,")), false)
	if !domain.IsKind(err, domain.Conflict) {
		t.Errorf("got %v", err)
	}
}

// An apply that is interrupted at any write and then repeated gives the same result as one that is not interrupted.
func TestInterruptedApplyCanBeRepeated(t *testing.T) {
	after := edited(t, "amount: 29}", "amount: 30}", "maxQuantity: 3", "maxQuantity: 4", "name: Free,", "name: Gratis,", "coupon: ten", "coupon: five")
	whole := openStore(t)
	apply(t, newService(whole), small)
	apply(t, newService(whole), after)
	want := snapshot(t, whole)
	for _, writes := range []int64{0, 1, 2, 3, 5, 8, 10, 12, 14, 16, 18} {
		store := openStore(t)
		_, err := newService(hooked{store, failAfter(writes)}).Apply(t.Context(), environment, parse(t, small), false)
		if !errors.Is(err, errKilled) {
			t.Fatalf("killed after %d writes: %v", writes, err)
		}
		apply(t, newService(store), small)
		if writes < 7 {
			if _, err := newService(hooked{store, failAfter(writes)}).Apply(t.Context(), environment, parse(t, after), false); writes < 6 && !errors.Is(err, errKilled) {
				t.Fatalf("the change, killed after %d writes: %v", writes, err)
			}
		}
		apply(t, newService(store), after)
		equal(t, snapshot(t, store), want)
	}
}

// snapshot returns everything that is stored, except the number of writes of each document.
func snapshot(t *testing.T, store persistence.Catalog) []any {
	t.Helper()
	stored, err := newService(store).load(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for _, p := range stored.plans {
		for n := 1; p.Published && n <= p.VersionNumber; n++ {
			all = append(all, *get(t, store.PlanVersions(), domain.VersionRef(p.RefID, n)))
		}
		p.Version = 0
		all = append(all, *p)
	}
	for _, a := range stored.addons {
		for n := 1; n <= a.VersionNumber; n++ {
			all = append(all, *get(t, store.AddonVersions(), domain.VersionRef(a.RefID, n)))
		}
		a.Version = 0
		all = append(all, *a)
	}
	for _, c := range stored.codes {
		c.Version = 0
		all = append(all, *c)
	}
	return append(all, len(stored.features), len(stored.products), len(stored.coupons), count(t, store))
}

// An interrupted apply has stored a version, and the file has changed since: the next apply skips its number.
func TestAStoredVersionIsNeverOverwritten(t *testing.T) {
	store := openStore(t)
	apply(t, newService(store), small)
	failing := hooked{store, func(collection, _ string) error {
		if collection == "plans" {
			return errKilled
		}
		return nil
	}}
	if _, err := newService(failing).Apply(t.Context(), environment, parse(t, edited(t, "amount: 29}", "amount: 30}")), false); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	apply(t, newService(store), edited(t, "amount: 29}", "amount: 31}"))
	if paid := get(t, store.Plans(), "paid"); paid.VersionNumber != 3 {
		t.Errorf("the version is %d", paid.VersionNumber)
	}
	if a, b := get(t, store.PlanVersions(), "paid@2"), get(t, store.PlanVersions(), "paid@3"); *a.Prices[0].Amount != "30" || *b.Prices[0].Amount != "31" {
		t.Error("a version was overwritten")
	}
}

// Several servers start at once, with the same file or with different ones.
func TestConcurrentApplies(t *testing.T) {
	store := openStore(t)
	texts := []string{small, edited(t, "amount: 29}", "amount: 30}", "maxQuantity: 3", "maxQuantity: 4")}
	atOnce := func(texts ...string) {
		t.Helper()
		var group errgroup.Group
		for i := range 8 {
			file := parse(t, texts[i%len(texts)])
			group.Go(func() error {
				_, err := newService(store).Apply(t.Context(), environment, file, false)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	atOnce(small)
	if paid := get(t, store.Plans(), "paid"); paid.VersionNumber != 1 || paid.Version != 1 {
		t.Errorf("the plan was written more than once: %+v", paid.Record)
	}
	for range 5 {
		atOnce(texts...)
		paid := get(t, store.Plans(), "paid")
		version := get(t, store.PlanVersions(), domain.VersionRef("paid", paid.VersionNumber))
		version.Record = paid.Record
		equal(t, version, paid)
	}
}

func TestAPlanHasAtMostTenBasePlans(t *testing.T) {
	chain := func(length int) string {
		text := "products: [{id: main}]\nplans:\n  - {id: p0, product: main, name: P, pricing: FREE}\n"
		for i := 1; i <= length; i++ {
			text += fmt.Sprintf("  - {id: p%d, product: main, name: P, pricing: FREE, base: p%d}\n", i, i-1)
		}
		return text
	}
	service := newService(openStore(t))
	apply(t, service, chain(10))
	invalid := applyInvalid(t, service, chain(11))
	if len(invalid.Problems) != 1 || invalid.Problems[0].Path != "plans[11].base" {
		t.Errorf("got %v", invalid)
	}
	cycle := strings.Replace(chain(3), "name: P, pricing: FREE}", "name: P, pricing: FREE, base: p3}", 1)
	if invalid := applyInvalid(t, newService(openStore(t)), cycle); len(invalid.Problems) != 4 || !strings.Contains(invalid.Error(), "itself") {
		t.Errorf("got %v", invalid)
	}
}

func TestTheFirstTwentyProblemsAreReportedInOrder(t *testing.T) {
	service := newService(openStore(t))
	var text strings.Builder
	text.WriteString("products: [{id: main}]\nplans:\n")
	for i := range 30 {
		fmt.Fprintf(&text, "  - {id: p%d, product: nope, name: P, pricing: FREE}\n", i)
	}
	invalid := applyInvalid(t, service, text.String())
	if len(invalid.Problems) != 20 || invalid.More != 10 || !slices.IsSortedFunc(invalid.Problems, func(a, b Problem) int { return a.Line - b.Line }) {
		t.Errorf("got %v", invalid)
	}
	if lines := strings.Split(invalid.Error(), "\n"); lines[0] != "catalog.yaml has 30 problems; nothing was changed" || lines[21] != "and 10 more" {
		t.Errorf("got %v", invalid)
	}
}

func TestCodesAreUniqueIgnoringCase(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	apply(t, service, small)
	for _, id := range []string{"code", "Code"} { // before and after CODE in the order of bytes
		invalid := applyInvalid(t, service, "coupons: [{id: ten, name: Ten, percent: 10}]\npromotionCodes:\n  - {id: "+id+", coupon: ten}\n")
		if !strings.Contains(invalid.Error(), "promotionCodes[0].id") || !strings.Contains(invalid.Error(), "only in case") {
			t.Errorf("%s: %v", id, invalid)
		}
	}
	// Stored codes that differ only in case do not make other files invalid.
	old := get(t, store.PromotionCodes(), "CODE")
	old.RefID, old.Key, old.Version = "code", environment+"/code", 1
	if err := store.PromotionCodes().Insert(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	apply(t, service, "features: [{id: new, name: New, type: BOOLEAN}]\n")
	// A file may contain both, so that their catalogue can still be applied.
	const both = "coupons: [{id: ten, name: Ten, percent: 10}]\npromotionCodes:\n  - {id: CODE, coupon: ten}\n  - {id: code, coupon: ten}\n"
	apply(t, service, both)
	if invalid := applyInvalid(t, service, both+"  - {id: Code, coupon: ten}\n"); !strings.Contains(invalid.Error(), "promotionCodes[2].id") {
		t.Errorf("a third one: %v", invalid)
	}
}

package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
)

func TestApplyingAnExportChangesNothing(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	apply(t, service, small)
	text, err := service.Export(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(t, service, string(text)); len(got) > 0 {
		t.Errorf("got %q of\n%s", got, text)
	}
	again, err := service.Export(t.Context(), environment)
	if err != nil || string(again) != string(text) {
		t.Errorf("a second export differs: %v", err)
	}
	// Another environment can be filled from the export.
	if _, err := service.Apply(t.Context(), "copy", parse(t, string(text)), false); err != nil {
		t.Fatal(err)
	}
	copied, err := service.Export(t.Context(), "copy")
	if err != nil || strings.Replace(string(copied), "copy", environment, 1) != string(text) {
		t.Errorf("the copy is %v\n%s", err, copied)
	}
}

func TestExportOfAnEmptyEnvironment(t *testing.T) {
	service := newService(openStore(t))
	text, err := service.Export(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(t, service, string(text)); len(got) > 0 || !strings.HasPrefix(string(text), "# The catalogue of the environment development") {
		t.Errorf("got %q of\n%s", got, text)
	}
}

func TestRandomCataloguesRoundTrip(t *testing.T) {
	store := openStore(t)
	service := newService(store)
	var environments atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		environment := fmt.Sprintf("e%d", environments.Add(1))
		ctx := context.Background()
		made := File{name: "random", content: randomContent(t)}
		if _, err := service.Apply(ctx, environment, made, false); err != nil {
			t.Fatal(err)
		}
		changes, err := service.Apply(ctx, environment, made, false)
		if err != nil || len(changedItems(changes)) > 0 {
			t.Fatalf("the second apply: %v\n%s", err, changes)
		}
		text, err := service.Export(ctx, environment)
		if err != nil {
			t.Fatal(err)
		}
		file, err := Parse("export.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if changes, err = service.Apply(ctx, environment, file, false); err != nil || len(changedItems(changes)) > 0 {
			t.Fatalf("the export: %v\n%s\n%s", err, changes, text)
		}
	})
}

// randomContent returns a valid catalogue with texts that are hard to write in YAML.
func randomContent(t *rapid.T) content {
	yes := rapid.Bool()
	count := func(name string) int { return rapid.IntRange(0, 3).Draw(t, name) }
	maybe := func(name string) bool { return yes.Draw(t, name) }
	odd := rapid.OneOf(
		rapid.StringN(1, 20, -1),
		rapid.SampledFrom([]string{"true", "null", "~", "12", "1e3", "0x1F", "2026-01-01", "<<", "- a", "a: b", "# a", " a ", "a\nb\n", "\ta", "'", "\"", "\\", "\u0085", "\ufeff", "\x7f", "😀", "\u2028", "yes", "=", "%a", "@a", "`a", "a #b", "[a", "{a", "&a", "*a", "!a", "|", ">", "?", "..."}),
	)
	// Names have one line, and no text has other control characters.
	text := func(name string) string {
		return odd.Filter(func(text string) bool {
			return domain.ControlRule(text, name == "description" || name == "value" || name == "inner") == ""
		}).Draw(t, name)
	}
	optionalText := func(name string) string {
		if maybe("has " + name) {
			return text(name)
		}
		return ""
	}
	decimal := func(name string) amount {
		number := rapid.StringMatching(`(0|[1-9][0-9]{0,10})(\.[0-9]{1,12})?`).Draw(t, name)
		value, err := domain.ParseDecimal(number)
		if err != nil {
			t.Fatal(err)
		}
		return amount(value)
	}
	decimalPointer := func(name string) *amount { return new(decimal(name)) }
	whole := func(name string) int64 { return rapid.Int64Range(1, 1_000_000_000_000).Draw(t, name) }
	metadata := func() []byte {
		if !maybe("metadata") {
			return nil
		}
		data := map[string]any{}
		for range count("keys") {
			key := rapid.StringN(1, 40, -1).Filter(func(key string) bool { return domain.ControlRule(key, false) == "" }).Draw(t, "key")
			data[key] = rapid.SampledFrom([]any{text("value"), 1.5, map[string]any{"b": []any{nil, true, text("inner")}, text("name"): -0.25}, []any{}}).Draw(t, "any")
		}
		encoded, err := encodeJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	published := func() *bool {
		if maybe("a draft") {
			return new(false)
		}
		return nil
	}
	widgets := func() []string {
		return rapid.SampledFrom([][]string{nil, {"PAYWALL"}, {"CHECKOUT", "CUSTOMER_PORTAL"}}).Draw(t, "widgets")
	}

	var c content
	for i := range 1 + count("numbers") {
		f := feature{ID: "n" + strconv.Itoa(i), Name: text("name"), Description: optionalText("description"), Type: domain.FeatureNumber, Metadata: metadata()}
		f.Meter = rapid.SampledFrom([]string{"", "None", "Fluctuating", "Incremental"}).Draw(t, "meter")
		f.Status = rapid.SampledFrom([]string{"", "NEW", "SUSPENDED", "ACTIVE"}).Draw(t, "status")
		if maybe("units") {
			f.Units = &units{One: text("one"), Many: text("many")}
		}
		c.Features = append(c.Features, f)
	}
	c.Features = append(c.Features,
		feature{ID: "switch", Name: text("name"), Type: domain.FeatureBoolean},
		feature{ID: "choice", Name: text("name"), Type: domain.FeatureEnum, Values: []enumValue{{Value: "a"}, {Value: "b", Name: text("b")}, {Value: "b " + text("c")}}})
	values := []string{"a", "b", c.Features[len(c.Features)-1].Values[2].Value}

	entitlements := func(addon bool) []entitlement {
		var list []entitlement
		for _, f := range c.Features {
			if !maybe("grants " + f.ID) {
				continue
			}
			e := entitlement{Feature: f.ID, Name: optionalText("override"), Description: optionalText("description"), HiddenFromWidgets: widgets()}
			switch f.Type {
			case domain.FeatureEnum:
				e.Values = values[rapid.IntRange(0, 2).Draw(t, "from"):]
			case domain.FeatureNumber:
				switch rapid.IntRange(0, 2).Draw(t, "way") {
				case 0:
					e.Unlimited = true
				case 1:
					e.Custom = true
				default:
					e.Limit = new(float64(rapid.Int64Range(0, 1e15).Draw(t, "limit")) / 1000)
					e.Soft = maybe("soft")
				}
				e.Reset = rapid.SampledFrom([]*reset{nil, {Every: "HOUR"}, {Every: "YEAR"}, {Every: "WEEK", AccordingTo: "EveryFriday"}, {Every: "MONTH", AccordingTo: "SubscriptionStart"}}).Draw(t, "reset")
			}
			if addon && maybe("behaves") {
				e.Behavior = rapid.SampledFrom([]domain.Behavior{domain.BehaviorIncrement, domain.BehaviorOverride}).Draw(t, "behavior")
			}
			list = append(list, e)
		}
		return list
	}
	prices := func() []price {
		var list []price
		for _, period := range []domain.BillingPeriod{domain.Monthly, domain.Annually} {
			perUnit := maybe("per unit")
			minimum := maybe("minimum")
			for _, market := range [][2]string{{"", "USD"}, {"DK", "DKK"}, {"", "EUR"}}[:1+rapid.IntRange(0, 2).Draw(t, "markets")] {
				p := price{Period: period, Country: market[0], Currency: market[1]}
				p.Amount = decimalPointer("fee")
				p.Cadence = rapid.SampledFrom([]string{"", "RECURRING", "ONE_OFF"}).Draw(t, "cadence")
				list = append(list, p)
				if minimum {
					list = append(list, price{Period: period, Country: market[0], Currency: market[1], Model: domain.MinimumSpend, Amount: decimalPointer("minimum")})
				}
				if !perUnit {
					continue
				}
				p = price{Period: period, Country: market[0], Currency: market[1], Model: domain.PerUnit, Feature: "n0"}
				if maybe("bounds") {
					p.Min, p.Max = new(int64(1)), new(whole("max"))
				}
				if maybe("tiers") {
					p.TiersMode = rapid.SampledFrom([]domain.TiersMode{domain.TiersVolume, domain.TiersGraduated}).Draw(t, "mode")
					p.Tiers = []tier{{UpTo: new(int64(5)), Unit: decimalPointer("unit")}, {UpTo: new(max(6, whole("up to"))), Flat: decimalPointer("flat")}, {Unit: decimalPointer("unit"), Flat: decimalPointer("flat")}}
				} else {
					p.Amount = decimalPointer("unit")
					if maybe("blocks") {
						p.Block = new(whole("block"))
					}
				}
				list = append(list, p)
			}
		}
		return list
	}
	for i := range 1 + count("products") {
		id := "p" + strconv.Itoa(i)
		p := product{ID: id, Name: optionalText("name"), Description: optionalText("description"), MultipleSubscriptions: maybe("multiple"), AWSMarketplaceProduct: optionalText("aws"), Metadata: metadata()}
		p.Journey = rapid.SampledFrom([]*journey{
			nil, {}, {Start: domain.StartFreePlan, StartPlan: id + "-free"}, {Start: domain.StartTrialPeriod, StartPlan: id + "-paid"},
			{End: domain.EndDowngrade, DowngradePlan: id + "-free", Cancellation: "IMMEDIATE"},
		}).Draw(t, "journey")
		c.Products = append(c.Products, p)
		var compatible []string
		for j := range count("addons") {
			a := addon{heading: heading{ID: fmt.Sprintf("%s-a%d", id, j), Product: id, Name: text("name"), Pricing: domain.PricingPaid, Published: published(), HiddenFromWidgets: widgets()}}
			a.offer = offer{Entitlements: entitlements(true), Prices: prices(), Metadata: metadata()}
			a.Dependencies = compatible
			if maybe("bounded") {
				a.MaxQuantity = new(whole("quantity"))
			}
			c.Addons = append(c.Addons, a)
			compatible = append(compatible, a.ID)
		}
		free := plan{heading: heading{ID: id + "-free", Product: id, Name: text("name"), Description: optionalText("description"), Pricing: domain.PricingFree}, offer: offer{Entitlements: entitlements(false), Metadata: metadata()}}
		paid := plan{heading: heading{ID: id + "-paid", Product: id, Name: text("name"), Pricing: domain.PricingPaid, HiddenFromWidgets: widgets()}, Base: free.ID, Addons: compatible, AWSMarketplaceDimension: optionalText("dimension"), offer: offer{Entitlements: entitlements(false), Prices: prices(), Metadata: metadata()}}
		paid.Trial = &trial{Days: rapid.IntRange(1, 10_000).Draw(t, "days"), End: rapid.SampledFrom([]domain.TrialEndBehavior{"", domain.ConvertToPaid, domain.CancelSubscription}).Draw(t, "end")}
		if maybe("months") {
			paid.Trial.Days, paid.Trial.Months = 0, paid.Trial.Days
			paid.Trial.Budget = &budget{Limit: decimal("budget"), Soft: maybe("soft")}
		}
		c.Plans = append(c.Plans, paid, free)
	}
	for i := range count("coupons") {
		one := coupon{ID: "c" + strconv.Itoa(i), Name: text("name"), Description: optionalText("description"), Metadata: metadata()}
		if maybe("percent") {
			percent := amount(domain.DecimalOf(float64(rapid.IntRange(1, 10_000).Draw(t, "percent")) / 100))
			one.Percent = &percent
		} else {
			one.Amounts = []money{{"USD", amount(domain.Decimal(decimal("off")).Plus("0.5"))}, {"JPY", "700"}}
		}
		if maybe("months") {
			one.Months = new(rapid.IntRange(1, 1200).Draw(t, "months"))
		}
		one.Archived = rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "archived")
		c.Coupons = append(c.Coupons, one)
		code := promotionCode{ID: "C" + strconv.Itoa(i), Coupon: one.ID, Active: published(), Customer: optionalText("customer"), FirstPurchaseOnly: maybe("first")}
		if maybe("window") {
			at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "starts")).UTC()
			code.Starts, code.Expires = at.Format(time.RFC3339Nano), at.Add(time.Hour).Format(time.RFC3339Nano)
		}
		if maybe("limits") {
			code.MaxRedemptions, code.MinimumAmounts = new(whole("redemptions")), []money{{"USD", decimal("least")}}
		}
		c.PromotionCodes = append(c.PromotionCodes, code)
	}
	return c
}

// BenchmarkApply applies a file of 2,000 items to an empty environment of the embedded engine, and again.
func BenchmarkApply(b *testing.B) {
	var text strings.Builder
	text.WriteString("features:\n")
	for i := range 500 {
		fmt.Fprintf(&text, "  - {id: f%d, name: Feature, type: NUMBER}\n", i)
	}
	text.WriteString("products: [{id: main}]\nplans:\n")
	for i := range 999 {
		fmt.Fprintf(&text, "  - id: p%d\n    product: main\n    name: Plan\n    pricing: PAID\n    entitlements:\n", i)
		for f := range 10 {
			fmt.Fprintf(&text, "      - {feature: f%d, limit: %d}\n", (i+f)%500, f)
		}
		text.WriteString("    prices:\n")
		for _, currency := range []string{"USD", "EUR", "DKK"} {
			fmt.Fprintf(&text, "      - {period: MONTHLY, currency: %s, amount: 9.99}\n", currency)
		}
	}
	text.WriteString("coupons:\n")
	for i := range 250 {
		fmt.Fprintf(&text, "  - {id: c%d, name: Coupon, percent: 10}\n", i)
	}
	text.WriteString("promotionCodes:\n")
	for i := range 250 {
		fmt.Fprintf(&text, "  - {id: code%d, coupon: c%d}\n", i, i)
	}
	run := func(b *testing.B, store persistence.Store, environment string) {
		b.Helper()
		file, err := Parse("catalog.yaml", []byte(text.String()))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := newService(store).Apply(b.Context(), environment, file, false); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("new", func(b *testing.B) {
		store := openStore(b)
		for i := 0; b.Loop(); i++ {
			run(b, store, "e"+strconv.Itoa(i))
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		store := openStore(b)
		run(b, store, "e")
		for b.Loop() {
			run(b, store, "e")
		}
	})
}

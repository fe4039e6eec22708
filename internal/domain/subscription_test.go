package domain

import (
	"testing"
	"time"
)

var start = time.Date(2024, time.January, 31, 12, 0, 0, 0, time.UTC)

func day(n int) time.Time { return start.AddDate(0, 0, n) }

// trialing is a subscription that was made on day -1, starts on day 0, and is in trial until day 14.
func trialing(then SubscriptionStatus, reason *CancelReason) *Subscription {
	return &Subscription{StartDate: start, BillingCycleAnchor: start, Phases: []Phase{
		{Status: NotStarted, From: day(-1), Until: new(day(0))},
		{Status: InTrial, From: day(0), Until: new(day(14))},
		{Status: then, From: day(14), Reason: reason},
	}}
}

func TestStatusGoesByTheClock(t *testing.T) {
	t.Parallel()
	s := trialing(Active, nil)
	for _, c := range []struct {
		name string
		at   time.Time
		want SubscriptionStatus
	}{
		{"before it was made, by a clock that is behind", day(-2), NotStarted},
		{"before its start", day(0).Add(-time.Millisecond), NotStarted},
		{"at its start", day(0), InTrial},
		{"in the last moment of the trial", day(14).Add(-time.Millisecond), InTrial},
		{"at the end of the trial", day(14), Active},
		{"long after", day(1000), Active},
	} {
		if got := s.Status(c.at); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if running := c.want == Active || c.want == InTrial; s.Running(c.at) != running {
			t.Errorf("%s: running is %t", c.name, !running)
		}
		if tried := !c.at.Before(day(0)); s.WasInTrial(c.at) != tried {
			t.Errorf("%s: was in trial is %t", c.name, !tried)
		}
	}
}

func TestATrialThatIsNotPaidEnds(t *testing.T) {
	t.Parallel()
	reason := ReasonTrialEnded
	s := trialing(Expired, &reason)
	if at, _ := s.Ended(day(13)); at != nil {
		t.Errorf("ended at %v within the trial", at)
	}
	at, why := s.Ended(day(15))
	if at == nil || !at.Equal(day(14)) || why == nil || *why != ReasonTrialEnded {
		t.Errorf("ended at %v because of %v", at, why)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	reason := ReasonTrialEnded
	for name, c := range map[string]struct {
		subscription *Subscription
		at           time.Time
		want         bool
		before       SubscriptionStatus // a moment before
		after        SubscriptionStatus // from then on
	}{
		"one that runs":                {trialing(Active, nil), day(20), true, Active, Canceled},
		"one in trial, whose end goes": {trialing(Expired, &reason), day(3), true, InTrial, Canceled},
		"one that has not started":     {trialing(Active, nil), day(0).Add(-time.Hour), true, NotStarted, Canceled},
		"at the very start":            {trialing(Active, nil), day(0), true, NotStarted, Canceled},
		"one that has ended":           {trialing(Expired, &reason), day(20), false, Expired, Expired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.subscription
			if got := s.Cancel(c.at, ReasonCustomerArchived); got != c.want {
				t.Errorf("it says %t", got)
			}
			if got := s.Status(c.at.Add(-time.Millisecond)); got != c.before {
				t.Errorf("before: %s", got)
			}
			for _, at := range []time.Time{c.at, c.at.AddDate(5, 0, 0)} {
				if got := s.Status(at); got != c.after {
					t.Errorf("at %v: %s", at, got)
				}
			}
			for i := range s.Phases[:len(s.Phases)-1] {
				if s.Phases[i].Until == nil || !s.Phases[i].Until.Equal(s.Phases[i+1].From) {
					t.Errorf("there is a gap behind phase %d", i)
				}
			}
			if s.Phases[len(s.Phases)-1].Until != nil {
				t.Error("the last phase has an end")
			}
			if c.want && (s.EndDate == nil || !s.EndDate.Equal(c.at) || s.CancellationDate == nil) {
				t.Errorf("end %v, cancellation %v", s.EndDate, s.CancellationDate)
			}
			if again := s.Cancel(c.at.Add(time.Hour), ReasonCustomerArchived); again {
				t.Error("it can be cancelled twice")
			}
		})
	}
}

func TestBillingPeriodAt(t *testing.T) {
	t.Parallel()
	monthly, annually := Monthly, Annually
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for name, c := range map[string]struct {
		period     *BillingPeriod
		at         string
		start, end string
	}{
		"the first month, at its start":             {&monthly, "2024-01-31 12:00:00", "2024-01-31 12:00:00", "2024-02-29 12:00:00"},
		"a short month ends on its last day":        {&monthly, "2024-02-29 11:59:59", "2024-01-31 12:00:00", "2024-02-29 12:00:00"},
		"after a short month the day is back":       {&monthly, "2024-03-01 00:00:00", "2024-02-29 12:00:00", "2024-03-31 12:00:00"},
		"a month of another year":                   {&monthly, "2025-02-28 12:00:00", "2025-02-28 12:00:00", "2025-03-31 12:00:00"},
		"the first year":                            {&annually, "2025-01-31 11:59:59", "2024-01-31 12:00:00", "2025-01-31 12:00:00"},
		"the second year":                           {&annually, "2025-01-31 12:00:00", "2025-01-31 12:00:00", "2026-01-31 12:00:00"},
		"nothing is paid periodically":              {nil, "2024-03-01 00:00:00", "", ""},
		"before the anchor there is none":           {&monthly, "2024-01-31 11:59:59", "", ""},
		"half a year is not a year":                 {&annually, "2024-07-31 12:00:00", "2024-01-31 12:00:00", "2025-01-31 12:00:00"},
		"in the last month of the year, the day on": {&monthly, "2024-12-31 12:00:00", "2024-12-31 12:00:00", "2025-01-31 12:00:00"},
	} {
		from, until := (&Subscription{BillingPeriod: c.period, BillingCycleAnchor: start}).BillingPeriodAt(at(c.at))
		for _, side := range []struct {
			got  *time.Time
			want string
		}{{from, c.start}, {until, c.end}} {
			if (side.got == nil) != (side.want == "") || side.got != nil && side.got.Format(time.DateTime) != side.want {
				t.Errorf("%s: got %v to %v, want %q to %q", name, from, until, c.start, c.end)
			}
		}
	}
}

func TestTotalPrice(t *testing.T) {
	t.Parallel()
	amount := func(d Decimal) *Decimal { return &d }
	in := func(currency string) []Charge {
		return []Charge{
			{Price: Price{Model: FlatFee, Currency: currency, Amount: amount("29")}, Quantity: 1, Times: 1},
			{Price: Price{Model: PerUnit, Currency: currency, Amount: amount("4.995")}, Quantity: 2, Times: 1},
			{AddonID: new("extra"), Price: Price{Model: FlatFee, Currency: currency, Amount: amount("7.5")}, Quantity: 1, Times: 2},
		}
	}
	percent := func(d Decimal, months *int) *AppliedCoupon {
		return &AppliedCoupon{PercentOff: &d, StartDate: start, DurationInMonths: months}
	}
	off := func(amounts ...Money) *AppliedCoupon { return &AppliedCoupon{AmountsOff: amounts, StartDate: start} }
	for name, c := range map[string]struct {
		charges []Charge
		minimum *Decimal
		coupon  *AppliedCoupon
		at      time.Time
		want    TotalPrice
	}{
		"everything added up":                       {in("USD"), nil, nil, start, TotalPrice{"USD", "53.99", "15", "53.99"}},
		"a percentage, rounded":                     {in("USD"), nil, percent("30", nil), start, TotalPrice{"USD", "53.99", "15", "37.79"}},
		"all of it":                                 {in("USD"), nil, percent("100", nil), start, TotalPrice{"USD", "53.99", "15", "0"}},
		"a currency without cents":                  {in("JPY"), nil, percent("30", nil), start, TotalPrice{"JPY", "54", "15", "38"}},
		"an amount":                                 {in("USD"), nil, off(Money{"10", "EUR"}, Money{"3.99", "USD"}), start, TotalPrice{"USD", "53.99", "15", "50"}},
		"an amount above the price":                 {in("USD"), nil, off(Money{"100", "USD"}), start, TotalPrice{"USD", "53.99", "15", "0"}},
		"an amount in another currency":             {in("USD"), nil, off(Money{"10", "EUR"}), start, TotalPrice{"USD", "53.99", "15", "53.99"}},
		"a coupon that has not begun":               {in("USD"), nil, percent("30", nil), start.Add(-time.Second), TotalPrice{"USD", "53.99", "15", "53.99"}},
		"a coupon in its last moment":               {in("USD"), nil, percent("30", new(1)), time.Date(2024, 2, 29, 11, 59, 59, 0, time.UTC), TotalPrice{"USD", "53.99", "15", "37.79"}},
		"a coupon that has ended":                   {in("USD"), nil, percent("30", new(1)), time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), TotalPrice{"USD", "53.99", "15", "53.99"}},
		"a minimum above the price":                 {in("USD"), amount("60"), percent("30", nil), start, TotalPrice{"USD", "53.99", "15", "60"}},
		"a minimum below the price changes nothing": {in("USD"), amount("6"), nil, start, TotalPrice{"USD", "53.99", "15", "53.99"}},
	} {
		got := (&Subscription{Charges: c.charges, MinimumSpend: c.minimum}).TotalPrice(c.coupon, c.at)
		if got == nil || *got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	once := in("USD")
	once[2].Price.Cadence = OneOff
	for name, c := range map[string]struct {
		at   time.Time
		want Decimal
	}{"what is paid once, in the first period": {start, "53.99"}, "and in the second": {start.AddDate(0, 1, 0), "38.99"}} {
		if got := (&Subscription{Charges: once, BillingPeriod: new(Monthly), BillingCycleAnchor: start}).TotalPrice(nil, c.at); got.Total != c.want {
			t.Errorf("%s: got %s, want %s", name, got.Total, c.want)
		}
	}
	if got := (&Subscription{}).TotalPrice(nil, start); got != nil {
		t.Errorf("a subscription without a price costs %v", got)
	}
}

func TestNothingIsPaidOnceASubscriptionHasEnded(t *testing.T) {
	t.Parallel()
	s := trialing(Active, nil)
	s.BillingPeriod = new(Monthly)
	s.Cancel(day(20), ReasonCustomerArchived)
	if from, until := s.BillingPeriodAt(day(19)); from == nil || until == nil {
		t.Error("there is no billing period before the end")
	}
	if from, until := s.BillingPeriodAt(day(20)); from != nil || until != nil {
		t.Errorf("there is a billing period from %v to %v", from, until)
	}
}

func TestCancelEndsATrialThatRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   time.Time
		want *time.Time
	}{
		"in the trial": {day(3), new(day(3))},
		"after it":     {day(20), new(day(14))},
	} {
		s := trialing(Active, nil)
		s.TrialEndDate = new(day(14))
		s.Cancel(c.at, ReasonCustomerArchived)
		if !s.TrialEndDate.Equal(*c.want) {
			t.Errorf("%s: the trial ends at %v, want %v", name, s.TrialEndDate, c.want)
		}
	}
}

func TestASubscriptionCancelledWhenItWasMadeIsOnlyCancelled(t *testing.T) {
	t.Parallel()
	s := Subscription{Phases: []Phase{{Status: Active, From: start}}}
	if !s.Cancel(start, ReasonCustomerArchived) || len(s.Phases) != 1 || s.Phases[0].Status != Canceled || !s.Phases[0].From.Equal(start) {
		t.Errorf("got %+v", s.Phases)
	}
}

func TestThePriceBeforeTheFirstBillingPeriodIsThatOfItsStart(t *testing.T) {
	t.Parallel()
	s := Subscription{BillingCycleAnchor: start, Charges: []Charge{{Price: Price{Model: FlatFee, Currency: "USD", Amount: new(Decimal("10"))}}}}
	coupon := &AppliedCoupon{PercentOff: new(Decimal("50")), StartDate: start}
	if got := s.TotalPrice(coupon, day(-3)); got.Total != "5" {
		t.Errorf("got %s", got.Total)
	}
}

func TestWhatIsPaidOnceIsPaidWithoutABillingPeriodToo(t *testing.T) {
	t.Parallel()
	s := Subscription{BillingCycleAnchor: start, Charges: []Charge{{Price: Price{Model: FlatFee, Cadence: OneOff, Currency: "USD", Amount: new(Decimal("10"))}}}}
	if got := s.TotalPrice(nil, day(400)); got.Total != "10" {
		t.Errorf("got %s", got.Total)
	}
}

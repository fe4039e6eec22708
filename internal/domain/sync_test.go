package domain_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"clientele/internal/domain"
)

func pendingOf(c *domain.Customer) []domain.SyncPart {
	if c.Sync == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.Sync.Pending))
}

// parts sorts parts as pendingOf does.
func parts(wanted ...domain.SyncPart) []domain.SyncPart {
	slices.Sort(wanted)
	return wanted
}

func TestWhatIsWantedOfASync(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	const name, email, coupon, information, attachment, detachment, facts = domain.SyncName, domain.SyncEmail, domain.SyncCoupon,
		domain.SyncInformation, domain.SyncAttachment, domain.SyncDetachment, domain.SyncFacts
	for what, test := range map[string]struct {
		do      func(c *domain.Customer)
		pending []domain.SyncPart
		changes int64
		holds   func(c *domain.Customer) bool
	}{
		"parts": {
			do:      func(c *domain.Customer) { c.EnqueueSync(at, name, email) },
			pending: parts(name, email), changes: 1,
			holds: func(c *domain.Customer) bool {
				return c.Sync.DueAt.Equal(at.Add(domain.SyncPickUpAfter)) && c.Sync.Pending[name] == 1
			},
		},
		"more parts": {
			do:      func(c *domain.Customer) { c.EnqueueSync(at, name, email); c.EnqueueSync(at, name) },
			pending: parts(name, email), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.Pending[name] == 2 && c.Sync.Pending[email] == 1 },
		},
		"parts after a failure, which is as good as forgotten": {
			do: func(c *domain.Customer) {
				c.Sync = &domain.Sync{Attempts: 3, Failure: &domain.SyncFailure{}}
				c.EnqueueSync(at, name)
			},
			pending: parts(name), changes: 1,
			holds: func(c *domain.Customer) bool { return c.Sync.Attempts == 0 && c.Sync.Failure == nil },
		},
		"the whole customer": {
			do:      func(c *domain.Customer) { c.EnqueueFullSync(at) },
			pending: parts(name, email, coupon, facts), changes: 1,
		},
		"the whole of an empty customer": {
			do:      func(c *domain.Customer) { c.Name, c.Email, c.CouponID = nil, nil, nil; c.EnqueueFullSync(at) },
			pending: parts(facts), changes: 1,
		},
		"the whole customer with billing information": {
			do:      func(c *domain.Customer) { c.EnqueueFullSync(at, information) },
			pending: parts(name, email, coupon, facts, information), changes: 1,
		},
		"an attachment": {
			do:      func(c *domain.Customer) { c.EnqueueAttachment(at, "pm_1", "") },
			pending: parts(attachment, facts), changes: 1,
			holds: func(c *domain.Customer) bool { return c.Sync.AttachmentID == "pm_1" },
		},
		"another attachment in its place": {
			do:      func(c *domain.Customer) { c.EnqueueAttachment(at, "pm_1", ""); c.EnqueueAttachment(at, "pm_2", "") },
			pending: parts(attachment, facts), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.AttachmentID == "pm_2" },
		},
		"a detachment": {
			do:      func(c *domain.Customer) { c.EnqueueDetachment(at, "pm_1") },
			pending: parts(detachment, facts), changes: 1,
			holds: func(c *domain.Customer) bool { return c.Sync.DetachmentID == "pm_1" },
		},
		"a detachment of what was to be attached": {
			do:      func(c *domain.Customer) { c.EnqueueAttachment(at, "pm_1", ""); c.EnqueueDetachment(at, "pm_1") },
			pending: parts(detachment, facts), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.AttachmentID == "" },
		},
		"an attachment of what was to be detached": {
			do:      func(c *domain.Customer) { c.EnqueueDetachment(at, "pm_1"); c.EnqueueAttachment(at, "pm_1", "") },
			pending: parts(attachment, facts), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.DetachmentID == "" },
		},
		"a detachment of another than what is attached": {
			do:      func(c *domain.Customer) { c.EnqueueDetachment(at, "pm_1"); c.EnqueueAttachment(at, "pm_2", "EUR") },
			pending: parts(attachment, detachment, facts), changes: 2,
			holds: func(c *domain.Customer) bool {
				return c.Sync.AttachmentID == "pm_2" && c.Sync.AttachmentCurrency == "EUR" && c.Sync.DetachmentID == "pm_1"
			},
		},
		"the whole of a linked customer, which may have a coupon at the provider": {
			do: func(c *domain.Customer) {
				c.BillingID, c.Name, c.CouponID = new("cus_1"), nil, nil
				c.EnqueueFullSync(at)
			},
			pending: parts(email, coupon, facts), changes: 1,
		},
		"an attachment and a detachment of two": {
			do:      func(c *domain.Customer) { c.EnqueueAttachment(at, "pm_1", "EUR"); c.EnqueueDetachment(at, "pm_2") },
			pending: parts(detachment, facts), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.AttachmentID == "" && c.Sync.AttachmentCurrency == "" },
		},
		"a detachment of nothing but what was to be attached": {
			do:      func(c *domain.Customer) { c.EnqueueAttachment(at, "pm_1", ""); c.EnqueueDetachment(at, "") },
			pending: parts(facts), changes: 2,
			holds: func(c *domain.Customer) bool { return c.Sync.AttachmentID == "" && c.Sync.DetachmentID == "" },
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := &domain.Customer{Name: new("Ada"), Email: new("ada@example.com"), CouponID: new("tenth")}
			test.do(c)
			if pending := pendingOf(c); !slices.Equal(pending, test.pending) || c.Sync.Revision != test.changes {
				t.Errorf("pending %v at revision %d, wanted %v at %d", pending, c.Sync.Revision, test.pending, test.changes)
			}
			if test.holds != nil && !test.holds(c) {
				t.Errorf("%+v", c.Sync)
			}
			if !c.SyncEnabled() || !c.SyncStarted() || c.SyncStatus() != domain.SyncPending {
				t.Errorf("synced %v, begun %v, %s", c.SyncEnabled(), c.SyncStarted(), c.SyncStatus())
			}
		})
	}
}

func TestLinkToForgetsWhatWasOfAnother(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	full := func() *domain.Customer {
		c := &domain.Customer{Name: new("Ada"), BillingID: new("cus_1"), BillingLinkURL: new("https://1"), BillingFacts: &domain.BillingFacts{Deleted: true}}
		c.EnqueueFullSync(at, domain.SyncInformation)
		c.EnqueueAttachment(at, "pm_1", "")
		c.EnqueueDetachment(at, "pm_2")
		c.Sync.NameGiven, c.Sync.CreatingSince, c.Sync.SucceededAt, c.Sync.Failure = true, &at, &at, &domain.SyncFailure{}
		c.Sync.Lease, c.Sync.Writes, c.Sync.Attempts = &domain.SyncLease{Holder: "h", Until: at}, 7, 2
		return c
	}
	for what, id := range map[string]*string{"another": new("cus_2"), "nobody": nil} {
		c := full()
		c.LinkTo(id)
		s := c.Sync
		if c.BillingID != id || c.BillingLinkURL != nil || c.BillingFacts != nil || len(s.Pending) > 0 || s.AttachmentID+s.DetachmentID != "" ||
			s.NameGiven || s.CreatingSince != nil || s.SucceededAt != nil || s.Failure != nil || s.DueAt != nil || s.Attempts != 0 {
			t.Errorf("%s: %+v, %+v", what, c, s)
		}
		// Who is at it finds out by the generation, and no information of before reaches the other one.
		if s.KeyGeneration != 1 || s.Lease == nil || s.Writes != 7 || s.InformationPushed != s.Revision {
			t.Errorf("%s: %+v", what, s)
		}
		if c.SyncEnabled() != (id != nil) || c.SyncStarted() || c.SyncStatus() != domain.SyncNotRequired {
			t.Errorf("%s: synced %v, begun %v, %s", what, c.SyncEnabled(), c.SyncStarted(), c.SyncStatus())
		}
	}
	c := &domain.Customer{}
	if c.LinkTo(new("cus_1")); c.Sync != nil || !c.SyncEnabled() || c.SyncStarted() {
		t.Errorf("never synced: %+v", c)
	}
}

func TestArchivedCustomersWaitForWhatIsPending(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	c := &domain.Customer{Name: new("Ada"), Email: new("ada@example.com"), CouponID: new("tenth")}
	c.EnqueueFullSync(at, domain.SyncInformation)
	c.EnqueueAttachment(at, "pm_1", "")
	c.Sync.CreatingSince, c.Sync.Failure, c.Sync.Attempts = &at, &domain.SyncFailure{}, 3
	c.Archive(at)
	// Name, email and billing information are gone for good. What came of the creation is still unknown.
	waiting := parts(domain.SyncCoupon, domain.SyncAttachment, domain.SyncFacts)
	if s := c.Sync; !slices.Equal(pendingOf(c), waiting) || s.DueAt != nil || s.Failure != nil || s.Attempts != 0 || s.CreatingSince == nil || s.InformationPushed != s.Revision {
		t.Errorf("archived: %+v", s)
	}
	c.Unarchive(at.Add(time.Hour))
	if s := c.Sync; !slices.Equal(pendingOf(c), waiting) || s.DueAt == nil || !s.DueAt.Equal(at.Add(time.Hour)) {
		t.Errorf("unarchived: %+v", s)
	}

	settled := &domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{SucceededAt: &at}}
	settled.Archive(at)
	if settled.Unarchive(at); settled.Sync.DueAt != nil || settled.SyncStatus() != domain.SyncSuccess {
		t.Errorf("with nothing pending: %+v", settled.Sync)
	}
	settled.Archive(at)
	settled.RecordFacts(at, domain.BillingFacts{Mark: domain.FactMark{EventID: "evt_1", Tied: true}})
	if settled.Unarchive(at); settled.Sync.DueAt == nil || !slices.Equal(pendingOf(settled), parts(domain.SyncFacts)) || settled.SyncStatus() != domain.SyncSuccess {
		t.Errorf("unsettled: %+v", settled.Sync)
	}
	never := &domain.Customer{}
	never.Archive(at)
	if never.Unarchive(at); never.Sync != nil {
		t.Errorf("never synced: %+v", never.Sync)
	}
}

func TestSyncStatus(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	pending := func(parts ...domain.SyncPart) map[domain.SyncPart]int64 {
		out := map[domain.SyncPart]int64{}
		for _, part := range parts {
			out[part] = 1
		}
		return out
	}
	for what, test := range map[string]struct {
		customer domain.Customer
		is       domain.SyncStatus
	}{
		"never synced":                         {domain.Customer{}, domain.SyncNotRequired},
		"linked by hand":                       {domain.Customer{BillingID: new("cus_1")}, domain.SyncNotRequired},
		"linked by hand, told of events":       {domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{Writes: 3}}, domain.SyncNotRequired},
		"deleted there without a sync":         {domain.Customer{BillingFacts: &domain.BillingFacts{Deleted: true}}, domain.SyncError},
		"deleted there after a success":        {domain.Customer{Sync: &domain.Sync{SucceededAt: &at}, BillingFacts: &domain.BillingFacts{Deleted: true}}, domain.SyncError},
		"linked by hand, events disagree":      {domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{Pending: pending(domain.SyncFacts)}}, domain.SyncNotRequired},
		"to be told":                           {domain.Customer{Sync: &domain.Sync{Revision: 1, Pending: pending(domain.SyncName)}}, domain.SyncPending},
		"to be asked for the first time":       {domain.Customer{Sync: &domain.Sync{Revision: 1, Pending: pending(domain.SyncFacts)}}, domain.SyncPending},
		"to be told and asked after a success": {domain.Customer{Sync: &domain.Sync{SucceededAt: &at, Pending: pending(domain.SyncFacts, domain.SyncName)}}, domain.SyncPending},
		"to be told after a success":           {domain.Customer{Sync: &domain.Sync{SucceededAt: &at, Pending: pending(domain.SyncName)}}, domain.SyncPending},
		"to be asked again":                    {domain.Customer{Sync: &domain.Sync{SucceededAt: &at, Pending: pending(domain.SyncFacts)}}, domain.SyncSuccess},
		"told":                                 {domain.Customer{Sync: &domain.Sync{SucceededAt: &at}}, domain.SyncSuccess},
		"failed":                               {domain.Customer{Sync: &domain.Sync{Failure: &domain.SyncFailure{}, Pending: pending(domain.SyncName)}}, domain.SyncError},
		"failed after a success":               {domain.Customer{Sync: &domain.Sync{SucceededAt: &at, Failure: &domain.SyncFailure{}, Pending: pending(domain.SyncName)}}, domain.SyncError},
	} {
		if is := test.customer.SyncStatus(); is != test.is {
			t.Errorf("%s: %s, wanted %s", what, is, test.is)
		}
	}
}

func TestEditVersionLeavesOutWhatASyncWrote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		customer domain.Customer
		is       int64
	}{
		{domain.Customer{Version: 1}, 1},
		{domain.Customer{Version: 5, Sync: &domain.Sync{}}, 5},
		{domain.Customer{Version: 5, Sync: &domain.Sync{Writes: 3}}, 2},
	} {
		if is := test.customer.EditVersion(); is != test.is {
			t.Errorf("version %d: %d, wanted %d", test.customer.Version, is, test.is)
		}
	}
}

func TestLearnBeginsWhatWaitsForAPaymentMethod(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	attached := domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1"}}}
	for what, test := range map[string]struct {
		facts    domain.BillingFacts
		archived bool
		is       domain.SubscriptionStatus
	}{
		"attached":                 {attached, false, domain.Active},
		"none":                     {domain.BillingFacts{}, false, domain.PaymentPending},
		"detached":                 {domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1", Detached: true}}}, false, domain.PaymentPending},
		"attached, while archived": {attached, true, domain.PaymentPending},
	} {
		c := &domain.Customer{Subscriptions: []domain.Subscription{{Phases: []domain.Phase{{Status: domain.PaymentPending, From: at}}}}}
		if test.archived {
			c.ArchivedAt = &at
		}
		c.RecordFacts(at.Add(time.Hour), test.facts)
		if is := c.Subscriptions[0].Status(at.Add(time.Hour)); is != test.is || c.BillingFacts == nil {
			t.Errorf("%s: %s, wanted %s; known is %+v", what, is, test.is, c.BillingFacts)
		}
	}
}

func TestRenewCreationOnlyWhereNobodyKnows(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	for _, kind := range []domain.SyncFailureKind{
		"", domain.SyncTemporary, domain.SyncRefused, domain.SyncDeleted, domain.SyncInformationLost, domain.SyncUnconfirmed,
	} {
		s := &domain.Sync{CreatingSince: &at}
		if kind != "" {
			s.Failure = &domain.SyncFailure{Kind: kind}
		}
		s.RenewCreation()
		if renewed := s.KeyGeneration == 1 && s.CreatingSince == nil; renewed != (kind == domain.SyncUnconfirmed) {
			t.Errorf("%q: %+v", kind, s)
		}
	}
}

func TestActivate(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	before, after := at.Add(-time.Hour), at.Add(time.Hour)
	type phase struct {
		status domain.SubscriptionStatus
		from   time.Time
	}
	for what, test := range map[string]struct {
		is, becomes []phase
	}{
		"pending now":                     {[]phase{{domain.PaymentPending, before}}, []phase{{domain.PaymentPending, before}, {domain.Active, at}}},
		"pending from this moment on":     {[]phase{{domain.PaymentPending, at}}, []phase{{domain.Active, at}}},
		"pending after a trial that runs": {[]phase{{domain.InTrial, before}, {domain.PaymentPending, after}}, []phase{{domain.InTrial, before}, {domain.Active, after}}},
		"pending after a trial that ended": {
			[]phase{{domain.InTrial, before.Add(-time.Hour)}, {domain.PaymentPending, before}},
			[]phase{{domain.InTrial, before.Add(-time.Hour)}, {domain.PaymentPending, before}, {domain.Active, at}},
		},
		"pending from a start to come": {[]phase{{domain.NotStarted, before}, {domain.PaymentPending, after}}, []phase{{domain.NotStarted, before}, {domain.Active, after}}},
		"cancelled":                    {[]phase{{domain.PaymentPending, before.Add(-time.Hour)}, {domain.Canceled, before}}, nil},
		"expired":                      {[]phase{{domain.InTrial, before}, {domain.Expired, after}}, nil},
		"active":                       {[]phase{{domain.Active, before}}, nil},
	} {
		s := domain.Subscription{}
		for i, p := range test.is {
			if i > 0 {
				s.Phases[i-1].Until = &test.is[i].from
			}
			s.Phases = append(s.Phases, domain.Phase{Status: p.status, From: p.from})
		}
		changed := s.Activate(at)
		wanted := test.becomes
		if wanted == nil {
			wanted = test.is
		}
		var is []phase
		for i, p := range s.Phases {
			is = append(is, phase{p.Status, p.From})
			if last := i == len(s.Phases)-1; last != (p.Until == nil) || !last && !p.Until.Equal(s.Phases[i+1].From) {
				t.Errorf("%s: phase %d ends at %v", what, i, p.Until)
			}
		}
		if !slices.Equal(is, wanted) || changed != (test.becomes != nil) {
			t.Errorf("%s: became %v, changed %v", what, is, changed)
		}
		if s.Activate(at.Add(time.Minute)) {
			t.Errorf("%s: changed twice", what)
		}
	}
}

func TestSyncChangesAreThePartsThatDiffer(t *testing.T) {
	t.Parallel()
	ada := domain.Customer{Name: new("Ada"), Email: new("ada@example.com"), CRMID: new("1")}
	for name, c := range map[string]struct {
		change func(c *domain.Customer)
		want   []domain.SyncPart
	}{
		"nothing":                    {func(c *domain.Customer) { c.Name = new("Ada") }, nil},
		"what is not pushed":         {func(c *domain.Customer) { c.CRMID = new("2") }, nil},
		"another name":               {func(c *domain.Customer) { c.Name = new("Eva") }, parts(domain.SyncName)},
		"no email, and a new coupon": {func(c *domain.Customer) { c.Email, c.CouponID = nil, new("tenth") }, parts(domain.SyncEmail, domain.SyncCoupon)},
	} {
		after := ada
		c.change(&after)
		got := after.SyncChanges(&ada)
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestThePaymentMethodThatIsExpected(t *testing.T) {
	t.Parallel()
	refused, temporary := &domain.SyncFailure{Kind: domain.SyncRefused}, &domain.SyncFailure{Kind: domain.SyncTemporary}
	for name, c := range map[string]struct {
		sync *domain.Sync
		want string
	}{
		"the default, without a sync":                {nil, "pm_1"},
		"the default, with nothing pending":          {&domain.Sync{Failure: refused}, "pm_1"},
		"one that is to be attached":                 {&domain.Sync{AttachmentID: "pm_2"}, "pm_2"},
		"one that is to be attached with a retry":    {&domain.Sync{AttachmentID: "pm_2", Failure: temporary}, "pm_2"},
		"none: the attachment is refused":            {&domain.Sync{AttachmentID: "pm_2", Failure: refused}, ""},
		"none: the default is to be detached":        {&domain.Sync{DetachmentID: "pm_1"}, ""},
		"the default, while another is detached":     {&domain.Sync{DetachmentID: "pm_3"}, "pm_1"},
		"the new one, while the old one is detached": {&domain.Sync{AttachmentID: "pm_2", DetachmentID: "pm_1"}, "pm_2"},
	} {
		customer := domain.Customer{Sync: c.sync, BillingFacts: &domain.BillingFacts{DefaultPaymentMethodID: "pm_1"}}
		if got := customer.ExpectedPaymentMethodID(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestASyncIsInterruptedBeforeItsFirstSuccess(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		customer domain.Customer
		want     bool
	}{
		"never synced":               {domain.Customer{BillingID: new("cus_1")}, false},
		"only facts were fetched":    {domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{}}, false},
		"wanted, with nothing left":  {domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{Revision: 1}}, true},
		"wanted, and pending":        {domain.Customer{Sync: &domain.Sync{Revision: 1, Pending: map[domain.SyncPart]int64{domain.SyncCoupon: 1}}}, true},
		"wanted, and unlinked since": {domain.Customer{Sync: &domain.Sync{Revision: 1}}, false},
		"it has succeeded once":      {domain.Customer{BillingID: new("cus_1"), Sync: &domain.Sync{Revision: 1, SucceededAt: &at}}, false},
	} {
		if got := c.customer.SyncInterrupted(); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestTheEarlierTimeADueCustomerHasCounts(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	s := &domain.Sync{}
	for _, step := range []struct{ by, want time.Time }{
		{at, at}, {at.Add(time.Second), at}, {at.Add(-time.Second), at.Add(-time.Second)},
	} {
		s.DueBy(step.by)
		if !s.DueAt.Equal(step.want) {
			t.Errorf("due by %v: got %v, want %v", step.by, s.DueAt, step.want)
		}
	}
}

func TestAPartIsEnqueuedWithoutAChange(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	s := &domain.Sync{Revision: 3}
	s.Enqueue(domain.SyncFacts, at)
	s.Enqueue(domain.SyncCoupon, at.Add(time.Hour))
	if s.Revision != 3 || !maps.Equal(s.Pending, map[domain.SyncPart]int64{domain.SyncFacts: 3, domain.SyncCoupon: 3}) || !s.DueAt.Equal(at) {
		t.Errorf("got %+v", s)
	}
}

func TestAFailureIsRetriedAtItsTimeOrNever(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	failure := domain.SyncFailure{Kind: domain.SyncTemporary, Code: "timeout", At: at}
	s := &domain.Sync{DueAt: &at, Attempts: 2}
	s.Fail(failure, new(at.Add(time.Minute)))
	if s.DueAt == nil || !s.DueAt.Equal(at.Add(time.Minute)) || *s.Failure != failure || s.Attempts != 2 {
		t.Errorf("to be retried: %+v", s)
	}
	if s.Fail(failure, nil); s.DueAt != nil || *s.Failure != failure {
		t.Errorf("not to be retried: %+v", s)
	}
	s.Succeed(at)
	if s.SucceededAt == nil || !s.SucceededAt.Equal(at) || s.Failure != nil || s.DueAt != nil || s.Attempts != 0 {
		t.Errorf("succeeded: %+v", s)
	}
}

func TestArchivingEndsTheAttemptThatHoldsTheLease(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	c := &domain.Customer{Sync: &domain.Sync{Lease: &domain.SyncLease{Holder: "a", Until: at.Add(time.Minute)}}}
	c.Archive(at)
	if lease := c.Sync.Lease; lease == nil || lease.Holder != "" || !lease.Until.Equal(at.Add(time.Minute)) {
		t.Errorf("got %+v; nobody must hold it until its end", lease)
	}
}

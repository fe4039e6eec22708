package domain

import (
	"testing"
	"time"
)

func TestPromotionalPeriodsEnd(t *testing.T) {
	t.Parallel()
	for period, want := range map[PromotionalEntitlementPeriod]string{
		PeriodOneWeek: "2024-02-07", PeriodOneMonth: "2024-02-29", PeriodSixMonth: "2024-07-31", PeriodOneYear: "2025-01-31",
		PeriodLifetime: "", PeriodCustom: "",
	} {
		got := period.EndAfter(start)
		if (got == nil) != (want == "") || got != nil && got.Format(time.DateOnly) != want {
			t.Errorf("%s: got %v, want %q", period, got, want)
		}
	}
}

func TestAPromotionalEntitlementGrantsBeforeItsEnd(t *testing.T) {
	t.Parallel()
	ends := PromotionalEntitlement{EndDate: &start}
	if !ends.Grants(start.Add(-time.Millisecond)) || ends.Grants(start) || ends.Grants(start.Add(time.Millisecond)) {
		t.Error("it does not grant exactly until its end")
	}
	if lasts := (PromotionalEntitlement{}); !lasts.Grants(start.AddDate(100, 0, 0)) {
		t.Error("it ends without an end")
	}
}

package stripe

import (
	"testing"

	"clientele/internal/billing/taxid"
)

func TestTheKeySaysTheModeOfTheAccount(t *testing.T) {
	for key, want := range map[string]taxid.Mode{
		"sk_test_1": taxid.Test, "rk_test_1": taxid.Test, "sk_org_test_1": taxid.Test,
		"sk_live_1": taxid.Live, "rk_live_test_1": taxid.Live, "sk_org_live_1": taxid.Live, "sk_1test_": taxid.Live, "": taxid.Live,
	} {
		if got := modeOf(key); got != want {
			t.Errorf("%q: mode %d, want %d", key, got, want)
		}
	}
}

package stripe_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clientele/internal/billing"
	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// newerTaxIDTypes are those that Stripe has since 2026-10-28, and its client does not know yet. A newer client takes
// them off this list.
var newerTaxIDTypes = []string{
	"au_acn", "au_wpn", "cz_dic", "fr_siren", "fr_siret", "fr_spi", "is_kt", "md_cf", "mu_vat", "mz_nuit", "nz_bn",
	"pt_nif", "sm_coe", "tt_bir", "tt_vat",
}

func TestTaxIDTypesAreThoseOfStripe(t *testing.T) {
	stripes := taxIDTypesOfTheClient(t)
	ours := taxid.Types()
	for _, taxType := range stripes {
		// What Stripe calls unknown nobody can give.
		if taxType != "unknown" && !slices.Contains(ours, taxType) {
			t.Errorf("%s is missing", taxType)
		}
	}
	for _, taxType := range ours {
		if slices.Contains(stripes, taxType) == slices.Contains(newerTaxIDTypes, taxType) {
			t.Errorf("%s: known to Stripe's client, or newer than it, and not both", taxType)
		}
	}
}

// taxIDTypesOfTheClient reads the client's source: at run time a constant that nobody names cannot be found.
func taxIDTypesOfTheClient(t *testing.T) []string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/stripe/stripe-go/v86").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "taxid.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, isValue := n.(*ast.ValueSpec)
		if !isValue {
			return true
		}
		if named, isNamed := spec.Type.(*ast.Ident); isNamed && named.Name == "TaxIDType" {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
		}
		return true
	})
	if len(found) < 100 {
		t.Fatalf("only %d types were found", len(found))
	}
	return found
}

// TestThereIsRoomForAllMetadata gives as many keys as there may be, to a customer who has all of ours.
func TestThereIsRoomForAllMetadata(t *testing.T) {
	sim, p := open(t, nil)
	id, customer := create(t, p)
	given := map[string]string{}
	for i := range p.Vendor().Rules.MaxMetadataKeys {
		given[fmt.Sprintf("key %d", i)] = strings.Repeat("ä", 500)
	}
	metadata, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	info := domain.BillingInformation{
		Metadata: metadata, Currency: new("EUR"), Timezone: new("Europe/Copenhagen"),
	}
	if err := p.Vendor().Rules.Check("in", info); err != nil {
		t.Fatal(err)
	}
	update := billing.CustomerUpdate{Ref: customer.Ref, ID: customer.ID, Information: info}
	if _, err := p.UpdateCustomer(t.Context(), id, update); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SetCoupon(t.Context(), id, billingtest.Coupons(customer)[0]); err != nil {
		t.Fatal(err)
	}
	kept := sim.Customers()[0].Metadata
	if len(kept) != 50 {
		t.Errorf("%d keys are kept, where Stripe has room for 50", len(kept))
	}
	for key, value := range kept {
		if given[key] != value && !strings.HasPrefix(key, billing.OwnMetadataPrefix) {
			t.Errorf("%q is ours, and has another prefix", key)
		}
	}
}

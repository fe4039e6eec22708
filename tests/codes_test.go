package tests

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// seenCodes are the error codes that the server answered to the tests of this run, and seenStatuses the codes each
// with the status that it came with.
var seenCodes, seenStatuses sync.Map

func noteCodes(got *answer) {
	for _, err := range got.Errors {
		seenCodes.Store(err.Extensions["code"], true)
		seenStatuses.Store(fmt.Sprint(err.Extensions["code"], " ", got.status), true)
	}
}

var errorRowForm = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([0-9, ]+) \\|")

// checkDocs reports which codes and statuses the server answered that docs/errors.md does not tell.
func checkDocs() error {
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		return err
	}
	documented := map[string]bool{}
	for _, row := range errorRowForm.FindAllStringSubmatch(string(text), -1) {
		for status := range strings.SplitSeq(row[2], ", ") {
			documented[row[1]+" "+status] = true
		}
	}
	var missing []string
	seenStatuses.Range(func(answered, _ any) bool {
		if code, _ := answered.(string); !documented[code] {
			missing = append(missing, code)
		}
		return true
	})
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("docs/errors.md does not tell of these codes with these statuses: %q", missing)
	}
	return nil
}

// elsewhereCodes are the codes that these tests cannot bring about, each with the reason and the test that can.
var elsewhereCodes = map[string]struct{ reason, file, test string }{
	"PromotionCodeCustomerNotFirstPurchase": {
		"a code is used by a new customer only, so this is always its first purchase", "../internal/domain/promotioncode_test.go", "TestPromotionCodeCheck",
	},
	"ProductNotFoundError": {
		"no catalogue with a plan of a missing product can be applied", "../graph/loaders_test.go", "TestWhatIsNotThere",
	},
	"ObjectAlreadyBeingUsedByAnotherRequestError": {
		"others would have to win every race for a customer", "../internal/customers/update_test.go", "TestAWriteThatAlwaysLosesEndsInConflict",
	},
}

var errorCodeForm = regexp.MustCompile(`(?m)^  "([^"]+)"\n  (\w+)$`)

// answeredCodes are the codes that the server returns according to the schema.
func answeredCodes() ([]string, error) {
	schema, err := os.ReadFile("../graph/schema/errors.graphqls")
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, code := range errorCodeForm.FindAllStringSubmatch(string(schema), -1) {
		if !strings.HasPrefix(code[1], "Unused") {
			codes = append(codes, code[2])
		}
	}
	return codes, nil
}

// TestCodesFromElsewhere keeps elsewhereCodes true: each of its tests is there, and each of its codes is one that
// the schema promises.
func TestCodesFromElsewhere(t *testing.T) {
	codes, err := answeredCodes()
	if err != nil {
		t.Fatal(err)
	}
	for code, where := range elsewhereCodes {
		source, err := os.ReadFile(where.file)
		if err != nil || !strings.Contains(string(source), "func "+where.test+"(t *testing.T)") {
			t.Errorf("%s: %s has no %s: %v", code, where.file, where.test, err)
		}
		if !slices.Contains(codes, code) {
			t.Errorf("%s is no code that the server returns according to the schema", code)
		}
	}
}

// checkCodes reports, at the end of a run of all tests, which codes of the schema none of them brought about.
// It is no test of its own because it has to come last.
func checkCodes() error {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return nil
		}
	}
	if testing.Short() {
		return nil
	}
	codes, err := answeredCodes()
	if err != nil || len(codes) < 30 {
		return fmt.Errorf("the schema has %d error codes: %w", len(codes), err)
	}
	var missing, known []string
	for _, code := range codes {
		_, seen := seenCodes.Load(code)
		_, elsewhere := elsewhereCodes[code]
		switch {
		case !seen && !elsewhere:
			missing = append(missing, code)
		case seen && elsewhere:
			known = append(known, code)
		}
	}
	if len(missing)+len(known) > 0 {
		return fmt.Errorf("error codes: no test brings about %v; elsewhereCodes need not have %v, out of %v",
			missing, known, slices.Sorted(maps.Keys(elsewhereCodes)))
	}
	return nil
}

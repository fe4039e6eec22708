package tests

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// seenCodes are the error codes that tests of this run received, and seenStatuses the codes with the HTTP
// status of their responses.
var seenCodes, seenStatuses sync.Map

func recordCodes(got *apiResponse) {
	for _, err := range got.Errors {
		seenCodes.Store(err.Extensions["code"], true)
		seenStatuses.Store(fmt.Sprint(err.Extensions["code"], " ", got.status), true)
	}
}

var errorRowForm = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([0-9, ]+) \\|")

// checkDocs reports which codes and statuses the server returned that docs/errors.md does not list.
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
	seenStatuses.Range(func(returned, _ any) bool {
		if code, _ := returned.(string); !documented[code] {
			missing = append(missing, code)
		}
		return true
	})
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("docs/errors.md does not list these codes with these statuses: %q", missing)
	}
	return nil
}

// unreachableCodes are the codes that no request to a whole server can cause, each with the reason. The packages that
// return them test them.
var unreachableCodes = map[string]string{
	"PromotionCodeCustomerNotFirstPurchase":       "only a new customer redeems a code, so it is always the first purchase",
	"ProductNotFoundError":                        "a catalogue with a plan of a missing product is rejected",
	"ObjectAlreadyBeingUsedByAnotherRequestError": "other writers would have to win every race for a customer",
}

var errorCodeForm = regexp.MustCompile(`(?m)^  "([^"]+)"\n  (\w+)$`)

// returnedCodes are the codes that the server returns according to the schema.
func returnedCodes() ([]string, error) {
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

// checkCodes reports, at the end of a run of all tests, which codes of the schema no test received.
// It is not a test because it has to run last.
func checkCodes() error {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return nil
		}
	}
	if testing.Short() {
		return nil
	}
	codes, err := returnedCodes()
	if err != nil || len(codes) < 30 {
		return fmt.Errorf("the schema has %d error codes: %w", len(codes), err)
	}
	var problems []error
	for _, code := range codes {
		_, seen := seenCodes.Load(code)
		if _, unreachable := unreachableCodes[code]; seen == unreachable {
			problems = append(problems, fmt.Errorf("error code %s: returned to a test is %t, in unreachableCodes is %t", code, seen, unreachable))
		}
	}
	for code := range unreachableCodes {
		if !slices.Contains(codes, code) {
			problems = append(problems, fmt.Errorf("unreachableCodes has %s, which the schema calls unused or does not have", code))
		}
	}
	return errors.Join(problems...)
}

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/graph/model"
	"clientele/graph/resolver"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/internal/logging"
	"clientele/persistence"
)

// wantCodes repeats errorCodes, because clients depend on each row. The linter holds errorCodes to have every kind.
var wantCodes = map[domain.Kind]struct {
	code       string
	validation bool
}{
	domain.Unauthenticated:      {"Unauthenticated", false},
	domain.IdentityForbidden:    {"IdentityForbidden", false},
	domain.BadUserInput:         {"BadUserInput", true},
	domain.UnsupportedParameter: {"UnsupportedParameter", true},
	domain.MissingID:            {"MissingEntityIdError", true},
	domain.IDMismatch:           {"EntityIdDifferentFromRefIdError", true},
	domain.InvalidMetadata:      {"InvalidMetadataError", true},
	domain.InvalidAddress:       {"InvalidAddressError", true},
	domain.InvalidTaxID:         {"InvalidTaxId", true},
	domain.Duplicate:            {"DuplicatedEntityNotAllowed", false},
	domain.Archived:             {"EntityIsArchivedError", false},
	domain.CustomerNotFound:     {"CustomerNotFound", false},
	domain.ImportFailed:         {"FailedToImportCustomer", false},
	domain.Conflict:             {"ObjectAlreadyBeingUsedByAnotherRequestError", false},
	domain.VersionMismatch:      {"VersionMismatch", false},
	domain.IdempotencyKeyReused: {"IdempotencyKeyReused", false},
	domain.Timeout:              {"OperationTimeout", false},
	domain.RateLimited:          {"RateLimitExceeded", false},
	domain.UntrustedDocument:    {"UntrustedDocument", false},

	domain.TooManyAliases:       {"GraphQLAliasesLimitExceeded", true},
	domain.TooManyOperations:    {"GraphQLBatchedOperationsLimitExceeded", true},
	domain.UnsupportedDirective: {"GraphQLUnsupportedDirective", true},

	domain.ProductNotFound:                {"ProductNotFoundError", false},
	domain.PlanNotFound:                   {"PlanNotFound", false},
	domain.AddonNotFound:                  {"AddonNotFound", false},
	domain.FeatureNotFound:                {"FeatureNotFound", false},
	domain.UnpublishedPackage:             {"UnPublishedPackage", false},
	domain.IncompatibleAddon:              {"IncompatibleSubscriptionAddon", false},
	domain.BillingPeriodMissing:           {"BillingPeriodMissingError", true},
	domain.InvalidQuantity:                {"InvalidQuantity", true},
	domain.AmountTooLarge:                 {"AmountTooLarge", true},
	domain.InvalidResetPeriod:             {"InvalidEntitlementResetPeriod", true},
	domain.SubscriptionNotFound:           {"SubscriptionNotFound", false},
	domain.PromotionalEntitlementNotFound: {"PromotionalEntitlementNotFoundError", false},
	domain.CouponNotFound:                 {"CouponNotFound", false},
	domain.IntegrationNotFound:            {"IntegrationNotFound", false},
	domain.NoBillingID:                    {"CustomerNoBillingId", false},
	domain.PaymentMethodNotFound:          {"PaymentMethodNotFoundError", false},
	domain.PaymentMethodRefused:           {"InitStripePaymentMethodError", false},
	domain.PaymentMethodStuck:             {"CannotRemovePaymentMethodFromCustomerError", false},
	domain.ProviderCustomerDeleted:        {"StripeCustomerIsDeleted", false},
	domain.CouponIsArchived:               {"ArchivedCouponCantBeApplied", false},
	domain.PromotionCodeNotFound:          {"PromotionCodeNotFound", false},
	domain.PromotionCodeNotActive:         {"PromotionCodeNotActive", false},
	domain.PromotionCodeNotForCustomer:    {"PromotionCodeNotForCustomer", false},
	domain.PromotionCodeExhausted:         {"PromotionCodeMaxRedemptionsReached", false},
	domain.PromotionCodeBelowMinimum:      {"PromotionCodeMinimumAmountNotReached", false},
	domain.PromotionCodeNotFirstPurchase:  {"PromotionCodeCustomerNotFirstPurchase", false},
	domain.APIKeyNotFound:                 {"ApiKeyNotFound", false},
	domain.TooManyAPIKeys:                 {"TooManyApiKeys", false},
}

func TestEveryKindHasACode(t *testing.T) {
	ctx := withCall(t.Context(), &call{requestID: "the-request"})
	for kind, want := range wantCodes {
		for name, err := range map[string]error{
			"by itself":  domain.Errorf(kind, "The sentence").With("fact", 5),
			"wrapped":    fmt.Errorf("secret context: %w", domain.Errorf(kind, "The sentence").With("fact", 5)),
			"with paths": gqlerror.WrapPath(ast.Path{ast.PathName("a")}, domain.Errorf(kind, "The sentence").With("fact", 5)),
		} {
			var log bytes.Buffer
			got := presenter{log: logging.New(&log, logging.FormatText, slog.LevelInfo)}.present(ctx, err)
			if code := fmt.Sprint(got.Extensions["code"]); code != want.code || !model.ErrorCode(code).IsValid() {
				t.Errorf("%s, %s: the code is %s", kind, name, code)
			}
			if got.Extensions["isValidationError"] != want.validation || got.Extensions["requestId"] != "the-request" || got.Extensions["fact"] != 5 {
				t.Errorf("%s, %s: %v", kind, name, got.Extensions)
			}
			if got.Message != "The sentence ("+want.code+")" {
				t.Errorf("%s, %s: the message is %q", kind, name, got.Message)
			}
			if log.Len() > 0 {
				t.Errorf("%s, %s: a refusal is in the log: %s", kind, name, log.String())
			}
		}
	}
	for kind := range errorCodes {
		if _, ok := wantCodes[kind]; !ok {
			t.Errorf("%s has no row in this test", kind)
		}
	}
	// Each code of the schema has one cause, and those that it calls unused have none.
	from := map[string]int{
		string(model.ErrorCodeUnexpectedError): 1, errcode.ParseFailed: 1, errcode.ValidationFailed: 1,
		persistedQueryNotFound: 1, persistedQueryNotSupported: 1,
	}
	for _, row := range errorCodes {
		from[string(row.code)]++
	}
	for _, code := range schemaOf(t).Types["ErrorCode"].EnumValues {
		want := 1
		if strings.HasPrefix(code.Description, "Unused.") {
			want = 0
		}
		if from[code.Name] != want {
			t.Errorf("%d kinds have the code %s, not %d", from[code.Name], code.Name, want)
		}
	}
}

func TestMessagesNameTheirCodeOnce(t *testing.T) {
	got := presenter{}.present(t.Context(), domain.Errorf(domain.CustomerNotFound, "CustomerNotFound: no such one"))
	if got.Message != "CustomerNotFound: no such one" {
		t.Errorf("the message is %q", got.Message)
	}
}

func TestFactsCannotReplaceTheCode(t *testing.T) {
	ctx := withCall(t.Context(), &call{requestID: "the-request"})
	err := domain.Errorf(domain.Duplicate, "x").With("code", "Mine").With("isValidationError", true).With("requestId", "mine")
	got := presenter{}.present(ctx, err)
	if fmt.Sprint(got.Extensions["code"]) != "DuplicatedEntityNotAllowed" || got.Extensions["isValidationError"] != false || got.Extensions["requestId"] != "the-request" {
		t.Errorf("%v", got.Extensions)
	}
}

func TestErrorsOfTheEngine(t *testing.T) {
	argument := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{
		Field: graphql.CollectedField{Field: &ast.Field{Name: "customers", Arguments: ast.ArgumentList{{Name: "paging"}}}},
	})
	resolved := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{
		Field: graphql.CollectedField{Field: &ast.Field{Name: "customers", Arguments: ast.ArgumentList{{Name: "paging"}}}},
		Args:  map[string]any{},
	})
	with := func(code string) error {
		err := gqlerror.Errorf("the text")
		errcode.Set(err, code)
		return err
	}
	for name, c := range map[string]struct {
		ctx     context.Context
		err     error
		code    string
		message string
		logged  bool
	}{
		"a document that cannot be parsed keeps its text": {t.Context(), with(errcode.ParseFailed), errcode.ParseFailed, "the text", false},
		"a document that is not valid keeps its text":     {t.Context(), with(errcode.ValidationFailed), errcode.ValidationFailed, "the text", false},
		"an argument that cannot be read is the client's": {argument, gqlerror.Errorf("the text"), "BadUserInput", "the text (BadUserInput)", false},
		"after the arguments it is not":                   {resolved, gqlerror.Errorf("the text"), "UnexpectedError", "", true},
		"without a code it is not":                        {t.Context(), gqlerror.Errorf("the text"), "UnexpectedError", "", true},
		"a code of another origin is not passed on":       {t.Context(), with("INTERNAL"), "UnexpectedError", "", true},
	} {
		var log bytes.Buffer
		got := presenter{log: logging.New(&log, logging.FormatText, slog.LevelInfo)}.present(c.ctx, c.err)
		if fmt.Sprint(got.Extensions["code"]) != c.code || got.Extensions["isValidationError"] != !c.logged {
			t.Errorf("%s: %v", name, got.Extensions)
		}
		if c.message != "" && got.Message != c.message || c.logged && strings.Contains(got.Message, "the text") {
			t.Errorf("%s: the message is %q", name, got.Message)
		}
		if strings.Contains(log.String(), "the text") != c.logged {
			t.Errorf("%s: the log is %q", name, log.String())
		}
	}
}

// brokenStore does the same instead of each of its calls.
type brokenStore struct {
	persistence.Store

	instead func(ctx context.Context) error
}

func (s brokenStore) LiveCustomer(ctx context.Context, _ domain.CustomerRef) (*domain.Customer, error) {
	return nil, s.instead(ctx)
}

func (s brokenStore) AnyCustomer(ctx context.Context, _ domain.CustomerRef) (*domain.Customer, error) {
	return nil, s.instead(ctx)
}

func (s brokenStore) ListCustomers(ctx context.Context, _ persistence.Query) (persistence.Page[domain.Customer], error) {
	return persistence.Page[domain.Customer]{}, s.instead(ctx)
}

func (s brokenStore) CountCustomers(ctx context.Context, _ string, _ persistence.Filter) (int, error) {
	return 0, s.instead(ctx)
}

func (s brokenStore) InsertCustomer(ctx context.Context, _ *domain.Customer) error {
	return s.instead(ctx)
}

func (s brokenStore) ReplaceCustomer(ctx context.Context, _ *domain.Customer) error {
	return s.instead(ctx)
}

// brokenCount is a store of which only the count is broken.
type brokenCount struct{ brokenStore }

func (s brokenCount) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	return s.Store.ListCustomers(ctx, query)
}

// brokenReplace is a store in which only replacing is broken.
type brokenReplace struct{ brokenStore }

func (s brokenReplace) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.Store.AnyCustomer(ctx, ref)
}

const bulkImport = `mutation { importCustomersBulk(input: { customers: [{ customerId: "one" }, { customerId: "two" }] }) }`

// brokenPaths are the operations that come upon each of the store's calls.
var brokenPaths = map[string]struct {
	operation string
	store     func(brokenStore) customers.Store
}{
	"LiveCustomer":                   {`{ getCustomerByRefId(input: { customerId: "one" }) { id } }`, all},
	"ListCustomers":                  {`{ customers { edges { node { id } } } }`, all},
	"CountCustomers":                 {`{ customers { totalCount pageInfo { hasNextPage } } }`, func(s brokenStore) customers.Store { return brokenCount{s} }},
	"AnyCustomer":                    {`mutation { archiveCustomer(input: { customerId: "one" }) { id } }`, all},
	"InsertCustomer":                 {`mutation { provisionCustomer(input: { customerId: "new" }) { customer { id } } }`, all},
	"ReplaceCustomer":                {`mutation { updateOneCustomer(input: { customerId: "one", name: "New" }) { id } }`, func(s brokenStore) customers.Store { return brokenReplace{s} }},
	"AnyCustomer, importing":         {`mutation { importOneCustomer(input: { customerId: "one" }) { id } }`, all},
	"AnyCustomer, importing in bulk": {bulkImport, all},
	"ReplaceCustomer, unarchiving":   {`mutation { unarchiveCustomer(input: { customerId: "archived" }) { id } }`, func(s brokenStore) customers.Store { return brokenReplace{s} }},
}

func all(s brokenStore) customers.Store { return s }

// TestUnexpectedErrorsAreMasked lets each call of the store fail with a text that nobody outside may read.
func TestUnexpectedErrorsAreMasked(t *testing.T) {
	for name, c := range brokenPaths {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			insert(t, store, "one", false)
			insert(t, store, "archived", true)
			var log bytes.Buffer
			broken := brokenStore{store, func(context.Context) error { return errors.New("SecretMark: the disk is full") }}
			got := ask(t.Context(), t, serving(c.store(broken), &log), c.operation)
			mustBeMasked(t, got)
			mustHold(t, log.String(), "SecretMark: the disk is full", "requestId=the-request", "level=ERROR")
		})
	}
}

// mustBeMasked expects one error that says nothing but the request id.
func mustBeMasked(t *testing.T, got reply) {
	t.Helper()
	if got.status != http.StatusOK || got.code() != "UnexpectedError" {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	err := got.Errors[0]
	if err.Extensions["isValidationError"] != false || err.Extensions["requestId"] != "the-request" || !strings.Contains(err.Message, "UnexpectedError") {
		t.Errorf("%s", got.body)
	}
	for _, secret := range []string{"SecretMark", "goroutine", ".go:", "panic"} {
		if strings.Contains(got.body, secret) {
			t.Errorf("the response holds %q: %s", secret, got.body)
		}
	}
}

// TestPanicsAreMasked lets each call of the store panic. The stack is in the log only.
func TestPanicsAreMasked(t *testing.T) {
	for name, c := range brokenPaths {
		if c.operation == bulkImport {
			continue // TestPanicInABulkImport
		}
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			insert(t, store, "one", false)
			insert(t, store, "archived", true)
			var log bytes.Buffer
			broken := brokenStore{store, func(context.Context) error { panic("SecretMark: out of range") }}
			handler := serving(c.store(broken), &log)
			mustBeMasked(t, ask(t.Context(), t, handler, c.operation))
			mustHold(t, log.String(), "SecretMark: out of range", "requestId=the-request", "level=ERROR", "errors_test.go:", "brokenStore")
			// The handler lives on.
			if got := ask(t.Context(), t, handler, `{ __typename }`); len(got.Errors) > 0 {
				t.Errorf("afterwards: %s", got.body)
			}
		})
	}
}

const panicInChild = "CLIENTELE_TEST_PANIC_IN_BULK_IMPORT"

// TestPanicInABulkImport runs in a process of its own, because a panic in one of the import's workers that
// nobody recovers ends the whole process.
func TestPanicInABulkImport(t *testing.T) {
	if os.Getenv(panicInChild) != "" {
		var log bytes.Buffer
		broken := brokenStore{newStore(t), func(context.Context) error { panic("SecretMark: out of range") }}
		mustBeMasked(t, ask(t.Context(), t, serving(broken, &log), bulkImport))
		mustHold(t, log.String(), "SecretMark: out of range", "requestId=the-request")
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicInABulkImport$", "-test.v")
	child.Env = append(os.Environ(), panicInChild+"=1")
	output, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: TestPanicInABulkImport") {
		t.Errorf("a panic in a worker of the import: %v\n%.1500s", err, output)
	}
}

func TestTimeOuts(t *testing.T) {
	for name, c := range brokenPaths {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			insert(t, store, "one", false)
			insert(t, store, "archived", true)
			for how, instead := range map[string]func(context.Context) error{
				"the time is over":       func(context.Context) error { return fmt.Errorf("read: %w", context.DeadlineExceeded) },
				"the operation is ended": func(context.Context) error { return fmt.Errorf("read: %w", context.Canceled) },
			} {
				var log bytes.Buffer
				got := ask(t.Context(), t, serving(c.store(brokenStore{store, instead}), &log), c.operation)
				if got.status != http.StatusOK || got.code() != "OperationTimeout" || got.Errors[0].Extensions["isValidationError"] != false {
					t.Errorf("%s: status %d: %s", how, got.status, got.body)
				}
				if log.Len() > 0 {
					t.Errorf("%s: the log has %s", how, log.String())
				}
			}
		})
	}
}

// TestClientsThatLeave ends the request before it begins, and while the store works on it.
func TestClientsThatLeave(t *testing.T) {
	for name, early := range map[string]bool{"before": true, "during": false} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if early {
				leave()
			}
			asked := false
			broken := brokenStore{newStore(t), func(ctx context.Context) error {
				asked = true
				leave()
				<-ctx.Done()
				return ctx.Err()
			}}
			var log bytes.Buffer
			got := ask(ctx, t, serving(broken, &log), `{ getCustomerByRefId(input: { customerId: "one" }) { id } }`)
			if got.code() != "OperationTimeout" || log.Len() > 0 || asked == early {
				t.Errorf("the store was asked: %t; status %d: %s\n%s", asked, got.status, got.body, log.String())
			}
		})
	}
}

// TestKeysThatCannotBeLookedUp: the response does not call a key wrong if the store did not respond.
func TestKeysThatCannotBeLookedUp(t *testing.T) {
	var log bytes.Buffer
	handler := NewHandler(Config{
		Limits: testLimits,
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{}, errors.New("SecretMark: the disk is full")
		},
		Log: logging.New(&log, logging.FormatText, slog.LevelInfo),
	})
	got := ask(t.Context(), t, handler, `{ __typename }`)
	if got.status != http.StatusServiceUnavailable || got.code() != "UnexpectedError" || strings.Contains(got.body, "SecretMark") || strings.Contains(got.body, `"data"`) {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	mustHold(t, log.String(), "SecretMark", "requestId=the-request")
}

// TestNobodyMayDoAnything: outside a request there is no caller, and no caller may write.
func TestNobodyMayDoAnything(t *testing.T) {
	if err := resolver.ActorOf(t.Context()).AuthorizeWrite(); !domain.IsKind(err, domain.IdentityForbidden) {
		t.Errorf("the error is %v", err)
	}
	handler := NewHandler(Config{
		Limits: testLimits,
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{}, domain.Errorf(domain.Unauthenticated, "no key")
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if got := ask(t.Context(), t, handler, `{ __typename }`); got.status != http.StatusUnauthorized || got.code() != "Unauthenticated" {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

// TestAWrongValueIsNotRepeated sends values that are not of their type, in the document and in a variable.
func TestAWrongValueIsNotRepeated(t *testing.T) {
	const mutation = `mutation { updateOneCustomer(input: { customerId: "ada", billingInformation: { %s } }) { id } }`
	handler := serving(newStore(t), io.Discard)
	for value, says := range map[string]string{
		`currency: BillingMark`:                                            `currency must be a value of the enum Currency; there is no such value`,
		`currency: "BillingMark"`:                                          `Currency`,
		`billingAddress: "BillingMark, found 7, value: 8"`:                 `billingAddress must be an object of the type Address, not a string`,
		`customerName: 77665544`:                                           `customerName must be a String, not a number`,
		`billingAddress: { city: ["BillingMark"] }`:                        `String`,
		`taxIds: ["BillingMark"]`:                                          `taxIds[0] must be an object of the type TaxExempt, not a string`,
		`currency: "does not exist in BillingMark does not exist in mark"`: `Currency`,
	} {
		got := ask(t.Context(), t, handler, fmt.Sprintf(mutation, value))
		if got.code() != "BadUserInput" || strings.Contains(got.body, "BillingMark") || strings.Contains(got.body, "77665544") {
			t.Errorf("%s: %s", value, got.body)
		}
		if len(got.Errors) == 0 || !strings.Contains(got.Errors[0].Message, says) {
			t.Errorf("%s is not said in %s", says, got.body)
		}
	}
	information := func(information any) map[string]any {
		return map[string]any{"input": map[string]any{"customerId": "ada", "billingInformation": information}}
	}
	for name, variables := range map[string]map[string]any{
		"an enum":   information(map[string]any{"currency": "BillingMark"}),
		"an object": information("BillingMark"),
		"a text":    information(map[string]any{"customerName": []any{"BillingMark", 77665544}}),
		"a list":    information(map[string]any{"taxIds": []any{"BillingMark"}}),
	} {
		got := askWith(t.Context(), t, handler, `mutation ($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { id } }`, variables)
		if got.code() != "BadUserInput" || strings.Contains(got.body, "BillingMark") || strings.Contains(got.body, "77665544") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

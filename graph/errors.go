package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/internal/logging"
	"clientele/internal/membudget"
	"clientele/persistence"
)

// errorCodes is the one table from what went wrong to what clients are told.
var errorCodes = map[domain.Kind]struct {
	code model.ErrorCode
	// validation is true when the input alone is to blame, so that the same request will fail again.
	validation bool
}{
	domain.Unauthenticated:      {code: model.ErrorCodeUnauthenticated},
	domain.IdentityForbidden:    {code: model.ErrorCodeIdentityForbidden},
	domain.BadUserInput:         {code: model.ErrorCodeBadUserInput, validation: true},
	domain.UnsupportedParameter: {code: model.ErrorCodeUnsupportedParameter, validation: true},
	domain.MissingID:            {code: model.ErrorCodeMissingEntityIDError, validation: true},
	domain.IDMismatch:           {code: model.ErrorCodeEntityIDDifferentFromRefIDError, validation: true},
	domain.InvalidMetadata:      {code: model.ErrorCodeInvalidMetadataError, validation: true},
	domain.InvalidAddress:       {code: model.ErrorCodeInvalidAddressError, validation: true},
	domain.InvalidTaxID:         {code: model.ErrorCodeInvalidTaxID, validation: true},
	domain.Duplicate:            {code: model.ErrorCodeDuplicatedEntityNotAllowed},
	domain.Archived:             {code: model.ErrorCodeEntityIsArchivedError},
	domain.CustomerNotFound:     {code: model.ErrorCodeCustomerNotFound},
	domain.ImportFailed:         {code: model.ErrorCodeFailedToImportCustomer},
	domain.Conflict:             {code: model.ErrorCodeObjectAlreadyBeingUsedByAnotherRequestError},
	domain.VersionMismatch:      {code: model.ErrorCodeVersionMismatch},
	domain.IdempotencyKeyReused: {code: model.ErrorCodeIdempotencyKeyReused},
	domain.Timeout:              {code: model.ErrorCodeOperationTimeout},
	domain.RateLimited:          {code: model.ErrorCodeRateLimitExceeded},
	domain.TooManyAliases:       {code: model.ErrorCodeGraphQLAliasesLimitExceeded, validation: true},
	domain.TooManyOperations:    {code: model.ErrorCodeGraphQLBatchedOperationsLimitExceeded, validation: true},
	domain.UnsupportedDirective: {code: model.ErrorCodeGraphQLUnsupportedDirective, validation: true},
	domain.UntrustedDocument:    {code: model.ErrorCodeUntrustedDocument},
	domain.APIKeyNotFound:       {code: model.ErrorCodeAPIKeyNotFound},
	domain.TooManyAPIKeys:       {code: model.ErrorCodeTooManyAPIKeys},

	domain.ProductNotFound:                {code: model.ErrorCodeProductNotFoundError},
	domain.PlanNotFound:                   {code: model.ErrorCodePlanNotFound},
	domain.AddonNotFound:                  {code: model.ErrorCodeAddonNotFound},
	domain.FeatureNotFound:                {code: model.ErrorCodeFeatureNotFound},
	domain.UnpublishedPackage:             {code: model.ErrorCodeUnPublishedPackage},
	domain.IncompatibleAddon:              {code: model.ErrorCodeIncompatibleSubscriptionAddon},
	domain.BillingPeriodMissing:           {code: model.ErrorCodeBillingPeriodMissingError, validation: true},
	domain.InvalidQuantity:                {code: model.ErrorCodeInvalidQuantity, validation: true},
	domain.AmountTooLarge:                 {code: model.ErrorCodeAmountTooLarge, validation: true},
	domain.InvalidResetPeriod:             {code: model.ErrorCodeInvalidEntitlementResetPeriod, validation: true},
	domain.SubscriptionNotFound:           {code: model.ErrorCodeSubscriptionNotFound},
	domain.PromotionalEntitlementNotFound: {code: model.ErrorCodePromotionalEntitlementNotFoundError},
	domain.IntegrationNotFound:            {code: model.ErrorCodeIntegrationNotFound},
	domain.NoBillingID:                    {code: model.ErrorCodeCustomerNoBillingID},
	domain.PaymentMethodNotFound:          {code: model.ErrorCodePaymentMethodNotFoundError},
	domain.PaymentMethodRefused:           {code: model.ErrorCodeInitStripePaymentMethodError},
	domain.PaymentMethodStuck:             {code: model.ErrorCodeCannotRemovePaymentMethodFromCustomerError},
	domain.ProviderCustomerDeleted:        {code: model.ErrorCodeStripeCustomerIsDeleted},
	domain.CouponNotFound:                 {code: model.ErrorCodeCouponNotFound},
	domain.CouponIsArchived:               {code: model.ErrorCodeArchivedCouponCantBeApplied},
	domain.PromotionCodeNotFound:          {code: model.ErrorCodePromotionCodeNotFound},
	domain.PromotionCodeNotActive:         {code: model.ErrorCodePromotionCodeNotActive},
	domain.PromotionCodeNotForCustomer:    {code: model.ErrorCodePromotionCodeNotForCustomer},
	domain.PromotionCodeExhausted:         {code: model.ErrorCodePromotionCodeMaxRedemptionsReached},
	domain.PromotionCodeBelowMinimum:      {code: model.ErrorCodePromotionCodeMinimumAmountNotReached},
	domain.PromotionCodeNotFirstPurchase:  {code: model.ErrorCodePromotionCodeCustomerNotFirstPurchase},
}

// presenter turns errors into what clients may read and logs the rest.
type presenter struct {
	log *slog.Logger
	// quiet is whether errors tell no name of the schema that the client did not send.
	quiet  bool
	limits Limits
}

// present shapes one error. Refusals go out as they are; errors of the GraphQL engine about the request
// keep their text; any other error is answered with a fixed sentence and logged under the request id.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	if callOf(ctx).size.full() && graphql.GetFieldContext(ctx) != nil {
		return unanswered
	}
	out := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	known, isKnown := errors.AsType[*gqlerror.Error](err)
	if isKnown {
		out.Locations = known.Locations
		if known.Path != nil {
			out.Path = known.Path
		}
	}
	extensions := map[string]any{}
	tooLarge, isTooLarge := errors.AsType[*membudget.TooLargeError](err)
	refusal, isRefusal := errors.AsType[*domain.Error](err)
	switch {
	case isRefusal && inArguments(ctx):
		// Scalars do not know what they are read for; the path behind the root field does.
		refusal = inArgument(out.Path, refusal)
	case isRefusal:
	case isTooLarge:
		refusal = limited("bytesInFlight", tooLarge.Total, domain.Errorf(domain.BadUserInput, "%s; ask for fewer fields, or a shorter page", tooLarge))
	case errors.Is(err, persistence.ErrBusy):
		refusal = callOf(ctx).busy.refuse(err)
	case errors.Is(err, persistence.ErrUnavailable):
		p.log.WarnContext(ctx, "store is unavailable", "error", logging.Masked(err))
		refusal = domain.Errorf(domain.Timeout, "The store did not answer; %s", outcome(ctx))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		refusal = domain.Errorf(domain.Timeout, "The operation took too long; %s", outcome(ctx))
		if ctx.Err() != nil {
			refusal = limited("operationTimeout", p.limits.OperationTimeout.String(), refusal)
		}
	case isKnown && (known.Extensions["code"] == errcode.ParseFailed || known.Extensions["code"] == errcode.ValidationFailed):
		extensions["code"], extensions["isValidationError"] = known.Extensions["code"], true
		field := ""
		if out.Message, field = p.wrong(known); field != "" {
			out.Path, extensions["field"] = nil, field
		}
	case isKnown && isPersistedQueryCode(known.Extensions["code"]):
		out.Message = known.Message
		extensions["code"], extensions["isValidationError"] = known.Extensions["code"], false
	case isKnown && inArguments(ctx):
		refusal = inArgument(out.Path, domain.Errorf(domain.BadUserInput, "%s", known.Message))
	default:
		p.log.ErrorContext(ctx, "unexpected error", "error", logging.Masked(err))
		out.Message = fmt.Sprintf("An unexpected error happened; the server's log has it under this request id (%s)", model.ErrorCodeUnexpectedError)
		extensions["code"], extensions["isValidationError"] = model.ErrorCodeUnexpectedError, false
	}
	if refusal != nil {
		row := errorCodes[refusal.Kind]
		for name, fact := range refusal.Facts {
			extensions[name] = shortenedFact(fact)
		}
		extensions["code"], extensions["isValidationError"] = row.code, row.validation
		out.Message = sentence(shortened(refusal.Message), row.code)
	}
	extensions["requestId"] = callOf(ctx).requestID
	observationOf(ctx).failed(ctx, extensions)
	out.Extensions = extensions
	return out
}

// unanswered stands for the errors of fields that were not resolved because the answer is too long. There can be
// many; the one that is told in their place is answerSize.refusal.
var unanswered = &gqlerror.Error{Message: "the answer is too long"}

// wrong says what is wrong with a document or its variables, and in which variable.
func (p presenter) wrong(err *gqlerror.Error) (message, field string) {
	message = err.Message
	isVariable := len(err.Path) > 1 && err.Path[0] == ast.PathName("variable")
	switch {
	case err.Extensions["code"] == errcode.ParseFailed:
		// The parser puts the text that it did not expect behind, in quotation marks or after a colon. It can be
		// anything.
		if end := strings.IndexAny(message, `":`); end > 0 {
			message = strings.TrimSpace(message[:end])
		}
	case isVariable && p.quiet:
		field = fmt.Sprint(err.Path[1])
		message = "the variable " + shortened(field) + " is not what its type takes"
	case isVariable:
		field = err.Path[1:].String()
		message = "the variable " + shortened(field) + ": " + message
	case p.quiet && err.Rule != "" && err.Rule != noIntrospection.Name:
		message = "the document breaks the rule " + err.Rule
	}
	return shortened(message), shortened(field)
}

// outcome is what is known of a request that was cut off.
func outcome(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return "nothing was done, so it can be sent again"
	}
	return "a change may or may not have been made"
}

// sentence is the message with the code's name in it, because clients match on the text.
func sentence(message string, code model.ErrorCode) string {
	if strings.Contains(message, string(code)) {
		return message
	}
	return fmt.Sprintf("%s (%s)", message, code)
}

// inArguments reports whether the error arose while a field's arguments were read, before its resolver.
func inArguments(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	return field != nil && field.Args == nil && field.Field.Field != nil && len(field.Field.Arguments) > 0
}

// inArgument says where in the arguments the refusal is, as far as the path behind the root field tells:
// input.taxIds[1].value must be a String.
func inArgument(path ast.Path, refusal *domain.Error) *domain.Error {
	if len(path) < 2 {
		return refusal
	}
	return domain.FieldErrorf(refusal.Kind, path[1:].String(), "%s", refusal.Message)
}

// recover turns a panic into an unexpected error; the stack goes to the log only.
func (p presenter) recover(ctx context.Context, cause any) error {
	observationOf(ctx).panicked()
	p.log.ErrorContext(ctx, "panic", "cause", logging.MaskedPanic(cause), "stack", string(debug.Stack()))
	return errors.New("panic")
}

// recoverRequest is deferred around what answers a request, and answers for it if it panicked outside the fields of
// an operation.
func (p presenter) recoverRequest(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(cause)
	}
	ctx = withCall(ctx, call{requestID: logging.RequestID(ctx)})
	writeError(w, r, http.StatusInternalServerError, p.present(ctx, p.recover(ctx, cause)))
}

package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/graph/document"
	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/internal/membudget"
	"clientele/persistence"
)

// errorCodes maps the kinds of package domain to codes of the API.
//
//exhaustive:enforce
var errorCodes = map[domain.Kind]struct {
	code model.ErrorCode
	// validation is true if the input alone is at fault, so that the same request will fail again.
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

// presenter turns errors into errors that clients may read, and logs unexpected ones.
type presenter struct {
	log *slog.Logger
	// quiet is whether errors name no part of the schema that the client did not send.
	quiet  bool
	limits limits.Limits
}

// present converts one error. A domain.Error keeps its message; errors of gqlgen about the request keep their text; any
// other error becomes a fixed message, and is logged with the request id.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	if callOf(ctx).size.full() && graphql.GetFieldContext(ctx) != nil {
		return errNotResolved
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
		// Scalars do not know their argument.
		refusal = inArgument(out.Path, refusal)
	case isRefusal:
	case isTooLarge:
		refusal = domain.Errorf(domain.BadUserInput, "%s; ask for fewer fields, or a shorter page", tooLarge).Limited("bytesInFlight", tooLarge.Total)
	case errors.Is(err, persistence.ErrBusy):
		refusal = callOf(ctx).busy.refuse(err)
	case errors.Is(err, persistence.ErrUnavailable):
		p.log.WarnContext(ctx, "store is unavailable", "error", logging.Masked(err))
		refusal = domain.Errorf(domain.Timeout, "The store did not respond; %s", outcome(ctx))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		refusal = domain.Errorf(domain.Timeout, "The operation took too long; %s", outcome(ctx))
		if ctx.Err() != nil {
			refusal = refusal.Limited("operationTimeout", p.limits.OperationTimeout.String())
		}
	case isKnown && (known.Extensions["code"] == errcode.ParseFailed || known.Extensions["code"] == errcode.ValidationFailed):
		extensions["code"], extensions["isValidationError"] = known.Extensions["code"], true
		field := ""
		if out.Message, field = document.ErrorText(known, p.quiet); field != "" {
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
		out.Message = sentence(document.Shorten(refusal.Message), row.code)
	}
	extensions["requestId"] = callOf(ctx).requestID
	out.Extensions = extensions
	return out
}

// errNotResolved is the error of fields that were not resolved because the response is too long. There can be many;
// responseSize.refusal replaces them all.
var errNotResolved = &gqlerror.Error{Message: "the response is too long"}

// outcome says what is known about a request that was cut off.
func outcome(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return "nothing was done, so it can be sent again"
	}
	return "a change may or may not have been made"
}

// sentence adds the code to a message, because clients match on the text.
func sentence(message string, code model.ErrorCode) string {
	if strings.Contains(message, string(code)) {
		return message
	}
	return fmt.Sprintf("%s (%s)", message, code)
}

// inArguments reports whether an error is from reading a field's arguments, before its resolver ran.
func inArguments(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	return field != nil && field.Args == nil && field.Field.Field != nil && len(field.Field.Arguments) > 0
}

// inArgument adds the path within the arguments to a refusal: input.taxIds[1].value must be a String.
func inArgument(path ast.Path, refusal *domain.Error) *domain.Error {
	if len(path) < 2 {
		return refusal
	}
	return domain.FieldErrorf(refusal.Kind, path[1:].String(), "%s", refusal.Message)
}

// recover turns a panic into an unexpected error, and logs the stack.
func (p presenter) recover(ctx context.Context, cause any) error {
	p.log.ErrorContext(ctx, "panic", "cause", logging.MaskedPanic(cause), "stack", string(debug.Stack()))
	return errors.New("panic")
}

// maxRefusalBytes bounds the errors of a request that was not executed; the first one is always there.
const maxRefusalBytes = 1_500

// few cuts errors to the limit. The last one then has the number of the others.
func (p presenter) few(errs gqlerror.List) gqlerror.List {
	if !limits.Over(len(errs), p.limits.Errors) {
		return errs
	}
	return p.first(errs, p.limits.Errors)
}

// fewBriefly is few for a request that was not executed. It bounds the size of the errors too.
func (p presenter) fewBriefly(errs gqlerror.List) gqlerror.List {
	size := 0
	for n, err := range errs {
		text, _ := json.Marshal(err)
		if size += len(text); n > 0 && size > maxRefusalBytes {
			return p.first(errs, n)
		}
	}
	return p.few(errs)
}

func (p presenter) first(errs gqlerror.List, n int) gqlerror.List {
	last := *errs[n-1]
	last.Extensions = map[string]any{"limit": "errors", "max": p.limits.Errors, "more": len(errs) - n}
	for name, fact := range errs[n-1].Extensions {
		last.Extensions[name] = fact
	}
	return append(errs[:n-1:n-1], &last)
}

// maxFactLength bounds a fact in an error, in characters, so that every valid id is complete.
const maxFactLength = 255

// shortenedFact cuts the texts of a fact, which may come from clients.
func shortenedFact(fact any) any {
	switch v := fact.(type) {
	case string:
		n := 0
		for at := range v {
			if n == maxFactLength {
				return v[:at] + "…"
			}
			n++
		}
	case []string:
		cut := make([]string, len(v))
		for i, text := range v {
			cut[i], _ = shortenedFact(text).(string)
		}
		return cut
	}
	return fact
}

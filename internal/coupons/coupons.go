// Package coupons has the use cases of coupons: create, find, change and archive. It knows the storage contract but no
// engine, and neither GraphQL nor HTTP. Which customer has a coupon is a matter of package customers.
package coupons

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// Service is the use cases. Create it with New.
type Service struct {
	coupons persistence.Documents[domain.Coupon]
	now     func() time.Time
	newID   func() string
}

// Option changes a Service for tests.
type Option func(*Service)

// WithClock sets where the time comes from.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// New makes the use cases over a store's coupons.
func New(coupons persistence.Documents[domain.Coupon], options ...Option) *Service {
	service := &Service{coupons: coupons, now: time.Now, newID: func() string { return uuid.Must(uuid.NewV7()).String() }}
	for _, option := range options {
		option(service)
	}
	return service
}

// Create is the input of Service.Create.
type Create struct {
	EnvironmentID *string
	RefID         string
	Name          string
	Description   *string
	// Type may be left out where the discount says it. DiscountValue is the deprecated way to give a percentage.
	Type             *domain.CouponType
	DiscountValue    *domain.Decimal
	PercentOff       *domain.Decimal
	AmountsOff       []Amount
	DurationInMonths *float64
	Metadata         json.RawMessage
}

// Amount is an amount off; without a currency it is in US dollars.
type Amount struct {
	Amount   domain.Decimal
	Currency *string
}

// Create stores a new coupon. Errors: IdentityForbidden, BadUserInput, AmountTooLarge, InvalidMetadata, Duplicate for
// an id that a coupon has, archived or not.
func (s *Service) Create(ctx context.Context, actor domain.Actor, input Create) (*domain.Coupon, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return nil, err
	}
	environment, err := actor.Environment(input.EnvironmentID)
	if err != nil {
		return nil, err
	}
	if err := validate.RefID("refId", input.RefID); err != nil {
		return nil, err
	}
	now := domain.Timestamp(s.now())
	ref := domain.Ref{EnvironmentID: environment, RefID: input.RefID}
	coupon := &domain.Coupon{
		Record: domain.NewRecord(ref, s.newID(), now), Status: domain.CouponActive, Source: domain.CouponSource,
	}
	if err := setTexts(coupon, &input.Name, domain.Change[string]{Given: true, Value: input.Description}); err != nil {
		return nil, err
	}
	if err := setDiscount(coupon, input); err != nil {
		return nil, err
	}
	if len(input.Metadata) > 0 {
		if coupon.Metadata, err = domain.Metadata(nil).Merge("additionalMetaData", input.Metadata); err != nil {
			return nil, err
		}
	}
	err = s.coupons.Insert(ctx, coupon)
	if errors.Is(err, persistence.ErrExists) {
		err = domain.FieldErrorf(domain.Duplicate, "refId", "is in use: Duplicated entity not allowed").
			About("Coupon", input.RefID)
	}
	return coupon, err
}

// Find returns a coupon by its RefID or UUID, archived or not; nil without an error for one that is unknown.
func (s *Service) Find(ctx context.Context, actor domain.Actor, id string) (*domain.Coupon, error) {
	coupon, err := persistence.Find(ctx, s.coupons, actor.EnvironmentID, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, nil
	}
	return coupon, err
}

func setTexts(coupon *domain.Coupon, name *string, description domain.Change[string]) error {
	if name != nil {
		if err := validate.Name("name", *name); err != nil {
			return err
		}
		if strings.TrimSpace(*name) == "" {
			return domain.FieldErrorf(domain.BadUserInput, "name", "must not be blank")
		}
		coupon.Name = *name
	}
	if description.Given {
		if description.Value != nil {
			if err := validate.Description("description", *description.Value); err != nil {
				return err
			}
		}
		coupon.Description = description.Value
	}
	return nil
}

func setDiscount(coupon *domain.Coupon, input Create) error {
	percent := input.PercentOff
	if input.DiscountValue != nil {
		if percent != nil || len(input.AmountsOff) > 0 || input.Type != nil && *input.Type == domain.CouponFixed {
			return domain.FieldErrorf(domain.BadUserInput, "discountValue", "is a percentage; give percentOff or amountsOff instead of it")
		}
		percent = input.DiscountValue
	}
	coupon.PercentOff, coupon.Type = percent, domain.CouponPercentage
	if percent == nil {
		coupon.Type = domain.CouponFixed
	}
	for _, off := range input.AmountsOff {
		currency := "USD"
		if off.Currency != nil {
			currency = *off.Currency
		}
		coupon.AmountsOff = append(coupon.AmountsOff, domain.Money{Amount: off.Amount, Currency: currency})
	}
	if err := validate.Discount("", percent, coupon.AmountsOff); err != nil {
		return err
	}
	if input.Type != nil && *input.Type != coupon.Type {
		return domain.FieldErrorf(domain.BadUserInput, "type", "must be %s for this discount", coupon.Type)
	}
	var err error
	coupon.DurationInMonths, err = validate.Months("durationInMonths", input.DurationInMonths)
	return err
}

// Update is the input of Service.Update: what is not given stays.
type Update struct {
	EnvironmentID *string
	RefID         string
	Name          domain.Change[string]
	Description   domain.Change[string]
	// Metadata is merged key by key, as that of customers.
	Metadata domain.Change[json.RawMessage]
	// IfVersion is the version that the change is meant for; nil is any.
	IfVersion *int64
}

// Update changes what the input gives; the discount of a coupon never changes.
// Errors: IdentityForbidden, BadUserInput, InvalidMetadata, CouponNotFound, Archived, VersionMismatch, Conflict.
func (s *Service) Update(ctx context.Context, actor domain.Actor, input Update) (*domain.Coupon, error) {
	return s.change(ctx, actor, input.EnvironmentID, input.RefID, input.IfVersion, func(coupon *domain.Coupon) error {
		if input.Name.Given && input.Name.Value == nil {
			return domain.FieldErrorf(domain.BadUserInput, "name", "must not be null")
		}
		if err := setTexts(coupon, input.Name.Value, input.Description); err != nil {
			return err
		}
		if !input.Metadata.Given {
			return nil
		}
		var patch json.RawMessage
		if input.Metadata.Value != nil {
			patch = *input.Metadata.Value
		}
		var err error
		coupon.Metadata, err = coupon.Metadata.Merge("additionalMetaData", patch)
		return err
	})
}

// Archive stops a coupon from being given out. ifVersion is the version that the change is meant for; nil is any.
// Errors: IdentityForbidden, CouponNotFound, Archived, VersionMismatch, Conflict.
func (s *Service) Archive(
	ctx context.Context, actor domain.Actor, environmentID *string, refID string, ifVersion *int64,
) (*domain.Coupon, error) {
	return s.change(ctx, actor, environmentID, refID, ifVersion, func(coupon *domain.Coupon) error {
		coupon.Status = domain.CouponArchived
		return nil
	})
}

// change applies decide to a coupon that is not archived, and stores the outcome.
func (s *Service) change(
	ctx context.Context, actor domain.Actor, environmentID *string, refID string, ifVersion *int64,
	decide func(*domain.Coupon) error,
) (*domain.Coupon, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return nil, err
	}
	environment, err := actor.Environment(environmentID)
	if err != nil {
		return nil, err
	}
	coupon, err := persistence.Change(ctx, s.coupons, domain.Ref{EnvironmentID: environment, RefID: refID}, func(coupon *domain.Coupon) (bool, error) {
		if coupon.Archived() {
			return false, domain.FieldErrorf(domain.Archived, "refId", "is an archived coupon: Entity is archived").
				About("Coupon", refID)
		}
		if err := domain.RequireVersion(ifVersion, coupon.Version); err != nil {
			return false, err
		}
		before := *coupon
		if err := decide(coupon); err != nil || reflect.DeepEqual(before, *coupon) {
			return false, err
		}
		coupon.UpdatedAt = domain.Timestamp(s.now())
		return true, nil
	})
	if errors.Is(err, persistence.ErrNotFound) {
		err = domain.NotFound(domain.CouponNotFound, "refId", "Coupon", refID)
	}
	return coupon, err
}

package catalog

import (
	"context"
	"errors"
	"sync/atomic"

	"clientele/internal/domain"
	"clientele/persistence"
)

var errKilled = errors.New("the process was killed")

// hooked is a store that calls before ahead of each write and returns its error instead of writing.
type hooked struct {
	persistence.Store
	before func(collection, refID string) error
}

func (h hooked) Features() persistence.Documents[domain.Feature] {
	return hookedDocuments[domain.Feature, *domain.Feature]{h.Store.Features(), "features", h.before}
}
func (h hooked) Products() persistence.Documents[domain.Product] {
	return hookedDocuments[domain.Product, *domain.Product]{h.Store.Products(), "products", h.before}
}
func (h hooked) Addons() persistence.Documents[domain.Addon] {
	return hookedDocuments[domain.Addon, *domain.Addon]{h.Store.Addons(), "addons", h.before}
}
func (h hooked) AddonVersions() persistence.Documents[domain.Addon] {
	return hookedDocuments[domain.Addon, *domain.Addon]{h.Store.AddonVersions(), "addonVersions", h.before}
}
func (h hooked) Plans() persistence.Documents[domain.Plan] {
	return hookedDocuments[domain.Plan, *domain.Plan]{h.Store.Plans(), "plans", h.before}
}
func (h hooked) PlanVersions() persistence.Documents[domain.Plan] {
	return hookedDocuments[domain.Plan, *domain.Plan]{h.Store.PlanVersions(), "planVersions", h.before}
}
func (h hooked) Coupons() persistence.Documents[domain.Coupon] {
	return hookedDocuments[domain.Coupon, *domain.Coupon]{h.Store.Coupons(), "coupons", h.before}
}
func (h hooked) PromotionCodes() persistence.Documents[domain.PromotionCode] {
	return hookedDocuments[domain.PromotionCode, *domain.PromotionCode]{h.Store.PromotionCodes(), "promotionCodes", h.before}
}

type hookedDocuments[T any, D pointer[T]] struct {
	persistence.Documents[T]
	collection string
	before     func(collection, refID string) error
}

func (d hookedDocuments[T, D]) Insert(ctx context.Context, document *T) error {
	if err := d.before(d.collection, D(document).Head().RefID); err != nil {
		return err
	}
	return d.Documents.Insert(ctx, document)
}

func (d hookedDocuments[T, D]) Replace(ctx context.Context, document *T) error {
	if err := d.before(d.collection, D(document).Head().RefID); err != nil {
		return err
	}
	return d.Documents.Replace(ctx, document)
}

// failAfter fails all writes after the given number.
func failAfter(writes int64) func(string, string) error {
	var made atomic.Int64
	return func(string, string) error {
		if made.Add(1) > writes {
			return errKilled
		}
		return nil
	}
}

package model

import "github.com/99designs/gqlgen/graphql"

// EnumComparison compares the value of an enum; the schema has one such type for each enum.
type EnumComparison[E ~string] struct {
	Is       graphql.Omittable[*bool] `json:"is,omitempty"`
	IsNot    graphql.Omittable[*bool] `json:"isNot,omitempty"`
	Eq       graphql.Omittable[*E]    `json:"eq,omitempty"`
	Neq      graphql.Omittable[*E]    `json:"neq,omitempty"`
	Gt       graphql.Omittable[*E]    `json:"gt,omitempty"`
	Gte      graphql.Omittable[*E]    `json:"gte,omitempty"`
	Lt       graphql.Omittable[*E]    `json:"lt,omitempty"`
	Lte      graphql.Omittable[*E]    `json:"lte,omitempty"`
	Like     graphql.Omittable[*E]    `json:"like,omitempty"`
	NotLike  graphql.Omittable[*E]    `json:"notLike,omitempty"`
	ILike    graphql.Omittable[*E]    `json:"iLike,omitempty"`
	NotILike graphql.Omittable[*E]    `json:"notILike,omitempty"`
	In       graphql.Omittable[[]E]   `json:"in,omitempty"`
	NotIn    graphql.Omittable[[]E]   `json:"notIn,omitempty"`
}

type (
	// SubscriptionStatusFilterComparison compares the status of a subscription.
	SubscriptionStatusFilterComparison struct {
		EnumComparison[SubscriptionStatus]
	}
	// PromotionalEntitlementStatusFilterComparison compares the status of a promotional entitlement.
	PromotionalEntitlementStatusFilterComparison struct {
		EnumComparison[PromotionalEntitlementStatus]
	}
	// CouponTypeFilterComparison compares the type of a coupon.
	CouponTypeFilterComparison struct{ EnumComparison[CouponType] }
	// CouponStatusFilterComparison compares the status of a coupon.
	CouponStatusFilterComparison struct{ EnumComparison[CouponStatus] }
	// CouponSourceFilterComparison compares the source of a coupon.
	CouponSourceFilterComparison struct{ EnumComparison[CouponSource] }
	// BillingModelFilterComparison compares the billing model of a price.
	BillingModelFilterComparison struct{ EnumComparison[BillingModel] }
)

package model

import (
	"github.com/99designs/gqlgen/graphql"

	"clientele/persistence"
)

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

// AsTexts is the comparison as that of texts. A pattern of an enum is one of its values, without wildcards.
func (c *EnumComparison[E]) AsTexts() *StringFieldComparison {
	return &StringFieldComparison{
		Is: c.Is, IsNot: c.IsNot, Eq: text(c.Eq), Neq: text(c.Neq), Gt: text(c.Gt), Gte: text(c.Gte), Lt: text(c.Lt), Lte: text(c.Lte),
		Like: pattern(c.Like), NotLike: pattern(c.NotLike), ILike: pattern(c.ILike), NotILike: pattern(c.NotILike),
		In: texts(c.In), NotIn: texts(c.NotIn),
	}
}

func text[E ~string](field graphql.Omittable[*E]) graphql.Omittable[*string] {
	value, set := field.ValueOK()
	switch {
	case !set:
		return graphql.Omittable[*string]{}
	case value == nil:
		return graphql.OmittableOf[*string](nil)
	}
	text := string(*value)
	return graphql.OmittableOf(&text)
}

func pattern[E ~string](field graphql.Omittable[*E]) graphql.Omittable[*string] {
	text := text(field)
	if value := text.Value(); value != nil {
		escaped := persistence.Escape(*value)
		return graphql.OmittableOf(&escaped)
	}
	return text
}

func texts[E ~string](field graphql.Omittable[[]E]) graphql.Omittable[[]string] {
	values, set := field.ValueOK()
	if !set {
		return graphql.Omittable[[]string]{}
	}
	var texts []string
	for _, value := range values {
		texts = append(texts, string(value))
	}
	if values != nil && texts == nil {
		// Empty is not null.
		texts = []string{}
	}
	return graphql.OmittableOf(texts)
}

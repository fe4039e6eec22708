package domain

// Product is what a customer subscribes to, in one of its plans.
type Product struct {
	Record                  `bson:",inline"`
	DisplayName             *string  `bson:"displayName"`
	Description             *string  `bson:"description"`
	AWSMarketplaceProductID *string  `bson:"awsMarketplaceProductId"`
	Metadata                Metadata `bson:"metadata"`
	// MultipleSubscriptions is whether a customer may have several subscriptions of the product at once, one
	// a resource.
	MultipleSubscriptions bool    `bson:"multipleSubscriptions"`
	Journey               Journey `bson:"journey"`
}

// Journey is the product's Customer Journey: how subscriptions begin and end.
type Journey struct {
	Start StartSetup `bson:"start"`
	// StartPlanID is the plan that FREE_PLAN and TRIAL_PERIOD start with.
	StartPlanID *string  `bson:"startPlanId"`
	End         EndSetup `bson:"end"`
	// DowngradePlanID is the free plan that DOWNGRADE_TO_FREE leads to.
	DowngradePlanID *string `bson:"downgradePlanId"`
	// CancellationTime is END_OF_BILLING_PERIOD, IMMEDIATE or SPECIFIC_DATE.
	CancellationTime string `bson:"cancellationTime"`
}

// StartSetup is what a new customer's subscription starts with.
type StartSetup string

// The ways to start: with the plan asked for, with a free plan, with a trial.
const (
	StartPlanSelection StartSetup = "PLAN_SELECTION"
	StartFreePlan      StartSetup = "FREE_PLAN"
	StartTrialPeriod   StartSetup = "TRIAL_PERIOD"
)

// EndSetup is what comes after a subscription that ended.
type EndSetup string

// The ways to end: with nothing, or with a free plan.
const (
	EndCancel    EndSetup = "CANCEL_SUBSCRIPTION"
	EndDowngrade EndSetup = "DOWNGRADE_TO_FREE"
)

// Package model holds the types of the schema: those that gqlgen makes, and the few that are written by hand.
package model

// Archived reports whether the customer is archived, and so must be in no response.
func (c *Customer) Archived() bool { return c != nil && c.DeletedAt != nil }

// Archived reports whether the edge leads to an archived customer.
func (e *CustomerEdge) Archived() bool { return e.Node.Archived() }

// Archived reports whether the subscription is an archived customer's.
func (s *CustomerSubscription) Archived() bool { return s != nil && s.Of.Archived() }

// Archived reports whether the promotional entitlement is an archived customer's.
func (p *PromotionalEntitlement) Archived() bool { return p != nil && p.Of.Archived() }

// Archived reports whether the edge leads to a promotional entitlement of an archived customer.
func (e *PromotionalEntitlementEdge) Archived() bool { return e.Node.Archived() }

// Personal is what belongs to a customer: the customer itself, its subscriptions, its promotional entitlements.
type Personal interface{ Archived() bool }

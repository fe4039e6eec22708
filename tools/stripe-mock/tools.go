//go:build tools

// Package tools pins stripe-mock, Stripe's own server that judges requests by its API's specification. It has
// a module of its own so that what it needs is not in ours.
package tools

import _ "github.com/stripe/stripe-mock"

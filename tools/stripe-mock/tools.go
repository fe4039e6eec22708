//go:build tools

// Package tools pins the version of stripe-mock, Stripe's server that checks requests against the API's specification.
// It has its own module so that its dependencies are not in the server's.
package tools

import _ "github.com/stripe/stripe-mock"

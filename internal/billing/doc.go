// Package billing is the way to the billing provider. For now it only judges the billing information of an
// input before that passes through; the provider itself is yet to come.
//
// Billing information is secret: it is never stored, logged or repeated to the caller. So no error of this
// package holds a value, or even a key, of what was sent: it names the input's path and the rule.
//
// The package must not know GraphQL, storage or who is asking. Every rule holds without asking the
// provider: a tax id of the right form may still be nobody's.
package billing

// Package billing is the way to the billing provider: it judges the billing information of an input before
// that passes through, says what a provider can do (Provider), how it fails (ProviderError), and what its
// events mean for a customer (Event, Apply). The providers themselves are in folders of their own.
//
// Billing information is secret: it is never stored, logged or repeated to the caller. So no error of this
// package holds a value, or even a key, of what was sent: it names the input's path and the rule.
//
// The package must not know GraphQL, HTTP, storage, who is asking, or any one provider's client. Check's rules
// hold without asking the provider: a tax id of the right form may still be nobody's.
package billing

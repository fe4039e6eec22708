// Package billing is the port to billing providers: what a provider does (Provider), how it describes itself (Vendor), how
// it fails (ProviderError), what its events mean for a customer (Event, Apply), and the checks of billing information
// (Rules). Each provider has a folder of its own.
//
// Billing information is secret: it is never stored, logged or repeated to the caller. So no error of this
// package holds a value, or even a key, of what was sent: it names the input's path and the rule.
//
// The package must not know GraphQL, HTTP, storage, who is asking, or any one provider's client. Check's rules
// hold without asking the provider: a tax id of the right form may still be nobody's.
package billing

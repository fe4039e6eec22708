package customers_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

// FuzzCustomerID looks for ids that break the rules and are taken, or keep them and are refused; and for ids that do
// not lead back to their own customer, live and archived.
func FuzzCustomerID(f *testing.F) {
	for _, seed := range []string{
		"", " ", "a", "a ", "\u00a0a", "ada@example.com", "a/b", "../x", "a.b", "$a", "%", "_", "A", "é", "e\u0301", "😀", "\x00", "a\nb", "\u0085", "\ufeff",
		"\u200b", strings.Repeat("é", 255), strings.Repeat("a", 256), "日本語", "development/a", "\ufffd",
	} {
		f.Add(seed)
	}
	fixture := start(f)
	f.Fuzz(func(t *testing.T, id string) {
		if !utf8.ValidString(id) {
			t.Skip("the edge lets no such text in")
		}
		n := utf8.RuneCountInString(id)
		wrong := n < 1 || n > 255
		for i, r := range []rune(id) {
			wrong = wrong || unicode.IsControl(r) || (i == 0 || i == n-1) && unicode.IsSpace(r)
		}
		got, err := fixture.Provision(t.Context(), full, customers.Provision{Identity: by(id)})
		if wrong {
			if refusal, ok := errors.AsType[*domain.Error](err); !ok || refusal.Kind != domain.BadUserInput || refusal.Facts["field"] != "customerId" {
				t.Fatalf("%q: got %v, want a refusal", id, err)
			}
			return
		}
		if err != nil && !domain.IsKind(err, domain.Duplicate) && !domain.IsKind(err, domain.Archived) {
			t.Fatalf("%q: %v", id, err)
		}
		if err != nil {
			return // It was tried before.
		}
		found, err := fixture.Get(t.Context(), full, nil, id)
		if err != nil || found == nil || found.CustomerID != id || found.ID != got.ID {
			t.Fatalf("%q: got %+v, %v, want its customer", id, found, err)
		}
		if _, err := fixture.Archive(t.Context(), full, by(id), nil); err != nil {
			t.Fatalf("%q: archive: %v", id, err)
		}
		if found, err := fixture.Get(t.Context(), full, nil, id); found != nil || err != nil {
			t.Fatalf("%q: got %+v, %v, want no archived customer", id, found, err)
		}
	})
}

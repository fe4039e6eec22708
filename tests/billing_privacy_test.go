package tests

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

// secretInformation is billing information whose texts are found nowhere else.
var secretInformation = object{
	"billingAddress": object{
		"country": "GL", "state": "BillingStateMark", "city": "BillingCityMark", "postalCode": "BILLING-POST-MARK",
		"addressLine1": "Billing Line One Mark", "addressLine2": "Billing Line Two Mark", "phoneNumber": "+299 1357 2468",
	},
	"shippingAddress": object{
		"country": "GL", "state": "ShippingStateMark", "city": "ShippingCityMark", "postalCode": "SHIPPING-POST-MARK",
		"addressLine1": "Shipping Line One Mark", "addressLine2": "Shipping Line Two Mark", "phoneNumber": "+299 8642 7531",
	},
	"taxIds":              []object{{"type": "eu_vat", "value": "DK13585628"}, {"type": "gb_vat", "value": "GB220430231"}},
	"invoiceCustomFields": object{"Field Key Mark": "Field Value Mark"}, "timezone": "Antarctica/Troll", "language": "kl-Latn-GL",
	"customerName": "Invoice Name Mark", "metadata": object{"metadata_key_mark": "Metadata Value Mark", "nested": object{"nested_mark": "Nested Mark"}},
	"paymentMethodId": "pm_payment_method_mark",
}

// secretTexts are the texts in an input by where they are, names of keys that the caller chose among them.
func secretTexts(path string, value any, into map[string]string) map[string]string {
	switch v := value.(type) {
	case object:
		for name, member := range v {
			if strings.HasSuffix(strings.ToLower(name), "mark") {
				into[path+" key"] = name
			}
			secretTexts(path+"."+name, member, into)
		}
	case []object:
		for i, element := range v {
			secretTexts(fmt.Sprint(path, i), element, into)
		}
	case string:
		if len(v) >= shortest && !strings.HasSuffix(path, ".type") {
			into[path] = v
		}
	}
	return into
}

// documents returns everything in a server's store.
func documents(t *testing.T, cfg config.Config) string {
	t.Helper()
	var kept strings.Builder
	if cfg.MongoDBURI != "" {
		for _, document := range mongotest.Documents(t, string(cfg.MongoDBURI)) {
			kept.Write(document)
		}
		return kept.String()
	}
	err := filepath.WalkDir(cfg.DataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Type()&fs.ModeSocket != 0 { // A socket keeps nothing.
			return err
		}
		text, err := os.ReadFile(path)
		kept.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kept.String()
}

// mustHoldNoBillingInformation looks for every text of billing information in everything. To prove that it would find one, each place
// must hold the control that is given for it.
func mustHoldNoBillingInformation(t *testing.T, places, controls map[string]string) {
	t.Helper()
	secrets := secretTexts("billingInformation", secretInformation, map[string]string{})
	size := 0
	for place, text := range places {
		size += len(text)
		if find(text, controls[place]) < 0 {
			t.Errorf("the %s do not even hold %q", place, controls[place])
		}
		for what, secret := range secrets {
			if at := find(text, secret); at >= 0 {
				t.Errorf("the %s hold %s: …%q…", place, what, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("none of %d texts of billing information in %d kB of %d places", len(secrets), size>>10, len(places))
}

// echo has the provider refuse a request with a status, and repeat all of it.
func echo(status int) func(http.ResponseWriter, call) {
	return func(w http.ResponseWriter, c call) {
		text, _ := json.Marshal(object{"error": object{
			"type": "invalid_request_error", "code": "parameter_invalid", "param": "metadata[metadata_key_mark]",
			"message": "Invalid: " + c.path + " " + c.body, "payment_method": object{"id": c.path}, "decline_code": c.body,
		}})
		w.WriteHeader(status)
		_, _ = w.Write(text)
	}
}

// TestBillingInformationIsKeptNowhere sends billing information in every way in which it can be sent, to a provider
// that accepts it, refuses it in its own words, fails and hangs; and then looks for it in the server's store, logs,
// metrics, traces and responses.
func TestBillingInformationIsKeptNowhere(t *testing.T) {
	const kept = "Kept Name Control"
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			cfg.APIKey = fullKey
			p := startProvider(t)
			p.bill(&cfg)
			server := startObserved(t, cfg, exampleCatalog)
			var responses strings.Builder
			keys := 0
			send := func(what string, refused bool, operation string, input object) {
				t.Helper()
				keys++
				got := server.keyed(t, fmt.Sprintf(`"key-%d"`, keys), operation, object{"input": input})
				responses.Write(got.body)
				if (len(got.Errors) > 0) != refused {
					t.Errorf("%s: %s", what, got.body)
				}
				// And once more, out of what is kept of it.
				responses.Write(server.keyed(t, fmt.Sprintf(`"key-%d"`, keys), operation, object{"input": input}).body)
			}
			good := with(secretInformation, object{"paymentMethodId": "pm_card_visa"})
			send("a provision", false, provisionWithBillingOperation, object{"customerId": "one", "name": kept, "billingInformation": good})
			send("an update", false, updateWithBillingOperation, object{"customerId": "one", "billingInformation": good, "shouldWaitSync": true})
			if there := p.known("one"); len(there) != 1 || there[0].Name != "Invoice Name Mark" || there[0].DefaultPaymentMethod == "" {
				t.Fatalf("the provider has %+v", there)
			}
			send("an import", false, importOperation, object{"customerId": "one", "name": kept, "paymentMethodId": "pm_card_amex"})
			send("a method that the provider does not have", false, updateWithBillingOperation,
				object{"customerId": "one", "billingInformation": secretInformation, "shouldWaitSync": true})
			send("a method that it does not have, for a new one", false, provisionWithBillingOperation, object{"customerId": "two", "name": kept, "billingInformation": secretInformation})
			for _, status := range []int{400, 402, 404, 409, 429, 500} {
				p.respondWith(echo(status))
				send(fmt.Sprint("what is refused with ", status), false, updateWithBillingOperation, object{"customerId": "one", "billingInformation": good, "shouldWaitSync": true})
				send(fmt.Sprint("a new one that is refused with ", status), false, provisionWithBillingOperation,
					object{"customerId": fmt.Sprint("refused-", status), "name": kept, "billingInformation": good})
			}
			p.respondWith(nil)
			for what, input := range map[string]object{
				"a country":       {"billingAddress": with(good["billingAddress"].(object), object{"country": "BillingCityMark"})},
				"an address":      {"billingAddress": with(good["billingAddress"].(object), object{"addressLine1": strings.Repeat("Billing Line One Mark", 20)})},
				"a phone number":  {"billingAddress": with(good["billingAddress"].(object), object{"phoneNumber": strings.Repeat("+299 1357 2468", 20)})},
				"a tax id":        {"taxIds": []object{{"type": "eu_vat", "value": "Billing Line One Mark"}}},
				"a type":          {"taxIds": []object{{"type": "Billing Line One Mark", "value": "DK13585628"}}},
				"a tax id twice":  {"taxIds": []object{{"type": "eu_vat", "value": "DK13585628"}, {"type": "eu_vat", "value": "DK13585628"}}},
				"a time zone":     {"timezone": "BillingCityMark"},
				"a language":      {"language": "BillingCityMark"},
				"a currency":      {"currency": "BillingCityMark"},
				"custom fields":   {"invoiceCustomFields": object{"Field Key Mark": object{"nested_mark": "Field Value Mark"}}},
				"a custom field":  {"invoiceCustomFields": object{strings.Repeat("Field Key Mark", 20): "Field Value Mark"}},
				"metadata":        {"metadata": object{strings.Repeat("metadata_key_mark", 20): "Metadata Value Mark"}},
				"a metadata text": {"metadata": object{"metadata_key_mark": strings.Repeat("Metadata Value Mark", 100)}},
				"a name":          {"customerName": strings.Repeat("Invoice Name Mark", 50)},
				"a method":        {"paymentMethodId": strings.Repeat("pm_payment_method_mark", 50)},
				"a wrong type":    {"customerName": object{"a": "Invoice Name Mark"}},
				"a list":          {"taxIds": "DK13585628"},
			} {
				send(what+" that is wrong", true, provisionWithBillingOperation, object{"customerId": "wrong", "billingInformation": with(good, input)})
				send(what+" that is wrong in an update", true, updateWithBillingOperation, object{"customerId": "one", "billingInformation": with(good, input)})
			}
			send("an unknown customer", true, updateWithBillingOperation, object{"customerId": "nobody", "billingInformation": good})

			// While the provider hangs, the server holds it in memory, and a crash would leave what is kept now.
			var held atomic.Int64
			release := make(chan struct{})
			p.watchWith(func(_ moment, c call) bool {
				held.Add(1)
				select {
				case <-release:
				case <-c.ended:
				}
				return true
			})
			send("what hangs", false, updateWithBillingOperation, object{"customerId": "one", "billingInformation": good})
			await(t, time.Minute, func() string {
				if held.Load() == 0 {
					return "nothing hangs"
				}
				return ""
			})
			meanwhile := documents(t, cfg)
			p.watchWith(nil)
			close(release)
			awaitSync(t, server.client, time.Minute, func(_, status, _ string) bool { return status != "PENDING" })
			send("an archive", false, archiveOperation, object{"customerId": "two"})
			responses.Write(server.do(t, listWithBillingOperation, nil).body)

			places := server.end(t)
			places["documents"], places["documents in the meantime"], places["responses"] = documents(t, cfg), meanwhile, responses.String()
			mustHoldNoBillingInformation(t, places, map[string]string{
				"log": "the billing provider refuses a customer", "metrics": `field="updateOneCustomer"`, "spans": "GraphQL mutation updateOneCustomer",
				"documents": kept, "documents in the meantime": kept, "responses": kept,
			})
		})
	}
}

// TestBillingInformationIsKeptNowhereAfterAKill kills the server during a push.
func TestBillingInformationIsKeptNowhereAfterAKill(t *testing.T) {
	t.Parallel()
	const kept = "Kept Name Control"
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	p := startProvider(t)
	arguments := append(p.arguments(), "--log-level", "debug", "--log-format", "json")
	server := startProcess(t, cfg.DataDir, arguments...)
	reached, killed := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	p.watchWith(func(m moment, c call) bool {
		if m == carriedOut && c.about("Mark") {
			reach()
			<-killed
		}
		return true
	})
	server.must(t, provisionWithBillingOperation, object{"input": object{"customerId": "one", "name": kept, "billingInformation": secretInformation}})
	<-reached
	server.kill(t)
	close(killed)
	p.watchWith(nil)
	left := documents(t, cfg)
	log := server.log.String()
	server = startProcess(t, cfg.DataDir, arguments...)
	customer := customerWithBilling(t, server.client, "one")
	server.kill(t)
	mustHoldNoBillingInformation(t, map[string]string{
		"documents": left, "documents of the next server": documents(t, cfg), "log": log, "log of the next server": server.log.String(), "response": fmt.Sprint(customer),
	}, map[string]string{
		"documents": kept, "documents of the next server": kept, "response": kept, "log": "provisionCustomer", "log of the next server": "getCustomerByRefId",
	})
}

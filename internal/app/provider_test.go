package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"clientele/internal/billing/filetest"
	"clientele/internal/config"
)

// The line that a second provider costs. It keeps its file in the data directory.
func init() {
	providers = append(providers, provider{"files", filetest.Describe(), func(a *App, _ context.Context, _ net.Addr) (*biller, error) {
		return a.connect(filetest.New(a.config.DataDir), true), nil
	}})
}

// serveFiles starts a server whose billing provider is a file in the folder, and returns its address.
func serveFiles(t *testing.T, folder string) (address string) {
	t.Helper()
	cfg, err := config.Load([]string{"--billing=files", "--data-dir=" + folder, "--api-key=" + string(config.ExampleKey)}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	end := inBackground(t.Context(), func(ctx context.Context) {
		if err := a.Serve(ctx, listener, io.Discard); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		end()
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// post sends a body with a header and returns the status and the body of the response.
func post(t *testing.T, url, header, value string, body []byte) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(got)
}

func TestASecondProviderIsOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	address, account := serveFiles(t, folder), filetest.New(folder)
	query := func(document string) string {
		t.Helper()
		body, err := json.Marshal(map[string]string{"query": document})
		if err != nil {
			t.Fatal(err)
		}
		_, got := post(t, address+"/graphql", "X-API-KEY", string(config.ExampleKey), body)
		return got
	}
	expect := func(got, want string) {
		t.Helper()
		var response struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal([]byte(got), &response); err != nil || len(response.Data) != 1 {
			t.Fatalf("%s, %v", got, err)
		}
		for _, value := range response.Data {
			if string(value) != want {
				t.Fatalf("got  %s\nwant %s", value, want)
			}
		}
	}

	query(`mutation { provisionCustomer(input: { customerId: "ada", name: "Ada", shouldSyncFree: true }) { customer { customerId } } }`)
	expect(query(`mutation { attachCustomerPaymentMethod(input: {
		customerId: "ada", vendorIdentifier: ZUORA, integrationId: "files", paymentMethodId: "card"
	}) { billingId defaultPaymentMethodLast4Digits syncStates { vendorIdentifier status integration { id } } } }`),
		`{"billingId":"cus_0","defaultPaymentMethodLast4Digits":"4242","syncStates":[{"vendorIdentifier":"ZUORA","status":"SUCCESS","integration":{"id":"files"}}]}`)
	if got := account.Customers(); len(got) != 1 || got[0].Name != "Ada" || len(got[0].Methods) != 1 {
		t.Fatalf("the provider has %+v", got)
	}

	if err := account.Delete("cus_0"); err != nil {
		t.Fatal(err)
	}
	events := account.Events()
	deletion := events[len(events)-1]
	if status, got := post(t, address+"/webhooks/files", "File-Signature", filetest.Sign(deletion)+"00", deletion); status != http.StatusBadRequest {
		t.Errorf("an event with a wrong signature: %d %s", status, got)
	}
	if status, got := post(t, address+"/webhooks/files", "File-Signature", filetest.Sign(deletion), deletion); status != http.StatusOK {
		t.Errorf("an event: %d %s", status, got)
	}
	expect(query(`{ getCustomerByRefId(input: { customerId: "ada" }) { syncStates { status } } }`), `{"syncStates":[{"status":"ERROR"}]}`)
}

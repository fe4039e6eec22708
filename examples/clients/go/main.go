// This program provisions customers, updates one, lists them page by page and archives one. Run it against a server
// without customers.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"clientele-client-example/api"
	"clientele-client-example/optional"
)

//go:generate go tool genqlient

func main() {
	url := cmp.Or(os.Getenv("CLIENTELE_URL"), "http://127.0.0.1:8080")
	apiKey := cmp.Or(os.Getenv("CLIENTELE_API_KEY"), "server-for-this-machine-only")
	if err := run(context.Background(), url, apiKey); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, apiKey string) error {
	client := newClient(url, apiKey, http.DefaultTransport)

	// The response is lost. The client retries the mutation with the same idempotency key, so the server does not carry
	// it out again but returns the stored response.
	described := details{
		name: optional.Of("Ada Lovelace"), email: optional.Of("ada@example.com"), metadata: object(`{"seats": 3, "plan": "free"}`),
	}
	transport := &losingTransport{}
	if err := provision(ctx, newClient(url, apiKey, transport), "ada", described); err != nil {
		return fmt.Errorf("provision ada: %w", err)
	}
	if !slices.Equal(transport.replayed, []string{"", "true"}) {
		return fmt.Errorf("unexpected Idempotency-Replayed headers: %q", transport.replayed)
	}
	fmt.Println("provisioned ada, although the first response was lost")

	// Decide by an error's code, never by its message.
	for _, customerID := range []string{"ada", "brian", "cleo", "dora", "edsger"} {
		err := provision(ctx, client, customerID, details{})
		switch code, extensions := errorCode(err); {
		case code == "DuplicatedEntityNotAllowed":
			fmt.Println(extensions["identifier"], "already exists")
		case err != nil:
			return fmt.Errorf("provision %s: %w", customerID, err)
		}
	}

	// A field that is left out stays (name), null clears a field (email), and metadata is merged key by key.
	ada, err := update(ctx, client, "ada", details{email: optional.Null[string](), metadata: object(`{"plan": "pro"}`)})
	if err != nil {
		return fmt.Errorf("update ada: %w", err)
	}
	name, _ := ada.Name.Get()
	email, hasEmail := ada.Email.Get()
	if !hasEmail {
		email = "none"
	}
	metadata, err := sorted(ada.AdditionalMetaData)
	if err != nil {
		return err
	}
	fmt.Printf("updated ada: name %s, email %s, metadata %s\n", name, email, metadata)

	// ifVersion makes an update conditional on the version that was read. Here another update comes first.
	if _, err := update(ctx, client, "ada", details{crmID: optional.Of("crm-1")}); err != nil {
		return fmt.Errorf("update ada: %w", err)
	}
	_, err = update(ctx, client, "ada", details{name: optional.Of("Countess"), ifVersion: optional.Of(ada.Version)})
	code, extensions := errorCode(err)
	if code != "VersionMismatch" {
		return fmt.Errorf("update an old version: want VersionMismatch, got %w", cmp.Or(err, errors.New("no error")))
	}
	fmt.Printf("ada has version %v, not %d: read it and decide again\n", extensions["currentVersion"], ada.Version)

	var after optional.Value[string]
	for page := 1; ; page++ {
		listed, err := api.ListCustomers(ctx, client, 2, after)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		var ids []string
		for _, edge := range listed.Customers.Edges {
			ids = append(ids, edge.Node.CustomerId)
		}
		fmt.Printf("page %d: %s\n", page, strings.Join(ids, ", "))
		if more, _ := listed.Customers.PageInfo.HasNextPage.Get(); !more {
			break
		}
		after = listed.Customers.PageInfo.EndCursor
	}

	archived, err := api.ArchiveCustomer(ctx, client, "ada")
	if err != nil {
		return fmt.Errorf("archive ada: %w", err)
	}
	if at, _ := archived.ArchiveCustomer.DeletedAt.Get(); time.Since(at).Abs() > time.Minute {
		return fmt.Errorf("ada was archived at %v", at)
	}
	gone, err := api.GetCustomer(ctx, client, "ada")
	if err != nil {
		return fmt.Errorf("read ada: %w", err)
	}
	if _, there := gone.GetCustomerByRefId.Get(); there {
		return errors.New("ada is still there")
	}
	fmt.Println("archived ada: nothing is left to read")
	return nil
}

// details are the fields of a customer that can be set. Nil is left out.
type details struct {
	name, email, crmID optional.Value[string]
	metadata           optional.Value[json.RawMessage]
	ifVersion          optional.Value[int]
}

func object(text string) optional.Value[json.RawMessage] { return optional.Of(json.RawMessage(text)) }

func provision(ctx context.Context, client graphql.Client, customerID string, d details) error {
	_, err := api.ProvisionCustomer(ctx, client, customerID, d.name, d.email, d.metadata)
	return err
}

func update(
	ctx context.Context, client graphql.Client, customerID string, d details,
) (api.UpdateCustomerUpdateOneCustomer, error) {
	updated, err := api.UpdateCustomer(ctx, client, customerID, d.name, d.email, d.crmID, d.metadata, d.ifVersion)
	if err != nil {
		return api.UpdateCustomerUpdateOneCustomer{}, err
	}
	return updated.UpdateOneCustomer, nil
}

// sorted returns a JSON object with its keys in order.
func sorted(value optional.Value[json.RawMessage]) (string, error) {
	text, _ := value.Get()
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return "", fmt.Errorf("read the metadata: %w", err)
	}
	text, err := json.Marshal(fields)
	return string(text), err
}

// losingTransport loses the response to its first request.
type losingTransport struct {
	// replayed has the Idempotency-Replayed header of each response.
	replayed []string
}

func (l *losingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	l.replayed = append(l.replayed, response.Header.Get("Idempotency-Replayed"))
	if len(l.replayed) == 1 {
		_, err = io.Copy(io.Discard, response.Body)
		return nil, errors.Join(err, response.Body.Close(), errors.New("the connection was closed"))
	}
	return response, nil
}

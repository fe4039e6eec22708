package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// client speaks GraphQL to one server.
type client struct {
	url string
	key string
}

// object is a JSON object.
type object = map[string]any

// apiResponse is a response of the API, parsed as far as it is GraphQL.
type apiResponse struct {
	status int
	header http.Header
	body   []byte

	Data   object         `json:"data"`
	Errors []graphQLError `json:"errors"`
}

type graphQLError struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions object `json:"extensions"`
}

// httpClient keeps enough connections for the tests that send from many clients at once.
var httpClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// send posts an operation; the error is one of the connection.
func (c *client) send(ctx context.Context, query string, variables object) (*apiResponse, error) {
	everySignal.sent(variables)
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	return c.sendBody(ctx, string(body))
}

// sendBody posts a body, with more headers than every request has, each a name and a value.
func (c *client) sendBody(ctx context.Context, body string, headers ...string) (*apiResponse, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/graphql", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		request.Header.Set("X-API-KEY", c.key)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	got := &apiResponse{status: response.StatusCode, header: response.Header}
	if got.body, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(got.body, got); err != nil {
		return nil, fmt.Errorf("status %d: response is not JSON: %w", got.status, err)
	}
	recordCodes(got)
	return got, nil
}

// do sends an operation and accepts any response.
func (c *client) do(t testing.TB, query string, variables object) *apiResponse {
	t.Helper()
	got, err := c.send(t.Context(), query, variables)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return got
}

// must sends an operation and expects it to succeed.
func (c *client) must(t testing.TB, query string, variables object) object {
	t.Helper()
	got := c.do(t, query, variables)
	if got.status != http.StatusOK || len(got.Errors) > 0 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	return got.Data
}

// refused sends an operation and expects one error with the code, which it returns.
func (c *client) mustFail(t *testing.T, code, query string, variables object) graphQLError {
	t.Helper()
	got := c.do(t, query, variables)
	if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != code {
		t.Fatalf("status %d: want the error %s: %s", got.status, code, got.body)
	}
	return got.Errors[0]
}

// The operations that most tests use.
const (
	provisionOperation = `mutation Provision($input: ProvisionCustomerInput!) {
  provisionCustomer(input: $input) {
    customer { id customerId refId name email environmentId createdAt updatedAt deletedAt additionalMetaData
      billingId crmId salesforceId awsMarketplaceCustomerId hasPaymentMethod excludeFromExperiment
      syncStates { vendorIdentifier status } environment { id slug displayName } }
    subscriptionDecisionStrategy
    subscriptionStrategyDecision
  }
}`
	getOperation = `query Get($input: GetCustomerByRefIdInput!) {
  getCustomerByRefId(input: $input) { id customerId name email updatedAt deletedAt additionalMetaData }
}`
	updateOperation = `mutation Update($input: UpdateCustomerInput!) {
  updateOneCustomer(input: $input) { id customerId name email updatedAt additionalMetaData billingId crmId }
}`
	listOperation = `query List($paging: CursorPaging, $filter: CustomerFilter, $sorting: [CustomerSort!]) {
  customers(paging: $paging, filter: $filter, sorting: $sorting) {
    totalCount
    edges { cursor node { customerId name email } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`
	archiveOperation = `mutation Archive($input: ArchiveCustomerInput!) {
  archiveCustomer(input: $input) { id customerId name email deletedAt additionalMetaData }
}`
	unarchiveOperation = `mutation Unarchive($input: UnarchiveCustomerInput!) {
  unarchiveCustomer(input: $input) { id customerId name email deletedAt additionalMetaData }
}`
)

package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"net/http"

	"sync"
	"sync/atomic"

	"testing"
)

// sendKeyed posts an operation with an idempotency key.
func (c *client) sendKeyed(ctx context.Context, key, query string, variables object, headers ...string) (*answer, error) {
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-KEY", c.key)
	request.Header.Set("Idempotency-Key", key)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	got := &answer{status: response.StatusCode, header: response.Header}
	if got.body, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(got.body, got); err != nil {
		return nil, fmt.Errorf("status %d: answer is no JSON: %w", got.status, err)
	}
	for _, err := range got.Errors {
		seenCodes.Store(err.Extensions["code"], true)
	}
	return got, nil
}

// keyed sends an operation with an idempotency key and expects any answer.
func (c *client) keyed(t testing.TB, key, query string, variables object, headers ...string) *answer {
	t.Helper()
	got, err := c.sendKeyed(t.Context(), key, query, variables, headers...)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return got
}

func (a *answer) replayed() bool { return a.header.Get("Idempotency-Replayed") == "true" }

func (a *answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return text(a.Errors[0].Extensions["code"])
}

// mustReplay expects an answer that is another one to the last byte.
func mustReplay(t *testing.T, what string, got, first *answer) {
	t.Helper()
	if !got.replayed() || got.status != first.status || !bytes.Equal(got.body, first.body) {
		t.Errorf("%s: status %d, replayed %t: %s\nwant status %d: %s", what, got.status, got.replayed(), got.body, first.status, first.body)
	}
}

// mustBeFirst expects an answer that was not given before.
func mustBeFirst(t *testing.T, what string, got *answer) {
	t.Helper()
	if got.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("%s is a replay: %s", what, got.body)
	}
}

// TestEqualProvisionsAtOnceAreOne sends 50 equal provisions at once, with an id and without.
func TestEqualProvisionsAtOnceAreOne(t *testing.T) {
	const requests = 50
	test := func(t *testing.T, servers ...*service) {
		t.Helper()
		for name, input := range map[string]object{
			"with an id": {"customerId": "ada", "name": "Ada", "subscriptionParams": basic(object{"promotionCode": "FIFTY"})},
			"without":    {"name": "Ada", "email": "ada@example.com", "subscriptionParams": basic(nil)},
		} {
			before := len(everybody(t, servers[0].client))
			answers := make([]*answer, requests)
			var replays atomic.Int64
			var group sync.WaitGroup
			for i := range requests {
				group.Go(func() {
					got, err := servers[i%len(servers)].sendKeyed(t.Context(), `"key `+name+`"`, seedProvisionOperation, object{"input": input})
					if err != nil {
						t.Error(err)
						return
					}
					answers[i] = got
					if got.replayed() {
						replays.Add(1)
					}
				})
			}
			group.Wait()
			if t.Failed() {
				return
			}
			for _, got := range answers {
				if got.status != http.StatusOK || len(got.Errors) > 0 || !bytes.Equal(got.body, answers[0].body) {
					t.Fatalf("%s: status %d: %s\nwant %s", name, got.status, got.body, answers[0].body)
				}
			}
			if replays.Load() != requests-1 {
				t.Errorf("%s: %d of %d answers are replays, want all but one", name, replays.Load(), requests)
			}
			if made := len(everybody(t, servers[0].client)) - before; made != 1 {
				t.Errorf("%s: %d customers were made", name, made)
			}
			t.Logf("%s: 1 customer, %d identical answers, %d of them replays", name, requests, replays.Load())
		}
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) { test(t, server) })
	t.Run("two servers on one MongoDB", func(t *testing.T) { test(t, twoServers(t)...) })
}

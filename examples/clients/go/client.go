package main

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// retryable are the error codes after which an operation can be sent again. After the last two the change may have been
// made, so retrying needs an idempotency key. docs/errors.md lists all codes.
var retryable = []string{
	"ObjectAlreadyBeingUsedByAnotherRequestError", "RateLimitExceeded", "OperationTimeout", "UnexpectedError",
}

const attempts = 5

// client sends operations and retries them after errors that may be temporary.
type client struct{ graphql.Client }

func newClient(url, apiKey string, transport http.RoundTripper) client {
	doer := &http.Client{Transport: headerTransport{apiKey, transport}, Timeout: 35 * time.Second}
	return client{graphql.NewClient(url+"/graphql", doer)}
}

// call is shared by all attempts to send one operation.
type call struct {
	idempotencyKey string
	// retryAfter is the Retry-After header of the last response.
	retryAfter time.Duration
}

type callKey struct{}

// MakeRequest implements graphql.Client. All attempts have the same idempotency key, so the server carries out a
// mutation once, even if a response was lost.
func (c client) MakeRequest(ctx context.Context, request *graphql.Request, response *graphql.Response) error {
	sent := &call{idempotencyKey: rand.Text()}
	ctx = context.WithValue(ctx, callKey{}, sent)
	for n := 1; ; n++ {
		response.Errors, sent.retryAfter = nil, 0
		err := c.Client.MakeRequest(ctx, request, response)
		code, _ := errorCode(err)
		// An error without a code comes from the connection.
		retry := err != nil && (code == "" || slices.Contains(retryable, code))
		if !retry || n == attempts {
			return err
		}
		pause := sent.retryAfter
		if pause == 0 {
			pause = time.Duration(float64(100*time.Millisecond<<n) * (0.5 + mathrand.Float64()))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// errorCode returns the code of the server's error and all of its extensions. The code is empty if the error does not
// come from the server.
func errorCode(err error) (code string, extensions map[string]any) {
	list, _ := errors.AsType[gqlerror.List](err)
	if response, ok := errors.AsType[*graphql.HTTPError](err); ok {
		list = response.Response.Errors
	}
	if len(list) == 0 {
		return "", nil
	}
	code, _ = list[0].Extensions["code"].(string)
	return code, list[0].Extensions
}

// headerTransport adds the headers that the server needs.
type headerTransport struct {
	apiKey string
	next   http.RoundTripper
}

func (t headerTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	sent, _ := request.Context().Value(callKey{}).(*call)
	request = request.Clone(request.Context())
	request.Header.Set("X-API-KEY", t.apiKey)
	request.Header.Set("Accept", "application/graphql-response+json, application/json")
	// The server ignores the key of a query.
	request.Header.Set("Idempotency-Key", sent.idempotencyKey)
	response, err := t.next.RoundTrip(request)
	if err == nil {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		sent.retryAfter = time.Duration(seconds) * time.Second
	}
	return response, err
}

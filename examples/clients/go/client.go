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

// After these nothing was changed, or, for the unsure ones, possibly nothing: then only what cannot be done twice may be
// sent again. docs/errors.md lists them all.
var (
	passing = []string{"ObjectAlreadyBeingUsedByAnotherRequestError", "RateLimitExceeded"}
	unsure  = []string{"OperationTimeout", "UnexpectedError"}
)

const attempts = 5

// client sends operations, and sends them again after what passes.
type client struct{ graphql.Client }

func newClient(url, apiKey string, over http.RoundTripper) client {
	doer := &http.Client{Transport: withHeaders{apiKey, over}, Timeout: 35 * time.Second}
	return client{graphql.NewClient(url+"/graphql", doer)}
}

// attempt is what the attempts to send one operation have in common.
type attempt struct {
	idempotencyKey string
	// retryAfter is how long the server asked to wait.
	retryAfter time.Duration
}

type attemptKey struct{}

// MakeRequest implements graphql.Client. All attempts carry one idempotency key, so that the server makes the change of
// a mutation once, even if the answer to the first attempt was lost on the way.
func (c client) MakeRequest(ctx context.Context, request *graphql.Request, response *graphql.Response) error {
	a := &attempt{idempotencyKey: rand.Text()}
	ctx = context.WithValue(ctx, attemptKey{}, a)
	for n := 1; ; n++ {
		response.Errors, a.retryAfter = nil, 0
		err := c.Client.MakeRequest(ctx, request, response)
		code, _ := refusal(err)
		// An error that is no refusal is one of the connection.
		mayPass := err != nil && (code == "" || slices.Contains(passing, code) || slices.Contains(unsure, code))
		if !mayPass || n == attempts {
			return err
		}
		pause := a.retryAfter
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

// refusal is what the server refused: its code, on which programs decide, and its other facts. The code is empty for an
// error of another kind.
func refusal(err error) (code string, facts map[string]any) {
	refused, _ := errors.AsType[gqlerror.List](err)
	if response, ok := errors.AsType[*graphql.HTTPError](err); ok {
		refused = response.Response.Errors
	}
	if len(refused) == 0 {
		return "", nil
	}
	code, _ = refused[0].Extensions["code"].(string)
	return code, refused[0].Extensions
}

// withHeaders adds to a request what the server goes by.
type withHeaders struct {
	apiKey string
	over   http.RoundTripper
}

func (w withHeaders) RoundTrip(request *http.Request) (*http.Response, error) {
	a, _ := request.Context().Value(attemptKey{}).(*attempt)
	request = request.Clone(request.Context())
	request.Header.Set("X-API-KEY", w.apiKey)
	request.Header.Set("Accept", "application/graphql-response+json, application/json")
	// A query changes nothing, so the server does not look at its key.
	request.Header.Set("Idempotency-Key", a.idempotencyKey)
	response, err := w.over.RoundTrip(request)
	if err == nil {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		a.retryAfter = time.Duration(seconds) * time.Second
	}
	return response, err
}

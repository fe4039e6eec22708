package tests

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// series are the series of the server's metrics, each with its labels, and without its value.
func (s *service) series(t testing.TB) []string {
	t.Helper()
	var found []string
	for line := range strings.SplitSeq(s.metrics(t), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, line[:strings.LastIndexByte(line, ' ')])
		}
	}
	slices.Sort(found)
	return found
}

// metrics returns a scrape.
func (s *service) metrics(t testing.TB) string {
	t.Helper()
	response, err := httpClient.Get(s.ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(bufio.NewReader(response.Body))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return string(text)
}

// word is a text that no client sent before.
func word(random *rand.Rand) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	text := make([]byte, 3+random.IntN(20))
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return string(text)
}

// anything is a request in one of the shapes that clients send, with every text in it of its own.
func (s *service) anything(shape int, random *rand.Rand) (*http.Request, error) {
	method, path, key := http.MethodPost, "/graphql", s.key
	operation := func(document, variables string) string {
		return fmt.Sprintf(`{"operationName": null, "query": %q, "variables": %s}`, document, variables)
	}
	body := ""
	name, id := word(random), word(random)
	switch shape {
	case 0:
		body = operation(`query `+name+`($input: GetCustomerByRefIdInput!) { `+word(random)+`: getCustomerByRefId(input: $input) { id } }`,
			`{"input": {"customerId": "`+id+`"}}`)
	case 1:
		body = operation(`mutation `+name+`($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { id } } }`,
			`{"input": {"customerId": "`+id+`", "name": "`+word(random)+`", "email": "`+word(random)+`@example.com"}}`)
	case 2:
		body = operation(`mutation `+name+` { updateOneCustomer(input: { customerId: "`+id+`", name: "x" }) { id } }`, `null`)
	case 3:
		body = operation(`query `+name+` { `+word(random)+` }`, `null`)
	case 4:
		body = operation(`query `+name+` {`, `null`)
	case 5:
		body = word(random)
	case 6:
		method = strings.ToUpper(word(random))
	case 7:
		method, path = http.MethodGet, "/"+word(random)
	case 8:
		key = word(random)
	case 9:
		method, path = http.MethodGet, "/graphql?"+url.Values{"query": {"query " + name + " { __typename }"}}.Encode()
	}
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-KEY", key)
	request.Header.Set("User-Agent", word(random))
	request.Header.Set("X-"+word(random), word(random))
	request.Header.Set("X-Request-Id", word(random))
	return request, nil
}

// shapes is how many shapes of requests there are, and provisioning the one that takes long.
const shapes, provisioning = 10, 1

// TestClientsAddNoMetricSeries sends 10,000 requests that have nothing in common but their shapes.
func TestClientsAddNoMetricSeries(t *testing.T) {
	t.Parallel()
	server := startEmbedded(t)
	send := func(shape int, random *rand.Rand) {
		request, err := server.anything(shape, random)
		if err != nil {
			t.Error(err)
			return
		}
		response, err := httpClient.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	// Each shape once: a series is there when something has happened that it counts.
	for shape := range shapes {
		send(shape, rand.New(rand.NewPCG(1, uint64(shape))))
	}
	server.series(t) // A scrape checks readiness, which is counted too.
	// That the key was used is written a moment later, in the background.
	before := server.series(t)
	isUse := func(series string) bool { return strings.Contains(series, `method="use"`) }
	for deadline := time.Now().Add(10 * time.Second); !slices.ContainsFunc(before, isUse); before = server.series(t) {
		if time.Now().After(deadline) {
			t.Fatal("the use of the key is not written")
		}
		time.Sleep(20 * time.Millisecond)
	}

	const clients, requests = 8, 10_000
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(client)))
			for i := range requests / clients {
				shape := i % shapes
				if shape == provisioning && i%200 > shapes {
					shape = 0
				}
				send(shape, random)
			}
		})
	}
	group.Wait()

	after := server.series(t)
	t.Logf("%d series before and %d after %d requests with names, ids, methods, paths and headers of their own", len(before), len(after), requests)
	if !slices.Equal(before, after) {
		for _, series := range after {
			if !slices.Contains(before, series) {
				t.Errorf("new is %s", series)
			}
		}
	}
	if len(before) < 100 {
		t.Errorf("there are only %d series", len(before))
	}
}

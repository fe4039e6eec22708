package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"clientele/graph/document"
	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/internal/logging"
	"clientele/internal/membudget"
	"clientele/internal/ratelimit"
)

func TestBodiesArriveWhole(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, holdStep - 1, holdStep, 2 * holdStep, 100_000} {
		want := bytes.Repeat([]byte("x"), size)
		for _, length := range []int64{-1, int64(size), int64(size) * 3} {
			a := newArrivals(1<<20, 0)
			got, done, err := a.read("one", iotest.DataErrReader(bytes.NewReader(want)), length)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, given as %d: %d, %v", size, length, len(got), err)
			}
			if held := a.all > 0; held != (size > holdStep) {
				t.Errorf("%d bytes hold %d", size, a.all)
			}
			done()
			done()
			if a.all != 0 || len(a.keys) != 0 {
				t.Errorf("%d bytes left %d, %v", size, a.all, a.keys)
			}
		}
	}
	broken := errors.New("broken")
	a := newArrivals(1<<20, 0)
	_, done, err := a.read("one", io.MultiReader(strings.NewReader(strings.Repeat("x", 40_000)), iotest.ErrReader(broken)), -1)
	if done(); !errors.Is(err, broken) || a.all != 0 {
		t.Errorf("a body that breaks off: %v, %d held", err, a.all)
	}
}

// TestOneKeyLeavesOthersRoomToSend: what a key sends slowly takes half of what may be on its way.
func TestOneKeyLeavesOthersRoomToSend(t *testing.T) {
	a := newArrivals(3000, 0)
	if !a.hold("one", 500) || a.hold("one", 1) {
		t.Error("one key does not have half")
	}
	if !a.hold("other", 300) || !a.hold("third", 200) || a.hold("fourth", 1) {
		t.Error("all keys do not have the whole")
	}
	a.release("one", 500)
	if !a.hold("fourth", 1) {
		t.Error("what was given back is not there")
	}
	if a := newArrivals(3000, 1000); !a.hold("one", 2000) {
		t.Error("two of the longest bodies do not fit")
	}
	if !newArrivals(0, 1000).hold("one", 1<<40) {
		t.Error("there is a bound without one on memory")
	}
}

// TestSlowBodiesHoldBoundedMemory: a key with many slow bodies gets 429, and another key does not notice.
func TestSlowBodiesHoldBoundedMemory(t *testing.T) {
	limits := testLimits
	limits.BodyBytes = 1 << 20
	budget := membudget.NewBudget(24<<20, 1<<20, nil)
	handler := NewHandler(Config{
		Limits: limits, Memory: budget, UseCases: resolver.NewUseCases(newStore(t), billingtest.Rules().Check, time.Now),
		Authenticate: func(_ context.Context, secret string) (domain.Actor, error) {
			return domain.Actor{KeyID: secret, EnvironmentID: environment, Scope: domain.ScopeRead}, nil
		},
		Log: logging.New(t.Output(), logging.FormatText, 0),
	})
	text := requestBody(t, `{ __typename }`, nil)
	text += strings.Repeat(" ", 900_000)
	send := func(key string, body io.Reader) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", body)
		request.ContentLength = int64(len(text))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set(APIKeyHeader, key)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder
	}
	const bodies = 20
	var under sync.WaitGroup
	statuses := make(chan *httptest.ResponseRecorder, bodies)
	rest := make([]*io.PipeWriter, bodies)
	for i := range bodies {
		body, client := io.Pipe()
		rest[i] = client
		under.Go(func() {
			got := send("slow", body)
			body.CloseWithError(io.ErrClosedPipe)
			statuses <- got
		})
		// All but the last byte; less where the body is refused.
		_, _ = client.Write([]byte(text[:len(text)-1]))
	}
	if got := send("other", strings.NewReader(text)); got.Code != http.StatusOK {
		t.Errorf("another key: status %d: %s", got.Code, got.Body)
	}
	for _, client := range rest {
		_, _ = client.Write([]byte(" "))
		client.Close()
	}
	under.Wait()
	close(statuses)
	times := map[int]int{}
	for got := range statuses {
		times[got.Code]++
		if got.Code == http.StatusTooManyRequests && (got.Header().Get("Retry-After") != "1" || !strings.Contains(got.Body.String(), "RateLimitExceeded")) {
			t.Errorf("the refusal: %v %s", got.Header(), got.Body)
		}
	}
	// Half of a third of the budget holds four of them.
	if times[http.StatusOK] != 4 || times[http.StatusTooManyRequests] != bodies-4 {
		t.Errorf("statuses: %v", times)
	}
	// What one large request may have is free only if nothing is held.
	if err := budget.Share(t.Context()).HoldBytes(int(budget.Total() / 8 * 7)); err != nil {
		t.Errorf("bytes are still held: %v", err)
	}
}

// longBodies are of many values or bytes, which take milliseconds to read.
func longBodies(query string) map[string]string {
	return map[string]string{
		"unknown keys": fmt.Sprintf(`{"query": %q, "x": [0%s]}`, query, strings.Repeat(`,"1"`, 90_000)),
		"extensions":   fmt.Sprintf(`{"query": %q, "extensions": {"x": [0%s]}}`, query, strings.Repeat(",{}", 9_000)),
		"white space":  fmt.Sprintf(`{"query": %q%s}`, query, strings.Repeat(" ", 900_000)),
	}
}

// TestLongBodiesAreCharged, whether the operation is executed or refused.
func TestLongBodiesAreCharged(t *testing.T) {
	policy := ratelimit.Policy{Name: KeyPolicy, PerMinute: 1_000_000, Burst: 1_000_000}
	server := serveLimited(t, policy)
	for name, body := range longBodies(smallQuery) {
		charged := document.ChangePoints + max(0, len(body)/bodyBytesPerPoint+count(body)/valuesPerPoint-document.ChangePoints)
		if charged < 1_000 {
			t.Fatalf("%s: only %d", name, charged)
		}
		got := server.send(t, name, "application/json", body)
		if got.status != http.StatusOK || got.Extensions.Cost.Charged != charged || !strings.HasPrefix(got.left(KeyPolicy), fmt.Sprintf("r=%d;", policy.Burst-charged)) {
			t.Errorf("%s: want %d: RateLimit %q: %.300s", name, charged, got.header.Get("RateLimit"), got.body)
		}
	}
	for name, body := range longBodies("{") {
		got := server.send(t, "refused "+name, "application/json", body)
		if left := got.left(KeyPolicy); len(got.Errors) == 0 || left > fmt.Sprintf("r=%d;", policy.Burst-1_000) {
			t.Errorf("%s, refused: RateLimit %q: %.300s", name, left, got.body)
		}
	}
}

func count(body string) int {
	values, _ := measureJSON([]byte(body))
	return values
}

// heap is how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// TestBodiesTakeWhatIsCounted: short values take many times their text.
func TestBodiesTakeWhatIsCounted(t *testing.T) { // Not parallel: the heap is the whole process's.
	for name, value := range map[string]string{
		"numbers": "1", "objects": "{}", "lists": "[]", "texts": `"a"`, "members": `{"a":1}`, "nested": "[[[]]]", "nulls": "null",
	} {
		text := []byte(`{"variables": {"x": [` + value + strings.Repeat(","+value, 10_000) + `]}}`)
		requests := make([]request, 20)
		before := heap()
		for i := range requests {
			if err := requests[i].decode(bytes.Clone(text)); err != nil {
				t.Fatal(err)
			}
		}
		// The body itself stays until the response is written.
		each := (heap()-before)/len(requests) + len(text)
		runtime.KeepAlive(requests)
		if counted := bodyMemory(len(text), count(string(text))); each > counted {
			t.Errorf("%s: a body of %d bytes takes %d, and %d are counted", name, len(text), each, counted)
		}
	}
}

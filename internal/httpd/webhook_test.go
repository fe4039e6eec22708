package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const webhookPath = "/webhooks/provider"

// receiving are routes with a webhook.
func receiving(receive Receiver) Routes {
	r := routes()
	r.Webhook = &Webhook{Path: webhookPath, SignatureHeader: "Provider-Signature", Receive: receive}
	return r
}

func accept(context.Context, []byte, string) error { return nil }

// listening serves routes over TCP.
func listening(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ReadTimeout = 500 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// sendEvent posts an event; an empty signature is none.
func sendEvent(t *testing.T, server *httptest.Server, body io.Reader, signature string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/webhooks/provider", body)
	if err != nil {
		t.Fatal(err)
	}
	if signature != "" {
		request.Header.Set("Provider-Signature", signature)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Error(err) // not Fatal, for senders beside the test
		return &http.Response{Body: http.NoBody}
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// chunked hides a body's length from the client, which then leaves it out.
type chunked struct{ io.Reader }

func TestWebhook(t *testing.T) {
	t.Parallel()
	const refused, again = "the event is refused\n", "the event was not taken in; send it again\n"
	mark := strings.Repeat("SecretMark", 7)
	full := strings.Repeat("x", maxEventBytes)
	cases := map[string]struct {
		payload   string
		unsized   bool
		signature string
		outcome   error
		status    int
		body      string
		// received is whether the event came as far as the receiver, and says what the log does.
		received bool
		says     string
	}{
		"an event":                            {mark, false, mark, nil, 200, "{}\n", true, ""},
		"an event of unknown length":          {mark, true, mark, nil, 200, "{}\n", true, ""},
		"an empty body":                       {"", false, mark, nil, 200, "{}\n", true, ""},
		"what a small event may have":         {full[:smallEventBytes-1], true, mark, nil, 200, "{}\n", true, ""},
		"a little more":                       {full[:smallEventBytes], true, mark, nil, 200, "{}\n", true, ""},
		"512 KiB":                             {full, false, mark, nil, 200, "{}\n", true, ""},
		"512 KiB of unknown length":           {full, true, mark, nil, 200, "{}\n", true, ""},
		"more than 512 KiB":                   {full + "x", false, mark, nil, 413, "the event is too large\n", false, ""},
		"more than 512 KiB of unknown length": {full + "x", true, mark, nil, 413, "the event is too large\n", false, ""},
		"no signature":                        {mark, false, "", nil, 400, refused, false, "there is no signature"},
		"an event that is refused":            {mark, false, mark, RefusedError{"the reason"}, 400, refused, true, "the reason"},
		"a refusal in another error":          {mark, false, mark, fmt.Errorf("%s: %w", mark, RefusedError{"the reason"}), 400, refused, true, "the reason"},
		"any other error":                     {mark, false, mark, fmt.Errorf("store %q", mark), 503, again, true, "store …"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var received [][]byte
			r := receiving(func(ctx context.Context, payload []byte, signature string) error {
				received = append(received, payload)
				if deadline, has := ctx.Deadline(); !has || time.Until(deadline) > eventTimeout || signature != c.signature {
					t.Errorf("deadline %s, signature %q", deadline, signature)
				}
				return c.outcome
			})
			// The limit of the API's bodies is none of these.
			r.MaxBodyBytes = 10
			handler, witness := observing(t, r)
			server := listening(t, handler)
			var body io.Reader = strings.NewReader(c.payload)
			if c.unsized {
				body = chunked{body}
			}
			response := sendEvent(t, server, body, c.signature)
			if got := bodyOf(t, response); response.StatusCode != c.status || got != c.body {
				t.Errorf("got %d, %q", response.StatusCode, got)
			}
			if again := response.Header.Get("Retry-After") != ""; again != (c.status == 503) {
				t.Errorf("the header is %v", response.Header)
			}
			if c.status == 200 && response.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the header is %v", response.Header)
			}
			server.Close() // and wait for the line of the request
			if c.received != (len(received) == 1) || c.received && string(received[0]) != c.payload {
				t.Errorf("received are %d events", len(received))
			}
			if want := fmt.Sprintf("POST /webhooks/provider %d", c.status); witness.ended[want] != 1 || len(witness.ended) != 1 {
				t.Errorf("counted are %v", witness.ended)
			}
			if log := witness.log.String(); strings.Contains(log, "SecretMark") || !strings.Contains(log, c.says) {
				t.Errorf("the log is %s", log)
			}
			for name, values := range response.Header {
				if strings.Contains(strings.Join(values, ""), "SecretMark") {
					t.Errorf("%s repeats what was sent", name)
				}
			}
		})
	}
}

func TestTheWebhookIsOneRoute(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		method, target string
		origin         string
		status         int
		body           string
		allow          string
	}{
		"GET":                     {"GET", "/webhooks/provider", "", 405, "Method Not Allowed\n", "POST"},
		"HEAD":                    {"HEAD", "/webhooks/provider", "", 405, "Method Not Allowed\n", "POST"},
		"PUT":                     {"PUT", "/webhooks/provider", "", 405, "Method Not Allowed\n", "POST"},
		"a method of its own":     {"MARK", "/webhooks/provider", "", 405, "Method Not Allowed\n", "POST"},
		"a preflight of a page":   {"OPTIONS", "/webhooks/provider", listed, 405, "Method Not Allowed\n", "POST"},
		"a page that may":         {"POST", "/webhooks/provider", listed, 200, "{}\n", ""},
		"a page that may not":     {"POST", "/webhooks/provider", unlisted, 200, "{}\n", ""},
		"a query is of no matter": {"POST", "/webhooks/provider?a=b", "", 200, "{}\n", ""},
		"nothing is below":        {"POST", "/webhooks/provider/", "", 404, "404 page not found\n", ""},
		"nothing is above":        {"POST", "/webhooks", "", 404, "404 page not found\n", ""},
		"the API is where it was": {"POST", "/graphql", "", 200, "api", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receiving(accept)
			r.Origins = []string{listed}
			request := httptest.NewRequest(c.method, c.target, nil)
			request.Header.Set("Provider-Signature", "s")
			if c.origin != "" {
				request.Header.Set("Origin", c.origin)
				request.Header.Set("Access-Control-Request-Method", "POST")
			}
			response := answerTo(NewHandler(r), request)
			if body := bodyOf(t, response); response.StatusCode != c.status || body != c.body && c.method != "HEAD" || response.Header.Get("Allow") != c.allow {
				t.Errorf("got %d, %q, %v", response.StatusCode, body, response.Header)
			}
			shared := response.Header.Get("Vary") + response.Header.Get("Access-Control-Allow-Origin")
			if (shared != "") != (request.URL.Path != webhookPath) {
				t.Errorf("the header is %v", response.Header)
			}
			if response.Header.Get("X-Request-Id") == "" || response.Header.Get("X-Content-Type-Options") == "" {
				t.Errorf("the header is %v", response.Header)
			}
		})
	}
	for _, method := range []string{"POST", "GET"} {
		if got := answerTo(NewHandler(routes()), httptest.NewRequest(method, "/webhooks/provider", nil)); got.StatusCode != 404 {
			t.Errorf("without a receiver %s gets %d", method, got.StatusCode)
		}
	}
}

func TestWebhookBodiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	server := listening(t, NewHandler(receiving(func(context.Context, []byte, string) error {
		t.Error("the event is received")
		return nil
	})))
	for name, c := range map[string]struct {
		sent   string
		hangUp bool
		status string
	}{
		"slowly":             {"half", false, "408"},
		"not in full":        {"half", true, "400"},
		"slowly, a lot":      {strings.Repeat("x", smallEventBytes+1), false, "408"},
		"not in full, a lot": {strings.Repeat("x", smallEventBytes+1), true, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			_, _ = fmt.Fprintf(connection, "POST /webhooks/provider HTTP/1.1\r\nHost: a\r\nProvider-Signature: s\r\nContent-Length: %d\r\n\r\n%s",
				len(c.sent)+1, c.sent)
			if c.hangUp {
				_ = connection.(*net.TCPConn).CloseWrite()
			}
			answer, err := io.ReadAll(connection)
			if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 "+c.status)) {
				t.Errorf("%v: %s", err, answer)
			}
		})
	}
}

// TestEventsAtOnce fills every place. The next event waits for one, and is put off if that takes too long.
func TestEventsAtOnce(t *testing.T) {
	t.Parallel()
	arrived, proceed := make(chan struct{}), make(chan struct{})
	server := listening(t, NewHandler(receiving(func(context.Context, []byte, string) error {
		arrived <- struct{}{}
		<-proceed
		return nil
	})))
	var group sync.WaitGroup
	for range maxEvents {
		group.Go(func() {
			if got := sendEvent(t, server, strings.NewReader("{}"), "s"); got.StatusCode != 200 {
				t.Errorf("status %d", got.StatusCode)
			}
		})
		<-arrived
	}
	got := sendEvent(t, server, strings.NewReader("{}"), "s")
	if got.StatusCode != 503 || got.Header.Get("Retry-After") == "" {
		t.Errorf("one too many gets %d, %v", got.StatusCode, got.Header)
	}
	group.Go(func() {
		if got := sendEvent(t, server, strings.NewReader("{}"), "s"); got.StatusCode != 200 {
			t.Errorf("one that gets a slot in time gets %d", got.StatusCode)
		}
	})
	proceed <- struct{}{}
	<-arrived
	close(proceed)
	group.Wait()
}

// TestWhoSendsSlowlyKeepsOnlyLargeEventsOut: anybody can send slowly, so it must not be in the way of usual events.
func TestWhoSendsSlowlyKeepsOnlyLargeEventsOut(t *testing.T) {
	t.Parallel()
	handler := NewHandler(receiving(accept))
	server := httptest.NewServer(handler)
	defer server.Close()
	var pipes []*io.PipeWriter
	var group sync.WaitGroup
	for range maxLargeEvents {
		body, pipe := io.Pipe()
		pipes = append(pipes, pipe)
		group.Go(func() {
			if got := sendEvent(t, server, body, "s"); got.StatusCode != 200 {
				t.Errorf("a slow one gets %d", got.StatusCode)
			}
		})
		if _, err := pipe.Write(make([]byte, smallEventBytes)); err != nil {
			t.Fatal(err)
		}
	}
	large := make([]byte, smallEventBytes)
	status := 200
	for deadline := time.Now().Add(10 * time.Second); status == 200 && time.Now().Before(deadline); {
		status = sendEvent(t, server, bytes.NewReader(large), "s").StatusCode // until all of them have arrived
	}
	if status != 503 {
		t.Errorf("one large event too many gets %d", status)
	}
	if got := sendEvent(t, server, bytes.NewReader(large[1:]), "s"); got.StatusCode != 200 {
		t.Errorf("a usual event gets %d", got.StatusCode)
	}
	for _, pipe := range pipes {
		_ = pipe.Close()
	}
	group.Wait()
	if got := sendEvent(t, server, bytes.NewReader(large), "s"); got.StatusCode != 200 {
		t.Errorf("afterwards a large event gets %d", got.StatusCode)
	}
}

func TestAReceiverEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	began, told := make(chan struct{}), make(chan error, 1)
	server := listening(t, NewHandler(receiving(func(ctx context.Context, _ []byte, _ string) error {
		close(began)
		<-ctx.Done()
		told <- ctx.Err()
		return ctx.Err()
	})))
	ctx, hangUp := context.WithCancel(t.Context())
	go func() { <-began; hangUp() }()
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/webhooks/provider", nil)
	request.Header.Set("Provider-Signature", "s")
	if _, err := server.Client().Do(request); !errors.Is(err, context.Canceled) {
		t.Errorf("the sender got %v", err)
	}
	if err := <-told; !errors.Is(err, context.Canceled) {
		t.Errorf("the receiver is told %v", err)
	}
}

func TestAReceiverThatPanicsGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	server := listening(t, NewHandler(receiving(func(context.Context, []byte, string) error { panic("SecretMark") })))
	for range maxEvents + 1 {
		got := sendEvent(t, server, strings.NewReader("{}"), "s")
		if body := bodyOf(t, got); got.StatusCode != 500 || strings.Contains(body, "SecretMark") {
			t.Fatalf("%d: %s", got.StatusCode, body)
		}
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1"}`), "t=1,v1=00", false)
	f.Add([]byte("x"), "s", true)
	f.Add([]byte(nil), "", false)
	f.Fuzz(func(t *testing.T, payload []byte, signature string, refuse bool) {
		received := false
		handler := NewHandler(receiving(func(_ context.Context, got []byte, of string) error {
			received = true
			if !bytes.Equal(got, payload) || of != signature {
				t.Errorf("the receiver got %q, %q", got, of)
			}
			if refuse {
				return RefusedError{string(payload)}
			}
			return nil
		}))
		request := httptest.NewRequest("POST", "/webhooks/provider", bytes.NewReader(payload))
		request.Header["Provider-Signature"] = []string{signature}
		response := answerTo(handler, request)
		want := "{}\n"
		if response.StatusCode != 200 {
			want = webhookResponses[response.StatusCode] + "\n"
		}
		if body := bodyOf(t, response); body != want || response.StatusCode == 200 && !received {
			t.Errorf("%d: %q", response.StatusCode, body)
		}
	})
}

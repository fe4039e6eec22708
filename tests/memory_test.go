package tests

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/internal/config"
)

// pagesQuery selects the same page several times.
func pagesQuery(pages int, fields string) string {
	var query strings.Builder
	query.WriteString("{")
	for i := range pages {
		fmt.Fprintf(&query, " p%d: customers(paging: {first: 60}) { edges { node { %s } } }", i, fields)
	}
	return query.String() + " }"
}

// Clients that do not read fill the memory that there is for responses. Then a long one is refused with 429, short ones
// are not, and once the others are gone everything is as before.
func TestMemoryForResponsesIsLimited(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			cfg := config.Default()
			engine.configure(t, &cfg)
			// The least that there can be: what one response takes, and a quarter of it.
			cfg.Limits.AnswerBytes, cfg.Memory.BytesInFlight = 3<<19, 1<<20
			server := startService(t, cfg)
			metadata := object{}
			for i := range 44 {
				metadata[fmt.Sprintf("key%02d", i)] = strings.Repeat("x", 470)
			}
			for i := range 60 {
				server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprintf("c%02d", i), "additionalMetaData": metadata}})
			}

			long := pagesQuery(1, "customerId additionalMetaData")
			server.must(t, long, nil)
			got := server.do(t, pagesQuery(5, "customerId"), nil)
			if len(got.Errors) == 0 || got.Errors[0].Extensions["code"] != "BadUserInput" || got.Errors[0].Extensions["limit"] != "bytesInFlight" {
				t.Errorf("documents that never fit: status %d, %.500s", got.status, got.body)
			}

			silent := stopReading(t, server, long, 20)
			server.waitFor(t, "a refusal", func() bool {
				got = server.do(t, long, nil)
				return got.status == http.StatusTooManyRequests
			})
			if got.header.Get("Retry-After") == "" || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "RateLimitExceeded" ||
				bytes.Contains(got.body, []byte(`"data"`)) {
				t.Errorf("Retry-After %q, %.500s", got.header.Get("Retry-After"), got.body)
			}
			server.must(t, `{ getCustomerByRefId(input: {customerId: "c01"}) { customerId additionalMetaData } }`, nil)
			server.must(t, provisionOperation, object{"input": object{"customerId": "another"}})

			for _, conn := range silent {
				_ = conn.Close()
			}
			server.waitFor(t, "the memory", func() bool { return server.do(t, long, nil).status == http.StatusOK })
		})
	}
}

// stopReading sends a query from so many clients that do not read.
func stopReading(t *testing.T, server *service, query string, clients int) []net.Conn {
	t.Helper()
	body := fmt.Sprintf(`{"query":%q}`, query)
	var all []net.Conn
	for range clients {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		all = append(all, conn)
		if _, err := io.WriteString(conn, fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: server\r\nContent-Type: application/json\r\nX-API-KEY: %s\r\nContent-Length: %d\r\n\r\n%s",
			server.key, len(body), body)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func (s *service) waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

package httpd

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const (
	listed   = "https://admin.example.com"
	listed2  = "http://localhost:3000"
	unlisted = "https://evil.example"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	preflight := func(origin string) map[string]string {
		return map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key",
		}
	}
	list := []string{listed, listed2}
	const sharing = "Access-Control-"
	cases := map[string]struct {
		origins []string
		method  string
		headers map[string]string
		status  int
		body    string
		// allows is the origin that the response allows, and vary whether it depends on the origin.
		allows string
		vary   bool
	}{
		"no list, no origin":                  {nil, "POST", nil, 200, "api", "", false},
		"no list, an origin":                  {nil, "POST", map[string]string{"Origin": listed}, 200, "api", "", false},
		"no list, a preflight":                {nil, "OPTIONS", preflight(listed), 200, "api", "", false},
		"no origin":                           {list, "POST", nil, 200, "api", "", true},
		"the first origin":                    {list, "POST", map[string]string{"Origin": listed}, 200, "api", listed, true},
		"the second origin":                   {list, "POST", map[string]string{"Origin": listed2}, 200, "api", listed2, true},
		"GET":                                 {list, "GET", map[string]string{"Origin": listed}, 200, "api", listed, true},
		"another origin":                      {list, "POST", map[string]string{"Origin": unlisted}, 200, "api", "", true},
		"no origin at all, in words":          {list, "POST", map[string]string{"Origin": "null"}, 200, "api", "", true},
		"another port":                        {list, "POST", map[string]string{"Origin": "http://localhost:3001"}, 200, "api", "", true},
		"another scheme":                      {list, "POST", map[string]string{"Origin": "http://admin.example.com"}, 200, "api", "", true},
		"a listed name as the beginning":      {list, "POST", map[string]string{"Origin": listed + ".evil.example"}, 200, "api", "", true},
		"a host below a listed one":           {list, "POST", map[string]string{"Origin": "https://a.admin.example.com"}, 200, "api", "", true},
		"a preflight":                         {list, "OPTIONS", preflight(listed), 204, "", listed, true},
		"a preflight of the second":           {list, "OPTIONS", preflight(listed2), 204, "", listed2, true},
		"a preflight of another":              {list, "OPTIONS", preflight(unlisted), 403, "this origin is not on the server's list\n", "", true},
		"OPTIONS that is no preflight":        {list, "OPTIONS", map[string]string{"Origin": listed}, 200, "api", listed, true},
		"OPTIONS without an origin":           {list, "OPTIONS", map[string]string{"Access-Control-Request-Method": "POST"}, 200, "api", "", true},
		"POST that asks as a preflight would": {list, "POST", preflight(listed), 200, "api", listed, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := routes()
			r.Origins = c.origins
			request := httptest.NewRequest(c.method, "/graphql", nil)
			for name, value := range c.headers {
				request.Header.Set(name, value)
			}
			response := answerTo(NewHandler(r), request)
			if body := bodyOf(t, response); response.StatusCode != c.status || body != c.body {
				t.Errorf("got %d, %q", response.StatusCode, body)
			}
			header := response.Header
			if got := header.Get(sharing + "Allow-Origin"); got != c.allows {
				t.Errorf("it allows %q", got)
			}
			if got := header.Get("Vary") == "Origin"; got != c.vary {
				t.Errorf("Vary is %q", header.Get("Vary"))
			}
			exposed := ""
			if c.allows != "" {
				exposed = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed"
			}
			if got := header.Get(sharing + "Expose-Headers"); got != exposed {
				t.Errorf("it exposes %q", got)
			}
			for name, want := range map[string]string{
				"Allow-Methods": "GET, POST", "Max-Age": "7200",
				"Allow-Headers": strings.Join(corsHeaders, ", "),
			} {
				if c.status != 204 {
					want = ""
				}
				if got := header.Get(sharing + name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			if got := header.Values(sharing + "Allow-Credentials"); len(got) > 0 {
				t.Errorf("it allows credentials: %q", got)
			}
		})
	}
}

// TestCORSHeaders asks for what real clients send, as their browsers do: in lower case, in order, in one header.
func TestCORSHeaders(t *testing.T) {
	t.Parallel()
	clients := map[string]string{
		"Apollo Client":      "apollographql-client-name,apollographql-client-version,authorization,content-type,x-api-key",
		"Apollo Sandbox":     "apollo-query-plan-experimental,apollo-require-preflight,content-type,x-apollo-operation-name,x-api-key",
		"Apollo, other ways": "content-type,x-apollo-cache-fetch-strategy,x-apollo-operation-id,x-apollo-operation-type",
		"urql":               "authorization,content-type,graphql-preflight,x-api-key",
		"Relay":              "content-type,graphql-client-name,graphql-client-version,x-api-key,x-request-id,x-requested-with",
		"the Stigg client":   "content-type,idempotency-key,x-api-key,x-customer-key",
		"OpenTelemetry":      "baggage,content-type,traceparent,tracestate,x-api-key",
		"Sentry":             "baggage,content-type,sentry-trace,x-api-key",
		"Zipkin":             "b3,content-type,x-b3-parentspanid,x-b3-sampled,x-b3-spanid,x-b3-traceid",
		"Datadog":            "content-type,x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
		"no cache":           "cache-control,content-type,pragma",
		"the setting":        "content-type,x-tenant",
	}
	for name, asked := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := routes()
			r.Origins, r.OriginHeaders = []string{listed}, []string{"X-Tenant"}
			request := httptest.NewRequest("OPTIONS", "/graphql", nil)
			request.Header.Set("Origin", listed)
			request.Header.Set("Access-Control-Request-Method", "POST")
			request.Header.Set("Access-Control-Request-Headers", asked)
			allowed := strings.Split(strings.ToLower(answerTo(NewHandler(r), request).Header.Get("Access-Control-Allow-Headers")), ", ")
			for header := range strings.SplitSeq(asked, ",") {
				if !slices.Contains(allowed, header) {
					t.Errorf("%s is not allowed", header)
				}
			}
		})
	}
}

func TestListedOrigins(t *testing.T) {
	t.Parallel()
	const extension = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
	list := []string{listed, "http://localhost:*", "http://[::1]:*", extension}
	check, err := NewOriginCheck(list)
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		listed: true, extension: true, "http://localhost": true, "http://localhost:1": true, "http://localhost:65535": true, "http://[::1]:3000": true,
		"": false, "null": false, "http://localhost:*": true, "https://localhost:3000": false, "http://localhost:a": false, "http://localhost:": false,
		"http://localhost:80@evil.example": false, "http://localhost:80/evil": false, "http://localhost:80?": false, "http://localhost.evil.example:80": false,
		"http://a@localhost:80": false, "http://127.0.0.1:3000": false, extension + "a": false, "chrome-extension://a": false, "http://localhost:80:80": false,
		"http://evil.example#http://localhost:80": false, " http://localhost:80": false, "HTTP://localhost:80": false, listed + ":*": false, "http://::1:80": false,
	} {
		if got := isListed(list, origin); got != want {
			t.Errorf("%q is listed: %t", origin, got)
		}
		request := httptest.NewRequest("POST", "http://api.example.com/graphql", nil)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		if passes := check(request) == nil; passes != want {
			t.Errorf("%q passes the check: %t", origin, passes)
		}
	}
}

// A page must be able to read why it was refused.
func TestRefusalsHaveCORSHeadersToo(t *testing.T) {
	t.Parallel()
	r := routes()
	r.Origins = []string{listed}
	for _, target := range []string{"/unknown", "/readyz/store"} {
		request := httptest.NewRequest("POST", target, nil)
		request.Header.Set("Origin", listed)
		response := answerTo(NewHandler(r), request)
		if response.StatusCode != 404 || response.Header.Get("Access-Control-Allow-Origin") != listed {
			t.Errorf("%s: %d, %v", target, response.StatusCode, response.Header)
		}
	}
}

func TestOriginCheck(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		origins []string
		headers map[string]string
		passes  bool
	}{
		"no browser":                              {nil, nil, true},
		"a page of the server":                    {nil, map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"somebody who typed the address":          {nil, map[string]string{"Sec-Fetch-Site": "none"}, true},
		"a page of another site":                  {nil, map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a page of the same site":                 {nil, map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"a word of another standard":              {nil, map[string]string{"Sec-Fetch-Site": "somewhere"}, false},
		"an older browser, a page of the server":  {nil, map[string]string{"Origin": "http://api.example.com"}, true},
		"an older browser, a page of another":     {nil, map[string]string{"Origin": unlisted}, false},
		"an older browser, a page of no origin":   {nil, map[string]string{"Origin": "null"}, false},
		"a page on the list":                      {[]string{listed}, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": listed}, true},
		"a page on the list, an older browser":    {[]string{listed}, map[string]string{"Origin": listed}, true},
		"a page not on the list":                  {[]string{listed}, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": unlisted}, false},
		"a picture on a page of whoever":          {[]string{listed}, map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a page not on the list, an older one":    {[]string{listed}, map[string]string{"Origin": unlisted}, false},
		"a page of the server, seen by its proxy": {nil, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://public.example"}, true},
	}
	for name, c := range cases {
		for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				check, err := NewOriginCheck(c.origins)
				if err != nil {
					t.Fatal(err)
				}
				request := httptest.NewRequest(method, "http://api.example.com/graphql", nil)
				for name, value := range c.headers {
					request.Header.Set(name, value)
				}
				if err := check(request); (err == nil) != c.passes {
					t.Errorf("got %v", err)
				}
				if request.Method != method {
					t.Errorf("the request is %s now", request.Method)
				}
			})
		}
	}
}

func TestOriginCheckRejectsAMalformedOrigin(t *testing.T) {
	t.Parallel()
	if _, err := NewOriginCheck([]string{listed, "admin"}); err == nil || !strings.Contains(err.Error(), "admin") {
		t.Errorf("got %v", err)
	}
}

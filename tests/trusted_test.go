package tests

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele/internal/config"
)

// The documents of the manifest, and one that is not in it.
const (
	trustedCount     = `query Count { customers { totalCount } }`
	trustedProvision = `mutation Make($id: String!) { provisionCustomer(input: { customerId: $id }) { customer { id } } }`
	untrustedCount   = `query Another { customers { totalCount } }`
	// codegenID is how graphql-codegen calls trustedCount by default, and Relay in much the same way.
	codegenID = "0c2b1e5a7f0d4e0f8f5a3b1c2d3e4f5061728394"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// codegenManifest and apolloManifest hold the same documents, as the two kinds of generators write them.
func codegenManifest(t *testing.T) string {
	t.Helper()
	return asJSON(t, object{codegenID: trustedCount, hashOf(trustedProvision): trustedProvision})
}

func apolloManifest(t *testing.T) string {
	t.Helper()
	return asJSON(t, object{"format": "apollo-persisted-query-manifest", "version": 1, "operations": []object{
		{"id": codegenID, "name": "Count", "type": "query", "body": trustedCount},
		{"id": hashOf(trustedProvision), "name": "Make", "type": "mutation", "body": trustedProvision},
	}})
}

// startTrusted starts a service on the embedded engine with a manifest; with none for an empty text.
func startTrusted(t *testing.T, manifest, mode string, automatic int) *service {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.Documents = config.Documents{Trusted: writeManifest(t, manifest), TrustedMode: mode, Automatic: automatic}
	return startService(t, cfg)
}

func writeManifest(t *testing.T, manifest string) string {
	t.Helper()
	if manifest == "" {
		return ""
	}
	path := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// byHash is how clients of automatic persisted queries name a document.
func byHash(hash string) object {
	return object{"persistedQuery": object{"version": 1, "sha256Hash": hash}}
}

// mustHaveOutcome expects what the name says: no error, or one of the refusals below.
func mustHaveOutcome(t *testing.T, name, want string, got *apiResponse) {
	t.Helper()
	switch want {
	case "runs":
		if got.status != http.StatusOK || len(got.Errors) > 0 || got.Data == nil {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
	case "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED":
		mustBeError(t, name, got, http.StatusOK, want)
		// There are clients that compare the whole message.
		message := map[string]string{"PERSISTED_QUERY_NOT_FOUND": "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_SUPPORTED": "PersistedQueryNotSupported"}[want]
		if len(got.Errors) == 1 && got.Errors[0].Message != message {
			t.Errorf("%s: the message is %q", name, got.Errors[0].Message)
		}
	case "UntrustedDocument":
		mustBeError(t, name, got, http.StatusForbidden, want)
	case "BadUserInput":
		mustBeError(t, name, got, http.StatusBadRequest, want)
	default:
		t.Fatalf("%s: unknown expectation %s", name, want)
	}
}

func TestTrustedDocuments(t *testing.T) {
	const refused, notFound = "UntrustedDocument", "PERSISTED_QUERY_NOT_FOUND"
	for manifestName, manifest := range map[string]string{"graphql-codegen": codegenManifest(t), "Apollo": apolloManifest(t)} {
		servers := map[string]*service{}
		for _, mode := range []string{"open", "report", "enforce"} {
			servers[mode] = startTrusted(t, manifest, mode, 100)
		}
		for name, c := range map[string]struct {
			request object
			// anyMode is what becomes of it in every mode; enforced in the mode enforce, if it differs.
			anyMode, enforced string
		}{
			"the text":                           {object{"query": trustedCount}, "runs", ""},
			"the text and a line":                {object{"query": trustedCount + "\n"}, "runs", refused},
			"the text, other spaces":             {object{"query": strings.ReplaceAll(trustedCount, " ", "  ")}, "runs", refused},
			"another text":                       {object{"query": untrustedCount}, "runs", refused},
			"another text of the same name":      {object{"query": `query Count { __typename }`, "operationName": "Count"}, "runs", refused},
			"another text, with its hash":        {object{"query": untrustedCount, "extensions": byHash(hashOf(untrustedCount))}, "runs", refused},
			"another text, with a trusted hash":  {object{"query": untrustedCount, "extensions": byHash(codegenID)}, "BadUserInput", ""},
			"introspection":                      {object{"query": introspectionQuery}, "runs", refused},
			"documentId, as in the manifest":     {object{"documentId": codegenID}, "runs", ""},
			"documentId, hash of the text":       {object{"documentId": hashOf(trustedCount)}, "runs", ""},
			"documentId, with the prefix":        {object{"documentId": "sha256:" + hashOf(trustedCount)}, "runs", ""},
			"documentId, unknown":                {object{"documentId": hashOf("x")}, notFound, ""},
			"documentId, a text":                 {object{"documentId": trustedCount}, notFound, ""},
			"documentId and its text":            {object{"documentId": codegenID, "query": trustedCount}, "runs", ""},
			"documentId and another text":        {object{"documentId": codegenID, "query": untrustedCount}, "BadUserInput", ""},
			"persistedQuery, as in the manifest": {object{"extensions": byHash(codegenID)}, "runs", ""},
			"persistedQuery, hash of the text":   {object{"extensions": byHash(hashOf(trustedCount))}, "runs", ""},
			"persistedQuery, unknown":            {object{"extensions": byHash(hashOf("x"))}, notFound, ""},
			"persistedQuery and its text":        {object{"extensions": byHash(hashOf(trustedCount)), "query": trustedCount}, "runs", ""},
			"both names, the same":               {object{"documentId": "sha256:" + hashOf(trustedCount), "extensions": byHash(hashOf(trustedCount))}, "runs", ""},
			"two names":                          {object{"documentId": codegenID, "extensions": byHash(hashOf(trustedProvision))}, "BadUserInput", ""},
			"persistedQuery of another version":  {object{"extensions": object{"persistedQuery": object{"version": 2, "sha256Hash": codegenID}}}, "BadUserInput", ""},
			"persistedQuery without a version":   {object{"extensions": object{"persistedQuery": object{"sha256Hash": codegenID}}}, "BadUserInput", ""},
			"persistedQuery without a hash":      {object{"extensions": object{"persistedQuery": object{"version": 1}}, "query": trustedCount}, "BadUserInput", ""},
			"persistedQuery that is no object":   {object{"extensions": object{"persistedQuery": codegenID}, "query": trustedCount}, "BadUserInput", ""},
			"persistedQuery null":                {object{"extensions": object{"persistedQuery": nil}, "query": trustedCount}, "runs", ""},
			"documentId that is no text":         {object{"documentId": 1, "query": trustedCount}, "BadUserInput", ""},
			"neither":                            {object{}, "BadUserInput", ""},
		} {
			for mode, server := range servers {
				want := c.anyMode
				if mode == "enforce" && c.enforced != "" {
					want = c.enforced
				}
				mustHaveOutcome(t, manifestName+", "+mode+": "+name, want, server.post(t, asJSON(t, c.request)))
			}
		}
		for mode, server := range servers {
			at := manifestName + ", " + mode + ": "
			mustHaveOutcome(t, at+"GET by documentId", "runs", server.get(t, url.Values{"documentId": {"sha256:" + hashOf(trustedCount)}}))
			mustHaveOutcome(t, at+"GET by hash", "runs", server.get(t, url.Values{"extensions": {asJSON(t, byHash(codegenID))}}))
			mustHaveOutcome(t, at+"GET of an unknown one", notFound, server.get(t, url.Values{"documentId": {"x"}}))
			provision := object{"documentId": hashOf(trustedProvision), "variables": object{"id": "made"}}
			mustHaveOutcome(t, at+"a mutation", "runs", server.post(t, asJSON(t, provision)))
			mustBeError(t, at+"a mutation that may not", server.reader.post(t, asJSON(t, provision)), http.StatusForbidden, "IdentityForbidden")
			mustBeError(t, at+"a mutation by GET", server.get(t, url.Values{
				"documentId": {hashOf(trustedProvision)}, "variables": {`{"id": "other"}`},
			}), http.StatusMethodNotAllowed, "BadUserInput")
			newer := server.exchange(t, http.MethodPost, "/graphql", map[string]string{
				"Content-Type": "application/json", "Accept": "application/graphql-response+json",
			}, strings.NewReader(asJSON(t, object{"documentId": "x"})))
			mustBeError(t, at+"unknown, in the newer media type", newer, http.StatusBadRequest, notFound)
		}
	}
}

// TestRefusalNamesTheDocument, so that it can be added to the manifest.
func TestRefusalNamesTheDocument(t *testing.T) {
	server := startTrusted(t, codegenManifest(t), "enforce", 0)
	if got := server.mustFail(t, "UntrustedDocument", untrustedCount, nil).Extensions["documentId"]; got != "sha256:"+hashOf(untrustedCount) {
		t.Errorf("it is %v", got)
	}
	if text := server.log.String(); text != "" {
		t.Errorf("the server logged:\n%s", text)
	}
}

func TestUntrustedDocumentsAreReported(t *testing.T) {
	server := startTrusted(t, codegenManifest(t), "report", 0)
	server.must(t, trustedCount, nil)
	if text := server.log.String(); text != "" {
		t.Errorf("a trusted document was reported:\n%s", text)
	}
	const secret = `query Named($id: String!) { getCustomerByRefId(input: { customerId: $id }) { secretAlias: id } }`
	for range 3 {
		server.must(t, secret, object{"id": "secret-id"})
	}
	server.do(t, `query Broken { secretField }`, nil)
	server.must(t, `query secretName { a: customers { totalCount } b: customers { totalCount } coupons { totalCount } }`, nil)
	text := server.log.String()
	for _, want := range []string{"sha256:" + hashOf(secret), "fields=[getCustomerByRefId]", "untrustedSoFar=1", "untrustedSoFar=4", `fields="[coupons customers]"`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the log does not have %q once:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"secret", "Named", "Broken", "{"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the log has %q:\n%s", unwanted, text)
		}
	}
}

// TestReportsOfUntrustedDocumentsAreLimited sends more unknown documents than are reported.
func TestReportsOfUntrustedDocumentsAreLimited(t *testing.T) {
	server := startTrusted(t, codegenManifest(t), "report", 0)
	for i := range 100 {
		server.must(t, fmt.Sprintf(`query Q%d { customers { totalCount } }`, i), nil)
	}
	if lines := strings.Count(server.log.String(), "\n"); lines < 20 || lines > 40 {
		t.Errorf("%d lines were logged", lines)
	}
}

func TestAutomaticPersistedQueries(t *testing.T) {
	const notFound = "PERSISTED_QUERY_NOT_FOUND"
	both := func(text string) string { return asJSON(t, object{"query": text, "extensions": byHash(hashOf(text))}) }
	alone := func(text string) string { return asJSON(t, object{"extensions": byHash(hashOf(text))}) }

	t.Run("a text is kept under its hash, for everybody", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		mustHaveOutcome(t, "before", notFound, server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "the text", "runs", server.post(t, both(trustedCount)))
		mustHaveOutcome(t, "after", "runs", server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "GET", "runs", server.get(t, url.Values{"extensions": {asJSON(t, byHash(hashOf(trustedCount)))}}))
		mustHaveOutcome(t, "another key", "runs", server.reader.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "documentId", "runs", server.post(t, asJSON(t, object{"documentId": "sha256:" + hashOf(trustedCount)})))
	})
	t.Run("a text is kept by GET, and by documentId", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		mustHaveOutcome(t, "GET", "runs", server.get(t, url.Values{"query": {trustedCount}, "extensions": {asJSON(t, byHash(hashOf(trustedCount)))}}))
		mustHaveOutcome(t, "after", "runs", server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "documentId", "runs", server.post(t, asJSON(t, object{"query": untrustedCount, "documentId": "sha256:" + hashOf(untrustedCount)})))
		mustHaveOutcome(t, "after", "runs", server.post(t, alone(untrustedCount)))
	})
	t.Run("a text without a hash is not kept", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		mustHaveOutcome(t, "the text", "runs", server.post(t, asJSON(t, object{"query": trustedCount})))
		mustHaveOutcome(t, "the hash", notFound, server.post(t, alone(trustedCount)))
	})
	t.Run("a text with another's hash is refused", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		poison := object{"query": untrustedCount, "extensions": byHash(hashOf(trustedCount))}
		mustHaveOutcome(t, "another's hash", "BadUserInput", server.otherClient.post(t, asJSON(t, poison)))
		mustHaveOutcome(t, "the hash", notFound, server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "the text", "runs", server.post(t, both(trustedCount)))
		mustHaveOutcome(t, "another's hash", "BadUserInput", server.otherClient.post(t, asJSON(t, poison)))
		mustHaveOutcome(t, "the hash", "runs", server.post(t, alone(trustedCount)))
	})
	t.Run("what does not run is not kept", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		for name, text := range map[string]string{
			"no GraphQL":      "{",
			"an unknown name": "{ unknown }",
			"too costly":      `{ coupons(paging: { first: 100 }) { edges { node { customers { coupon { customers { id } } } } } } }`,
			"too many tokens": `{ ` + strings.Repeat("__typename ", 11_000) + `}`,
			"too long":        `{ __typename } #` + strings.Repeat("x", 140_000),
		} {
			if got := server.post(t, both(text)); len(got.Errors) == 0 {
				t.Errorf("%s: it runs", name)
			}
			mustHaveOutcome(t, name, notFound, server.post(t, alone(text)))
		}
		// A read key keeps no mutation that it may not run.
		mustBeError(t, "a mutation", server.reader.post(t, asJSON(t, object{
			"query": trustedProvision, "variables": object{"id": "x"}, "extensions": byHash(hashOf(trustedProvision)),
		})), http.StatusForbidden, "IdentityForbidden")
		mustHaveOutcome(t, "a mutation", notFound, server.post(t, alone(trustedProvision)))
	})
	t.Run("a long text runs and is not kept", func(t *testing.T) {
		server := startTrusted(t, "", "open", 10)
		long := trustedCount + " #" + strings.Repeat("x", 40_000)
		mustHaveOutcome(t, "the text", "runs", server.post(t, both(long)))
		mustHaveOutcome(t, "the hash", notFound, server.post(t, alone(long)))
	})
	t.Run("so many are kept", func(t *testing.T) {
		server := startTrusted(t, "", "open", 2)
		for i := range 3 {
			mustHaveOutcome(t, "the text", "runs", server.post(t, both(fmt.Sprintf(`query Q%d { __typename }`, i))))
		}
		mustHaveOutcome(t, "the first", notFound, server.post(t, alone(`query Q0 { __typename }`)))
		mustHaveOutcome(t, "the last", "runs", server.post(t, alone(`query Q2 { __typename }`)))
	})
	t.Run("off, clients are refused with a code of their own", func(t *testing.T) {
		server := startTrusted(t, "", "open", 0)
		mustHaveOutcome(t, "the hash", "PERSISTED_QUERY_NOT_SUPPORTED", server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "the text", "runs", server.post(t, both(trustedCount)))
		mustHaveOutcome(t, "the hash", "PERSISTED_QUERY_NOT_SUPPORTED", server.post(t, alone(trustedCount)))
	})
	t.Run("off, trusted documents are still found by name", func(t *testing.T) {
		server := startTrusted(t, codegenManifest(t), "open", 0)
		mustHaveOutcome(t, "a trusted one", "runs", server.post(t, alone(trustedCount)))
		mustHaveOutcome(t, "another", "runs", server.post(t, both(untrustedCount)))
		mustHaveOutcome(t, "another's hash", notFound, server.post(t, alone(untrustedCount)))
	})
}

func TestInvalidManifestEndsTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		manifest string
		flags    []string
		want     string
	}{
		"no file":                    {"", []string{"--trusted-documents", "missing.json"}, "missing.json"},
		"no manifest":                {`["secret-value"]`, nil, "a JSON object"},
		"an unknown field":           {`{"the-hash": "query A { unknown }"}`, nil, "the-hash"},
		"no GraphQL":                 {`{"the-hash": "query A {"}`, nil, "the-hash"},
		"only a fragment":            {`{"the-hash": "fragment A on Customer { id }"}`, nil, "the-hash"},
		"an operation of Apollo's":   {`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "the-hash", "name": "A", "body": "{ unknown }"}]}`, nil, "A (the-hash)"},
		"more tokens than the limit": {asJSON(t, object{"the-hash": `{ ` + strings.Repeat("__typename ", 11_000) + `}`}), nil, "the-hash"},
		"introspection that is off":  {`{"the-hash": "{ __schema { types { name } } }"}`, []string{"--introspection=false"}, "the-hash"},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := filepath.Join(t.TempDir(), "data")
			arguments := []string{"--listen", "127.0.0.1:0", "--data-dir", dataDir, "--trusted-documents", writeManifest(t, c.manifest)}
			stdout, stderr, code := runProgram(t, append(arguments, c.flags...)...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "secret-value") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if _, err := os.Stat(dataDir); err == nil {
				t.Error("the start touched the data")
			}
		})
	}
}

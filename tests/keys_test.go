package tests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

const (
	keyFields          = `id name scope environmentId state createdAt lastUsedAt expiresAt revokedAt replacedBy`
	keysOperation      = `{ apiKeys { ` + keyFields + ` } }`
	createKeyOperation = `mutation Create($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { ` + keyFields + ` } } }`
	rollKeyOperation   = `mutation Roll($input: RollApiKeyInput!) { rollApiKey(input: $input) {
  secret apiKey { ` + keyFields + ` } replaced { ` + keyFields + ` } } }`
	revokeKeyOperation = `mutation RevokeKey($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { ` + keyFields + ` } } }`
)

var secretForm = regexp.MustCompile(`^server-[a-z2-7]{26}$`)

// administered is a service with an admin of each of its two environments.
type administered struct {
	*service

	admin, otherAdmin *client
}

// onEnginesWithAdmins is onEngines with admins.
func onEnginesWithAdmins(t *testing.T, test func(t *testing.T, server *administered)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			admin, other := createKey(t, cfg, "development", "admin"), createKey(t, cfg, otherEnvironment, "admin")
			server := &administered{service: startService(t, cfg)}
			server.admin = &client{url: server.url, key: admin}
			server.otherAdmin = &client{url: server.url, key: other}
			test(t, server)
			if text := server.log.String(); text != "" {
				t.Errorf("the server logged:\n%s", text)
			}
			mustNotBeInSignals(t, admin, other)
		})
	}
}

// mustNotBeInSignals looks for secrets in everything that servers have logged and traced so far.
func mustNotBeInSignals(t *testing.T, secrets ...string) {
	t.Helper()
	everySignal.mutex.Lock()
	defer everySignal.mutex.Unlock()
	for _, secret := range secrets {
		if strings.Contains(everySignal.log.String(), secret) || strings.Contains(everySignal.spans.String(), secret) {
			t.Error("a secret is in the log or in a span")
		}
	}
}

// createKey makes a key over the API and returns its secret and its other fields.
func (c *client) createKey(t *testing.T, input object) (string, object) {
	t.Helper()
	payload := c.must(t, createKeyOperation, object{"input": input})["createApiKey"].(object)
	secret := text(payload["secret"])
	if !secretForm.MatchString(secret) {
		t.Fatalf("the secret has not the form of one: %v", payload["apiKey"])
	}
	return secret, payload["apiKey"].(object)
}

// keyByID is what the list says of a key; nil if it is not in it.
func (c *client) keyByID(t *testing.T, id any) object {
	t.Helper()
	for _, key := range c.must(t, keysOperation, nil)["apiKeys"].([]any) {
		if key := key.(object); key["id"] == id {
			return key
		}
	}
	return nil
}

// status is that of a harmless query with a key.
func (server *administered) status(t *testing.T, secret string) int {
	t.Helper()
	return (&client{url: server.url, key: secret}).do(t, getOperation, object{"input": object{"customerId": "nobody"}}).status
}

func TestScopesOfKeys(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		operations := map[string]struct {
			query     string
			variables object
		}{
			"read a customer":  {getOperation, object{"input": object{"customerId": "a"}}},
			"write a customer": {provisionOperation, object{"input": object{}}},
			"list keys":        {keysOperation, nil},
			"create a key":     {createKeyOperation, object{"input": object{"name": "n", "scope": "READ"}}},
			"roll a key":       {rollKeyOperation, object{"input": object{"id": "0123456789abcdef"}}},
			"revoke a key":     {revokeKeyOperation, object{"input": object{"id": "0123456789abcdef"}}},
			"keys beside others, in a fragment": {
				`query ($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { id } ...F } fragment F on Query { all: apiKeys { id } }`,
				object{"input": object{"customerId": "a"}},
			},
		}
		for scope, c := range map[string]struct {
			client *client
			may    []string
		}{
			"read":  {server.reader, []string{"read a customer"}},
			"full":  {server.client, []string{"read a customer", "write a customer"}},
			"admin": {server.admin, []string{"read a customer", "write a customer", "list keys", "create a key", "roll a key", "revoke a key", "keys beside others, in a fragment"}},
		} {
			for what, operation := range operations {
				got := c.client.do(t, operation.query, operation.variables)
				allowed := strings.Contains(strings.Join(c.may, "|"), what)
				switch {
				case allowed && (got.status != http.StatusOK || got.code() == "IdentityForbidden"):
					t.Errorf("%s may %s: status %d: %s", scope, what, got.status, got.body)
				case !allowed && (got.status != http.StatusForbidden || got.code() != "IdentityForbidden" || strings.Contains(string(got.body), `"data"`)):
					t.Errorf("%s may not %s: status %d: %s", scope, what, got.status, got.body)
				}
			}
		}
		if got := server.withoutKey.do(t, keysOperation, nil); got.status != http.StatusUnauthorized {
			t.Errorf("without a key: status %d: %s", got.status, got.body)
		}
	})
}

func TestKeysAreCreatedOverTheAPI(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		secret, key := server.admin.createKey(t, object{
			"name": "the nightly report", "scope": "FULL", "environmentId": "development", "expiresAt": end.Format(time.RFC3339),
		})
		created := &client{url: server.url, key: secret}
		created.must(t, provisionOperation, object{"input": object{"customerId": "by-the-new-key"}})
		created.mustFail(t, "IdentityForbidden", keysOperation, nil)
		if key["name"] != "the nightly report" || key["scope"] != "FULL" || key["environmentId"] != "development" || key["state"] != "ACTIVE" ||
			key["expiresAt"] != end.Format("2006-01-02T15:04:05.000Z") || key["revokedAt"] != nil || key["replacedBy"] != nil || key["lastUsedAt"] != nil {
			t.Errorf("created %v", key)
		}
		list := server.admin.do(t, keysOperation, nil)
		if strings.Contains(string(list.body), secret) {
			t.Error("the list has a secret")
		}
		if server.admin.keyByID(t, key["id"]) == nil {
			t.Errorf("the list lacks the key: %s", list.body)
		}
		mustNotBeInSignals(t, secret)
	})
}

func TestInputsOfKeysThatAreRefused(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		_, key := server.admin.createKey(t, object{"name": "key", "scope": "READ"})
		_, revoked := server.admin.createKey(t, object{"name": "key", "scope": "READ"})
		server.admin.must(t, revokeKeyOperation, object{"input": object{"id": revoked["id"]}})
		before := server.admin.must(t, keysOperation, nil)["apiKeys"].([]any)
		for name, c := range map[string]struct {
			code, field, operation string
			input                  object
		}{
			"a name of 256 characters":  {"BadUserInput", "name", createKeyOperation, object{"name": strings.Repeat("é", 256), "scope": "READ"}},
			"a name with a line in it":  {"BadUserInput", "name", createKeyOperation, object{"name": "a\nb", "scope": "READ"}},
			"a name with an escape":     {"BadUserInput", "name", createKeyOperation, object{"name": "a\x1b[2J", "scope": "READ"}},
			"an end in the past":        {"BadUserInput", "expiresAt", createKeyOperation, object{"name": "a", "scope": "READ", "expiresAt": "2024-01-01T00:00:00Z"}},
			"another environment":       {"IdentityForbidden", "", createKeyOperation, object{"name": "a", "scope": "READ", "environmentId": otherEnvironment}},
			"roll: another environment": {"IdentityForbidden", "", rollKeyOperation, object{"id": key["id"], "environmentId": otherEnvironment}},
			"roll: a negative overlap":  {"BadUserInput", "overlap", rollKeyOperation, object{"id": key["id"], "overlapSeconds": -1}},
			"roll: more than 30 days":   {"BadUserInput", "overlap", rollKeyOperation, object{"id": key["id"], "overlapSeconds": 2_592_001}},
			"roll: as much as there is": {"BadUserInput", "overlap", rollKeyOperation, object{"id": key["id"], "overlapSeconds": 2_147_483_647}},
			"roll: an unknown key":      {"ApiKeyNotFound", "", rollKeyOperation, object{"id": "0123456789abcdef"}},
			"roll: no id at all":        {"ApiKeyNotFound", "", rollKeyOperation, object{"id": ""}},
			"roll: a revoked key":       {"BadUserInput", "id", rollKeyOperation, object{"id": revoked["id"]}},
			"revoke: an unknown key":    {"ApiKeyNotFound", "", revokeKeyOperation, object{"id": "0123456789abcdef"}},
			"revoke: a secret":          {"ApiKeyNotFound", "", revokeKeyOperation, object{"id": server.admin.key}},
			"revoke: other environment": {"IdentityForbidden", "", revokeKeyOperation, object{"id": key["id"], "environmentId": otherEnvironment}},
		} {
			got := server.admin.mustFail(t, c.code, c.operation, object{"input": c.input})
			if field := text(got.Extensions["field"]); c.field != "" && !strings.HasPrefix(field, c.field) {
				t.Errorf("%s: the field is %q", name, field)
			}
			if strings.Contains(got.Message, server.admin.key) {
				t.Errorf("%s: the message has the secret", name)
			}
		}
		if after := server.admin.must(t, keysOperation, nil)["apiKeys"].([]any); len(after) != len(before) {
			t.Errorf("there were %d keys and are %d", len(before), len(after))
		}
	})
}

// TestKeysOfOtherEnvironmentsDoNotExist compares the error for a key of another environment with that for no key at all.
func TestKeysOfOtherEnvironmentsDoNotExist(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		secret, theirs := server.otherAdmin.createKey(t, object{"name": "theirs", "scope": "READ"})
		if server.admin.keyByID(t, theirs["id"]) != nil {
			t.Error("the list has a key of another environment")
		}
		for _, operation := range []string{rollKeyOperation, revokeKeyOperation} {
			foreign := server.admin.mustFail(t, "ApiKeyNotFound", operation, object{"input": object{"id": theirs["id"]}})
			unknown := server.admin.mustFail(t, "ApiKeyNotFound", operation, object{"input": object{"id": "0123456789abcdef"}})
			delete(foreign.Extensions, "requestId")
			delete(unknown.Extensions, "requestId")
			if fmt.Sprint(foreign) != fmt.Sprint(unknown) {
				t.Errorf("%v of a key of another environment, %v of an unknown one", foreign, unknown)
			}
		}
		if got := server.status(t, secret); got != http.StatusOK {
			t.Errorf("the key of the other environment: status %d", got)
		}
		if key := server.otherAdmin.keyByID(t, theirs["id"]); key["environmentId"] != otherEnvironment || key["state"] != "ACTIVE" {
			t.Errorf("to its own admin it is %v", key)
		}
	})
}

func TestSecretIsReturnedOnce(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		_, key := server.admin.createKey(t, object{"name": "to be rolled", "scope": "READ"})
		both := `mutation ($input: CreateApiKeyInput!) { a: createApiKey(input: $input) { secret again: secret apiKey { id } } b: createApiKey(input: $input) { secret apiKey { id } } }`
		for name, c := range map[string]struct {
			operation string
			input     object
			payloads  []string
		}{
			"create": {createKeyOperation, object{"name": "n", "scope": "READ"}, []string{"createApiKey"}},
			"twice":  {both, object{"name": "n", "scope": "READ"}, []string{"a", "b"}},
			"roll":   {rollKeyOperation, object{"id": key["id"]}, []string{"rollApiKey"}},
		} {
			first := server.admin.keyed(t, name, c.operation, object{"input": c.input})
			mustBeFirst(t, name, first)
			count := len(server.admin.must(t, keysOperation, nil)["apiKeys"].([]any))
			again := server.admin.keyed(t, name, c.operation, object{"input": c.input})
			if !again.replayed() || again.status != http.StatusOK || len(again.Errors) > 0 {
				t.Fatalf("%s: status %d, replayed %t: %s", name, again.status, again.replayed(), again.body)
			}
			for _, payload := range c.payloads {
				was, is := first.Data[payload].(object), again.Data[payload].(object)
				secret := text(was["secret"])
				if got := server.status(t, secret); got != http.StatusOK || !secretForm.MatchString(secret) {
					t.Errorf("%s: with the secret the status is %d", name, got)
				}
				if value, there := is["secret"]; !there || value != nil || is["again"] != nil {
					t.Errorf("%s: the replay has a secret", name)
				}
				was["secret"] = nil
				if _, twice := was["again"]; twice {
					was["again"] = nil
				}
				if fmt.Sprint(is) != fmt.Sprint(was) {
					t.Errorf("%s: the replay is %v, not %v", name, is, was)
				}
				mustNotBeInSignals(t, secret)
			}
			if strings.Contains(string(again.body), "server-") || strings.Contains(string(first.body), `"secret-`) {
				t.Errorf("%s: %s", name, again.body)
			}
			if now := len(server.admin.must(t, keysOperation, nil)["apiKeys"].([]any)); now != count {
				t.Errorf("%s: the replay made %d keys", name, now-count)
			}
		}
	})
}

func TestRollingAKeyLeavesAnOverlap(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		for name, c := range map[string]struct {
			input   object
			overlap time.Duration
		}{
			"a day if nothing is said": {object{}, 24 * time.Hour},
			"so many seconds":          {object{"overlapSeconds": 60}, time.Minute},
			"the most":                 {object{"overlapSeconds": 2_592_000}, 30 * 24 * time.Hour},
			"none":                     {object{"overlapSeconds": 0}, 0},
		} {
			oldSecret, old := server.admin.createKey(t, object{"name": name, "scope": "FULL"})
			c.input["id"] = old["id"]
			payload := server.admin.must(t, rollKeyOperation, object{"input": c.input})["rollApiKey"].(object)
			key, replaced := payload["apiKey"].(object), payload["replaced"].(object)
			if key["name"] != name || key["scope"] != "FULL" || key["id"] == old["id"] || key["expiresAt"] != nil {
				t.Errorf("%s: the new key is %v", name, key)
			}
			created, end := parseTime(t, key["createdAt"]), parseTime(t, replaced["expiresAt"])
			if replaced["id"] != old["id"] || replaced["replacedBy"] != key["id"] || end.Sub(created).Abs() < c.overlap-time.Second || end.Sub(created) > c.overlap+time.Second {
				t.Errorf("%s: the old key is %v", name, replaced)
			}
			wantState, wantStatus := "ACTIVE", http.StatusOK
			if c.overlap == 0 {
				wantState, wantStatus = "REVOKED", http.StatusUnauthorized
			}
			if got := server.status(t, oldSecret); got != wantStatus || replaced["state"] != wantState {
				t.Errorf("%s: the old key is %v, with status %d", name, replaced["state"], got)
			}
			if got := server.status(t, text(payload["secret"])); got != http.StatusOK {
				t.Errorf("%s: the new key has status %d", name, got)
			}
			got := server.admin.mustFail(t, "BadUserInput", rollKeyOperation, object{"input": object{"id": old["id"]}})
			if c.overlap > 0 && !strings.Contains(got.Message, text(key["id"])) {
				t.Errorf("%s: the second roll does not name the successor: %s", name, got.Message)
			}
		}
	})
}

func parseTime(t *testing.T, value any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text(value))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestRevokedKeyIsRefusedAtOnce(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		secret, key := server.admin.createKey(t, object{"name": "key", "scope": "ADMIN"})
		if got := server.status(t, secret); got != http.StatusOK {
			t.Fatalf("status %d", got)
		}
		for range 2 {
			revoked := server.admin.must(t, revokeKeyOperation, object{"input": object{"id": key["id"]}})["revokeApiKey"].(object)["apiKey"].(object)
			if revoked["state"] != "REVOKED" || revoked["revokedAt"] == nil {
				t.Errorf("revoked %v", revoked)
			}
			if got := server.status(t, secret); got != http.StatusUnauthorized {
				t.Errorf("status %d", got)
			}
		}
		if listed := server.admin.keyByID(t, key["id"]); listed["state"] != "REVOKED" {
			t.Errorf("listed is %v", listed)
		}
	})
}

// TestRevocationAppliesOnEveryServer has two servers over one database.
func TestRevocationAppliesOnEveryServer(t *testing.T) {
	cfg := config.Default()
	cfg.MongoDBURI = config.Secret(mongotest.URI(t))
	admin := createKey(t, cfg, "development", "admin")
	one, other := &administered{service: startService(t, cfg)}, &administered{service: startService(t, cfg)}
	one.admin = &client{url: one.url, key: admin}
	for name, end := range map[string]func(id any){
		"revoked": func(id any) { one.admin.must(t, revokeKeyOperation, object{"input": object{"id": id}}) },
		"rolled at once": func(id any) {
			one.admin.must(t, rollKeyOperation, object{"input": object{"id": id, "overlapSeconds": 0}})
		},
	} {
		secret, key := one.admin.createKey(t, object{"name": "key", "scope": "READ"})
		if got := other.status(t, secret); got != http.StatusOK {
			t.Errorf("%s: before, the status is %d", name, got)
		}
		end(key["id"])
		if got := other.status(t, secret); got != http.StatusUnauthorized {
			t.Errorf("%s: the status is %d", name, got)
		}
	}
}

func TestAdminLocksItselfOutOnlyWhenConfirmed(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		secret, key := server.admin.createKey(t, object{"name": "second", "scope": "ADMIN"})
		second := &client{url: server.url, key: secret}
		if got := second.mustFail(t, "BadUserInput", revokeKeyOperation, object{"input": object{"id": key["id"]}}); !strings.Contains(got.Message, "ownKey") {
			t.Errorf("the message is %s", got.Message)
		}
		second.must(t, keysOperation, nil)
		second.must(t, revokeKeyOperation, object{"input": object{"id": key["id"], "ownKey": true}})
		second.mustFail(t, "Unauthenticated", keysOperation, nil)
	})
}

func TestLastUseOfAKeyIsShown(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		secret, key := server.admin.createKey(t, object{"name": "key", "scope": "READ"})
		_, unused := server.admin.createKey(t, object{"name": "unused", "scope": "READ"})
		before := time.Now().Add(-time.Second)
		if got := server.status(t, secret); got != http.StatusOK {
			t.Fatalf("status %d", got)
		}
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			used := server.admin.keyByID(t, key["id"])["lastUsedAt"]
			if used != nil {
				if at := parseTime(t, used); at.Before(before) || at.After(time.Now().Add(time.Second)) {
					t.Errorf("it was used at %s", at)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the use is not shown")
			}
		}
		if at := server.admin.keyByID(t, unused["id"])["lastUsedAt"]; at != nil {
			t.Errorf("the other key was used at %v", at)
		}
	})
}

func TestKeysPerEnvironmentAreLimited(t *testing.T) {
	onEnginesWithAdmins(t, func(t *testing.T, server *administered) {
		var fields strings.Builder
		for i := range 10 {
			fmt.Fprintf(&fields, "k%d: createApiKey(input: $input) { apiKey { id } } ", i)
		}
		many := `mutation ($input: CreateApiKeyInput!) { ` + fields.String() + `}`
		input := object{"input": object{"name": "one of many", "scope": "READ"}}
		for range 9 {
			server.admin.must(t, many, input)
		}
		got := server.admin.do(t, many, input)
		// The admin's own key, the reader's and fullKey are of this environment as well.
		if len(got.Errors) != 3 || got.code() != "TooManyApiKeys" {
			t.Errorf("status %d: %s", got.status, got.body)
		}
		server.admin.mustFail(t, "TooManyApiKeys", createKeyOperation, input)
		server.otherAdmin.createKey(t, object{"name": "their first", "scope": "READ"})
	})
}

// TestOperationsListenerNeedsNoKey: it serves requests without a key.
func TestOperationsListenerNeedsNoKey(t *testing.T) {
	server := startEmbedded(t)
	server.must(t, getOperation, object{"input": object{"customerId": "nobody"}})
	for _, path := range []string{"/v1/keys", "/v1/keys/revoke", "/graphql"} {
		response, err := httpClient.Post(server.ops+path, "application/json", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, response.StatusCode)
		}
	}
}

// keysCommand runs `clientele keys` in a data folder and expects it to succeed.
func keysCommand(t *testing.T, dataDir string, arguments ...string) string {
	t.Helper()
	stdout, stderr, code := runProgram(t, append([]string{"keys"}, append(arguments, "--data-dir", dataDir)...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("keys %v: exit code %d: %s", arguments, code, stderr)
	}
	return stdout
}

var idForm = regexp.MustCompile(`(?m)^id ([0-9a-f]{16}),`)

// parseKey is the secret and the id that keys create or keys roll printed.
func parseKey(t *testing.T, printed string) (secret, id string) {
	t.Helper()
	secret, _, _ = strings.Cut(printed, "\n")
	found := idForm.FindStringSubmatch(printed)
	if found == nil || !secretForm.MatchString(secret) {
		t.Fatalf("no key was printed:\n%s", printed)
	}
	return secret, found[1]
}

func TestKeysAreManagedBesideARunningServer(t *testing.T) {
	dataDir := t.TempDir()
	server := startProcess(t, dataDir, "--log-level", "debug")
	statusOf := func(secret string) int {
		t.Helper()
		return (&client{url: server.url, key: secret}).do(t, keysOperation, nil).status
	}
	info, err := os.Stat(filepath.Join(dataDir, "control.sock"))
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Fatalf("the socket is %v, %v", info, err)
	}

	adminSecret, adminID := parseKey(t, keysCommand(t, dataDir, "create", "--scope", "admin", "--name", "operations"))
	if got := statusOf(adminSecret); got != http.StatusOK {
		t.Errorf("the new key has status %d", got)
	}
	rolledSecret, rolledID := parseKey(t, keysCommand(t, dataDir, "roll", adminID, "--overlap", "1h"))
	if old, rolled := statusOf(adminSecret), statusOf(rolledSecret); old != http.StatusOK || rolled != http.StatusOK {
		t.Errorf("in the overlap the old key has status %d, the new one %d", old, rolled)
	}
	keysCommand(t, dataDir, "revoke", adminID)
	if got := statusOf(adminSecret); got != http.StatusUnauthorized {
		t.Errorf("the revoked key has status %d", got)
	}
	listed := keysCommand(t, dataDir, "list")
	if !regexp.MustCompile(adminID+` .*admin +revoked.*`+rolledID+` +operations`).MatchString(listed) ||
		!regexp.MustCompile(rolledID+` .*admin +usable.*operations`).MatchString(listed) {
		t.Errorf("list:\n%s", listed)
	}
	// A key made over the API is one to the command line, too.
	secret, key := (&client{url: server.url, key: rolledSecret}).createKey(t, object{"name": "over-the-api", "scope": "READ"})
	if listed := keysCommand(t, dataDir, "list"); !strings.Contains(listed, text(key["id"])) {
		t.Errorf("list:\n%s", listed)
	}
	for name, c := range map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"an unknown id":  {[]string{"revoke", "0000000000000000"}, 1, "no key with that id"},
		"a replaced key": {[]string{"roll", adminID}, 2, "revoked or has expired"},
	} {
		arguments := append(append([]string{"keys"}, c.arguments...), "--data-dir", dataDir)
		if _, stderr, code := runProgram(t, arguments...); code != c.code || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}

	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dataDir, "control.sock")); !os.IsNotExist(err) {
		t.Errorf("the socket outlives the server: %v", err)
	}
	for _, secret := range []string{adminSecret, rolledSecret, secret} {
		mustNotContain(t, dataDir, secret)
		if strings.Contains(server.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
	if !strings.Contains(server.log.String(), "an API key was revoked") || !strings.Contains(server.log.String(), adminID) {
		t.Errorf("the log does not say what happened to the keys:\n%s", server.log.String())
	}
	// The last use of the last second is not lost.
	if listed := keysCommand(t, dataDir, "list"); !regexp.MustCompile(rolledID + ` .*usable +\S+Z +\S+Z +never`).MatchString(listed) {
		t.Errorf("list:\n%s", listed)
	}
}

func TestSocketOfAKilledServerIsReplaced(t *testing.T) {
	dataDir := t.TempDir()
	startProcess(t, dataDir).kill(t)
	if _, err := os.Stat(filepath.Join(dataDir, "control.sock")); err != nil {
		t.Fatalf("there is no socket to replace: %v", err)
	}
	// Without a server the command opens the store.
	_, id := parseKey(t, keysCommand(t, dataDir, "create", "--scope", "admin"))
	server := startProcess(t, dataDir)
	secret, _ := parseKey(t, keysCommand(t, dataDir, "roll", id))
	server.key = secret
	server.must(t, keysOperation, nil)
}

func TestFolderTooDeepForASocketIsServed(t *testing.T) {
	dataDir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	server := startProcess(t, dataDir)
	server.must(t, getOperation, object{"input": object{"customerId": "nobody"}})
	_, stderr, code := runProgram(t, "keys", "list", "--data-dir", dataDir)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "stop the server first") || !strings.Contains(stderr, "path of the control socket is too long") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if !strings.Contains(server.log.String(), "path of the control socket is too long") {
		t.Errorf("the log does not say why there is no socket:\n%s", server.log.String())
	}
	keysCommand(t, dataDir, "list")
}

func TestChangedKeyAtTheStartNamesTheOldOne(t *testing.T) {
	dataDir := t.TempDir()
	const oldKey, newKey = "server-the-key-of-the-first-start", "server-the-key-of-the-second-start"
	first := startProcess(t, dataDir, "--api-key", oldKey)
	if strings.Contains(first.greeting, "keys revoke") {
		t.Errorf("the first start greets with an earlier key:\n%s", first.greeting)
	}
	if err := first.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}

	second := startProcess(t, dataDir, "--api-key", newKey)
	hint := regexp.MustCompile(`still valid.*clientele keys revoke ([0-9a-f]{16})`).FindStringSubmatch(second.greeting)
	if hint == nil {
		t.Fatalf("the greeting does not say that the old key is valid:\n%s", second.greeting)
	}
	for _, secret := range []string{oldKey, newKey} {
		second.key = secret
		second.must(t, getOperation, object{"input": object{"customerId": "nobody"}})
		if strings.Contains(second.greeting, secret) {
			t.Error("the greeting has a secret")
		}
	}
	// What the greeting says works while the server runs.
	keysCommand(t, dataDir, "revoke", hint[1])
	second.key = oldKey
	second.mustFail(t, "Unauthenticated", getOperation, object{"input": object{"customerId": "nobody"}})
	if err := second.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := second.log.String(); !strings.Contains(log, "clientele keys revoke "+hint[1]) || strings.Contains(log, oldKey) || strings.Contains(log, newKey) {
		t.Errorf("the log:\n%s", log)
	}

	third := startProcess(t, dataDir, "--api-key", newKey)
	if strings.Contains(third.greeting, "keys revoke") {
		t.Errorf("the greeting names a key that was revoked:\n%s", third.greeting)
	}
}

package domain

import (
	"strings"
	"testing"
	"time"
)

func TestAPIKeyUsable(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		expiresAt, revokedAt *time.Time
		want                 bool
	}{
		"without an end":                  {nil, nil, true},
		"expires later":                   {new(noon.Add(time.Millisecond)), nil, true},
		"expires now":                     {new(noon), nil, false},
		"expired before":                  {new(noon.Add(-time.Millisecond)), nil, false},
		"revoked before":                  {nil, new(noon.Add(-time.Millisecond)), false},
		"revoked now":                     {nil, new(noon), false},
		"revoked by a clock that is fast": {nil, new(noon.Add(time.Hour)), false},
		"revoked and not expired":         {new(noon.Add(time.Hour)), new(noon.Add(-time.Hour)), false},
		"revoked and expired":             {new(noon.Add(-time.Hour)), new(noon.Add(-time.Hour)), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := APIKey{ExpiresAt: c.expiresAt, RevokedAt: c.revokedAt}
			if got := key.Usable(noon); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestAPIKeyValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		key APIKey
		// field is empty for a key that is right.
		field string
	}{
		"full access":                       {APIKey{EnvironmentID: "production", Scope: ScopeFull}, ""},
		"admin access":                      {APIKey{EnvironmentID: "production", Scope: ScopeAdmin}, ""},
		"read access":                       {APIKey{EnvironmentID: "production", Scope: ScopeRead}, ""},
		"environment of 1 character":        {APIKey{EnvironmentID: "a", Scope: ScopeFull}, ""},
		"environment of 64 characters":      {APIKey{EnvironmentID: strings.Repeat("a", 64), Scope: ScopeFull}, ""},
		"environment with digits":           {APIKey{EnvironmentID: "2024", Scope: ScopeFull}, ""},
		"environment with inner hyphens":    {APIKey{EnvironmentID: "eu--1-a", Scope: ScopeFull}, ""},
		"environment empty":                 {APIKey{EnvironmentID: "", Scope: ScopeFull}, "environment"},
		"environment of 65 characters":      {APIKey{EnvironmentID: strings.Repeat("a", 65), Scope: ScopeFull}, "environment"},
		"environment in upper case":         {APIKey{EnvironmentID: "Production", Scope: ScopeFull}, "environment"},
		"environment with a slash":          {APIKey{EnvironmentID: "a/b", Scope: ScopeFull}, "environment"},
		"environment with an underscore":    {APIKey{EnvironmentID: "a_b", Scope: ScopeFull}, "environment"},
		"environment with a dot":            {APIKey{EnvironmentID: "a.b", Scope: ScopeFull}, "environment"},
		"environment with a space":          {APIKey{EnvironmentID: "a b", Scope: ScopeFull}, "environment"},
		"environment with a newline":        {APIKey{EnvironmentID: "a\n", Scope: ScopeFull}, "environment"},
		"environment beyond ASCII":          {APIKey{EnvironmentID: "ä", Scope: ScopeFull}, "environment"},
		"environment begins with a hyphen":  {APIKey{EnvironmentID: "-a", Scope: ScopeFull}, "environment"},
		"environment ends with a hyphen":    {APIKey{EnvironmentID: "a-", Scope: ScopeFull}, "environment"},
		"environment is a hyphen":           {APIKey{EnvironmentID: "-", Scope: ScopeFull}, "environment"},
		"scope missing":                     {APIKey{EnvironmentID: "a", Scope: ""}, "scope"},
		"scope unknown":                     {APIKey{EnvironmentID: "a", Scope: "write"}, "scope"},
		"scope in another case":             {APIKey{EnvironmentID: "a", Scope: "Full"}, "scope"},
		"name of 255 characters":            {APIKey{EnvironmentID: "a", Scope: ScopeFull, Name: strings.Repeat("é", 255)}, ""},
		"name of 256 characters":            {APIKey{EnvironmentID: "a", Scope: ScopeFull, Name: strings.Repeat("a", 256)}, "name"},
		"name beyond ASCII, with spaces":    {APIKey{EnvironmentID: "a", Scope: ScopeFull, Name: "Ада's shop"}, ""},
		"name with a newline":               {APIKey{EnvironmentID: "a", Scope: ScopeFull, Name: "a\nb"}, "name"},
		"name with a terminal's escape":     {APIKey{EnvironmentID: "a", Scope: ScopeFull, Name: "a\x1b[2J"}, "name"},
		"the first wrong thing is reported": {APIKey{Scope: "write", Name: strings.Repeat("a", 256)}, "environment"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.key.Validate()
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			requireFieldRefusal(t, err, BadUserInput, c.field)
		})
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	const strong = "abcdefghijklmnopqrstuvw" // and one more makes 24
	cases := map[string]struct {
		secret  string
		refused bool
	}{
		"24 characters":                {strong + "x", false},
		"255 characters":               {strings.Repeat("x", 255), false},
		"the first printable":          {strong + "!", false},
		"the last printable":           {strong + "~", false},
		"empty":                        {"", true},
		"23 characters":                {strong, true},
		"256 characters":               {strings.Repeat("x", 256), true},
		"a space":                      {strong + " x", true},
		"a newline at the end":         {strong + "x\n", true},
		"a tab":                        {strong + "\tx", true},
		"a NUL":                        {strong + "\x00x", true},
		"a DEL":                        {strong + "\x7fx", true},
		"a letter beyond ASCII":        {strong + "éx", true},
		"23 characters in more bytes":  {strings.Repeat("é", 23), true},
		"not UTF-8":                    {strong + "\xffx", true},
		"white space does not stretch": {strings.Repeat(" ", 30), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckSecret(c.secret)
			if !c.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !IsKind(err, BadUserInput) {
				t.Fatalf("got %v", err)
			}
			if c.secret != "" && strings.Contains(err.Error(), c.secret) {
				t.Errorf("the refusal tells the secret: %v", err)
			}
		})
	}
}

func TestActorAuthorizeWrite(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		scope   Scope
		refused bool
	}{
		"full access writes":          {ScopeFull, false},
		"read access does not":        {ScopeRead, true},
		"nobody does not":             {"", true},
		"admin access writes":         {ScopeAdmin, false},
		"an unknown scope does not":   {"owner", true},
		"the case of a scope matters": {"FULL", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Actor{EnvironmentID: "production", Scope: c.scope}.AuthorizeWrite()
			if c.refused != IsKind(err, IdentityForbidden) || !c.refused && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestActorEnvironment(t *testing.T) {
	t.Parallel()
	actor := Actor{EnvironmentID: "production", Scope: ScopeFull}
	cases := map[string]struct {
		requested *string
		refused   bool
	}{
		"none is the actor's own": {nil, false},
		"its own":                 {new("production"), false},
		"another":                 {new("staging"), true},
		"the empty text is none":  {new(""), false},
		"a space":                 {new(" "), true},
		"its own in another case": {new("Production"), true},
		"its own and a slash":     {new("production/"), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := actor.Environment(c.requested)
			switch {
			case c.refused && (!IsKind(err, IdentityForbidden) || got != ""):
				t.Errorf("got %q, %v", got, err)
			case !c.refused && (err != nil || got != "production"):
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestScopesIncludeTheOnesBefore(t *testing.T) {
	t.Parallel()
	for scope, want := range map[Scope]struct{ write, admin bool }{
		ScopeRead:  {false, false},
		ScopeFull:  {true, false},
		ScopeAdmin: {true, true},
		"":         {false, false},
		"Admin":    {false, false},
	} {
		actor := Actor{Scope: scope}
		for what, check := range map[string]struct {
			err     error
			allowed bool
		}{"write": {actor.AuthorizeWrite(), want.write}, "manage keys": {actor.AuthorizeAdmin(), want.admin}} {
			if allowed := check.err == nil; allowed != check.allowed || !allowed && !IsKind(check.err, IdentityForbidden) {
				t.Errorf("scope %q, %s: %v", scope, what, check.err)
			}
		}
	}
	for _, scope := range scopes {
		if !scope.Includes(ScopeRead) {
			t.Errorf("scope %q does not read", scope)
		}
	}
	if ScopeAdmin.Includes("") || ScopeAdmin.Includes("root") || Scope("").Includes("") {
		t.Error("an unknown scope is included")
	}
}

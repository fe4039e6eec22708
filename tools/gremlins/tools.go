//go:build tools

// Package tools pins the mutation tester, apart from the server's own dependencies.
package tools

import _ "github.com/go-gremlins/gremlins/cmd/gremlins"

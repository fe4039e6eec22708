//go:build tools

// Package tools pins the linter. It has a module of its own because golangci-lint brings several hundred
// dependencies, and their versions must neither reach the server's build nor be held back by it.
package tools

import _ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"

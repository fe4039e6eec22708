//go:build tools

// Package tools pins the version of the linter. It has its own module so that the several hundred dependencies of
// golangci-lint do not affect the versions that the server uses.
package tools

import _ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"

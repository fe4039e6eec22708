//go:build tools

// Package main pins the code generator, so that everybody generates with the version in go.mod.
package main

import _ "github.com/99designs/gqlgen"

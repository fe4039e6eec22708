#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for FUZZTIME each.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
  grep -o '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/func //' | while read -r target; do
    echo "$target in $(dirname "$file")"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 5s "$(dirname "$file")"
  done
done

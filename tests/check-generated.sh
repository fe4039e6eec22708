#!/usr/bin/env bash
# Fails if generating again would change anything, and leaves the files as they were found.
set -euo pipefail
cd "$(dirname "$0")/.."

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -r graph "$before/graph"
go generate ./...
if ! diff -r "$before/graph" graph >"$before/difference"; then
  head -n 40 "$before/difference"
  rm -rf graph
  cp -r "$before/graph" graph
  echo "the generated code is stale: run make generate" >&2
  exit 1
fi
echo "the generated code is fresh"

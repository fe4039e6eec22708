#!/usr/bin/env bash
# Starts a MongoDB-wire server on a free loopback port, runs a command with CLIENTELE_TEST_MONGODB_URI
# naming it, and ends the server: with-wire-server.sh SERVER COMMAND [ARGUMENT ...]
set -euo pipefail

server=$1
shift
log=$(mktemp)
"$server" -listen 127.0.0.1:0 >"$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -f "$log"' EXIT

# The server prints its address once it listens.
for _ in $(seq 100); do
  uri=$(grep -o 'mongodb://[^ ]*' "$log" || true)
  [ -z "$uri" ] || break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
if [ -z "$uri" ]; then
  echo "the MongoDB-wire server did not start:" >&2
  cat "$log" >&2
  exit 1
fi
CLIENTELE_TEST_MONGODB_URI=${uri%/} "$@"

#!/usr/bin/env bash
# Generates the example clients from the schema of a running server, fails if that changes them, compiles them, and
# compares what they print with what is expected: clients.sh SERVER
set -euo pipefail
server=$(realpath "$1")
cd "$(dirname "$0")/../examples/clients"

export CLIENTELE_API_KEY=server-for-this-machine-only
work=$(mktemp -d)
pid=
stop() {
  [ -z "$pid" ] || { kill "$pid" && wait "$pid" || true; }
  pid=
}
trap 'stop; rm -rf "$work"' EXIT

# start serves without customers, and says where in CLIENTELE_URL.
start() {
  stop
  local data
  data=$(mktemp -d -p "$work")
  "$server" serve --listen 127.0.0.1:0 --data-dir "$data" --catalog ../catalog.yaml >"$data/out" 2>"$data/log" &
  pid=$!
  CLIENTELE_URL=
  for _ in $(seq 100); do
    # It prints where its data is once it listens.
    if grep -q '^  Data ' "$data/out"; then
      CLIENTELE_URL=$(sed -n 's|^  GraphQL *\(.*\)/graphql$|\1|p' "$data/out")
      break
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if [ -z "$CLIENTELE_URL" ]; then
    echo "the server did not start:" >&2
    cat "$data/log" >&2
    exit 1
  fi
  export CLIENTELE_URL
}

# fresh generates a folder's code with a command and fails if it was something else.
fresh() {
  local folder=$1
  shift
  cp -r "$folder" "$work/before"
  "$@" >"$work/generated" 2>&1 || { cat "$work/generated" >&2; exit 1; }
  if ! diff -r "$work/before" "$folder" >"$work/difference"; then
    head -n 40 "$work/difference"
    echo "$folder was stale; it is what the schema generates now: commit it" >&2
    exit 1
  fi
  rm -rf "$work/before"
  echo "$folder is fresh"
}

# prints runs a command against a server of its own.
prints() {
  start
  "$@" >"$work/printed"
  diff expected.txt "$work/printed"
  echo "$*: as expected"
}

start
echo "TypeScript:"
if [ typescript/package-lock.json -nt typescript/node_modules/.package-lock.json ]; then
  npm --prefix typescript ci --no-audit --no-fund
fi
fresh typescript/src/generated npm --prefix typescript run -s generate
npm --prefix typescript run -s build
prints npm --prefix typescript run -s start

echo "Go:"
node -e 'fetch(process.argv[1]).then((r) => r.text()).then((text) => fs.writeFileSync("go/schema.graphql", text))' \
  "$CLIENTELE_URL/schema.graphql"
fresh go/api go -C go generate
go -C go mod tidy -diff
go -C go vet ./...
go -C go test ./...
prints go -C go run .

#!/usr/bin/env bash
# Builds the server and starts it with the example catalogue: run.sh [--simulator]
#   (plain)      documents in ./data, kept from run to run
#   --simulator  with the simulated billing provider, which forgets everything at its end, and so documents in a
#                folder that is removed at the end
set -euo pipefail
cd "$(dirname "$0")/.."

simulator=${1:-}
page=README.md
[ -z "$simulator" ] || page=docs/simulator.md
go=${GO:-go}
bin=${BIN:-bin}
listen=${CLIENTELE_LISTEN:-127.0.0.1:8080}
needed=$(sed -n 's/^go \([0-9.]*\).*/\1/p' go.mod)
needed=${needed%.0}

fail() {
  echo "make run: $1" >&2
  exit 1
}

older() { # older A B: whether version A is older than B
  [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$1" ]
}

command -v "$go" >/dev/null || fail "Go $needed or newer is needed, and there is no \`$go\` on the PATH. Install it from https://go.dev/dl/ and try again."
# From the root folder, where no go.mod makes an old Go complain in its own words.
installed=$(cd / && GOTOOLCHAIN=local "$go" version | sed -n 's/^go version go\([0-9.]*\).*/\1/p')
if older "${installed:-0}" "$needed"; then
  # Go 1.21 and newer download the version that go.mod asks for, unless GOTOOLCHAIN forbids it.
  if older "${installed:-0}" 1.21 || [ "$(cd / && "$go" env GOTOOLCHAIN)" = local ]; then
    fail "Go $needed or newer is needed, and this is Go ${installed:-of an unknown version}. Install a newer one from https://go.dev/dl/ and try again."
  fi
  echo "This is Go $installed; it downloads Go $needed first."
fi

host=${listen%:*} port=${listen##*:}
case $host in "" | 0.0.0.0) host=127.0.0.1 ;; "[::]") host=::1 ;; esac
host=${host#[} host=${host%]}
if [ "$port" != 0 ] && (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
  fail "another program already listens on $listen, perhaps another \`make run\`. Stop it, or choose another port: CLIENTELE_LISTEN=127.0.0.1:9000 make run"
fi

echo "Building bin/clientele. The first build compiles everything and takes a few minutes; later ones take seconds."
packages=$(CGO_ENABLED=0 "$go" list -deps . | wc -l | tr -d ' ')
# The names of packages as they are compiled, and whatever else the compiler has to say.
CGO_ENABLED=0 "$go" build -trimpath -v -o "$bin/clientele" . 2>&1 | {
  compiled=0 shown=0
  while IFS= read -r output; do
    case $output in
    *' '*) echo "$output" >&2 ;;
    *)
      compiled=$((compiled + 1))
      if [ -t 1 ]; then
        printf '\r  %d of at most %d packages compiled' "$compiled" "$packages"
      elif [ $((SECONDS - shown)) -ge 10 ]; then
        shown=$SECONDS
        echo "  $compiled of at most $packages packages compiled"
      fi
      ;;
    esac
  done
  if [ -t 1 ] && [ "$compiled" -gt 0 ]; then echo; fi
} || fail "the build failed; the lines above say why."

export CLIENTELE_API_KEY="${CLIENTELE_API_KEY:-server-for-this-machine-only}"
cat <<END
Built. Starting the server on $listen.
Next: paste the requests of $page into a second terminal. Ctrl+C stops the server.
END
if [ -z "$simulator" ]; then
  exec "$bin/clientele" serve --catalog examples/catalog.yaml
fi
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
export CLIENTELE_SIMULATOR_LISTEN="${CLIENTELE_SIMULATOR_LISTEN:-127.0.0.1:8420}"
"$bin/clientele" serve --catalog examples/catalog.yaml --data-dir "$data" --billing simulator &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' INT TERM
code=0
# A signal ends one wait, and not the server at once.
while kill -0 "$server" 2>/dev/null; do
  wait "$server" && code=0 || code=$?
done
exit "$code"

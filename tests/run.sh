#!/usr/bin/env bash
# Runs `go test` with the given arguments (all packages by default) and repeats, as its last lines, which
# storage engines the tests ran on. `go test` hides what a passing package prints, and an engine that was
# skipped must not be hidden. A run of several such runs collects them in the file CLIENTELE_TEST_ENGINES.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
flags=()
for argument in "$@"; do
  case "$argument" in
    ./*) packages+=("$argument") ;;
    *) flags+=("$argument") ;;
  esac
done
[ "${#packages[@]}" -gt 0 ] || packages=(./...)

report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
# The random cases take minutes on a MongoDB-wire server that reads whole collections.
CLIENTELE_TEST_REPORT="$report" go test -timeout 30m "${packages[@]}" "${flags[@]}" || status=$?
echo
echo "Storage engines:"
sort -u "$report" | tee -a "${CLIENTELE_TEST_ENGINES:-/dev/null}"
if [ -n "${CLIENTELE_TEST_MONGODB_REQUIRED:-}" ] && [ ! -s "$report" ]; then
  echo "MongoDB was required, and no test ran on any engine" >&2
  status=1
fi
exit "$status"

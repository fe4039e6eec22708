#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME each, FUZZ_JOBS at a time, and fails if one of them finds something:
# the input is printed, and stays in testdata/fuzz of its package, to be committed with the repair.
set -euo pipefail
cd "$(dirname "$0")/.."

export FUZZTIME=${FUZZTIME:-30s}
cores=$(nproc)
export FUZZ_WORKERS=$((cores > 3 ? cores / 2 : 1))

fuzz() {
  local target=$1 folder=$2 log status=0
  log=$(mktemp)
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 5s -parallel "$FUZZ_WORKERS" "$folder" >"$log" 2>&1 || status=$?
  # Go 1.26 sometimes takes the end of the time for a failure (https://go.dev/issue/75804); then this is all it says.
  if [ "$status" -ne 0 ] && ! grep -vqE '^(fuzz: |--- FAIL: Fuzz|    context deadline exceeded$|FAIL|exit status 1$|$)' "$log" &&
    grep -q '^    context deadline exceeded$' "$log"; then
    status=0
  fi
  if [ "$status" -eq 0 ]; then
    echo "$target in $folder found nothing; $(grep -o 'execs: [0-9]*' "$log" | tail -n 1)"
  else
    echo "$target in $folder failed:"
    cat "$log"
    sed -n 's/^ *Failing input written to //p' "$log" | while read -r input; do cat "$folder/$input"; done
  fi
  rm -f "$log"
  return "$status"
}
export -f fuzz

grep -r --include='*_test.go' '^func Fuzz' . | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*|\2 \1|' | sort |
  xargs -P "${FUZZ_JOBS:-2}" -L 1 bash -c 'fuzz "$@"' fuzz

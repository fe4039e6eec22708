#!/usr/bin/env bash
# Runs each package's own tests against many small changes of its code. Prints the changes that no test noticed and the
# share of those that one did, and fails if it is below the package's minimum. Usage: mutate.sh GREMLINS PACKAGE=PERCENT...
set -euo pipefail
cd "$(dirname "$0")/.."

gremlins=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Between gremlins and go, because gremlins
# - takes every failure of go test for a test that noticed: status 2 says that the change does not compile and proves nothing;
# - leaves out what the coverage profile does not have, which includes the conditions of a switch: all lines are reported as
#   covered, so that code without a test counts as not noticed;
# - derives the time limit from the first run, which must not come from the cache.
cat >"$tmp/go" <<EOF
#!/usr/bin/env bash
profile='' uncached=''
for argument; do
  test "\$profile" != next || profile=\$argument
  test "\$argument" != -coverprofile || profile=next uncached=-count=1
done
status=0
out=\$("$(command -v go)" "\$@" \$uncached 2>&1) || status=\$?
printf '%s\n' "\$out"
test -z "\$profile" || sed -i -E '2,\$s/:.*/:1.1,1000000.1 1 1/' "\$profile"
case \$out in *'[build failed]'*) exit 2 ;; esac
exit \$status
EOF
chmod +x "$tmp/go"

failed=0
for target in "$@"; do
  package=${target%=*}
  # Not --test-cpu: version 0.6.0 passes it to go test in a form that fails every test. A change that times out counts
  # neither way, so the limit is ten times the first run.
  PATH=$tmp:$PATH "$gremlins" unleash "./$package" --workers "${MUTATE_WORKERS:-2}" --timeout-coefficient 10 \
    --threshold-efficacy "${target#*=}" >"$tmp/log" 2>&1 || failed=1
  printf '\n== %s: at least %s %%\n' "$package" "${target#*=}"
  sed -nE "s|^ *(LIVED\|TIMED OUT) +(.*) at |\1 \2 at $package/|p" "$tmp/log"
  grep -A 9 '^Mutation testing completed' "$tmp/log" || tail -n 20 "$tmp/log"
done
exit "$failed"

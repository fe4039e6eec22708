#!/usr/bin/env bash
# Runs the test of the Stripe adapter against the stripe-mock whose path is given, and prints what it found
# without the names of all that passed.
set -euo pipefail
cd "$(dirname "$0")/.."

CLIENTELE_TEST_STRIPE_MOCK=$(realpath "$1") go test -count=1 -v -run '^TestStripeMock$' ./internal/billing/stripe |
  grep -v -e '^=== ' -e '^ *--- PASS'

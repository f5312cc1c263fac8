#!/usr/bin/env bash
# Runs each fuzz target of the module for the time given (default one minute).
set -euo pipefail
for file in $(git grep -lE '^func Fuzz' -- '*_test.go'); do
  package=./$(dirname "$file")
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -d' ' -f2); do
    echo "== $package $target"
    go test "$package" -run='^$' -fuzz="^$target\$" -fuzztime="${1:-60s}"
  done
done

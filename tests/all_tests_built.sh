#!/usr/bin/env bash
# Every *_test.cpp is named in a CMakeLists.txt: a test that nobody builds would pass for ever.
set -euo pipefail
shopt -s inherit_errexit

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
named=$(find . -name CMakeLists.txt -exec cat {} + | grep -oE '[a-z0-9_]+_test\.cpp' | sort -u)
missing=$(find . -name '*_test.cpp' -printf '%f\n' | sort -u | comm -23 - <(printf '%s\n' "$named"))
if [[ -n $missing ]]; then
  printf 'in no CMakeLists.txt: %s\n' $missing >&2
  exit 1
fi

#!/usr/bin/env bash
# docs/reliability.md names tests, and tests name rows: does each side know the other?
#
#   tests/reliability_table.sh BUILD_DIRECTORY
set -euo pipefail
shopt -s inherit_errexit

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
page=$root/docs/reliability.md
# CTest knows the tests of a unit test program as one; the programs know theirs.
names=$(
  ctest --test-dir "$1" -N
  ctest --test-dir "$1" --show-only=json-v1 | grep -oE '"[^"]*/tests/[a-z_]+_test"' | sort -u | while read -r program; do
    program=${program//\"/}
    "$program" --gtest_list_tests | awk '/^[^ ]/ { suite = $1; next } { print suite $1 }'
  done
)
status=0

complain() {
  echo "$1" >&2
  status=1
}

# "Supervision.Row06, Row07": a bare row is of the suite before it.
held=$(awk -F'|' '/^\| [0-9]/ && NF >= 6 {
  n = split($5, words, /[ ,]+/)
  suite = ""
  for (i = 1; i <= n; i++) {
    if (words[i] ~ /^[A-Z][A-Za-z]+\.Row[0-9]+$/) { suite = words[i]; sub(/\..*/, "", suite); print words[i] }
    else if (words[i] ~ /^Row[0-9]+$/ && suite != "") print suite "." words[i]
    else if (words[i] ~ /^[A-Z][A-Za-z]+$/) print words[i] "."
  }
}' "$page")
[[ -n $held ]] || complain "$page: no tests found in its table"
while read -r test; do
  suite=${test%%.*} row=${test#*.}
  grep -qE "(^|[ /])$suite(/[A-Za-z]+)?\..*$row" <<<"$names" || grep -qE "$suite/.*$row" <<<"$names" ||
    complain "$page names $test, and there is no such test"
done <<<"$held"

rows=$(grep -oE 'Row[0-9]{2}' <<<"$names" | sort -u)
while read -r row; do
  grep -q "$row" <<<"$held" || complain "$page does not name the tests of $row"
done <<<"$rows"

exit "$status"

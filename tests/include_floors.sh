#!/usr/bin/env bash
# Checks that no file includes anything from a floor it may not know. Before that it plants one violation of each rule in
# a tree of its own and expects to find it, so that a rule that stopped working does not pass for a clean house.
set -euo pipefail
shopt -s inherit_errexit

# find_violations DIRECTORY: prints "FILE:LINE: ..." for each and fails if there was one.
find_violations() (
  cd -- "$1"
  # shellcheck disable=SC2016 # the dollars are awk's
  find ipc worker master client docs/labs tests \( -name '*.h' -o -name '*.cpp' \) -print0 | sort -z |
    xargs -0 --no-run-if-empty awk '
      BEGIN {
        # The first floor that a file lies on decides what it may include.
        floor[1] = "ipc/wire/"; allowed[1] = "ipc/wire/"
        floor[2] = "ipc/shm/";  allowed[2] = "ipc/shm/ ipc/os/"
        floor[3] = "ipc/os/";   allowed[3] = "ipc/os/"
        floor[4] = "ipc/";      allowed[4] = "ipc/"
        floor[5] = "worker/";   allowed[5] = "worker/ ipc/"
        floor[6] = "client/load/"; allowed[6] = "client/ ipc/wire/ ipc/os/ master/ctl/control_client.h"
        floor[7] = "client/";   allowed[7] = "client/ ipc/wire/"
        # What is applied depends on nothing but records: no clock, no shared memory, no chance, no other thread.
        floor[8] = "master/ledger/apply/"
        allowed[8] = "master/ledger/apply/ ipc/chat/record.h ipc/shm/folded_name.h ipc/os/errors.h ipc/wire/"
        floor[9] = "master/";   allowed[9] = "master/ ipc/ worker/worker_process.h"
        floor[10] = "tests/";    allowed[10] = "tests/ ipc/ worker/ master/ client/"
        floor[11] = "docs/labs/";  allowed[11] = "docs/labs/ ipc/ worker/pool/ client/load/"
        floors = 11
        pure = "algorithm array cstdint functional map optional set string string_view unordered_map utility variant vector"
      }
      function complain(what) {
        printf "%s:%d: %s\n", FILENAME, FNR, what
        violations = 1
      }
      match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]*[">]/) {
        path = substr($0, RSTART, RLENGTH)
        quoted = path ~ /"/
        sub(/^[^"<]*["<]/, "", path)
        sub(/[">].*/, "", path)
        if (path ~ /(^|\/)\.\.?\//) { complain("includes \"" path "\": paths start at the root, without . and .."); next }
        if (!quoted && path !~ /^(ipc|worker|master|client|docs|tests)\//) {  # a library
          if (index(FILENAME, floor[8]) == 1 && index(" " pure " ", " " path " ") == 0)
            complain("includes <" path ">; " floor[8] " may include of libraries " pure " only")
          next
        }
        for (i = 1; i <= floors && index(FILENAME, floor[i]) != 1; ++i) {}
        count = split(allowed[i], prefixes, " ")
        for (p = 1; p <= count; ++p) {
          if (prefixes[p] ~ /\/$/ ? index(path, prefixes[p]) == 1 : path == prefixes[p]) next
        }
        complain("includes \"" path "\"; " floor[i] " may include " allowed[i] " only")
      }
      END { exit violations }'
)

# expect VERDICT FILE INCLUDE: a file with just this include is found or passes.
expect() {
  local verdict=$1 file=$2 include=$3 tree got=passes
  tree=$(mktemp -d)
  mkdir -p "$tree"/{ipc,worker,master,client,docs/labs,tests} "$tree/$(dirname "$file")"
  printf '// a line before\n%s\n' "$include" >"$tree/$file"
  find_violations "$tree" >"$tree/found" 2>&1 || got=found
  if [[ $verdict == found ]] && ! grep -q "^$file:2: includes" "$tree/found"; then got="not named"; fi
  rm -rf -- "$tree"
  if [[ $got != "$verdict" ]]; then
    echo "include_floors.sh is broken: $include in $file: expected '$verdict', got '$got'" >&2
    exit 1
  fi
}

expect found ipc/wire/a.h '#include "ipc/os/b.h"'
expect found ipc/wire/a.h '#include "ipc/shm/b.h"'
expect found ipc/shm/a.cpp '#include "ipc/wire/b.h"'
expect found ipc/shm/a.cpp '#include "ipc/chat/b.h"'
expect found ipc/os/a.h '#include "ipc/shm/b.h"'
expect found ipc/chat/a.h '#include "worker/b.h"'
expect found ipc/chat/a.h '  #  include <master/b.h>'
expect found worker/a.cpp '#include "master/b.h"'
expect found worker/pool/a.cpp '#include "client/b.h"'
expect found client/a.cpp '#include "ipc/chat/b.h"'
expect found client/a.cpp '#include "worker/b.h"'
expect found client/terminal/a.cpp '#include "ipc/os/b.h"'
expect found client/load/a.cpp '#include "ipc/chat/b.h"'
expect found client/load/compare/a.cpp '#include "ipc/shm/b.h"'
expect found client/load/a.cpp '#include "master/ctl/b.h"'
expect found client/a.cpp '#include "master/ctl/control_client.h"'
expect found master/ctl/a.cpp '#include "client/b.h"'
expect found master/a.cpp '#include "worker/loop/b.h"'
expect found master/a.cpp '#include "worker/worker_process.hpp"'
expect found master/a.cpp '#include "client/b.h"'
expect found master/ledger/apply/a.cpp '#include "master/ledger/calendar.h"'
expect found master/ledger/apply/a.cpp '#include "ipc/os/clock.h"'
expect found master/ledger/apply/a.cpp '#include "ipc/shm/name_table.h"'
expect found master/ledger/apply/a.cpp '#include "ipc/chat/ledger_region.h"'
expect found master/ledger/apply/a.cpp '#include <chrono>'
expect found master/ledger/apply/a.cpp '#include <random>'
expect found master/ledger/apply/a.cpp '#include <sys/random.h>'
expect found worker/a.cpp '#include "tests/b.h"'
expect found worker/a.cpp '#include "neighbour.h"'
expect found worker/a.cpp '#include "../worker/b.h"'
expect found docs/labs/a.cpp '#include "worker/loop/b.h"'
expect found docs/labs/a.cpp '#include "client/terminal/b.h"'
expect found docs/labs/a.cpp '#include "master/b.h"'
expect found docs/labs/a.cpp '#include "tests/b.h"'
expect found worker/a.cpp '#include "docs/labs/b.h"'
expect found tests/a.cpp '#include "../worker/b.h"'
expect found tests/a.cpp '#include "worker/../master/b.h"'
expect passes ipc/wire/a.h '#include "ipc/wire/b.h"'
expect passes ipc/shm/a.h '#include "ipc/os/b.h"'
expect passes ipc/chat/a.h '#include "ipc/wire/b.h"'
expect passes worker/a.cpp '#include "ipc/chat/b.h"'
expect passes client/a.cpp '#include "ipc/wire/b.h"'
expect passes client/load/a.cpp '#include "ipc/os/b.h"'
expect passes client/load/a.cpp '#include "master/ctl/control_client.h"'
expect passes master/ledger/a.cpp '#include "worker/worker_process.h"'
expect passes master/ledger/apply/a.cpp '#include "ipc/chat/record.h"'
expect passes master/ledger/apply/a.cpp '#include <vector>'
expect passes docs/labs/a.cpp '#include "docs/labs/b.h"'
expect passes docs/labs/a.cpp '#include "ipc/shm/b.h"'
expect passes docs/labs/a.cpp '#include "worker/pool/b.h"'
expect passes docs/labs/a.cpp '#include "client/load/b.h"'
expect passes worker/a.cpp '#include <vector>'
expect passes worker/a.cpp '#include <vector>  // not "vector"'
expect passes worker/a.cpp '// #include "master/b.h"'
expect passes tests/worker/a.cpp '#include "worker/b.h"'

find_violations "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

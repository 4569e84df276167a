#!/usr/bin/env bash
# The unit's system call filter, and chaos under it: with the calls that SystemCallFilter= in rookery.service allows, and
# death for any other, the server must live through what it lives through without.
#
#   tests/package/system_calls_test.sh BUILD [SECONDS]
#
# 77: skipped, systemd-analyze is not installed (it knows what the groups of calls are).
set -euo pipefail
shopt -s inherit_errexit

build=$(readlink -f -- "${1:?usage: system_calls_test.sh BUILD [SECONDS]}")
seconds=${2:-20}
root=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
unit=$root/master/packaging/systemd/rookery.service.in
command -v systemd-analyze >/dev/null || { echo "skipped: systemd-analyze is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# calls_of NAME: itself, or all in the group of that name.
calls_of() {
  local entry
  if [[ $1 != @* ]]; then
    echo "$1"
    return
  fi
  while read -r entry; do
    if [[ $entry == [a-z_@]* && $entry != "$1" ]]; then calls_of "$entry"; fi
  done < <(systemd-analyze syscall-filter "$1" | tail -n +2)
}

# As systemd.exec(5) has it: the first line says what is allowed, later ones add, or take away with '~'.
declare -A allowed=()
for call in $(calls_of @default); do allowed[$call]=; done
while read -r line; do
  for name in ${line#\~}; do
    for call in $(calls_of "$name"); do
      if [[ $line == '~'* ]]; then unset "allowed[$call]"; else allowed[$call]=; fi
    done
  done
done < <(sed -n 's/^SystemCallFilter=//p' "$unit")
printf '%s\n' "${!allowed[@]}" >"$work/list"
for call in execve execveat clone prctl setpriority seccomp; do
  [[ -v allowed[$call] ]] || { echo "FAILED: the unit does not allow $call"; exit 1; }
done
for call in mount ptrace bpf setuid chown reboot keyctl; do
  [[ ! -v allowed[$call] ]] || { echo "FAILED: the unit allows $call"; exit 1; }
done

# It does bite, and the server's programs under it are what the drivers start.
if ("$build/tests/filtered" "$work/list" /usr/bin/env chroot / true || exit 1) 2>/dev/null; then
  echo "FAILED: the filter lets chroot() pass"
  exit 1
fi
for program in "$build"/bin/*; do
  printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$build/tests/filtered" "$work/list" "$program" >"$work/${program##*/}"
  chmod +x "$work/${program##*/}"
done
export ROOKERY_PROGRAMS=$work
"$build/tests/chaos" --seconds "$seconds" --seed 3 --workers 2 --keep-log "$work/log" || { tail -n 40 "$work/log"; exit 1; }
if grep -h 'SIGSYS\|Bad system call' "$work/log"; then
  echo "FAILED: calls that the server needs are refused"
  exit 1
fi
# Upgrades are among these. (Those of Upgrade.* install a program; here it is a script that stands for one.)
"$build/tests/system_test" --gtest_brief=1 --gtest_filter='Scale.*:ServiceManager.*:SocketActivation.*:History.*'
echo "as before, with ${#allowed[@]} system calls"

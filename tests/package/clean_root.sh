#!/usr/bin/env bash
# The package in a clean root: installed by apt on a bare Debian 12 with its dependencies, run as its own user with its
# own configuration, upgraded while it serves, removed, purged. Says at which step something was wrong.
#
#   tests/package/clean_root.sh BUILD [BASE]
#
# BASE: a directory that debootstrap has filled before; otherwise it is done here, from the mirror that this machine
# uses itself. 77 (skipped): not root, no debootstrap, no mirror that answers. Nothing outlives it: it has its own
# processes and mounts, and the root is a temporary directory.
set -euo pipefail
shopt -s inherit_errexit

readonly kSkipped=77
readonly suite=bookworm

skip() {
  echo "skipped: $*"
  exit "$kSkipped"
}

if [[ ${1-} != --inside ]]; then
  build=$(readlink -f -- "${1:?usage: clean_root.sh BUILD [BASE]}")
  base=${2:+$(readlink -f -- "$2")}
  ((EUID == 0)) || skip "only root can make a root directory"
  command -v debootstrap >/dev/null || skip "debootstrap is not installed"
  unshare --mount --pid --fork true 2>/dev/null || skip "no mounts and processes of its own here"
  work=$(mktemp -d)
  trap 'rm -rf --one-file-system -- "$work"' EXIT
  status=0
  unshare --mount --pid --fork --kill-child --mount-proc "$0" --inside "$build" "$work" "$base" || status=$?
  exit "$status"
fi

build=$2 work=$3 base=$4
root=$work/root

fail() {
  printf 'FAILED at: %s\n' "$*"
  if [[ -e $root/tmp/err ]]; then tail -n 30 "$root/tmp/err"; fi
  exit 1
}
step() { printf '== %s\n' "$*"; }
# A failing command is shown with what it said.
quietly() {
  if ! "$@" >"$work/said" 2>&1; then
    cat -- "$work/said"
    fail "$*"
  fi
}
in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
apt() { in_root apt-get -q -y -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"; }

# The mirror of this machine, in either form of apt's lists.
mirror() {
  local lists=()
  shopt -s nullglob
  lists=(/etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list)
  shopt -u nullglob
  for list in "${lists[@]}"; do
    [[ -f $list ]] || continue
    awk -v suite="$suite" '
      /^#/ { next }
      /^URIs:/ { uri = $2 }
      /^Suites:/ { for (i = 2; i <= NF; ++i) if ($i == suite) found = uri }
      /^deb / { line = $0; sub(/\[[^]]*\] */, "", line); split(line, part, " "); if (part[3] == suite) found = part[2] }
      END { if (found != "") print found }' "$list"
  done | head -n 1
}

make_root() {
  local from proxy
  if [[ -n $base ]]; then
    cp -a -- "$base" "$root"
  else
    from=$(mirror)
    [[ -n $from ]] || skip "this machine's apt names no mirror of Debian $suite"
    timeout 500 debootstrap --variant=minbase "$suite" "$root" "$from" >"$work/said" 2>&1 ||
      skip "debootstrap could not fill a root: $(tail -n 1 "$work/said")"
  fi
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  proxy=$(apt-config dump | grep '^Acquire::http.*Proxy ' || true)
  if [[ -n $proxy ]]; then printf '%s\n' "$proxy" >"$root/etc/apt/apt.conf.d/99proxy"; fi
}

# All files, and who there is. What dpkg, apt and ld.so keep for themselves changes with every package.
contents() {
  in_root find / -xdev \( -path /proc -o -path /dev -o -path /sys -o -path /tmp -o -path /run -o -path /var/cache -o -path /var/log \
    -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /root \) -prune -o -print |
    grep -v -x -e /etc/ld.so.cache -e '/etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-' | sort
  sort "$root/etc/passwd" "$root/etc/group"
}

# with_version VERSION FROM TO: the same package under another version.
with_version() {
  dpkg-deb -R "$2" "$work/again"
  sed -i "s/^Version: .*/Version: $1/" "$work/again/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$work/again" "$3"
}

ctl() { in_root rookery-ctl --data /var/lib/rookery "$@"; }

# As the unit starts it; any free port, this machine may have another server.
start_server() {
  chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin ROOKERY_PORT=0 \
    setpriv --reuid rookery --regid rookery --init-groups /usr/bin/rookery-master --config /etc/rookery/rookery.conf </dev/null >"$root/tmp/out" 2>"$root/tmp/err" &
  server=$!
  local i
  for ((i = 0; i < 300; ++i)); do
    if grep -q '^READY ' "$root/tmp/out"; then break; fi
    kill -0 "$server" 2>/dev/null || fail "the server did not start"
    sleep 0.1
  done
  port=$(sed -n 's/^READY .*port=\([0-9]*\).*/\1/p' "$root/tmp/out")
  [[ -n $port ]] || fail "no READY within 30 s"
}

# echoed WORD: said on the connection that is open, and answered.
echoed() {
  local answer
  printf '%s\n' "$1" >&7
  IFS= read -r -t 20 answer <&7 || return
  [[ $answer == "Echo: $1" ]]
}

step "packing"
quietly cpack --config "$build/CPackConfig.cmake" -B "$work/pack"
package=$(find "$work/pack" -maxdepth 1 -name 'rookery_*.deb')
version=$(dpkg-deb -f "$package" Version)

step "a clean root"
make_root
apt update >"$work/said" 2>&1 || skip "apt in the clean root reaches no mirror"
contents >"$work/before"

step "apt install $(basename -- "$package")"
cp -- "$package" "$root/tmp/rookery.deb"
if ! apt install --no-install-recommends --download-only /tmp/rookery.deb >"$work/said" 2>&1; then
  if grep -q 'Failed to fetch\|Could not resolve' "$work/said"; then skip "apt in the clean root cannot download"; fi
  cat -- "$work/said"
  fail "apt cannot satisfy the package"
fi
quietly apt install --no-install-recommends /tmp/rookery.deb
[[ $(in_root stat -c '%U:%G %a' /var/lib/rookery) == 'rookery:rookery 750' ]] || fail "the state directory"
[[ $(in_root getent passwd rookery) == *:/var/lib/rookery:*nologin ]] || fail "the user $(in_root getent passwd rookery)"
[[ -L $root/etc/systemd/system/multi-user.target.wants/rookery.service ]] || fail "the unit is not enabled"
for file in etc/rookery/rookery.conf usr/share/doc/rookery/copyright usr/share/man/man8/rookery-master.8 \
  usr/share/man/man1/rookery-client.1 usr/share/bash-completion/completions/rookery-ctl; do
  [[ -s $root/$file ]] || fail "/$file is missing"
done
for program in master ctl client load lab; do
  [[ $(in_root "rookery-$program" --version) == "rookery-$program ${version%%-*}" ]] || fail "rookery-$program --version"
done

step "serving as its user, with the packaged configuration"
start_server
[[ $(in_root stat -c %U "/proc/$server") == rookery ]] || fail "it runs as somebody else"
exec 7<>"/dev/tcp/127.0.0.1/$port"
echoed before || fail "no echo"
[[ $(ctl count) == 'OK 1 clients' ]] || fail "rookery-ctl count"
in_root setpriv --reuid rookery --regid rookery --init-groups rookery-ctl --data /var/lib/rookery list >/dev/null ||
  fail "rookery-ctl as its own user"

step "upgraded while it serves"
quietly with_version "$version+later1" "$package" "$root/tmp/later.deb"
quietly apt install --no-install-recommends /tmp/later.deb
grep -q 'upgraded from' "$root/tmp/err" || fail "the new package's program did not take over"
kill -0 "$server" || fail "the server is gone"
echoed after || fail "the client was dropped"

step "stopped"
printf '/quit\n' >&7
exec 7>&-
kill -TERM "$server"
status=0
wait "$server" || status=$?
((status == 0)) || fail "the server ended with $status"

step "removed"
quietly apt remove rookery
[[ -e $root/etc/rookery/rookery.conf && -e $root/var/lib/rookery/rookery.db ]] || fail "removing took configuration or data"
left=$(in_root find /usr -name '*rookery*')
[[ -z $left ]] || fail "removing left $left"

step "purged"
quietly apt purge rookery
quietly apt autoremove --purge
contents >"$work/after"
diff "$work/before" "$work/after" || fail "purging does not leave what was there before"
echo "all as it should be"

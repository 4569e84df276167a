#!/usr/bin/env bash
# `cmake --install` into a directory of its own, and what systemd says of the units there: that they are right, and how
# much of the machine they leave open to the server.
#
#   tests/package/units_test.sh BUILD
#
# 77: skipped, systemd-analyze is not installed.
set -euo pipefail
shopt -s inherit_errexit

# In tenths, as systemd-analyze counts: 1.5 of 10, where 10 is everything open. What is left is the network, which a
# server needs, and that it shares the host's root and users.
readonly kMostExposure=15

build=$(readlink -f -- "${1:?usage: units_test.sh BUILD}")
command -v systemd-analyze >/dev/null || { echo "skipped: systemd-analyze is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

cmake --install "$build" --prefix "$work/usr" >"$work/installed"
for file in bin/rookery-{master,ctl,client,load,lab} etc/rookery/rookery.conf lib/sysusers.d/rookery.conf \
  share/doc/rookery/{README.md,copyright} share/bash-completion/completions/rookery-{master,ctl,client,load,lab}; do
  [[ -s $work/usr/$file ]] || { echo "FAILED: $file is not installed"; exit 1; }
done
# What an administrator has changed stays when it is installed again.
echo '# changed' >>"$work/usr/etc/rookery/rookery.conf"
cmake --install "$build" --prefix "$work/usr" >"$work/installed"
tail -n 1 "$work/usr/etc/rookery/rookery.conf" | grep -qx '# changed'

units=$work/usr/lib/systemd/system
export SYSTEMD_UNIT_PATH=$units:
systemd-analyze verify --man=no "$units/rookery.service" "$units/rookery.socket" >"$work/said" 2>&1 ||
  { cat "$work/said"; echo "FAILED: systemd-analyze verify"; exit 1; }
# It complains of unknown or wrong settings without failing; other units of the machine are not ours.
if grep rookery "$work/said"; then
  echo "FAILED: systemd-analyze verify has something to say"
  exit 1
fi
if grep -q '^ProcSubset=pid' "$units/rookery.service"; then
  echo "FAILED: ProcSubset=pid hides the boot id from the ledger: each of its deaths would look like the machine's"
  exit 1
fi
systemd-analyze security --offline=yes --threshold="$kMostExposure" "$units/rookery.service" >"$work/exposure" 2>&1 ||
  { cat "$work/exposure"; echo "FAILED: more exposed than $kMostExposure tenths"; exit 1; }
tail -n 1 "$work/exposure"

# The example configuration is one that the server takes, with every option in it switched on.
sed 's/^#\([a-z-]* = \)/\1/' "$work/usr/etc/rookery/rookery.conf" >"$work/all.conf"
echo "data = $work/data" >"$work/last"
sed "s|^data = .*|data = $work/data|; s|^port = .*|port = 0|" "$work/all.conf" >"$work/try.conf"
env -i PATH="$PATH" timeout 60 "$work/usr/bin/rookery-master" --config "$work/try.conf" >"$work/out" 2>"$work/err" < <(echo exit) ||
  { cat "$work/err"; echo "FAILED: the server does not start with the example configuration"; exit 1; }
grep -q '^READY ' "$work/out"
echo "installed, and the units are right"

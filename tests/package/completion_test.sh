#!/usr/bin/env bash
# Bash completion as bash asks for it, with the real programs and without the package bash-completion.
#
#   tests/package/completion_test.sh BUILD
set -uo pipefail

root=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
bin=$(readlink -f -- "${1:?usage: completion_test.sh BUILD}")/bin
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$work" || exit
mkdir some-directory
touch some-file
# shellcheck disable=SC1091 # checked by itself
source "$root/master/packaging/completion/rookery.bash"
failed=no

# completions WORD...: what is offered for the last one.
completions() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _rookery "$bin/$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  local IFS=' '
  offered=" ${COMPREPLY[*]-} "
}

complain() {
  printf 'FAILED: %s\n' "$*"
  failed=yes
}

# offers "WORD,..." WORD...: these, and perhaps others. offers_just: these and no other, in this order.
offers() {
  local expected=$1 word
  shift
  completions "$@"
  for word in ${expected//,/ }; do
    [[ $offered == *" $word "* ]] || complain "'$*' offers$offered, not $word"
  done
}
offers_just() {
  local expected=" ${1//,/ } "
  shift
  completions "$@"
  [[ $offered == "$expected" ]] || complain "'$*' offers$offered, not just$expected"
}

# Each option that --help names is offered, of every program.
for program in master ctl client load lab; do
  for option in $("$bin/rookery-$program" --help | grep -oE '^ +(-h,)?--[a-z-]+' | grep -oE -e '--[a-z-]+'); do
    offers "$option" "rookery-$program" "${option:0:4}"
  done
done
offers_just --max-clients,--max-clients-per-address rookery-master --max-cl
offers_just yes,no rookery-master --allow-guests ""
offers_just debug rookery-master --log-level d
offers_just off rookery-master --port 1 --log-level = o
offers_just event,thread-per-client rookery-master --model ""
offers some-file,some-directory rookery-master --config some
offers_just some-file rookery-master --config = some-f
offers_just some-directory rookery-ctl --data some
offers_just "" rookery-master --port ""
for command in $("$bin/rookery-ctl" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  offers "$command" rookery-ctl "${command:0:2}"
  offers "$command" rookery-ctl --data /tmp "$command"
done
offers_just broadcast rookery-ctl bro
offers_just "" rookery-ctl scale ""
offers echo,fanout,accounts,churn,idle,compare,report rookery-load ""
offers --clients,--seed,--json rookery-load echo --
offers_just text,json rookery-load echo --dialect ""
offers deadlock,lost-update,false-sharing rookery-lab ""
offers_just pipe rookery-lab pi
offers --help rookery-lab racing-threads --h
[[ $failed == no ]] && echo "completion offers what it should"

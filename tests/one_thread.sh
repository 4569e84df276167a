#!/usr/bin/env bash
# Can a program start a thread? Then its tests belong under ThreadSanitizer too: take ONE_THREAD from its rookery_test().
#
#   tests/one_thread.sh PROGRAM
set -euo pipefail
shopt -s inherit_errexit

symbols=$(nm --undefined-only "$1")
[[ -n $symbols ]]
if grep -E 'pthread_create|_M_start_thread' <<<"$symbols"; then
  echo "$1 can start threads" >&2
  exit 1
fi

#!/bin/sh
# accept.sh REPO_DIR [--existing]: exit 0 only if the issue is solved and the tests that passed on base still pass (--existing: only the latter)
set -eu
here=$(cd "$(dirname "$0")" && pwd); src=$(cd "$1" && pwd); d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
mkdir "$d/repo"; cp -R "$src/." "$d/repo/"; rm -rf "$d/repo/.git" "$d/repo/target"; cp -R "$here/accept/." "$d/repo/"
cd "$d/repo"; export PYTHONDONTWRITEBYTECODE=1 CARGO_TARGET_DIR="$d/target" CARGO_NET_OFFLINE=true LC_ALL=C.UTF-8
t() { timeout -k 5 120 "$@" </dev/null; }
if [ "${2:-}" != --existing ]; then
t cargo test --offline -q --test hidden
fi
# the tests that passed on base
t cargo test --offline -q --test dump

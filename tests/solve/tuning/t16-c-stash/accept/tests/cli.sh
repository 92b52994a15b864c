#!/bin/sh
# Runs ./stash; from the project root.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
f=$tmp/state

./stash "$f" set host.name example.org
./stash "$f" set host.port 80
./stash "$f" set note "two
lines"
[ "$(./stash "$f" get host.name)" = example.org ]
[ "$(./stash "$f" list host.)" = "host.name=example.org
host.port=80" ]
[ "$(cat "$f")" = 'host.name=example.org
host.port=80
note=two\nlines' ]
./stash "$f" del host.name
rc=0; ./stash "$f" get host.name || rc=$?
[ "$rc" = 1 ]
rc=0; ./stash "$f" set 'a b' 1 2>/dev/null || rc=$?
[ "$rc" = 2 ]
printf 'set q "x y"\n\nget q\ncount\n' | ./stash "$f" > "$tmp/out"
[ "$(cat "$tmp/out")" = "x y
3" ]
echo "cli: ok"

#!/bin/sh
# Tests for snap.sh: run from the project root.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/home/notes" "$tmp/home/etc"
echo milk > "$tmp/home/notes/todo.txt"
echo local > "$tmp/home/etc/hosts"
printf '# what to keep\netc/hosts\n\nnotes/todo.txt\n' > "$tmp/list"

out=$(./snap.sh -C "$tmp/home" -d "$tmp/out" -n one "$tmp/list")
[ "$out" = "$tmp/out/one: 2 files, 0 missing" ]
[ "$(cat "$tmp/out/one/notes/todo.txt")" = milk ]
[ "$(cat "$tmp/out/one/INDEX")" = "etc/hosts
notes/todo.txt" ]

# never over an old one
if ./snap.sh -C "$tmp/home" -d "$tmp/out" -n one "$tmp/list" 2>/dev/null; then
    echo "an existing snapshot must not be touched" >&2
    exit 1
fi

# a missing file is reported, the others are copied
echo nothing/here >> "$tmp/list"
rc=0
out=$(./snap.sh -C "$tmp/home" -d "$tmp/out" -n two "$tmp/list" 2>"$tmp/err") || rc=$?
[ "$rc" = 1 ]
[ "$out" = "$tmp/out/two: 2 files, 1 missing" ]
[ "$(cat "$tmp/err")" = "snap.sh: missing: nothing/here" ]

rc=0; ./snap.sh -n ../x "$tmp/list" 2>/dev/null || rc=$?
[ "$rc" = 2 ]
echo ok

#!/bin/sh
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ "$(./sheet examples/trip.sheet)" = "Train   42.5
Hotel    240
Total  282.5" ]
printf '# x\nA1 = "a, ""\nB2 = A1\n' > "$tmp/bad"
printf 'A1 = "a, b"\n\nB2=1+1 \n' > "$tmp/good"
[ "$(./sheet -c "$tmp/good")" = '"a, b",
,2' ]
[ "$(./sheet -g B2 "$tmp/good")" = 2 ]
[ "$(./sheet -g A1 "$tmp/bad")" = '#SYNTAX!' ]
echo 'A0 = 1' >> "$tmp/good"
rc=0; ./sheet "$tmp/good" 2>"$tmp/err" || rc=$?
[ "$rc" = 2 ]
[ "$(cat "$tmp/err")" = "sheet: $tmp/good: line 4 is not CELL = FORMULA" ]
rc=0; ./sheet -g A0 "$tmp/good" 2>/dev/null || rc=$?
[ "$rc" = 2 ]
echo "cli: ok"

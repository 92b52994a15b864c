#!/bin/sh
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
export JOT_FILE="$dir/notes"
fail() { echo "FAIL $1"; exit 1; }
for word in lisst "two words"; do
  sh ./jot "$word" x >"$dir/out" 2>"$dir/err" && code=0 || code=$?
  [ "$code" -eq 2 ] || fail "exit $code for [$word]"
  [ -s "$dir/out" ] && fail "something on stdout for [$word]"
  grep -q "unknown command: $word" "$dir/err" || fail "message for [$word]"
  grep -q '^usage: jot' "$dir/err" || fail "usage for [$word]"
done
for word in help -h --help; do
  sh ./jot "$word" >"$dir/out" 2>"$dir/err" || fail "$word fails"
  grep -q '^usage: jot' "$dir/out" || fail "$word on stdout"
  [ -s "$dir/err" ] && fail "$word on stderr"
done
sh ./jot >"$dir/out" 2>/dev/null || fail "no command fails"
grep -q '^usage: jot' "$dir/out" || fail "no command"
sh ./jot drop 9 2>/dev/null && code=0 || code=$?
[ "$code" -eq 1 ] || fail "drop exits $code"
exit 0

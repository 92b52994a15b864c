#!/bin/sh
# Runs jot against a file of its own and compares what it says.
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export JOT_FILE="$dir/notes"
failed=0

check() { # WHAT GOT WANTED
  if [ "$2" != "$3" ]; then
    echo "FAIL $1: got [$2], wanted [$3]"
    failed=1
  fi
}

check "empty count" "$(sh ./jot count)" 0
check "empty list" "$(sh ./jot list)" ""
sh ./jot add buy rice @home
sh ./jot add write to Ines @work
sh ./jot add water plants @home
check "count" "$(sh ./jot count)" 3
check "list" "$(sh ./jot list | sed -n 2p)" "2: write to Ines @work"
check "tag" "$(sh ./jot ls @home | sed -n 2p)" "3: water plants @home"
sh ./jot drop 1
check "drop" "$(sh ./jot list)" "1: write to Ines @work
2: water plants @home"
sh ./jot drop 7 2>/dev/null
check "drop of nothing fails" "$?" 1
sh ./jot add 2>/dev/null
check "empty add fails" "$?" 1
check "help" "$(sh ./jot help | head -n 1)" "usage: jot COMMAND [ARGUMENT...]"
check "no command is help" "$(sh ./jot | head -n 1)" "usage: jot COMMAND [ARGUMENT...]"

[ "$failed" -eq 0 ] && echo ok
exit "$failed"

#!/bin/sh
# Runs dot in a home of its own.
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/home" "$dir/files/config/git"
echo "set -o vi" >"$dir/files/shrc"
echo "*.o" >"$dir/files/config/git/ignore"
export HOME="$dir/home" DOT_FILES="$dir/files"
echo old >"$HOME/.shrc"
failed=0

check() { # WHAT GOT WANTED
  if [ "$2" != "$3" ]; then
    echo "FAIL $1: got [$2], wanted [$3]"
    failed=1
  fi
}

check "status before" "$(sh ./dot status)" "missing  $HOME/.config/git/ignore
in use   $HOME/.shrc"
check "install" "$(sh ./dot install)" "link    $HOME/.config/git/ignore
backup  $HOME/.shrc
link    $HOME/.shrc"
check "content" "$(cat "$HOME/.shrc")" "set -o vi"
check "backup" "$(cat "$HOME/.shrc.bak")" old
check "again" "$(sh ./dot install)" "skip    $HOME/.config/git/ignore
skip    $HOME/.shrc"
check "status after" "$(sh ./dot status)" "linked   $HOME/.config/git/ignore
linked   $HOME/.shrc"
check "remove" "$(sh ./dot remove)" "remove  $HOME/.config/git/ignore
remove  $HOME/.shrc
restore $HOME/.shrc"
check "restored" "$(cat "$HOME/.shrc")" old
check "log" "$(tail -n 1 "$HOME/.dot.log")" "restore $HOME/.shrc"
sh ./dot dance 2>/dev/null
check "unknown command" "$?" 2

[ "$failed" -eq 0 ] && echo ok
exit "$failed"

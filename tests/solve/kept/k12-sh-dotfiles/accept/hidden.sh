#!/bin/sh
# A dry run says what a real one would, and leaves everything as it is.
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/home" "$dir/files/config/git" "$dir/files/local/my notes"
echo "set -o vi" >"$dir/files/shrc"
echo "*.o" >"$dir/files/config/git/ignore"
echo x >"$dir/files/local/my notes/todo list"
export HOME="$dir/home" DOT_FILES="$dir/files"
echo old >"$HOME/.shrc"
failed=0
fail() { echo "FAIL $1"; failed=1; }
state() { (cd "$HOME" && find . | sort | while IFS= read -r f; do printf '%s %s\n' "$f" "$(readlink "$f" || { [ -f "$f" ] && cksum <"$f"; })"; done); }

dry() { # COMMAND: both spellings say the same, and change nothing
  before=$(state)
  short=$(sh ./dot "$1" -n) || fail "dot $1 -n fails"
  long=$(sh ./dot "$1" --dry-run) || fail "dot $1 --dry-run fails"
  [ "$(state)" = "$before" ] || fail "dry $1 changed something"
  [ "$short" = "$long" ] || fail "-n and --dry-run differ for $1"
  real=$(sh ./dot "$1") || fail "dot $1 fails"
  [ "$short" = "$real" ] || fail "dry $1 says [$short], the real one [$real]"
}

dry install
[ "$(readlink "$HOME/.local/my notes/todo list")" = "$DOT_FILES/local/my notes/todo list" ] || fail "not linked"
[ "$(cat "$HOME/.shrc.bak")" = old ] || fail "no backup"
dry install
rm "$HOME/.config/git/ignore"; echo mine >"$HOME/.config/git/ignore"
dry remove
[ "$(cat "$HOME/.shrc")" = old ] || fail "not restored"
grep -q "restore $HOME/.shrc" "$HOME/.dot.log" || fail "no log"

sh ./dot install --dryrun >"$dir/out" 2>"$dir/err" && code=0 || code=$?
[ "$code" -eq 2 ] || fail "unknown option exits $code"
[ -L "$HOME/.shrc" ] && fail "unknown option still installs"
[ -s "$dir/err" ] || fail "nothing on stderr for an unknown option"
sh ./dot help | grep -Eq -e '(^|[^a-z])(-n|--dry-run)' || fail "not in the usage"
grep -Eq -e '(^|[^a-z])(-n|--dry-run)([^a-z]|$)' README.md || fail "README"
exit "$failed"

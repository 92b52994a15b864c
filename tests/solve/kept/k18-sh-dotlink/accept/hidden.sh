set -eu
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; export HOME="$tmp/home"
die() { echo "FAIL $*" >&2; exit 1; }
mkdir -p "$HOME" "$tmp/dots/git"; echo set > "$tmp/dots/vimrc"; echo b > "$tmp/dots/bashrc"
printf 'vimrc -> .vimrc\ngit -> .config/git\nbashrc -> .bashrc\n' > "$tmp/dots/conf"
echo old > "$HOME/.vimrc"; ln -s "$tmp/dots/bashrc" "$HOME/.bashrc"
list() { (cd "$tmp" && find . | sort && find . -type f -exec cat {} + && find . -type l -exec readlink {} +) > "$1"; }
run() { rc=0; out=$(bash ./dotlink.sh "$@" 2>"$err") || rc=$?; }
err=$(mktemp); before=$(mktemp); after=$(mktemp)
trap 'rm -rf "$tmp" "$err" "$before" "$after"' EXIT

list "$before"
run -n -c "$tmp/dots/conf" link
list "$after"
[ $rc = 0 ] || die "link: $rc $(cat "$err")"
[ "$out" = "would backup .vimrc
would link .vimrc
would link .config/git" ] || die "link: $out"
cmp "$before" "$after" || die "link changed something"
run -c "$tmp/dots/conf" -n link
[ "$out" = "would backup .vimrc
would link .vimrc
would link .config/git" ] || die "order of options: $out"

# the real thing is as before
run -c "$tmp/dots/conf" link
[ $rc = 0 ] && [ "$out" = "backup .vimrc
link .vimrc
link .config/git" ] || die "real: $out"
[ "$(wc -l < "$HOME/.dotlink.log")" -eq 3 ] || die log
[ "$(cat "$HOME/.vimrc")" = set ] && [ -d "$HOME/.config/git" ] || die real

list "$before"
run -n -c "$tmp/dots/conf" unlink
list "$after"
[ $rc = 0 ] || die "unlink: $rc"
[ "$out" = "would unlink .vimrc
would restore .vimrc
would unlink .config/git
would unlink .bashrc" ] || die "unlink: $out"
cmp "$before" "$after" || die "unlink changed something"
run -n -c "$tmp/dots/conf" link
[ $rc = 0 ] && [ -z "$out" ] || die "nothing to do: $out"
run -n -c "$tmp/dots/conf" status
[ $rc = 0 ] && [ "$out" = "ok      .vimrc
ok      .config/git
ok      .bashrc" ] || die "status: $out"

# problems are found, too
printf 'none -> .none\nvimrc -> .x\nbashrc\n' > "$tmp/dots/conf"; echo 1 > "$HOME/.x"; echo 2 > "$HOME/.x.bak"
list "$before"
run -n -c "$tmp/dots/conf" link
list "$after"
[ $rc = 1 ] && [ -z "$out" ] && [ "$(wc -l < "$err")" -eq 3 ] || die "problems: $rc $out $(cat "$err")"
cmp "$before" "$after" || die "problems changed something"
run -c "$tmp/dots/conf" unlink
[ -z "$out" ] || die "unlink none: $out"

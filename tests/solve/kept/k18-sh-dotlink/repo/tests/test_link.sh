mkdir -p "$TMP/dots/git" "$HOME/.config"
echo set > "$TMP/dots/vimrc"
printf '# what -> where\nvimrc -> .vimrc\ngit->.config/git # all of it\n' > "$TMP/dots/conf"
echo old > "$HOME/.vimrc"

out=$(./dotlink.sh -c "$TMP/dots/conf" link)
[ "$out" = "backup .vimrc
link .vimrc
link .config/git" ]
[ "$(cat "$HOME/.vimrc")" = set ]
[ "$(cat "$HOME/.vimrc.bak")" = old ]
[ "$(readlink "$HOME/.config/git")" = "$TMP/dots/git" ]
[ "$(wc -l < "$HOME/.dotlink.log")" -eq 3 ]
[ -z "$(./dotlink.sh -c "$TMP/dots/conf" link)" ]

[ "$(./dotlink.sh -c "$TMP/dots/conf" status)" = "ok      .vimrc
ok      .config/git" ]

out=$(./dotlink.sh -c "$TMP/dots/conf" unlink)
[ "$out" = "unlink .vimrc
restore .vimrc
unlink .config/git" ]
[ "$(cat "$HOME/.vimrc")" = old ]
[ ! -e "$HOME/.vimrc.bak" ]

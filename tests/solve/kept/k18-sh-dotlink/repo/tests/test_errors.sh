mkdir "$TMP/dots"
echo a > "$TMP/dots/a"
printf 'a .a\na -> /etc/a\nnone -> .none\na -> .a\n' > "$TMP/dots/conf"
rc=0; out=$(./dotlink.sh -c "$TMP/dots/conf" link 2>"$TMP/err") || rc=$?
[ "$rc" = 1 ]
[ "$out" = "link .a" ]
[ "$(wc -l < "$TMP/err")" -eq 3 ]
rm "$HOME/.a"; echo x > "$HOME/.a"; echo y > "$HOME/.a.bak"
printf 'a -> .a\n' > "$TMP/dots/conf"
rc=0; ./dotlink.sh -c "$TMP/dots/conf" link 2>/dev/null || rc=$?
[ "$rc" = 1 ] && [ "$(cat "$HOME/.a")" = x ]
rc=0; ./dotlink.sh -c "$TMP/dots/conf" status > "$TMP/out" || rc=$?
[ "$rc" = 1 ] && [ "$(cat "$TMP/out")" = "blocked .a" ]
rc=0; ./dotlink.sh -c "$TMP/none" link 2>/dev/null || rc=$?
[ "$rc" = 2 ]
rc=0; ./dotlink.sh 2>/dev/null || rc=$?
[ "$rc" = 2 ]

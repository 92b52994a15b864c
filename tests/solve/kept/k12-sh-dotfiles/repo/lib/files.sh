# each_file FUNCTION: calls it with the source and the target of every file
each_file() {
  (cd "$files" && find . -type f | sort) | while IFS= read -r name; do
    name=${name#./}
    "$1" "$files/$name" "$HOME/.$name"
  done
}

# is_ours SOURCE TARGET: whether the target is our link
is_ours() {
  [ -L "$2" ] && [ "$(readlink "$2")" = "$1" ]
}

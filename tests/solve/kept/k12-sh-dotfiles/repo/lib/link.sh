install_one() {
  if is_ours "$1" "$2"; then
    say skip "$2"
    return 0
  fi
  mkdir -p "$(dirname "$2")"
  if [ -e "$2" ] || [ -L "$2" ]; then
    mv "$2" "$2.bak"
    say backup "$2"
  fi
  ln -s "$1" "$2"
  say link "$2"
}

remove_one() {
  if ! is_ours "$1" "$2"; then
    say skip "$2"
    return 0
  fi
  rm "$2"
  say remove "$2"
  if [ -e "$2.bak" ] || [ -L "$2.bak" ]; then
    mv "$2.bak" "$2"
    say restore "$2"
  fi
}

status_one() {
  if is_ours "$1" "$2"; then
    echo "linked   $2"
  elif [ -e "$2" ] || [ -L "$2" ]; then
    echo "in use   $2"
  else
    echo "missing  $2"
  fi
}

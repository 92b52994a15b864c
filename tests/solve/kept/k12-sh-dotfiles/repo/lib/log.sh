# say WORD PATH: on the terminal and in the log
say() {
  printf '%-7s %s\n' "$1" "$2"
  printf '%s %s\n' "$1" "$2" >>"$HOME/.dot.log"
}

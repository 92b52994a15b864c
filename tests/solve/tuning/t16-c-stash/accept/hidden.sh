set -eu
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; f=$tmp/state
i=0; while [ $i -lt 120 ]; do echo "set k$i v$i"; i=$((i + 1)); done > "$tmp/in"
i=0; while [ $i -lt 120 ]; do echo "del k$i"; i=$((i + 3)); done >> "$tmp/in"
i=1; while [ $i -lt 120 ]; do echo "set k$i w$i"; i=$((i + 3)); done >> "$tmp/in"
{ i=2; while [ $i -lt 120 ]; do echo "get k$i"; i=$((i + 3)); done; echo count; } >> "$tmp/in"
./stash "$f" < "$tmp/in" > "$tmp/out"
{ i=2; while [ $i -lt 120 ]; do echo "v$i"; i=$((i + 3)); done; echo 80; } > "$tmp/want"
cmp "$tmp/out" "$tmp/want"
[ "$(cut -d= -f1 "$f" | sort | uniq -d)" = "" ] && [ "$(wc -l < "$f")" -eq 80 ]

set -eu
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
die() { echo "FAIL $*" >&2; exit 1; }
mkdir -p "$tmp/my home/会議 メモ/a  b" "$tmp/my home/plain" "$tmp/my home/x"
echo 1 > "$tmp/my home/会議 メモ/2024 予定.txt"
echo 2 > "$tmp/my home/会議 メモ/a  b/two  spaces.txt"
echo 3 > "$tmp/my home/plain/file"
echo 4 > "$tmp/my home/x/note 1"; echo 5 > "$tmp/my home/x/note"
printf '# a comment with words\n会議 メモ/2024 予定.txt\n\n会議 メモ/a  b/two  spaces.txt\nplain/file\n#plain/not\nx/note 1\n' > "$tmp/the list"
rc=0; out=$(./snap.sh -C "$tmp/my home" -d "$tmp/my out" -n "first one" "$tmp/the list" 2>"$tmp/err") || rc=$?
[ $rc = 0 ] || die "status $rc: $out $(cat "$tmp/err")"
[ "$out" = "$tmp/my out/first one: 4 files, 0 missing" ] || die "$out"
s="$tmp/my out/first one"
[ ! -s "$tmp/err" ] || die err
[ "$(cat "$s/会議 メモ/2024 予定.txt")" = 1 ] && [ "$(cat "$s/会議 メモ/a  b/two  spaces.txt")" = 2 ] || die content
[ "$(cat "$s/x/note 1")" = 4 ] && [ ! -e "$s/x/note" ] || die note
[ "$(cat "$s/INDEX")" = "会議 メモ/2024 予定.txt
会議 メモ/a  b/two  spaces.txt
plain/file
x/note 1" ] || die "INDEX $(cat "$s/INDEX")"
[ "$(find "$s" -type f | wc -l)" -eq 5 ] || die "more files"
echo "no such file" >> "$tmp/the list"
rc=0; out=$(./snap.sh -C "$tmp/my home" -d "$tmp/my out" -n second "$tmp/the list" 2>"$tmp/err") || rc=$?
[ $rc = 1 ] && [ "$out" = "$tmp/my out/second: 4 files, 1 missing" ] || die "missing: $rc $out"
[ "$(cat "$tmp/err")" = "snap.sh: missing: no such file" ] || die "$(cat "$tmp/err")"

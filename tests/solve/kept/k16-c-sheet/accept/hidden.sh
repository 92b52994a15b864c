set -eu
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; f=$tmp/s
die() { echo "FAIL $*" >&2; exit 1; }
shows() { # CELL TEXT STATUS
    rc=0; out=$(./sheet -g "$1" "$f") || rc=$?
    [ "$out" = "$2" ] && [ "$rc" = "$3" ] || die "$1: $out, status $rc, not $2, $3"
}
cat > "$f" <<'X'
A1 = B1 + 1
B1 = C1 * 2
C1 = A1
D1 = 7
A2 = A2
B2 = (A1 + D1) / 2
C2 = -B2
D2 = D1 * 2
A3 = SUM(A1:D1)
B3 = COUNT(D1:D3)
C3 = MAX(D1, D2)
D3 = 1 / 0
A4 = SUM(A4:D4)
B4 = 5
C4 = B4
D4 = "text"
X
for c in A1 B1 C1 A2 B2 C2 A3 A4; do shows $c '#CYCLE!' 1; done
shows D1 7 0; shows D2 14 0; shows C3 14 0; shows B3 '#DIV/0!' 0; shows C4 5 0; shows D4 text 0; shows E9 '' 0
rc=0; out=$(./sheet -c "$f") || rc=$?
[ $rc = 1 ] || die "csv status $rc"
[ "$out" = '#CYCLE!,#CYCLE!,#CYCLE!,7
#CYCLE!,#CYCLE!,#CYCLE!,14
#CYCLE!,#DIV/0!,14,#DIV/0!
#CYCLE!,5,5,text' ] || die "csv $out"
rc=0; out=$(./sheet "$f") || rc=$?
[ $rc = 1 ] || die "table status $rc"
[ "$(echo "$out" | tail -1)" = '#CYCLE!        5        5  text   ' ] || die "table $out"
# the same cell twice, or in several ways, is no circle
printf 'A1 = 2\nB1 = A1 + A1 * A1\nC1 = SUM(A1:B1) + B1 + A1\nD1 = SUM(A1:C1, C1, B1)\n' > "$f"
rc=0; out=$(./sheet -c "$f") || rc=$?
[ $rc = 0 ] && [ "$out" = "2,6,16,46" ] || die "diamond $rc $out"
# a circle behind a part that is not in it; a dependent cell that is computed first
printf 'A1 = B1\nB1 = C1\nC1 = D1\nD1 = C1\nE1 = F1 + A1\nF1 = 3\n' > "$f"
rc=0; out=$(./sheet -c "$f") || rc=$?
[ $rc = 1 ] && [ "$out" = "#CYCLE!,#CYCLE!,#CYCLE!,#CYCLE!,#CYCLE!,3" ] || die "tail $rc $out"
# other errors leave the status alone
printf 'A1 = 1/0\nB1 = FOO(1)\nC1 = "x" + 1\n' > "$f"
rc=0; out=$(./sheet -c "$f") || rc=$?
[ $rc = 0 ] && [ "$out" = "#DIV/0!,#NAME?,#VALUE!" ] || die "others $rc $out"
# a long chain that is none
{ echo 'A1 = 1'; i=2; while [ $i -le 99 ]; do echo "A$i = A$((i - 1)) + 1"; i=$((i + 1)); done; } > "$f"
shows A99 99 0

set -eu
die() { echo "FAIL $*" >&2; exit 1; }
[ "$(./dice -r 3 1000d6 | wc -w)" -eq 1002 ] || die "1000 dice"
[ "$(./dice -r 3 101d6 | wc -w)" -eq 103 ] || die "101 dice"
s=$(./dice -q -r 3 1000d2+5); [ "$s" -ge 1005 ] && [ "$s" -le 2005 ] || die "sum $s"
for bad in 1001d6 2000d6 9999d6 0d6; do
    rc=0; err=$(./dice "$bad" 2>&1 >/dev/null) || rc=$?
    [ $rc = 2 ] || die "$bad: $rc"
    case $err in *1000*) ;; *) die "$bad: $err" ;; esac
    case $err in *"100 "*) die "$bad: $err" ;; esac
done
err=$(./dice 2>&1) && die usage
case $err in *1000*) ;; *) die "usage: $err" ;; esac
case $err in *"100 "*) die "usage: $err" ;; esac

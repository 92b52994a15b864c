#!/bin/sh
# Copies the files of a list into a dated folder; see README.md.
set -eu

usage() {
    echo "usage: snap.sh [-C FOLDER] [-d DEST] [-n NAME] LIST" >&2
    exit 2
}

fail() {
    echo "snap.sh: $*" >&2
    exit 2
}

dest=./snapshots
from=.
name=$(date +%Y-%m-%d)
while getopts C:d:n: opt; do
    case $opt in
        C) from=$OPTARG ;;
        d) dest=$OPTARG ;;
        n) name=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || usage
list=$1

[ -f "$list" ] || fail "no such list: $list"
[ -d "$from" ] || fail "no such folder: $from"
case $name in
    '' | */* | .*) fail "not a name for a snapshot: $name" ;;
esac

snapshot=$dest/$name
if [ -e "$snapshot" ]; then
    fail "already there: $snapshot"
fi
mkdir -p "$snapshot"

copied=0
missing=0
for file in $(grep -v '^#' "$list"); do
    if [ ! -f "$from/$file" ]; then
        echo "snap.sh: missing: $file" >&2
        missing=$((missing + 1))
        continue
    fi
    mkdir -p $(dirname "$snapshot/$file")
    cp -p "$from/$file" "$snapshot/$file"
    echo "$file" >> "$snapshot/INDEX"
    copied=$((copied + 1))
done

echo "$snapshot: $copied files, $missing missing"
[ "$missing" -eq 0 ]

#!/usr/bin/env bash
# Runs every tests/test_*.sh in a home of its own; from the project root.
red=0
for test in tests/test_*.sh; do
    tmp=$(mktemp -d)
    if HOME=$tmp/home TMP=$tmp bash -eu -c 'mkdir "$HOME"; . "$0"' "./$test"; then
        echo "ok     $test"
    else
        echo "FAILED $test"
        red=1
    fi
    rm -rf "$tmp"
done
exit $red

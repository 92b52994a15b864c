#!/bin/sh
set -eu
[ "$(./dice -q -r 5 3d6)" = "$(./dice -r 5 3d6 | sed 's/.*= //')" ]
[ "$(./dice -r 7 4d6)" = "$(./dice -r 7 4d6)" ]
rc=0; ./dice 2>/dev/null || rc=$?; [ $rc = 2 ]
rc=0; ./dice 2d1001 2>/dev/null || rc=$?; [ $rc = 2 ]
rc=0; ./dice 0d6 2>/dev/null || rc=$?; [ $rc = 2 ]
echo "cli: ok"

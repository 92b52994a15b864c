#!/bin/sh
set -eu
tags='artist=Kraftwerk
title=Trans-Europa Express
file=/music/x.ogg'
[ "$(echo "$tags" | ./nowplaying)" = "Kraftwerk - Trans..." ]
[ "$(echo "$tags" | ./nowplaying -w 40)" = "Kraftwerk - Trans-Europa Express" ]
[ "$(echo "$tags" | ./nowplaying -2)" = "Kraftwerk
Trans-Europa Express" ]
[ "$(echo "file=/music/x.ogg" | ./nowplaying)" = "x.ogg" ]
rc=0; ./nowplaying -w 0 </dev/null 2>/dev/null || rc=$?
[ "$rc" = 2 ]
echo "cli: ok"

set -eu
[ "$(printf 'artist=Sigur Rós\ntitle=Ágætis byrjun\n' | ./nowplaying -w 11)" = "Sigur R..." ]
[ "$(printf 'artist=Sigur Rós\ntitle=Ágætis byrjun\n' | ./nowplaying -w 12)" = "Sigur Ró..." ]

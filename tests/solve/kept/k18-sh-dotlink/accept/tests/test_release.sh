# The package needs a manual page and a changelog.
[ -f CHANGELOG.md ] || { echo "no CHANGELOG.md"; exit 1; }
[ -f man/dotlink.1 ] || { echo "no man/dotlink.1"; exit 1; }

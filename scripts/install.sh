#!/bin/sh
# Installs a released codingworker for the person who runs this: downloads it, proves that it is
# what was released, and only then puts it where the old one was.
#
# Usage: install.sh [--version X.Y.Z] [--prefix DIR]
#
#   --version X.Y.Z   which release (default: the latest)
#   --prefix DIR      installs DIR/bin/codingworker (default: $PREFIX, else ~/.local)
#
# CODINGWORKER_REPOSITORY   OWNER/NAME at GitHub, if not the one that this script was released by
# CODINGWORKER_DOWNLOAD     where SHA256SUMS and the tarballs are instead: https://, file:///DIR, or
#                           http:// on this machine
#
# Needs curl or wget, tar, and sha256sum or shasum. Never needs root, and runs nothing of what it
# downloads before the checksum was compared. Where GitHub's `gh` is there and logged in, the
# attestation is verified too.
set -eu

# Filled in by scripts/package, as a release knows where it is and the sources do not.
repository=${CODINGWORKER_REPOSITORY:-@REPOSITORY@}

say() { printf '%s\n' "$*" >&2; }

# fail CODE SENTENCE [WHAT TO DO]
fail() {
    code=$1
    shift
    say "error: $1"
    shift
    for line in "$@"; do say "$line"; done
    exit "$code"
}

have() { command -v "$1" >/dev/null 2>&1; }

platform() {
    case $(uname -s) in
        Linux) os=linux ;;
        Darwin) os=macos ;;
        *) fail 3 "there is no release for $(uname -s), only for Linux and macOS." "Build it: cargo build --locked --release" ;;
    esac
    case $(uname -m) in
        x86_64 | amd64) arch=x86_64 ;;
        aarch64 | arm64) arch=arm64 ;;
        *) fail 3 "there is no release for $(uname -m), only for x86-64 and arm64." "Build it: cargo build --locked --release" ;;
    esac
    # Under Rosetta, Apple's machines say that they are Intel's.
    if [ "$os-$arch" = macos-x86_64 ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; then arch=arm64; fi
    printf '%s-%s\n' "$os" "$arch"
}

# The folder to download from. Plain http is for this machine: anywhere else, whoever is in between
# could change checksums and tarball alike.
source_of() {
    if [ -n "${CODINGWORKER_DOWNLOAD:-}" ]; then
        case $CODINGWORKER_DOWNLOAD in
            https://* | file:///* | http://127.0.0.1[:/]* | http://127.0.0.1 | http://localhost[:/]* | http://\[::1\]*) ;;
            *) fail 2 "CODINGWORKER_DOWNLOAD is $CODINGWORKER_DOWNLOAD: expected https://, file:///DIR, or http:// on this machine." ;;
        esac
        printf '%s\n' "${CODINGWORKER_DOWNLOAD%/}"
        return
    fi
    case $repository in
        @* | *[!A-Za-z0-9._/-]* | */*/* | /* | */) ;;
        */*)
            if [ -z "$version" ]; then
                printf 'https://github.com/%s/releases/latest/download\n' "$repository"
            else
                printf 'https://github.com/%s/releases/download/v%s\n' "$repository" "$version"
            fi
            return
            ;;
    esac
    fail 2 "this copy of the installer does not know where releases are." \
        "Take the one that is part of a release, or set CODINGWORKER_REPOSITORY=OWNER/NAME."
}

# fetch ADDRESS FILE
fetch() {
    case $1 in
        file://*) cp "${1#file://}" "$2" 2>"$scratch/said" && return 0 ;;
        *)
            if have curl; then
                # A redirect may not lead to anything weaker.
                case $1 in https://*) protocols='=https' ;; *) protocols='=http' ;; esac
                curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" \
                    --connect-timeout 20 --max-time 900 --retry 3 --retry-delay 2 --output "$2" "$1" 2>"$scratch/said" && return 0
            elif have wget; then
                wget --quiet --timeout=20 --tries=3 --output-document="$2" "$1" 2>"$scratch/said" && return 0
            else
                fail 3 "neither curl nor wget is there." "Install one of them, then try again."
            fi
            ;;
    esac
    tail -n 3 "$scratch/said" >&2
    fail 3 "$1 could not be downloaded." "Is the version right, and this machine on the network? Nothing was changed."
}

digest_of() {
    if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Whether the tarball was built by the repository's own release workflow.
attested() {
    case $repository in @*) return 0 ;; esac
    if ! have gh || ! gh auth status >/dev/null 2>&1 </dev/null; then
        say "The checksum is right. Who built it was not looked at: that takes GitHub's gh, logged in."
        return 0
    fi
    gh attestation verify "$1" --repo "$repository" >"$scratch/said" 2>&1 </dev/null || {
        tail -n 5 "$scratch/said" >&2
        fail 1 "$2 has no valid attestation of $repository." "It is not what was released there, or gh could not ask. Nothing was changed."
    }
    say "The attestation is right: built by $repository."
}

main() {
    version=
    prefix=${PREFIX:-${HOME:-}/.local}
    while [ $# -gt 0 ]; do
        case $1 in
            --version | --prefix)
                [ $# -ge 2 ] || fail 2 "$1 needs a value."
                if [ "$1" = --version ]; then version=${2#v}; else prefix=$2; fi
                shift 2
                ;;
            -h | --help)
                sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
                exit 0
                ;;
            *) fail 2 "$1 is not known." "Usage: install.sh [--version X.Y.Z] [--prefix DIR]" ;;
        esac
    done
    case $version in *[!0-9A-Za-z.+-]*) fail 2 "$version is no version." ;; esac
    case $prefix in /?*) ;; *) fail 2 "--prefix is '$prefix': expected a folder, as a path from the root." ;; esac

    have sha256sum || have shasum || fail 3 "neither sha256sum nor shasum is there, so nothing can be verified."
    platform=$(platform)
    source=$(source_of)
    bin=$prefix/bin
    mkdir -p "$bin" || fail 1 "$bin cannot be made." "Choose another place: --prefix DIR"
    # In the same folder, so that the last step is a rename: there is always a whole program.
    scratch=$(mktemp -d "$bin/.codingworker.XXXXXX") || fail 1 "$bin cannot be written to." "Choose another place: --prefix DIR"
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    fetch "$source/SHA256SUMS" "$scratch/SHA256SUMS"
    # Its names say the version, so a release that appears meanwhile cannot be mixed up with it.
    line=$(awk -v end="-$platform.tar.gz" -v version="$version" '
        NF == 2 && length($1) == 64 && $1 !~ /[^0-9a-f]/ && $2 ~ /^codingworker-[0-9A-Za-z._+-]+$/ &&
        substr($2, length($2) - length(end) + 1) == end &&
        (version == "" || $2 == "codingworker-" version end) { print; exit }' "$scratch/SHA256SUMS")
    [ -n "$line" ] || fail 1 "SHA256SUMS of $source names no tarball for $platform${version:+ of version $version}." "Nothing was changed."
    expected=${line%% *}
    file=${line##* }

    say "Downloading $file ..."
    fetch "$source/$file" "$scratch/$file"
    found=$(digest_of "$scratch/$file")
    [ "$found" = "$expected" ] || fail 1 "$file is not what was released: its SHA-256 is $found, and SHA256SUMS says $expected." \
        "The download may have been cut short: try again. Nothing was changed."
    attested "$scratch/$file" "$file"

    name=${file%.tar.gz}
    tar -xzf "$scratch/$file" -C "$scratch" "$name/codingworker" || fail 1 "$file holds no program." "Nothing was changed."
    [ -f "$scratch/$name/codingworker" ] && [ ! -L "$scratch/$name/codingworker" ] || fail 1 "$file holds no program." "Nothing was changed."
    chmod 0755 "$scratch/$name/codingworker"
    says=$("$scratch/$name/codingworker" --version 2>"$scratch/said" </dev/null) || {
        tail -n 3 "$scratch/said" >&2
        fail 1 "the program does not run on this machine." "Its C library may be too old: build it with cargo build --locked --release. Nothing was changed."
    }
    mv -f "$scratch/$name/codingworker" "$bin/codingworker"
    say "Installed $says as $bin/codingworker"
    case :${PATH:-}: in
        *":$bin:"*) ;;
        *) say "$bin is not on your PATH: add it, as in  export PATH=\"$bin:\$PATH\"" ;;
    esac
    say "Next: codingworker init"
}

# Last, so that half a script does nothing.
main "$@"

#!/usr/bin/env bash
# Links dotfiles into the home directory; see README.md.
set -u

conf=dotlink.conf
failures=0

usage() {
    echo "usage: dotlink.sh [-c FILE] link|unlink|status" >&2
    exit 2
}

complain() {
    echo "dotlink: $*" >&2
    failures=$((failures + 1))
}

note() {
    echo "$(date '+%Y-%m-%d %H:%M:%S') $*" >> "$HOME/.dotlink.log"
}

# Calls a function with the full source, the full target and the target's short name, for every line of the configuration.
each_entry() {
    local action=$1 line source target number=0
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line%%#*}
        [[ $line =~ ^[[:space:]]*$ ]] && continue
        if [[ ! $line =~ ^[[:space:]]*([^[:space:]]+)[[:space:]]*-\>[[:space:]]*([^[:space:]]+)[[:space:]]*$ ]]; then
            complain "$conf: line $number: expected SOURCE -> TARGET"
            continue
        fi
        source=${BASH_REMATCH[1]}
        target=${BASH_REMATCH[2]}
        if [[ $target == /* || $target == *..* ]]; then
            complain "$conf: line $number: not below the home directory: $target"
            continue
        fi
        "$action" "$base/$source" "$HOME/$target" "$target"
    done < "$conf"
}

is_ours() { # SOURCE TARGET
    [[ -L $2 && $(readlink "$2") == "$1" ]]
}

link_one() {
    local source=$1 target=$2 short=$3
    if [[ ! -e $source ]]; then
        complain "no such source: $source"
        return
    fi
    is_ours "$source" "$target" && return
    if [[ -e $target || -L $target ]]; then
        if [[ -e $target.bak || -L $target.bak ]]; then
            complain "$short and $short.bak are both in the way"
            return
        fi
        mv "$target" "$target.bak" || { complain "cannot move $short"; return; }
        echo "backup $short"
        note "backup $short"
    fi
    mkdir -p "$(dirname "$target")" || { complain "no folder for $short"; return; }
    ln -s "$source" "$target" || { complain "cannot link $short"; return; }
    echo "link $short"
    note "link $short"
}

unlink_one() {
    local source=$1 target=$2 short=$3
    is_ours "$source" "$target" || return
    rm "$target" || { complain "cannot remove $short"; return; }
    echo "unlink $short"
    note "unlink $short"
    if [[ -e $target.bak || -L $target.bak ]]; then
        mv "$target.bak" "$target" || { complain "cannot restore $short"; return; }
        echo "restore $short"
        note "restore $short"
    fi
}

status_one() {
    local source=$1 target=$2 short=$3 state
    if is_ours "$source" "$target"; then
        state=ok
    elif [[ -L $target ]]; then
        state=foreign
    elif [[ -e $target ]]; then
        state=blocked
    else
        state=absent
    fi
    [[ $state == ok ]] || failures=$((failures + 1))
    printf '%-7s %s\n' "$state" "$short"
}

while getopts c: opt; do
    case $opt in
        c) conf=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[[ $# -eq 1 ]] || usage
if [[ ! -f $conf ]]; then
    echo "dotlink: no such file: $conf" >&2
    exit 2
fi
base=$(cd "$(dirname "$conf")" && pwd)

case $1 in
    link) each_entry link_one ;;
    unlink) each_entry unlink_one ;;
    status) each_entry status_one ;;
    *) usage ;;
esac
[[ $failures -eq 0 ]]

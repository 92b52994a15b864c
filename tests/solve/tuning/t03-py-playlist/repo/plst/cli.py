import argparse
import sys

from plst.m3u import duplicates, parse_playlist, total_seconds


def clock(seconds):
    if seconds is None:
        return "-:--"
    hours, rest = divmod(seconds, 3600)
    if hours:
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{rest // 60}:{rest % 60:02d}"


def cmd_show(entries):
    width = len(str(len(entries)))
    for number, entry in enumerate(entries, 1):
        print(f"{number:>{width}}. {entry.title} [{clock(entry.seconds)}]")


def cmd_length(entries):
    unknown = sum(1 for entry in entries if entry.seconds is None)
    text = clock(total_seconds(entries))
    if unknown:
        text += f" (and {unknown} of unknown length)"
    print(text)


def cmd_dupes(entries):
    for path in duplicates(entries):
        print(path)


COMMANDS = {"show": cmd_show, "length": cmd_length, "dupes": cmd_dupes}


def main(argv=None):
    parser = argparse.ArgumentParser(prog="plst")
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("playlist")
    args = parser.parse_args(argv)
    try:
        with open(args.playlist, encoding="utf-8", errors="replace") as f:
            entries = parse_playlist(f.read())
    except OSError as error:
        print(f"plst: {error}", file=sys.stderr)
        return 1
    COMMANDS[args.command](entries)
    return 0

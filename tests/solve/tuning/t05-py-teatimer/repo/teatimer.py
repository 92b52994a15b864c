#!/usr/bin/env python3
"""A timer for tea."""

import argparse
import sys
import time

# how long each kind steeps, in seconds
STEEP = {
    "black": 240,
    "green": 240,
    "herbal": 480,
    "oolong": 180,
    "white": 150,
}
DEFAULT_KIND = "black"


def steep_time(kind, cups=1):
    if kind not in STEEP:
        raise KeyError(kind)
    seconds = STEEP[kind]
    extra = max(0, cups - 2)
    return round(seconds * (1 + extra / 10))


def spoken(seconds):
    minutes, rest = divmod(seconds, 60)
    parts = []
    if minutes:
        parts.append("1 minute" if minutes == 1 else f"{minutes} minutes")
    if rest:
        parts.append("1 second" if rest == 1 else f"{rest} seconds")
    return " ".join(parts) or "no time"


def countdown(seconds, sleep=time.sleep, out=sys.stdout):
    while seconds > 0:
        if seconds % 60 == 0:
            print(f"{spoken(seconds)} left", file=out)
        sleep(1)
        seconds -= 1
    print("\aYour tea is ready.", file=out)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="teatimer", description=__doc__)
    parser.add_argument("kind", nargs="?", default=DEFAULT_KIND)
    parser.add_argument("--cups", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="show what is known and exit")
    args = parser.parse_args(argv)
    if args.list:
        for kind in sorted(STEEP):
            print(f"{kind:<8}{spoken(STEEP[kind])}")
        return 0
    try:
        seconds = steep_time(args.kind, args.cups)
    except KeyError:
        print(f"teatimer: I do not know {args.kind} tea", file=sys.stderr)
        return 1
    countdown(seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())

import argparse
import datetime
import sys

from .board import board, summary
from .times import TimeError, parse_time
from .timetable import TimetableError, read_timetable, upcoming


def build_parser():
    parser = argparse.ArgumentParser(prog="departures")
    parser.add_argument("file")
    parser.add_argument("--at", metavar="HH:MM", help="instead of the current time")
    parser.add_argument("--line", help="only this line")
    parser.add_argument("-n", type=int, default=10, metavar="COUNT", help="at most so many (default: 10)")
    parser.add_argument("--summary", action="store_true", help="overview of all lines")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        now = parse_time(args.at) if args.at else datetime.datetime.now().time().replace(microsecond=0)
        with open(args.file, encoding="utf-8-sig", newline="") as f:
            departures = read_timetable(f)
    except (OSError, TimeError, TimetableError) as error:
        print(f"departures: {error}", file=sys.stderr)
        return 1
    if args.summary:
        print(summary(departures))
    else:
        print(board(upcoming(departures, now, args.line, args.n), now))
    return 0

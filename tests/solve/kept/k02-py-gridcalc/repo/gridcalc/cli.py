import argparse
import sys

from .commands import Session
from .errors import CommandError


def run_lines(session, lines, where):
    for number, line in enumerate(lines, 1):
        try:
            session.execute(line)
        except CommandError as error:
            print(f"gridcalc: {where}:{number}: {error}", file=sys.stderr)
            return 1
    return 0


def prompt(session):
    while True:
        try:
            line = input("> ")
        except EOFError:
            print()
            return 0
        if line.strip() in ("quit", "exit"):
            return 0
        try:
            session.execute(line)
        except CommandError as error:
            print(f"gridcalc: {error}", file=sys.stderr)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="gridcalc", description="A spreadsheet for the terminal.")
    commands = parser.add_subparsers(dest="command")
    run = commands.add_parser("run", help="run a script")
    run.add_argument("script")
    args = parser.parse_args(argv)
    session = Session()
    if args.command == "run":
        try:
            with open(args.script, encoding="utf-8") as f:
                lines = f.read().splitlines()
        except OSError as error:
            print(f"gridcalc: {error}", file=sys.stderr)
            return 1
        return run_lines(session, lines, args.script)
    if sys.stdin.isatty():
        return prompt(session)
    return run_lines(session, sys.stdin, "<stdin>")

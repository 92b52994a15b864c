import argparse
import datetime
import os
import sys

from . import store
from .agenda import agenda_text
from .dates import Repeat, parse_date
from .errors import ChoreError


def build_parser():
    parser = argparse.ArgumentParser(prog="chores")
    parser.add_argument("--file", default=os.environ.get("CHORES_FILE", "chores.json"))
    commands = parser.add_subparsers(dest="command", required=True)

    add = commands.add_parser("add", help="a new chore")
    add.add_argument("title")
    add.add_argument("--due")
    add.add_argument("--every")
    add.add_argument("--tag", action="append", default=[])

    listing = commands.add_parser("list", help="what there is to do")
    listing.add_argument("--all", action="store_true", help="with the finished ones")
    listing.add_argument("--tag")
    listing.add_argument("--search")

    edit = commands.add_parser("edit", help="change a chore")
    edit.add_argument("id", type=int)
    edit.add_argument("--title")
    edit.add_argument("--due")
    edit.add_argument("--every")
    edit.add_argument("--tag", action="append")

    for name, text in (("done", "it is done"), ("remove", "forget about it")):
        command = commands.add_parser(name, help=text)
        command.add_argument("id", type=int)

    agenda = commands.add_parser("agenda", help="day by day")
    agenda.add_argument("--from", dest="start", default="today")
    agenda.add_argument("--until", default="+7")

    commands.add_parser("log", help="what was done")
    return parser


def chore_line(chore):
    due = chore.due.isoformat() if chore.due else "          "
    text = f"{chore.id:>2}  {due}  {chore.title}"
    for tag in chore.tags:
        text += f" #{tag}"
    if chore.every:
        text += f" ({chore.every.words()})"
    if chore.finished:
        text += " [done]"
    return text


def optional(text, parse):
    return None if text is None or text == "none" else parse(text)


def run(args, chores, today):
    """Returns whether something changed."""
    if args.command == "add":
        chore = chores.add(args.title, optional(args.due, parse_date), optional(args.every, Repeat.parse), args.tag)
        print(chore.id)
        return True
    if args.command == "list":
        for chore in chores.select(args.all, args.tag, args.search):
            print(chore_line(chore))
        return False
    if args.command == "edit":
        changes = {}
        if args.title is not None:
            changes["title"] = args.title
        if args.due is not None:
            changes["due"] = optional(args.due, parse_date)
        if args.every is not None:
            changes["every"] = optional(args.every, Repeat.parse)
        if args.tag is not None:
            changes["tags"] = args.tag
        print(chore_line(chores.edit(args.id, **changes)))
        return True
    if args.command == "done":
        chore = chores.done(args.id, today)
        print("finished" if chore.finished else f"next: {chore.due.isoformat()}")
        return True
    if args.command == "remove":
        chores.remove(args.id)
        return True
    if args.command == "agenda":
        print(agenda_text(chores.select(), parse_date(args.start), parse_date(args.until)))
        return False
    for entry in chores.log:
        print(f"{entry.date.isoformat()}  {entry.title}")
    return False


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        chores = store.load(args.file)
        if run(args, chores, datetime.date.today()):
            store.save(chores, args.file)
    except (ChoreError, OSError) as error:
        print(f"chores: {error}", file=sys.stderr)
        return 1
    return 0

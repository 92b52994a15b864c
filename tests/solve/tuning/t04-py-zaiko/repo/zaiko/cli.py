import argparse
import datetime
import sys

from . import report, store
from .errors import ZaikoError
from .slips import apply_slip, parse_slip


def build_parser():
    parser = argparse.ArgumentParser(prog="zaiko", description="在庫管理")
    parser.add_argument("-f", "--file", default="souko.json", help="データファイル")
    commands = parser.add_subparsers(dest="command", required=True)

    add = commands.add_parser("add", help="品目を登録する")
    add.add_argument("code")
    add.add_argument("name")
    add.add_argument("--unit", default="個")
    add.add_argument("--minimum", type=int, default=0)

    slip = commands.add_parser("slip", help="伝票を処理する")
    slip.add_argument("slips", nargs="+")

    count = commands.add_parser("count", help="棚卸")
    count.add_argument("code")
    count.add_argument("counted", type=int)
    count.add_argument("--note", default="")
    count.add_argument("--date", default=None)

    commands.add_parser("stock", help="在庫一覧")
    commands.add_parser("low", help="最低在庫を下回る品目")
    history = commands.add_parser("history", help="入出庫の履歴")
    history.add_argument("code")
    return parser


def complain(message):
    print(f"zaiko: {message}", file=sys.stderr)


def run_slips(warehouse, paths):
    """Process every slip; returns how many could not be processed."""
    failed = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as f:
                lines = apply_slip(warehouse, parse_slip(f.read()))
        except (OSError, ZaikoError) as error:
            complain(f"{path}: {error}")
            failed += 1
            continue
        print(f"{path}: {lines} 品目")
    return failed


def run(args, warehouse):
    if args.command == "add":
        warehouse.add_item(args.code, args.name, args.unit, args.minimum)
    elif args.command == "slip":
        failed = run_slips(warehouse, args.slips)
        store.save(warehouse, args.file)
        return 1 if failed else 0
    elif args.command == "count":
        date = args.date or datetime.date.today().isoformat()
        difference = warehouse.count(args.code, args.counted, date, args.note)
        print(f"{args.code}: {difference:+d}")
    elif args.command == "stock":
        print(report.stock_table(warehouse))
    elif args.command == "low":
        print(report.low_table(warehouse))
    elif args.command == "history":
        print(report.history_table(warehouse, args.code))
    if args.command in ("add", "count"):
        store.save(warehouse, args.file)
    return 0


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        return run(args, store.load(args.file))
    except ZaikoError as error:
        complain(error)
        return 1

"""Japanese era dates."""

import argparse
import datetime
import re
import sys
import unicodedata

# name, letter, first year; the latest era comes first
ERAS = [
    ("令和", "R", 2019),
    ("平成", "H", 1989),
    ("昭和", "S", 1926),
    ("大正", "T", 1912),
    ("明治", "M", 1868),
]
FIRST_DAY = datetime.date(1873, 1, 1)

LONG = re.compile(r"^(\D+?)\s*(\d+|元)年\s*(\d+)月\s*(\d+)日$")
SHORT = re.compile(r"^([A-Z])\s*(\d+)[./-](\d+)[./-](\d+)$")


class WarekiError(ValueError):
    pass


def era_of(date):
    """The (name, letter, year in the era) of a date."""
    if date < FIRST_DAY:
        raise WarekiError(f"{date.isoformat()} は扱えません (旧暦)")
    for name, letter, first in ERAS:
        if date.year >= first:
            return name, letter, date.year - first + 1
    raise AssertionError("unreachable")


def to_long(date):
    name, _, year = era_of(date)
    return f"{name}{year}年{date.month}月{date.day}日"


def to_short(date):
    _, letter, year = era_of(date)
    return f"{letter}{year}.{date.month}.{date.day}"


def parse(text):
    """The date of a text such as 昭和39年10月10日 or S39.10.10."""
    text = unicodedata.normalize("NFKC", text).strip()
    match = LONG.match(text) or SHORT.match(text.upper())
    if not match:
        raise WarekiError(f"読めません: {text}")
    era, year, month, day = match.groups()
    for name, letter, first in ERAS:
        if era in (name, letter):
            number = 1 if year == "元" else int(year)
            if number < 1:
                raise WarekiError(f"読めません: {text}")
            try:
                return datetime.date(first + number - 1, int(month), int(day))
            except ValueError:
                raise WarekiError(f"そんな日はありません: {text}") from None
    raise WarekiError(f"元号が分かりません: {era}")


def convert(text, short=False):
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        return parse(text).isoformat()
    return to_short(date) if short else to_long(date)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="wareki", description="西暦と和暦の変換")
    parser.add_argument("dates", nargs="+")
    parser.add_argument("--short", action="store_true", help="S39.10.10 の形で")
    args = parser.parse_args(argv)
    for text in args.dates:
        try:
            print(convert(text, args.short))
        except WarekiError as error:
            print(f"wareki: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Table of contents for Markdown files."""

import argparse
import re
import sys

BEGIN = "<!-- toc -->"
END = "<!-- /toc -->"
HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


class TocError(Exception):
    pass


def plain(title):
    """The title without links, emphasis and code marks."""
    return re.sub(r"[*`]", "", LINK.sub(r"\1", title)).strip()


def slug(title):
    """The anchor GitHub gives to a heading."""
    text = plain(title).lower()
    text = re.sub(r"[^\w\- ]", "", text)
    return text.replace(" ", "-")


def headings(text):
    """(level, title, anchor) of all headings, in order."""
    found = []
    counts = {}
    for line in text.splitlines():
        match = HEADING.match(line)
        if not match:
            continue
        level, title = len(match.group(1)), match.group(2)
        anchor = slug(title)
        count = counts.get(anchor, 0)
        counts[anchor] = count + 1
        if count:
            anchor = f"{anchor}-{count}"
        found.append((level, plain(title), anchor))
    return found


def toc(text, first=2, last=3):
    """The lines of the table for all headings of the levels first to last."""
    lines = []
    for level, title, anchor in headings(text):
        if first <= level <= last:
            indent = "  " * (level - first)
            lines.append(f"{indent}- [{title}](#{anchor})")
    return lines


def split(text):
    """The text up to and with the first marker, the old table, the rest."""
    lines = text.splitlines()
    try:
        begin = lines.index(BEGIN)
        end = lines.index(END, begin)
    except ValueError:
        raise TocError("no toc markers") from None
    return lines[:begin + 1], lines[begin + 1:end], lines[end:]


def update(text, first=2, last=3):
    """The text with a new table between the markers."""
    before, _, after = split(text)
    table = toc("\n".join(after), first, last)
    return "\n".join(before + table + after) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="mdtoc", description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--depth", type=int, default=3, help="deepest level in the table (default: 3)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    args = parser.parse_args(argv)
    try:
        with open(args.file, encoding="utf-8") as f:
            text = f.read()
        if not (args.write or args.check):
            print("\n".join(toc(text, last=args.depth)))
            return 0
        new = update(text, last=args.depth)
    except (OSError, TocError) as error:
        print(f"mdtoc: {args.file}: {error}", file=sys.stderr)
        return 2
    if args.check:
        if new != text:
            print(f"mdtoc: {args.file} is out of date", file=sys.stderr)
        return int(new != text)
    if new != text:
        with open(args.file, "w", encoding="utf-8") as f:
            f.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())

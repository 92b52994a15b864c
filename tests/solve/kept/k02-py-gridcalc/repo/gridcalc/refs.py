"""Names of cells: A1 is column 0, row 0."""

import re
from collections import namedtuple

CELL = re.compile(r"^([A-Za-z]{1,3})([1-9][0-9]{0,5})$")

MAX_COLUMNS = 26 + 26 * 26
MAX_ROWS = 100000

Address = namedtuple("Address", "column row")


class RefError(ValueError):
    pass


def column_name(column):
    """0 -> A, 25 -> Z, 26 -> AA"""
    if column < 0:
        raise RefError(f"no such column: {column}")
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def column_index(name):
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def is_inside(column, row):
    return 0 <= column < MAX_COLUMNS and 0 <= row < MAX_ROWS


def parse_address(text):
    match = CELL.match(text.strip())
    if not match:
        raise RefError(f"not a cell: {text!r}")
    address = Address(column_index(match.group(1)), int(match.group(2)) - 1)
    if not is_inside(*address):
        raise RefError(f"outside of the sheet: {text!r}")
    return address


def format_address(address):
    return f"{column_name(address.column)}{address.row + 1}"


def parse_area(text):
    """'A1:B3' or 'A1' -> (top left, bottom right)"""
    first, colon, last = text.partition(":")
    start = parse_address(first)
    end = parse_address(last) if colon else start
    return normalize_area(start, end)


def normalize_area(start, end):
    return (
        Address(min(start.column, end.column), min(start.row, end.row)),
        Address(max(start.column, end.column), max(start.row, end.row)),
    )


def addresses_in(start, end):
    """All addresses of an area, row by row."""
    for row in range(start.row, end.row + 1):
        for column in range(start.column, end.column + 1):
            yield Address(column, row)

"""Slips: goods that come in or leave together."""

import datetime

from .errors import SlipError
from .models import Slip, SlipLine

KINDS = ("in", "out")


def parse_slip(text):
    fields = {}
    lines = []
    number = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#")[0].strip()
        if not line:
            continue
        key, colon, value = line.partition(":")
        if colon and not lines:
            fields[key.strip().lower()] = value.strip()
            continue
        lines.append(parse_line(line, number))
    kind = fields.get("kind", "")
    if kind not in KINDS:
        raise SlipError(1, f"kind は in か out です: {kind!r}")
    date = fields.get("date", "")
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        raise SlipError(1, f"日付が正しくありません: {date!r}") from None
    if not lines:
        raise SlipError(number, "品目がありません")
    return Slip(kind, date, fields.get("partner", ""), lines)


def parse_line(line, number):
    parts = line.split()
    if len(parts) != 2:
        raise SlipError(number, "「品番 数量」と書いてください")
    code, quantity = parts
    if not quantity.isdigit() or int(quantity) < 1:
        raise SlipError(number, f"数量が正しくありません: {quantity}")
    return SlipLine(code, int(quantity))


def apply_slip(warehouse, slip):
    """Book all lines of the slip; returns how many there were."""
    for line in slip.lines:
        if slip.kind == "in":
            warehouse.receive(line.code, line.quantity, slip.date, slip.partner)
        else:
            warehouse.ship(line.code, line.quantity, slip.date, slip.partner)
    return len(slip.lines)

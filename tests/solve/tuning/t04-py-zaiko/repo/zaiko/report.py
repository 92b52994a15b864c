"""Tables for the terminal."""

import unicodedata


def width(text):
    """Columns the text takes: East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text, columns, right=False):
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space


def table(header, rows, right=()):
    """Rows of strings as aligned columns; right: indices of right-aligned ones."""
    everything = [header] + rows
    widths = [max(width(row[i]) for row in everything) for i in range(len(header))]
    lines = []
    for row in everything:
        cells = [pad(cell, widths[i], i in right) for i, cell in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(lines)


def stock_table(warehouse):
    rows = []
    for code in sorted(warehouse.items):
        item = warehouse.items[code]
        rows.append([code, item.name, str(warehouse.stock[code]), item.unit])
    return table(["品番", "品名", "在庫", "単位"], rows, right=(2,))


def low_table(warehouse):
    rows = []
    for item in warehouse.below_minimum():
        have = warehouse.stock[item.code]
        rows.append([item.code, item.name, str(have), str(item.minimum), str(item.minimum - have)])
    return table(["品番", "品名", "在庫", "最低", "不足"], rows, right=(2, 3, 4))


def history_table(warehouse, code):
    rows = []
    balance = 0
    for movement in warehouse.history_of(code):
        balance += movement.quantity
        rows.append([movement.date, f"{movement.quantity:+d}", str(balance), movement.note])
    return table(["日付", "増減", "残高", "備考"], rows, right=(1, 2))

"""The sheet as a table."""

from .refs import column_name
from .values import display

MAX_WIDTH = 24


def cut(text):
    text = text.replace("\n", " ")
    return text if len(text) <= MAX_WIDTH else text[:MAX_WIDTH - 1] + "~"


def render(sheet, formulas=False):
    columns, rows = sheet.size()
    if not rows:
        return "(empty)"
    names = [column_name(column) for column in range(columns)]
    cells = []
    right = []
    for row in range(rows):
        texts = []
        flags = []
        for name in names:
            value = sheet.value(f"{name}{row + 1}")
            texts.append(cut(sheet.source(f"{name}{row + 1}") if formulas else display(value)))
            flags.append(isinstance(value, float) and not formulas)
        cells.append(texts)
        right.append(flags)
    margin = len(str(rows))
    widths = [max([len(names[i])] + [len(texts[i]) for texts in cells]) for i in range(columns)]
    lines = [(" " * margin + " | " + " | ".join(name.center(widths[i]) for i, name in enumerate(names))).rstrip()]
    lines.append("-" * margin + "-+-" + "-+-".join("-" * width for width in widths))
    for row in range(rows):
        parts = []
        for i, text in enumerate(cells[row]):
            parts.append(text.rjust(widths[i]) if right[row][i] else text.ljust(widths[i]))
        lines.append((f"{row + 1:>{margin}} | " + " | ".join(parts)).rstrip())
    return "\n".join(lines)

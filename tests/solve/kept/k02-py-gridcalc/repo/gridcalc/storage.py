"""Files: .gcs (one `NAME<TAB>input` a line) and CSV."""

import csv
import io

from .errors import CommandError
from .refs import RefError, column_name
from .sheet import Sheet
from .values import display

HEADER = "gridcalc 1"


def dumps(sheet):
    lines = [HEADER]
    for name, source in sheet.inputs():
        lines.append(f"{name}\t{source}")
    return "\n".join(lines) + "\n"


def loads(text):
    lines = text.splitlines()
    if not lines or lines[0] != HEADER:
        raise CommandError("not a gridcalc file")
    sheet = Sheet()
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        name, tab, source = line.partition("\t")
        try:
            if not tab:
                raise RefError("no tab")
            sheet.set(name, source)
        except RefError as error:
            raise CommandError(f"line {number}: {error}") from None
    return sheet


def to_csv(sheet, formulas=False):
    columns, rows = sheet.size()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in range(rows):
        names = [f"{column_name(column)}{row + 1}" for column in range(columns)]
        writer.writerow([sheet.source(name) if formulas else display(sheet.value(name)) for name in names])
    return out.getvalue()


def from_csv(text):
    sheet = Sheet()
    for row, fields in enumerate(csv.reader(io.StringIO(text)), 1):
        for column, field in enumerate(fields):
            sheet.set(f"{column_name(column)}{row}", field)
    return sheet

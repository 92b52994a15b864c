"""The sheet: inputs by address, values on demand."""

from . import rewrite
from .errors import CYCLE, SYNTAX, CellError, FormulaSyntaxError
from .evaluator import Evaluator
from .parser import parse_formula
from .refs import Address, addresses_in, format_address, parse_address, parse_area
from .values import display, parse_input


class Cell:
    """One input: a plain value or a formula (tree, or None if it cannot be read)."""

    def __init__(self, source):
        self.source = source
        self.is_formula = source.startswith("=") and len(source) > 1
        self.tree = None
        self.value = None
        if self.is_formula:
            try:
                self.tree = parse_formula(source[1:])
            except FormulaSyntaxError:
                pass
        else:
            self.value = parse_input(source)

    def changed(self, change):
        """The cell with another tree; cells without a tree stay as they are."""
        if self.tree is None:
            return self
        return Cell("=" + change(self.tree).text())


class Sheet:
    def __init__(self):
        self._cells = {}
        self._values = {}
        self._running = []

    # inputs

    def set(self, name, source):
        self._put(parse_address(name), source)

    def source(self, name):
        cell = self._cells.get(parse_address(name))
        return cell.source if cell else ""

    def clear(self, area):
        for address in addresses_in(*parse_area(area)):
            self._cells.pop(address, None)
        self._values.clear()

    def addresses(self):
        return sorted(self._cells, key=lambda address: (address.row, address.column))

    def size(self):
        """(columns, rows) of the used part."""
        if not self._cells:
            return 0, 0
        return max(a.column for a in self._cells) + 1, max(a.row for a in self._cells) + 1

    def inputs(self):
        """(name, source) of all cells, row by row."""
        return [(format_address(address), self._cells[address].source) for address in self.addresses()]

    # values

    def value(self, name):
        return self.value_at(parse_address(name))

    def shown(self, name):
        return display(self.value(name))

    def value_at(self, address):
        cell = self._cells.get(address)
        if cell is None:
            return None
        if not cell.is_formula:
            return cell.value
        if cell.tree is None:
            return CellError(SYNTAX)
        if address in self._values:
            return self._values[address]
        if address in self._running:
            return CellError(CYCLE)
        self._running.append(address)
        try:
            value = Evaluator(self.value_at).evaluate(cell.tree)
        except CellError as error:
            value = CellError(error.code)
        finally:
            self._running.pop()
        if value is None:
            value = 0.0
        if not self._running:
            self._values[address] = value
        return value

    # changes

    def copy(self, source, target):
        """Copy an area; target is the top left cell of the copy."""
        start, end = parse_area(source)
        corner = parse_address(target)
        columns, rows = corner.column - start.column, corner.row - start.row
        copied = [(address, self._cells.get(address)) for address in addresses_in(start, end)]
        for address, cell in copied:
            self._paste(cell, Address(address.column + columns, address.row + rows), columns, rows)
        self._values.clear()

    def fill(self, source, area):
        """Copy one cell to every cell of an area."""
        origin = parse_address(source)
        cell = self._cells.get(origin)
        for address in addresses_in(*parse_area(area)):
            if address != origin:
                self._paste(cell, address, address.column - origin.column, address.row - origin.row)
        self._values.clear()

    def insert_rows(self, row, count=1):
        """Insert empty rows before the row (the first row is 1)."""
        at = row - 1
        self._renumber(
            lambda address: address if address.row < at else Address(address.column, address.row + count),
            lambda tree: rewrite.rows_inserted(tree, at, count),
        )

    def delete_rows(self, row, count=1):
        at = row - 1

        def place(address):
            if address.row < at:
                return address
            if address.row < at + count:
                return None
            return Address(address.column, address.row - count)

        self._renumber(place, lambda tree: rewrite.rows_deleted(tree, at, count))

    def _put(self, address, source):
        if source.strip() == "":
            self._cells.pop(address, None)
        else:
            self._cells[address] = Cell(source.strip())
        self._values.clear()

    def _paste(self, cell, address, columns, rows):
        if cell is None:
            self._cells.pop(address, None)
        else:
            self._cells[address] = cell.changed(lambda tree: rewrite.moved(tree, columns, rows))

    def _renumber(self, place, change):
        cells = {}
        for address, cell in self._cells.items():
            new = place(address)
            if new is not None:
                cells[new] = cell.changed(change)
        self._cells = cells
        self._values.clear()

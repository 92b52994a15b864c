"""Two kinds of errors: values that live in cells, and mistakes of the caller."""


class CellError(Exception):
    """An error that becomes the value of the cell, such as #DIV/0!"""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

    def __eq__(self, other):
        return isinstance(other, CellError) and other.code == self.code

    def __hash__(self):
        return hash(self.code)

    def __repr__(self):
        return f"CellError({self.code!r})"


SYNTAX = "#SYNTAX!"
NAME = "#NAME?"
VALUE = "#VALUE!"
DIV0 = "#DIV/0!"
REF = "#REF!"
CYCLE = "#CYCLE!"


class FormulaSyntaxError(Exception):
    """The text of a formula cannot be read."""

    def __init__(self, message, position):
        super().__init__(f"{message} at position {position}")
        self.position = position


class CommandError(Exception):
    """A command of a script is wrong."""

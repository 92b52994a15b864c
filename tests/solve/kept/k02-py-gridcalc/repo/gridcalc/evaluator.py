"""The value of a formula, given the values of the cells it refers to."""

from .errors import DIV0, NAME, REF, VALUE, CellError
from .functions import FUNCTIONS, LAZY
from .nodes import Binary, Broken, Call, Number, Range, Ref, Text, Unary
from .refs import Address, normalize_area
from .values import compare, to_number, to_text

COMPARISONS = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def divide(left, right):
    if right == 0:
        raise CellError(DIV0)
    return left / right


def power(left, right):
    try:
        result = left ** right
    except ZeroDivisionError:
        raise CellError(DIV0) from None
    except OverflowError:
        raise CellError(VALUE) from None
    if isinstance(result, complex):
        raise CellError(VALUE)
    return result


ARITHMETIC = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divide,
    "^": power,
}


class Evaluator:
    """lookup(address) gives the value of a cell."""

    def __init__(self, lookup):
        self.lookup = lookup

    def evaluate(self, node):
        if isinstance(node, (Number, Text)):
            return node.value
        if isinstance(node, Broken):
            raise CellError(REF)
        if isinstance(node, Ref):
            return self.lookup(node.address)
        if isinstance(node, Unary):
            value = to_number(self.evaluate(node.operand))
            return -value if node.operator == "-" else value
        if isinstance(node, Binary):
            return self.binary(node)
        if isinstance(node, Call):
            return self.call(node)
        raise CellError(VALUE)  # a range outside of a function

    def binary(self, node):
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if node.operator in COMPARISONS:
            return COMPARISONS[node.operator](compare(left, right))
        if node.operator == "&":
            return to_text(left) + to_text(right)
        return ARITHMETIC[node.operator](to_number(left), to_number(right))

    def call(self, node):
        if node.name in LAZY:
            return LAZY[node.name](node.arguments, self.evaluate)
        if node.name not in FUNCTIONS:
            raise CellError(NAME)
        return FUNCTIONS[node.name]([self.argument(argument) for argument in node.arguments])

    def argument(self, node):
        if not isinstance(node, Range):
            return self.evaluate(node)
        start, end = normalize_area(node.start.address, node.end.address)
        return [
            [self.lookup(Address(column, row)) for column in range(start.column, end.column + 1)]
            for row in range(start.row, end.row + 1)
        ]

"""The parts of a formula, and how they are written."""

from .refs import Address, format_address

# binding power of the binary operators, all but ^ associate to the left
PRECEDENCE = {
    "=": 1, "<>": 1, "<": 1, "<=": 1, ">": 1, ">=": 1,
    "&": 2,
    "+": 3, "-": 3,
    "*": 4, "/": 4,
    "^": 6,
}
UNARY_PRECEDENCE = 5


class Node:
    precedence = 9

    def children(self):
        return []

    def wrapped(self, minimum):
        """The text, in parentheses if it binds less than minimum."""
        text = self.text()
        return f"({text})" if self.precedence < minimum else text

    def text(self):
        raise NotImplementedError


class Number(Node):
    def __init__(self, value):
        self.value = value

    def text(self):
        return f"{self.value:.15g}"


class Text(Node):
    def __init__(self, value):
        self.value = value

    def text(self):
        return '"' + self.value.replace('"', '""') + '"'


class Broken(Node):
    """A reference to a cell that is gone."""

    def text(self):
        return "#REF!"


class Ref(Node):
    def __init__(self, column, row):
        self.column = column
        self.row = row

    @property
    def address(self):
        return Address(self.column, self.row)

    def text(self):
        return format_address(self.address)


class Range(Node):
    def __init__(self, start, end):
        self.start = start
        self.end = end

    def children(self):
        return [self.start, self.end]

    def text(self):
        return f"{self.start.text()}:{self.end.text()}"


class Unary(Node):
    precedence = UNARY_PRECEDENCE

    def __init__(self, operator, operand):
        self.operator = operator
        self.operand = operand

    def children(self):
        return [self.operand]

    def text(self):
        return self.operator + self.operand.wrapped(UNARY_PRECEDENCE)


class Binary(Node):
    def __init__(self, operator, left, right):
        self.operator = operator
        self.left = left
        self.right = right

    @property
    def precedence(self):
        return PRECEDENCE[self.operator]

    def children(self):
        return [self.left, self.right]

    def text(self):
        own = self.precedence
        left, right = (own + 1, own) if self.operator == "^" else (own, own + 1)
        return f"{self.left.wrapped(left)}{self.operator}{self.right.wrapped(right)}"


class Call(Node):
    def __init__(self, name, arguments):
        self.name = name
        self.arguments = arguments

    def children(self):
        return self.arguments

    def text(self):
        return f"{self.name}({','.join(argument.text() for argument in self.arguments)})"

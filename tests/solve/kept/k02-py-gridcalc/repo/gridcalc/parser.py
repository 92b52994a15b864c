"""Formulas as trees (see nodes.py)."""

from . import lexer
from .errors import FormulaSyntaxError
from .nodes import PRECEDENCE, UNARY_PRECEDENCE, Binary, Broken, Call, Number, Range, Ref, Text, Unary
from .refs import RefError, parse_address


class Parser:
    def __init__(self, source):
        self.tokens = lexer.tokenize(source)
        self.position = 0

    @property
    def token(self):
        return self.tokens[self.position]

    def advance(self):
        token = self.token
        self.position += 1
        return token

    def at(self, text):
        return self.token.kind == lexer.OPERATOR and self.token.text == text

    def expect(self, text):
        if not self.at(text):
            raise FormulaSyntaxError(f"expected {text!r}", self.token.position)
        return self.advance()

    def parse(self):
        node = self.expression(1)
        if self.token.kind != lexer.END:
            raise FormulaSyntaxError(f"unexpected {self.token.text!r}", self.token.position)
        return node

    def expression(self, minimum):
        left = self.operand()
        while self.token.kind == lexer.OPERATOR and PRECEDENCE.get(self.token.text, 0) >= minimum:
            operator = self.advance().text
            power = PRECEDENCE[operator]
            right = self.expression(power if operator == "^" else power + 1)
            left = Binary(operator, left, right)
        return left

    def operand(self):
        token = self.advance()
        if token.kind == lexer.NUMBER:
            return Number(float(token.text))
        if token.kind == lexer.TEXT:
            return Text(token.text)
        if token.kind == lexer.ERROR:
            return Broken()
        if token.kind == lexer.WORD:
            return self.word(token)
        if token.text in ("-", "+"):
            return Unary(token.text, self.expression(UNARY_PRECEDENCE))
        if token.text == "(":
            node = self.expression(1)
            self.expect(")")
            return node
        raise FormulaSyntaxError(f"unexpected {token.text!r}" if token.text else "unexpected end", token.position)

    def word(self, token):
        if self.at("("):
            return Call(token.text.upper(), self.arguments())
        start = self.reference(token)
        if self.at(":"):
            self.advance()
            last = self.advance()
            if last.kind == lexer.ERROR:
                return Broken()
            if last.kind != lexer.WORD:
                raise FormulaSyntaxError("expected a cell", last.position)
            return Range(start, self.reference(last))
        return start

    def reference(self, token):
        try:
            address = parse_address(token.text)
        except RefError:
            raise FormulaSyntaxError(f"not a cell: {token.text}", token.position) from None
        return Ref(address.column, address.row)

    def arguments(self):
        self.expect("(")
        arguments = []
        if not self.at(")"):
            arguments.append(self.expression(1))
            while self.at(","):
                self.advance()
                arguments.append(self.expression(1))
        self.expect(")")
        return arguments


def parse_formula(source):
    """The tree of a formula (the text after the =)."""
    return Parser(source).parse()

"""Formulas as a list of tokens."""

from collections import namedtuple

from .errors import FormulaSyntaxError

Token = namedtuple("Token", "kind text position")

NUMBER = "number"
TEXT = "text"
WORD = "word"  # a reference or the name of a function
OPERATOR = "operator"
ERROR = "error"
END = "end"

TWO_CHARACTERS = ("<>", "<=", ">=")
ONE_CHARACTER = "+-*/^&=<>(),:"
ERROR_LITERALS = ("#REF!",)


def scan_number(source, start):
    position = start
    while position < len(source) and source[position].isdigit():
        position += 1
    if position < len(source) and source[position] == ".":
        position += 1
        while position < len(source) and source[position].isdigit():
            position += 1
    return position


def scan_word(source, start):
    position = start
    while position < len(source) and (source[position].isalnum() or source[position] == "_"):
        position += 1
    return position


def scan_text(source, start):
    """The end of a text in double quotes and its value ("" is a quote)."""
    position = start + 1
    value = []
    while position < len(source):
        if source[position] == '"':
            if source[position + 1:position + 2] == '"':
                value.append('"')
                position += 2
                continue
            return position + 1, "".join(value)
        value.append(source[position])
        position += 1
    raise FormulaSyntaxError("text without end", start)


def tokenize(source):
    tokens = []
    position = 0
    while position < len(source):
        character = source[position]
        if character.isspace():
            position += 1
            continue
        start = position
        if character.isdigit() or (character == "." and source[position + 1:position + 2].isdigit()):
            position = scan_number(source, position)
            tokens.append(Token(NUMBER, source[start:position], start))
        elif character.isalpha():
            position = scan_word(source, position)
            tokens.append(Token(WORD, source[start:position], start))
        elif character == '"':
            position, value = scan_text(source, position)
            tokens.append(Token(TEXT, value, start))
        elif character == "#":
            for literal in ERROR_LITERALS:
                if source.startswith(literal, position):
                    position += len(literal)
                    tokens.append(Token(ERROR, literal, start))
                    break
            else:
                raise FormulaSyntaxError("unknown error value", start)
        elif source[position:position + 2] in TWO_CHARACTERS:
            position += 2
            tokens.append(Token(OPERATOR, source[start:position], start))
        elif character in ONE_CHARACTER:
            position += 1
            tokens.append(Token(OPERATOR, character, start))
        else:
            raise FormulaSyntaxError(f"unexpected {character!r}", start)
    tokens.append(Token(END, "", len(source)))
    return tokens

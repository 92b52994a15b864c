"""Values of cells: None (empty), float, str, bool or CellError."""

from .errors import VALUE, CellError


def parse_input(text):
    """What somebody typed (not a formula) as a value."""
    stripped = text.strip()
    if stripped == "":
        return None
    if stripped.upper() in ("TRUE", "FALSE"):
        return stripped.upper() == "TRUE"
    if stripped.startswith("'"):
        return stripped[1:]
    try:
        number = float(stripped)
    except ValueError:
        return stripped
    if number != number or number in (float("inf"), float("-inf")):
        return stripped
    return number


def to_number(value):
    if isinstance(value, CellError):
        raise value
    if value is None:
        return 0.0
    if isinstance(value, (bool, int, float)):
        return float(value)
    try:
        return float(value)
    except ValueError:
        raise CellError(VALUE) from None


def to_text(value):
    if isinstance(value, CellError):
        raise value
    return display(value)


def to_bool(value):
    if isinstance(value, str):
        if value.upper() in ("TRUE", "FALSE"):
            return value.upper() == "TRUE"
        raise CellError(VALUE)
    return to_number(value) != 0


def display(value):
    """The value as it is shown."""
    if value is None:
        return ""
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.10g}"
    return value


def compare(left, right):
    """-1, 0 or 1; numbers come before texts, texts ignore the case."""
    for value in (left, right):
        if isinstance(value, CellError):
            raise value
    if left is None:
        left = "" if isinstance(right, str) else 0.0
    if right is None:
        right = "" if isinstance(left, str) else 0.0
    if isinstance(left, str) != isinstance(right, str):
        return 1 if isinstance(left, str) else -1
    if isinstance(left, str):
        left, right = left.lower(), right.lower()
    return (left > right) - (left < right)

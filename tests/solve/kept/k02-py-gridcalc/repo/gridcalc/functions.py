"""The functions that formulas can call.

A plain function gets a list of arguments; an argument that was a range is a
list of rows, everything else is a single value. Lazy functions get the
unevaluated nodes and the evaluator.
"""

import math

from .errors import DIV0, VALUE, CellError
from .values import compare, display, to_bool, to_number, to_text

FUNCTIONS = {}
LAZY = {}


def function(name, least, most=None):
    """Register under name; most None means exactly least, -1 any number."""
    upper = least if most is None else most

    def register(code):
        def checked(arguments):
            if len(arguments) < least or (upper != -1 and len(arguments) > upper):
                raise CellError(VALUE)
            return code(arguments)

        FUNCTIONS[name] = checked
        return code

    return register


def flat(arguments):
    for argument in arguments:
        if isinstance(argument, list):
            for row in argument:
                yield from row
        else:
            yield argument


def single(argument):
    if isinstance(argument, list):
        if len(argument) == 1 and len(argument[0]) == 1:
            return argument[0][0]
        raise CellError(VALUE)
    return argument


def numbers(arguments):
    """The numbers of all arguments; texts and empty cells of ranges are skipped."""
    result = []
    for argument in arguments:
        if not isinstance(argument, list):
            result.append(to_number(argument))
            continue
        for value in flat([argument]):
            if isinstance(value, CellError):
                raise value
            if isinstance(value, float):
                result.append(value)
    return result


@function("SUM", 1, -1)
def f_sum(arguments):
    return math.fsum(numbers(arguments))


@function("PRODUCT", 1, -1)
def f_product(arguments):
    return float(math.prod(numbers(arguments)))


@function("AVERAGE", 1, -1)
def f_average(arguments):
    values = numbers(arguments)
    if not values:
        raise CellError(DIV0)
    return math.fsum(values) / len(values)


@function("MIN", 1, -1)
def f_min(arguments):
    return min(numbers(arguments), default=0.0)


@function("MAX", 1, -1)
def f_max(arguments):
    return max(numbers(arguments), default=0.0)


@function("COUNT", 1, -1)
def f_count(arguments):
    return float(sum(1 for value in flat(arguments) if isinstance(value, float)))


@function("COUNTA", 1, -1)
def f_counta(arguments):
    return float(sum(1 for value in flat(arguments) if value is not None))


@function("COUNTIF", 2)
def f_countif(arguments):
    wanted = single(arguments[1])
    return float(sum(1 for value in flat(arguments[:1]) if value is not None and compare(value, wanted) == 0))


@function("MEDIAN", 1, -1)
def f_median(arguments):
    values = sorted(numbers(arguments))
    if not values:
        raise CellError(VALUE)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


@function("ABS", 1)
def f_abs(arguments):
    return abs(to_number(single(arguments[0])))


@function("ROUND", 1, 2)
def f_round(arguments):
    value = to_number(single(arguments[0]))
    digits = int(to_number(single(arguments[1]))) if len(arguments) > 1 else 0
    factor = 10.0 ** digits
    return math.copysign(math.floor(abs(value) * factor + 0.5) / factor, value)


@function("INT", 1)
def f_int(arguments):
    return float(math.floor(to_number(single(arguments[0]))))


@function("MOD", 2)
def f_mod(arguments):
    value, divisor = (to_number(single(argument)) for argument in arguments)
    if divisor == 0:
        raise CellError(DIV0)
    return value - divisor * math.floor(value / divisor)


@function("SQRT", 1)
def f_sqrt(arguments):
    value = to_number(single(arguments[0]))
    if value < 0:
        raise CellError(VALUE)
    return math.sqrt(value)


@function("AND", 1, -1)
def f_and(arguments):
    return all([to_bool(value) for value in flat(arguments)])


@function("OR", 1, -1)
def f_or(arguments):
    return any([to_bool(value) for value in flat(arguments)])


@function("NOT", 1)
def f_not(arguments):
    return not to_bool(single(arguments[0]))


@function("LEN", 1)
def f_len(arguments):
    return float(len(to_text(single(arguments[0]))))


@function("UPPER", 1)
def f_upper(arguments):
    return to_text(single(arguments[0])).upper()


@function("LOWER", 1)
def f_lower(arguments):
    return to_text(single(arguments[0])).lower()


@function("TRIM", 1)
def f_trim(arguments):
    return " ".join(to_text(single(arguments[0])).split())


@function("LEFT", 1, 2)
def f_left(arguments):
    count = int(to_number(single(arguments[1]))) if len(arguments) > 1 else 1
    if count < 0:
        raise CellError(VALUE)
    return to_text(single(arguments[0]))[:count]


@function("RIGHT", 1, 2)
def f_right(arguments):
    text = to_text(single(arguments[0]))
    count = int(to_number(single(arguments[1]))) if len(arguments) > 1 else 1
    if count < 0:
        raise CellError(VALUE)
    return text[max(0, len(text) - count):]


@function("CONCAT", 1, -1)
def f_concat(arguments):
    return "".join(to_text(value) for value in flat(arguments))


@function("JOIN", 2, -1)
def f_join(arguments):
    separator = to_text(single(arguments[0]))
    return separator.join(to_text(value) for value in flat(arguments[1:]) if display(value) != "")


@function("LOOKUP", 3)
def f_lookup(arguments):
    """LOOKUP(what, keys, results): the result beside the first equal key."""
    wanted = single(arguments[0])
    keys, results = list(flat(arguments[1:2])), list(flat(arguments[2:3]))
    if len(keys) != len(results):
        raise CellError(VALUE)
    for key, result in zip(keys, results):
        if key is not None and compare(key, wanted) == 0:
            return result
    raise CellError(VALUE)


def lazy(name):
    def register(code):
        LAZY[name] = code
        return code

    return register


@lazy("IF")
def f_if(nodes, evaluate):
    if len(nodes) not in (2, 3):
        raise CellError(VALUE)
    if to_bool(evaluate(nodes[0])):
        return evaluate(nodes[1])
    return evaluate(nodes[2]) if len(nodes) == 3 else False


@lazy("IFERROR")
def f_iferror(nodes, evaluate):
    if len(nodes) != 2:
        raise CellError(VALUE)
    try:
        value = evaluate(nodes[0])
    except CellError:
        return evaluate(nodes[1])
    return evaluate(nodes[1]) if isinstance(value, CellError) else value

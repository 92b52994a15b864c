"""Formulas that move, and formulas whose cells move."""

from .nodes import Binary, Broken, Call, Range, Ref, Unary
from .refs import is_inside


def rewrite(node, change):
    """The same tree with change(ref) in place of every reference.

    change returns a Ref, or None if the cell is gone.
    """
    if isinstance(node, Ref):
        return change(node) or Broken()
    if isinstance(node, Range):
        start, end = change(node.start), change(node.end)
        return Range(start, end) if start and end else Broken()
    if isinstance(node, Unary):
        return Unary(node.operator, rewrite(node.operand, change))
    if isinstance(node, Binary):
        return Binary(node.operator, rewrite(node.left, change), rewrite(node.right, change))
    if isinstance(node, Call):
        return Call(node.name, [rewrite(argument, change) for argument in node.arguments])
    return node


def moved(node, columns, rows):
    """The formula as it is after copying it so many columns and rows further."""

    def change(ref):
        column, row = ref.column + columns, ref.row + rows
        return Ref(column, row) if is_inside(column, row) else None

    return rewrite(node, change)


def rows_inserted(node, at, count):
    def change(ref):
        if ref.row < at:
            return ref
        return Ref(ref.column, ref.row + count) if is_inside(ref.column, ref.row + count) else None

    return rewrite(node, change)


def rows_deleted(node, at, count):
    """Ranges shrink; references to deleted rows break."""

    def change(ref):
        if ref.row < at:
            return ref
        if ref.row < at + count:
            return None
        return Ref(ref.column, ref.row - count)

    def shrink(range_node):
        top, bottom = sorted([range_node.start, range_node.end], key=lambda ref: ref.row)
        first = top.row if top.row < at else max(at, top.row - count)
        last = bottom.row if bottom.row < at else max(at - 1, bottom.row - count)
        if last < first:
            return None
        return Range(Ref(top.column, first), Ref(bottom.column, last))

    def walk(part):
        if isinstance(part, Range):
            return shrink(part) or Broken()
        if isinstance(part, Unary):
            return Unary(part.operator, walk(part.operand))
        if isinstance(part, Binary):
            return Binary(part.operator, walk(part.left), walk(part.right))
        if isinstance(part, Call):
            return Call(part.name, [walk(argument) for argument in part.arguments])
        return rewrite(part, change)

    return walk(node)

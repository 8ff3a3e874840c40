"""Small faults that somebody could make in a file of Python, one at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Final, NamedTuple

FLIPPED: Final = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
JOINED: Final = {ast.And: ast.Or, ast.Or: ast.And}
COUNTED: Final = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mult: ast.Add}


class Mutant(NamedTuple):
    """One fault.

    Attributes:
        line: where it is.
        what: the statement before and after.
        source: the whole file with it.
    """

    line: int
    what: str
    source: str


def _changes(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901 - a table of kinds
    """What could stand in the place of one node."""
    other = copy.deepcopy(node)
    match other:
        case ast.Compare(ops=[operation]) if type(operation) in FLIPPED:
            other.ops = [FLIPPED[type(operation)]()]
            yield other
        case ast.BoolOp(op=operation):
            other.op = JOINED[type(operation)]()
            yield other
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(op=operation) | ast.AugAssign(op=operation) if type(operation) in COUNTED:
            other.op = COUNTED[type(operation)]()
            yield other
        case ast.Constant(value=bool() as value):
            other.value = not value
            yield other
        case ast.Constant(value=int() as value):
            other.value = value + 1
            yield other
        case ast.Return(value=ast.expr()):
            other.value = ast.Constant(None)
            yield other
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield ast.Pass()
        case ast.If(test=test):
            for value in (True, False):
                changed = copy.deepcopy(other)
                changed.test = ast.copy_location(ast.Constant(value), test)
                yield changed


def _is_declared(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether it is part of a type, or of what only a type checker reads."""
    while node in parents:
        above = parents[node]
        if isinstance(above, ast.arg) or node in (getattr(above, "annotation", None), getattr(above, "returns", None)):
            return True
        if isinstance(above, ast.If) and isinstance(above.test, ast.Name) and above.test.id == "TYPE_CHECKING":
            return True
        node = above
    return False


class _Put(ast.NodeTransformer):
    def __init__(self, at: ast.AST, made: ast.AST) -> None:
        self.at, self.made = at, made

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.made, node) if node is self.at else self.generic_visit(node)


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every fault of every kind in one file."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in list(ast.walk(tree)):
        if _is_declared(node, parents):
            continue
        for made in _changes(node):
            before = ast.unparse(node)
            clone = copy.deepcopy(tree)
            there = next(new for old, new in zip(ast.walk(tree), ast.walk(clone), strict=True) if old is node)
            changed = ast.fix_missing_locations(_Put(there, made).visit(clone))
            after = ast.unparse(made)
            what = f"{before.splitlines()[0][:90]}  =>  {after.splitlines()[0][:90]}"
            yield Mutant(getattr(node, "lineno", 0), what, ast.unparse(changed))

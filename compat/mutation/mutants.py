"""Small faults that somebody could make in a file of Python, one at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Final

FLIPPED: Final = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
JOINED: Final = {ast.And: ast.Or, ast.Or: ast.And}
COUNTED: Final = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mult: ast.Add}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        where: the function that it is in, with its class.
        line: of the file.
        lines: those that run before it can matter.
        what: the first line of code that is another, before and after.
        source: the whole file with it.
        code: the same, compiled, with the lines of the file without it.
    """

    where: str
    line: int
    lines: tuple[int, ...]
    what: str
    source: str
    code: CodeType


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
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            other.value = ast.Constant(None)
            yield other
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield ast.Pass()
        case ast.If(test=test):
            for value in (True, False):
                changed = copy.copy(other)
                changed.test = ast.copy_location(ast.Constant(value), test)
                yield changed


class Spoiler:
    """A file of Python, to be spoilt in one place and put right again.

    Only inside functions: what an import runs is constants and tables, which many functions have read by then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())
        self.right = ast.unparse(self.tree).splitlines()
        self.above: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            self.above.update(dict.fromkeys(ast.iter_child_nodes(node), node))
        self.places = [
            (node, number)
            for node in ast.walk(self.tree)
            if self._is_in_function(node) and not self._is_declared(node)
            for number, _ in enumerate(_changes(node))
        ]

    def __len__(self) -> int:
        return len(self.places)

    def fault(self, place: int) -> Fault:
        node, number = self.places[place]
        made = ast.copy_location(list(_changes(node))[number], node)
        self._put(node, made)
        text = ast.unparse(ast.fix_missing_locations(self.tree))
        code = compile(self.tree, str(self.path), "exec", dont_inherit=True)
        self._put(made, node, self.above[node])
        pairs = zip(self.right, text.splitlines(), strict=False)
        before, after = next(((old, new) for old, new in pairs if old != new), ("", ""))
        line = getattr(node, "lineno", 0)
        lines = (line, getattr(self._statement(node), "lineno", line))
        return Fault(self._where(node), line, lines, f"{before.strip()}  =>  {after.strip()}", text + "\n", code)

    def _put(self, old: ast.AST, new: ast.AST, above: ast.AST | None = None) -> None:
        above = above or self.above[old]
        for name, value in ast.iter_fields(above):
            if value is old:
                setattr(above, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]

    def _upwards(self, node: ast.AST) -> Iterator[Any]:
        while node in self.above:
            node = self.above[node]
            yield node

    def _statement(self, node: ast.AST) -> ast.AST:
        return next((one for one in (node, *self._upwards(node)) if isinstance(one, ast.stmt)), node)

    def _is_in_function(self, node: ast.AST) -> bool:
        below = node
        for above in self._upwards(node):
            if isinstance(above, ast.FunctionDef) and below in above.body:
                return True
            below = above
        return False

    def _where(self, node: ast.AST) -> str:
        kinds = ast.FunctionDef | ast.ClassDef
        return ".".join(reversed([one.name for one in self._upwards(node) if isinstance(one, kinds)]))

    def _is_declared(self, node: ast.AST) -> bool:
        """Whether it is part of a type, or of what only a type checker reads."""
        for above in self._upwards(node):
            kinds = getattr(above, "annotation", None), getattr(above, "returns", None)
            if isinstance(above, ast.arg) or node in kinds:
                return True
            if isinstance(above, ast.If) and isinstance(above.test, ast.Name) and above.test.id == "TYPE_CHECKING":
                return True
            node = above
        return False

"""Wrong backward passes, made of right ones: one place of the source is changed, as people change it by mistake.

A mutant is wrong only if JAX's own derivative says so, at two shapes; the others are thrown away.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any


def mutants(backward: Callable) -> Iterator[tuple[str, Callable]]:
    """The function with one change each, and what was changed."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(backward)))
    for number in range(len(places(tree))):
        for name, change in CHANGES.items():
            changed = copy.deepcopy(tree)
            node = places(changed)[number]
            new = change(copy.deepcopy(node))
            if new is not None:
                Put(node, new).visit(changed)
                yield f"{name}: {ast.unparse(node)}", compiled(changed, backward)


def places(tree: ast.AST) -> list[ast.AST]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.BinOp | ast.Call | ast.UnaryOp | ast.Constant)]


class Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def compiled(tree: ast.Module, like: Callable) -> Callable:
    space = dict(like.__globals__)  # type: ignore[attr-defined]
    exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), space)
    return space[like.__name__]


def binary(kind: type, make: Callable) -> Callable:
    return lambda node: make(node) if isinstance(node, ast.BinOp) and isinstance(node.op, kind) else None


def method(name: str, make: Callable) -> Callable:
    def change(node: Any) -> Any:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            return make(node)
        return None

    return change


def with_op(node: ast.BinOp, op: ast.operator) -> ast.BinOp:
    return ast.BinOp(node.left, op, node.right)


def renamed(name: str) -> Callable:
    def make(node: ast.Call) -> ast.Call:
        node.func.attr = name  # type: ignore[attr-defined]
        return node

    return make


CHANGES: dict[str, Callable] = {
    "a term is lost (left)": binary(ast.Add, lambda n: n.right),
    "a term is lost (right)": binary(ast.Add, lambda n: n.left),
    "a subtracted term is lost": binary(ast.Sub, lambda n: n.left),
    "+ for −": binary(ast.Sub, lambda n: with_op(n, ast.Add())),
    "− for +": binary(ast.Add, lambda n: with_op(n, ast.Sub())),
    "a factor is lost (left)": binary(ast.Mult, lambda n: n.right),
    "a factor is lost (right)": binary(ast.Mult, lambda n: n.left),
    "a divisor is lost": binary(ast.Div, lambda n: n.left),
    "× for /": binary(ast.Div, lambda n: with_op(n, ast.Mult())),
    "a power is lost": binary(ast.Pow, lambda n: n.left),
    "the sign is lost": lambda n: n.operand if isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub) else None,
    "mean for sum": method("sum", renamed("mean")),
    "sum for mean": method("mean", renamed("sum")),
    "another number": lambda n: ast.Constant(n.value + 1) if type(getattr(n, "value", None)) is float else None,
}

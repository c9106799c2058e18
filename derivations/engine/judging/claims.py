"""Is this a claim at all? Every refusal is one line that names the part."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import Any

from sympy import (
    Abs,
    Basic,
    Derivative,
    E,
    Expr,
    Float,
    Function,
    Heaviside,
    I,
    Idx,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    Product,
    Sum,
    Symbol,
    nan,
    oo,
    pi,
    sign,
    zoo,
)
from sympy.core.function import AppliedUndef
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Relational

from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.indexing import index_expression, leaf_of
from derivations.engine.language.indices import Leaf, inside, plain
from derivations.engine.language.known import check_words
from derivations.engine.language.nodes import atoms
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import Binding, step
from derivations.engine.language.words import NAMES, WORDS

FUNCTIONS = (KroneckerDelta, step, Heaviside, sign, Abs, Max, Min, Piecewise, AppliedUndef)


def check(left: Expr, right: Expr, hypotheses: Hypotheses, indices: Sequence[Idx]) -> None:
    """Raise NoFormula if left = right is no well-formed claim."""
    for side, e in (("left", left), ("right", right)):
        _check_side(side, e)
    for e in hypotheses.formulas:
        check_words(e)
    free = {"left": set(free_indices(left)), "right": set(free_indices(right))}
    ranges: dict[str, tuple] = {}
    parts = [left, right, *(e for pair in hypotheses.definitions + hypotheses.equations for e in pair)]
    said = [*parts, *hypotheses.conditions]
    for e in said[2:]:
        for side in e.args if isinstance(e, Relational) else (e,):
            _check_side("hypotheses'", side)
    _check_derivatives(said, dimensions_of(said))
    for e in (left, right):
        for k in sorted(atoms(e, Idx), key=str):
            leaf_of(k)
    for k in sorted(free["left"] | free["right"], key=str):
        if ranges.setdefault(k.name, (k.lower, k.upper)) != (k.lower, k.upper):
            raise NoFormula(f"index {k} has two ranges: to {ranges[k.name][1]} and to {k.upper}")
    if not left.is_number:
        for k in sorted(free["right"] - free["left"] - set(indices), key=str):
            raise NoFormula(f"unbound index {k} on the right side: the left side has no {k}")
    for e in (left, right):
        _check_scopes(e, set(), free["left"] | free["right"])
    _check_axes(parts, hypotheses.recursions.axes)
    _check_names(said)


def _check_side(side: str, e: Expr) -> None:
    if not isinstance(e, Expr):
        raise NoFormula(f"the {side} side is {type(e).__name__} {str(e)!r}, not a SymPy expression")
    if e.has(zoo, nan, oo, -oo):
        raise NoFormula(f"the {side} side divides by zero or is infinite: {e}")
    if e.has(I):
        raise NoFormula(f"the {side} side is complex: formulas are about real numbers")
    for number in sorted(atoms(e, NumberSymbol) - {pi, E}, key=str):
        raise NoFormula(f"the number {number} on the {side} side is not part of the language of formulas")
    for name in sorted(atoms(e, Symbol), key=str):
        _check_declaration(name)
    for number in sorted(atoms(e, Float), key=str):
        raise NoFormula(f"{number} on the {side} side is not exact: write Rational(…)")
    for f in sorted(atoms(e, Function), key=str):
        if not isinstance(f, FUNCTIONS) and type(f) not in WORDS:
            raise NoFormula(f"unknown function {type(f).__name__} on the {side} side")
        if isinstance(f, AppliedUndef) and (f.func.__name__ in NAMES or any(_told(f, sign) for sign in SIGNS)):
            raise NoFormula(
                f"the function {f.func.__name__} on the {side} side is unknown, its name or its sign is not"
            )
        if isinstance(f, KroneckerDelta) and len(f.args) > 2:
            raise NoFormula(f"{f} has a range of its own")
    bare = _bare_array(e)
    if bare is not None:
        raise NoFormula(f"array {bare} on the {side} side stands without its indices")
    check_words(e)


# What may be declared of a symbol or an array; all of them are real.
DECLARED = {"commutative", "integer", "rational", "real", "extended_real", "finite", "nonzero"}
SIGNS = ("positive", "negative", "nonnegative", "nonpositive", "zero", "integer", "imaginary")


def _told(e: Expr, what: str) -> bool:
    return getattr(e, f"is_{what}") is not None


def _check_declaration(name: Symbol) -> None:
    told = {what for what, value in name._assumptions_orig.items() if value is not None}
    if not name.is_commutative or name.is_real is False or name.is_finite is False:
        raise NoFormula(f"{name} is declared to be no real number")
    for what in sorted(told - DECLARED - {"positive", "negative", "nonnegative", "nonpositive"}):
        raise NoFormula(f"{name} is declared to be {what}, which formulas can't be")


def _check_derivatives(parts: Iterable[Basic], sizes: Sequence[Symbol]) -> None:
    """Derivatives are by entries and by real symbols."""
    for e in parts:
        dummies = {limit[0] for s in atoms(e, Sum, Product) for limit in s.limits}
        for d in sorted(atoms(e, Derivative), key=str):
            for x in d.variables:
                if isinstance(x, Idx) or x in dummies:
                    raise NoFormula(f"{d} is a derivative by an index")
                if x in sizes or (isinstance(x, Symbol) and x.is_integer):
                    raise NoFormula(f"{d} is a derivative by a whole number")
                if not isinstance(x, (Indexed, Symbol)):
                    raise NoFormula(f"{d} is a derivative by {x}, which is not a variable")


def _check_names(parts: Iterable[Expr]) -> None:
    """One name, one symbol, and one array: SymPy takes `Symbol("n")` and a dimension n for two."""
    symbols: dict[str, Basic] = {}
    arrays: dict[str, Basic] = {}
    for e in parts:
        labels = {i.base.label for i in atoms(e, Indexed)}
        for s in sorted(atoms(e, Symbol) - labels - {k.label for k in atoms(e, Idx)} - atoms(e, Idx), key=str):
            if symbols.setdefault(s.name, s) != s:
                raise NoFormula(f"two symbols are called {s}, with different assumptions")
        for label in sorted(labels, key=str):
            if arrays.setdefault(str(label), label) != label:
                raise NoFormula(f"two arrays are called {label}, with different assumptions")
        for k in sorted(atoms(e, Idx), key=str):
            if not k.name.replace("'", "_").isidentifier():
                raise NoFormula(f"an index is called {k}: its name must be a word")


def _bare_array(e: Basic) -> Basic | None:
    if isinstance(e, IndexedBase):
        return e
    parts = e.indices if isinstance(e, Indexed) else e.args
    return next((found for a in parts if (found := _bare_array(a)) is not None), None)


def _check_scopes(e: Any, bound: set, free: set) -> None:
    """An index is bound once, or free: not both."""
    if isinstance(e, (Sum, Product, Binding)):
        limits = e.limits
        for limit in limits:
            if len(limit) != 3:
                raise NoFormula(f"the sum over {limit[0]} has no range: write Sum(…, ({limit[0]}, 1, n))")
            k, lower, upper = limit
            name = type(e).__name__.lower()
            if k in bound:
                raise NoFormula(f"reused index {k}: a {name} over {k} stands inside another over {k}")
            if k in free:
                raise NoFormula(f"reused index {k}: it is free and also bound by a {name}")
            if isinstance(k, Idx) and (k.lower, k.upper) != (lower, upper):
                raise NoFormula(
                    f"the {name} over {k} runs from {lower} to {upper}, but {k} is declared from {k.lower} to {k.upper}"
                )
            bound = bound | {k}
        inner = [e.function] if isinstance(e, (Sum, Product)) else e.args[:-1]
        for a in inner:
            _check_scopes(a, bound, free)
        return
    if isinstance(e, (Symbol, Derivative)):
        return
    for a in e.args:
        _check_scopes(a, bound, free)


def _check_axes(parts: Iterable[Expr], of_time: Container[tuple[str, int]]) -> None:
    """Every axis of an array is indexed by one range throughout; the time of a recursion reaches beyond its steps."""
    axes: dict[tuple[str, int], Leaf] = {}
    uses: dict[tuple[str, int], list] = defaultdict(list)
    ranks: dict[str, int] = {}
    for e in parts:
        bound = {
            limit[0]: leaf_of(Idx(limit[0].name, tuple(limit[1:])))
            for s in atoms(e, Sum, Product)
            for limit in s.limits
            if len(limit) == 3 and not isinstance(limit[0], Idx)
        }
        for element in sorted(atoms(e, Indexed), key=str):
            name = str(element.base.label)
            if ranks.setdefault(name, len(element.indices)) != len(element.indices):
                raise NoFormula(f"{element} has {len(element.indices)} indices, elsewhere {name} has {ranks[name]}")
            for axis, i in enumerate(element.indices):
                index = index_expression(i, bound)
                leaf = index.plain
                if leaf is None:
                    uses[name, axis].append((element, index, i))
                    continue
                known = axes.setdefault((name, axis), leaf)
                parts_of_one = known.upper.free_symbols == leaf.upper.free_symbols
                if parts_of_one and inside(plain(known), leaf):
                    axes[name, axis] = leaf
                elif not parts_of_one or not inside(plain(leaf), known._replace(lower=min(known.lower, leaf.lower))):
                    raise NoFormula(
                        f"index {leaf.name} of {element} runs to {leaf.upper}, "
                        f"but that axis of {name} runs to {known.upper} (index {known.name})"
                    )
                if leaf.lower < known.lower:
                    axes[name, axis] = leaf
    for key, elements in uses.items():
        for element, index, i in elements:
            if key in axes and key not in of_time and index.leaves and not inside(index, axes[key]):
                raise NoFormula(f"index {i} of {element} leaves the range of that axis, to {axes[key].upper}")


def dimensions_of(expressions: Iterable[Basic]) -> list[Symbol]:
    """The symbols that are sizes: those in the ranges of indices, and other whole positive ones."""
    expressions = tuple(expressions)
    labels = {i.base.label for e in expressions for i in atoms(e, Indexed)}
    whole = {
        s for e in expressions for s in atoms(e, Symbol) - labels - atoms(e, Idx) if s.is_integer and s.is_positive
    }
    ends: list[Any] = [k.upper for e in expressions for k in atoms(e, Idx)]
    ends += [limit[2] for e in expressions for s in atoms(e, Sum, Product) for limit in s.limits if len(limit) == 3]
    return sorted(whole | {s for end in ends if end is not None for s in end.free_symbols if s.is_integer}, key=str)

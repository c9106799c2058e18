"""Indices in mixed radix: x[m (k − 1) + a], a = 1 … m, is the entry (k, a) of x in rows of m, as in vec and Kronecker.

Where a runs through m whole numbers that follow each other, (k, a) ↦ m (k − 1) + a meets every place once. So an array
that is indexed like that throughout is an array with one axis more, and nothing else of a claim changes.
"""

from collections.abc import Sequence
from typing import Any

from sympy import Add, Basic, Idx, Indexed, Integer, Mul, expand
from sympy.core.relational import Relational

from derivations.engine.language.fold import NoFormula
from derivations.engine.language.nodes import atoms

Radix = tuple[Any, ...]


def in_rows(parts: Sequence[Any]) -> list[Any]:
    """The parts of a claim, the arrays that are indexed in mixed radix with an axis for each digit."""
    elements = {e for part in parts if isinstance(part, Basic) for e in atoms(part, Indexed)}
    split = {e: [digits(i) for i in e.indices] for e in elements}
    radices: dict[Any, tuple[Radix, ...]] = {}
    for e in sorted(elements, key=lambda e: (-sum(len(radix) for _, radix in split[e]), str(e))):
        radix = tuple(radix for _, radix in split[e])
        if radices.setdefault(e.base, radix) != radix and any((*radix, *radices[e.base])):
            rows = ", ".join(str(size) for axis in radices[e.base] for size, _ in axis)
            raise NoFormula(f"{e} is not indexed in rows of {rows}, as {e.base} is elsewhere")
    moved = {
        e: e.base[tuple(k for axis, _ in split[e] for k in axis)] for e in elements if any(map(len, radices[e.base]))
    }
    return [_replaced(part, moved) for part in parts] if moved else list(parts)


def digits(index: Any) -> tuple[list[Any], Radix]:
    """The digits of m (k − 1) + a, k and a, and the radix (m, 1); an ordinary index is its own only digit."""
    whole = expand(index)
    for a in sorted(atoms(whole, Idx), key=str):
        size = None if a.upper is None else a.upper - a.lower + 1
        if size is None or isinstance(size, Integer) or whole.coeff(a) != 1:
            continue
        above = expand((whole - a) / size)
        if above.has(Idx) and all(map(_whole, Add.make_args(above))):
            higher, radix = digits(above + (1 if a.lower == 1 else 0))
            return [*higher, a], (*radix, (size, a.lower))
    return [index], ()


def _whole(term: Any) -> bool:
    """True of a product of whole numbers, sizes and indices."""
    factors = (f.as_base_exp() for f in Mul.make_args(term))
    return all(base.is_integer and exponent.is_Integer and exponent > 0 for base, exponent in factors)


def _replaced(part: Any, moved: dict) -> Any:
    if isinstance(part, Relational):
        return part.func(*(a.xreplace(moved) for a in part.args), evaluate=False)
    return part.xreplace(moved) if isinstance(part, Basic) else part

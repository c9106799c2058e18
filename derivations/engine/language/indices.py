"""Index expressions: affine in indices that carry their ranges, with integer coefficients.

`2 i − 1` is `Affine(-1, ((i, 2),))`; a plain index is `plain(i)`. A leaf's range is `lower … upper`, the lower end an
integer and the upper one a SymPy expression in dimensions, each of which is at least 1.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count
from math import gcd
from typing import NamedTuple

from sympy import Basic, Expr, Integer, Symbol, expand


class Leaf(NamedTuple):
    name: str
    lower: int
    upper: Expr

    @property
    def range_key(self) -> str:
        return f"{self.lower}..{self.upper}"

    @property
    def size(self) -> Expr:
        return self.upper - self.lower + 1

    def __lt__(self, other) -> bool:
        return self.name < other.name


class Affine(NamedTuple):
    constant: int
    terms: tuple[tuple[Leaf, int], ...]

    @property
    def leaves(self) -> frozenset[Leaf]:
        return frozenset(leaf for leaf, _ in self.terms)

    @property
    def plain(self) -> Leaf | None:
        """The leaf this is, where it is one."""
        if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None

    def render(self, colours: Mapping[Leaf, str]) -> str:
        parts = sorted(f"{c if c != 1 else ''}{colours.get(leaf, leaf.name)}" for leaf, c in self.terms)
        return "+".join(parts + [str(self.constant)] * (self.constant != 0 or not parts))


def affine(constant: int, terms: Iterable[tuple[Leaf, int]]) -> Affine:
    """Collect equal leaves."""
    collected: dict[Leaf, int] = {}
    for leaf, c in terms:
        collected[leaf] = collected.get(leaf, 0) + c
    return Affine(constant, tuple(sorted((leaf, c) for leaf, c in collected.items() if c)))


def plain(leaf: Leaf) -> Affine:
    return Affine(0, ((leaf, 1),))


def difference(a: Affine, b: Affine) -> Affine:
    return affine(a.constant - b.constant, a.terms + tuple((leaf, -c) for leaf, c in b.terms))


def substitute(index: Affine, values: Mapping[Leaf, Affine]) -> Affine:
    if index.leaves.isdisjoint(values):
        return index
    constant, terms = index.constant, []
    for leaf, c in index.terms:
        value = values.get(leaf, plain(leaf))
        constant += c * value.constant
        terms += [(other, c * factor) for other, factor in value.terms]
    return affine(constant, terms)


def bounds(index: Affine) -> tuple[Expr, Expr]:
    """The least and the greatest value that the index can take."""
    low = high = Integer(index.constant)
    for leaf, c in index.terms:
        least, greatest = (leaf.lower, leaf.upper) if c > 0 else (leaf.upper, leaf.lower)
        low, high = low + c * least, high + c * greatest
    return low, high


@cache
def never_negative(expression: Expr) -> bool:
    """True if the expression is ≥ 0 whenever every dimension is at least 1, or what it was declared to be.

    With n = 1 + t, t ≥ 0, a polynomial in the t's whose coefficients are all ≥ 0 is ≥ 0. (The converse fails: then
    the answer is a cautious False.)
    """
    shifted = expand(expression.subs({s: least(s) + s for s in expression.free_symbols}, simultaneous=True))
    return all(c.is_nonnegative for c in shifted.as_coefficients_dict().values())


def inside(index: Affine, leaf: Leaf) -> bool:
    """True if the index provably never leaves the leaf's range."""
    same = index.plain
    if same is not None and same.lower == leaf.lower and same.upper == leaf.upper:
        return True
    low, high = bounds(index)
    return never_negative(low - leaf.lower) and never_negative(leaf.upper - high)


def never_zero(index: Affine) -> bool:
    """True if the index, a difference of two, provably never is 0: by parity or by its bounds."""
    if not index.terms:
        return index.constant != 0
    if index.constant % gcd(*(c for _, c in index.terms)):
        return True
    low, high = bounds(index)
    return never_negative(low - 1) or never_negative(-high - 1)


def solve(index: Affine, leaf: Leaf) -> Affine | None:
    """The value of the leaf at which the index is 0, where its coefficient is ±1."""
    coefficient = dict(index.terms).get(leaf, 0)
    if coefficient not in (1, -1):
        return None
    return affine(-coefficient * index.constant, ((l, -coefficient * c) for l, c in index.terms if l != leaf))


_numbers = count()


def fresh(leaf: Leaf) -> Leaf:
    """A new dummy with the range of `leaf`; its name sorts after every name that a user can give, and older ones."""
    return Leaf(f"·f{next(_numbers):09d}", leaf.lower, leaf.upper)


class AtLeast(Symbol):
    """A dimension that is at least 2, or more."""

    least: int

    def _hashable_content(self):
        return (*super()._hashable_content(), self.least)

    def __reduce__(self):
        return dimension, (self.name, self.least)


def dimension(name: str, least: int = 1) -> Symbol:
    """A dimension: an integer symbol, ≥ `least` (default 1)."""
    if least < 1:
        raise ValueError(f"a dimension is at least 1, not {least}")
    if least == 1:
        return Symbol(name, integer=True, positive=True)
    found = Symbol.__xnew__(AtLeast, name, integer=True, positive=True)
    found.least = least
    return found


def least(dimension: Basic) -> int:
    """The least value of a dimension."""
    return dimension.least if isinstance(dimension, AtLeast) else 1

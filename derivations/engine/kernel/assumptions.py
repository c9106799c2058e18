"""What a formula is reasoned about under: a value that every atom carries, so that nothing can be forgotten.

A `Reasoning` holds what is taken for granted (`bounds`, `facts`, `rules`), the laws that may be used, and the moment at
which to give up; it collects what turns out to be needed (`needed`) and used. Polynomials of one reasoning never meet
those of another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from time import perf_counter
from typing import Any, NamedTuple

from derivations.engine.language.indices import Affine, Leaf, difference, inside, never_zero, substitute

Pairs = tuple[tuple[Affine, Affine, Any], ...]  # two indices that differ, and the hypothesis that says so


NUMBERS = {"positive": "a positive number", "nonnegative": "a number ≥ 0", "nonzero": "a number ≠ 0"}


class Undefined(Exception):
    """The formula has no value: it divides by zero or takes the logarithm of it."""


class OutOfTime(Exception):
    """The time that was given is over."""


class Fact(NamedTuple):
    """`poly` is "positive", "nonnegative" or "nonzero" for every value of its indices, as `origin` says.

    It is not said of values at which two indices are equal that were assumed to differ. Without an origin it is no
    hypothesis, but a condition without which the claim says nothing.
    """

    kind: str
    poly: Any
    origin: Any


class Pattern(NamedTuple):
    """A fact about the entries of one array."""

    name: str
    indices: tuple[Affine, ...]
    kind: str
    origin: Any


@dataclass(eq=False)
class Reasoning:
    laws: tuple = ()
    different: Pairs = ()
    deadline: float | None = None
    expand: bool = False  # write sigmoid, tanh and softplus by exp
    facts: tuple[Fact, ...] = ()  # of the hypotheses
    domain: tuple[Fact, ...] = ()  # without which a side has no value
    rules: tuple = ()  # equations as rewrites, see `sums`
    symmetric: frozenset[str] = frozenset()  # arrays A with A_ij = A_ji
    declared: dict[tuple[str, int], tuple[str, Any]] = field(default_factory=dict)  # what SymPy was told of names
    symbols: dict[tuple[str, int], Any] = field(default_factory=dict)  # SymPy's symbols and arrays, to read back
    needed: dict[tuple[str, str], Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    relied: dict[Any, None] = field(default_factory=dict)  # hypotheses, in the order in which they were used
    patterns: tuple[Pattern, ...] = ()
    parities: tuple[tuple[frozenset, int], ...] = ()  # atoms (−1)^p, and what their product is

    def tick(self) -> None:
        if self.deadline is not None and perf_counter() > self.deadline:
            raise OutOfTime

    def learn(self, facts: Iterable[Fact], domain: Iterable[Fact] = ()) -> None:
        """Take the facts for granted; those about single entries make these entries positive where they are formed."""
        self.facts, self.domain = (*self.facts, *facts), (*self.domain, *domain)
        said = (*self.facts, *self.domain)
        self.patterns = tuple(pattern for fact in said if (pattern := _pattern(fact)) is not None)
        self.parities = tuple(known for fact in said if (known := _parity(fact)) is not None)

    def rely(self, origin: Any) -> None:
        """Note that a hypothesis was used."""
        if origin is not None:
            self.relied[origin] = None

    def sign_of(self, name: str, indices: tuple[Affine, ...]) -> str:
        """ "positive", "nonnegative" or "": what is known of an entry, by its declaration or by a fact about it."""
        found, origin = self.declared.get((name, len(indices)), ("", None))
        self.rely(origin)
        for pattern in self.patterns:
            if found != "positive" and pattern.name == name and self.covered(pattern.indices, indices):
                self.rely(pattern.origin)
                found = "positive" if "positive" in (pattern.kind, found) else pattern.kind
        return found

    def covered(self, pattern: tuple[Affine, ...], indices: tuple[Affine, ...]) -> bool:
        """True if what is said of x[pattern] for every value of its indices is said of x[indices]."""
        values: dict[Leaf, Affine] = {}
        if len(pattern) != len(indices):
            return False
        for p, i in zip(pattern, indices, strict=True):
            leaf = p.plain
            if leaf is not None and values.setdefault(leaf, i) != i:
                return False
        return self.allowed(values) and all(
            substitute(p, values) == i and p.leaves <= values.keys() for p, i in zip(pattern, indices, strict=True)
        )

    def allowed(self, values: dict[Leaf, Affine]) -> bool:
        """True if indices may take these values: each in its range, and no two equal that were assumed to differ."""
        if not all(inside(value, leaf) for leaf, value in values.items()):
            return False
        return all(
            self.differ(substitute(a, values), substitute(b, values))
            for a, b, _ in self.different
            if not (a.leaves | b.leaves).isdisjoint(values)
        )

    def differ(self, a: Affine, b: Affine) -> bool:
        """True if two indices provably are not equal."""
        gap, back = difference(a, b), difference(b, a)
        if never_zero(gap):
            return True
        for p, q, origin in self.different:
            if difference(p, q) in (gap, back):
                self.relied[origin] = None
                return True
        return False

    def require(self, condition: str, poly: Any) -> None:
        """Note that a side has a value only where `poly` is "positive", "nonnegative" or "nonzero"."""
        value = poly.constant
        if value is None:
            self.needed.setdefault((condition, poly.key), poly)
        elif not (value > 0 or (value and condition == "nonzero") or (not value and condition == "nonnegative")):
            zero = "" if value or condition == "nonnegative" else "division by zero, or the like: "
            raise Undefined(f"{zero}{value} stands where only {NUMBERS[condition]} can")


def _pattern(fact: Fact) -> Pattern | None:
    """c x[…] − d > 0, with c > 0 and d ≥ 0, says that x[…] > 0."""
    terms = {m: c for m, c in fact.poly.terms.items() if m}
    rest = fact.poly.terms.get((), Fraction(0))
    if fact.kind == "nonzero" or len(terms) != 1 or rest > 0:
        return None
    ((m, c),) = terms.items()
    if c < 0 or len(m) != 1 or m[0][1] != 1 or m[0][0].kind != "variable":
        return None
    return Pattern(m[0][0].name, m[0][0].indices, "positive" if rest < 0 else fact.kind, fact.origin)


def _parity(fact: Fact) -> tuple[frozenset, int] | None:
    """c a (−1)^p > 0 with a ≥ 0 says what (−1)^p is."""
    if fact.kind != "positive" or len(fact.poly.terms) != 1:
        return None
    ((m, c),) = fact.poly.terms.items()
    found = frozenset(a for a, _ in m if a.kind == "parity")
    others = all(a.nonnegative or e % 2 == 0 for a, e in m if a not in found)
    return (found, 1 if c > 0 else -1) if found and others else None

"""The algebra in which formulas are compared: Laurent polynomials over atoms, with rational coefficients.

A polynomial is a mapping from monomials to coefficients, a monomial a sorted tuple of (atom, exponent). The atoms are
treated as algebraically independent; every relation between them that the engine uses is applied when a monomial is
formed (`monomial`) or an atom is built (its constructor), so that equal formulas meet in one representation. All of it
is sound, none of it is complete: two polynomials that differ may still be equal.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.language.indices import Affine, Leaf

Exponent = int | Fraction


class Atom:
    """An indivisible factor: its kind ("variable", "delta", "exp", "sum", …), name, indices, arguments, bound indices.

    Equality is equality of `key`, the text of the atom. `under` is the reasoning that it belongs to.
    """

    __slots__ = (
        "_hash",
        "args",
        "binders",
        "indices",
        "key",
        "kind",
        "leaves",
        "level",
        "name",
        "nonnegative",
        "positive",
        "under",
    )

    def __init__(
        self,
        under: Reasoning,
        kind: str,
        name: str = "",
        indices: tuple[Affine, ...] = (),
        args: "tuple[Poly, ...]" = (),
        binders: tuple[Leaf, ...] = (),
        positive: bool = False,
        nonnegative: bool = False,
    ):
        self.under = under
        self.kind, self.name, self.indices, self.args, self.binders = kind, name, indices, args, binders
        self.positive = positive
        self.nonnegative = positive or nonnegative or kind in IDEMPOTENT
        leaves = frozenset().union(*(i.leaves for i in indices), *(a.leaves for a in args))
        self.leaves = leaves.difference(binders)
        # Bound indices are named by their level, one above every level inside: an outer name never meets an inner one.
        self.level = max((a.level for a in args), default=0) + bool(binders)
        self.key = self.render({})
        self._hash = hash(self.key)

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self.key == other.key

    def __repr__(self):
        return self.key

    def render(self, colours: Mapping[Leaf, str]) -> str:
        """The text of the atom, with the leaves in `colours` written as their colours."""
        text = quoted(self.name) if self.kind == "variable" else f"{self.kind}:{quoted(self.name)}"
        if self.indices:
            text += "[" + ",".join(i.render(colours) for i in self.indices) + "]"
        if self.args:
            text += "(" + "; ".join(a.render(colours) for a in self.args) + ")"
        if self.binders:
            text += "{" + ",".join(colours.get(b, b.name) + "=" + b.range_key for b in self.binders) + "}"
        return text


def quoted(name: str) -> str:
    """The name, in quotes if it could be taken for more than a name."""
    return name if not name or name.replace("'", "_").isidentifier() else repr(name)


# The kinds that take the values 0 and 1 only; a parity, (−1)^p, takes the values 1 and −1.
IDEMPOTENT = ("delta", "step", "zero")
Monomial = tuple[tuple[Atom, Exponent], ...]


def render_monomial(m: Monomial, colours: Mapping[Leaf, str]) -> str:
    return "*".join(sorted(f"{a.render(colours) if colours else a.key}^{e}" for a, e in m))


class Poly:
    """Σ coefficient · monomial. Immutable by convention."""

    def __init__(self, terms: Mapping[Monomial, Fraction]):
        self.terms = {m: c for m, c in terms.items() if c}

    @cached_property
    def leaves(self) -> frozenset[Leaf]:
        return frozenset().union(*(a.leaves for m in self.terms for a, _ in m))

    @cached_property
    def level(self) -> int:
        return max((a.level for m in self.terms for a, _ in m), default=0)

    @cached_property
    def key(self) -> str:
        return self.render({})

    def render(self, colours: Mapping[Leaf, str]) -> str:
        return " + ".join(sorted(f"{c} {render_monomial(m, colours)}" for m, c in self.terms.items()))

    def __repr__(self):
        return self.key or "0"

    def __eq__(self, other):
        return self.terms == other.terms

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self):
        return bool(self.terms)

    def __add__(self, other: "Poly") -> "Poly":
        terms = dict(self.terms)
        for m, c in other.terms.items():
            terms[m] = terms.get(m, 0) + c
        return Poly(terms)

    def __sub__(self, other: "Poly") -> "Poly":
        return self + other.scale(Fraction(-1))

    def scale(self, factor: Fraction) -> "Poly":
        return Poly({m: c * factor for m, c in self.terms.items()})

    def __mul__(self, other: "Poly") -> "Poly":
        result: dict[Monomial, Fraction] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                product = {m1 or m2: Fraction(1)} if not m1 or not m2 else multiply(m1, m2).terms
                for m, c in product.items():
                    result[m] = result.get(m, 0) + c1 * c2 * c
        return Poly(result)

    @property
    def constant(self) -> Fraction | None:
        """The number this is, where it is one."""
        if not self.terms:
            return Fraction(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def single(self) -> tuple[Monomial, Fraction] | None:
        """The only term, where there is only one."""
        return next(iter(self.terms.items())) if len(self.terms) == 1 else None


LARGEST_POWER = 4096


class TooLarge(Exception):
    """What would take more time or memory than it is worth."""


def number(value: int | Fraction) -> Poly:
    return Poly({(): Fraction(value)})


ZERO, ONE = number(0), number(1)


def single(atom: Atom, exponent: Exponent = 1) -> Poly:
    return Poly({((atom, exponent),): Fraction(1)})


def total(polys: Iterable[Poly]) -> Poly:
    terms: dict[Monomial, Fraction] = {}
    for poly in polys:
        for m, c in poly.terms.items():
            terms[m] = terms.get(m, 0) + c
    return Poly(terms)


def product(polys: Iterable[Poly]) -> Poly:
    result = ONE
    for poly in polys:
        result = result * poly
    return result


def integer_power(poly: Poly, exponent: int) -> Poly:
    if len(poly.terms) == 1 and exponent:
        ((m, c),) = poly.terms.items()
        if abs(c) != 1 and exponent > LARGEST_POWER:
            raise TooLarge(f"a number to the power {exponent}")
        return monomial({atom: e * exponent for atom, e in m}).scale(c**exponent)
    result = ONE
    for _ in range(exponent):
        result = result * poly
    return result


def multiply(a: Monomial, b: Monomial) -> Poly:
    powers = dict(a)
    for atom, exponent in b:
        powers[atom] = powers.get(atom, 0) + exponent
    return monomial(powers)


Powers = dict[Atom, Exponent]


class Law(NamedTuple):
    """What products of atoms are equal to, for every value: `says`, where `needs` holds.

    `apply` looks at a product's powers and returns the polynomial that it is equal to, or None.
    """

    name: str
    says: str
    needs: str
    apply: Callable[[Powers], Poly | None]


def monomial(powers: Powers) -> Poly:
    """The polynomial equal to Π atom^exponent, after every law of the reasoning has been applied.

    δ, step and "is 0" take the values 0 and 1 only, so their positive powers are themselves; (±1)² = 1.
    """
    clean: Powers = {}
    for atom, e in powers.items():
        e = e % 2 if atom.kind == "parity" else e
        if not e:
            continue
        if e.denominator == 1:
            e = int(e)
        clean[atom] = 1 if atom.kind in IDEMPOTENT and e > 0 else e
    under = next((atom.under for atom in clean), None)
    if under is not None:
        under.tick()
        for law in under.laws:
            result = law.apply(clean)
            if result is not None:
                under.used.add(law.name)
                return result
    return Poly({tuple(sorted(clean.items(), key=lambda item: item[0].key)): Fraction(1)})

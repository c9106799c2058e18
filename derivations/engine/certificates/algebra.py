"""Indices, atoms and polynomials of the checker, and what it knows of functions. Plain tuples and fractions."""

from fractions import Fraction
from typing import Any

Index = tuple[int, tuple[tuple[str, int], ...]]
LARGEST_WORK = 200_000
Poly = dict  # monomial, a sorted tuple of (atom, exponent) -> Fraction


class Refused(Exception):
    """The certificate does not show what it claims."""


# --- indices: a constant and a sum of leaves with whole coefficients


def affine(constant: int, terms) -> Index:
    collected: dict[str, int] = {}
    for leaf, c in terms:
        collected[leaf] = collected.get(leaf, 0) + c
    return constant, tuple(sorted((leaf, c) for leaf, c in collected.items() if c))


def minus(a: Index, b: Index) -> Index:
    return affine(a[0] - b[0], (*a[1], *((leaf, -c) for leaf, c in b[1])))


def put(i: Index, values: dict[str, Index]) -> Index:
    constant, terms = i[0], []
    for leaf, c in i[1]:
        value = values.get(leaf, (0, ((leaf, 1),)))
        constant += c * value[0]
        terms += [(other, c * k) for other, k in value[1]]
    return affine(constant, terms)


def leaf_index(leaf: str) -> Index:
    return 0, ((leaf, 1),)


# --- polynomials


def number(c) -> Poly:
    return {(): Fraction(c)} if c else {}


def add(*polys: Poly) -> Poly:
    result: Poly = {}
    for poly in polys:
        for m, c in poly.items():
            result[m] = result.get(m, 0) + c
    return {m: c for m, c in result.items() if c}


def scale(poly: Poly, c) -> Poly:
    return {m: k * c for m, k in poly.items()} if c else {}


def frozen(poly: Poly) -> tuple:
    return tuple(sorted(poly.items(), key=repr))


def leaves_of(x: Any) -> frozenset[str]:
    """The free leaves of an atom, of an index, or of a frozen polynomial."""
    if x[0] == "poly":
        return frozenset().union(*(leaves_of(a) for m, _ in x[1] for a, _ in m)) if x[1] else frozenset()
    if x[0] == "at":
        return frozenset(leaf for leaf, _ in x[1][1])
    found = frozenset().union(*(leaves_of(part) for part in x[2])) if x[2] else frozenset()
    return found - {leaf for leaf, _ in x[3]}


# An atom is (kind, name, parts, binders): parts ("at", index) or ("poly", frozen polynomial), binders (leaf, range).
def atom(kind: str, name: str = "", *parts: Any, binders: tuple = ()) -> tuple:
    return kind, name, parts, binders


def at(i: Index) -> tuple:
    return "at", i


def arg(poly: Poly) -> tuple:
    return "poly", frozen(poly)


def poly_of(part: tuple) -> Poly:
    return dict(part[1])


def elsewhere(a: tuple, values: dict[str, Index]) -> tuple:
    """An entry at other indices."""
    return atom(a[0], a[1], *(at(put(p[1], values)) for p in a[2]))


def single(a: tuple, e=1) -> Poly:
    return {((a, e),): Fraction(1)}


def only(poly: Poly) -> tuple | None:
    return next(iter(poly.items())) if len(poly) == 1 else None


ZERO_ONE = ("d", "step", "zero")
REFLECTED = {"tanh": (0, 0, -1), "sin": (0, 0, -1), "sinh": (0, 0, -1), "erf": (0, 0, -1), "atan": (0, 0, -1)}
REFLECTED |= {"cos": (0, 0, 1), "cosh": (0, 0, 1), "sigmoid": (1, 0, -1), "softplus": (0, -1, 1)}
POSITIVE = ("sigmoid", "softplus", "cosh")


def fn(name: str, t: list) -> list:
    return ["f", name, t]


def num(c) -> list:
    return ["n", str(c)]


def neg(t: list) -> list:
    return ["*", num(-1), t]


WRITTEN = {  # definitions, put in always
    "tan": lambda x: ["*", fn("sin", x), ["^", fn("cos", x), num(-1)]],
    "erfc": lambda x: ["+", num(1), neg(fn("erf", x))],
    "Phi": lambda x: ["*", num("1/2"), ["+", num(1), fn("erf", ["*", x, ["^", num(2), num("-1/2")]])]],
    "log1p": lambda x: fn("log", ["+", num(1), x]),
    "expm1": lambda x: ["+", fn("exp", x), num(-1)],
    "silu": lambda x: ["*", x, fn("sigmoid", x)],
    "mish": lambda x: ["*", x, fn("tanh", fn("softplus", x))],
    "gelu": lambda x: ["*", x, fn("Phi", x)],
}
BY_EXP = {
    "sigmoid": lambda x: ["^", ["+", num(1), fn("exp", neg(x))], num(-1)],
    "tanh": lambda x: ["+", ["*", num(2), ["^", ["+", num(1), fn("exp", ["*", num(-2), x])], num(-1)]], num(-1)],
    "softplus": lambda x: fn("log", ["+", num(1), fn("exp", x)]),
    "sinh": lambda x: ["*", num("1/2"), ["+", fn("exp", x), neg(fn("exp", neg(x)))]],
    "cosh": lambda x: ["*", num("1/2"), ["+", fn("exp", x), fn("exp", neg(x))]],
}
SLOPES = {
    "exp": lambda x: fn("exp", x),
    "log": lambda x: ["^", x, num(-1)],
    "sin": lambda x: fn("cos", x),
    "cos": lambda x: neg(fn("sin", x)),
    "sinh": lambda x: fn("cosh", x),
    "cosh": lambda x: fn("sinh", x),
    "tanh": lambda x: ["+", num(1), neg(["^", fn("tanh", x), num(2)])],
    "sigmoid": lambda x: ["*", fn("sigmoid", x), ["+", num(1), neg(fn("sigmoid", x))]],
    "softplus": lambda x: fn("sigmoid", x),
    "atan": lambda x: ["^", ["+", num(1), ["^", x, num(2)]], num(-1)],
    "erf": lambda x: ["*", num(2), ["^", ["c", "pi"], num("-1/2")], fn("exp", neg(["^", x, num(2)]))],
}


def factors(n: int) -> list[int]:
    found, p = [], 2
    while n > 1 and p < 10**4:
        while n % p == 0:
            found.append(p)
            n //= p
        p += 1
    return found + ([n] if n > 1 else [])

"""Which of the conditions that a proof needed have to be said: those that no hypothesis and no other one implies."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from itertools import product as cartesian

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.powers import is_nonnegative, is_positive, substitute
from derivations.engine.kernel.terms import Atom, Poly, single
from derivations.engine.language.indices import Affine, plain

Condition = tuple[str, Poly]  # "positive", "nonnegative" or "nonzero", and what
KINDS = ("positive", "nonnegative", "nonzero")


def settle(under: Reasoning) -> list[Condition]:
    """The conditions that are left, each for every value of its indices: x_i > 0 says x_i ≠ 0, and x_2i > 0, too."""
    kept: list[Condition] = []
    ordered = sorted(
        under.needed.items(),
        key=lambda item: (
            KINDS.index(item[0][0]),
            max(len(m) for m in item[1].terms),
            any(i.name.startswith("·") for i in item[1].leaves),
            item[1].key,
        ),
    )
    for (kind, _), poly in ordered:
        if is_positive(poly) or (kind == "nonnegative" and is_nonnegative(poly)):
            continue
        fact = next((f for f in under.facts if implies(under, (f.kind, f.poly), (kind, poly))), None)
        if fact is not None:
            under.rely(fact.origin)
        elif not (any(implies(under, known, (kind, poly)) for known in kept) or _by_factors(under, kind, poly, kept)):
            negative = kind == "nonzero" and all(c < 0 for c in poly.terms.values())
            kept.append((kind, poly.scale(Fraction(-1)) if negative else poly))
    return kept


def _by_factors(under: Reasoning, kind: str, poly: Poly, kept: list[Condition]) -> bool:
    """True if each factor of a product is said to be > 0."""
    if poly.single is None or poly.single[1] < 0 or kind == "nonzero":
        return False
    factors = [single(a) for a, e in poly.single[0] if not (a.positive or e % 2 == 0)]
    return all(any(implies(under, known, ("positive", f)) for known in kept) for f in factors)


def implies(under: Reasoning, known: Condition, wanted: Condition) -> bool:
    """True if `wanted` is `known` for certain values of its indices."""
    if known[0] not in ("positive", wanted[0]) or _names(known[1]) != _names(wanted[1]):
        return False
    target = _scaled(*wanted)
    leaves = sorted(known[1].leaves)
    places = {plain(leaf) for leaf in wanted[1].leaves} | set(_places(wanted[1]))
    if len(places) ** len(leaves) > 256:
        return False
    for chosen in cartesian(sorted(places, key=str), repeat=len(leaves)):
        values = dict(zip(leaves, chosen, strict=True))
        if under.allowed(values) and _scaled(wanted[0], substitute(known[1], values)) == target:
            return True
    return False


def may_vanish(poly: Poly) -> bool:
    """True of x_i − x_j, which is 0 where two of its indices are equal."""
    return any(
        not substitute(poly, {a: plain(b)}) for a, b in permutations(sorted(poly.leaves), 2) if a.upper == b.upper
    )


def _names(poly: Poly) -> frozenset[tuple[str, str]]:
    return frozenset((a.kind, a.name) for m in poly.terms for a, _ in m)


def possible_signs(under: Reasoning, poly: Poly) -> frozenset[int]:
    """The signs −1, 0, 1 that the polynomial may have, by its form, by the hypotheses, and where the claim says
    anything at all."""
    signs = {-1, 0, 1} if not is_nonnegative(poly) else {1} if is_positive(poly) else {0, 1}
    minus = poly.scale(Fraction(-1))
    if is_nonnegative(minus):
        signs &= {-1} if is_positive(minus) else {-1, 0}
    names = _names(poly) if under.facts or under.domain else None
    for fact in (*under.facts, *under.domain):
        if len(signs) == 1 or _names(fact.poly) != names:
            continue
        for kind, value, left in (
            ("positive", poly, {1}),
            ("positive", minus, {-1}),
            ("nonnegative", poly, {0, 1}),
            ("nonnegative", minus, {-1, 0}),
            ("nonzero", poly, {-1, 1}),
        ):
            if not signs <= left and implies(under, (fact.kind, fact.poly), (kind, value)):
                under.rely(fact.origin)
                if fact.origin is not None:
                    under.used.add("sign by a hypothesis")
                signs &= left
    return frozenset(signs)


def _places(poly: Poly) -> Iterator[Affine]:
    """Every index that stands somewhere in the polynomial."""

    def inside(atom: Atom) -> Iterator[Affine]:
        yield from (i for i in atom.indices if i.leaves <= atom.leaves)
        for argument in atom.args:
            yield from _places(argument)

    for m in poly.terms:
        for atom, _ in m:
            yield from inside(atom)


def _scaled(kind: str, poly: Poly) -> str:
    """The text, a positive factor, and for ≠ 0 any factor, left out."""
    if not poly.terms:
        return "0"
    c = poly.terms[min(poly.terms, key=str)]
    return poly.scale(1 / (c if kind == "nonzero" else abs(c))).key

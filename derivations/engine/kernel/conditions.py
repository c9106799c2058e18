"""Which of the conditions that a proof needed have to be said: those that no hypothesis and no other one implies."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as cartesian

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.powers import is_positive, substitute
from derivations.engine.kernel.terms import Atom, Poly
from derivations.engine.language.indices import Affine, plain

Condition = tuple[str, Poly]  # "positive" or "nonzero", and what


def settle(under: Reasoning) -> list[Condition]:
    """The conditions that are left, each for every value of its indices: x_i > 0 says x_i ≠ 0, and x_2i > 0, too."""
    kept: list[Condition] = []
    ordered = sorted(
        under.needed.items(),
        key=lambda item: (item[0][0] != "positive", any(i.name.startswith("·") for i in item[1].leaves), item[1].key),
    )
    for (kind, _), poly in ordered:
        if is_positive(poly):
            continue
        fact = next((f for f in under.facts if implies(under, (f.kind, f.poly), (kind, poly))), None)
        if fact is not None:
            under.relied[fact.origin] = None
        elif not any(implies(under, known, (kind, poly)) for known in kept):
            negative = kind == "nonzero" and all(c < 0 for c in poly.terms.values())
            kept.append((kind, poly.scale(Fraction(-1)) if negative else poly))
    return kept


def implies(under: Reasoning, known: Condition, wanted: Condition) -> bool:
    """True if `wanted` is `known` for certain values of its indices."""
    if known[0] not in ("positive", wanted[0]):
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


def sign_by_fact(under: Reasoning, poly: Poly, strict: bool) -> int | None:
    """1, 0 or −1 if a hypothesis says that the polynomial is > 0, ≥ 0 (unless `strict`) or < 0; else None."""
    wanted = [(1, "positive", poly), (-1, "positive", poly.scale(Fraction(-1)))]
    wanted += [] if strict else [(0, "nonnegative", poly)]
    for fact in under.facts:
        for sign, kind, value in wanted:
            if implies(under, (fact.kind, fact.poly), (kind, value)):
                under.relied[fact.origin] = None
                under.used.add("sign by a hypothesis")
                return sign
    return None


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

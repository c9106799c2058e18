"""Check a certificate: find left = right again, from the axioms that it names, by other means than the engine's.

    check(record) -> Result: `refused` says why, and is empty if the claim was found to follow

Nothing of the engine is imported but the format, here and in the files of this room that are imported. What is trusted,
and all that is trusted:

- the arithmetic of polynomials with rational coefficients (`fractions`), and Python's dictionaries;
- the axioms of `format.AXIOMS`, as this file carries them out; each is used only if the certificate names it;
- that a statement which holds for all real inputs where its conditions hold is what the record says: left = right under
  the definitions, equations, inequalities and different indices of the hypotheses, for all sizes from their least on.

The engine's order of steps is not replayed. Each side is unfolded and differentiated (`terms`) and written as a
polynomial over atoms such as entries, δ, exp and closed sums (`laws`, `powers`, `sums`); the difference must be 0 over
a common denominator, or inside common sums. Every number that had to be ≠ 0 or > 0 on the way must be so by the
record's conditions or hypotheses, or by its form.
"""

from fractions import Fraction
from itertools import product as cartesian
from typing import Any, NamedTuple

from derivations.engine.certificates.algebra import (
    Poly,
    Refused,
    add,
    arg,
    frozen,
    leaf_index,
    leaves_of,
    only,
    poly_of,
    scale,
    single,
)
from derivations.engine.certificates.format import AXIOMS, VERSION
from derivations.engine.certificates.sums import Sums


class Result(NamedTuple):
    refused: str
    used: frozenset[str]


def check(record: dict[str, Any], axioms: Any = ()) -> Result:
    """Follow the certificate; `axioms` None allows all of them, and tells which were used."""
    checker = None
    try:
        allowed = set(AXIOMS) if axioms is None else set(record["axioms"])
        if record["version"] != VERSION or not allowed <= set(AXIOMS):
            raise Refused("another version of the format, or an unknown axiom")
        checker = Checker(record, allowed)
        checker.run()
    except Refused as error:
        return Result(str(error) or "refused", frozenset(checker.used if checker else ()))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, ZeroDivisionError) as error:
        return Result(f"not a certificate: {type(error).__name__} {error}", frozenset())
    return Result("", frozenset(checker.used))


class Checker(Sums):
    """One certificate. `needed` collects what must be ≠ 0 or > 0; `range` the ranges of all leaves."""

    def run(self) -> None:
        record = self.record
        pairs = [*record["definitions"], *record["equations"], [record["left"], record["right"]]]
        bound: set[str] = set()
        for term in [*(t for pair in pairs for t in pair), *record["given"], *record["conditions"]]:
            self.well_formed(term, bound)
        if not bound.isdisjoint(self.free_leaves(record["left"]) | self.free_leaves(record["right"])):
            raise Refused("an index is free and bound")
        self.said, self.patterns = [], []
        for c in [*record["given"], *record["conditions"]]:
            if (fact := self.fact(c)) is not None:
                self.said += [fact, *self.parts_of(fact)]
                self.patterns += [p for kind, poly in [fact] if (p := self.pattern(kind, poly)) is not None]
        self.rules = [(self.poly(a), self.poly(b)) for a, b in record["equations"]]
        self.needed, self.ties, self.used = [], [], set()
        sides = [self.unfold(record[side], frozenset()) for side in ("left", "right")]
        if not self.is_zero(add(self.poly(sides[0]), scale(self.poly(sides[1]), -1))):
            raise Refused("the two sides are not found to be equal")
        needed, ties = self.needed, self.ties
        equal = [frozen(self.poly_gap(c)) for c in record["conditions"] if c[0] == "="]
        for kind, poly in {(kind, frozen(poly)): (kind, poly) for kind, poly in needed}.values():
            known = self.positive(poly) or any(self.implies(have, (kind, poly)) for have in self.said)
            if not known:
                raise Refused(f"a condition is missing: something must be {kind}: {frozen(poly)}")
        if any(frozen(tie) not in equal for tie in ties):
            raise Refused("a condition is missing: a maximum must be attained once")

    def parts_of(self, have: tuple[str, Poly]):
        """A fraction that is ≠ 0 has a numerator and factors that are."""
        if have[0] in ("positive", "nonzero"):
            top, below = self.numerator(have[1])
            found = only(top)
            yield "nonzero", top
            yield from (("nonzero", single(a)) for a, _ in (found[0] if found else ()))
            yield from (("nonzero", poly_of(a[2][0])) for a in below)

    def fact(self, c: list) -> tuple[str, Poly] | None:
        kind = {">": "positive", "<": "positive", ">=": "nonnegative", "<=": "nonnegative", "!=": "nonzero"}.get(c[0])
        return kind and (kind, scale(self.poly_gap(c), -1 if c[0] in ("<", "<=") else 1))

    def pattern(self, kind: str, poly: Poly):
        """c x[…] − d > 0 with c > 0 and d ≥ 0 makes these entries positive."""
        terms = {m: c for m, c in poly.items() if m}
        one, rest = only(terms), poly.get((), 0)
        if kind == "nonzero" or one is None or rest > 0 or one[1] < 0 or len(one[0]) != 1:
            return None
        ((a, e),) = one[0]
        return (a[1], a[2], "positive" if rest < 0 else kind) if a[0] == "x" and e == 1 else None

    def implies(self, have: tuple[str, Poly], want: tuple[str, Poly]) -> bool:
        if have[0] not in ("positive", want[0]) or len(have[1]) != len(want[1]):
            return False
        leaves = sorted(leaves_of(arg(have[1])))
        places = {leaf_index(leaf) for leaf in leaves_of(arg(want[1]))} | set(self.places(arg(want[1])))
        target = self.scaled(*want)
        for chosen in cartesian(sorted(places), repeat=len(leaves)) if len(places) ** len(leaves) < 257 else ():
            values = dict(zip(leaves, chosen, strict=True))
            if self.allows(values) and self.scaled(want[0], self.put(have[1], values)) == target:
                return True
        return False

    def scaled(self, kind: str, poly: Poly) -> tuple:
        c = poly[min(poly, key=repr)] if poly else Fraction(1)
        return frozen(scale(poly, 1 / (c if kind == "nonzero" else abs(c))))

"""Check a certificate: find left = right again, from the axioms that it names, by other means than the engine's.

    check(record) -> Result: `refused` says why, and is empty if the claim was found to follow

Nothing of the engine is imported but the format, here and in the files of this room that are imported. What is
trusted, and all that is trusted:

- the arithmetic of polynomials with rational coefficients and the ends of ranges (`polynomials`);
- the axioms of `format.AXIOMS`, as `laws` carries them out; each is used only if the certificate names it;
- what `words` says of functions: their slopes, and what they are by exp, log, erf and step;
- that a statement which holds for all real inputs where its conditions hold is what the record says: left = right under
  the definitions, equations, inequalities and different indices of the hypotheses, for all sizes from their least on.

The engine's order of steps is not replayed. Each side is written as a polynomial over atoms such as entries, δ, exp and
closed sums, definitions put in and derivatives carried out; the difference must be 0 over a common denominator, or
inside common sums. Every number that had to be ≠ 0 or > 0 on the way must be so by the record's conditions or
hypotheses, or by its form. Which factors, orders and values are tried is said by `search`; that has not to be trusted.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from derivations.engine.certificates.format import AXIOMS, VERSION
from derivations.engine.certificates.laws import Laws, parsed
from derivations.engine.certificates.polynomials import (
    Poly,
    Refused,
    add,
    atoms,
    frozen,
    leaf_index,
    leaves_of,
    only,
    scale,
    single,
)
from derivations.engine.certificates.words import KINKS

KINDS = {">": "positive", "<": "positive", ">=": "nonnegative", "<=": "nonnegative", "!=": "nonzero"}


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


class Checker(Laws):
    def run(self) -> None:
        record = self.record
        sides = record["left"], record["right"]
        pairs = [*record["definitions"], *record["equations"], sides]
        self.axes: dict[tuple, set] = {}
        bound: set[str] = set()
        free: set[str] = set()
        for term in sides:
            self.well_formed(term, bound, free)
        for term in [*(t for pair in pairs[:-1] for t in pair), *record["given"], *record["conditions"]]:
            self.well_formed(term, bound, set())
        if not bound.isdisjoint(free):
            raise Refused("an index is free and bound")
        said = self.facts_of([*record["given"], *record["conditions"]])
        self.facts = said + [part for have in said for part in self.parts_of(have)]
        rules = [(only(self.poly(a, {})), self.poly(b, {})) for a, b in record["equations"]]
        self.needed, self.ties, self.used = [], [], set()
        self.rules = [(left[0], left[1], right) for left, right in rules if left and left[0]]
        left, right = (self.poly(t, {}) for t in sides)
        if not self.is_zero(add(left, scale(right, -1))):
            raise Refused("the two sides are not found to be equal")
        needed, ties = self.needed, self.ties
        equal = [frozen(self.gap(c)) for c in record["conditions"] if c[0] == "="]
        for kind, poly in {(kind, frozen(poly)): (kind, poly) for kind, poly in needed}.values():
            if self.sign(poly) < 2 and not any(self.implies(have, (kind, poly)) for have in self.facts):
                raise Refused(f"a condition is missing: something must be {kind}")
        if any(frozen(self.renewed(tie)) not in equal for tie in ties):
            raise Refused("a condition is missing: a maximum must be attained once")

    # --- the form of a record

    def well_formed(self, t: Any, bound: set[str], free: set[str], scope: frozenset[str] = frozenset()) -> None:
        """Refused if this is no term of the format, or if it binds an index twice; free indices are collected."""
        indices, leaves = [], []
        match t:
            case ["n", str()]:
                inner = []
            case ["P", leaves, body]:
                inner = [body]
            case ["D", body, variables]:
                inner = [body, *variables]
            case ["cases", *branches]:
                inner = [part for branch in branches for part in branch]
            case ["same", *indices]:
                inner = []
            case [str() as word, *inner] if word in {*KINKS, *"+*^=", "!="}:
                pass
            case _:
                _, _, indices, leaves, inner = parsed(t)
        used = {leaf for _, terms in indices for leaf, _ in terms}
        free |= used - scope
        if (
            not used.union(leaves) <= self.range.keys()
            or not bound.isdisjoint(leaves)
            or len(set(leaves)) < len(leaves)
        ):
            raise Refused("an index has no range, or is bound twice")
        bound |= set(leaves)
        for axis, i in enumerate(self.index(i, {}) for i in indices if t[0] == "x"):
            if len(i[1]) == 1 and i == leaf_index(i[1][0][0]):
                sizes = {a.name for a in atoms(self.range[i[1][0][0]][1])}
                if self.axes.setdefault((t[1], len(indices), axis), sizes) != sizes:
                    raise Refused(f"an axis of {t[1]} is indexed by two ranges")
        for part in inner:
            self.well_formed(part, bound, free, scope.union(leaves))

    # --- conditions

    def gap(self, c: list) -> Poly:
        return add(self.poly(c[1], {}), scale(self.poly(c[2], {}), -1))

    def facts_of(self, conditions: list) -> list[tuple[str, Poly]]:
        return [
            (KINDS[c[0]], scale(self.gap(c), -1 if c[0] in ("<", "<=") else 1)) for c in conditions if c[0] in KINDS
        ]

    def parts_of(self, have: tuple[str, Poly]) -> Iterable[tuple[str, Poly]]:
        """What is above a number is above 0; a fraction that is ≠ 0 has a numerator and factors that are."""
        kind, poly = have
        more = {m: c for m, c in poly.items() if m}
        if kind != "nonzero" and poly.get((), 0) < 0:
            yield "positive", more
        if kind != "nonnegative":
            top, below = self.numerator(poly)
            common, _, rest = self.taken_out(top, True)
            yield from (("nonzero", p) for p in (top, rest, *map(single, common), *(dict(a.inner[0]) for a in below)))

    def implies(self, have: tuple[str, Poly], want: tuple[str, Poly]) -> bool:
        if have[0] not in ("positive", want[0]) or len(have[1]) != len(want[1]):
            return False
        before, self.searching = self.searching, True
        target, placings = self.scaled(*want), self.placings(leaves_of(have[1]), want[1])
        found = any(
            self.allows(values) and self.scaled(want[0], self.put(have[1], values)) == target for values in placings
        )
        self.searching = before
        return found

    def scaled(self, kind: str, poly: Poly) -> tuple:
        c = poly[min(poly)] if poly else Fraction(1)
        return frozen(scale(poly, Fraction(1) / (c if kind == "nonzero" else abs(c))))

    # --- is it 0?

    def is_zero(self, poly: Poly) -> bool:
        """Over one denominator; then with the sums over the same ranges made one, and that over one denominator."""
        poly, _ = self.numerator(poly)
        groups: dict[tuple, list] = {}
        rest: Poly = {}
        for m, c in poly.items():
            sums = [a for a, e in m if a.kind == "S" and e == 1]
            if len(sums) == 1:
                groups.setdefault(tuple(key for _, key in sums[0].binders), []).append((sums[0], m, c))
            else:
                rest[m] = c
        for group in groups.values():
            new = [self.new(leaf) for leaf, _ in group[0][0].binders]
            inside: Poly = {}
            for a, m, c in group:
                values = {leaf: leaf_index(k) for (leaf, _), k in zip(a.binders, new, strict=True)}
                body = self.times(self.put(dict(a.inner[0]), values), self.mono({b: e for b, e in m if b is not a}))
                inside = add(inside, scale(body, c))
            top, below = self.numerator(inside)
            if top:
                rest = add(rest, self.sum(tuple(new), self.raised(top, {a: -e for a, e in below.items()})))
        return not self.numerator(rest)[0]

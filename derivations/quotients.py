"""Is a normal form zero? Denominators that are sums of several terms are multiplied out first."""

from derivations.terms import Atom, Poly, monomial


def cleared(poly: Poly) -> Poly:
    """The polynomial times the powers of its denominators that make every exponent of theirs ≥ 0.

    Q ≠ 0 is a side condition of Q^(−1) (noted when that was formed), so the product is 0 exactly where the polynomial
    is. Where terms can cancel, their exponents of Q differ by whole numbers k: Q^k is multiplied out.
    """
    for _ in range(12):
        lowest: dict[Atom, object] = {}
        for m in poly.terms:
            for atom, e in m:
                if atom.kind == "quotient" and e < 0:
                    lowest[atom] = min(e, lowest.get(atom, 0))
        if not lowest:
            return poly
        atom = min(lowest, key=lambda a: (a.level, a.key))
        poly = poly * monomial({atom: -lowest[atom]})
    return poly

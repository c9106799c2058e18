"""Is a normal form zero? What the normal form alone leaves open: common denominators, and sums over the same range."""

from fractions import Fraction

from derivations.engine.kernel.powers import over_one_denominator, substitute, times
from derivations.engine.kernel.sums import sum_over
from derivations.engine.kernel.terms import Poly, monomial, total
from derivations.engine.language.indices import fresh, plain


def is_zero(poly: Poly) -> bool:
    """True if the polynomial is provably 0: over one denominator, or after sums over the same range are made one."""
    numerator, _ = over_one_denominator(poly)
    if not numerator:
        return True
    gathered = gather_sums(numerator)
    return gathered is not None and not over_one_denominator(gathered)[0]


def gather_sums(poly: Poly) -> Poly | None:
    """Σ_k f_k − Σ_k g_k = Σ_k (f_k − g_k), the inside over one denominator; None if there are no two sums to gather.

    Sums are gathered that stand alone in their terms and run over the same ranges, in the order of their dummies; the
    factors before them go inside.
    """
    groups: dict[tuple, list] = {}
    left: dict = {}
    for m, c in poly.terms.items():
        sums = [a for a, e in m if a.kind == "sum" and e == 1]
        if len(sums) == 1:
            groups.setdefault(tuple((b.lower, b.upper) for b in sums[0].binders), []).append((sums[0], m, c))
        else:
            left[m] = c
    if not any(len(group) > 1 for group in groups.values()):
        return None
    result = Poly(left)
    for group in groups.values():
        names = [fresh(b) for b in group[0][0].binders]
        inside = total(_body(atom, m, names).scale(c) for atom, m, c in group)
        numerator, denominator = over_one_denominator(inside)
        if numerator:
            result = result + sum_over(
                group[0][0].under, times(numerator, {a: -e for a, e in denominator.items()}), tuple(names)
            )
    return result


def _body(atom, m, names) -> Poly:
    body = substitute(atom.args[0], {b: plain(new) for b, new in zip(atom.binders, names, strict=True)})
    return body * monomial({a: e for a, e in m if a != atom}).scale(Fraction(1))

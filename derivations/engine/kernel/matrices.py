"""Determinants and inverses as atoms, the same for a matrix and its transpose. What A A⁻¹ = 1 says stands in `sums`."""

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.powers import REBUILD, substitute
from derivations.engine.kernel.sums import Dummies, bound
from derivations.engine.kernel.terms import Poly
from derivations.engine.language.indices import Affine, plain


def determinant(under: Reasoning, body: Poly, dummies: Dummies) -> Poly:
    """det A = det Aᵀ: of the two, the one whose text comes first."""
    both = (bound(under, "determinant", "", (), (entries,), dummies) for entries in _both(body, dummies))
    return min(both, key=lambda poly: poly.key)


def inverse(under: Reasoning, indices: tuple[Affine, ...], body: Poly, dummies: Dummies) -> Poly:
    """(A⁻¹)_ij = (Aᵀ⁻¹)_ji, where det A ≠ 0; of a symmetric matrix it is symmetric."""
    under.require("nonzero", determinant(under, body, dummies))
    straight, turned = _both(body, dummies)
    if straight == turned:
        ordered = tuple(sorted(indices, key=lambda index: index.render({})))
        return bound(under, "inverse", "symmetric", ordered, (straight,), dummies)
    both = (
        bound(under, "inverse", "", tuple(order), (entries,), dummies)
        for order, entries in ((indices, straight), (indices[::-1], turned))
    )
    return min(both, key=lambda poly: next(iter(poly.terms))[0][0].args[0].key)


def _both(body: Poly, dummies: Dummies) -> tuple[Poly, Poly]:
    """The entries of the matrix and of its transpose."""
    k, l = dummies
    return body, substitute(body, {k: plain(l), l: plain(k)})


REBUILD.update(
    determinant=lambda atom, indices, args: determinant(atom.under, args[0], atom.binders),
    inverse=lambda atom, indices, args: inverse(atom.under, indices, args[0], atom.binders),
)

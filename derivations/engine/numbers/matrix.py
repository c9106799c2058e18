"""Determinants and inverses of small matrices, by cofactors: exact where the entries are."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivations.engine.numbers.evaluate import Evaluation

Matrix = list[list[Any]]


def determinant(point: "Evaluation", a: Matrix) -> Any:
    """Σ_l (−1)^l a_1l det(a without row 1 and column l)."""
    if not a:
        return point.arithmetic.number(Fraction(1))
    return point.add(None, (point.times([a[0][l], cofactor(point, a, 0, l)]) for l in range(len(a))))


def cofactor(point: "Evaluation", a: Matrix, i: int, j: int) -> Any:
    """(−1)^(i+j) det(a without row i and column j)."""
    minor = [row[:j] + row[j + 1 :] for row in a[:i] + a[i + 1 :]]
    return point.times([point.arithmetic.number(Fraction((-1) ** (i + j))), determinant(point, minor)])


def inverse(point: "Evaluation", a: Matrix, i: int, j: int) -> Any:
    """(a⁻¹)_ij = cofactor_ji / det a."""
    over = point.arithmetic.reciprocal(determinant(point, a))
    return point.times([cofactor(point, a, j, i), over])

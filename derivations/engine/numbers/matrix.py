"""Determinants and inverses of small matrices, by cofactors: exact where the entries are."""

from fractions import Fraction
from typing import Any

from derivations.engine.numbers.arithmetic import added, multiplied

Matrix = list[list[Any]]


def determinant(arithmetic: Any, a: Matrix) -> Any:
    """Σ_l (−1)^l a_1l det(a without row 1 and column l)."""
    if not a:
        return arithmetic.number(Fraction(1))
    return added(arithmetic, (multiplied(arithmetic, (a[0][l], cofactor(arithmetic, a, 0, l))) for l in range(len(a))))


def cofactor(arithmetic: Any, a: Matrix, i: int, j: int) -> Any:
    """(−1)^(i+j) det(a without row i and column j)."""
    minor = [row[:j] + row[j + 1 :] for row in a[:i] + a[i + 1 :]]
    return arithmetic.multiply(arithmetic.number(Fraction((-1) ** (i + j))), determinant(arithmetic, minor))


def inverse(arithmetic: Any, a: Matrix, i: int, j: int) -> Any:
    """(a⁻¹)_ij = cofactor_ji / det a."""
    over = arithmetic.reciprocal(determinant(arithmetic, a))
    return arithmetic.multiply(cofactor(arithmetic, a, j, i), over)

"""Systems of equations and determinants: the matrix is an input, one an example."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, lu_factor, lu_solve
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Contracted, Inverse
from functional_bp.jacobians.delta import wide

__all__ = ["cholesky_solve", "log_determinant", "solve"]

Matrix = Float[Array, "*batch n n"]
Vector = Float[Array, "*batch n"]


def solve(A: Matrix, b: Vector) -> tuple[Vector, BlockRow]:
    """y = A⁻¹ b;  ∂y/∂b = A⁻¹, so b̄ = ȳ A⁻¹, and Ā = −b̄ yᵀ.

    J holds the factors of A = P L U and y; each product with it solves a system more. A singular A gives infinite or
    not a number. Raises ValueError where shapes do not fit.
    """
    check("solve", A, b)
    factors, pivots = lu_factor(wide(A))
    J = Inverse(factors, pivots, A.dtype)
    y = J @ b
    return y, BlockRow((J @ by_matrix(-y), J))


def cholesky_solve(A: Matrix, b: Vector) -> tuple[Vector, BlockRow]:
    """y = A⁻¹ b of a symmetric positive definite A;  b̄ = ȳ A⁻¹, and Ā = −(b̄ yᵀ + y b̄ᵀ)/2.

    The function is that of (A + Aᵀ)/2, so that Ā is symmetric as A is. A matrix that is not positive definite gives not
    a number. J holds the factor of A = L Lᵀ and y. Raises ValueError where shapes do not fit.
    """
    check("cholesky_solve", A, b)
    symmetric = wide((A + jnp.swapaxes(A, -1, -2)) / 2)
    J = Inverse(cho_factor(symmetric, lower=True)[0], None, A.dtype)
    y = J @ b
    half = -y / 2
    return y, BlockRow((J @ (by_matrix(half) + by_matrix(half, "ji,j->i")), J))


def log_determinant(A: Matrix) -> tuple[Float[Array, "*batch"], Contracted]:
    """y = log |det A|;  ∂y/∂A = A⁻ᵀ.

    J holds A⁻ᵀ. A singular A gives −∞, and a derivative that is not finite. Raises ValueError unless A is square.
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"log_determinant: A must be square, got {A.shape}")
    lu, pivots = lu_factor(wide(A))
    y = jnp.log(jnp.abs(jnp.diagonal(lu, axis1=-2, axis2=-1))).sum(-1)
    one = jnp.broadcast_to(jnp.eye(A.shape[-1], dtype=lu.dtype), A.shape)
    inverse = lu_solve((lu, pivots), one, trans=1).astype(A.dtype)
    return y.astype(A.dtype), contracted_with(inverse, ("ij", "ij"), "")


def by_matrix(y: Vector, letters: str = "ij,j->i") -> Contracted:
    """J of A ↦ A y, or with "ji,j->i" of Aᵀ y."""
    left, output = letters.split("->")
    first, second = left.split(",")
    return contracted_with(y, (first, second), output)


def contracted_with(other: Array, letters: tuple[str, str], output: str) -> Contracted:
    n = other.shape[-1]
    batch = other.shape[: other.ndim - len(letters[1])]
    return Contracted((other,), letters, output, 0, (("i", n), ("j", n)), batch, other.dtype)


def check(rule: str, A: Any, b: Any) -> None:
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or b.shape != A.shape[:-1]:
        raise ValueError(f"{rule}: A must be (*batch, n, n) and b (*batch, n), got {jax.tree.map(jnp.shape, (A, b))}")

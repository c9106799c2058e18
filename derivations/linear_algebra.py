"""Systems of equations by their tangents, determinants by Cramer's rule: no inverse is differentiated.

Of A y = b the tangents obey Ȧ y + A ẏ = ḃ. With b̄ A = ȳ it follows that ȳ·ẏ = b̄·ḃ − b̄ Ȧ y: so b̄ is the cotangent of b,
and −b̄ yᵀ that of A.
"""

from sympy import Derivative, IndexedBase, Rational, Symbol, log

from derivations import Derivation, Step, dimension, equation, index, total

n = dimension("n")
i, j, k, l = (index(name, n) for name in "ijkl")
A, y, y_bar, b_bar = (IndexedBase(name) for name in ("A", "y", "y_bar", "b_bar"))
A_dot, y_dot, b_dot, S_dot = (IndexedBase(name) for name in ("A_dot", "y_dot", "b_dot", "S_dot"))
row, cofactor, inverse, D = IndexedBase("a"), IndexedBase("C"), IndexedBase("B"), Symbol("D")

system = (
    equation(b_dot[i], total(A_dot[i, k] * y[k] + A[i, k] * y_dot[k], k)),
    equation(y_bar[k], total(b_bar[i] * A[i, k], i)),
)
symmetric = (
    equation(S_dot[i, k], (A_dot[i, k] + A_dot[k, i]) / 2),
    equation(b_dot[i], total(S_dot[i, k] * y[k] + A[i, k] * y_dot[k], k)),
    equation(y_bar[k], total(b_bar[i] * A[i, k], i)),
)
# along one row a of a matrix, C its cofactors: D = det, and by Cramer's rule C_k = D B_k, B that column of the inverse
cramer = (equation(D, total(row[k] * cofactor[k], k)), equation(cofactor[k], D * inverse[k]))

moved = total(y_bar[k] * y_dot[k], k)
given = total(b_bar[i] * b_dot[i], i)
half = Rational(1, 2)
DERIVATIONS = (
    Derivation(
        "solve.tangent",
        system,
        equation(moved, given - total(b_bar[i] * A_dot[i, k] * y[k], i, k)),
        (
            Step(total(b_bar[i] * A[i, k] * y_dot[k], i, k), "ȳ = b̄ A"),
            Step(given - total(b_bar[i] * A_dot[i, k] * y[k], i, k), "A ẏ = ḃ − Ȧ y"),
        ),
    ),
    Derivation(
        "cholesky_solve.tangent",
        symmetric,
        equation(moved, given - total(half * (b_bar[i] * y[k] + y[i] * b_bar[k]) * A_dot[i, k], i, k)),
        (
            Step(given - total(b_bar[i] * S_dot[i, k] * y[k], i, k), "as of any A, with the tangent (Ȧ + Ȧᵀ)/2"),
            Step(
                given - total(half * (b_bar[i] * y[k] + y[i] * b_bar[k]) * A_dot[i, k], i, k),
                "i and k exchanged in the half that is transposed",
            ),
        ),
    ),
    Derivation(
        "log_determinant.a",
        cramer[:1],
        equation(Derivative(log(D), row[j]), cofactor[j] / D),
        (
            Step(
                cofactor[j] / D, "the cofactors of a row do not depend on it; C/D is a column of the inverse, by Cramer"
            ),
        ),
    ),
)

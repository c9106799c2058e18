"""Linear algebra: solving, factors, determinants, inverses, spectra, iterations and forms."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular
from right.case import custom, halves, normal, pair


def positive_definite(n=4, *more):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((n, n))
    drawn = (rng.standard_normal(shape, "float32") for shape in more)
    primals = ((a @ a.T + n * np.eye(n)).astype("float32"), *drawn)
    return lambda: primals


def regular(n=4, *more):
    rng = np.random.default_rng(0)
    primals = (
        (rng.standard_normal((n, n)) + 3 * np.eye(n)).astype("float32"),
        *(rng.standard_normal(shape, "float32") for shape in more),
    )
    return lambda: primals


def solve_fwd(A, b):
    x = jnp.linalg.solve(A, b)
    return x, (A, x)


def solve_bwd(saved, x_bar):
    """b̄ = A⁻ᵀ x̄, Ā = −b̄ xᵀ."""
    A, x = saved
    b_bar = jnp.linalg.solve(A.T, x_bar)
    return -b_bar @ x.T, b_bar


def inverse_backward(primals, g):
    X = jnp.linalg.inv(primals[0])
    return (-X.T @ g @ X.T,)


def log_det(A):
    return jnp.linalg.slogdet(A)[1]


def log_det_positive(A):
    """From the Cholesky factor of the symmetrised matrix."""
    L = jnp.linalg.cholesky((A + A.T) / 2)
    return 2 * jnp.log(jnp.diag(L)).sum()


def log_det_positive_backward(primals, g):
    (A,) = primals
    return (g * jnp.linalg.inv((A + A.T) / 2),)


def determinant_backward(primals, g):
    """The cofactors, so that it holds for singular matrices too."""
    (A,) = primals
    n = len(A)
    minors = [[jnp.delete(jnp.delete(A, i, axis=0), j, axis=1) for j in range(n)] for i in range(n)]
    cofactors = [[(-1) ** (i + j) * jnp.linalg.det(minors[i][j]) for j in range(n)] for i in range(n)]
    return (g * jnp.array(cofactors, A.dtype).reshape(A.shape),)


def cholesky(A):
    return jnp.linalg.cholesky((A + A.T) / 2)


def cholesky_backward(primals, g):
    """Φ takes the lower triangle and halves its diagonal."""
    L = cholesky(*primals)
    P = jnp.tril(L.T @ jnp.tril(g))
    P = P - 0.5 * jnp.diag(jnp.diag(P))
    S = solve_triangular(L, solve_triangular(L, (P + P.T) / 2, lower=True, trans=1).T, lower=True, trans=1)
    return ((S + S.T) / 2,)


def triangular(L, b):
    return solve_triangular(jnp.tril(L), b, lower=True)


def triangular_backward(primals, g):
    L, b = primals
    x = triangular(L, b)
    b_bar = solve_triangular(jnp.tril(L), g, lower=True, trans=1)
    return -jnp.tril(b_bar @ x.T), b_bar


def mahalanobis(x, A):
    S = (A + A.T) / 2
    return jnp.einsum("ni,ni->n", x, jnp.linalg.solve(S, x.T).T)


def mahalanobis_backward(primals, g):
    x, A = primals
    w = jnp.linalg.solve((A + A.T) / 2, x.T).T
    A_bar = -jnp.einsum("n,ni,nj->ij", g, w, w)
    return 2 * g[:, None] * w, A_bar


def quadratic(A, x):
    return x @ A @ x


def quadratic_backward(primals, g):
    A, x = primals
    return g * jnp.outer(x, x), g * (A + A.T) @ x


def nuclear_free(A):
    """The sum of the eigenvalues' squares, by the eigenvalues."""
    return (jnp.linalg.eigvalsh((A + A.T) / 2) ** 2).sum()


def frobenius(A):
    return jnp.sqrt((A * A).sum())


def frobenius_backward(primals, g):
    (A,) = primals
    size = frobenius(A)
    return (jnp.where(size > 0, g * A / jnp.where(size > 0, size, 1), 0),)


def ridge(X, y):
    return jnp.linalg.solve(X.T @ X + jnp.eye(X.shape[1]), X.T @ y)


def ridge_backward(primals, g):
    X, y = primals
    A = X.T @ X + jnp.eye(X.shape[1])
    w, v = ridge(X, y), jnp.linalg.solve(A, g)
    return jnp.outer(y - X @ w, v) - jnp.outer(X @ v, w), X @ v


@jax.custom_vjp
def power(A, x):
    """Five times the matrix, in a loop."""
    return jax.lax.fori_loop(0, 5, lambda _, v: A @ v, x)


def power_fwd(A, x):
    vs = jax.lax.scan(lambda v, _: (A @ v, v), x, None, length=5)
    return vs[0], (A, vs[1])


def power_bwd(saved, g):
    A, vs = saved

    def step(carry, v):
        g, A_bar = carry
        return (A.T @ g, A_bar + jnp.outer(g, v)), None

    (x_bar, A_bar), _ = jax.lax.scan(step, (g, jnp.zeros_like(A)), vs, reverse=True)
    return A_bar, x_bar


power.defvjp(power_fwd, power_bwd)


def fixed_point(W, x):
    """z = tanh(W z + x), iterated; W is small, so that it settles."""
    W = 0.1 * jnp.tanh(W)
    return jax.lax.fori_loop(0, 60, lambda _, z: jnp.tanh(W @ z + x), jnp.zeros_like(x))


def fixed_point_backward(primals, z_bar):
    """Implicitly: u = z̄ + u diag(1 − z²) W."""
    W, x = primals
    V = 0.1 * jnp.tanh(W)
    z = fixed_point(W, x)
    slope = 1 - z**2
    u = jnp.linalg.solve((jnp.eye(len(x)) - slope[:, None] * V).T, z_bar)
    return jnp.outer(u * slope, z) * 0.1 * (1 - jnp.tanh(W) ** 2), u * slope


def posterior_mean(K, y):
    """Gaussian process regression at its own inputs."""
    S = (K + K.T) / 2
    return S @ cho_solve(cho_factor(S + jnp.eye(len(S))), y)


def posterior_mean_backward(primals, g):
    K, y = primals
    S = (K + K.T) / 2
    factor = cho_factor(S + jnp.eye(len(S)))
    alpha, beta = cho_solve(factor, y), cho_solve(factor, S @ g)
    S_bar = jnp.outer(g, alpha) - jnp.outer(beta, alpha)
    return (S_bar + S_bar.T) / 2, beta


def outer_and_trace(A, B):
    return jnp.trace(A @ B)


def root_by_newton(a):
    return jax.lax.fori_loop(0, 30, lambda _, x: 0.5 * (x + a / x), a + 1)


def root_by_newton_backward(primals, g):
    """By the implicit function theorem: as if the iterations had ended."""
    return (g / (2 * jnp.sqrt(primals[0])),)


CASES = (
    halves("solve", jnp.linalg.solve, solve_fwd, solve_bwd, regular(4, (4, 2))),
    pair("inverse", jnp.linalg.inv, inverse_backward, regular()),
    pair("log |det|", log_det, lambda p, g: (g * jnp.linalg.inv(p[0]).T,), regular()),
    pair("log det of a positive definite matrix", log_det_positive, log_det_positive_backward, positive_definite()),
    pair("determinant", jnp.linalg.det, determinant_backward, regular(3)),
    pair("Cholesky factor", cholesky, cholesky_backward, positive_definite()),
    pair("triangular solve", triangular, triangular_backward, regular(4, (4, 2))),
    pair("Mahalanobis distance", mahalanobis, mahalanobis_backward, lambda: positive_definite(3, (4, 3))()[::-1]),
    pair("quadratic form", quadratic, quadratic_backward, normal((4, 4), (4,))),
    pair("squared eigenvalues", nuclear_free, lambda p, g: (g * (p[0] + p[0].T),), positive_definite()),
    pair("Frobenius norm", frobenius, frobenius_backward, normal((3, 4))),
    pair("ridge regression", ridge, ridge_backward, normal((5, 3), (5,))),
    custom("a matrix five times", power, normal((3, 3), (3,))),
    pair("fixed point, implicitly", fixed_point, fixed_point_backward, normal((3, 3), (3,))),
    pair("Gaussian process", posterior_mean, posterior_mean_backward, positive_definite(4, (4,))),
    pair("trace of a product", outer_and_trace, lambda p, g: (g * p[1].T, g * p[0].T), normal((3, 4), (4, 3))),
    pair(
        "a root by Newton's iterations",
        root_by_newton,
        root_by_newton_backward,
        lambda: (np.array([0.5, 2, 9], "float32"),),
    ),
)

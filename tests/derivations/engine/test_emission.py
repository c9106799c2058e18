"""Emitted formulas: what NumPy and JAX compute for the same thing, at n = 1000, without a loop over components."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import (
    Derivative,
    Eq,
    Function,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    Rational,
    Symbol,
    exp,
    pi,
    sqrt,
    tanh,
)

from derivations import (
    Maximum,
    derivative,
    dimension,
    emit,
    equation,
    index,
    prime,
    product,
    sigmoid,
    softplus,
    step,
    total,
)

pytestmark = pytest.mark.usefixtures("float64")
n, m = dimension("n"), dimension("m")
i, j, k, l = (index(name, n) for name in "ijkl")
a, b = index("a", m), index("b", m)
x, y, z, g, W, S = (IndexedBase(name) for name in ("x", "y", "z", "g", "W", "S"))
softmax = exp(z[i]) / total(exp(z[k]), k)
rng = np.random.default_rng(3)


def close(actual, expected, rtol=1e-10):
    assert actual.shape == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-13)


def test_softmax_jacobian_at_a_thousand():
    point = jnp.asarray(rng.normal(size=1000))
    expected = jax.jacrev(jax.nn.softmax)(point)
    close(emit(derivative(softmax, z[j]), (i, j))(z=point), expected)
    close(emit(y[i] * (KroneckerDelta(i, j) - y[j]), (i, j), given=(equation(y[i], softmax),))(z=point), expected)
    close(emit(Derivative(y[i], z[j]), (j, i), given=(equation(y[i], softmax),))(z=point), expected.T)


def test_the_number_of_operations_does_not_depend_on_n():
    """No loop over components: the program is as long for 1000 components as for 3."""
    f = emit(derivative(softmax, z[j]), (i, j))
    lengths = {len(jax.make_jaxpr(lambda z: f(z=z))(jnp.ones(size)).eqns) for size in (3, 1000)}
    assert len(lengths) == 1
    assert lengths.pop() < 40


def test_a_vjp_is_a_matrix_product_without_the_jacobian():
    """Σ_j g_j y_j (δ_ij − y_i): the delta is contracted, so nothing of size n² is made."""
    f = emit(total(g[j] * y[j] * (KroneckerDelta(i, j) - y[i]), j), (i,))
    point, cotangent = (jnp.asarray(rng.normal(size=1000)) for _ in range(2))
    close(f(y=point, g=cotangent), point * cotangent - point * (cotangent @ point))
    shapes = [v.aval.shape for e in jax.make_jaxpr(lambda y, g: f(y=y, g=g))(point, cotangent).eqns for v in e.outvars]
    assert all(np.prod(shape) <= 1000 for shape in shapes)


Z, G, M, N = rng.normal(size=5), rng.normal(size=5), rng.normal(size=(4, 5)), rng.normal(size=(5, 5))
MASK = (rng.uniform(size=(4, 5)) < 0.6).astype(float)
MASK[:, 0] = 1
CASES = {
    "matrix times vector": (total(W[a, k] * z[k], k), (a,), {"W": M, "z": Z}, M @ Z),
    "transposed": (total(W[a, k] * x[a], a), (k,), {"W": M, "x": M[:, 0]}, M.T @ M[:, 0]),
    "outer product": (x[a] * z[i], (a, i), {"x": M[:, 0], "z": Z}, np.outer(M[:, 0], Z)),
    "three matrices": (total(W[i, k] * W[k, l] * W[l, j], k, l), (i, j), {"W": N}, N @ N @ N),
    "nested sums": (total(z[k] * total(W[k, l] * g[l], l), k), (), {"W": N, "z": Z, "g": G}, Z @ N @ G),
    "trace": (total(W[k, k], k), (), {"W": N}, np.trace(N)),
    "diagonal": (W[i, i], (i,), {"W": N}, np.diag(N)),
    "transposed axes": (W[i, j], (j, i), {"W": N}, N.T),
    "broadcast": (z[i] + 0 * x[a], (a, i), {"z": Z, "x": M[:, 0], "m": 4}, np.broadcast_to(Z, (4, 5))),
    "sum of a constant": (total(z[i], a), (i,), {"z": Z, "m": 4}, 4 * Z),
    "sum of a function of two": (total(tanh(z[k] + g[i]), k), (i,), {"z": Z, "g": G}, np.tanh(Z + G[:, None]).sum(1)),
    "identity": (KroneckerDelta(i, j) * z[j], (i, j), {"z": Z}, np.diag(Z)),
    "odd and even": (
        z[2 * index("o", n)] - z[2 * index("o", n) - 1],
        (index("o", n),),
        {"z": np.arange(6.0) ** 2, "n": 3},
        np.array([1.0, 5.0, 9.0]),
    ),
    "convolution": (
        total(x[k] * z[a + k - 1], k),
        (a,),
        {"x": np.ones(2), "z": np.arange(5.0), "n": 2, "m": 4},
        np.array([1.0, 3.0, 5.0, 7.0]),
    ),
    "from 0": (total(x[index("e", n, 0)] * index("e", n, 0), index("e", n, 0)), (), {"x": Z[:4]}, Z[:4] @ np.arange(4)),
    "index as a number": (k * z[k], (k,), {"z": Z}, np.arange(1, 6) * Z),
    "dimension": (z[i] / n, (i,), {"z": Z}, Z / 5),
    "powers": (
        z[i] ** 3 + z[i] ** -2 + sqrt(z[i] ** 2) + (z[i] ** 2) ** Rational(3, 2),
        (i,),
        {"z": Z},
        Z**3 + Z**-2 + np.abs(Z) + np.abs(Z) ** 3,
    ),
    "symbolic exponent": ((z[k] ** 2) ** W[a, k], (a, k), {"z": Z, "W": M}, (Z**2) ** M),
    "product over an index": (product(z[k] + W[a, k], k), (a,), {"z": Z, "W": M}, np.prod(Z + M, axis=1)),
    "maximum among": (
        Maximum(z[k], k, where=S[a, k]),
        (a,),
        {"z": Z, "S": MASK},
        np.where(MASK > 0, Z, -np.inf).max(1),
    ),
    "max and min": (
        Max(z[i], g[i], 0) + Min(z[i], g[i]),
        (i,),
        {"z": Z, "g": G},
        np.maximum(np.maximum(Z, G), 0) + np.minimum(Z, G),
    ),
    "step": (step(z[i]) * softplus(z[i]), (i,), {"z": Z}, np.where(Z >= 0, np.log1p(np.exp(Z)), 0)),
    "sigmoid": (sigmoid(z[i]), (i,), {"z": Z}, 1 / (1 + np.exp(-Z))),
    "cases": (
        Piecewise((z[i], z[i] > g[j]), (-1, True)),
        (i, j),
        {"z": Z, "g": G},
        np.where(Z[:, None] > G[None], Z[:, None], -1),
    ),
    "cases of indices": (
        Piecewise((z[i], Eq(i, j)), (2, True)),
        (i, j),
        {"z": Z},
        np.where(np.eye(5) > 0, Z[:, None], 2),
    ),
    "numbers": (pi * Symbol("c") * z[i] / 3, (i,), {"z": Z, "c": 2.0}, 2 * np.pi * Z / 3),
}
CASES["a slice from 1"] = (x[index("e", n, 0)] + x[i], (index("e", n, 0), i), {"x": Z}, Z[:, None] + Z[None, 1:])


@pytest.mark.parametrize("name", CASES)
def test_emitted_equals_numpy(name):
    formula, indices, arrays, expected = CASES[name]
    f = emit(formula, indices)
    close(f(**{k: v if isinstance(v, int) else jnp.asarray(v) for k, v in arrays.items()}), expected)


def test_opaque_functions_are_given():
    f = Function("f")
    emitted = emit(prime(f)(z[i]) * f(z[i]), (i,), functions={"f": jnp.sin, "f'": jnp.cos})
    close(emitted(z=jnp.asarray(Z)), np.sin(Z) * np.cos(Z))


def test_dtypes_are_kept():
    assert emit(softmax / n, (i,))(z=jnp.ones(3, jnp.float32)).dtype == jnp.float32


def test_errors_name_the_part():
    f = emit(total(W[a, k] * z[k], k), (a,))
    with pytest.raises(ValueError, match="array z is missing"):
        f(W=jnp.ones((4, 5)))
    with pytest.raises(ValueError, match="shape"):
        f(W=jnp.ones((4, 5)), z=jnp.ones(4))
    with pytest.raises(ValueError, match="2 indices"):
        f(W=jnp.ones(4), z=jnp.ones(4))
    with pytest.raises(ValueError, match="index a of the formula"):
        emit(W[a, k], (k,))
    with pytest.raises(ValueError, match="dimension n can't be read off"):
        emit(KroneckerDelta(i, j), (i, j))()
    with pytest.raises(ValueError, match="function f is missing"):
        emit(Function("f")(z[i]), (i,))(z=jnp.ones(3))

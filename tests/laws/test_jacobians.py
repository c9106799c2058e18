"""The laws that every Jacobian class obeys. The oracle is the dense array, built from `y_bar @ J` row by row."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jacobian_catalogue import JACOBIANS, jacobian

from functional_bp import Composed, Dense, Diagonal, Identity, Jacobian, RowVector, Shape, Sum
from functional_bp.jacobians.shape import Size, is_plain, is_size


class Reversal(Jacobian):
    """A structure of a user's own: y_i = s_i x_n+1−i."""

    scale: jax.Array

    @property
    def shape(self):
        return Shape((), self.scale.shape, self.scale.shape)

    def vjp(self, y_bar):
        return jnp.flip(y_bar * jnp.broadcast_to(self.scale, y_bar.shape), -1)


pytestmark = pytest.mark.usefixtures("float64", "unoptimised")
every_jacobian = pytest.mark.parametrize("J", JACOBIANS, indirect=True)
BATCH = 3
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


@pytest.fixture
def J(request):
    return jacobian(request.param)


def plain_ones():
    """Those of one array by one array."""
    every = map(jacobian, JACOBIANS)
    return [J for J in every if is_plain(J.shape.inputs) and is_plain(J.shape.outputs)]


def random_like(shapes, batch, seed):
    """A tree of random arrays, one a shape."""
    random = np.random.default_rng(seed)
    shapes = Size(shapes) if is_plain(shapes) else shapes
    return jax.tree.map(lambda shape: jnp.asarray(random.normal(size=(*batch, *shape))), shapes)


def y_bar_of(J, seed=1):
    return random_like(J.shape.outputs, J.shape.batch, seed)


def z_dot_of(J, seed=2):
    """A tangent: what y_bar @ J gives has its shapes."""
    random = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: jnp.asarray(random.normal(size=leaf.shape)), y_bar_of(J) @ J)


def inner(a, b):
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def assert_trees_close(got, expected):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, **CLOSE)


@every_jacobian
def test_the_adjoint_identity(J):
    y_bar, z_dot = y_bar_of(J), z_dot_of(J)
    np.testing.assert_allclose(inner(y_bar, J @ z_dot), inner(y_bar @ J, z_dot), **CLOSE)


@every_jacobian
def test_the_products_are_linear(J):
    a, b = y_bar_of(J, 3), y_bar_of(J, 4)
    combined = jax.tree.map(lambda x, y: 2 * x - 3 * y, a, b)
    expected = jax.tree.map(lambda x, y: 2 * x - 3 * y, a @ J, b @ J)
    assert_trees_close(combined @ J, expected)


@every_jacobian
def test_the_dense_array_says_the_same(J):
    """Σ_i ȳ_i J_i from the dense array is y_bar @ J, per example; a shared input sums over the batch."""
    y_bar = y_bar_of(J)
    batch, outputs, inputs = J.shape
    outputs, inputs = (
        sizes if is_plain(sizes) else jax.tree.leaves(sizes, is_leaf=is_size) for sizes in (outputs, inputs)
    )
    outputs, inputs = ([sizes] if is_plain(sizes) else sizes for sizes in (outputs, inputs))
    dense = iter(jax.tree.leaves(J.to_dense()))
    x_bars = jax.tree.leaves(y_bar @ J)
    expected = [jnp.zeros_like(x_bar) for x_bar in x_bars]
    for bar, m in zip(jax.tree.leaves(y_bar), outputs, strict=True):
        for k, (x_bar, n) in enumerate(zip(x_bars, inputs, strict=True)):
            rows = jnp.broadcast_to(next(dense), (*batch, *m, *n)).reshape(math.prod(batch), -1, *n)
            products = jnp.einsum("bi,bi...->b...", bar.reshape(math.prod(batch), -1), rows)
            expected[k] += products.sum(0) if x_bar.shape == n else products.reshape(x_bar.shape)
    for x_bar, wanted in zip(x_bars, expected, strict=True):
        np.testing.assert_allclose(x_bar, wanted, **CLOSE)


@every_jacobian
def test_the_structure_s_own_products_equal_those_derived_from_linearity(J):
    if not (is_plain(J.shape.inputs) and is_plain(J.shape.outputs)):
        assert type(J).jvp is not Jacobian.jvp  # trees of inputs or outputs have products of their own
        return
    z_dot = z_dot_of(J)
    np.testing.assert_allclose(J @ z_dot, jnp.broadcast_to(Jacobian.jvp(J, z_dot), (J @ z_dot).shape), **CLOSE)
    np.testing.assert_allclose(J.to_dense(), Jacobian.to_dense(J), **CLOSE)


@every_jacobian
def test_it_is_a_pytree_under_jit_vmap_and_scan(J):
    y_bar = y_bar_of(J)
    expected = y_bar @ J
    assert_trees_close(jax.jit(lambda J, y_bar: y_bar @ J)(J, y_bar), expected)
    twice = jax.tree.map(
        lambda leaf: jnp.stack([leaf, 2 * leaf] if jnp.issubdtype(leaf.dtype, float) else [leaf, leaf]), (J, y_bar)
    )
    stacked = jax.vmap(lambda J, y_bar: y_bar @ J)(*twice)
    assert_trees_close(jax.tree.map(lambda leaf: leaf[0], stacked), expected)
    _, scanned = jax.lax.scan(lambda carry, pair: (carry, pair[1] @ pair[0]), 0.0, twice)
    assert_trees_close(scanned, stacked)


@every_jacobian
def test_the_printed_form_is_short_and_names_the_class(J):
    text = repr(J)
    assert any(cls.__name__ in text for cls in type(J).__mro__) or " @ " in text or " + " in text
    assert max(map(len, text.splitlines())) <= 160


def test_products_of_matrices_are_matrix_products():
    plain = plain_ones()
    pairs = [
        (a, b)
        for a in plain
        for b in plain
        if a.shape.inputs == b.shape.outputs
        and len(a.shape.inputs) == 1
        and not (a.shares_input and b.shape.batch)  # what all share does not come from one example
    ]
    assert len(pairs) > 50
    for a, b in pairs:
        left, right = a.to_dense(), b.to_dense()
        i, k = "ij"[: len(a.shape.outputs)], "kl"[: len(b.shape.inputs)]
        expected = jnp.einsum(f"...{i}z,...z{k}->...{i}{k}", left, right)
        got = (a @ b).to_dense()
        np.testing.assert_allclose(jnp.broadcast_to(got, expected.shape), expected, **CLOSE, err_msg=f"{a!r} @ {b!r}")


def test_sums_of_matrices_are_matrix_sums():
    plain = plain_ones()
    pairs = [(a, b) for a in plain for b in plain if a.shape[1:] == b.shape[1:]]
    for a, b in pairs:
        expected = sum(jnp.broadcast_arrays(a.to_dense(), b.to_dense()))
        got = (a + b).to_dense()
        np.testing.assert_allclose(jnp.broadcast_to(got, expected.shape), expected, **CLOSE, err_msg=f"{a!r} + {b!r}")


def test_the_obvious_simplifications():
    d, A = Diagonal(jnp.arange(1.0, 5.0)), Dense(jnp.ones((4, 4)))
    assert isinstance(d @ d, Diagonal)
    assert isinstance(d + d, Diagonal)
    assert Identity((4,)) @ A is A
    assert A @ Identity((4,)) is A
    assert isinstance(A @ d @ d @ A, Composed)
    assert len((A @ d @ d @ A).factors) == 3
    assert len((A + d + A).terms) == 3
    assert isinstance(A + d, Sum)


def test_the_array_on_the_left_may_be_numpy_s_or_a_python_number():
    J = RowVector(jnp.arange(3.0))
    for one in (1.0, np.float64(1.0), np.array(1.0), jnp.array(1.0)):
        np.testing.assert_array_equal(one @ J, jnp.arange(3.0))
    np.testing.assert_array_equal(np.ones(3) @ Diagonal(jnp.arange(3.0)), jnp.arange(3.0))


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"cannot compose Dense\(2×3\) @ Diagonal\(4\).*shape 3.*shape 4"):
        Dense(jnp.ones((2, 3))) @ Diagonal(jnp.ones(4))
    with pytest.raises(ValueError, match=r"y_bar @ Diagonal\(3\): y_bar must end in the shape 3 .* got \(3, 1\)"):
        jnp.ones((3, 1)) @ Diagonal(jnp.ones((3, 3)))
    with pytest.raises(ValueError, match=r"cannot add Diagonal\(4\) and Identity\(3\)"):
        Diagonal(jnp.ones(4)) + Identity((3,))


def test_only_the_left_product_and_the_shape_need_be_written():
    J = Reversal(jnp.array([1.0, 2.0, 3.0]))
    dense = np.array([[0, 0, 1.0], [0, 2.0, 0], [3.0, 0, 0]])
    np.testing.assert_array_equal(J.to_dense(), dense)
    np.testing.assert_array_equal(J @ jnp.array([1.0, 10.0, 100.0]), [100.0, 20.0, 3.0])
    np.testing.assert_array_equal((J @ J).to_dense(), dense @ dense)
    np.testing.assert_array_equal((J + J).to_dense(), 2 * dense)
    assert repr(J) == "Reversal(3×3)"


def test_the_dense_product_of_a_chain_starts_at_its_bottleneck():
    """300 → 2 → 300 → 300: multiplied out from the narrow place, not from either end."""
    wide, narrow, out = Dense(jnp.ones((300, 300))), Dense(jnp.ones((2, 300))), Dense(jnp.ones((300, 2)))
    J = wide @ out @ narrow @ wide
    flops = jax.jit(lambda J: J.to_dense()).lower(J).compile().cost_analysis()["flops"]
    from_an_end = 2 * 300 * 300 * (2 + 300 + 300)
    assert flops < from_an_end / 50

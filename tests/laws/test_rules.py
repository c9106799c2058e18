"""The laws that every rule obeys, each held for every case of the catalogue.

The references are the rules' definitions written another way; `jax.vjp` and `jax.jacrev` of them are the oracles.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue import CASES, Case, batched, case_id

BATCHES = ((), (3,), (2, 3), (0,), (1,))
EXACT = {"rtol": 1e-10, "atol": 1e-12}

pytestmark = pytest.mark.usefixtures("float64")
every_case = pytest.mark.parametrize("case", CASES, ids=case_id)
every_batch = pytest.mark.parametrize("batch", BATCHES, ids=str)


def sampled(case: Case, batch=(3,), n=None, seed=0):
    return case.sample(jax.random.key(seed), batch, n or case.sizes[0])


def reference_of(case: Case, batch, constants):
    """y as a function of the differentiated inputs alone."""
    shared = (*case.shared, *(False for _ in constants))
    function = batched(case.reference, shared, batch)
    return lambda *inputs: function(*inputs, *constants)


def cotangents_of(case: Case, J, y_bar):
    """One cotangent an input, as a tuple also where there is one input."""
    x_bar = y_bar @ J
    return x_bar if len(case.shared) > 1 else (x_bar,)


def assert_trees_close(got, expected, **tolerance):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, **tolerance)


@every_case
@every_batch
def test_law_1_the_output_is_the_reference(case, batch):
    for n in case.sizes:
        inputs, constants = sampled(case, batch, n)
        y, _ = case.rule(*inputs, *constants)
        assert_trees_close(y, reference_of(case, batch, constants)(*inputs), **EXACT)


@every_case
@every_batch
def test_laws_2_and_3_one_cotangent_a_primal_equal_to_jax_vjp(case, batch):
    for n in case.sizes:
        inputs, constants = sampled(case, batch, n)
        y, J = case.rule(*inputs, *constants)
        y_bar = jax.random.normal(jax.random.key(1), y.shape)
        _, pullback = jax.vjp(reference_of(case, batch, constants), *inputs)
        assert_trees_close(cotangents_of(case, J, y_bar), pullback(y_bar), **EXACT)


@every_case
@pytest.mark.parametrize("batch", [(), (3,), (1,)], ids=str)
def test_law_3_the_dense_jacobian_is_jax_jacrev_of_each_example(case, batch):
    for n in case.sizes:
        inputs, constants = sampled(case, batch, n)
        _, J = case.rule(*inputs, *constants)
        one = jax.jacrev(case.reference, argnums=tuple(range(len(inputs))))
        expected = batched(one, (*case.shared, *(False for _ in constants)), batch)(*inputs, *constants)
        dense = J.to_dense() if len(case.shared) > 1 else (J.to_dense(),)
        for got, wanted in zip(jax.tree.leaves(dense), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(jnp.broadcast_to(got, wanted.shape), wanted, **EXACT)


@every_case
@every_batch
def test_law_4_the_adjoint_identity(case, batch):
    inputs, constants = sampled(case, batch)
    y, J = case.rule(*inputs, *constants)
    y_bar = jax.random.normal(jax.random.key(1), y.shape)
    tangents, _ = sampled(case, batch, seed=2)
    y_dot = J @ (tangents if len(case.shared) > 1 else tangents[0])
    assert y_dot.shape == y.shape
    cotangents = cotangents_of(case, J, y_bar)
    inner = sum(
        jnp.vdot(x_bar, x_dot)
        for x_bar, x_dot in zip(jax.tree.leaves(cotangents), jax.tree.leaves(tangents), strict=True)
    )
    np.testing.assert_allclose(jnp.vdot(y_bar, y_dot), inner, rtol=1e-10, atol=1e-12)


@every_case
@pytest.mark.parametrize("seed", range(3))
def test_law_5_finite_differences_along_random_directions(case, seed):
    inputs, constants = sampled(case, seed=seed)
    direction, _ = sampled(case, seed=seed + 100)
    h = 1e-5

    def at(t):
        return case.rule(*jax.tree.map(lambda x, v: x + t * v, inputs, direction), *constants)[0]

    central = (at(h) - at(-h)) / (2 * h)
    _, J = case.rule(*inputs, *constants)
    y_dot = J @ (direction if len(case.shared) > 1 else direction[0])
    np.testing.assert_allclose(y_dot, central, rtol=1e-7, atol=1e-8)


@every_case
def test_law_5_the_same_under_jit_and_vmap(case):
    inputs, constants = sampled(case)
    y, J = case.rule(*inputs, *constants)
    y_bar = jax.random.normal(jax.random.key(1), y.shape)

    def both(inputs, constants, y_bar):
        y, J = case.rule(*inputs, *constants)
        return y, cotangents_of(case, J, y_bar)

    assert_trees_close(jax.jit(both)(inputs, constants, y_bar), (y, cotangents_of(case, J, y_bar)), **EXACT)
    axes = tuple(None if is_shared else 0 for is_shared in case.shared)
    mapped_y, mapped = jax.vmap(both, in_axes=(axes, 0, 0))(inputs, constants, y_bar)
    np.testing.assert_allclose(mapped_y, y, **EXACT)
    for is_shared, got, expected in zip(case.shared, mapped, cotangents_of(case, J, y_bar), strict=True):
        summed = jax.tree.map(lambda x: x.sum(0), got) if is_shared else got  # vmap keeps examples apart
        assert_trees_close(summed, expected, **EXACT)


@every_case
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_law_5_in_lower_precision_nothing_changes_its_dtype(case, dtype):
    exact_inputs, exact_constants = sampled(case)
    inputs, constants = jax.tree.map(lambda x: x.astype(dtype), (exact_inputs, exact_constants))
    # the float64 truth at the very points that the low precision represents
    exact_inputs, exact_constants = jax.tree.map(lambda x: x.astype("float64"), (inputs, constants))
    y, J = case.rule(*inputs, *constants)
    exact_y, exact_J = case.rule(*exact_inputs, *exact_constants)
    y_bar = jax.random.normal(jax.random.key(1), y.shape, dtype)
    got = (y, cotangents_of(case, J, y_bar))
    expected = (exact_y, cotangents_of(case, exact_J, y_bar.astype("float64")))
    epsilon = float(jnp.finfo(dtype).eps)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert a.dtype == dtype
        scale = float(jnp.abs(b).max())
        np.testing.assert_allclose(a.astype("float64"), b, rtol=0, atol=30 * epsilon * max(scale, 1))


@pytest.mark.parametrize("case", [case for case in CASES if case.total], ids=case_id)
@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e4])
def test_law_5_at_zeros_and_extremes_the_cotangents_are_finite_and_the_reference_s_where_it_has_one(case, scale):
    inputs, constants = sampled(case)
    inputs = jax.tree.map(lambda x: scale * x, inputs)
    y, J = case.rule(*inputs, *constants)
    y_bar = jax.random.normal(jax.random.key(1), y.shape)
    got = cotangents_of(case, J, y_bar)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((y, got)))
    if case.kink and scale == 0:
        return  # any subgradient is right there: the rules' own tests ask for the Clarke interval
    expected_y, pullback = jax.vjp(reference_of(case, (3,), constants), *inputs)
    np.testing.assert_allclose(y, expected_y, **EXACT)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(pullback(y_bar)), strict=True):
        finite = jnp.isfinite(b)  # the reference need not be as careful
        np.testing.assert_allclose(a[finite], b[finite], **EXACT)

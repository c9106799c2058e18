"""The laws that every rule obeys, each held for every case of the catalogue.

The references are the rules' definitions written another way; `jax.vjp` and `jax.jacrev` of them are the oracles.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue import CASES, Case, batched, case_id

from functional_bp.rules.catalogue import CATALOGUE

BATCHES = ((), (3,), (2, 3), (0,), (1,))
EXACT = {"rtol": 1e-10, "atol": 1e-12}
# p (ȳ·v − ȳ·o) k cancels where one score takes all: what is left are roundings of ȳ v k, the square of the scale
CANCELS = ("attention, causal",)

pytestmark = pytest.mark.usefixtures("float64", "unoptimised")
every_case = pytest.mark.parametrize("case", CASES, ids=case_id)
slow = pytest.mark.slow
# today's rules compile longer: (3,) and (1,) are left to the other laws, which take a batch of 3 throughout
LECTURES = {entry.name for entry in CATALOGUE[: [entry.name for entry in CATALOGUE].index("softmax_nll") + 1]}
CASES_IN_BATCHES = [
    pytest.param(case, batch, id=f"{case_id(case)}-{batch}", marks=[] if batch == (2, 3) else slow)
    for case in CASES
    for batch in (BATCHES if case.entry.name in LECTURES else ((), (2, 3), (0,)))
]


def sampled(case: Case, batch=(3,), n=None, seed=0):
    return case.sample(seed, batch, case.entry.sizes[0] if n is None else n)


def reference_of(case: Case, batch, constants):
    """y as a function of the differentiated inputs alone."""
    shared = (*case.entry.shared, *(False for _ in constants))
    function = batched(case.reference, shared, batch)
    return lambda *inputs: function(*inputs, *constants)


def evaluated(case, inputs, constants, y_bar):
    """(y, one cotangent an input) by the rule, in one compiled program."""
    return jax.jit(lambda inputs, constants, y_bar: by_rule(case, inputs, constants, y_bar))(inputs, constants, y_bar)


def by_rule(case, inputs, constants, y_bar):
    y, J = case.rule(*inputs, *constants)
    return y, case.cotangents(J, y_bar)


def by_jax(case, batch, inputs, constants, y_bar):
    """The same by jax.vjp of the reference."""

    def value_and_pullback(inputs, constants, y_bar):
        y, pullback = jax.vjp(reference_of(case, batch, constants), *inputs)
        return y, pullback(y_bar)

    return jax.jit(value_and_pullback)(inputs, constants, y_bar)


def y_bar_of(case, inputs, constants, dtype=None):
    y = jax.eval_shape(lambda: case.rule(*inputs, *constants)[0])
    return jax.tree.map(lambda leaf: jax.random.normal(jax.random.key(1), leaf.shape, dtype), y)


def pushed(case: Case, J, tangents):
    """J @ ż, where an input that has no cotangent has no tangent."""
    if len(case.entry.shared) > 1:
        return J @ tangents
    return J @ ((*tangents, None) if type(J.shape.inputs) is tuple and None in J.shape.inputs else tangents[0])


def inner(a, b):
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def assert_trees_close(got, expected, **tolerance):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, **tolerance)


@pytest.mark.parametrize(("case", "batch"), CASES_IN_BATCHES)
def test_laws_1_to_3_the_output_and_one_cotangent_a_primal_are_those_of_the_reference(case, batch):
    for n in case.entry.sizes:
        inputs, constants = sampled(case, batch, n)
        y_bar = y_bar_of(case, inputs, constants)
        expected_y, expected = by_jax(case, batch, inputs, constants, y_bar)
        y, cotangents = evaluated(case, inputs, constants, y_bar)
        assert_trees_close(y, expected_y, **EXACT)
        assert_trees_close(cotangents, expected, **EXACT)


@pytest.mark.slow
@every_case
@pytest.mark.parametrize("batch", [(), (3,)], ids=str)
def test_law_3_the_dense_jacobian_is_jax_jacrev_of_each_example(case, batch):
    for n in case.entry.sizes:
        inputs, constants = sampled(case, batch, n)
        one = jax.jacrev(case.reference, argnums=tuple(range(len(inputs))))
        every = batched(one, (*case.entry.shared, *(False for _ in constants)), batch)
        expected = jax.jit(every)(*inputs, *constants)
        dense = jax.jit(lambda *all_inputs: case.rule(*all_inputs)[1].to_dense())(*inputs, *constants)
        for got, wanted in zip(jax.tree.leaves(dense), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(jnp.broadcast_to(got, wanted.shape), wanted, **EXACT)


@every_case
@pytest.mark.parametrize("batch", [pytest.param((), marks=slow), (2, 3)], ids=str)
def test_law_4_the_adjoint_identity(case, batch):
    inputs, constants = sampled(case, batch)
    tangents, _ = sampled(case, batch, seed=2)
    y_bar = y_bar_of(case, inputs, constants)

    @jax.jit
    def both_sides(inputs, tangents, y_bar):
        _, J = case.rule(*inputs, *constants)
        y_dot = pushed(case, J, tangents)
        return y_dot, inner(y_bar, y_dot), inner(case.cotangents(J, y_bar), tangents)

    y_dot, left, right = both_sides(inputs, tangents, y_bar)
    assert jax.tree.map(jnp.shape, y_dot) == jax.tree.map(jnp.shape, y_bar)
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)


@every_case
def test_law_5_finite_differences_along_random_directions(case):
    @jax.jit
    def both(inputs, direction, constants, h):
        def at(t):
            return case.rule(*jax.tree.map(lambda x, v: x + t * v, inputs, direction), *constants)[0]

        _, J = case.rule(*inputs, *constants)
        return pushed(case, J, direction), jax.tree.map(lambda a, b: (a - b) / (2 * h), at(h), at(-h))

    for seed in range(3):
        inputs, constants = sampled(case, seed=seed)
        direction, _ = sampled(case, seed=seed + 100)
        y_dot, central = both(inputs, direction, constants, 1e-5)
        assert_trees_close(y_dot, central, rtol=1e-7, atol=1e-8)


@every_case
def test_law_5_the_same_without_jit_and_under_vmap(case):
    inputs, constants = sampled(case)
    y_bar = y_bar_of(case, inputs, constants)
    y, cotangents = evaluated(case, inputs, constants, y_bar)
    assert_trees_close(by_rule(case, inputs, constants, y_bar), (y, cotangents), **EXACT)
    axes = tuple(None if is_shared else 0 for is_shared in case.entry.shared)
    each = jax.jit(jax.vmap(lambda *arguments: by_rule(case, *arguments), in_axes=(axes, 0, 0)))
    mapped_y, mapped = each(inputs, constants, y_bar)
    assert_trees_close(mapped_y, y, **EXACT)
    for is_shared, got, expected in zip(case.entry.shared, mapped, cotangents, strict=True):
        summed = jax.tree.map(lambda x: x.sum(0), got) if is_shared else got  # vmap keeps examples apart
        assert_trees_close(summed, expected, **EXACT)


def in_dtype(tree, dtype):
    return jax.tree.map(lambda x: x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.inexact) else x, tree)


@every_case
@pytest.mark.parametrize("dtype", [pytest.param("float32", marks=slow), "bfloat16"])
def test_law_5_in_lower_precision_nothing_changes_its_dtype(case, dtype):
    exact = sampled(case)
    inputs, constants = in_dtype(exact, dtype)
    # the float64 truth at the very points that the low precision represents
    exact_inputs, exact_constants = in_dtype((inputs, constants), "float64")
    y_bar = y_bar_of(case, inputs, constants, dtype)
    got = evaluated(case, inputs, constants, y_bar)
    expected = evaluated(case, exact_inputs, exact_constants, in_dtype(y_bar, "float64"))
    epsilon = float(jnp.finfo(dtype).eps)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert a.dtype == dtype
        scale = float(jnp.abs(b).max())
        np.testing.assert_allclose(a.astype("float64"), b, rtol=0, atol=30 * epsilon * max(scale, 1))


@pytest.mark.parametrize("case", [case for case in CASES if case.entry.is_total], ids=case_id)
@pytest.mark.parametrize("scale", [0.0, pytest.param(1e-300, marks=slow), 1e4])
def test_law_5_at_zeros_and_extremes_the_cotangents_are_finite_and_the_reference_s_where_it_has_one(case, scale):
    inputs, constants = sampled(case)
    inputs = jax.tree.map(lambda x: scale * x, inputs)
    y_bar = y_bar_of(case, inputs, constants)
    y, got = evaluated(case, inputs, constants, y_bar)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((y, got)))
    if case.entry.has_kink and scale == 0:
        return  # any subgradient is right there: the rules' own tests ask for the Clarke interval
    expected_y, expected = by_jax(case, (3,), inputs, constants, y_bar)
    assert_trees_close(y, expected_y, **EXACT)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        finite = jnp.isfinite(b)  # the reference need not be as careful
        terms = scale**2 if case.entry.name in CANCELS else 1.0
        atol = max(EXACT["atol"], 4 * float(np.finfo(float).eps) * terms)
        np.testing.assert_allclose(a[finite], b[finite], rtol=EXACT["rtol"], atol=atol)

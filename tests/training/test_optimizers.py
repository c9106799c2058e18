from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from functional_bp.errors import InputError
from functional_bp.training.optimizers import optimizer
from functional_bp.training.sums import sum_in_order

USABLE = ["adam", "sgd", "rmsprop", "adamw", "lion", "adagrad", "adadelta", "lamb", "nadam", "yogi", "amsgrad"]


@pytest.mark.parametrize("name", USABLE)
def test_it_is_optax_own(name):
    theta, gradient = jnp.array([[1.0, -2.0]]), jnp.array([[0.5, 0.25]])
    moved = []
    for made in (optimizer(name, 0.1), getattr(optax, name)(0.1)):
        with jax.numpy_dtype_promotion("standard"):
            update, _ = made.update(gradient, made.init(theta), theta)
        moved.append(update)
    np.testing.assert_array_equal(*moved)


@pytest.mark.parametrize(
    ("schedule", "rates"), [("constant", [1, 1, 1]), ("linear", [1, 0.5, 0]), ("cosine", [1, 0.5, 0])]
)
def test_schedules(schedule, rates):
    made = optimizer("sgd", 1.0, schedule, steps=2)
    state, seen = made.init(jnp.zeros(1)), []
    for _ in rates:
        with jax.numpy_dtype_promotion("standard"):
            update, state = made.update(jnp.ones(1), state)
        seen.append(-float(jnp.asarray(update)[0]))
    np.testing.assert_allclose(seen, rates, atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("adem", 0.1), "unknown optimizer 'adem': expected one of optax"),
        (("__doc__", 0.1), "unknown optimizer '__doc__'"),
        (("apply_updates", 0.1), "unknown optimizer"),
        (("lbfgs", 0.1), "needs more than the gradient"),
        (("adam", 0.1, "sudden"), "unknown schedule 'sudden': expected one of constant, linear, cosine"),
        (("adam", 0.0), "must be a positive number, got 0.0"),
        (("adam", float("nan")), "must be a positive number, got nan"),
        (("adam", float("inf")), "must be a positive number, got inf"),
    ],
)
def test_unusable_ones_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        optimizer(*arguments)
    assert message in str(error.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:optax")
def test_whatever_optax_has_is_usable_or_refused():
    found = set()
    for name in dir(optax):
        try:
            optimizer(name, 0.1)
        except InputError:
            continue
        found.add(name)
    assert set(USABLE) <= found


def stepped(theta: Any, gradients: Any, **options: Any) -> Any:
    """The parameters after gradient descent of rate 0.1 along these gradients, and the optimiser's state."""
    made: Any = optimizer("sgd", 0.1, **options)
    state = made.init(theta)
    for gradient in gradients:
        with jax.numpy_dtype_promotion("standard"):
            updates, state = made.update(gradient, state, theta)
        theta = optax.apply_updates(theta, updates)
    return theta, state


def test_clip_bounds_the_norm_of_the_whole_gradient():
    theta, gradient = {"W": jnp.zeros((1, 1)), "b": jnp.zeros(1)}, {"W": jnp.full((1, 1), 3.0), "b": jnp.full(1, 4.0)}
    clipped, _ = stepped(theta, [gradient], clip=0.5)
    np.testing.assert_allclose([clipped["W"].item(), clipped["b"].item()], [-0.03, -0.04], rtol=1e-6)
    within, _ = stepped(theta, [gradient], clip=6.0)
    np.testing.assert_allclose(within["W"], -0.3, rtol=1e-6)


def test_weight_decay_is_of_matrices_alone():
    theta = {"W": jnp.full((1, 1), 2.0), "b": jnp.full(1, 2.0)}
    zero = jax.tree.map(jnp.zeros_like, theta)
    decayed, _ = stepped(theta, [zero], weight_decay=0.5)
    np.testing.assert_allclose([decayed["W"].item(), decayed["b"].item()], [2 - 0.1 * 0.5 * 2, 2], rtol=1e-6)
    made: Any = optimizer("adamw", 0.1, weight_decay=0.5)
    with jax.numpy_dtype_promotion("standard"):
        updates, _ = made.update(zero, made.init(theta), theta)
    np.testing.assert_allclose([updates["W"].item(), updates["b"].item()], [-0.1 * 0.5 * 2, 0], rtol=1e-6)


def test_max_norm_bounds_the_weights_into_each_unit():
    theta = {"W": jnp.array([[3.0, 4.0], [0.3, 0.4]]), "b": jnp.array([9.0])}
    bounded, _ = stepped(theta, [jax.tree.map(jnp.zeros_like, theta)], max_norm=1.0)
    np.testing.assert_allclose(bounded["W"], [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    np.testing.assert_array_equal(bounded["b"], theta["b"])


def test_norms_are_those_of_the_last_gradient():
    theta, gradients = jnp.zeros((1, 2)), [jnp.array([[3.0, 4.0]]), jnp.array([[6.0, 8.0]])]
    _, state = stepped(theta, gradients, record_norms=True, clip=0.1)
    assert optax.tree.get(state, "norms") == 10


@pytest.mark.parametrize("n", [1, 2, 3, 7, 64, 1000])
def test_a_sum_in_order_is_the_sum(n):
    x = np.random.default_rng(0).normal(size=(3, n)).astype(np.float32)
    np.testing.assert_allclose(sum_in_order(jnp.asarray(x)), x.astype(float).sum(1), rtol=0, atol=1e-5 * n**0.5)


def test_norms_in_order_clip_as_those_of_optax():
    theta = {"W": jnp.arange(6.0).reshape(2, 3), "b": jnp.ones(2)}
    gradient = jax.tree.map(lambda leaf: leaf - 2.5, theta)
    moved = []
    for in_order in (False, True):
        made = optimizer("sgd", 0.1, clip=0.5, max_norm=1.0, in_order=in_order)
        with jax.numpy_dtype_promotion("standard"):
            update, _ = made.update(gradient, made.init(theta), theta)
        moved.append(update)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-6), *moved)

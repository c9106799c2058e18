import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from functional_bp.errors import InputError
from functional_bp.training.optimizers import optimizer

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

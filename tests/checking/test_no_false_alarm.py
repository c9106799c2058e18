"""What is right passes: rules and networks in every precision, at every scale, with every valid subgradient.

The whole walk: `pytest tests/checking/test_no_false_alarm.py --seeds 20 --whole`.
"""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from right_backwards import AWKWARD, NETWORKS

from functional_bp import rules
from functional_bp.checking import check_backward, check_rule
from functional_bp.checking.catalogue import CATALOGUE, Entry, inputs
from functional_bp.rules.catalogue import CATALOGUE as ALL

SCALES = (1.0, 1e-6, 1e4, 1e-4, 1e2, 1e-2, 10.0, 1e-5, 1e3, 1e-3, 0.1)
DTYPES = ("float32", "float64", "bfloat16", "float16")
RIGHT = [*(choice for entry in CATALOGUE for choice in entry.with_choices()), *NETWORKS, *AWKWARD]


def trials(seeds):
    """Seed and scale: the product of all; of a few seeds only the first scales, two for each."""
    return list(product(range(seeds), SCALES)) if seeds > 10 else [(k % seeds, SCALES[k]) for k in range(2 * seeds)]


def test_every_rule_is_in_the_catalogue():
    named = {entry.rule_name for entry in ALL if entry.is_checked}
    assert named | {entry.rule_name for entry in ALL} == {name for name in rules.__all__ if name.islower()}
    assert named == {getattr(entry.rule, "func", entry.rule).__name__ for entry in CATALOGUE}


def check(right, dtype, seed, scale):
    with jax.enable_x64(dtype == "float64"):
        if isinstance(right, Entry):
            return check_rule(right.rule, *inputs(right, seed, jnp.dtype(dtype), scale), seed=seed)
        return check_backward(right.forward, right.backward, *right.primals(seed, jnp.dtype(dtype), scale), seed=seed)


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_what_is_right_passes_in_every_dtype_at_every_scale(right, dtype, seeds):
    reports = {trial: check(right, dtype, *trial) for trial in trials(seeds)}
    assert not {trial: str(report) for trial, report in reports.items() if not report.ok}


@pytest.mark.parametrize(
    ("name", "dtype", "seed", "scale"),
    [
        ("softmax", "float32", 6, 1e-3),
        ("softmax", "float32", 19, 0.1),
        ("softmax", "float64", 5, 1e-3),
        ("softmax", "float64", 16, 1e-3),
        ("attention", "float64", 19, 10.0),
        ("cross-entropy of labels", "float64", 3, 10.0),
        ("cross-entropy of labels", "float64", 17, 10.0),
        ("unit rows", "float16", 0, 10.0),
    ],
)
def test_no_alarm_comes_back(name, dtype, seed, scale):
    """Met by the whole walk: a formula that cancels where `jax.vjp` does not, a dying loss, squares that underflow."""
    right = [right for right in RIGHT if right.name == name][-1]  # of a rule and a network of one name the network
    report = check(right, dtype, seed, scale)
    assert report.ok, report


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("right", [*NETWORKS, *AWKWARD], ids=lambda right: right.name)
def test_a_right_network_is_wrong_with_one_element_off_by_a_thousandth(right):
    """The sweep would be worth nothing if everything passed."""

    def backward(primals, y_bar):
        first, *others = right.backward(primals, y_bar)
        largest = jnp.argmax(jnp.abs(first))
        return first.ravel().at[largest].multiply(1.001).reshape(first.shape), *others

    assert not check_backward(right.forward, backward, *right.primals(0, "float32")).ok


@pytest.mark.slow
@pytest.mark.parametrize("right", NETWORKS, ids=lambda right: right.name)
def test_one_element_off_by_three_tenths_is_wrong_in_bfloat16(right):
    def backward(primals, y_bar):
        first, *others = right.backward(primals, y_bar)
        largest = jnp.argmax(jnp.abs(first))
        factor = jnp.asarray(1.3, first.dtype)
        return first.ravel().at[largest].multiply(factor).reshape(first.shape), *others

    for seed in (0, 1):
        assert not check_backward(right.forward, backward, *right.primals(seed, "bfloat16"), seed=seed).ok


def tanh_backward(primals, y_bar):
    return (1 - jnp.tanh(primals[0]) ** 2) * y_bar


@pytest.mark.parametrize("shape", [(0, 5), (4, 0), (1, 1), (1,), ()])
def test_empty_and_size_one_axes(shape):
    assert check_backward(jnp.tanh, tanh_backward, np.full(shape, 0.3, "float32")).ok


def test_integer_arguments_have_no_cotangent():
    def embed(table, ids):
        return table[ids]

    def backward(primals, y_bar):
        return jnp.zeros_like(primals[0]).at[primals[1]].add(y_bar), None

    table = np.arange(12, dtype="float32").reshape(4, 3)
    assert check_backward(embed, backward, table, np.array([0, 2, 2, 1])).ok


def test_a_where_that_traps_jax_is_no_fault_of_the_claim():
    """JAX gives NaN for where(x > 0, log x, 0) at x < 0 unless the argument is guarded; a claim of 0 is right."""

    def forward(x):
        return jnp.where(x > 0, jnp.log(x), jnp.zeros_like(x))

    def backward(primals, y_bar):
        positive = primals[0] > 0
        return jnp.where(positive, y_bar / jnp.where(positive, primals[0], jnp.ones_like(y_bar)), jnp.zeros_like(y_bar))

    assert check_backward(forward, backward, np.linspace(-1, 1, 7, dtype="float32")).ok


def test_targets_that_sum_to_one_stay_so():
    """p − d is the gradient of cross-entropy only where the target sums to one: the check must not leave that set."""

    def forward(z, d):
        return -jnp.sum(d * jax.nn.log_softmax(z))

    def backward(primals, y_bar):
        z, d = primals
        return (jax.nn.softmax(z) - d) * y_bar, -jax.nn.log_softmax(z) * y_bar

    z = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
    assert check_backward(forward, backward, z, np.eye(4, dtype="float32")[:3]).ok


@pytest.mark.slow
def test_a_narrow_bottleneck_of_two_relus_at_zero_passes_with_either_convention():
    """At x = 0 without biases all pre-activations are at the kink, and the chain rule multiplies the conventions."""
    rng = np.random.default_rng(0)
    W1, W2 = (rng.standard_normal(shape).astype("float32") for shape in ((5, 3), (2, 5)))
    b1, b2 = np.zeros(5, "float32"), np.zeros(2, "float32")

    def net(W1, b1, W2, b2, x):
        return jax.nn.relu(W2 @ jax.nn.relu(W1 @ x + b1) + b2)

    for at_kink in (0.0, 1.0):

        def backward(primals, y_bar, c=at_kink):
            W1, b1, W2, b2, x = primals
            z1 = W1 @ x + b1
            y1 = jax.nn.relu(z1)
            z2 = W2 @ y1 + b2

            def slope(z):
                return jnp.where(z > 0, jnp.ones_like(z), jnp.where(z < 0, jnp.zeros_like(z), jnp.full_like(z, c)))

            z2_bar = y_bar * slope(z2)
            z1_bar = (z2_bar @ W2) * slope(z1)
            return jnp.outer(z1_bar, x), z1_bar, jnp.outer(z2_bar, y1), z2_bar, z1_bar @ W1

        report = check_backward(net, backward, W1, b1, W2, b2, rng.standard_normal(3).astype("float32"))
        assert report.ok, report

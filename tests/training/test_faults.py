"""A loss that is not finite stops the run and says at which step, and in which layer it began."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.training.faults import first_fault
from functional_bp.training.loop import fit


def logarithm(z):
    return jnp.log(z), bp.Diagonal(1 / z)


def network(*middle):
    return bp.chain(bp.affine_layer(2, 3), *middle, bp.affine_layer(3, 2))


X, D = np.ones((4, 2), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]


def fault(net, params, x=X):
    return first_fault(net, bp.squared_error, params, jnp.asarray(x), jnp.asarray(D))


def test_the_first_place_is_named():
    net = network(bp.tanh)
    params = net.init(jax.random.key(0))
    broken = jax.tree.map(lambda leaf: leaf.at[0].set(jnp.nan), params)
    overflow = (*params[:2], params[2]._replace(W=params[2].W.at[0].set(3e38)))
    assert fault(net, params) == "the loss itself is finite"
    assert fault(net, params, X * np.nan) == "the input x"
    assert fault(net, (params[0], (), broken[2])).startswith("first in the parameters of layer 3, affine(3→2)")
    assert fault(net, overflow) == "the divergence, of a finite output and its target"


def test_the_output_of_a_rule_inside_a_nested_chain_is_named():
    net = network(bp.chain(bp.tanh, logarithm))
    params = net.init(jax.random.key(0))
    negative = params[0]._replace(b=params[0].b - 9)
    assert fault(net, (negative, *params[1:])) == "first in the output of layer 2.2, logarithm"


def test_the_run_stops_at_the_step_it_happens():
    """A parameter falls until, at a step found by hand, its logarithm is that of a negative number."""

    def apply(w, x, key=None):
        y = jnp.broadcast_to(w, x.shape)
        return y, bp.BlockRow((bp.Broadcast(x.shape[:-1], (1,)), bp.Diagonal(jnp.zeros_like(x))))

    net = bp.chain(bp.Layer(lambda key: jnp.ones(1), apply, "weight", 1), logarithm)

    def value(y, d):
        return y.sum(-1), bp.RowVector(jnp.full_like(y, 0.1))

    # θ ← θ − 0.1/θ · 1: 1, 0.9, 0.789, 0.662, 0.511, 0.315, −0.002
    theta, step = 1.0, 1
    while theta > 0:
        theta, step = theta - 0.1 / theta, step + 1
    data = (np.ones((5, 1), np.float32), np.ones((5, 1), np.float32))
    reports = []
    for every in (1, 4, 100):
        message = f"the loss is not finite at step {step}: first in the output of layer 2, logarithm"
        with pytest.raises(InputError, match=message):
            fit(net, value, data, optimizer=optax.sgd(1.0), steps=50, batch=5, report_every=every,
                on_report=lambda report, _: reports.append(report))  # fmt: skip
    assert all(np.isfinite(report["loss"]) for report in reports)
    assert len(reports) == step - 1 + (step - 1) // 4


def test_a_rate_that_is_too_large_is_reported():
    random = np.random.default_rng(0)
    x = random.normal(size=(20, 2)).astype(np.float32)
    with pytest.raises(InputError, match=r"the loss is not finite at step .*layer .*affine"):
        fit(network(bp.relu), bp.squared_error, (x, x), optimizer=optax.sgd(1e6), steps=200, batch=20)

"""The loop against gradient descent written out, and its reasons to stop."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.jacobians.shared import summing_in
from functional_bp.rules.dropout import dropout
from functional_bp.training.data.files import Part
from functional_bp.training.data.order import batches
from functional_bp.training.data.rows import Rows
from functional_bp.training.data.source import Streamed
from functional_bp.training.loop import Hook, fit
from functional_bp.training.measures import evaluation
from functional_bp.training.metrics import correct
from functional_bp.training.precision import value_and_grad_in
from functional_bp.training.step import order_key, start

NETWORK = bp.chain(bp.affine_layer(3, 4), bp.tanh, bp.affine_layer(4, 2))
SGD = optax.sgd(0.1)


def data(n=20, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3)).astype(np.float32)
    return x, np.eye(2, dtype=np.float32)[(x[:, 0] > 0).astype(int)]


def written_out(theta, x, d):
    """Loss and gradient of the network in NumPy, by the lectures' formulas in matrix form."""
    W1, b1, W2, b2 = theta
    y = np.tanh(x @ W1.T + b1)
    z = y @ W2.T + b2
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log((p * d).sum(1)).mean()
    z2_bar = (p - d) / len(x)
    z1_bar = (z2_bar @ W2) * (1 - y**2)
    return loss, (z1_bar.T @ x, z1_bar.sum(0), z2_bar.T @ y, z2_bar.sum(0))


@pytest.mark.parametrize("batch", [1, 6, 20])
def test_fit_is_gradient_descent(batch):
    x, d = data()
    state = start(NETWORK, SGD, seed=1)
    fitted = fit(NETWORK, bp.softmax_nll, (x, d), optimizer=SGD, steps=50, batch=batch, seed=1)
    theta = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(state.params)]
    for rows in np.asarray(batches(order_key(state.key), jnp.int32(0), 50, 20, batch)):
        loss, gradients = written_out(theta, x[rows].astype(float), d[rows])
        theta = [a - 0.1 * g for a, g in zip(theta, gradients, strict=True)]
    for ours, expected in zip(jax.tree.leaves(fitted.params), theta, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    assert fitted.reason == "steps"
    if batch == 20:
        assert fitted.reports[-1]["loss"] == pytest.approx(loss, rel=1e-5)


def test_schedule_reaches_the_step():
    """η_k = 0.1/2^k: the k-th difference of the parameters is −η_k times the gradient there."""
    schedule = optax.exponential_decay(0.1, 1, 0.5)
    gradients = jax.jit(bp.value_and_grad(NETWORK, bp.softmax_nll))
    x, d = data()
    states = [start(NETWORK, optax.sgd(schedule), 0)]
    fit(
        NETWORK,
        bp.softmax_nll,
        (x, d),
        optimizer=optax.sgd(schedule),
        steps=3,
        batch=20,
        report_every=1,
        on_report=lambda report, state: states.append(state),
    )
    for k, (before, after) in enumerate(pairwise(states)):
        _, g = gradients(before.params, x, d)
        moved = jax.tree.map(lambda a, b, g, k=k: np.abs(a - b - 0.1 / 2**k * g).max(), before.params, after.params, g)
        assert max(jax.tree.leaves(moved)) < 1e-6


def test_reports_do_not_change_the_run():
    fits = [
        fit(NETWORK, bp.softmax_nll, data(), optimizer=optax.adam(0.01), steps=17, batch=6, report_every=every)
        for every in (4, 100)
    ]
    assert [len(fitted.reports) for fitted in fits] == [5, 1]
    assert_equal_bits(fits[0].state, fits[1].state)


def test_going_on_is_as_never_having_stopped():
    run = partial(fit, NETWORK, bp.softmax_nll, data(), optimizer=optax.adam(0.01), batch=6, report_every=4)
    whole, half = run(steps=17), run(steps=8)
    resumed = run(steps=17, state=half.state)
    assert_equal_bits(whole.state, resumed.state)
    assert whole.reports == half.reports + resumed.reports


def test_reported_loss_is_the_mean_of_the_epoch():
    x, d = data()
    state = start(NETWORK, SGD, 0)
    reports, losses = [], []
    fit(NETWORK, bp.softmax_nll, (x, d), optimizer=SGD, steps=6, batch=6, report_every=1,
        on_report=lambda report, _: reports.append(report))  # fmt: skip
    gradients = jax.jit(bp.value_and_grad(NETWORK, bp.softmax_nll))
    for rows in np.asarray(batches(order_key(state.key), jnp.int32(0), 6, 20, 6)):
        loss, g = gradients(state.params, x[rows], d[rows])
        state = state._replace(params=jax.tree.map(lambda a, g: a - 0.1 * g, state.params, g))
        losses.append(float(loss))
    means = [np.mean(losses[epoch : step + 1]) for epoch in (0, 3) for step in range(epoch, epoch + 3)]
    np.testing.assert_allclose([report["loss"] for report in reports], means, rtol=1e-5)
    assert [report["epoch"] for report in reports] == [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2]


def test_stops_when_the_loss_has_converged():
    run = partial(fit, NETWORK, bp.softmax_nll, data(), optimizer=SGD, steps=3000, batch=20, report_every=1)
    fitted = run(tolerance=1e-4)
    losses = [report["loss"] for report in fitted.reports]
    near = [abs(a - b) <= 1e-4 for a, b in pairwise(losses)]
    assert fitted.reason == "converged"
    assert near == [False] * (len(near) - 1) + [True]
    at_once = run(tolerance=1e-4, report_every=3000)
    assert_equal_bits(fitted.state, at_once.state)


def test_validation_is_measured_on_the_parameters_of_the_report():
    x, d = data(30, seed=9)
    seen = []
    fitted = fit(
        NETWORK,
        bp.softmax_nll,
        data(),
        optimizer=SGD,
        steps=8,
        batch=5,
        measure=evaluation(NETWORK, bp.softmax_nll, (x, d), accuracy=correct),
        on_report=lambda report, state: seen.append(state.params),
    )
    assert len(fitted.reports) == len(seen) == 2
    for report, params in zip(fitted.reports, seen, strict=True):
        W1, b1, W2, b2 = theta = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(params)]
        loss, _ = written_out(theta, x.astype(float), d)
        z = np.tanh(x @ W1.T + b1) @ W2.T + b2
        assert report["validation_loss"] == pytest.approx(loss, rel=1e-5)
        assert report["validation_accuracy"] == pytest.approx((z.argmax(1) == d.argmax(1)).mean())


@pytest.mark.parametrize("n", [3, 4, 5, 11])
def test_evaluation_in_blocks_is_evaluation_at_once(n, monkeypatch):
    monkeypatch.setattr("functional_bp.training.measures.BLOCK", 4)
    state = start(NETWORK, SGD, 0)
    x, d = data(n)
    theta = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(state.params)]
    values = evaluation(NETWORK, bp.softmax_nll, (x, d), accuracy=correct)(state)
    assert values["validation_loss"] == pytest.approx(written_out(theta, x.astype(float), d)[0], rel=1e-5)


def test_hooks_come_at_their_steps_and_not_after_the_last():
    steps = {4: [], 5: []}
    hooks = [Hook(every, lambda state, every=every: steps[every].append(int(state.step))) for every in steps]
    run = partial(fit, NETWORK, bp.softmax_nll, data(), optimizer=SGD, steps=20, batch=6)
    hooked = run(hooks=hooks)
    assert steps == {4: [4, 8, 12, 16], 5: [5, 10, 15]}
    plain = run()
    assert hooked.reports == plain.reports
    assert_equal_bits(hooked.state, plain.state)


def test_a_report_can_end_the_run():
    fitted = fit(
        NETWORK,
        bp.softmax_nll,
        data(),
        optimizer=SGD,
        steps=20,
        batch=6,
        on_report=lambda report, state: "enough" if report["step"] >= 6 else None,
    )
    assert (fitted.reason, int(fitted.state.step)) == ("enough", 6)


def test_batches_are_prepared_inside_the_program():
    """Bytes and labels are what is stored; the run is the one on the finished numbers."""
    x = np.random.default_rng(0).integers(0, 256, (20, 3)).astype(np.uint8)
    labels = (x[:, 0] > 128).astype(np.int32)

    def prepare(x, labels):
        return x.astype(jnp.float32) / 256, jax.nn.one_hot(labels, 2, dtype=jnp.float32)

    run = partial(fit, NETWORK, bp.softmax_nll, optimizer=SGD, steps=9, batch=6)
    assert_equal_bits(
        run(data=(x, labels), prepare=prepare).state,
        run(data=((x / 256).astype(np.float32), np.eye(2, dtype=np.float32)[labels])).state,
    )


def test_a_stream_of_rows_is_as_rows_on_the_device():
    x, d = data()
    labels = d.argmax(1).astype(np.int32)

    def prepare(x, labels):
        return x, jax.nn.one_hot(labels, 2, dtype=jnp.float32)

    run = partial(fit, NETWORK, bp.softmax_nll, optimizer=optax.adam(0.01), batch=6, prepare=prepare, report_every=5)
    resident = run(data=(x, labels), steps=17)
    part = Part(Rows([x[:13], x[13:]]), labels)
    streamed = Streamed(part, chunk_bytes=4 * 6 * 3 * 4)
    assert streamed.steps(6, 5) == 4
    whole = run(data=streamed, steps=17)
    assert_equal_bits(whole.state, resident.state)
    assert whole.reports == resident.reports
    half = run(data=streamed, steps=7)
    assert_equal_bits(run(data=streamed, steps=17, state=half.state).state, whole.state)


def test_products_in_bfloat16_with_parameters_in_float32():
    run = partial(fit, NETWORK, bp.softmax_nll, data(), optimizer=SGD, steps=200, batch=20)
    exact, rounded = run(), run(gradients_of=value_and_grad_in(jnp.bfloat16))
    assert {leaf.dtype for leaf in jax.tree.leaves(rounded.params)} == {np.dtype("float32")}
    difference = abs(exact.reports[-1]["loss"] - rounded.reports[-1]["loss"])
    assert 0 < difference < 0.02
    text = jax.jit(value_and_grad_in(jnp.bfloat16)(NETWORK, bp.softmax_nll)).lower(exact.params, *data()).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line and "contracting_dims = [] x" not in line]
    assert products
    assert all("bf16" in line for line in products)


def test_gradients_of_bfloat16_products_are_summed_in_float32():
    """They are the sums of those products, to the rounding of float32; bfloat16 has 8 bits."""
    layer, random = bp.affine_layer(3, 2), np.random.default_rng(0)
    x, z_bar = (jnp.asarray(random.normal(size=(500, n)), jnp.bfloat16) for n in (3, 2))
    params = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), layer.init(jax.random.key(0)))
    _, J = layer.apply(params, x)
    ours, x_bar = z_bar @ summing_in(jnp.float32, J)
    assert (ours.W.dtype, ours.b.dtype, x_bar.dtype) == (jnp.float32, jnp.float32, jnp.bfloat16)
    exact_x, exact_z_bar = (np.asarray(a, np.float64) for a in (x, z_bar))
    np.testing.assert_allclose(ours.W, exact_z_bar.T @ exact_x, rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours.b, exact_z_bar.sum(0), rtol=0, atol=1e-4)
    network = bp.chain(layer, bp.tanh, bp.residual(bp.affine_layer(2, 2)))
    in_bfloat16 = jax.jit(value_and_grad_in(jnp.bfloat16)(network, bp.softmax_nll))
    _, gradients = in_bfloat16(network.init(jax.random.key(0)), *data())
    for leaf in jax.tree.leaves(gradients):
        assert (leaf != leaf.astype(jnp.bfloat16).astype(jnp.float32)).any()


def test_noise_is_new_in_every_step():
    """Instance by instance, the bias of a unit that dropout leaves out has no gradient in that step."""
    network = bp.chain(bp.affine_layer(3, 64), dropout, bp.affine_layer(64, 2))
    biases = [np.zeros(64, np.float32)]
    fit(
        network,
        bp.softmax_nll,
        data(),
        optimizer=SGD,
        steps=3,
        batch=1,
        report_every=1,
        on_report=lambda report, state: biases.append(np.asarray(state.params[0].b)),
    )
    left_out = [tuple(before == after) for before, after in pairwise(biases)]
    assert len(set(left_out)) == 3
    assert all(10 < sum(mask) < 54 for mask in left_out)


def test_learns_in_float64(float64):
    x, d = (a.astype(np.float64) for a in data())
    fitted = fit(NETWORK, bp.softmax_nll, (x, d), optimizer=optax.adam(0.01), steps=10, batch=5)
    assert {leaf.dtype for leaf in jax.tree.leaves(fitted.params)} == {np.dtype("float64")}


@pytest.mark.parametrize("batch", [0, 21, -3])
def test_a_batch_must_fit_the_data(batch):
    with pytest.raises(InputError, match=f"a batch must have from 1 to 20 rows, as many as the data, got {batch}"):
        fit(NETWORK, bp.softmax_nll, data(), optimizer=SGD, steps=1, batch=batch)


def assert_equal_bits(a, b):
    keys = [state._replace(key=jax.random.key_data(state.key)) for state in (a, b)]
    for left, right in zip(*map(jax.tree.leaves, keys), strict=True):
        np.testing.assert_array_equal(left, right)

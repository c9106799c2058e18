"""Run by test_sharding.py in a process of its own, with eight virtual devices."""

from functools import cache, partial

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from catalogue import CASES
from jax.sharding import PartitionSpec as P

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.training.data.labelled import Data
from functional_bp.training.devices.sharding import DATA, LAYOUTS, Layout, by_rows_and_columns, device_mesh, layout
from functional_bp.training.loop import fit
from functional_bp.training.optimizers import optimizer
from functional_bp.training.precision import value_and_grad_in
from functional_bp.training.step import start

NETWORK = bp.chain(bp.affine_layer(16, 32), bp.relu, bp.affine_layer(32, 24), bp.tanh, bp.affine_layer(24, 10))
NOISY = bp.chain(
    bp.affine_layer(16, 32), partial(bp.randomised_leaky_relu, lower=0.1, upper=0.9), bp.affine_layer(32, 10)
)
ADAM, SGD = optax.adam(0.01), optax.sgd(0.1)

pytestmark = pytest.mark.usefixtures("float64")


def layouts():
    named = {name: partial(layout, name, 8) for name in LAYOUTS}
    return named | {"data and tensor": lambda: Layout(device_mesh(2, 4), by_rows_and_columns)}


def batch(rows=64):
    random = np.random.default_rng(0)
    return random.normal(size=(rows, 16)), np.eye(10)[random.integers(0, 10, rows)]


def loss_and_gradients(gradients, key=None, network=NETWORK, place=lambda params: params):
    params = place(network.init(jax.random.key(0)))
    return jax.jit(gradients(network, bp.softmax_nll))(params, *batch(), key)


@cache
def expected():
    return loss_and_gradients(bp.value_and_grad)


@cache
def adam_start():
    return start(NETWORK, ADAM, seed=0)


def run(layout=None, state=None, steps=8):
    settings = {"optimizer": SGD, "batch": 16, "report_every": 3}
    return fit(NETWORK, bp.softmax_nll, batch(), layout=layout, state=state, steps=steps, **settings)


@cache
def one_device():
    return run()


def assert_same(ours, expected, tolerance=1e-12):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        assert a.dtype == b.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


def test_there_are_eight_devices():
    assert len(jax.devices()) == 8


@pytest.mark.parametrize("name", layouts())
def test_gradients_are_those_of_one_device(name):
    on_mesh = layouts()[name]()
    place = lambda params: jax.device_put(params, on_mesh.shardings(params))  # noqa: E731
    loss, gradients = loss_and_gradients(on_mesh.value_and_grad, place=place)
    assert_same((loss, gradients), expected())
    lies = jax.tree.map(lambda gradient: gradient.sharding, gradients)
    assert jax.tree.leaves(lies) == jax.tree.leaves(on_mesh.shardings(gradients))


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("data", [(32, 16), (32,), (24, 32), (24,), (10, 24), (10,)]),
        ("tensor", [(4, 16), (4,), (24, 4), (24,), (10, 24), (10,)]),
        ("full", [(4, 16), (4,), (24, 4), (3,), (10, 3), (10,)]),
    ],
)
def test_a_device_holds_its_part_of_parameters_and_moments(name, shapes):
    on_mesh = layout(name, 8)
    state = on_mesh.start(NETWORK, ADAM, seed=0)
    placed = on_mesh.place_state(adam_start(), ADAM)
    for tree in (state.params, state.optimizer[0].mu, state.optimizer[0].nu):
        assert [leaf.addressable_data(7).shape for leaf in jax.tree.leaves(tree)] == shapes
    for a, b in zip(jax.tree.leaves(state), jax.tree.leaves(placed), strict=True):
        assert a.sharding == b.sharding
    assert_same(on_mesh.gather(state.params), adam_start().params)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_run_is_that_of_one_device(name):
    """Adam's first steps are about the gradient's sign, and so would show rounding: SGD."""
    one, many, half = one_device(), run(layout=layout(name, 8)), run(layout=layout(name, 8), steps=6)
    resumed = run(layout=layout(name, 8), state=layout(name, 8).gather(half.state))
    for ours in (many, resumed):
        assert_same(ours.params, one.params)
    assert [report["step"] for report in many.reports] == [3, 6, 8]
    for ours, expected in zip(many.reports, one.reports, strict=True):
        assert ours == pytest.approx(expected, rel=1e-6)
    lies = [leaf.sharding for leaf in jax.tree.leaves(many.params)]
    assert lies == jax.tree.leaves(layout(name, 8).shardings(one.params))


def cotangents_of_every_rule(samples, over_devices=lambda shared_bar: shared_bar):
    """For each case of the catalogue the cotangents of its inputs, of those that all rows share summed over devices."""
    found = []
    for case, (inputs, constants) in zip(CASES, samples, strict=True):
        y, J = case.rule(*inputs, *constants)
        parts = case.cotangents(J, jax.tree.map(jnp.sin, y))
        found.append([over_devices(p) if shared else p for p, shared in zip(parts, case.entry.shared, strict=True)])
    return found


def test_every_rule_runs_on_each_device_for_its_own_rows():
    samples = [case.sample(0, (16,), case.entry.sizes[0]) for case in CASES]
    inputs = [[P() if shared else P(DATA) for shared in case.entry.shared] for case in CASES]
    constants = [[P(DATA) for _ in sample[1]] for sample in samples]
    on_each = jax.shard_map(
        partial(cotangents_of_every_rule, over_devices=partial(jax.lax.psum, axis_name=DATA)),
        mesh=device_mesh(8),
        in_specs=([(tuple(i), tuple(c)) for i, c in zip(inputs, constants, strict=True)],),
        out_specs=inputs,
    )
    for case, ours, expected in zip(
        CASES, jax.jit(on_each)(samples), jax.jit(cotangents_of_every_rule)(samples), strict=True
    ):
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13, err_msg=case.name)


@pytest.mark.parametrize("name", ["adam", "adafactor", "novograd", "lion"])
def test_every_part_of_an_optimizer_has_its_place(name):
    """Adafactor's moments have other shapes than their parameters, novograd's and the norms are numbers."""
    update = optimizer(name, 0.1, "cosine", 10, clip=1.0, record_norms=True, max_norm=2.0)
    on_mesh = layout("full", 8)
    state = jax.eval_shape(lambda: start(NETWORK, update, seed=0))
    places = on_mesh.of_state(state, update)
    for leaf, place in zip(jax.tree.leaves(state), jax.tree.leaves(places), strict=True):
        place.shard_shape(leaf.shape)  # raises where they do not fit
    everywhere = on_mesh.sharding()
    moments = [place for place in jax.tree.leaves(places.optimizer) if place != everywhere]
    assert len(moments) >= 5 * (name != "novograd")


def test_rows_are_read_onto_the_devices_that_take_them():
    x, labels = np.arange(60.0).reshape(20, 3), np.arange(20)
    rows = np.random.default_rng(0).integers(0, 20, (2, 16))
    chunk = layout("data", 8).reader(Data(x, labels))(rows)
    for ours, expected in zip(chunk, (x[rows], labels[rows]), strict=True):
        np.testing.assert_array_equal(ours, expected)
        np.testing.assert_array_equal(ours.addressable_data(3), expected[:, 6:8])


@pytest.mark.parametrize("name", LAYOUTS)
def test_gradients_in_another_precision(name):
    """Where the rows are divided, only sums in the parameters' dtype are; `tensor` also divides sums in bfloat16."""
    on_mesh, in_bfloat16 = layout(name, 8), value_and_grad_in(jnp.bfloat16)
    place = lambda params: jax.device_put(params, on_mesh.shardings(params))  # noqa: E731
    one = loss_and_gradients(in_bfloat16)
    many = loss_and_gradients(partial(on_mesh.value_and_grad, gradients_of=in_bfloat16), place=place)
    assert_same(many, one, 2**-7 if name == "tensor" else 1e-12)
    with pytest.raises(AssertionError):
        assert_same(many, expected(), 1e-4)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_same_program_lowers_for_gpus_and_tpus(name):
    on_mesh = layout(name, 8)
    params = jax.device_put(NETWORK.init(jax.random.key(0)), on_mesh.shardings(expected()[1]))
    program = jax.jit(on_mesh.value_and_grad(NETWORK, bp.softmax_nll))
    exported = jax.export.export(program, platforms=["cuda", "tpu"])(params, *batch())
    assert exported.nr_devices == 8
    assert exported.platforms == ("cuda", "tpu")


def test_noise_from_a_key_is_that_of_one_device():
    key = jax.random.key(5)
    one = loss_and_gradients(bp.value_and_grad, key, NOISY)
    assert_same(loss_and_gradients(layout("data", 8).value_and_grad, key, NOISY), one)
    other, _ = loss_and_gradients(layout("explicit", 8).value_and_grad, key, NOISY)
    assert other != one[0]  # each device draws its own


def test_a_forgotten_sum_over_devices_is_refused(monkeypatch):
    monkeypatch.setattr(jax.lax, "pmean", lambda tree, axis: tree)
    with pytest.raises(ValueError, match="out_specs"):
        loss_and_gradients(layout("explicit", 8).value_and_grad)


def test_a_forgotten_sum_that_goes_unnoticed_gives_other_gradients(monkeypatch):
    monkeypatch.setattr(jax.lax, "pmean", lambda tree, axis: tree)
    monkeypatch.setattr(jax, "shard_map", partial(jax.shard_map, check_vma=False))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_same(loss_and_gradients(layout("explicit", 8).value_and_grad), expected())


@pytest.mark.parametrize("name", ["data", "explicit"])
def test_a_batch_that_the_devices_do_not_divide(name):
    gradients = layout(name, 8).value_and_grad(NETWORK, bp.softmax_nll)
    with pytest.raises(InputError, match="a batch of 12 rows cannot be divided among 8 devices"):
        gradients(NETWORK.init(jax.random.key(0)), *batch(12))


def test_more_devices_than_there_are():
    with pytest.raises(InputError, match="9 devices were asked for, there are 8: cpu"):
        device_mesh(9)


def test_every_process_has_a_device(monkeypatch):
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(InputError, match="4 devices of 8 were asked for: not each of 2 processes has one"):
        device_mesh(4)


def test_an_unknown_layout():
    with pytest.raises(InputError, match="unknown layout 'rows': expected one of data, explicit, tensor, full"):
        layout("rows", 8)

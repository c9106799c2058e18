"""A checkpoint is the state itself, and nothing else is taken for it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.training.archive import save_tree
from functional_bp.training.checkpoints import Checkpoints, plain
from functional_bp.training.step import start

NETWORK = bp.chain(bp.affine_layer(3, 4), bp.tanh, bp.affine_layer(4, 2))
ADAM = optax.adam(1e-3)
CONFIG = {"rate": 1e-3, "hidden": [4]}
REPORTS = [{"step": 3, "loss": 0.1 + 0.2}]


def state(step=7):
    return start(NETWORK, ADAM, seed=step)._replace(step=jnp.int32(step))


def no_warning(message):
    raise AssertionError(message)


def test_it_comes_back_bit_by_bit(tmp_path):
    saved = state()._replace(loss_sum=jnp.float32(np.nan))
    Checkpoints(tmp_path / "c", CONFIG, keep=1).save(saved, REPORTS)
    found = Checkpoints(tmp_path / "c", CONFIG, keep=1).newest(state(0), no_warning)
    assert found is not None
    assert found.reports == REPORTS
    assert jax.tree.structure(found.state) == jax.tree.structure(saved)
    for a, b in zip(*(jax.tree.leaves(plain(s)) for s in (found.state, saved)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert jax.random.uniform(found.state.key) == jax.random.uniform(saved.key)


def test_the_newest_of_those_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path / "c", CONFIG, keep=2)
    assert checkpoints.newest(state(), no_warning) is None
    for step in (9, 80, 700, 1000):
        checkpoints.save(state(step), [])
    assert [path.name for path in checkpoints.files()] == ["step-000001000.npz", "step-000000700.npz"]
    found = checkpoints.newest(state(), no_warning)
    assert found is not None
    assert found.state.step == 1000


def test_a_damaged_one_is_passed_over_and_said(tmp_path):
    checkpoints = Checkpoints(tmp_path / "c", CONFIG, keep=3)
    for step in (10, 20, 30):
        checkpoints.save(state(step), [])
    newest, middle, oldest = checkpoints.files()
    newest.write_bytes(newest.read_bytes()[:-1])
    middle.write_bytes(b"")
    (checkpoints.folder / ".step-000000040.npz.123.partial").write_bytes(b"half")
    said = []
    found = checkpoints.newest(state(), said.append)
    assert found is not None
    assert found.state.step == 10
    assert [message.split(" is damaged")[0] for message in said] == [str(newest), str(middle)]
    oldest.write_bytes(b"PK")
    with pytest.raises(InputError, match="every checkpoint is damaged"):
        checkpoints.newest(state(), said.append)


def test_one_of_another_run_network_or_version_is_refused_with_what_differs(tmp_path):
    checkpoints = Checkpoints(tmp_path / "c", CONFIG, keep=3)
    checkpoints.save(state(), [])
    (path,) = checkpoints.files()

    def refusal(config=CONFIG, like=None):
        with pytest.raises(InputError) as error:
            Checkpoints(tmp_path / "c", config, keep=3).newest(like or state(), no_warning)
        return str(error.value).removeprefix(str(path))

    assert refusal(CONFIG | {"rate": 0.1}) == " is of another run: its rate is 0.001, that of the folder is 0.1"
    assert refusal({"rate": 1e-3}) == " is of another run: its hidden is [4], that of the folder is None"
    other = start(bp.chain(bp.affine_layer(3, 5), bp.tanh, bp.affine_layer(5, 2)), ADAM, 0)
    assert "expected state.params.0.W to be float32[5, 3], got float32[4, 3]" in refusal(like=other)
    assert "state.optimizer.0.count is not expected" in refusal(like=start(NETWORK, optax.sgd(1.0), 0))
    about = np.frombuffer(b'{"format": 2}', np.uint8)
    save_tree(path, {"about": about, "state": plain(state())})
    assert refusal() == ": expected a checkpoint of format 1, got 2"
    save_tree(path, {"state": plain(state())})
    assert refusal() == " is no checkpoint"

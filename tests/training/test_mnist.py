"""MNIST and Fashion-MNIST themselves, for two epochs: learnt, and from mapped files as from the device, bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from data_files import REAL

import functional_bp as bp
from functional_bp.training.data.files import open_dataset
from functional_bp.training.data.source import Streamed
from functional_bp.training.loop import fit

NETWORK = bp.chain(bp.affine_layer(784, 64, "he"), bp.relu, bp.affine_layer(64, 10, "he"))


def prepare(x, labels):
    return x.astype(jnp.float32) / 255, jax.nn.one_hot(labels, 10)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real data: set FUNCTIONAL_BP_DATA")
@pytest.mark.parametrize(("name", "least"), [("mnist", 0.94), ("fashion_mnist", 0.84)])
def test_two_epochs(tmp_path, monkeypatch, name, least):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = open_dataset(REAL / name)
    x, labels = (np.asarray(part) for part in data.train)
    options = {"optimizer": optax.adam(1e-3), "steps": 1200, "batch": 100, "prepare": prepare}
    resident, streamed = (
        fit(NETWORK, bp.softmax_nll, source, **options)
        for source in ((x, labels), Streamed(data.train, chunk_bytes=1 << 20))
    )
    for ours, theirs in zip(jax.tree.leaves(resident.params), jax.tree.leaves(streamed.params), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert resident.reports == streamed.reports
    z, _ = NETWORK.apply(streamed.params, prepare(jnp.asarray(np.asarray(data.test.x)), data.test.labels)[0])
    assert (np.asarray(z).argmax(1) == data.test.labels).mean() > least

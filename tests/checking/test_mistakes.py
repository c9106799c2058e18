"""Mistakes in backward passes written as tables: none passes, and the cause that is named is true."""

import jax
import numpy as np
import pytest
from mistakes.network import networks
from numbered import check_number, chosen_by_number
from still_missed import MISTAKES_UNNAMED

pytestmark = pytest.mark.slow

NETWORKS = networks()
each = pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)


@pytest.fixture(autouse=True)
def ordinary_promotion():
    """The networks are written as people write them, with `x @ W + b`."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def cotangents(network, mistake):
    shape = jax.eval_shape(network.forward, *network.primals).shape
    y_bar = np.random.default_rng(3).standard_normal(shape).astype("float32")
    return jax.tree.leaves(network.backward(mistake)(network.primals, y_bar)), y_bar


def test_there_are_many_networks_and_mistakes():
    assert len(NETWORKS) >= 26
    assert sum(len(network.mistakes) for network in NETWORKS) >= 450
    assert len({network.name for network in NETWORKS}) == len(NETWORKS)
    for network in NETWORKS:
        assert len({mistake.name for mistake in network.mistakes}) == len(network.mistakes)


@each
def test_the_backward_without_a_mistake_is_right(network):
    claimed, y_bar = cotangents(network, None)
    bars = jax.tree.leaves(jax.vjp(network.forward, *network.primals)[1](y_bar))
    true = [bar for bar in bars if bar.dtype != jax.dtypes.float0]
    for ours, its in zip(claimed, true, strict=True):
        np.testing.assert_allclose(ours, its, 1e-4, 1e-5)


def judged(network, step=1):
    """For each mistake: the report, whether the arguments are the wrong ones, and whether each has a true cause."""
    right, _ = cotangents(network, None)
    chosen = network.mistakes[::step]
    forward, backward = chosen_by_number(network.forward, [network.backward(mistake) for mistake in chosen])
    for number, mistake in enumerate(chosen):
        claimed, _ = cotangents(network, mistake)
        due = [i for i, (a, b) in enumerate(zip(right, claimed, strict=True)) if not np.allclose(a, b, 1e-3, 1e-4)]
        assert due, f"{mistake.name} changes nothing"
        report = check_number(forward, backward, network.primals, number)
        found = [i for i, verdict in enumerate(report.verdicts) if not verdict.ok]
        kinds = set(mistake.kinds.split("|"))
        named = all(kinds & {cause.kind for cause in report.verdicts[i].causes[:2]} for i in due)
        yield mistake, report, found == due, named


@pytest.mark.slow
@each
def test_none_passes_and_the_cause_named_is_true(network, step):
    passed, elsewhere, unnamed = [], [], {}
    for mistake, report, arguments_right, named in judged(network, step):
        if report.ok:
            passed.append(mistake.name)
        elif not arguments_right:
            elsewhere.append(mistake.name)
        elif not named:
            unnamed[mistake.name] = {name: [c.kind for c in causes] for name, causes in report.diagnoses.items()}
    known = MISTAKES_UNNAMED.get(network.name, set())
    assert not passed
    assert set(elsewhere) <= known, elsewhere
    assert unnamed.keys() <= known, unnamed

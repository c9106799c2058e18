"""Mistakes in backward passes written as tables: none passes, and the cause that is named is true."""

import importlib
from pathlib import Path

import jax
import numpy as np
import pytest
from numbered import chosen_by_number

from functional_bp.checking import check_backward

STEMS = sorted(path.stem for path in (Path(__file__).parents[1] / "mistakes").glob("*.py") if path.stem != "network")
NETWORKS = [importlib.import_module(f"mistakes.{stem}").NETWORK for stem in STEMS]


@pytest.fixture(autouse=True)
def ordinary_promotion():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def cotangents(network, mistake):
    shape = jax.eval_shape(network.forward, *network.primals).shape
    y_bar = np.random.default_rng(3).standard_normal(shape).astype("float32")
    return jax.tree.leaves(network.backward(mistake)(network.primals, y_bar)), y_bar


def test_there_are_many_networks_and_mistakes():
    assert len(NETWORKS) >= 14
    assert sum(len(network.mistakes) for network in NETWORKS) >= 300
    for network in NETWORKS:
        names = [mistake.name for mistake in network.mistakes]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_backward_without_a_mistake_is_right(network):
    claimed, y_bar = cotangents(network, None)
    bars = jax.vjp(network.forward, *network.primals)[1](y_bar)
    true = [bar for bar in bars if bar.dtype != jax.dtypes.float0]
    for ours, its in zip(claimed, true, strict=True):
        np.testing.assert_allclose(ours, its, 1e-4, 1e-5)


def judged(network):
    """For each mistake: the report, which arguments are wrong, and whether a true kind is named for each of them."""
    right, _ = cotangents(network, None)
    forward, backward = chosen_by_number(network.forward, [network.backward(each) for each in network.mistakes])
    for number, mistake in enumerate(network.mistakes):
        claimed, _ = cotangents(network, mistake)
        due = [i for i, (a, b) in enumerate(zip(right, claimed, strict=True)) if not np.allclose(a, b, 1e-3, 1e-4)]
        assert due, f"{mistake.name} changes nothing"
        report = check_backward(forward, backward, *network.primals, np.int32(number))
        found = [i for i, verdict in enumerate(report.verdicts) if not verdict.ok]
        kinds = set(mistake.kinds.split("|"))
        named = all(kinds & {cause.kind for cause in report.verdicts[i].causes[:2]} for i in due)
        yield mistake, report, found == due, named


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_none_passes_and_the_cause_named_is_true(network):
    passed, elsewhere, unnamed = [], [], []
    for mistake, report, arguments_right, named in judged(network):
        if report.ok:
            passed.append(mistake.name)
        elif not arguments_right:
            elsewhere.append(mistake.name)
        elif not named:
            unnamed.append(
                (mistake.name, {name: [c.kind for c in causes] for name, causes in report.diagnoses.items()})
            )
    assert not passed
    assert not elsewhere
    assert len(unnamed) <= UNNAMED.get(network.name, 0), unnamed


# How many mistakes of a network have no true cause for each argument they make wrong
UNNAMED: dict[str, int] = {}

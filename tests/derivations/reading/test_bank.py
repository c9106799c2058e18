"""Ordinary layers, right and wrong: right ones are proven for every size; of wrong ones none is, and most are refuted.

Every eighth layer is tried here; with --whole all of them are, and three mistakes of each.
"""

import jax
import layers
import mutations
import numpy as np
import pytest

from derivations.reading import prove_backward
from derivations.reading.cases import declared, names_in, put_in
from derivations.reading.question import ask
from derivations.reading.trial import program, tried

# What is not proven, and why.
OUTSIDE = {
    "linear_attention": "out of time",
    "focal": "needs the law that a row of indicators has a single 1",
    "cumulative_sum": "a reversal of an axis of symbolic size",
    "reversed_square": "a reversal of an axis of symbolic size",
}
PAIRS = list(layers.pairs())


@pytest.fixture(autouse=True)
def as_people_write():
    """The layers lean on broadcasting, as people's code does."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture
def chosen(request):
    return PAIRS if request.config.getoption("--whole") else PAIRS[::8]


def proofs_of(pair, backward):
    names = list(pair.arrays)
    return prove_backward(pair.forward, backward, *pair.example(), names=names, sizes=pair.sizes, limit=10)


@pytest.mark.slow
def test_right_layers_are_proven_for_every_size(chosen):
    found = {pair.name: proofs_of(pair, pair.backward) for pair in chosen}
    assert not [str(p) for p in found.values() if p.refuted]
    assert {name for name, p in found.items() if not p.proven} <= OUTSIDE.keys()


def is_wrong(pair, backward) -> bool:
    """By JAX's own derivative, at sizes and values that the prover does not use."""
    question = ask(pair.forward, backward, tuple(pair.example()), list(pair.arrays))
    shapes = declared(question, pair.sizes)
    at = put_in(shapes, {n: 4 + k % 2 for k, n in enumerate(names_in(shapes))})
    try:
        trial = tried(question, program(question), {}, at, 77)
    except Exception:
        return False
    return trial.usable and any(trial.refutation(question, k) for k in range(len(question.due)))


@pytest.mark.slow
def test_wrong_layers_are_never_proven(chosen, request):
    each = 3 if request.config.getoption("--whole") else 1
    random, refuted = np.random.default_rng(0), []
    for pair in chosen:
        mutants = list(mutations.mutants(pair.backward))
        random.shuffle(mutants)
        wrong = (m for m in mutants if is_wrong(pair, m[1]))
        for what, backward in (m for _, m in zip(range(each), wrong, strict=False)):
            proofs = proofs_of(pair, backward)
            assert not proofs.proven, f"{pair.name}: {what}"
            refuted.append(proofs.refuted)
    assert np.mean(refuted) >= 0.85

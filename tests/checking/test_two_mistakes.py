"""Two mistakes in one backward: every wrong argument has its cause, and where both are felt both are named."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numbered import check_number, chosen_by_number

UPPER = ("W3 not transposed", "doubled", "no derivative of sigmoid", "one factor of it")  # all but W3 feel these
LOWER = ("W2 not transposed", "no derivative of tanh", "derivative of tanh at z", "sign")  # W1, b1 and x
BESIDE = ("W̄2 at x", "b̄2 averaged", "b̄1 averaged", "W1 not transposed")  # one argument
SAME_PLACE = {UPPER[2:], LOWER[1:3]}
CONSTANT = {"doubled", "sign"}
PAIRS = [pair for pair in combinations(UPPER + LOWER + BESIDE, 2) if pair not in SAME_PLACE]
TRIPLE_STEP = 5
PRIMALS = tuple(
    np.random.default_rng(0).standard_normal(shape).astype("float32") for shape in ((4, 4), (4,)) * 2 + ((4, 4), (5, 4))
)
BELOW = ("W1", "b1", "x")


def forward(W1, b1, W2, b2, W3, x):
    h1 = jnp.tanh(x @ W1 + b1)
    h2 = jax.nn.sigmoid(h1 @ W2 + b2)
    return h2 @ W3


def backward(primals, y_bar, made):
    W1, b1, W2, b2, W3, x = primals
    z1 = x @ W1 + b1
    h1 = jnp.tanh(z1)
    h2 = jax.nn.sigmoid(h1 @ W2 + b2)
    h2_bar = y_bar @ (W3 if "W3 not transposed" in made else W3.T) * (2 if "doubled" in made else 1)
    slope2 = 1.0 if "no derivative of sigmoid" in made else h2 if "one factor of it" in made else h2 * (1 - h2)
    z2_bar = h2_bar * slope2
    h1_bar = z2_bar @ (W2 if "W2 not transposed" in made else W2.T)
    slope1 = 1 - (z1 if "derivative of tanh at z" in made else h1) ** 2
    z1_bar = h1_bar * (1.0 if "no derivative of tanh" in made else slope1) * (-1 if "sign" in made else 1)
    W2_bar = (x if "W̄2 at x" in made else h1).T @ z2_bar
    b1_bar = z1_bar.mean(0) if "b̄1 averaged" in made else z1_bar.sum(0)
    b2_bar = z2_bar.mean(0) if "b̄2 averaged" in made else z2_bar.sum(0)
    return x.T @ z1_bar, b1_bar, W2_bar, b2_bar, h2.T @ y_bar, z1_bar @ (W1 if "W1 not transposed" in made else W1.T)


def reports(pairs):
    """The causes of each wrong argument, for each pair of mistakes."""
    claims = [lambda primals, y_bar, pair=pair: backward(primals, y_bar, pair) for pair in pairs]
    together, chosen = chosen_by_number(forward, claims)
    names = ["W1", "b1", "W2", "b2", "W3", "x", "number"]
    with jax.numpy_rank_promotion("allow"):
        for number, pair in enumerate(pairs):
            yield pair, check_number(together, chosen, PRIMALS, number, names=names).diagnoses


@pytest.mark.slow
def test_every_argument_has_its_cause_and_both_are_named_where_both_are_felt():
    assert len(PAIRS) == 64
    for pair, causes in reports(PAIRS):
        assert causes, pair
        assert all(causes.values()), (pair, causes)
        if set(pair) <= {*UPPER, *LOWER} and not set(pair) <= CONSTANT:
            for first, *_ in (causes[name] for name in BELOW):
                two = first.kind == "two mistakes" or "everywhere" in first.text or first.text.count("line") == 2
                assert two, (pair, first)


@pytest.mark.slow
def test_of_three_every_wrong_argument_has_a_cause_in_four_of_five():
    triples = [
        three for three in combinations(UPPER + LOWER + BESIDE, 3) if not any(set(p) <= set(three) for p in SAME_PLACE)
    ]
    explained = [bool(causes) and all(causes.values()) for _, causes in reports(triples[::TRIPLE_STEP])]
    assert len(explained) >= 30
    assert sum(explained) >= 0.8 * len(explained)


def test_the_two_are_said_with_their_lines():
    ((_, causes),) = reports([("no derivative of sigmoid", "W2 not transposed")])
    line = forward.__code__.co_firstlineno
    assert {causes[name][0] for name in BELOW} == {causes["x"][0]}
    assert causes["x"][0].kind == "two mistakes"
    assert "the derivative of `sigmoid` is missing" in causes["x"][0].text
    assert "`W2` is transposed in `h1 @ W2`" in causes["x"][0].text
    assert f"line {line + 2}: h2 = jax.nn.sigmoid(h1 @ W2 + b2)" in causes["x"][0].text
    assert {causes[name][0].kind for name in ("W2", "b2")} == {"missing factor"}

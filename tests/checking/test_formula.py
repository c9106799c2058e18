"""The library's own formula as an oracle: it decides where neither `jax.vjp` nor differences can, and only there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp import Diagonal
from functional_bp.checking import check_backward, check_rule
from functional_bp.checking.catalogue import CATALOGUE, Entry, inputs
from functional_bp.checking.program.compiled import Programs
from functional_bp.checking.question.adapters import RuleOutput
from functional_bp.checking.question.problem import Point, pose
from functional_bp.checking.truth import formula as room
from functional_bp.checking.truth.formula import matching_formula

RNG = np.random.default_rng(0)
WIDE = RNG.standard_normal((5, 1000)).astype("float32")
SMALL = RNG.standard_normal((4, 5)).astype("float32")


def numpy_softmax(z):
    e = np.exp(np.asarray(z) - np.asarray(z).max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(primals, y_bar):
    y = jax.nn.softmax(primals[0])
    return y * (y_bar - (y * y_bar).sum(-1, keepdims=True))


@pytest.mark.slow
def test_a_numpy_softmax_of_5000_numbers_is_judged_whole():
    right = check_backward(numpy_softmax, softmax_backward, WIDE)
    assert right.ok, right
    assert right.oracles == ("the library's softmax",)

    def backward(primals, y_bar):
        return softmax_backward(primals, y_bar).at[3, 17].multiply(1.001)

    wrong = check_backward(numpy_softmax, backward, WIDE)
    assert (wrong.verdicts[0].wrong, wrong.verdicts[0].worst[0].index) == (1, (3, 17))


def two_sided_sigmoid(z):
    """Finite everywhere, yet `jax.vjp` is NaN for large |z|: the branch not taken overflows."""
    e = jnp.exp(z)
    return jnp.where(z > 0, 1 / (1 + jnp.exp(-z)), e / (1 + e))


@pytest.mark.parametrize("claimed", ["right", "one where it saturates"])
def test_the_formula_speaks_where_autodiff_gives_nan(claimed):
    x = np.array([0.5, -800.0, 900.0, 1.0], "float32")

    def backward(primals, y_bar):
        y = jax.nn.sigmoid(primals[0])
        slope = y * (1 - y)
        return y_bar * (slope if claimed == "right" else jnp.where(primals[0] > 800, jnp.ones_like(y), slope))

    assert np.isnan(jax.vjp(two_sided_sigmoid, x)[1](np.ones(4, "float32"))[0]).any()
    report = check_backward(two_sided_sigmoid, backward, x)
    assert report.ok == (claimed == "right"), report
    assert "the library's sigmoid" in report.oracles
    if not report.ok:
        assert report.verdicts[0].worst[0].index == (2,)


@pytest.mark.slow
def test_every_choice_at_a_kink_passes_by_the_formula_too():
    for slope in (0.0, 0.5, 1.0, 2.0):

        def backward(primals, y_bar, slope=slope):
            x = np.asarray(primals[0])
            return np.where(x > 0, 1, np.where(x == 0, np.float32(slope), 0)).astype("float32") * np.asarray(y_bar)

        report = check_backward(lambda x: np.maximum(np.asarray(x), 0), backward, SMALL)
        assert report.oracles == ("the library's relu",)
        assert report.ok == (slope <= 1), report


def formula(forward, *primals):
    problem, floats, indices = pose(forward, lambda p, g: p, primals)
    programs = Programs(problem, floats, indices)
    ones = tuple(np.ones(y.shape, y.dtype) for y in programs.zero_cotangent())
    return matching_formula(programs, Point("", floats, indices, ones))


@pytest.mark.parametrize(
    "forward",
    [
        lambda z: jax.nn.softmax(z, axis=0),
        lambda z: 2 * jax.nn.softmax(z),
        lambda z: jnp.where(jnp.abs(z) < 1.5, jnp.tanh(z), jnp.sign(z)),
        lambda z: jnp.tanh(z) + 1e-4 * jnp.sin(1e5 * z),
        lambda z: jnp.where(z > 0, z, jax.lax.stop_gradient(z)) * 1.0001,
        lambda z: (jnp.tanh(z), z),
    ],
)
def test_what_is_only_like_a_rule_has_no_formula(forward):
    assert formula(forward, SMALL) is None


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_rule_matches_the_forward_that_it_is_itself(entry):
    """All but the divergences, which have no formula for their target, are found again from their values alone."""
    primals = jax.tree.map(jnp.asarray, inputs(entry))
    y, J = entry.rule(*primals)
    found = formula(lambda *x: entry.rule(*x)[0], *primals)
    assert (found is not None) == (len(jax.tree.leaves(jnp.ones_like(y) @ J)) == len(jax.tree.leaves(primals)))


def test_no_formula_is_taken_on_trust(monkeypatch):
    """A rule with a wrong Jacobian, put into the catalogue, is no witness; a right one is none for itself."""

    def lying(z):
        y = jnp.tanh(z)
        return y, Diagonal(1 - y)

    monkeypatch.setattr(room, "CATALOGUE", (Entry("lying", lying, lambda rng: (SMALL,)),))
    assert formula(jnp.tanh, SMALL) is None
    assert not check_rule(lying, SMALL).ok

    def honest(z):
        y = jnp.tanh(z)
        return y, Diagonal(1 - y * y)

    monkeypatch.setattr(room, "CATALOGUE", (Entry("honest", honest, lambda rng: (SMALL,)),))
    assert formula(jnp.tanh, SMALL) is not None
    assert formula(RuleOutput(honest), SMALL) is None

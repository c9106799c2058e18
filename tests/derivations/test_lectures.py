"""The lectures judged: every claim is there, and what the engine says agrees with numbers that it never saw."""

import re
from itertools import groupby
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative, IndexedBase, Max, Symbol

from derivations import dimension, equation, index, total
from derivations.engine.kink import Kink
from derivations.lectures import CLAIMS, SECTIONS
from derivations.lectures.claim import STATUSES, AtKink, Claim, Equality, Layout, Nonnegative, NotAFormula
from derivations.lectures.nonnegative import nonnegative

SECTION_SIZES = {"A": 8, "B": 17, "C": 14, "D": 10, "E": 11, "F": 12, "G": 7}
KEYS = {"id", "status", "dimension", "side_conditions", "counterexample", "repair", "seconds"}


@pytest.fixture(scope="module")
def rulings():
    return {id: claim.judge() for id, claim in CLAIMS.items()}


@pytest.fixture(scope="module")
def status(rulings):
    return {id: ruling.status for id, ruling in rulings.items()}


def test_every_claim_is_there_once_and_in_order():
    ids = [claim.id for section in SECTIONS for claim in section.CLAIMS]
    sizes = {letter: [int(id[1:]) for id in group] for letter, group in groupby(ids, key=lambda id: id[0])}
    assert {letter: len(numbers) for letter, numbers in sizes.items()} == SECTION_SIZES
    for numbers in sizes.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert list(CLAIMS) == ids


def test_every_claim_is_judged_and_few_are_left_open(status):
    assert set(status.values()) <= set(STATUSES)
    assert sum(s == "undecided" for s in status.values()) <= 3


def test_a_refuted_claim_has_a_counterexample_or_does_not_fit_and_is_mended(rulings):
    refuted = [ruling.row() for ruling in rulings.values() if ruling.status == "refuted"]
    assert refuted
    for row in refuted:
        assert row["repair"], row["id"]
        assert row["counterexample"] or "runs to" in " ".join(row["remarks"]), row["id"]


def test_a_proven_claim_holds_for_arbitrary_dimension_and_shows_what_was_judged(rulings):
    for ruling in rulings.values():
        row = ruling.row()
        assert all(row["formal"])
        assert row["statement"]
        assert row["source"]
        if row["status"] == "proven":
            assert row["dimension"] == "arbitrary"
        if row["status"] == "convention":
            assert row["remarks"]


def test_a_row_has_what_the_table_needs(rulings):
    assert all(set(ruling.row()) >= KEYS for ruling in rulings.values())


def test_the_page_on_derivations_tells_the_same(status):
    page = (Path(__file__).parents[2] / "docs" / "derivations.md").read_text()
    refuted, convention = page.split("### What is refuted")[1].split("### What is a convention")
    for name, part in {"refuted": refuted, "convention": convention}.items():
        named = {id for row in re.findall(r"^\| ([A-G].*?) \|", part, re.M) for id in row.split(", ")}
        assert named == {id for id, verdict in status.items() if verdict == name}
    for name, count in re.findall(r"^\| ([a-z-]+) \| (\d+) \|", page, re.M):
        assert sum(verdict == name for verdict in status.values()) == int(count)


# Verdicts derived again, by numbers.


@pytest.fixture
def perceptron(float64):
    """y = f3(w3 f2(w2 f1(w1 x + b))) with tanh three times and the squared loss: values, factors and jax's gradient."""
    w1, w2, w3, x, b, target = 0.7, -1.3, 0.4, 0.9, 0.2, 0.5

    def loss(w1, w2, w3, b):
        return (jnp.tanh(w3 * jnp.tanh(w2 * jnp.tanh(w1 * x + b))) - target) ** 2 / 2

    f1 = jnp.tanh(w1 * x + b)
    f2 = jnp.tanh(w2 * f1)
    f3 = jnp.tanh(w3 * f2)
    above = (f3 - target) * (1 - f3**2)
    gradient = jax.grad(loss, (0, 1, 2, 3))(w1, w2, w3, b)
    return {"w": (w1, w2, w3), "f": (f1, f2), "x": x, "above": above, "gradient": gradient}


def test_the_perceptron_s_chains(status, perceptron):
    (_, w2, w3), (f1, f2), above = perceptron["w"], perceptron["f"], perceptron["above"]
    d1, d2, d3, db = perceptron["gradient"]
    edge2, edge1 = 1 - f2**2, 1 - f1**2
    claimed = {
        "F1": (above * f2, d3),
        "F2": (above * w3 * edge2 * f1, d2),
        "F3": (above * w3 * edge2 * w2 * edge1 * perceptron["x"], d1),
        "F4": (above * edge2 * f1, d2),
        "F5": (above * edge2 * edge1 * perceptron["x"], d1),
    }
    for id, (formula, gradient) in claimed.items():
        assert (status[id] == "proven") == bool(jnp.isclose(formula, gradient)), id
    np.testing.assert_allclose(above * w3 * edge2 * w2 * edge1, db)


@pytest.mark.usefixtures("float64")
def test_softmax_three_ways(status):
    z, g = jnp.asarray([0.3, -1.0, 2.0]), jnp.asarray([1.0, 0.5, -2.0])
    y = jax.nn.softmax(z)
    delta = jnp.eye(3)
    entries = jnp.where(delta == 1, y[:, None] * (1 - y[None]), -y[None] * y[:, None])
    np.testing.assert_allclose(entries, jax.jacrev(jax.nn.softmax)(z), rtol=1e-12)
    by_d3 = jnp.einsum("j,i,ij->i", g, y, delta) - y * (g @ y)
    by_d4 = jnp.einsum("j,j,ij->i", g, y, delta) - jnp.einsum("j,j,i->i", g, y, y)
    expected = jax.grad(lambda z: g @ jax.nn.softmax(z))(z)
    np.testing.assert_allclose(by_d3, expected, rtol=1e-12)
    np.testing.assert_allclose(by_d4, expected, rtol=1e-12)
    assert {status[id] for id in ("D2", "D3", "D4")} == {"proven"}


@pytest.mark.usefixtures("float64")
def test_losses(status):
    def likelihood(g, y):
        return y * jnp.log(g) + (1 - y) * jnp.log(1 - g)

    assert likelihood(0.8, 1.0) > likelihood(0.7, 1.0)  # it rises as g moves toward y
    assert status["E5"] == "refuted"
    w, x, y = jnp.asarray([0.4, -0.3]), jnp.asarray([1.0, 2.0]), 1.0
    s = jax.nn.sigmoid(w @ x)
    gradient = jax.grad(lambda w: likelihood(jax.nn.sigmoid(w @ x), y))(w)
    np.testing.assert_allclose((y / s - (1 - y) / (1 - s)) * s * (1 - s) * x, gradient, rtol=1e-12)
    assert status["E7"] == "proven"
    w3, f2, eta = 0.6, 1.5, 0.1
    f3 = jax.nn.sigmoid(w3 * f2)
    slope = jax.grad(lambda w3: (y - jax.nn.sigmoid(w3 * f2)) ** 2 / 2)(w3)
    assert not jnp.isclose(-eta * (y - f3) * f3 * (1 - f3) * f2, slope)
    assert jnp.isclose(-(y - f3) * f3 * (1 - f3) * f2, slope)
    assert status["E10"] == "refuted"


def test_relu_s_slopes(status):
    slope = jax.grad(jax.nn.relu)
    assert (slope(1.0), slope(-1.0), slope(0.0)) == (1.0, 0.0, 0.0)
    assert status["C2"] == "convention"  # 1 at 0 is allowed, and not what JAX takes
    assert status["C3"] == "refuted"  # it says 0 at 1
    for v in (0.0, 0.3, 1.0):
        assert all(max(z, 0.0) >= v * z for z in (-2.0, -0.1, 0.0, 0.1, 2.0))
    assert status["C4"] == "proven"


def test_uphill_is_not_downhill(status):
    def loss(theta):
        return jnp.sum(theta**4)

    theta = jnp.asarray([1.0, -0.5])
    step = 1e-2 * jax.grad(loss)(theta)
    assert loss(theta - step) < loss(theta) < loss(theta + step)
    assert (status["G1"], status["G2"], status["G3"]) == ("proven", "proven", "refuted")


def test_shapes_of_the_weight_gradient(status):
    """y ∇_z D is n×m where W is m×n; A @ ∂L/∂Z of two columns is nothing at all."""
    W, y = jnp.ones((3, 2)), jnp.asarray([1.0, 2.0])
    gradient = jax.grad(lambda W: jnp.sum(jnp.tanh(W @ y)))(W)
    row = jax.grad(lambda z: jnp.sum(jnp.tanh(z)))(W @ y)[None]
    np.testing.assert_allclose(y[:, None] @ row, gradient.T, rtol=1e-6)
    assert {status[id] for id in ("A6", "B9", "B15", "F8", "F10")} == {"convention"}
    with pytest.raises(TypeError):
        y[:, None] @ row.T
    assert status["F12"] == "refuted"
    assert status["F11"] == "proven"


def test_the_printed_weight_matrix_is_not_that_of_the_sum(status):
    w = np.array([[1.0, 10.0], [100.0, 1000.0]])  # w[i, j] from unit i to unit j
    y = np.array([1.0, 1.0])
    z = y @ w
    printed = np.array([[w[0, 0], w[0, 1]], [w[0, 1], w[1, 1]]])
    assert (z == np.array([[w[0, 0], w[1, 0]], [w[0, 1], w[1, 1]]]) @ y).all()
    assert (z != printed @ y).any()
    assert (status["B3"], status["B4"]) == ("proven", "refuted")


def test_ranges_of_the_two_slides(status):
    """j counts the units above on one slide (wrong range) and those below on the other (right)."""
    assert (status["B13"], status["B14"]) == ("refuted", "proven")


def test_pytorch_is_asked_not_believed(rulings):
    pytest.importorskip("torch", reason="PyTorch is not installed: its slope at 0 cannot be measured")
    (finding,) = rulings["C5"].findings
    assert "PyTorch takes 0" in finding.remark
    assert finding.status == "not-a-formula"


# The statuses follow from what is judged.

n, m = dimension("n"), dimension("m")
i, j = index("i", n), index("j", m)
W, x, z = IndexedBase("W"), IndexedBase("x"), Symbol("z", real=True)
linear = equation(IndexedBase("y")[j], total(W[j, i] * x[i], i))
entry = Derivative(IndexedBase("y")[j], x[i])
RIGHT, WRONG = Equality(entry, W[j, i], (linear,)), Equality(entry, 2 * W[j, i], (linear,))


def test_a_false_equality_is_refuted_and_mended_by_what_may_have_been_meant():
    finding = Equality(WRONG.left, WRONG.right, WRONG.given, mended=(WRONG, RIGHT)).judge()
    assert finding.status == "refuted"
    assert finding.repair == RIGHT.formal
    assert WRONG.judge().repair == "∂y_j/∂x_i = W_ji"


def test_a_layout_is_a_convention_only_if_true_as_stated_and_not_in_ours():
    transposed = Equality(entry, W[i, j], (linear,))
    assert Layout(stated=RIGHT, ours=transposed).judge().status == "convention"
    assert Layout(stated=RIGHT, ours=RIGHT).judge().status == "proven"
    assert Layout(stated=WRONG, ours=RIGHT).judge().status == "refuted"


def test_a_slope_outside_the_clarke_interval_is_refuted():
    relu = Kink(Max(z, 0), z)
    assert AtKink(relu, 1, lambda: 0.0).judge().status == "convention"
    assert AtKink(relu, 2, lambda: 0.0).judge().status == "refuted"
    assert AtKink(Kink(Max(z, 0) ** 2, z), 0, lambda: 0.0).judge().status == "undecided"  # not linear on either side


def test_a_certificate_must_be_equal_and_evidently_nonnegative():
    v = Symbol("v", real=True)
    assert Nonnegative(z**2 + v**2, z**2 + v**2).judge().status == "proven"
    assert Nonnegative(z**2, z**2 + 1).judge().status == "undecided"
    assert Nonnegative(z * v, z * v).judge().status == "undecided"
    assert Nonnegative(z * v, z * v, (z >= 0, v > 0)).judge().status == "proven"


def test_what_is_evidently_nonnegative():
    v = Symbol("v", real=True)
    assert nonnegative((1 - v) * Max(z, 0), (v <= 1,))
    assert not nonnegative((1 - v) * Max(z, 0), (v >= 1,))
    assert nonnegative(total(x[i] ** 2, i))
    assert not nonnegative(total(x[i] ** 3, i))
    assert nonnegative(1 / v, (v > 0,))
    assert not nonnegative(-(z**2))


def test_the_worst_part_decides():
    def claim(*parts):
        return Claim("X1", "nobody", "nothing", parts).judge().status

    definition = NotAFormula("a definition")
    assert claim(definition) == "not-a-formula"
    assert claim(definition, RIGHT) == "proven"
    assert claim(RIGHT, Layout(stated=RIGHT, ours=WRONG)) == "convention"
    assert claim(RIGHT, WRONG, definition) == "refuted"
